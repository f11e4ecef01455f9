package api

import (
	"time"

	"github.com/smsir/smsir"
)

// ProviderKind describes a kind of provider, so that a form needs no knowledge of it.
type ProviderKind struct {
	Kind      string          `json:"kind" doc:"The word for it." example:"simulator"`
	Title     string          `json:"title" doc:"Its name for people." example:"Simulator"`
	Help      string          `json:"help" doc:"What it is."`
	TestOnly  bool            `json:"test_only" doc:"True when nothing reaches a phone."`
	CallsBack bool            `json:"calls_back" doc:"True when its providers report to an address of this server: callback_url of the provider."`
	Fields    []ProviderField `json:"fields" nullable:"false" doc:"Its settings, in the order of the form."`
	Addresses []AddressNote   `json:"addresses" nullable:"false" doc:"What a test kind does with certain numbers."`
}

// ProviderField describes one setting.
type ProviderField struct {
	Name     string   `json:"name" doc:"Key in settings." example:"account_sid"`
	Label    string   `json:"label" doc:"Its label."`
	Help     string   `json:"help,omitempty" doc:"What to put there and where to find it."`
	Type     string   `json:"type" enum:"text,textarea,password,number,url,select,checkbox" doc:"Kind of input; a textarea has several lines."`
	Required bool     `json:"required" doc:"Must be set."`
	Secret   bool     `json:"secret" doc:"Stored sealed and never shown again."`
	Default  string   `json:"default,omitempty" doc:"Value when it is left out."`
	Pattern  string   `json:"pattern,omitempty" doc:"Regular expression for the whole value."`
	Options  []string `json:"options,omitempty" nullable:"false" doc:"Values of a select."`
}

// AddressNote tells what a test kind does with a number.
type AddressNote struct {
	Address string `json:"address" doc:"The number." example:"+12025550100"`
	Does    string `json:"does" doc:"What happens to a message to it." example:"delivered"`
}

// ProviderKindList is every kind this server knows.
type ProviderKindList struct {
	Items []ProviderKind `json:"items" nullable:"false" doc:"In the order to offer them."`
}

