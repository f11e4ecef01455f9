package api

import "time"

// LanguageText is a text for people of one language.
type LanguageText struct {
	Language string `json:"language,omitempty" maxLength:"12" doc:"BCP 47; left out: for everybody else." example:"sw"`
	Text     string `json:"text" minLength:"1" maxLength:"6400" doc:"The text. {{name}} is replaced by the recipient's name, {{name|friend}} too, or by what stands behind the bar. Values are never read as variables." example:"Hello {{name|friend}}"`
}

// Template is a text that is written once and sent many times.
type Template struct {
	ID         string         `json:"id" doc:"Identifier." example:"tpl_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name       string         `json:"name" doc:"Unique among those in use." example:"Reminder"`
	Texts      []LanguageText `json:"texts" nullable:"false" doc:"By language; the one for everybody else comes first."`
	Variables  []string       `json:"variables" nullable:"false" doc:"What the texts ask for." example:"name"`
	Uses       int            `json:"uses" doc:"Campaigns that name it."`
	Author     Actor          `json:"author" doc:"Who changed it last."`
	CreatedAt  time.Time      `json:"created_at" doc:"When it was created."`
	UpdatedAt  time.Time      `json:"updated_at" doc:"When it was changed last."`
	ArchivedAt *time.Time     `json:"archived_at,omitempty" doc:"When it was put away; it stays for the campaigns that used it."`
}

// TemplateList is every template of a workspace.
type TemplateList struct {
	Items []Template `json:"items" nullable:"false" doc:"By name."`
}

// TemplateCreate is the body of POST /v1/templates.
type TemplateCreate struct {
	Name  string         `json:"name" minLength:"1" maxLength:"120" doc:"Unique among those in use."`
	Texts []LanguageText `json:"texts" nullable:"false" minItems:"1" maxItems:"20" doc:"By language; one without a language is needed."`
}

// TemplateUpdate is the body of PATCH /v1/templates/{id}. What is left out stays.
type TemplateUpdate struct {
	Name     *string         `json:"name,omitempty" minLength:"1" maxLength:"120" doc:"Another name."`
	Texts    *[]LanguageText `json:"texts,omitempty" nullable:"false" minItems:"1" maxItems:"20" doc:"All texts."`
	Archived *bool           `json:"archived,omitempty" doc:"Put it away, or take it out again."`
}

// TemplateDeleted says whether a template was forgotten or put away.
type TemplateDeleted struct {
	Archived bool `json:"archived" doc:"A campaign names it, so it was put away instead."`
}

// TemplatePreviewRequest is the body of POST /v1/templates/preview.
type TemplatePreviewRequest struct {
	Texts []LanguageText `json:"texts" nullable:"false" minItems:"1" maxItems:"20" doc:"The texts."`
	Group string         `json:"group,omitempty" maxLength:"40" doc:"Render for its contacts; for all when left out." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// MessageSample is a message as one recipient would get it.
type MessageSample struct {
	To       string `json:"to,omitempty" doc:"Number, E.164; left out when there is no contact to show." example:"+12025550100"`
	Name     string `json:"name,omitempty" doc:"Name of the recipient."`
	Text     string `json:"text" doc:"The text as it would be sent."`
	Segments int    `json:"segments" doc:"Its segments."`
	Encoding string `json:"encoding" enum:"gsm7,ucs2" doc:"How it travels."`
	Kind     string `json:"kind" enum:"first,longest,gap" doc:"Why it is shown: the first, the longest, or the first in which a variable has no value."`
}

// SegmentShare is how many messages have so many segments.
type SegmentShare struct {
	Segments int `json:"segments" doc:"Segments of a message."`
	Messages int `json:"messages" doc:"Messages."`
}

// TemplatePreview is what texts would become.
type TemplatePreview struct {
	Samples   []MessageSample `json:"samples" nullable:"false" doc:"A few of the messages."`
	Segments  []SegmentShare  `json:"segments" nullable:"false" doc:"Messages by length."`
	Looked    int             `json:"looked" doc:"Contacts that were rendered, at most 2,000."`
	Gaps      int             `json:"gaps" doc:"Of those, messages with a variable that has no value."`
	Variables []string        `json:"variables" nullable:"false" doc:"What the texts ask for."`
	Unknown   []string        `json:"unknown" nullable:"false" doc:"Variables that no contact field has. A list of numbers may bring them as columns."`
}

// CampaignPlan is who gets what, and when.
type CampaignPlan struct {
	Groups    []string        `json:"groups,omitempty" nullable:"false" maxItems:"50" maxLength:"40" doc:"Members of any of these groups." example:"grp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Filter    *ContactFilter  `json:"filter,omitempty" doc:"Contacts that match when the campaign starts, beside those of the groups; each number gets one message."`
	Template  string          `json:"template,omitempty" maxLength:"40" doc:"The template whose texts are sent. A campaign that was launched keeps the texts as they were." example:"tpl_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Texts     []LanguageText  `json:"texts,omitempty" nullable:"false" maxItems:"20" doc:"The texts, where there is no template."`
	From      string          `json:"from,omitempty" maxLength:"32" doc:"Sender ID; left out: the provider chooses."`
	StartAt   *time.Time      `json:"start_at,omitempty" doc:"Start at this moment. Without start_at, local_time and repeat it starts when it is launched."`
	LocalTime string          `json:"local_time,omitempty" maxLength:"16" doc:"Start when the clocks of time_zone show this. A time that they skip counts from the clock before, one that they show twice is the first." example:"2026-03-29T09:30"`
	TimeZone  string          `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; the workspace's when left out." example:"Africa/Nairobi"`
	Repeat    *CampaignRepeat `json:"repeat,omitempty" doc:"Make it a series."`
	PerMinute int             `json:"per_minute,omitempty" minimum:"0" maximum:"600000" doc:"Messages a minute; left out: as fast as the providers take them."`
	Hours     int             `json:"spread_hours,omitempty" minimum:"0" maximum:"168" doc:"Spread over so many hours: the pace follows from the number of recipients. Quiet hours are not among them. Not together with per_minute."`
	Quiet     *QuietHours     `json:"quiet_hours,omitempty" doc:"Hours in which nobody is written to, on the clocks of the recipient's country: whoever is in them gets the message when they are over."`
}

// CampaignRepeat is a series: each of its local days has exactly one firing.
type CampaignRepeat struct {
	Every string `json:"every" enum:"day,week,month" doc:"How often."`
	Days  []int  `json:"days,omitempty" nullable:"false" maxItems:"31" doc:"Of a week: 0 Sunday to 6 Saturday. Of a month: 1 to 31, the last day where there is none."`
	Time  string `json:"time" minLength:"5" maxLength:"5" doc:"Time of the day." example:"09:30"`
	From  string `json:"from" minLength:"10" maxLength:"10" doc:"First day." example:"2026-03-01"`
	Until string `json:"until,omitempty" maxLength:"10" doc:"Last day." example:"2026-06-30"`
}

// QuietHours are over midnight when from is behind to.
type QuietHours struct {
	From string `json:"from" minLength:"5" maxLength:"5" doc:"When they begin." example:"21:00"`
	To   string `json:"to" minLength:"5" maxLength:"5" doc:"When they are over." example:"08:00"`
}

// Campaign is one text for many people.
type Campaign struct {
	ID            string            `json:"id" doc:"Identifier." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name          string            `json:"name" doc:"Name for people." example:"Spring open day"`
	State         string            `json:"state" enum:"draft,waiting,scheduled,running,paused,done,canceled" doc:"Where it stands; waiting is for a second person's approval."`
	Reason        string            `json:"reason,omitempty" doc:"Why it is paused or over (many_failures, limit_reached, missed_schedule, too_many_recipients, by_hand, nobody), or the words of who sent it back." example:"many_failures"`
	Plan          CampaignPlan      `json:"plan" doc:"Who gets what, and when."`
	Variables     []string          `json:"variables" nullable:"false" doc:"What the texts ask for."`
	Author        Actor             `json:"author" doc:"Who changed it last."`
	Launcher      *Actor            `json:"launched_by,omitempty" doc:"Who launched it."`
	Approver      *Actor            `json:"approved_by,omitempty" doc:"Who approved it."`
	Series        string            `json:"series,omitempty" doc:"The campaign whose day this is." example:"cmp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Day           string            `json:"day,omitempty" doc:"That day; of a series the next one." example:"2026-03-02"`
	FailedOf      string            `json:"failed_of,omitempty" doc:"The campaign whose failed messages this one sends again."`
	BatchID       string            `json:"batch_id" doc:"Of all its messages: GET /v1/messages?batch= lists them." example:"bat_0g5t3v2k9qw1a"`
	Recipients    int               `json:"recipients" doc:"Numbers that it has by now, each once: in a draft those of its own list, when it runs all."`
	Repeated      int               `json:"repeated" doc:"Numbers that were merged because they were there already."`
	Gathered      bool              `json:"gathered" doc:"All its recipients are known."`
	Progress      *CampaignProgress `json:"progress,omitempty" doc:"How far it is; left out before it starts."`
	StartAt       *time.Time        `json:"start_at,omitempty" doc:"When it starts, or fires next."`
	StartedAt     *time.Time        `json:"started_at,omitempty" doc:"When it started."`
	FinishedAt    *time.Time        `json:"finished_at,omitempty" doc:"When it ended."`
	TextRemovedAt *time.Time        `json:"text_removed_at,omitempty" doc:"When the retention rule of the workspace removed its texts and the values of its recipients; left out while they are there."`
	CreatedAt     time.Time         `json:"created_at" doc:"When it was created."`
	UpdatedAt     time.Time         `json:"updated_at" doc:"When it was changed last."`
}

// CampaignProgress is how far a campaign is; it is counted at most twice a second.
type CampaignProgress struct {
	Waiting   int        `json:"waiting" doc:"Not handed over yet."`
	Sent      int        `json:"sent" doc:"Handed over, without a receipt so far."`
	Delivered int        `json:"delivered" doc:"Delivered."`
	Failed    int        `json:"failed" doc:"Failed, undelivered or expired."`
	Blocked   int        `json:"blocked" doc:"Opted out."`
	Canceled  int        `json:"canceled" doc:"Canceled."`
	Skipped   int        `json:"skipped" doc:"Recipients whose text came out empty or too long."`
	Segments  int        `json:"segments" doc:"Segments of all messages so far."`
	PerMinute float64    `json:"per_minute" doc:"Messages handed over a minute, lately."`
	EndsAt    *time.Time `json:"ends_at,omitempty" doc:"When nothing will wait any more at this pace."`
	CountedAt time.Time  `json:"counted_at" doc:"When it was counted."`
}

// CampaignList is one page of campaigns.
type CampaignList struct {
	Items []Campaign `json:"items" nullable:"false" doc:"Newest first; days of a series only with series."`
	Next  string     `json:"next,omitempty" doc:"Cursor of the next page."`
}

// CampaignCreate is the body of POST /v1/campaigns.
type CampaignCreate struct {
	Name string        `json:"name" minLength:"1" maxLength:"120" doc:"Name for people."`
	Plan *CampaignPlan `json:"plan,omitempty" doc:"Who gets what, and when; it can come later."`
}

// CampaignUpdate is the body of PATCH /v1/campaigns/{id}. What is left out stays; a plan is replaced whole.
type CampaignUpdate struct {
	Name *string       `json:"name,omitempty" minLength:"1" maxLength:"120" doc:"Another name."`
	Plan *CampaignPlan `json:"plan,omitempty" doc:"Another plan."`
}

// CampaignUpload says what came of a list of numbers.
type CampaignUpload struct {
	Rows     int                  `json:"rows" doc:"Rows with something in them."`
	Added    int                  `json:"added" doc:"Numbers that are new to the campaign."`
	Repeated int                  `json:"repeated" doc:"Numbers that were there already."`
	Rejected int                  `json:"rejected" doc:"Rows without a number that can be dialled."`
	Problems []CampaignRowProblem `json:"problems" nullable:"false" doc:"Of the first hundred that were rejected."`
	Columns  []string             `json:"columns" nullable:"false" doc:"The variables that the list brings."`
}

// CampaignRowProblem is a row that was rejected.
type CampaignRowProblem struct {
	Row    int               `json:"row" doc:"As a spreadsheet counts."`
	Text   string            `json:"text" doc:"What stands there."`
	Code   string            `json:"code" doc:"What is wrong with it, stable: as in ImportRow.code." example:"phone_too_short"`
	Params map[string]string `json:"params,omitempty" doc:"What the words of the code speak of, as in ImportRow.params."`
	Why    string            `json:"why" doc:"What is wrong with it, in plain English."`
}

// CampaignCheck is a dry run.
type CampaignCheck struct {
	Recipients int             `json:"recipients" doc:"Numbers, each once."`
	Repeated   int             `json:"repeated" doc:"Numbers of its list that were merged."`
	Blocked    int             `json:"blocked" doc:"Of the recipients, those who opted out; they get nothing."`
	Looked     int             `json:"looked" doc:"Recipients that were rendered one by one, at most 20,000. Where there are more, blocked and segments are told from these."`
	Segments   []SegmentShare  `json:"segments" nullable:"false" doc:"Messages by length."`
	Parts      int             `json:"parts" doc:"Segments of all messages: what providers charge for."`
	Estimate   *Estimate       `json:"estimate,omitempty" doc:"What it would cost; left out when no price is known."`
	Unicode    int             `json:"unicode" doc:"Of those looked at, messages that need Unicode."`
	Empty      int             `json:"empty" doc:"Of those looked at, messages without a text, or too long."`
	Gaps       int             `json:"gaps" doc:"Of those looked at, messages with a variable that has no value."`
	Samples    []MessageSample `json:"samples" nullable:"false" doc:"A few of the messages."`
	Routes     []CampaignRoute `json:"routes" nullable:"false" doc:"Who would take the messages, by country."`
	StartsAt   time.Time       `json:"starts_at" doc:"When it would start."`
	EndsAt     *time.Time      `json:"ends_at,omitempty" doc:"When the last message would go, by the pace, by what the providers take, and outside of quiet hours; left out when neither pace is known."`
	Approval   bool            `json:"approval" doc:"A second person must approve it."`
	Problems   []string        `json:"problems" nullable:"false" doc:"What must be put right before it can be launched."`
}

// CampaignRoute is who would take the messages to one country.
type CampaignRoute struct {
	Country  string `json:"country,omitempty" doc:"ISO 3166-1 alpha-2." example:"KE"`
	Messages int    `json:"messages" doc:"Of those looked at."`
	Provider string `json:"provider,omitempty" doc:"Name of the provider; left out when none would."`
	Why      string `json:"why" doc:"Why, in a sentence."`
}

// CampaignFailures are the causes for which messages failed.
type CampaignFailures struct {
	Items []CampaignFailure `json:"items" nullable:"false" doc:"The most frequent first."`
}

// CampaignFailure is one cause.
type CampaignFailure struct {
	Code     string `json:"code" doc:"Of the provider's error, or our own word." example:"unknown_subscriber"`
	Text     string `json:"text,omitempty" doc:"What one of them said."`
	Messages int    `json:"messages" doc:"How many."`
}

// CampaignNote is the body of POST /v1/campaigns/{id}/withdraw.
type CampaignNote struct {
	Note string `json:"note,omitempty" maxLength:"500" doc:"Why, for who launched it."`
}

// CampaignSettings are the workspace's rules for campaigns.
type CampaignSettings struct {
	ApprovalAbove int `json:"approval_above" minimum:"0" maximum:"1000000" doc:"Campaigns with more recipients need the approval of a second person; 0 for never."`
}
