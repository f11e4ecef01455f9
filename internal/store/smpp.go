package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// SMPPAccount lets a customer's ESME in. Only a hash of the password is kept.
type SMPPAccount struct {
	ID           smsir.UUID
	Workspace    smsir.UUID
	SystemID     string // unique in the instance, at most 15 characters
	Name         string
	PasswordHash string   // PHC string, "$argon2id$…"
	Networks     []string // prefixes that it may bind from; none: any
	Modes        []string // SMPPTransmitter and its siblings; at least one
	Senders      []string // that it may use, as package number writes them; none: any
	Class        smsir.Class
	Sessions     int  // at once
	Window       int  // submit_sm without answer in one session
	Rate         int  // submit_sm a second over all sessions; 0: no limit
	Inbound      bool // messages from handsets to its senders are delivered to it
	Enabled      bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastBoundAt  time.Time // to about a minute
}

// Kinds of bind that an account may be allowed.
const (
	SMPPTransmitter = "transmitter"
	SMPPReceiver    = "receiver"
	SMPPTransceiver = "transceiver"
)

// SMPPAccounts stores the accounts of our SMPP server, and what waits to be delivered to them.
type SMPPAccounts interface {
	// CreateSMPPAccount stores an account. CodeConflict: the system id is taken.
	CreateSMPPAccount(ctx context.Context, a SMPPAccount, audit AuditEntry) error
	// UpdateSMPPAccount stores everything but the system id and the time of the last bind.
	UpdateSMPPAccount(ctx context.Context, a SMPPAccount, audit AuditEntry) error
	DeleteSMPPAccount(ctx context.Context, workspace, id smsir.UUID, audit AuditEntry) error
	SMPPAccount(ctx context.Context, workspace, id smsir.UUID) (*SMPPAccount, error)
	// SMPPAccounts lists the accounts of a workspace, or of all for the zero UUID, by system id.
	SMPPAccounts(ctx context.Context, workspace smsir.UUID) ([]SMPPAccount, error)
	// SMPPAccountBySystemID finds an account of any workspace: the system id names it.
	SMPPAccountBySystemID(ctx context.Context, systemID string) (*SMPPAccount, error)
	TouchSMPPAccount(ctx context.Context, id smsir.UUID, now time.Time) error

	// SMPPCursor is the last event whose deliveries are in the outbox; ok is false if there is none yet.
	SMPPCursor(ctx context.Context) (cursor smsir.ID, ok bool, err error)
	// FeedSMPP puts deliveries into the outbox and moves the cursor, if it still stands where the caller read it:
	// otherwise another node was first, nothing happens, and fed is false. from is 0 where there was none.
	FeedSMPP(ctx context.Context, from, to smsir.ID, list []SMPPDelivery) (fed bool, err error)
	// AddSMPP puts deliveries into the outbox that no event tells of.
	AddSMPP(ctx context.Context, list []SMPPDelivery) error
	// TakeSMPP takes up to limit deliveries of an account that nobody has in hand, oldest first. They are the caller's
	// until a time.
	TakeSMPP(ctx context.Context, account smsir.UUID, now, until time.Time, limit int) ([]SMPPDelivery, error)
	// DoneSMPP deletes deliveries; ReturnSMPP lets others have them from a time on.
	DoneSMPP(ctx context.Context, ids []smsir.ID) error
	ReturnSMPP(ctx context.Context, ids []smsir.ID, at time.Time) error
	// ExpireSMPP deletes up to limit deliveries that nobody fetched in time.
	ExpireSMPP(ctx context.Context, now time.Time, limit int) (n int, err error)
	// SMPPWaiting counts the deliveries that wait for each account of a workspace.
	SMPPWaiting(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]int64, error)
}

// SMPPDelivery is a receipt, or a message from a handset, for an account.
type SMPPDelivery struct {
	ID        smsir.ID
	Account   smsir.UUID
	Body      string // the caller's own
	ExpiresAt time.Time
	BusyUntil time.Time // the caller has it in hand from the start, until this time; zero: nobody has. Only when it is stored
}
