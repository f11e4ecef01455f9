package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// encoder writes events as JSON, once for all who get them. It is safe for concurrent use.
type encoder struct {
	source Source
	names  *directory
}

func newEncoder(source Source, names Names) *encoder {
	return &encoder{source: source, names: newDirectory(names)}
}

// items makes one item of each event, in order. An accepted message comes along as it was accepted,
// whatever became of it since, so that a late reader sees its story in order.
func (e *encoder) items(ctx context.Context, events []smsir.Event) ([]Item, error) {
	about, err := e.subjects(ctx, events)
	if err != nil {
		return nil, err
	}
	names, err := e.names.of(ctx, about.needs(events))
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(events))
	for i := range events {
		ev := &events[i]
		w := api.EventOf(ev)
		if id, err := smsir.ParseUUID(smsir.PrefixProvider, ev.Data.Provider); err == nil {
			w.Data.ProviderName, _ = names[ev.Workspace].Provider(id)
		}
		if m := about.accepted[ev.ID]; m != nil {
			shown := api.MessageOf(m, names[ev.Workspace])
			w.Data.Message = &shown
		}
		if in := about.inbound[ev.ID]; in != nil {
			shown := api.InboundOf(in, names[ev.Workspace])
			w.Data.Inbound = &shown
		}
		if items[i], err = item(ev.ID, ev.Workspace, &w); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// subjects are what events are about, by the id of the event. One that was deleted since is missing.
type subjects struct {
	accepted map[smsir.ID]*smsir.Message // as accepted
	inbound  map[smsir.ID]*smsir.Inbound
}

func (e *encoder) subjects(ctx context.Context, events []smsir.Event) (subjects, error) {
	about := subjects{accepted: map[smsir.ID]*smsir.Message{}, inbound: map[smsir.ID]*smsir.Inbound{}}
	var ids []smsir.ID
	for i := range events {
		switch ev := &events[i]; ev.Type {
		case smsir.EventAccepted:
			ids = append(ids, ev.Message)
		case smsir.EventInbound:
			in, err := e.inbound(ctx, ev)
			if err != nil {
				return about, err
			}
			about.inbound[ev.ID] = in
		}
	}
	if len(ids) == 0 {
		return about, nil
	}
	found, err := e.source.MessagesByID(ctx, ids)
	if err != nil {
		return about, fmt.Errorf("messages of events: %w", err)
	}
	byID := make(map[smsir.ID]*smsir.Message, len(found))
	for _, m := range found {
		byID[m.ID] = m
	}
	for i := range events {
		if m := byID[events[i].Message]; m != nil && events[i].Type == smsir.EventAccepted {
			about.accepted[events[i].ID] = asAccepted(m, &events[i])
		}
	}
	return about, nil
}

// inbound loads the inbound message that an event is about; nil if there is none.
func (e *encoder) inbound(ctx context.Context, ev *smsir.Event) (*smsir.Inbound, error) {
	id, err := smsir.ParseID(smsir.PrefixInbound, ev.Data.Inbound)
	if err != nil {
		return nil, nil //nolint:nilerr // the event still tells the rest
	}
	found, err := e.source.ListInbound(ctx, ev.Workspace, id+1, 1)
	if err != nil {
		return nil, fmt.Errorf("inbound message of an event: %w", err)
	}
	if len(found) == 0 || found[0].ID != id {
		return nil, nil
	}
	return &found[0], nil
}

// needs lists, by workspace, who and what the events name.
func (s subjects) needs(events []smsir.Event) map[smsir.UUID]*need {
	needs := map[smsir.UUID]*need{}
	for i := range events {
		ev := &events[i]
		n := needs[ev.Workspace]
		if n == nil {
			n = &need{}
			needs[ev.Workspace] = n
		}
		if id, err := smsir.ParseUUID(smsir.PrefixProvider, ev.Data.Provider); err == nil {
			n.providers = append(n.providers, id)
		}
		if m := s.accepted[ev.ID]; m != nil {
			n.providers = append(n.providers, m.Provider)
			n.actors = append(n.actors, m.CreatedBy.ID)
		}
		if in := s.inbound[ev.ID]; in != nil {
			n.providers = append(n.providers, in.Provider)
		}
	}
	return needs
}

// asAccepted is m as it stood at its first event: what never changes as it is, the rest as the
// event says.
func asAccepted(m *smsir.Message, first *smsir.Event) *smsir.Message {
	a := *m
	a.Status, _ = smsir.ParseStatus(first.Data.Status)
	a.Final, a.Reason, a.Seq, a.UpdatedAt = first.Data.Final, first.Data.Reason, first.Seq, first.At
	a.NextAt = time.Time{}
	if first.Data.NextAt != nil {
		a.NextAt = *first.Data.NextAt
	}
	a.Attempts, a.Tries, a.Parts, a.UsedProvider = 0, 0, smsir.Parts{}, smsir.UUID{}
	a.SentAt, a.FinishedAt, a.ReceiptDeadline, a.ResolveDeadline = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	a.PossibleDuplicate, a.CancelRequested, a.LateReceipt, a.Error = false, false, nil, nil
	return &a
}

func item(id smsir.ID, workspace smsir.UUID, w *api.Event) (Item, error) {
	b, err := json.Marshal(w)
	if err != nil {
		return Item{}, fmt.Errorf("event %s as JSON: %w", w.ID, err)
	}
	return Item{ID: id, Type: smsir.EventType(w.Type), JSON: b, workspace: workspace}, nil
}

// resync makes the item that says: events are missing, fetch again, and go on after id.
func resync(id smsir.ID, now time.Time) (Item, error) {
	return item(id, smsir.UUID{}, &api.Event{ID: id.Format(smsir.PrefixEvent), Type: string(Resync), At: now.UTC()})
}
