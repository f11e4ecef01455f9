package api

import "time"

// RetentionRule is how long a workspace keeps what was written, and that it was written. Days are 24 hours, from the end
// of a message.
type RetentionRule struct {
	TextDays     int  `json:"text_days" minimum:"0" maximum:"3650" doc:"After so many days the text of a message is removed, wherever it stands; 0 keeps texts for ever." example:"30"`
	MetadataDays int  `json:"metadata_days" minimum:"0" maximum:"3650" doc:"After so many days, 31 or more and not fewer than text_days, the message is deleted with its attempts and events; 0 keeps messages for ever. Counts and reports stay." example:"365"`
	OneTimeCodes bool `json:"one_time_codes" doc:"Remove the texts of one-time codes (class otp) as soon as the message has ended."`
}

// Retention is the rule of a workspace.
type Retention struct {
	Rule      RetentionRule `json:"rule" doc:"The rule."`
	DecidedAt *time.Time    `json:"decided_at,omitempty" doc:"When it was set; left out where nobody has decided yet: the workspace is older than the rule, and everything is kept."`
}

// RetentionEffect is how much a rule would remove now. Counting stops at counted_to.
type RetentionEffect struct {
	Texts        int64 `json:"texts" doc:"Messages that would lose their text." example:"1200"`
	OneTimeCodes int64 `json:"one_time_codes" doc:"One-time codes that would lose their text at once, among the latest messages." example:"40"`
	InboundTexts int64 `json:"inbound_texts" doc:"Messages from handsets that would lose their text." example:"300"`
	Messages     int64 `json:"messages" doc:"Messages that would be deleted." example:"0"`
	Inbound      int64 `json:"inbound" doc:"Messages from handsets that would be deleted." example:"0"`
	CountedTo    int64 `json:"counted_to" doc:"A figure as large as this means: so many or more." example:"50000"`
}
