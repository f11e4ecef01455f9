package sqldb

import (
	"errors"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// whole does a step of the stages that delete rows. Nothing is deleted before the reports have counted it: they count
// from the messages.
func (w *sweep) whole(stage store.SweepStage) error {
	cutoff := w.before(w.place.MetadataDays)
	if counted, err := w.counted(cutoff); err != nil || !counted {
		return err
	}
	switch stage {
	case store.SweepPassedWhole:
		return w.passed(stagePassedWhole)
	case store.SweepMessages:
		return w.messages(cutoff)
	case store.SweepInboundWhole:
		return w.inboundWhole(cutoff)
	case store.SweepEvents:
		return w.events(cutoff)
	case store.SweepOldCampaigns:
		return w.oldCampaigns(cutoff)
	case store.SweepConversations:
		return w.oldConversations(cutoff)
	}
	return nil
}

// counted reports whether every hour up to a moment is in the reports as far as they know of changes.
func (w *sweep) counted(cutoff time.Time) (bool, error) {
	marked, err := found(w.db.Query(w.ctx, "SELECT 1 FROM report_marks WHERE workspace_id = $1 AND hour <= $2 LIMIT 1", w.place.Workspace, Millis(cutoff)))
	return !marked, err
}

// seen reports whether the reports have looked at every event of some messages.
func (w *sweep) seen(ids []int64) (bool, error) {
	if len(ids) == 0 {
		return true, nil
	}
	in, args := many(1, ids)
	unseen, err := found(w.db.Query(w.ctx, "SELECT 1 FROM events WHERE message_id > 0 AND message_id IN "+in+
		" AND id > coalesce((SELECT watermark FROM report_state WHERE id = 1), 0) LIMIT 1", args...))
	return !unseen, err
}

// messages deletes messages that are old enough, with everything that hangs on them.
func (w *sweep) messages(cutoff time.Time) error {
	list, err := w.walk(w.place.goneTo, int64(smsir.IDAt(cutoff)), sweepBatch)
	if err != nil || len(list) == 0 {
		return err
	}
	last, full := list[len(list)-1].id, len(list) == sweepBatch
	due, later := split(list, cutoff)
	if seen, err := w.seen(due); err != nil || !seen {
		return err
	}
	return w.db.Update(w.ctx, func(tx Tx) (err error) {
		w.did = store.Swept{More: full}
		if err := w.move(tx, "gone_to", w.place.goneTo, last); err != nil {
			return err
		}
		if err := w.later(tx, stagePassedWhole, w.place.MetadataDays, later); err != nil {
			return err
		}
		w.did.Messages, err = w.deleteMessages(tx, due)
		return err
	})
}

// leaving is a message that is deleted.
type leaving struct {
	id             int64
	recipient, ref string
}

// deleteMessages deletes messages of the workspace, and notes up to which hour: from then on the reports keep what they
// have of it. The hourly counts stay: they say what there was.
func (w *sweep) deleteMessages(tx Tx, ids []int64) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	in, args := many(2, ids)
	rows, err := tx.Query("SELECT id, recipient, client_ref FROM messages WHERE workspace_id = $1 AND id IN "+in+" AND final = 1 ORDER BY id", append([]any{w.place.Workspace}, args...)...)
	list, err := all(rows, err, func(l *leaving) scan { return scan{&l.id, &l.recipient, &l.ref} })
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids = make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].id
	}
	if _, err := tx.Exec("UPDATE retention SET gone_hour = $2 WHERE workspace_id = $1 AND gone_hour < $2", w.place.Workspace, ReportHour(smsir.ID(ids[len(ids)-1]))); err != nil {
		return 0, err
	}
	in, args = many(1, ids)
	if _, err := tx.Exec("DELETE FROM messages WHERE id IN "+in, args...); err != nil {
		return 0, err
	}
	if err := w.deleteAttempts(tx, ids); err != nil {
		return 0, err
	}
	for _, query := range []string{
		"DELETE FROM deliveries WHERE event_id IN (SELECT e.id FROM events e WHERE e.message_id > 0 AND e.message_id IN " + in + ")",
		"DELETE FROM events WHERE message_id > 0 AND message_id IN " + in,
		"DELETE FROM confirmations WHERE message_id IN " + in,
		"DELETE FROM set_parts WHERE set_id IN (SELECT s.id FROM part_sets s WHERE s.message_id > 0 AND s.message_id IN " + in + ")",
		"DELETE FROM part_sets WHERE message_id > 0 AND message_id IN " + in,
	} {
		if _, err := tx.Exec(query, slices.Clone(args)...); err != nil {
			return 0, err
		}
	}
	return len(list), w.loosen(tx, list)
}

