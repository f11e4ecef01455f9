package sqldb

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Retention implements store.RetentionReader.
func (s *Store) Retention(ctx context.Context, workspace smsir.UUID) (store.Retention, error) {
	p, err := s.retentionOf(ctx, workspace)
	return p.Retention, err
}

// sweepPlace is a rule with how far the sweep is, as stored.
type sweepPlace struct {
	store.Retention
	textTo, inboundTo, goneTo, inboundGone, eventsGone int64
}

const retentionColumns = "r.workspace_id, r.text_days, r.metadata_days, r.otp, r.decided_at, r.text_to, r.inbound_to, r.gone_to, r.inbound_gone, r.events_gone"

func scanRetention(p *sweepPlace) scan {
	return scan{
		&p.Workspace, &p.TextDays, &p.MetadataDays,
		boolean{&p.OTP},
		moment{&p.DecidedAt},
		&p.textTo, &p.inboundTo, &p.goneTo, &p.inboundGone, &p.eventsGone,
	}
}

func (s *Store) retentionOf(ctx context.Context, workspace smsir.UUID) (p sweepPlace, err error) {
	rows, err := s.db.Query(ctx, "SELECT "+retentionColumns+" FROM retention r WHERE r.workspace_id = $1", workspace)
	if err = one(rows, err, scanRetention(&p)...); errors.Is(err, errNoRow) {
		return sweepPlace{Retention: store.Retention{Workspace: workspace}}, nil
	}
	return p, err
}

func insertRetention(tx Tx, r store.Retention) error {
	_, err := tx.Exec("INSERT INTO retention (workspace_id, text_days, metadata_days, otp, decided_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		r.Workspace, int64(r.TextDays), int64(r.MetadataDays), Flag(r.OTP), Millis(r.DecidedAt))
	return err
}

// SetRetention implements store.Retainer.
func (s *Store) SetRetention(ctx context.Context, r store.Retention, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		if err := insertRetention(tx, store.Retention{Workspace: r.Workspace, DecidedAt: r.DecidedAt}); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE retention SET text_days = $2, metadata_days = $3, decided_at = $5, otp = $4 WHERE workspace_id = $1",
			r.Workspace, int64(r.TextDays), int64(r.MetadataDays), Flag(r.OTP), Millis(r.DecidedAt))
		return err
	})
}

// Retentions implements store.Retainer.
func (s *Store) Retentions(ctx context.Context) ([]store.Retention, error) {
	rows, err := s.db.Query(ctx, "SELECT "+retentionColumns+" FROM retention r WHERE r.text_days > 0 OR r.metadata_days > 0 ORDER BY r.workspace_id")
	places, err := all(rows, err, scanRetention)
	rules := make([]store.Retention, len(places))
	for i := range places {
		rules[i] = places[i].Retention
	}
	return rules, err
}

// RetentionEffect implements store.RetentionReader.
func (s *Store) RetentionEffect(ctx context.Context, r store.Retention, now time.Time) (e store.RetentionEffect, err error) {
	p, err := s.retentionOf(ctx, r.Workspace)
	if err != nil {
		return e, err
	}
	count := func(to *int64, query string, args ...any) {
		if err == nil {
			var rows Rows
			rows, err = s.db.Query(ctx, query, args...)
			err = one(rows, err, to)
		}
	}
	const most = int64(store.RetentionCount)
	if r.TextDays > 0 {
		cutoff := now.Add(-time.Duration(r.TextDays) * store.Day)
		count(&e.Texts, `SELECT count(*) FROM (SELECT 1 FROM messages WHERE workspace_id = $1 AND id > $2 AND id < $3 AND final = 1 AND finished_at <= $4
			AND text_removed_at = 0 LIMIT $5) AS x`, r.Workspace, p.textTo, int64(smsir.IDAt(cutoff)), Millis(cutoff), most)
		count(&e.Inbound, "SELECT count(*) FROM (SELECT 1 FROM inbound WHERE workspace_id = $1 AND id > $2 AND id < $3 LIMIT $4) AS x",
			r.Workspace, p.inboundTo, int64(smsir.IDAt(cutoff)), most)
	}
	if r.OTP && !p.OTP {
		count(&e.Codes, `SELECT count(*) FROM (SELECT class, final, text_removed_at FROM messages WHERE workspace_id = $1 ORDER BY id DESC LIMIT $2) AS x
			WHERE class = $3 AND final = 1 AND text_removed_at = 0`, r.Workspace, most, int64(smsir.OTP))
	}
	if r.MetadataDays > 0 {
		cutoff := now.Add(-time.Duration(r.MetadataDays) * store.Day)
		count(&e.Messages, `SELECT count(*) FROM (SELECT 1 FROM messages WHERE workspace_id = $1 AND id < $2 AND final = 1 AND finished_at <= $3 LIMIT $4) AS x`,
			r.Workspace, int64(smsir.IDAt(cutoff)), Millis(cutoff), most)
		count(&e.Whole, "SELECT count(*) FROM (SELECT 1 FROM inbound WHERE workspace_id = $1 AND id < $2 LIMIT $3) AS x",
			r.Workspace, int64(smsir.IDAt(cutoff)), most)
	}
	return e, err
}

