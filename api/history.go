package api

import "time"

// View is a search in the list of messages that is kept under a name.
type View struct {
	ID        string    `json:"id" doc:"Identifier." example:"viw_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name      string    `json:"name" doc:"Its name."`
	Query     string    `json:"query" doc:"The filters, as the query of GET /v1/messages." example:"status=failed&to=5550100"`
	Team      bool      `json:"team" doc:"Everybody of the workspace sees it; otherwise its owner alone."`
	Mine      bool      `json:"mine" doc:"Whoever asks has made it."`
	CreatedAt time.Time `json:"created_at" doc:"When it was saved."`
	UpdatedAt time.Time `json:"updated_at" doc:"When it was changed last."`
}

// ViewList is what GET /v1/views answers.
type ViewList struct {
	Items []View `json:"items" nullable:"false" doc:"The team's and one's own, by name."`
}

// ViewCreate is the body of POST /v1/views.
type ViewCreate struct {
	Name  string `json:"name" minLength:"1" maxLength:"60" doc:"A name for people."`
	Query string `json:"query" minLength:"1" maxLength:"1000" doc:"The filters, as the query of GET /v1/messages, without cursor and limit." example:"status=failed&to=5550100"`
	Team  bool   `json:"team,omitempty" doc:"Show it to everybody of the workspace."`
}

// ViewUpdate is the body of PATCH /v1/views/{id}. What is left out stays.
type ViewUpdate struct {
	Name  *string `json:"name,omitempty" minLength:"1" maxLength:"60" doc:"A name for people."`
	Query *string `json:"query,omitempty" minLength:"1" maxLength:"1000" doc:"The filters."`
	Team  *bool   `json:"team,omitempty" doc:"Show it to everybody of the workspace."`
}

// BulkCancel is the body of POST /v1/messages/bulk-cancel.
type BulkCancel struct {
	IDs []string `json:"ids" nullable:"false" minItems:"1" maxItems:"1000" maxLength:"64" doc:"Identifiers of messages."`
}

// BulkCanceled says what became of each message, and how many there are of each outcome.
type BulkCanceled struct {
	Canceled        int          `json:"canceled" doc:"No provider has them and none ever will."`
	CancelRequested int          `json:"cancel_requested" doc:"An attempt is open; no further one will start."`
	TooLate         int          `json:"too_late" doc:"A provider has them, or they have ended."`
	Forbidden       int          `json:"forbidden" doc:"Somebody else sent them, and the caller may cancel only what it sent itself."`
	NotFound        int          `json:"not_found" doc:"There are no such messages."`
	Results         []BulkResult `json:"results" nullable:"false" doc:"One for each identifier, in order."`
}

// BulkResult is what became of one message.
type BulkResult struct {
	ID     string `json:"id" doc:"Of the request." example:"msg_0g5t3v2k9qw1a"`
	Result string `json:"result" enum:"canceled,cancel_requested,too_late,forbidden,not_found" doc:"What became of it."`
}

// Estimate is what a send would cost: by the price list and, where that has no price, by the charges of earlier messages to
// the same country.
type Estimate struct {
	Amount     string `json:"amount" doc:"A decimal number: what the recipients below would cost together." example:"0.0150"`
	Currency   string `json:"currency" doc:"ISO 4217." example:"USD"`
	Recipients int    `json:"recipients" doc:"Recipients whose price is known."`
	Unknown    int    `json:"unknown" doc:"Recipients whose price nobody knows yet."`
}
