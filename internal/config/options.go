package config

import (
	"strings"
	"time"
)

// Option describes one setting: how it is called in each source, what it means and what it may be.
type Option struct {
	// Key is the name in the configuration file, section and name joined by a dot: log.level.
	Key string
	// Default is the value when no source gives one, as it would be written in the file.
	Default string
	// Doc says in one or two sentences what the setting does.
	Doc string
	// Range says what the value may be: "from 1s to 10m", "text or json". Empty when any text will do.
	Range string
	// Secret is set when the value must never be shown.
	Secret bool
	// Bool is set for switches, which need no value on the command line.
	Bool bool

	set func(text string) error
	get func() string
}

// Env is the name of the option in the environment: SMSIR_LOG_LEVEL.
func (o Option) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(o.Key, ".", "_"))
}

// Flag is the name of the option on the command line, without the dashes before it: log-level.
func (o Option) Flag() string {
	if o.Key == "store.accept_data_loss" {
		return "i-accept-data-loss" // long and awkward on purpose: nobody sets it by habit
	}
	return strings.NewReplacer(".", "-", "_", "-").Replace(o.Key)
}

// Options lists every setting in the order of the sample file.
func Options() []Option {
	var s Settings
	return bind(&s)
}

const (
	day  = 24 * time.Hour
	mega = 1_000_000
)