// loosen deletes what names a message beside its rows.
func (w *sweep) loosen(tx Tx, list []leaving) error {
	talks, err := w.talks(tx)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.ref != "" {
			if _, err := tx.Exec("DELETE FROM client_refs WHERE workspace_id = $1 AND ref = $2 AND message_id = $3", w.place.Workspace, l.ref, l.id); err != nil {
				return err
			}
		}
		if talks {
			if _, err := tx.Exec(`DELETE FROM conversation_messages WHERE id = $1 AND inbound = 0 AND conversation_id IN
				(SELECT c.id FROM conversations c WHERE c.workspace_id = $2 AND c.contact = $3)`, l.id, w.place.Workspace, l.recipient); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteAttempts deletes the attempts at messages, with what providers told of them.
func (w *sweep) deleteAttempts(tx Tx, messages []int64) error {
	attempts, err := attemptsOf(tx, messages)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(attempts, sweepBatch) {
		in, args := many(1, chunk)
		for _, query := range []string{
			"DELETE FROM receipts WHERE attempt_id IS NOT NULL AND attempt_id IN " + in,
			"DELETE FROM parts WHERE attempt_id IN " + in,
			"DELETE FROM attempts WHERE id IN " + in,
		} {
			if _, err := tx.Exec(query, slices.Clone(args)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// inboundWhole deletes messages from handsets. What they said about consent stays in its ledger.
func (w *sweep) inboundWhole(cutoff time.Time) error {
	rows, err := w.db.Query(w.ctx, "SELECT id, sender FROM inbound WHERE workspace_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4",
		w.place.Workspace, w.place.inboundGone, int64(smsir.IDAt(cutoff)), int64(sweepBatch))
	list, err := all(rows, err, func(h *heard) scan { return scan{&h.id, &h.sender} })
	if err != nil || len(list) == 0 {
		return err
	}
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].id
	}
	return w.db.Update(w.ctx, func(tx Tx) error {
		w.did = store.Swept{Others: len(list), More: len(list) == sweepBatch}
		if err := w.move(tx, "inbound_gone", w.place.inboundGone, ids[len(ids)-1]); err != nil {
			return err
		}
		for _, h := range list {
			if _, err := tx.Exec(`DELETE FROM conversation_messages WHERE id = $1 AND inbound = 1 AND conversation_id IN
				(SELECT c.id FROM conversations c WHERE c.workspace_id = $2 AND c.contact = $3)`, h.id, w.place.Workspace, h.sender); err != nil {
				return err
			}
		}
		in, args := many(1, ids)
		for _, query := range []string{"DELETE FROM opt_out_reviews WHERE inbound_id IN " + in, "DELETE FROM inbound WHERE id IN " + in} {
			if _, err := tx.Exec(query, slices.Clone(args)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// events deletes events that are not about a message, with what was posted of them, and delivery reports that matched
// nothing. The newest event stays whatever its age, so that the stream has an end to begin at.
func (w *sweep) events(cutoff time.Time) error {
	rows, err := w.db.Query(w.ctx, `SELECT e.id, e.message_id FROM events e WHERE e.workspace_id = $1 AND e.id > $2 AND e.id < $3
		AND e.id < (SELECT max(id) FROM events) ORDER BY e.id LIMIT $4`, w.place.Workspace, w.place.eventsGone, int64(smsir.IDAt(cutoff)), int64(sweepBatch))
	type told struct{ id, message int64 }
	list, err := all(rows, err, func(e *told) scan { return scan{&e.id, &e.message} })
	if err != nil {
		return err
	}
	var ids []int64
	for _, e := range list {
		if e.message == 0 {
			ids = append(ids, e.id)
		}
	}
	return w.db.Update(w.ctx, func(tx Tx) error {
		w.did = store.Swept{Others: len(ids), More: len(list) == sweepBatch}
		if len(list) > 0 {
			if err := w.move(tx, "events_gone", w.place.eventsGone, list[len(list)-1].id); err != nil {
				return err
			}
		}
		if len(ids) > 0 {
			in, args := many(1, ids)
			for _, query := range []string{"DELETE FROM deliveries WHERE event_id IN " + in, "DELETE FROM events WHERE id IN " + in} {
				if _, err := tx.Exec(query, slices.Clone(args)...); err != nil {
					return err
				}
			}
		}
		n, err := tx.Exec(`DELETE FROM receipts WHERE id IN (SELECT r.id FROM receipts r JOIN providers p ON p.id = r.provider_id
			WHERE p.workspace_id = $1 AND r.attempt_id IS NULL AND r.arrived_at <= $2 LIMIT $3)`, w.place.Workspace, Millis(cutoff), int64(sweepBatch))
		w.did.Others += int(n)
		w.did.More = w.did.More || n == sweepBatch
		return err
	})
}

// oldCampaigns deletes campaigns that ended long ago and have no message any more, recipients first. A series stays as
// long as one of its days does.
func (w *sweep) oldCampaigns(cutoff time.Time) error {
	var id smsir.UUID
	var last int64
	rows, err := w.db.Query(w.ctx, `SELECT c.id, c.last FROM campaigns c WHERE c.workspace_id = $1 AND c.state IN ('done', 'canceled') AND c.finished_at > 0
		AND c.finished_at <= $2 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.batch_id = c.batch_id AND m.batch_id > 0)
		AND NOT EXISTS (SELECT 1 FROM campaigns d WHERE d.parent_id = c.id) ORDER BY c.id LIMIT 1`, w.place.Workspace, Millis(cutoff))
	if err := one(rows, err, &id, &last); errors.Is(err, errNoRow) {
		return nil
	} else if err != nil {
		return err
	}
	return w.db.Update(w.ctx, func(tx Tx) error {
		n, err := tx.Exec(`DELETE FROM campaign_recipients WHERE campaign_id = $1 AND position IN
			(SELECT r.position FROM campaign_recipients r WHERE r.campaign_id = $1 ORDER BY r.position LIMIT $2)`, id, int64(valuesBatch))
		if w.did = (store.Swept{Others: int(n), More: true}); err != nil || n == valuesBatch {
			return err
		}
		_, err = tx.Exec("DELETE FROM campaigns WHERE id = $1", id)
		w.did.Others++
		return err
	})
}

// oldConversations deletes conversations of which no message is left, with their notes.
func (w *sweep) oldConversations(cutoff time.Time) error {
	rows, err := w.db.Query(w.ctx, `SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND c.archived IN (0, 1) AND c.last_at <= $2
		AND NOT EXISTS (SELECT 1 FROM conversation_messages m WHERE m.conversation_id = c.id) ORDER BY c.last_at LIMIT $3`, w.place.Workspace, Millis(cutoff), int64(sweepBatch))
	ids, err := all(rows, err, func(id *smsir.UUID) scan { return scan{id} })
	if err != nil || len(ids) == 0 {
		return err
	}
	return w.db.Update(w.ctx, func(tx Tx) error {
		w.did = store.Swept{Others: len(ids), More: len(ids) == sweepBatch}
		for _, id := range ids {
			// It may have come to life since it was read.
			n, err := tx.Exec("DELETE FROM conversations WHERE id = $1 AND last_at <= $2 AND NOT EXISTS (SELECT 1 FROM conversation_messages m WHERE m.conversation_id = $1)", id, Millis(cutoff))
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			for _, query := range []string{"DELETE FROM conversation_notes WHERE conversation_id = $1", "DELETE FROM opt_out_reviews WHERE conversation_id = $1"} {
				if _, err := tx.Exec(query, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
