package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Settings is everything an operator can set before the server starts. The zero value is not usable: take
// [Defaults] or [Load]. It is a plain value; nobody changes it after start.
type Settings struct {
	// DataDir is the folder of the database, the keys and the simulator's ledger, absolute or relative to the
	// working directory.
	DataDir string
	// Listen is the TCP address of the HTTP server, host:port. Port 0 takes a free one.
	Listen string
	// PublicURL is the base address under which browsers and providers reach the server, without a trailing slash.
	// Empty: derived from Listen.
	PublicURL string
	// AllowInsecureHTTP permits sign-in over plain HTTP from other machines, with a banner that says so.
	AllowInsecureHTTP bool
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto headers are believed.
	TrustedProxies []netip.Prefix
	// ShutdownGrace is how long a stopping server waits for requests and sends that are under way. Above 0.
	ShutdownGrace time.Duration
	// Registration says who may open an account, until an operator chooses otherwise in the web app.
	Registration Registration

	Log       Log
	Session   Session
	Message   Message
	Store     Store
	Node      Node
	Dispatch  Dispatch
	SMPP      SMPP
	Simulator Simulator
	Metrics   Metrics
	Webhooks  Webhooks
}

// Log says what is written to standard error, and how.
type Log struct {
	// Level is the least severe level that is written.
	Level slog.Level
	// Format is the shape of a line.
	Format LogFormat
}

// Session bounds how long a person stays signed in.
type Session struct {
	// Idle ends a session that was not used for so long.
	Idle time.Duration
	// Absolute ends a session so long after sign-in, used or not. At least Idle.
	Absolute time.Duration
}

// Message holds the defaults for messages that do not say otherwise themselves.
type Message struct {
	// Validity is how long after acceptance, or after its scheduled time, a message may still leave.
	Validity time.Duration
	// MaxLateness is how late a scheduled message may still go out; later it expires.
	MaxLateness time.Duration
	// IdempotencyTTL is how long an Idempotency-Key is remembered. At least 24 hours.
	IdempotencyTTL time.Duration
}

// Store says which database it is, and guards it.
type Store struct {
	// URL is the address of a PostgreSQL database. Empty: SQLite in DataDir.
	URL Secret
	// PoolSize is how many connections a node opens to PostgreSQL at most.
	PoolSize int
	// MinFree is the free disk space below which sends are refused. 0: the smaller of 1 GiB and 5 % of the disk.
	MinFree Bytes
	// IgnoreMove lets the server start on an SQLite database whose data was moved to PostgreSQL.
	IgnoreMove bool
	// AcceptDataLoss lets the server start on a database that does not sync every commit to disk.
	AcceptDataLoss bool
}

// Node says which one of several on one database this is.
type Node struct {
	// Name tells the node from the others; its next run has the same. Empty: the name of the machine.
	Name string
	// Lease is how long the others wait for a node that is cut off before they take over what it had.
	Lease time.Duration
}

// Dispatch bounds the hand-over of messages to providers.
type Dispatch struct {
	// QueueLimit is how many messages of one workspace may wait to be sent; more are refused.
	QueueLimit int
	// Window is how many sends one provider may have under way at once, unless its kind says otherwise.
	Window int
}

// SMPP is the server for customers who speak SMPP. It listens as soon as there is an account for it.
type SMPP struct {
	// Listen is the TCP address with TLS. Empty: none.
	Listen string
	// PlainListen is the TCP address without TLS. Empty: none.
	PlainListen string
	// PlainNetworks are the networks that may come without TLS, beside this machine.
	PlainNetworks []netip.Prefix
	// TLSCert and TLSKey are the files of the certificate, in PEM. Both empty: one of the server's own making.
	TLSCert, TLSKey string
}

// Simulator shapes the built-in provider that plays the outside world.
type Simulator struct {
	// Seed decides what the simulator does: the same seed and the same messages give the same outcomes.
	// A simulator provider may have a seed of its own.
	Seed uint64
	// Window is how many sends a simulator provider takes at once.
	Window int
}

// Metrics guards /metrics.
type Metrics struct {
	// Token is the bearer token that opens /metrics. Empty: only requests from this machine are answered.
	Token Secret
}

// Webhooks guards requests to addresses that workspaces choose.
type Webhooks struct {
	// AllowNetworks are networks beside the public internet that webhooks may lead to.
	AllowNetworks []netip.Prefix
}

// Registration says who may open an account.
type Registration string

// The registrations there are.
const (
	RegistrationInvitation Registration = "invitation" // only who was invited
	RegistrationOpen       Registration = "open"       // anybody; each newcomer gets a workspace of their own
	RegistrationClosed     Registration = "closed"     // nobody
)

// LogFormat is the shape of a log line.
type LogFormat string

// The log formats there are.
const (
	LogText LogFormat = "text" // key=value, for people
	LogJSON LogFormat = "json" // one JSON object a line, for programs
)

// Defaults returns the settings of a server that was told nothing.
func Defaults() Settings {
	var s Settings
	for _, o := range bind(&s) {
		if err := o.set(o.Default); err != nil {
			panic("config: default of " + o.Key + ": " + err.Error()) // a mistake in options.go; TestDefaults finds it
		}
	}
	return s
}