// bind lists every setting, each tied to its field in s. Settings of one section stand together.
func bind(s *Settings) []Option {
	return []Option{
		text("data_dir", &s.DataDir, "./data", notEmpty,
			"Folder of the database, the keys and the simulator's ledger. It is made when it is missing."),
		text("listen", &s.Listen, "127.0.0.1:8080", hostPort,
			"Address and port the server listens on. ':8080' listens on every address of the machine; port 0 takes a free port."),
		text("public_url", &s.PublicURL, "", baseURL,
			"Address under which browsers and providers reach this server, such as https://sms.example.org. Empty: the listening address."),
		boolean("allow_insecure_http", &s.AllowInsecureHTTP,
			"Let people of other machines sign in over plain http. Passwords and messages can then be read on the way; a banner says so."),
		prefixes("trusted_proxies", &s.TrustedProxies,
			"Addresses or networks of the reverse proxies in front of this server. Only their X-Forwarded-For and X-Forwarded-Proto headers are believed."),
		duration("shutdown_grace", &s.ShutdownGrace, 10*time.Second, time.Second, 10*time.Minute,
			"How long a stopping server waits for requests and sends under way."),
		enum("registration", &s.Registration, RegistrationInvitation, RegistrationOpen, RegistrationClosed).doc(
			"Who may open an account: who was invited, anybody (with a workspace of their own), or nobody. Read at the first start only; afterwards an operator changes it in the web app."),

		level("log.level", &s.Log.Level,
			"Least severe lines that are written to standard error."),
		enum("log.format", &s.Log.Format, LogText, LogJSON).doc(
			"Shape of a log line: text for people, json for programs."),

		duration("session.idle", &s.Session.Idle, 12*time.Hour, time.Minute, 90*day,
			"A session that was not used for so long ends."),
		duration("session.absolute", &s.Session.Absolute, 7*day, time.Minute, 365*day,
			"A session ends so long after sign-in, used or not."),

		duration("message.validity", &s.Message.Validity, day, time.Minute, 7*day,
			"How long a message may still leave after it was accepted, or after its scheduled time, unless the send says otherwise."),
		duration("message.max_lateness", &s.Message.MaxLateness, time.Hour, time.Second, 7*day,
			"How late a scheduled message may still go out, after an outage for example. Later than that it expires."),
		duration("message.idempotency_ttl", &s.Message.IdempotencyTTL, 3*day, day, 30*day,
			"How long the server remembers an Idempotency-Key and answers a repeated request with the first answer."),

		address("store.url", &s.Store.URL,
			"Address of a PostgreSQL database (14 or newer), such as postgres://smsir:PASSWORD@db.example.org:5432/smsir; several nodes may share it. Empty: an SQLite database in data_dir, for one node."),
		integer("store.pool_size", &s.Store.PoolSize, 16, 4, 500,
			"How many connections to PostgreSQL this node opens at most. All nodes together must stay below the server's max_connections."),
		size("store.min_free_bytes", &s.Store.MinFree,
			"Free disk space below which sends are refused with 507, so that receipts can still be stored. 0: the smaller of 1GiB and 5 % of the disk."),
		boolean("store.ignore_move", &s.Store.IgnoreMove,
			"Start on an SQLite database although \"smsir move\" has moved its data to PostgreSQL. It is an old copy: what happened since is missing in it, and messages that have gone out since may go out again."),
		boolean("store.accept_data_loss", &s.Store.AcceptDataLoss,
			"Start even on a database that does not write every commit to disk before it answers. Accepted messages can then be lost in a power cut; a banner says so."),

		text("node.name", &s.Node.Name, "", oneLine,
			"Name of this node among those that share a PostgreSQL database; no two may have the same. Keep it when the node restarts. Empty: the name of the machine."),
		duration("node.lease", &s.Node.Lease, 30*time.Second, 5*time.Second, 10*time.Minute,
			"How long the other nodes wait for one that is cut off from the database before they take over its messages. It stops sending after half of it."),

		integer("dispatch.queue_limit", &s.Dispatch.QueueLimit, mega, 1, 100*mega,
			"How many messages of one workspace may wait to be sent. Further sends are answered 429 until some have left."),
		integer("dispatch.window", &s.Dispatch.Window, 32, 1, 1000,
			"How many sends one provider may have under way at once, unless its kind says otherwise. After a crash, at most so many messages per provider have an unknown outcome."),

		text("smpp.listen", &s.SMPP.Listen, ":3550", optionalHostPort,
			"Address and port at which customers bind over SMPP with TLS. It is open only while there is an SMPP account. Empty: not at all."),
		text("smpp.plain_listen", &s.SMPP.PlainListen, "", optionalHostPort,
			"The same without TLS, usually ':2775'. Only programs on this machine and in smpp.plain_networks may use it. Empty: not at all."),
		prefixes("smpp.plain_networks", &s.SMPP.PlainNetworks,
			"Addresses or networks that may bind without TLS. Passwords and messages can then be read on the way: list only networks that are encrypted otherwise, such as a VPN."),
		text("smpp.tls_cert", &s.SMPP.TLSCert, "", oneLine,
			"File of the certificate for smpp.listen with those that vouch for it, in PEM. Empty: a certificate of the server's own making, whose fingerprint customers must compare."),
		text("smpp.tls_key", &s.SMPP.TLSKey, "", oneLine,
			"File of the private key of smpp.tls_cert, in PEM."),

		integer("simulator.seed", &s.Simulator.Seed, 1, 0, 1<<63-1,
			"Decides what the simulator does: the same seed and the same messages give the same outcomes. A simulator provider may have a seed of its own."),
		integer("simulator.window", &s.Simulator.Window, 32, 1, 1000,
			"How many sends a simulator provider takes at once."),

		prefixes("webhooks.allow_networks", &s.Webhooks.AllowNetworks,
			"Networks beside the public internet that webhooks of workspaces may lead to, also over plain http: your own, for receivers beside this server. Every other private address is refused."),

		secret("metrics.token", &s.Metrics.Token, 16,
			"Bearer token that opens /metrics. Empty: only requests from this machine are answered."),
	}
}

// section says above each section of the sample file what it is about.
func section(name string) string {
	switch name {
	case "log":
		return "What the server writes to standard error."
	case "session":
		return "How long people stay signed in."
	case "message":
		return "Defaults for messages that do not say otherwise."
	case "store":
		return "The database and its guards."
	case "node":
		return "Several nodes on one PostgreSQL database."
	case "dispatch":
		return "Bounds on handing messages to providers."
	case "smpp":
		return "The server for customers who speak SMPP."
	case "simulator":
		return "The built-in provider that plays the outside world; no message of it reaches a phone."
	case "metrics":
		return "Access to /metrics."
	}
	return ""
}
