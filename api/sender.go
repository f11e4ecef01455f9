package api

import "time"

// Sender is a sender ID that a workspace has registered.
type Sender struct {
	ID        string          `json:"id" doc:"Identifier." example:"snd_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Value     string          `json:"value" doc:"What the handset shows." example:"SHOP"`
	Kind      string          `json:"kind" enum:"long_number,short_code,alphanumeric" doc:"A number that can be answered, a short code of one country, or a name."`
	Name      string          `json:"name" doc:"Name for people." example:"The shop"`
	Countries []SenderCountry `json:"countries" nullable:"false" doc:"Where it stands, country by country."`
	Providers []string        `json:"providers" nullable:"false" doc:"Identifiers of the providers it may go through; empty for all."`
	Defaults  []SenderDefault `json:"defaults" nullable:"false" doc:"Messages that get this sender when they ask for none."`
	Used      *SenderUse      `json:"used,omitempty" doc:"How much it was used in the last 30 days; only when asked for with usage=true."`
	CreatedAt time.Time       `json:"created_at" doc:"When it was registered."`
	UpdatedAt time.Time       `json:"updated_at" doc:"When it was last changed."`
}

// SenderCountry says where a sender stands in one country.
type SenderCountry struct {
	Country string `json:"country" maxLength:"2" doc:"ISO 3166-1 alpha-2; empty for all countries that are not listed." example:"KE"`
	Status  string `json:"status" enum:"draft,requested,approved,refused" doc:"Nobody has asked yet, somebody has, the network allows it, or does not."`
	Note    string `json:"note,omitempty" maxLength:"300" doc:"Why, such as the reason of a refusal, which must be given."`
	Advice  string `json:"advice,omitempty" enum:"registration,not_supported" doc:"What is known of names as senders there: they must be registered by way of a provider, or are not carried at all."`
}

// SenderDefault names messages that get a sender when they ask for none. The most particular one decides: country and class, country, class, any.
type SenderDefault struct {
	Country string `json:"country" maxLength:"2" doc:"ISO 3166-1 alpha-2; empty for all." example:"KE"`
	Class   string `json:"class" enum:",otp,transactional,bulk" doc:"Class of traffic; empty for all."`
}

// SenderUse is how much a sender was used.
type SenderUse struct {
	Messages int64      `json:"messages" doc:"Messages accepted with it, among the newest 100,000."`
	LastAt   *time.Time `json:"last_at,omitempty" doc:"When the last one was accepted; absent when there is none."`
}

// SenderList lists the senders of a workspace.
type SenderList struct {
	Items          []Sender `json:"items" nullable:"false" doc:"By value."`
	RegisteredOnly bool     `json:"registered_only" doc:"The workspace sends from registered and approved senders only."`
}

// SenderCreate is the body of POST /v1/senders.
type SenderCreate struct {
	Value     string           `json:"value" minLength:"1" maxLength:"32" doc:"A number, a short code of 3 to 8 digits, or a name of at most 11 characters." example:"SHOP"`
	Name      *string          `json:"name,omitempty" minLength:"1" maxLength:"60" doc:"Name for people; left out: the value."`
	Countries *[]SenderCountry `json:"countries,omitempty" doc:"Left out: a number is approved everywhere, a short code in the country of the workspace, a name is a draft."`
	Providers *[]string        `json:"providers,omitempty" maxItems:"100" doc:"Providers it may go through; left out or empty: all."`
	Defaults  *[]SenderDefault `json:"defaults,omitempty" maxItems:"100" doc:"Messages that get it when they ask for none."`
}

// SenderUpdate is the body of PATCH /v1/senders/{id}. What is left out stays; a list is replaced whole.
type SenderUpdate struct {
	Name      *string          `json:"name,omitempty" minLength:"1" maxLength:"60" doc:"Another name for people."`
	Countries *[]SenderCountry `json:"countries,omitempty" doc:"Where it stands now."`
	Providers *[]string        `json:"providers,omitempty" maxItems:"100" doc:"Providers it may go through; empty for all."`
	Defaults  *[]SenderDefault `json:"defaults,omitempty" maxItems:"100" doc:"Messages that get it when they ask for none."`
}
