package inbound

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/internal/store"
)

const (
	kindOfSets = "inbound"
	wait       = 24 * time.Hour // for the parts of a message
	recent     = 10 * time.Minute
	mostOpen   = 20 // messages in parts of one sender
	sweepEvery = 30 * time.Second
	sweepPage  = 50
)

// part keeps one part, and hands the message on when it is whole. The part is acknowledged when this returns nil: it is
// on disk, and so is the message if this was the last part.
func (s *Service) part(ctx context.Context, in smsir.Inbound) error {
	p := in.Part
	if p.Total < 2 || p.Number < 1 || p.Number > p.Total {
		return fmt.Errorf("part %d of %d of an inbound message", p.Number, p.Total)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep a part of an inbound message: %w", err)
	}
	now := s.now()
	key := store.PartKey{Kind: kindOfSets, Owner: in.Provider, Sender: in.From, Recipient: in.To, Reference: p.Reference, Total: p.Total}
	limits := store.PartLimits{Wait: wait, Recent: recent, Most: mostOpen}
	set, known, err := s.store.KeepPart(ctx, s.store.NewID(now), key, store.SetPart{Number: p.Number, Body: body, ReceivedAt: in.ReceivedAt}, limits, now)
	if err != nil {
		return fmt.Errorf("keep a part of an inbound message: %w", err)
	}
	if known && !set.DoneAt.IsZero() || !set.Whole() {
		return nil
	}
	return s.finish(ctx, set)
}

// finish hands the message of a set on, with what there is of it. Doing it twice stores one message: its reference is
// that of the set.
func (s *Service) finish(ctx context.Context, set *store.PartSet) error {
	text, err := together(set)
	if err != nil {
		return err
	}
	err = s.whole(ctx, smsir.Inbound{
		Provider: set.Owner, Reference: "parts " + set.ID.Format(smsir.PrefixInbound), From: set.Sender, To: set.Recipient, Text: text,
		ReceivedAt: set.Parts[0].ReceivedAt, Incomplete: !set.Whole(),
	})
	if smsir.CodeOf(err) == smsir.CodeNotFound { // the provider is gone, and nobody can read its messages any more
		s.log.Warn("an inbound message in parts belongs to a provider that is gone", "provider", set.Owner.Format(smsir.PrefixProvider))
	} else if err != nil {
		return err
	}
	if err := s.store.FinishSet(ctx, set.ID, 0, s.now()); err != nil {
		return fmt.Errorf("finish an inbound message: %w", err)
	}
	return nil
}

// gap stands for parts that never came.
const gap = "[…]"

// together is the text of a set.
func together(set *store.PartSet) (string, error) {
	parts := make([]smsir.InboundPart, len(set.Parts))
	for i, kept := range set.Parts {
		if err := json.Unmarshal(kept.Body, &parts[i]); err != nil {
			return "", fmt.Errorf("read a part of an inbound message: %w", err)
		}
	}
	return shortmessage.Join(parts, gap), nil
}

// Run hands on messages whose parts have waited long enough, and those that a crash left behind, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("inbound messages in parts could not be handed on", "err", err)
		}
		timer.Reset(sweepEvery)
	}
}

func (s *Service) sweep(ctx context.Context) error {
	for {
		sets, err := s.store.DueSets(ctx, kindOfSets, s.now(), sweepPage)
		if err != nil {
			return err
		}
		for i := range sets {
			if err := s.finish(ctx, &sets[i]); err != nil {
				return err
			}
		}
		if len(sets) < sweepPage {
			break
		}
	}
	for more := true; more; {
		var err error
		if more, err = s.store.PurgeSets(ctx, kindOfSets, s.now().Add(-recent), sweepPage); err != nil {
			return err
		}
	}
	return nil
}