// sweepBatch bounds the messages that one step touches: some milliseconds of the writer.
const sweepBatch = 100

// sweep is a step of a sweep.
type sweep struct {
	*Store
	ctx     context.Context //nolint:containedctx // of one call
	place   sweepPlace
	now     time.Time
	answers time.Duration
	did     store.Swept
}

// SweepRetention implements store.Retainer.
func (s *Store) SweepRetention(ctx context.Context, r store.Retention, stage store.SweepStage, now time.Time, answers time.Duration) (store.Swept, error) {
	w := &sweep{Store: s, ctx: ctx, now: now, answers: answers}
	var err error
	if w.place, err = s.retentionOf(ctx, r.Workspace); err != nil {
		return store.Swept{}, err
	}
	texts, whole := w.place.TextDays > 0, w.place.MetadataDays > 0
	switch {
	case stage == store.SweepPassed && texts:
		err = w.passed(stagePassedText)
	case stage == store.SweepTexts && texts:
		err = w.texts()
	case stage == store.SweepInbound && texts:
		err = w.inbound()
	case stage == store.SweepCampaigns && texts:
		err = w.campaigns()
	case stage == store.SweepReports && texts:
		err = w.reports()
	case stage >= store.SweepPassedWhole && whole:
		err = w.whole(stage)
	}
	if errors.Is(err, errOvertaken) { // another node has done the same
		return store.Swept{More: true}, nil
	}
	if err != nil {
		return store.Swept{}, err
	}
	return w.did, nil
}

// before is the moment that is so many days ago.
func (w *sweep) before(days int) time.Time { return w.now.Add(-time.Duration(days) * store.Day) }

// move notes how far a walk is, if it still stands where this step read it and the rule is the same.
func (w *sweep) move(tx Tx, column string, from, to int64) error {
	n, err := tx.Exec("UPDATE retention SET "+column+" = $2 WHERE workspace_id = $1 AND "+column+" = $3 AND text_days = $4 AND metadata_days = $5 AND otp = $6",
		w.place.Workspace, to, from, int64(w.place.TextDays), int64(w.place.MetadataDays), Flag(w.place.OTP))
	if err == nil && n == 0 {
		return errOvertaken
	}
	return err
}

// passing is what a walk needs to know of a message.
type passing struct {
	id                              int64
	class, final, finished, removed int64
}

const passingColumns = "m.id, m.class, m.final, m.finished_at, m.text_removed_at"

func scanPassing(p *passing) scan { return scan{&p.id, &p.class, &p.final, &p.finished, &p.removed} }

// walk reads messages of the workspace above and below an id.
func (w *sweep) walk(above, below int64, limit int) ([]passing, error) {
	rows, err := w.db.Query(w.ctx, "SELECT "+passingColumns+" FROM messages m WHERE m.workspace_id = $1 AND m.id > $2 AND m.id < $3 ORDER BY m.id LIMIT $4",
		w.place.Workspace, above, below, int64(limit))
	return all(rows, err, scanPassing)
}

// Stages of messages that were passed before their time.
const (
	stagePassedText  = 1
	stagePassedWhole = 2
)

// lookAgain is how long a message that has not ended rests.
const lookAgain = 12 * time.Hour

// later notes messages for another look.
func (w *sweep) later(tx Tx, stage int64, days int, list []passing) error {
	for _, p := range list {
		look := w.now.Add(lookAgain)
		if p.final == 1 {
			look = Time(p.finished).Add(time.Duration(days) * store.Day)
			if most := w.now.Add(store.Day); look.After(most) { // the rule may change
				look = most
			}
		}
		if _, err := tx.Exec("INSERT INTO retention_later (workspace_id, stage, look_at, message_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			w.place.Workspace, stage, Millis(look), p.id); err != nil {
			return err
		}
	}
	return nil
}

// split parts messages in those whose time has come and those to be looked at again.
func split(list []passing, cutoff time.Time) (due []int64, later []passing) {
	for _, p := range list {
		if p.final == 1 && p.finished <= Millis(cutoff) {
			due = append(due, p.id)
		} else {
			later = append(later, p)
		}
	}
	return due, later
}

// texts removes the texts of messages that are old enough.
func (w *sweep) texts() error {
	cutoff := w.before(w.place.TextDays)
	list, err := w.walk(w.place.textTo, int64(smsir.IDAt(cutoff)), sweepBatch)
	if err != nil || len(list) == 0 {
		return err
	}
	last, full := list[len(list)-1].id, len(list) == sweepBatch
	var with []passing
	for _, p := range list {
		if p.removed == 0 {
			with = append(with, p)
		}
	}
	due, later := split(with, cutoff)
	return w.db.Update(w.ctx, func(tx Tx) (err error) {
		w.did = store.Swept{More: full}
		if err := w.move(tx, "text_to", w.place.textTo, last); err != nil {
			return err
		}
		if err := w.later(tx, stagePassedText, w.place.TextDays, later); err != nil {
			return err
		}
		w.did.Texts, err = w.removeTexts(tx, due, smsir.RemovedByRule)
		return err
	})
}

