package api

import "time"

// Summary counts the messages accepted in a range of time by the status they have now, with every
// number that the sentence above the chart needs.
type Summary struct {
	From     time.Time     `json:"from" doc:"Start of the range, included."`
	To       time.Time     `json:"to" doc:"End of the range, excluded."`
	TimeZone string        `json:"time_zone" doc:"The workspace's time zone, in which days begin." example:"America/New_York"`
	Interval string        `json:"interval" enum:"hour,day" doc:"Width of a bucket of the series."`
	Totals   Totals        `json:"totals" doc:"The whole range."`
	Previous Totals        `json:"previous" doc:"The range of the same length before it."`
	Statuses []StatusCount `json:"statuses" nullable:"false" doc:"Messages by status and finality; only those that occur."`
	Series   []Bucket      `json:"series" nullable:"false" doc:"One bucket for every hour or day of the range, oldest first, empty ones included."`
}

// Totals sums up a range.
type Totals struct {
	Accepted     int64    `json:"accepted" doc:"Messages accepted."`
	Delivered    int64    `json:"delivered" doc:"Reported delivered."`
	Failed       int64    `json:"failed" doc:"Ended otherwise: undelivered, expired, failed or blocked."`
	Canceled     int64    `json:"canceled" doc:"Canceled."`
	Unconfirmed  int64    `json:"unconfirmed" doc:"Ended without a delivery report, or with an outcome that was never confirmed."`
	Waiting      int64    `json:"waiting" doc:"Scheduled, queued or being sent."`
	Sent         int64    `json:"sent" doc:"Accepted by a provider, report awaited."`
	Unknown      int64    `json:"unknown" doc:"Outcome not known yet."`
	DeliveryRate *float64 `json:"delivery_rate,omitempty" doc:"Delivered as a share (0 to 1) of delivered and failed; left out while there is neither." example:"0.972"`
}

// StatusCount is the number of messages in one status.
type StatusCount struct {
	Status string `json:"status" enum:"scheduled,queued,sending,unknown,sent,delivered,undelivered,expired,failed,canceled,blocked" doc:"The status."`
	Final  bool   `json:"final" doc:"Ended in it."`
	Count  int64  `json:"count" doc:"How many."`
}

// Bucket is one hour or day of a series.
type Bucket struct {
	Start     time.Time `json:"start" doc:"Start of the hour or day."`
	Accepted  int64     `json:"accepted" doc:"Messages accepted in it."`
	Delivered int64     `json:"delivered" doc:"Of these: delivered."`
	Failed    int64     `json:"failed" doc:"Of these: undelivered, expired, failed or blocked."`
	Other     int64     `json:"other" doc:"Of these: all others."`
}
