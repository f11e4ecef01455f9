package store

import (
	"context"
	"time"

	"github.com/smsir/smsir"
)

// PartSets keeps the parts of concatenated messages on disk until they are together: what handsets sent, and what
// customers submit over SMPP. What a part says is the caller's own; the store compares it and does not read it.
type PartSets interface {
	NewID(now time.Time) smsir.ID
	// KeepPart stores a part in the open set of its key, or in a new one with the given id, and returns the set with all
	// its parts. A part that is there already, also in a set that was finished less than recent ago, is not stored again: known is true, and
	// the set is the one that has it. A part that contradicts the open set begins a new one, and the old one is due at
	// once; so is the oldest open set of a sender that has most of them. A set that is whole is due at once as well.
	KeepPart(ctx context.Context, id smsir.ID, key PartKey, p SetPart, limits PartLimits, now time.Time) (set *PartSet, known bool, err error)
	// DueSets returns open sets that wait no longer, oldest first.
	DueSets(ctx context.Context, kind string, now time.Time, limit int) ([]PartSet, error)
	// FinishSet closes a set: message is what became of it, 0 if nothing did. Finishing twice changes nothing.
	FinishSet(ctx context.Context, id, message smsir.ID, now time.Time) error
	// PartByID finds the set of a part of an owner.
	PartByID(ctx context.Context, kind string, owner smsir.UUID, part smsir.ID) (*PartSet, error)
	// DropPart takes a part back that is not to count, from a set that is still open, which then waits until due.
	DropPart(ctx context.Context, set smsir.ID, number uint8, due time.Time) error
	// SetsByID returns sets that exist, in no particular order.
	SetsByID(ctx context.Context, ids []smsir.ID) ([]PartSet, error)
	// PurgeSets deletes up to limit sets that were finished before a time, and says whether there may be more.
	PurgeSets(ctx context.Context, kind string, before time.Time, limit int) (more bool, err error)
}

// PartKey is what the parts of one message have in common.
type PartKey struct {
	Kind      string     // who keeps it: "inbound", "smpp"
	Owner     smsir.UUID // the provider or account that it came through
	Sender    string
	Recipient string
	Reference uint16
	Total     uint8
}

// PartSet is a message in parts.
type PartSet struct {
	PartKey
	ID        smsir.ID
	CreatedAt time.Time
	DueAt     time.Time // when it waits no longer
	DoneAt    time.Time // zero while it is open
	Message   smsir.ID  // what became of it, once done
	Parts     []SetPart // by number
}

// Whole reports whether all parts are there.
func (s *PartSet) Whole() bool { return len(s.Parts) == int(s.Total) }

// SetPart is one part.
type SetPart struct {
	ID         smsir.ID // 0 if nobody will ask for it
	Number     uint8
	Body       []byte
	ReceivedAt time.Time
}

// PartLimits bound what is kept.
type PartLimits struct {
	Wait   time.Duration // how long a set waits for its parts
	Recent time.Duration // how long a finished set knows its parts again
	Most   int           // open sets of one sender
}