// passed looks again at messages that had not ended.
func (w *sweep) passed(stage int64) error {
	rows, err := w.db.Query(w.ctx, `SELECT l.message_id, coalesce(m.class, 0), coalesce(m.final, 2), coalesce(m.finished_at, 0), coalesce(m.text_removed_at, 0)
		FROM retention_later l LEFT JOIN messages m ON m.id = l.message_id WHERE l.workspace_id = $1 AND l.stage = $2 AND l.look_at <= $3 ORDER BY l.look_at, l.message_id LIMIT $4`, w.place.Workspace, stage, Millis(w.now), int64(sweepBatch))
	list, err := all(rows, err, scanPassing)
	if err != nil {
		return err
	}
	days := w.place.TextDays
	if stage == stagePassedWhole {
		days = w.place.MetadataDays
	}
	there := slices.DeleteFunc(slices.Clone(list), func(p passing) bool { return p.final == 2 }) // others were deleted
	due, later := split(there, w.before(days))
	if stage == stagePassedWhole {
		if seen, err := w.seen(due); err != nil || !seen {
			return err
		}
	}
	return w.db.Update(w.ctx, func(tx Tx) (err error) {
		w.did = store.Swept{More: len(list) == sweepBatch}
		for _, p := range list {
			if _, err := tx.Exec("DELETE FROM retention_later WHERE workspace_id = $1 AND stage = $2 AND look_at <= $3 AND message_id = $4",
				w.place.Workspace, stage, Millis(w.now), p.id); err != nil {
				return err
			}
		}
		if err := w.later(tx, stage, days, later); err != nil {
			return err
		}
		if stage == stagePassedWhole {
			w.did.Messages, err = w.deleteMessages(tx, due)
			return err
		}
		w.did.Texts, err = w.removeTexts(tx, due, smsir.RemovedByRule)
		return err
	})
}

// cursor reads a setting that holds a place in the stream of events; 0 before the first use.
func (s *Store) cursor(ctx context.Context, name string) (smsir.ID, error) {
	text, err := s.Setting(ctx, name)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return smsir.ID(n), err
}

// endedCodes finds one-time codes that have ended and have their text, workspace by workspace through the index messages_codes.
// CROSS JOIN and the plus tell SQLite so; class 1 is [smsir.OTP], as the index has it.
const endedCodes = `SELECT m.id, m.workspace_id FROM retention r CROSS JOIN messages m
	WHERE r.otp = 1 AND m.workspace_id = r.workspace_id AND m.class = 1 AND m.final = 1 AND m.text_removed_at = 0
	AND NOT EXISTS (SELECT 1 FROM events e WHERE e.message_id = m.id AND +e.id > $1) ORDER BY m.workspace_id, m.id LIMIT $2`

// RemoveCodes implements store.Retainer.
func (s *Store) RemoveCodes(ctx context.Context, upTo smsir.ID, now time.Time, answers time.Duration) (did store.Swept, err error) {
	type code struct {
		id        int64
		workspace smsir.UUID
	}
	rows, err := s.db.Query(ctx, endedCodes, int64(upTo), int64(sweepBatch))
	due, err := all(rows, err, func(c *code) scan { return scan{&c.id, &c.workspace} })
	if err != nil || len(due) == 0 {
		return did, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		did = store.Swept{More: len(due) == sweepBatch}
		for rest := due; len(rest) > 0; { // by workspace, in the same order by every node
			workspace, ids := rest[0].workspace, []int64(nil)
			for ; len(rest) > 0 && rest[0].workspace == workspace; rest = rest[1:] {
				ids = append(ids, rest[0].id)
			}
			w := &sweep{Store: s, ctx: ctx, now: now, answers: answers, place: sweepPlace{Retention: store.Retention{Workspace: workspace}}}
			n, err := w.removeTexts(tx, ids, smsir.RemovedAsCode)
			if err != nil {
				return err
			}
			did.Texts += n
		}
		return nil
	})
	return did, err
}

// RemoveText implements store.Retainer.
func (s *Store) RemoveText(ctx context.Context, workspace smsir.UUID, id smsir.ID, now time.Time, answers time.Duration, audit store.AuditEntry) (*smsir.Message, error) {
	w := &sweep{Store: s, ctx: ctx, now: now, answers: answers, place: sweepPlace{Retention: store.Retention{Workspace: workspace}}}
	m, err := s.Message(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	if !m.Final {
		return nil, conflict("", "This message has not ended: its text is still needed. Cancel it, or wait until its status is final.")
	}
	if !m.TextRemovedAt.IsZero() {
		return m, nil
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		n, err := w.removeTexts(tx, []int64{int64(id)}, smsir.RemovedByHand)
		if err != nil || n == 0 {
			return err
		}
		return addAudit(tx, audit)
	})
	if err != nil {
		return nil, err
	}
	return s.Message(ctx, workspace, id)
}
