package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Dimension is what messages are told apart by in a report.
type Dimension uint8

// Dimensions. The values are stored; never renumber them.
const (
	ByNothing  Dimension = 0 // all messages in one cell, of value ""
	ByProvider Dimension = 1 // prv_… of the latest attempt, "" before the first
	ByCountry  Dimension = 2 // ISO 3166-1 alpha-2, "" where the number has none
	BySender   Dimension = 3 // as the handset shows it, "" where the provider chose
	ByTemplate Dimension = 4 // tpl_… of the campaign, "" for none
	ByCampaign Dimension = 5 // cmp_…, "" for none
	ByPerson   Dimension = 6 // usr_…, key_… or smp_…, "" for the system
	ByClass    Dimension = 7 // the word of the API
	ByReason   Dimension = 8 // of messages that failed alone: the code, a line break, the sentence (may be "")
	ByNetwork  Dimension = 9 // MCC and MNC as the provider reported it, "" where it did not
)

// LastDimension is the highest.
const LastDimension = ByNetwork

// OtherValue stands for all values of a dimension beyond the bound of an hour.
const OtherValue = "\x7fother"

// ReportMark is an hour of a workspace in which something has changed since it was counted.
type ReportMark struct {
	Workspace smsir.UUID
	Hour      time.Time // its start, UTC
	Stamp     smsir.ID  // another one whenever it is marked again
}

// ReportRow is what a report counts of a message.
type ReportRow struct {
	Class      smsir.Class
	Country    string
	From       string
	Network    string     // MCC and MNC as the provider reported it, "" where it did not
	Provider   smsir.UUID // of the latest attempt
	CreatedBy  smsir.Actor
	Campaign   smsir.UUID
	Template   smsir.UUID
	Segments   int
	State      smsir.State
	Reason     smsir.Reason
	Error      *smsir.Failure // of a message that failed; nil for none
	DueAt      time.Time      // when it was accepted or, if later, when it was to be sent
	SentAt     time.Time
	FinishedAt time.Time
	Prices     []smsir.Money // of its attempts, those that have one
}

// ReportCell is what an hour has of one value of a dimension.
type ReportCell struct {
	Dimension Dimension
	Value     string
	Numbers   *Numbers
}

// WeeklyReport is the summary of a week of a workspace, as it was when it was made.
type WeeklyReport struct {
	ID        smsir.UUID
	Workspace smsir.UUID
	Week      string // its Monday, 2006-01-02
	From, To  time.Time
	TimeZone  string
	Body      []byte // JSON; package report's
	Told      bool   // its event is out
	CreatedAt time.Time
}

// ReportReader is what readers of reports need.
type ReportReader interface {
	// ReportCells calls each for every cell of a dimension whose hour lies in [from, to), in no particular order. The
	// numbers are the callee's to keep.
	ReportCells(ctx context.Context, workspace smsir.UUID, d Dimension, from, to time.Time, each func(hour time.Time, value string, n *Numbers) error) error
	// ReportsBehind reports whether there are changes that no cell has yet: marks of the workspace in [from, to), or
	// events after the watermark.
	ReportsBehind(ctx context.Context, workspace smsir.UUID, from, to time.Time) (bool, error)
	// ReportNames are the names of providers, templates, campaigns or persons (users, API keys, SMPP accounts), removed ones
	// included as far as they are still stored.
	ReportNames(ctx context.Context, workspace smsir.UUID, d Dimension, ids []smsir.UUID) (map[smsir.UUID]string, error)
	// WeeklyReports lists the latest weeks first, at most limit.
	WeeklyReports(ctx context.Context, workspace smsir.UUID, limit int) ([]WeeklyReport, error)
	// WeeklyReport returns one. Error: CodeNotFound.
	WeeklyReport(ctx context.Context, workspace, id smsir.UUID) (*WeeklyReport, error)
	// WeeklyWanted reports whether a workspace wants summaries; true until somebody says otherwise.
	WeeklyWanted(ctx context.Context, workspace smsir.UUID) (bool, error)
}

// Reports counts messages by the hour, beside the writer. Nothing of it is written when a message moves: what changed is
// found in the events, and the hours concerned are counted anew.
type Reports interface {
	ReportReader
	// MarkReports looks at up to limit events after the watermark and up to an id below which none can appear any more,
	// marks the hours in which their messages were accepted, and moves the watermark, in one step. With another version
	// than the stored one it begins with the first event. more says that events are left.
	MarkReports(ctx context.Context, version int, upTo smsir.ID, limit int) (more bool, err error)
	// ReportMarks lists marked hours, the longest marked first, at most limit.
	ReportMarks(ctx context.Context, limit int) ([]ReportMark, error)
	// ReportMessages calls each for every message that was accepted in an hour, by its id; the row is overwritten by the
	// next. It is one look at the database.
	ReportMessages(ctx context.Context, workspace smsir.UUID, hour time.Time, each func(*ReportRow) error) error
	// PutReport replaces the cells of an hour and takes its mark away; it does nothing, and reports false, if the mark is
	// not there as it was read: the hour was counted by another node, or has changed since.
	PutReport(ctx context.Context, m ReportMark, cells []ReportCell) (bool, error)
	// ReportSpaces lists the workspaces, for the weekly summaries.
	ReportSpaces(ctx context.Context) ([]Workspace, error)
	// AddWeeklyReport stores a summary; false if its week has one.
	AddWeeklyReport(ctx context.Context, r WeeklyReport) (bool, error)
	// WeeklyReportOf returns that of a week, nil if there is none.
	WeeklyReportOf(ctx context.Context, workspace smsir.UUID, week string) (*WeeklyReport, error)
	// ToldWeeklyReport notes that the event of a summary is out.
	ToldWeeklyReport(ctx context.Context, id smsir.UUID) error
	// WantWeekly stores whether a workspace wants summaries.
	WantWeekly(ctx context.Context, workspace smsir.UUID, wanted bool, audit AuditEntry) error
}
