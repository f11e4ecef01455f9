package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// AuditEntry is one line of the audit log: who did what, to what, when and from where. It never holds a secret, nor the text
// of a message.
type AuditEntry struct {
	ID        smsir.ID // rises; read only
	At        time.Time
	Workspace smsir.UUID // zero for the instance
	Actor     smsir.Actor
	Action    string // noun and what became of it: "session.created", "api_key.revoked", …
	Target    string // identifier of the object, "" for none
	IP        string
	Detail    string   // what else there is to say, in words: a name, a count
	Changes   []Change // what was and what is, where that is kept
}

// Change is one thing that an entry changed.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// MaxChange is the length in bytes beyond which a value is not kept in a [Change].
const MaxChange = 300

// Changed adds to the changes of an entry one of a field whose value differs. Values that are too long are left out: that the
// field changed stays visible.
func (e *AuditEntry) Changed(field, before, after string) {
	if before == after {
		return
	}
	if len(before) > MaxChange || len(after) > MaxChange {
		before, after = "…", "…"
	}
	e.Changes = append(e.Changes, Change{field, before, after})
}

// AuditFilter selects entries. Zero fields select everything.
type AuditFilter struct {
	Actor  smsir.UUID
	Action string // whole ("route.created"), or its noun ("route")
	Target string
	Since  time.Time
	Until  time.Time
	Before smsir.ID // cursor: only ids below it
	Limit  int      // 1..1000
}

// Auditor keeps the audit log. Steps of other interfaces that take an entry write it with what it tells of, whole or not at all.
type Auditor interface {
	// Audit lists newest first; the entries of the instance for the zero UUID.
	Audit(ctx context.Context, workspace smsir.UUID, f AuditFilter) ([]AuditEntry, error)
	// AddAudit stores an entry about something that no step of the store does: a refused log-in, an export.
	AddAudit(ctx context.Context, e AuditEntry) error
	// TargetNames returns the names of the objects behind targets, for those that still have one.
	TargetNames(ctx context.Context, workspace smsir.UUID, targets []string) (map[string]string, error)
}
