package api

import "time"

// Credit is how the credit of a workspace stands. Amounts are decimal numbers in its currency.
type Credit struct {
	On       bool   `json:"on" doc:"Every message takes its price from the credit, and is refused where that does not reach."`
	Balance  string `json:"balance" doc:"What can be spent." example:"412.4"`
	Held     string `json:"held" doc:"What messages under way hold back: it is charged when a provider takes them, or given back." example:"0.8"`
	Low      string `json:"low" doc:"A balance below this is told, by a banner and by the event credit.low; empty for never." example:"50"`
	IsLow    bool   `json:"is_low" doc:"Credit is on and the balance is below low."`
	Currency string `json:"currency,omitempty" doc:"Of the price list, ISO 4217; left out while there is none, and then credit cannot be turned on." example:"KES"`
}

// CreditSettings say whether and how credit counts.
type CreditSettings struct {
	On  bool   `json:"on" doc:"Take the price of every message from the credit. Needs a price list; a number without a price is refused."`
	Low string `json:"low" maxLength:"20" doc:"Tell people below this balance, a decimal number; empty for never." example:"50"`
}

// CreditChange is a grant or a correction of credit.
type CreditChange struct {
	Kind   string `json:"kind" enum:"grant,correction" doc:"A grant adds to the credit; a correction adds, or takes away with a minus sign."`
	Amount string `json:"amount" minLength:"1" maxLength:"20" doc:"A decimal number with at most six places. A balance is never below zero." example:"500"`
	Note   string `json:"note" minLength:"1" maxLength:"200" doc:"Why, for who reads the ledger later." example:"Invoice 2026-117"`
}

// CreditEntry is a line of the credit ledger, which is only ever added to.
type CreditEntry struct {
	ID      string    `json:"id" doc:"Identifier." example:"crd_0g5t3v2k9qw1a"`
	At      time.Time `json:"at" doc:"When."`
	Kind    string    `json:"kind" enum:"reserve,settle,release,refund,grant,correction" doc:"reserve: a message was accepted. settle: a provider took it, or nobody will ever know. release: it ended here and was not sent. refund: a provider reported that it never sent what it took, and no other attempt went through."`
	Amount  string    `json:"amount" doc:"Change of the balance." example:"-0.8"`
	Held    string    `json:"held" doc:"Change of what is held back." example:"0.8"`
	Message string    `json:"message_id,omitempty" doc:"The message; left out for a grant or a correction." example:"msg_0g5t3v2k9qw1a"`
	Actor   *Actor    `json:"actor,omitempty" doc:"Who granted or corrected."`
	Note    string    `json:"note,omitempty" doc:"Why."`
}

// CreditEntryList is a page of the credit ledger.
type CreditEntryList struct {
	Items []CreditEntry `json:"items" nullable:"false" doc:"Newest first."`
	Next  string        `json:"next,omitempty" doc:"Cursor of the next page; left out on the last."`
}

// CreditLeft is how far the credit has fallen.
type CreditLeft struct {
	Balance  string `json:"balance" doc:"What was left then." example:"49.6"`
	Low      string `json:"low" doc:"The balance below which it is told." example:"50"`
	Currency string `json:"currency" doc:"Of both, ISO 4217." example:"KES"`
}
