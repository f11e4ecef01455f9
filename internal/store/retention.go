package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// Retention is how long a workspace keeps what was written, and that it was written.
type Retention struct {
	Workspace    smsir.UUID
	TextDays     int       // days from the end of a message to the removal of its text; 0: for ever
	MetadataDays int       // days to the deletion of the whole message; 0: for ever. Not before the text goes
	OTP          bool      // texts of one-time codes are removed as soon as the message has ended
	DecidedAt    time.Time // zero: the workspace is older than the rule, and nobody has decided; everything is kept
}

// Bounds and defaults of [Retention], in days.
const (
	DefaultTextDays     = 30
	DefaultMetadataDays = 365
	MinTextDays         = 1
	// MinMetadataDays is more than anything needs a message for: client references, receipts, the log of webhooks.
	MinMetadataDays  = 31
	MaxRetentionDays = 3650
)

// Day is that of retention: 24 hours, whatever clocks do.
const Day = 24 * time.Hour

// DefaultRetention is that of a new workspace.
func DefaultRetention(workspace smsir.UUID, now time.Time) Retention {
	return Retention{Workspace: workspace, TextDays: DefaultTextDays, MetadataDays: DefaultMetadataDays, OTP: true, DecidedAt: now}
}

// Forgets reports whether there is anything that the rule removes.
func (r *Retention) Forgets() bool { return r.TextDays > 0 || r.MetadataDays > 0 || r.OTP }

// RetentionEffect is how much a rule would remove now. What Counted messages of each kind and more would, is not told:
// the counting stops there.
type RetentionEffect struct {
	Texts    int64 // texts of messages
	Codes    int64 // of these, those of one-time codes that have ended
	Inbound  int64 // texts of messages from handsets
	Messages int64 // whole messages
	Whole    int64 // whole messages from handsets
}

// RetentionCount is where counting an effect stops.
const RetentionCount = 50_000

// SweepStage is a part of what a sweep does in a workspace, in the order in which it is done.
type SweepStage uint8

// Stages of a sweep.
const (
	SweepPassed        SweepStage = iota // messages that had not ended when the sweep passed them
	SweepTexts                           // texts of messages
	SweepInbound                         // texts of messages from handsets
	SweepCampaigns                       // texts of campaigns, and the values of their recipients
	SweepReports                         // delivery reports that matched nothing
	SweepPassedWhole                     // from here on whole rows: messages that had not ended
	SweepMessages                        // messages with everything that hangs on them
	SweepInboundWhole                    // messages from handsets
	SweepEvents                          // events that are not about a message
	SweepOldCampaigns                    // campaigns without messages
	SweepConversations                   // conversations without messages
	SweepEnd
)

// Swept is what one step of a sweep has done.
type Swept struct {
	Texts    int  // messages that lost their text
	Inbound  int  // messages from handsets that lost their text
	Messages int  // messages that were deleted
	Others   int  // rows of other kinds that were deleted
	More     bool // the stage is not done: call again
}

// RetentionReader is what readers of retention need.
type RetentionReader interface {
	// Retention returns that of a workspace.
	Retention(ctx context.Context, workspace smsir.UUID) (Retention, error)
	// RetentionEffect counts what a rule would remove now. Its cost is bounded.
	RetentionEffect(ctx context.Context, r Retention, now time.Time) (RetentionEffect, error)
}

// Retainer removes what is not to be kept any longer. Messages that have not ended are never touched. Each step is small,
// conditional on what it read, and harmless when it is repeated or done by two nodes at once.
type Retainer interface {
	RetentionReader
	// SetRetention changes the rule of a workspace. What is removed already stays removed.
	SetRetention(ctx context.Context, r Retention, audit AuditEntry) error
	// Retentions are the rules that a sweep follows.
	Retentions(ctx context.Context) ([]Retention, error)
	// Sweep does a step of a stage in a workspace. answers is how long stored answers to requests (idempotency) are kept:
	// they hold texts too.
	SweepRetention(ctx context.Context, r Retention, stage SweepStage, now time.Time, answers time.Duration) (Swept, error)
	// RemoveCodes removes the texts of some one-time codes that have ended, in workspaces that want it, except of those with
	// an event above upTo.
	RemoveCodes(ctx context.Context, upTo smsir.ID, now time.Time, answers time.Duration) (Swept, error)
	// RemoveText removes the text of one message, with the entry that tells of it; it does nothing to one that has none.
	// Errors: CodeNotFound; CodeConflict for a message that has not ended.
	RemoveText(ctx context.Context, workspace smsir.UUID, id smsir.ID, now time.Time, answers time.Duration, audit AuditEntry) (*smsir.Message, error)
	// Scrub clears what the database keeps beside itself of rows that were changed, as far as it can without making
	// anybody wait; false if it could not yet.
	Scrub(ctx context.Context) (bool, error)
}
