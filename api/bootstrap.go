package api

import "time"

// Bootstrap is everything that the web app needs for its first view, in one round trip.
type Bootstrap struct {
	Server      Server       `json:"server" doc:"The server."`
	Me          Me           `json:"me" doc:"Who asks."`
	Providers   []Provider   `json:"providers" nullable:"false" doc:"The workspace's providers, by priority; empty for a caller that may not read them."`
	TestMode    bool         `json:"test_mode" doc:"True while messages can be routed to a provider of a test kind and to no other: nothing reaches a phone."`
	Today       Summary      `json:"today" doc:"Today in the workspace's time zone, by hour."`
	Messages    []Message    `json:"messages" nullable:"false" doc:"The latest 20 messages, newest first."`
	Cursor      string       `json:"cursor" doc:"Where to resume the event stream so that nothing is missed: everything up to it is in this answer." example:"evt_0g5t3v2k9qw1a"`
	Limits      Limits       `json:"limits" doc:"What a send may ask for."`
	LimitsNear  []LimitUse   `json:"limits_near" nullable:"false" doc:"Limits of the workspace of which four fifths or more are used up."`
	Credit      *Credit      `json:"credit,omitempty" doc:"The credit of the workspace; left out where it is off, and for a caller that may not read it."`
	Unconfirmed int          `json:"unconfirmed" minimum:"0" doc:"Messages accepted in the last ten days whose outcome is unknown now."`
	Checklist   []SetupCheck `json:"checklist" nullable:"false" doc:"First steps, done or not, from the facts."`
}

// Server is what a client should know of the server.
type Server struct {
	Version      string    `json:"version" doc:"Version." example:"0.1.0"`
	Time         time.Time `json:"time" doc:"The server's clock."`
	PublicURL    string    `json:"public_url" doc:"Base address of the server." example:"https://sms.example.com"`
	InsecureHTTP bool      `json:"insecure_http" doc:"True when this connection is plain HTTP from another machine: passwords and texts can be read on the way."`
	DataLoss     bool      `json:"data_loss" doc:"True when the operator allowed a database that may lose accepted messages."`
	Registration string    `json:"registration" enum:"invitation,open,closed" doc:"Who may register."`
}

// Limits are the bounds of a send.
type Limits struct {
	Batch           int `json:"batch" doc:"Recipients of a batch." example:"1000"`
	TextLength      int `json:"text_length" doc:"Characters of a text." example:"1600"`
	HoldSeconds     int `json:"hold_seconds" doc:"Longest undo window." example:"600"`
	ValiditySeconds int `json:"validity_seconds" doc:"Longest validity." example:"604800"`
	DefaultValidity int `json:"default_validity_seconds" doc:"Validity when a send does not say." example:"86400"`
}

// SetupCheck is one of the first steps.
type SetupCheck struct {
	Step string `json:"step" enum:"send_message,add_provider,invite_member,create_api_key" doc:"The step."`
	Done bool   `json:"done" doc:"It was taken."`
}

// PublicInfo is what anybody may know before logging in.
type PublicInfo struct {
	Version      string `json:"version" doc:"Version of the server." example:"0.1.0"`
	Registration string `json:"registration" enum:"invitation,open,closed" doc:"Who may register."`
	InsecureHTTP bool   `json:"insecure_http" doc:"True when this connection is plain HTTP from another machine."`
	LoginAllowed bool   `json:"login_allowed" doc:"False when this connection may not carry a log-in: plain HTTP from another machine that the operator has not allowed."`
}

// Health is the answer of /healthz and /readyz.
type Health struct {
	Status     string `json:"status" enum:"ok" doc:"ok: any other state is a problem."`
	Durability string `json:"durability,omitempty" enum:"degraded" doc:"Set where a failover of the database could lose what was just accepted: several nodes share one without a synchronous standby."`
	Detail     string `json:"detail,omitempty" doc:"What that means, in a sentence."`
}
