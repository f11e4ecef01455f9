package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// PushDevice is a browser that shows notifications to the person who logged in with it. It belongs to a session and ends
// with it; a session has one at most.
type PushDevice struct {
	ID           smsir.UUID
	Session      smsir.UUID
	User         smsir.UUID
	Workspace    smsir.UUID // that the session looks at; read only
	Endpoint     [32]byte   // SHA-256 of the address, which one device has
	Subscription []byte     // sealed: address and keys
	Language     string     // of the notifications; "en", "sw", "fr" or "ar"
	UserAgent    string
	CreatedAt    time.Time
	OKAt         time.Time // the last push that the push service took
	FailedAt     time.Time // the last one that it did not take; zero once it takes one again
	Failure      string    // why not
}

// Whose replies a person is told of.
const (
	PushAll  = "all"
	PushMine = "mine" // of conversations that are assigned to them
	PushNone = "none"
)

// PushPreferences are what a person is told of in a workspace.
type PushPreferences struct {
	Replies   string // PushAll, PushMine or PushNone
	Campaigns bool   // that they launched
	Failures  bool   // of messages that they sent
	ShowText  bool   // the text of a reply is in the notification
}

// PushDefaults are the preferences of whoever has chosen nothing.
func PushDefaults() PushPreferences {
	return PushPreferences{Replies: PushAll, Campaigns: true, Failures: true}
}

// PushTarget is a live device with the preferences of its user in the workspace that its session looks at.
type PushTarget struct {
	PushDevice
	PushPreferences
}

// JobCampaignDone is the kind of the job that ChangeCampaign adds, in the same step, when a campaign becomes done; its
// payload is a [CampaignDoneJob].
const JobCampaignDone = "campaign.done"

// CampaignDoneJob is the payload of a job of kind [JobCampaignDone].
type CampaignDoneJob struct {
	Campaign string `json:"campaign"` // cmp_…
}

// Push stores the browsers that show notifications. A device is live while its session is: not over, its user not
// disabled and still a member. Errors: CodeNotFound, CodeConflict.
type Push interface {
	// FirstSetting stores an instance setting unless there is one, and returns what is stored.
	FirstSetting(ctx context.Context, name, value string) (string, error)
	// PushTargets lists the live devices of all workspaces, oldest first.
	PushTargets(ctx context.Context, now time.Time) ([]PushTarget, error)
	// PushTarget is a live device.
	PushTarget(ctx context.Context, id smsir.UUID, now time.Time) (*PushTarget, error)
	// PushDevices lists those of a user whose sessions are not over, oldest first.
	PushDevices(ctx context.Context, user smsir.UUID, now time.Time) ([]PushDevice, error)
	// SavePushDevice stores a device in the place of those with its session or its endpoint. One that replaces another of
	// its session keeps that one's id and creation, and its language if the new one has none.
	SavePushDevice(ctx context.Context, d PushDevice) (*PushDevice, error)
	DeletePushDevice(ctx context.Context, user, id smsir.UUID) error
	// DropPushDevice forgets a device that its push service does not know any more, unless it has another endpoint now.
	DropPushDevice(ctx context.Context, id smsir.UUID, endpoint [32]byte) error
	// PushTold notes how a push went: failure is "" if it was taken.
	PushTold(ctx context.Context, id smsir.UUID, at time.Time, failure string) error

	// PushPreferences are those of a user in a workspace, [PushDefaults] if they have chosen nothing.
	PushPreferences(ctx context.Context, workspace, user smsir.UUID) (PushPreferences, error)
	SetPushPreferences(ctx context.Context, workspace, user smsir.UUID, p PushPreferences, now time.Time) error

	// PushCursor is the event up to which notices were made; 0 at first.
	PushCursor(ctx context.Context) (smsir.ID, error)
	// AddNotices adds jobs and moves the cursor from one event to another in one step. CodeConflict: another node has
	// moved it.
	AddNotices(ctx context.Context, list []Job, from, to smsir.ID) error
	// CampaignBatches returns those of some batches that campaigns send.
	CampaignBatches(ctx context.Context, workspace smsir.UUID, batches []smsir.ID) (map[smsir.ID]bool, error)
}
