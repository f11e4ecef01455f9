package smsir

import "time"

// Names of the limits that a workspace may set on itself.
const (
	LimitMessagesPerDay    = "messages_per_day"
	LimitKeyMessagesPerDay = "messages_per_key_per_day" // of one API key or SMPP account
	LimitOTPPerRecipient   = "otp_per_recipient"        // in ten minutes
	LimitSpendPerDay       = "spend_per_day"
	LimitSpendPerMonth     = "spend_per_month"
)

// LimitUse is how much of a limit is used up. Amounts of money are in millionths.
type LimitUse struct {
	Name     string     `json:"name"`
	Used     int64      `json:"used"`
	Limit    int64      `json:"limit"`
	Currency string     `json:"currency,omitempty"` // of an amount of money
	Until    *time.Time `json:"until,omitempty"`    // when it begins anew
}

// CreditLeft is how the credit of a workspace stands, in millionths.
type CreditLeft struct {
	Balance  int64  `json:"balance"`
	Low      int64  `json:"low"` // the point below which people are told
	Currency string `json:"currency"`
}
