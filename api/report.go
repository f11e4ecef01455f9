package api

import "time"

// Report tells what became of the messages accepted in a range of time.
type Report struct {
	From         time.Time      `json:"from" doc:"Start of the range, included."`
	To           time.Time      `json:"to" doc:"End of the range, excluded."`
	PreviousFrom time.Time      `json:"previous_from" doc:"Start of the range of the same length that ends where this one begins."`
	TimeZone     string         `json:"time_zone" doc:"The workspace's time zone, in which days begin." example:"Africa/Nairobi"`
	Interval     string         `json:"interval" enum:"hour,day" doc:"Width of a bucket of the series."`
	Current      bool           `json:"current" doc:"False while some of the latest changes are not counted yet; they are within seconds, or minutes where much is sent."`
	Totals       ReportNumbers  `json:"totals" doc:"The whole range."`
	Previous     ReportNumbers  `json:"previous" doc:"The range before it."`
	Series       []ReportBucket `json:"series" nullable:"false" doc:"One bucket for every hour or day of the range, oldest first, empty ones included."`
	GroupBy      string         `json:"group_by" enum:"provider,country,network,sender,template,campaign,person,class,reason,day,hour" doc:"What groups tells messages apart by."`
	Groups       []ReportGroup  `json:"groups" nullable:"false" doc:"By messages, most first; days and hours oldest first. At most 200 but for days and hours; the export has all."`
	Omitted      int            `json:"omitted" doc:"How many groups are left out at the end of groups."`
	Reasons      []ReportReason `json:"reasons" nullable:"false" doc:"Why messages failed (undelivered, expired, failed or blocked), most frequent first. At most 50."`
}

// ReportNumbers counts messages by what became of them. The first eleven counts after messages and segments add up to messages.
type ReportNumbers struct {
	Messages     int64          `json:"messages" doc:"Messages accepted."`
	Segments     int64          `json:"segments" doc:"Their segments."`
	Delivered    int64          `json:"delivered" doc:"Reported delivered."`
	Undelivered  int64          `json:"undelivered" doc:"Taken by a provider, then refused by the network."`
	Failed       int64          `json:"failed" doc:"No provider took them."`
	Expired      int64          `json:"expired" doc:"Their validity ended, here or at the network."`
	Blocked      int64          `json:"blocked" doc:"Stopped by a rule of ours, such as an opt-out."`
	Canceled     int64          `json:"canceled" doc:"Canceled."`
	Unconfirmed  int64          `json:"unconfirmed" doc:"Ended without a delivery report, or with an outcome that was never confirmed."`
	Unknown      int64          `json:"unknown" doc:"Outcome not known yet."`
	Sent         int64          `json:"sent" doc:"Taken by a provider, report awaited."`
	Pending      int64          `json:"pending" doc:"Scheduled, queued or being sent."`
	DeliveryRate *float64       `json:"delivery_rate,omitempty" doc:"Delivered as a share (0 to 1) of delivered, undelivered, failed, expired and blocked: of the messages whose fate is proved. Left out while there is none." example:"0.972"`
	Queue        *ReportLatency `json:"queue,omitempty" doc:"From when a message was due (accepted, or its send_at) until a provider took it."`
	Network      *ReportLatency `json:"network,omitempty" doc:"From when the provider took it until the report that it was delivered."`
	Total        *ReportLatency `json:"total,omitempty" doc:"From when it was due until the report that it was delivered."`
	Costs        []Money        `json:"costs" nullable:"false" doc:"What providers say they charged, for each currency; currencies are never added up."`
	Priced       int64          `json:"priced" doc:"Messages whose provider told a price. Where it is below messages, costs is not the whole cost."`
}

// ReportLatency tells how long messages took.
type ReportLatency struct {
	Messages int64 `json:"messages" doc:"Messages that were measured."`
	P50      int64 `json:"p50_ms" doc:"Half of them took at most so many milliseconds. Up to 4.5 % off, as all of these."`
	P90      int64 `json:"p90_ms" doc:"Nine of ten took at most so many milliseconds."`
	P99      int64 `json:"p99_ms" doc:"99 of 100 took at most so many milliseconds."`
}

// ReportBucket is one hour or day.
type ReportBucket struct {
	Start            time.Time     `json:"start" doc:"Its start."`
	Numbers          ReportNumbers `json:"numbers" doc:"What became of the messages accepted in it."`
	PreviousMessages int64         `json:"previous_messages" doc:"Messages accepted in the same place of the range before."`
}

// ReportGroup is what has one value of what the report is grouped by.
type ReportGroup struct {
	ID       string        `json:"id" doc:"The value: identifier of the provider, template, campaign, or of the user, API key or SMPP account; ISO country code; code of the network (MCC and MNC); sender ID; class; code of the reason; start of the day or hour. Empty for none; of a network, for those that the provider did not report."`
	Name     string        `json:"name" doc:"Its name for people where it has one: of a reason, the sentence."`
	Others   bool          `json:"others,omitempty" doc:"This group is what was counted together because an hour had more than 500 values."`
	Numbers  ReportNumbers `json:"numbers" doc:"What became of its messages."`
	Previous ReportNumbers `json:"previous" doc:"In the range before. Of days and hours, only messages is given."`
}

// ReportReason is a cause for which messages failed.
type ReportReason struct {
	Code     string `json:"code" doc:"Stable word for the cause." example:"undelivered"`
	Text     string `json:"text" doc:"The cause in a sentence, as it stands with the messages; may be empty."`
	Messages int64  `json:"messages" doc:"Messages that failed for it."`
	Previous int64  `json:"previous" doc:"In the range before."`
}

// WeeklyReport is the summary of a week, as it was on the Monday after it.
type WeeklyReport struct {
	ID        string          `json:"id" doc:"Identifier." example:"rep_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Week      string          `json:"week" doc:"Its Monday." example:"2026-11-23"`
	From      time.Time       `json:"from" doc:"Start of the week, included."`
	To        time.Time       `json:"to" doc:"End of the week, excluded."`
	TimeZone  string          `json:"time_zone" doc:"The workspace's time zone when it was made." example:"Africa/Nairobi"`
	CreatedAt time.Time       `json:"created_at" doc:"When it was made. What changed later is not in it."`
	Totals    ReportNumbers   `json:"totals" doc:"The whole week."`
	Previous  ReportNumbers   `json:"previous" doc:"The seven days before it."`
	Days      []ReportNumbers `json:"days" nullable:"false" doc:"The seven days, Monday first."`
	Providers []ReportGroup   `json:"providers" nullable:"false" doc:"The providers with most messages, at most ten. Their range before is empty."`
	Countries []ReportGroup   `json:"countries" nullable:"false" doc:"The countries with most messages, at most ten. Their range before is empty."`
	Networks  []ReportGroup   `json:"networks" nullable:"false" doc:"The mobile networks with most messages, at most ten, those that providers did not report among them. Their range before is empty. None in summaries of weeks before networks were counted."`
	Reasons   []ReportReason  `json:"reasons" nullable:"false" doc:"Why messages failed, at most ten."`
}

// WeeklyReportList is the latest summaries.
type WeeklyReportList struct {
	Items []WeeklyReport `json:"items" nullable:"false" doc:"Latest week first, at most 26."`
}

// ReportSettings are a workspace's choices for reports.
type ReportSettings struct {
	Weekly bool `json:"weekly" doc:"A summary of every week is made on the Monday after it, and told with the event report.weekly."`
}
