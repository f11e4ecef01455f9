package notify

import (
	"bytes"
	"context"
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
	names, err := e.names.of(ctx, needs(events, about))
	if err != nil {
		return nil, err
	}
	items, scratch := make([]Item, len(events)), make([]byte, 0, 2<<10)
	var w api.Event // the one at hand, with what it shows
	var message api.Message
	var inbound api.Inbound
	for i := range events {
		ev, of, named := &events[i], &about[i], names[events[i].Workspace]
		w = api.EventOf(ev)
		if !of.provider.IsZero() {
			w.Data.ProviderName, _ = named.Provider(of.provider)
		}
		if of.accepted != nil {
			m := asAccepted(of.accepted, ev)
			message = api.MessageOf(&m, named)
			w.Data.Message = &message
		}
		if of.inbound != nil {
			inbound = api.InboundOf(of.inbound, named)
			w.Data.Inbound = &inbound
		}
		if items[i], err = item(scratch, ev.ID, ev.Workspace, &w); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// subject is what an event is about. What was deleted since is missing.
type subject struct {
	provider smsir.UUID     // that the event names
	accepted *smsir.Message // as it is now, of an event that tells of its acceptance
	inbound  *smsir.Inbound
}

// subjects finds what each of the events is about.
func (e *encoder) subjects(ctx context.Context, events []smsir.Event) ([]subject, error) {
	about := make([]subject, len(events))
	var ids []smsir.ID // of accepted messages
	var last string
	var provider smsir.UUID // that last names
	for i := range events {
		ev, of := &events[i], &about[i]
		if name := ev.Data.Provider; name != "" {
			if name != last { // most name the one before
				last = name
				provider, _ = smsir.ParseUUID(smsir.PrefixProvider, name)
			}
			of.provider = provider
		}
		switch ev.Type {
		case smsir.EventAccepted:
			ids = append(ids, ev.Message)
		case smsir.EventInbound:
			var err error
			if of.inbound, err = e.inbound(ctx, ev); err != nil {
				return nil, err
			}
		}
	}
	if len(ids) == 0 {
		return about, nil
	}
	found, err := e.source.MessagesByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("messages of events: %w", err)
	}
	byID := make(map[smsir.ID]*smsir.Message, len(found))
	for _, m := range found {
		byID[m.ID] = m
	}
	for i := range events {
		if events[i].Type == smsir.EventAccepted {
			about[i].accepted = byID[events[i].Message]
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
func needs(events []smsir.Event, about []subject) map[smsir.UUID]*need {
	needs := map[smsir.UUID]*need{}
	var n *need
	for i := range events {
		if of := events[i].Workspace; i == 0 || of != events[i-1].Workspace {
			if n = needs[of]; n == nil {
				n = &need{}
				needs[of] = n
			}
		}
		of := &about[i]
		n.provider(of.provider)
		if of.accepted != nil {
			n.provider(of.accepted.Provider)
			n.actor(of.accepted.CreatedBy.ID)
		}
		if of.inbound != nil {
			n.provider(of.inbound.Provider)
		}
	}
	return needs
}

// asAccepted is m as it stood at its first event: what never changes as it is, the rest as the
// event says.
func asAccepted(m *smsir.Message, first *smsir.Event) smsir.Message {
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
	return a
}

// item tells an event as JSON; it writes into scratch first, so that the JSON has the size it needs.
func item(scratch []byte, id smsir.ID, workspace smsir.UUID, w *api.Event) (Item, error) {
	b, err := api.AppendEvent(scratch, w)
	if err != nil {
		return Item{}, fmt.Errorf("event %s as JSON: %w", w.ID, err)
	}
	return Item{ID: id, Type: smsir.EventType(w.Type), JSON: bytes.Clone(b), workspace: workspace}, nil
}

// resync makes the item that says: events are missing, fetch again, and go on after id.
func resync(id smsir.ID, now time.Time) (Item, error) {
	return item(nil, id, smsir.UUID{}, &api.Event{ID: id.Format(smsir.PrefixEvent), Type: string(Resync), At: now.UTC()})
}
