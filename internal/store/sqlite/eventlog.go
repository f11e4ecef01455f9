package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// insertEvent has an event stored with the step that is under way. Nothing in a step reads it.
func (t *wtx) insertEvent(e *smsir.Event) error {
	data, err := t.dataOf(&e.Data)
	if err != nil {
		return err
	}
	t.events = append(t.events, *e)
	t.eventRows.add(int64(e.ID), e.Workspace, int64(e.Message), int64(e.Seq), string(e.Type), e.At.UnixMilli(), data)
	return nil
}

// eventData is the data of an event that says no more than where a message stands; most do.
type eventData struct {
	status   string
	final    bool
	reason   smsir.Reason
	attempt  int
	provider string
}

// dataKinds is how many of them are remembered as JSON.
const dataKinds = 1000

// dataOf is the data of an event as JSON.
func (t *wtx) dataOf(d *smsir.EventData) (string, error) {
	if d.NextAt != nil || d.PossibleDuplicate || d.LateReceipt != nil || d.Error != nil || d.Actor != "" || d.Inbound != "" || d.Conversation != "" ||
		d.Report != "" || d.Limit != nil || d.Credit != nil || d.Campaign != nil || d.Status == "" || !plain(d.References) {
		b, err := json.Marshal(d)
		return string(b), err
	}
	k := eventData{d.Status, d.Final, d.Reason, d.Attempt, d.Provider}
	text, ok := t.eventData[k]
	if !ok {
		b, err := json.Marshal(smsir.EventData{Status: k.status, Final: k.final, Reason: k.reason, Attempt: k.attempt, Provider: k.provider})
		if err != nil {
			return "", err
		}
		if len(t.eventData) == dataKinds {
			clear(t.eventData)
		}
		text = string(b)
		t.eventData[k] = text
	}
	if len(d.References) == 0 && d.Deadline == nil {
		return text, nil
	}
	return withMore(text, d)
}

// withMore puts references and deadline, which come next, behind the first members of an event's data.
func withMore(text string, d *smsir.EventData) (string, error) {
	b := append(make([]byte, 0, 256), text[:len(text)-1]...)
	if len(d.References) > 0 {
		b = append(b, `,"provider_message_ids":[`...)
		for i, r := range d.References {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), r...), '"')
		}
		b = append(b, ']')
	}
	if d.Deadline != nil {
		b = append(b, `,"deadline":"`...)
		var err error
		if b, err = d.Deadline.AppendText(b); err != nil {
			return "", err
		}
		b = append(b, '"')
	}
	return string(append(b, '}')), nil
}

// plain reports whether texts stand in JSON as they are.
func plain(texts []string) bool {
	for _, s := range texts {
		for _, c := range []byte(s) {
			if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
		}
	}
	return true
}

// publish hands on what was committed, and reports whether there are events.
func (t *wtx) publish() bool {
	t.s.recent.put(t.fresh)
	if t.deleted {
		t.s.tail.restart()
	}
	if len(t.events) == 0 {
		return false
	}
	t.s.tail.add(t.events)
	return true
}

// tail is the end of the event log in memory, for those who follow it: what a commit wrote need not be read again by each of
// them. It has every event above its floor, and may be asked by many while the writer adds.
type tail struct {
	mu     sync.RWMutex
	floor  smsir.ID
	chunks [][]smsir.Event // of chunkEvents each, but the last one; none is empty
}

const (
	chunkEvents = 1 << 10
	tailChunks  = 9 // at most: some 4 MB
)

// restart empties the tail, when events were deleted.
func (l *tail) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor, l.chunks = l.lastLocked(), nil
}

// add takes the events of a commit, in their order.
func (l *tail) add(events []smsir.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		n := len(l.chunks)
		if n == 0 || len(l.chunks[n-1]) == chunkEvents {
			if n == tailChunks {
				l.floor = l.chunks[0][chunkEvents-1].ID
				l.chunks = l.chunks[1:]
			}
			l.chunks = append(l.chunks, make([]smsir.Event, 0, chunkEvents))
			n = len(l.chunks)
		}
		e := events[i]
		e.At = sqldb.Time(e.At.UnixMilli())
		l.chunks[n-1] = append(l.chunks[n-1], e)
	}
}

// after is what [Store.EventsAfter] answers, if all of it is here.
func (l *tail) after(workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if after < l.floor {
		return nil, false
	}
	var list []smsir.Event
	for _, chunk := range l.chunks {
		if chunk[len(chunk)-1].ID <= after {
			continue
		}
		at, found := slices.BinarySearchFunc(chunk, after, func(e smsir.Event, id smsir.ID) int { return cmp.Compare(e.ID, id) })
		if found {
			at++
		}
		rest := chunk[at:]
		if workspace.IsZero() {
			if list = append(list, rest[:min(limit-len(list), len(rest))]...); len(list) == limit {
				return list, true
			}
			continue
		}
		for i := range rest {
			if len(list) == limit {
				return list, true
			}
			if rest[i].Workspace == workspace {
				list = append(list, rest[i])
			}
		}
	}
	return list, true
}

// last is the newest event, as far as those who follow know.
func (l *tail) last() smsir.ID {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.lastLocked()
}

func (l *tail) lastLocked() smsir.ID {
	if n := len(l.chunks); n > 0 {
		return l.chunks[n-1][len(l.chunks[n-1])-1].ID
	}
	return l.floor
}

// LastEvent implements store.Events. An event is there when it is in the tail: what EventsAfter answers to a later call has
// every event up to it.
func (s *Store) LastEvent(context.Context) (smsir.ID, error) { return s.tail.last(), nil }

// EventsAfter implements store.Events. Ids are given by the one writer inside its commits, so no
// smaller one can appear later.
func (s *Store) EventsAfter(ctx context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error) {
	if list, ok := s.tail.after(workspace, after, limit); ok {
		return list, nil
	}
	last := s.tail.last() // and not what is committed at this moment, of which LastEvent does not know
	var rows sqldb.Rows
	var err error
	if workspace.IsZero() {
		rows, err = s.Query(ctx, "SELECT "+sqldb.EventColumns+" FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", int64(after), int64(last), int64(limit))
	} else {
		rows, err = s.Query(ctx, "SELECT "+sqldb.EventColumns+" FROM events WHERE workspace_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4",
			workspace, int64(after), int64(last), int64(limit))
	}
	return sqldb.ScanEvents(rows, err)
}
