package api

import "time"

// WorkspaceLimits are what a workspace forbids itself. Days and months are those of its time zone.
type WorkspaceLimits struct {
	MessagesPerDay    int      `json:"messages_per_day" minimum:"0" maximum:"1000000000" doc:"Messages that may be accepted in a day; 0 for any number." example:"5000"`
	KeyMessagesPerDay int      `json:"messages_per_key_per_day" minimum:"0" maximum:"1000000000" doc:"Messages that one API key or SMPP account may send in a day; 0 for any number." example:"1000"`
	OTPPerRecipient   int      `json:"otp_per_recipient" minimum:"0" maximum:"1000" doc:"One-time codes (class otp) that one recipient may get in ten minutes of the clock; 0 for any number." example:"5"`
	SpendPerDay       string   `json:"spend_per_day" maxLength:"20" doc:"What messages accepted in a day may cost together by the price list, a decimal number in its currency; empty for any amount. While it is set, a number without a price is refused." example:"25.00"`
	SpendPerMonth     string   `json:"spend_per_month" maxLength:"20" doc:"The same for a month." example:"500"`
	Countries         []string `json:"countries" nullable:"false" maxItems:"250" doc:"The only countries that may be written to, ISO 3166-1 alpha-2; empty for all." example:"[\"KE\",\"US\"]"`
}

// LimitState is what a workspace forbids itself, and how much of it is used up.
type LimitState struct {
	Limits   WorkspaceLimits `json:"limits" doc:"The limits."`
	Currency string          `json:"currency,omitempty" doc:"Of the price list, ISO 4217; left out while there is none, and then no limit on money can be set." example:"KES"`
	Use      []LimitUse      `json:"use" nullable:"false" doc:"What is used up of the limits on the workspace as a whole; none of those that are not set."`
}

// LimitUse is how much of a limit is used up.
type LimitUse struct {
	Name     string     `json:"name" enum:"messages_per_day,messages_per_key_per_day,otp_per_recipient,spend_per_day,spend_per_month" doc:"The limit."`
	Used     string     `json:"used" doc:"So many messages, or so much money." example:"4100"`
	Limit    string     `json:"limit" doc:"So many may be." example:"5000"`
	Currency string     `json:"currency,omitempty" doc:"Of an amount of money." example:"KES"`
	Until    *time.Time `json:"until,omitempty" doc:"When it begins anew."`
	Near     bool       `json:"near" doc:"Four fifths or more are used up."`
}
