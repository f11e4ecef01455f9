package smppd

import (
	"context"
	"encoding/json"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	kindOfSets = "smpp"
	partWait   = 10 * time.Minute    // for the rest of a message; the parts follow each other at once
	partsKept  = 11 * 24 * time.Hour // as long as the message can have news: validity and receipts
	mostOpen   = 1000                // messages in parts of one sender of an account
	sweepPage  = 500
	scopeOfSet = "smpp parts" // of the idempotency key of a message in parts
)

// part keeps one part of a long message, and hands the whole to stage 1 with the last of them. A part is answered with an id
// of its own when it is on disk; the last one when the message is.
func (n *session) part(r *smppconn.Request, b *bound, sub *submission) {
	s, now := n.s, n.s.now()
	body, err := json.Marshal(sub)
	if err != nil {
		n.answer(r, 0, &refused{smpp.RSYSERR, ""})
		return
	}
	key := store.PartKey{
		Kind: kindOfSets, Owner: b.account.ID, Sender: sub.Memo.Source.Addr, Recipient: sub.To, Reference: sub.Part.Reference, Total: sub.Part.Total,
	}
	kept := store.SetPart{ID: s.o.Store.NewID(now), Number: sub.Part.Number, Body: body, ReceivedAt: now}
	set, _, err := s.o.Store.KeepPart(n.ctx, s.o.Store.NewID(now), key, kept, store.PartLimits{Wait: partWait, Most: mostOpen}, now)
	if err != nil {
		if smsir.CodeOf(err) == smsir.CodeCommitUnknown {
			n.giveUp()
			return
		}
		n.answer(r, 0, s.refusalOf(err))
		return
	}
	id := kept.ID
	for _, p := range set.Parts {
		if p.Number == kept.Number {
			id = p.ID // of the first time, if it came twice
		}
	}
	if !set.Whole() {
		n.answer(r, id, nil)
		return
	}
	no, lost := n.s.together(n.ctx, n, b, set)
	switch {
	case lost:
		n.giveUp()
		return
	case no != nil && mayWorkLater(no.status): // the part was not taken: the customer sends it again, and then all is there
		if err := s.o.Store.DropPart(n.ctx, set.ID, sub.Part.Number, now.Add(partWait)); err != nil {
			n.giveUp()
			return
		}
	}
	n.answer(r, id, no)
}

func mayWorkLater(status smpp.CommandStatus) bool {
	return status == smpp.RMSGQFUL || status == smpp.RSYSERR || status == smpp.RTHROTTLED
}

// together hands the message of a whole set to stage 1, once however often it is called. If it is refused for good, the
// parts that were taken get receipts that say so.
func (s *Server) together(ctx context.Context, n *session, b *bound, set *store.PartSet) (no *refused, lost bool) {
	var first submission
	parts := make([]smsir.InboundPart, len(set.Parts))
	for i, kept := range set.Parts {
		var sub submission
		if err := json.Unmarshal(kept.Body, &sub); err != nil {
			s.log.Error("a part of a message cannot be read", "err", err)
			return &refused{smpp.RSYSERR, ""}, false
		}
		parts[i] = sub.Part
		if i == 0 {
			first = sub
		}
	}
	first.Memo.Set = idText(set.ID)
	key := &accept.Key{Scope: scopeOfSet, Key: idText(set.ID)}
	id, no, lost := n.accept(b, &first, shortmessage.Join(parts, ""), key)
	switch {
	case lost || no != nil && mayWorkLater(no.status):
		return no, lost
	case no != nil:
		// The last part is refused with the answer to it; those before were taken, and hear of it by receipts.
		if err := s.reject(ctx, set, len(set.Parts)-1, smpp.StateRejected); err != nil {
			return no, true
		}
		return no, false
	}
	if err := s.o.Store.FinishSet(ctx, set.ID, id, s.now()); err != nil {
		s.log.Error("a message in parts could not be finished; it is at the next sweep", "err", err)
	}
	return nil, false
}

// reject finishes a set of which no message becomes, and puts receipts for its first parts, in the order of their arrival,
// into the outbox.
func (s *Server) reject(ctx context.Context, set *store.PartSet, parts int, state smpp.MessageState) error {
	var list []store.SMPPDelivery
	now := s.now()
	for _, kept := range byArrival(set.Parts)[:max(0, min(parts, len(set.Parts)))] {
		var sub submission
		if json.Unmarshal(kept.Body, &sub) != nil || !smpp.RegisteredDelivery(sub.Memo.Registered).WantsReceipt(false) {
			continue
		}
		r := report{id: kept.ID, state: state, submitted: kept.ReceivedAt, done: now, code: "000"}
		if d, ok := s.delivery(set.Owner, r.pdu(&sub.Memo), now); ok {
			list = append(list, d)
		}
	}
	if err := s.o.Store.AddSMPP(ctx, list); err != nil {
		return err
	}
	s.tell(list)
	return s.o.Store.FinishSet(ctx, set.ID, 0, now)
}

func byArrival(parts []store.SetPart) []store.SetPart {
	sorted := append([]store.SetPart(nil), parts...)
	for i := range sorted {
		for j := i; j > 0 && sorted[j].ID < sorted[j-1].ID; j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	return sorted
}

// sweep ends sets whose parts never came, and finishes what a crash has left: until ctx ends.
func (s *Server) sweep(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := s.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("messages in parts could not be ended", "err", err)
		}
		timer.Reset(sweepEvery)
	}
}

func (s *Server) sweepOnce(ctx context.Context) error {
	sets, err := s.o.Store.DueSets(ctx, kindOfSets, s.now(), sweepPage)
	if err != nil {
		return err
	}
	for i := range sets {
		if err := s.settle(ctx, &sets[i]); err != nil {
			return err
		}
	}
	for more := true; more; {
		if more, err = s.o.Store.PurgeSets(ctx, kindOfSets, s.now().Add(-partsKept), sweepPage); err != nil {
			return err
		}
	}
	for {
		n, err := s.o.Store.ExpireSMPP(ctx, s.now(), 500)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Warn("receipts or messages were not fetched in time and are gone", "count", n)
		}
		if n < 500 {
			return nil
		}
	}
}

// settle ends a set that is due. A whole one has just been completed, and its session is at it; or the program stopped
// before it was. In the second case its last part was never answered, and the message is finished for the customer: should
// the part come again, the key of the set says that the message is there.
func (s *Server) settle(ctx context.Context, set *store.PartSet) error {
	if !set.Whole() {
		return s.reject(ctx, set, len(set.Parts), smpp.StateExpired)
	}
	last := byArrival(set.Parts)[len(set.Parts)-1]
	if s.now().Sub(last.ReceivedAt) < sweepEvery {
		return nil // its session is at it
	}
	b, err := s.boundOf(ctx, set.Owner)
	if err != nil || b == nil {
		if err == nil {
			err = s.o.Store.FinishSet(ctx, set.ID, 0, s.now()) // the account is gone
		}
		return err
	}
	n := &session{s: s, ctx: ctx}
	_, _ = s.together(ctx, n, b, set) // what is still open then is due at the next sweep too
	return nil
}

// boundOf is an account by its id, nil if it is gone.
func (s *Server) boundOf(ctx context.Context, id smsir.UUID) (*bound, error) {
	list, err := s.o.Store.SMPPAccounts(ctx, smsir.UUID{})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id {
			a, w, err := s.o.Accounts.Recheck(ctx, &list[i])
			if err != nil {
				return nil, nil //nolint:nilerr // an account that may not bind gets no message sent either
			}
			return &bound{a, w}, nil
		}
	}
	return nil, nil
}
