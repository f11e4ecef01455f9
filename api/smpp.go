package api

import "time"

// SMPPAccount lets a customer's ESME bind to the SMPP server. Its password is shown once, when it is set.
type SMPPAccount struct {
	ID          string     `json:"id" doc:"Identifier." example:"smp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	SystemID    string     `json:"system_id" doc:"The name that the ESME binds with." example:"acme"`
	Name        string     `json:"name" doc:"Whose it is." example:"ACME Ltd"`
	Networks    []string   `json:"networks" nullable:"false" doc:"Networks that it may bind from; none: any." example:"[\"192.0.2.0/24\"]"`
	Modes       []string   `json:"modes" nullable:"false" enum:"transmitter,receiver,transceiver" doc:"Kinds of bind that it may use."`
	Senders     []string   `json:"senders" nullable:"false" doc:"Sender IDs that it may use; none: any. The first is taken when it names none."`
	Class       string     `json:"class" enum:"otp,transactional,bulk" doc:"Class of traffic of its messages."`
	MaxSessions int        `json:"max_sessions" doc:"Sessions at once."`
	Window      int        `json:"window" doc:"Requests without answer in one session."`
	Rate        int        `json:"rate" doc:"submit_sm a second over all sessions; 0 for no limit."`
	Inbound     bool       `json:"inbound" doc:"Whether messages from handsets to its senders are delivered to it."`
	Enabled     bool       `json:"enabled" doc:"Whether it may bind."`
	Waiting     int64      `json:"waiting" doc:"Receipts and messages that wait to be fetched."`
	CreatedAt   time.Time  `json:"created_at" doc:"When it was created."`
	UpdatedAt   time.Time  `json:"updated_at" doc:"When it was changed last."`
	LastBoundAt *time.Time `json:"last_bound_at,omitempty" doc:"When it bound last, to about a minute."`

	LastRefused *SMPPRefusal `json:"last_refused,omitempty" doc:"The bind that the server that answers refused last, as long as none has come through since."`
}

// SMPPRefusal is a bind that was refused. The ESME itself is not told why.
type SMPPRefusal struct {
	At     time.Time `json:"at" doc:"When."`
	From   string    `json:"from" doc:"The address that it came from." example:"192.0.2.7"`
	Reason string    `json:"reason" enum:"password,network,mode,sessions" doc:"password: it was wrong. network: it may not bind from there. mode: it may not bind in this way. sessions: it had as many as it may have."`
}

// SMPPAccountList is every account of a workspace, by system id, and where they bind.
type SMPPAccountList struct {
	Items     []SMPPAccount `json:"items" nullable:"false" doc:"By system id."`
	Addresses []SMPPAddress `json:"addresses" nullable:"false" doc:"Where this server listens for binds; nowhere while there are no accounts."`
}

// SMPPAddress is one address at which the server listens for binds.
type SMPPAddress struct {
	Address     string `json:"address" doc:"Host and port." example:"0.0.0.0:3550"`
	TLS         bool   `json:"tls" doc:"Whether it speaks TLS."`
	Fingerprint string `json:"fingerprint,omitempty" doc:"SHA-256 of a certificate of the server's own making, for customers to compare."`
}

// SMPPAccountCreate is the body of POST /v1/smpp/accounts.
type SMPPAccountCreate struct {
	SystemID string `json:"system_id" minLength:"1" maxLength:"15" pattern:"^[A-Za-z0-9_.-]+$" doc:"The name that the ESME binds with; unique on the server." example:"acme"`
	SMPPAccountUpdate
}

// SMPPAccountUpdate is the body of PATCH /v1/smpp/accounts/{id}; what is left out stays as it is.
type SMPPAccountUpdate struct {
	Name        *string   `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"Whose it is."`
	Password    *string   `json:"password,omitempty" maxLength:"64" doc:"A new password, 8 to 64 visible ASCII characters; empty: the server makes one. Needs a recent password (problem reauth_required)."`
	Networks    *[]string `json:"networks,omitempty" maxItems:"100" doc:"Addresses and networks that it may bind from; empty: any."`
	Modes       *[]string `json:"modes,omitempty" minItems:"1" maxItems:"3" enum:"transmitter,receiver,transceiver" doc:"Kinds of bind that it may use."`
	Senders     *[]string `json:"senders,omitempty" maxItems:"100" doc:"Sender IDs that it may use; empty: any."`
	Class       *string   `json:"class,omitempty" enum:"otp,transactional,bulk" doc:"Class of traffic of its messages."`
	MaxSessions *int      `json:"max_sessions,omitempty" minimum:"1" maximum:"50" doc:"Sessions at once."`
	Window      *int      `json:"window,omitempty" minimum:"1" maximum:"1000" doc:"Requests without answer in one session."`
	Rate        *int      `json:"rate,omitempty" minimum:"0" maximum:"100000" doc:"submit_sm a second over all sessions; 0 for no limit."`
	Inbound     *bool     `json:"inbound,omitempty" doc:"Whether messages from handsets to its senders are delivered to it."`
	Enabled     *bool     `json:"enabled,omitempty" doc:"Whether it may bind."`
}

// SMPPAccountChanged is an account with its new password, this once.
type SMPPAccountChanged struct {
	Account  SMPPAccount `json:"account" doc:"The account."`
	Password string      `json:"password,omitempty" doc:"The new password, if one was set. It is not stored and cannot be shown again."`
}

// SMPPSession is a session of an account on the server that answers.
type SMPPSession struct {
	ID         string    `json:"id" doc:"Identifier." example:"ses_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	AccountID  string    `json:"account_id" doc:"The account." example:"smp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	SystemID   string    `json:"system_id" doc:"Its system id." example:"acme"`
	Mode       string    `json:"mode" enum:"transmitter,receiver,transceiver" doc:"Kind of bind."`
	From       string    `json:"from" doc:"Address of the ESME." example:"192.0.2.7"`
	TLS        bool      `json:"tls" doc:"Whether it is encrypted."`
	BoundAt    time.Time `json:"bound_at" doc:"When it bound."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When something last came from it."`
	Submitted  int64     `json:"submitted" doc:"Submissions since the bind."`
	PerSecond  float64   `json:"per_second" doc:"Submissions a second in the last ten seconds."`
	InHand     int       `json:"in_hand" doc:"Its requests without answer."`
	Window     int       `json:"window" doc:"The most of them."`
	Due        int       `json:"due" doc:"Receipts and messages that it has not answered yet."`
	LastError  string    `json:"last_error,omitempty" doc:"What was refused last, and why."`
}

// SMPPSessionList is every session of a workspace on the server that answers.
type SMPPSessionList struct {
	Items []SMPPSession `json:"items" nullable:"false" doc:"By system id and time."`
}