// Provider is a configured upstream.
type Provider struct {
	ID          string            `json:"id" doc:"Identifier." example:"prv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Kind        string            `json:"kind" doc:"Its kind." example:"simulator"`
	Name        string            `json:"name" doc:"Its name, unique in the workspace." example:"Simulator"`
	Enabled     bool              `json:"enabled" doc:"Messages may be routed to it."`
	TestOnly    bool              `json:"test_only" doc:"True when nothing reaches a phone."`
	Priority    int               `json:"priority" doc:"Lower is tried first." example:"100"`
	Settings    map[string]string `json:"settings" doc:"Its plain settings."`
	SecretsSet  []string          `json:"secrets_set" nullable:"false" doc:"Names of the secret settings that have a value; the values are never shown."`
	CallbackURL string            `json:"callback_url,omitempty" doc:"Where the provider calls back with receipts and replies, for its kinds that do. It holds a secret: only for those who may change providers, and only when the server knows its public address (setting public_url)." example:"https://sms.example.com/callbacks/prv_01k0c2v6sf7m8x0v3w6n9d5qhe/6f1qm8c1wz3ge9t7y2v0a4r5k8dnsbhx"`
	Health      *ProviderHealth   `json:"health,omitempty" doc:"How it is now; left out while it is not enabled."`
	Connections []Connection      `json:"connections,omitempty" doc:"Its connections on the server that answers, for kinds that hold some."`
	Notes       []string          `json:"notes,omitempty" doc:"What else it has to say, in sentences: what it has learned, or why it waits."`
	CreatedAt   time.Time         `json:"created_at" doc:"When it was created."`
	UpdatedAt   time.Time         `json:"updated_at" doc:"When it was changed last."`
}

// ProviderHealth tells how an enabled provider is.
type ProviderHealth struct {
	State   string     `json:"state" enum:"up,throttled,recovering,probing,down,misconfigured" doc:"up: it works. throttled: it asked for a pause. recovering: it works again and gets a growing share. probing: the next message tries whether it works again. down: it does not answer. misconfigured: it refuses its settings, see error."`
	Since   *time.Time `json:"since,omitempty" doc:"Since when it is in this state, where that is known."`
	Until   *time.Time `json:"until,omitempty" doc:"When it is tried again, or when its pause ends."`
	Error   *Failure   `json:"error,omitempty" doc:"What it said last, or was seen of it, with its own words; while it is down or misconfigured."`
	Waiting int        `json:"waiting" minimum:"0" doc:"Messages in memory that are to go to it next."`
	Sending int        `json:"sending" minimum:"0" doc:"Sends that it has not answered yet."`
	Rate    float64    `json:"rate,omitempty" doc:"Segments a second that it is given at most now; left out when there is no limit." example:"10"`
}

// Connection is one connection that a provider holds.
type Connection struct {
	Name       string     `json:"name" doc:"What it is, and where it leads." example:"Transceiver 1, smpp.example.net:2775"`
	Up         bool       `json:"up" doc:"Whether it stands."`
	Since      *time.Time `json:"since,omitempty" doc:"Since when it stands, or does not."`
	LastSeenAt *time.Time `json:"last_seen_at,omitempty" doc:"When something last came from the other side."`
	Waiting    int        `json:"waiting" doc:"Submissions without answer."`
	Window     int        `json:"window" doc:"The most of them; 0 while it does not stand."`
	Error      string     `json:"error,omitempty" doc:"Why it does not stand."`
}

// ProviderList is every provider of a workspace, by priority.
type ProviderList struct {
	Items []Provider `json:"items" nullable:"false" doc:"By priority."`
}

// ProviderCreate is the body of POST /v1/providers.
type ProviderCreate struct {
	Kind     string            `json:"kind" minLength:"1" maxLength:"32" doc:"One of /v1/provider-kinds." example:"simulator"`
	Name     string            `json:"name" minLength:"1" maxLength:"60" doc:"Its name, unique in the workspace." example:"Simulator"`
	Enabled  *bool             `json:"enabled,omitempty" doc:"Messages may be routed to it; true when left out."`
	Priority *int              `json:"priority,omitempty" minimum:"0" maximum:"1000" doc:"Lower is tried first; 100 when left out."`
	Settings map[string]string `json:"settings,omitempty" maxProperties:"50" doc:"Values by field name, secrets included."`
}

// ProviderUpdate is the body of PATCH /v1/providers/{id}. What is left out stays.
type ProviderUpdate struct {
	Name         *string           `json:"name,omitempty" minLength:"1" maxLength:"60" doc:"New name."`
	Enabled      *bool             `json:"enabled,omitempty" doc:"Messages may be routed to it."`
	Priority     *int              `json:"priority,omitempty" minimum:"0" maximum:"1000" doc:"Lower is tried first."`
	Settings     map[string]string `json:"settings,omitempty" maxProperties:"50" doc:"New values by field name. A field that is not named keeps its value; an empty value clears a plain one and leaves a secret as it is."`
	ClearSecrets []string          `json:"clear_secrets,omitempty" nullable:"false" maxItems:"50" maxLength:"64" doc:"Names of the secret settings to remove."`
}

// ProviderTest is the body of POST /v1/providers/{id}/test: a real message through that provider.
type ProviderTest struct {
	To   string `json:"to" minLength:"1" maxLength:"64" doc:"Recipient." example:"+12025550100"`
	Text string `json:"text,omitempty" maxLength:"1600" doc:"The text; a standard sentence when left out."`
	From string `json:"from,omitempty" maxLength:"32" doc:"Sender ID."`
}

// ProviderCheck is what a provider makes of its credentials.
type ProviderCheck struct {
	Credentials string    `json:"credentials" enum:"accepted,refused,unreachable,not_offered" doc:"unreachable: no usable answer, nobody can tell; not_offered: this kind has no way to ask."`
	Detail      string    `json:"detail,omitempty" doc:"What to do, unless they were accepted."`
	Balance     *Balance  `json:"balance,omitempty" doc:"What is left, for kinds that tell it."`
	CheckedAt   time.Time `json:"checked_at" doc:"When the provider was asked."`
}

// Balance is prepaid credit at a provider, as it says itself.
type Balance struct {
	Amount   string `json:"amount" doc:"A decimal number; it may be negative." example:"12.50"`
	Currency string `json:"currency" doc:"ISO 4217, or the provider's own unit." example:"USD"`
}

// ProviderKindOf describes a kind of provider.
func ProviderKindOf(k *smsir.ProviderKind) ProviderKind {
	w := ProviderKind{
		Kind: k.Name, Title: k.Title, Help: k.Help, TestOnly: k.TestOnly, CallsBack: k.CallsBack,
		Fields: make([]ProviderField, len(k.Fields)), Addresses: make([]AddressNote, len(k.Addresses)),
	}
	for i, f := range k.Fields {
		w.Fields[i] = ProviderField(f)
	}
	for i, a := range k.Addresses {
		w.Addresses[i] = AddressNote(a)
	}
	return w
}
