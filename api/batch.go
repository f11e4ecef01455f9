package api

import "time"

// MaxBatch is the largest number of recipients of a batch.
const MaxBatch = 1000

// BatchRequest is the body of POST /v1/batches: one text to many recipients (to and text), or one text
// each (messages). All of it is accepted in one step, or nothing.
type BatchRequest struct {
	To       []string       `json:"to,omitempty" nullable:"false" maxItems:"1000" maxLength:"64" doc:"Recipients of the one text; not together with messages."`
	Text     string         `json:"text,omitempty" maxLength:"1600" doc:"The text of every message that has none of its own."`
	Messages []BatchMessage `json:"messages,omitempty" nullable:"false" maxItems:"1000" doc:"One message each; not together with to."`
	Options
	OnInvalid string `json:"on_invalid,omitempty" enum:"reject,skip" doc:"reject (when left out): one bad row refuses the whole batch, and the problem names every bad row. skip: bad rows are left out and listed."`
}

// BatchMessage is one row of a batch.
type BatchMessage struct {
	To        string            `json:"to" minLength:"1" maxLength:"64" doc:"Recipient."`
	Text      string            `json:"text,omitempty" maxLength:"1600" doc:"Its text; left out: the text of the batch."`
	SendAt    *time.Time        `json:"send_at,omitempty" doc:"Not before this moment, where it differs from that of the batch: somebody may be asleep." example:"2026-11-23T12:00:00+03:00"`
	ClientRef string            `json:"client_ref,omitempty" maxLength:"128" doc:"Your own reference."`
	Metadata  map[string]string `json:"metadata,omitempty" maxProperties:"20" doc:"Values of your own, beside those of the batch."`
}

// BatchResult is the answer to a batch that was accepted.
type BatchResult struct {
	BatchID    string           `json:"batch_id" doc:"Identifier; list its messages with ?batch=." example:"bat_0g5t3v2k9qw1a"`
	Messages   []Message        `json:"messages" nullable:"false" doc:"The messages that were accepted, in the order of the request."`
	Duplicates []BatchDuplicate `json:"duplicates" nullable:"false" doc:"Rows that were merged into an earlier row with the same recipient and text."`
	Skipped    []BatchSkipped   `json:"skipped" nullable:"false" doc:"Rows that were left out (on_invalid: skip)."`
}

// BatchDuplicate is a row that says the same as an earlier one.
type BatchDuplicate struct {
	Index int    `json:"index" doc:"Its place in the request, from 0."`
	Of    int    `json:"of" doc:"Place of the row it repeats."`
	To    string `json:"to" doc:"Recipient."`
}

// BatchSkipped is a row that was left out.
type BatchSkipped struct {
	Index  int    `json:"index" doc:"Its place in the request, from 0."`
	To     string `json:"to" doc:"Recipient as it was typed."`
	Field  string `json:"field,omitempty" doc:"The field concerned." example:"to"`
	Code   string `json:"code" doc:"Why, as a code." example:"number_too_short"`
	Detail string `json:"detail" doc:"Why, in words."`
}
