package sqldb

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// many is a list of ids as placeholders from a number on, and as values. It is as long for few as for many, so that a
// statement is prepared once: the last id stands there again.
func many(start int, ids []int64) (placeholders string, args []any) {
	var b strings.Builder
	args = make([]any, sweepBatch)
	for i := range args {
		b.WriteString([]string{"($", ", $"}[min(i, 1)])
		b.WriteString(strconv.Itoa(start + i))
		args[i] = ids[min(i, len(ids)-1)]
	}
	return b.String() + ")", args
}

// bare is a message that loses its text.
type bare struct {
	id, accepted    int64
	recipient, text string
}

// removeTexts removes the texts of up to [sweepBatch] messages of the workspace from wherever they stand. Those that have
// not ended, or have no text any more, are left alone. It says how many lost one.
func (w *sweep) removeTexts(tx Tx, ids []int64, by smsir.TextRemoval) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	in, args := many(2, ids)
	rows, err := tx.Query("SELECT id, accepted_at, recipient, text FROM messages WHERE workspace_id = $1 AND id IN "+in+" AND final = 1 AND text_removed_at = 0 ORDER BY id",
		append([]any{w.place.Workspace}, args...)...)
	list, err := all(rows, err, func(b *bare) scan { return scan{&b.id, &b.accepted, &b.recipient, &b.text} })
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids = ids[:0:0]
	for _, m := range list {
		ids = append(ids, m.id)
	}
	if err := w.answersWithout(tx, list); err != nil {
		return 0, err
	}
	in, args = many(3, ids)
	if _, err := tx.Exec("UPDATE messages SET text = '', text_removed_at = $1, text_removed_by = $2 WHERE id IN "+in+" AND final = 1 AND text_removed_at = 0",
		append([]any{Millis(w.now), int64(by)}, args...)...); err != nil {
		return 0, err
	}
	for _, f := range []func(Tx, []int64) error{w.reportsWithout, w.deliveriesWithout, w.partsWithout} {
		if err := f(tx, ids); err != nil {
			return 0, err
		}
	}
	return len(list), w.conversationsWithout(tx, list)
}

// answersWithout removes texts from the stored answers to the requests that the messages came with. An answer goes when
// the time of its request and the time it is kept have passed: that is how it is found.
func (w *sweep) answersWithout(tx Tx, list []bare) error {
	byTime := map[int64][]string{}
	for _, m := range list {
		if expires := m.accepted + w.answers.Milliseconds(); expires > Millis(w.now) {
			byTime[expires] = append(byTime[expires], smsir.ID(m.id).Format(smsir.PrefixMessage))
		}
	}
	for _, expires := range sortedKeys(byTime) {
		type answer struct {
			scope, key string
			body       []byte
		}
		rows, err := tx.Query("SELECT scope, key, body FROM idempotency WHERE workspace_id = $1 AND expires_at = $2 ORDER BY scope, key", w.place.Workspace, expires)
		answers, err := all(rows, err, func(a *answer) scan { return scan{&a.scope, &a.key, &a.body} })
		if err != nil {
			return err
		}
		for _, a := range answers {
			body, changed := withoutTexts(a.body, byTime[expires])
			if !changed {
				continue
			}
			if _, err := tx.Exec("UPDATE idempotency SET body = $4 WHERE workspace_id = $1 AND scope = $2 AND key = $3", w.place.Workspace, a.scope, a.key, body); err != nil {
				return err
			}
		}
	}
	return nil
}

func sortedKeys[T any](m map[int64]T) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// withoutTexts is a JSON text of ours without the texts of some messages, byte by byte the same otherwise. A message is
// an object that begins with its id; no string can look like that, since its quotes are escaped.
func withoutTexts(body []byte, ids []string) (_ []byte, changed bool) {
	const field = `"text":"`
	for _, id := range ids {
		begin := bytes.Index(body, []byte(`"id":"`+id+`"`))
		if begin < 0 {
			continue
		}
		from := bytes.Index(body[begin:], []byte(field))
		if from < 0 {
			continue
		}
		from += begin + len(field)
		to := from
		for to < len(body) && body[to] != '"' {
			if body[to] == '\\' {
				to++
			}
			to++
		}
		if to >= len(body) || to == from {
			continue
		}
		body, changed = slices.Concat(body[:from], body[to:]), true
	}
	return body, changed
}

// reportsWithout removes delivery reports as they came: many carriers repeat the text in them.
func (w *sweep) reportsWithout(tx Tx, ids []int64) error {
	attempts, err := attemptsOf(tx, ids)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(attempts, sweepBatch) {
		in, args := many(1, chunk)
		if _, err := tx.Exec("UPDATE receipts SET raw = '' WHERE attempt_id IS NOT NULL AND attempt_id IN "+in+" AND raw <> ''", args...); err != nil {
			return err
		}
	}
	return nil
}

func attemptsOf(tx Tx, messages []int64) ([]int64, error) {
	in, args := many(1, messages)
	rows, err := tx.Query("SELECT id FROM attempts WHERE message_id IN "+in+" ORDER BY id", args...)
	return all(rows, err, func(id *int64) scan { return scan{id} })
}

// kept is a delivery that holds a text.
type kept struct {
	id, message int64
	body        []byte
}

// deliveriesWithout removes the texts from what was posted, or is to be posted, to webhooks, and what they answered.
func (w *sweep) deliveriesWithout(tx Tx, ids []int64) error {
	in, args := many(1, ids)
	rows, err := tx.Query(`SELECT d.id, e.message_id, d.body FROM events e JOIN deliveries d ON d.event_id = e.id
		WHERE e.message_id IN `+in+` AND e.message_id > 0 AND e.seq = 1 ORDER BY d.id`, args...)
	list, err := all(rows, err, func(k *kept) scan { return scan{&k.id, &k.message, &k.body} })
	if err != nil {
		return err
	}
	for _, k := range list {
		if err := rewrite(tx, &k, smsir.ID(k.message).Format(smsir.PrefixMessage)); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(tx Tx, k *kept, ids ...string) error {
	body, changed := withoutTexts(k.body, ids)
	if !changed {
		return nil
	}
	_, err := tx.Exec("UPDATE deliveries SET body = $2, answer = '' WHERE id = $1", k.id, body)
	return err
}

// partsWithout removes the user data of the parts that the messages came in over SMPP. Their receipts need the rest.
func (w *sweep) partsWithout(tx Tx, ids []int64) error {
	type part struct {
		set, number int64
		body        []byte
	}
	in, args := many(1, ids)
	rows, err := tx.Query(`SELECT p.set_id, p.number, p.body FROM part_sets s JOIN set_parts p ON p.set_id = s.id
		WHERE s.message_id IN `+in+` AND s.message_id > 0 ORDER BY p.set_id, p.number`, args...)
	list, err := all(rows, err, func(p *part) scan { return scan{&p.set, &p.number, text{&p.body}} })
	if err != nil {
		return err
	}
	for _, p := range list {
		if _, err := tx.Exec("UPDATE set_parts SET body = $3 WHERE set_id = $1 AND number = $2", p.set, p.number, withoutData(p.body)); err != nil {
			return err
		}
	}
	return nil
}

// withoutData is the JSON of a part without its user data, which stands in Part.Data; nothing at all if it is not that.
func withoutData(body []byte) []byte {
	var whole, part map[string]json.RawMessage
	if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole["Part"], &part) != nil {
		return []byte("{}")
	}
	delete(part, "Data")
	whole["Part"] = json.RawMessage(MustJSON(part))
	return []byte(MustJSON(whole))
}

// talkSlack is by how much a conversation may seem older than its last message.
const talkSlack = int64(time.Minute / time.Millisecond)

// conversationsWithout removes the beginnings of texts from the list of conversations.
func (w *sweep) conversationsWithout(tx Tx, list []bare) error {
	if talks, err := w.talks(tx); err != nil || !talks {
		return err
	}
	for _, m := range list {
		if _, err := tx.Exec(`UPDATE conversations SET last_text = '', text_removed_at = $1 WHERE workspace_id = $2 AND contact = $3 AND last_out = 1
			AND last_text = $4 AND last_text <> '' AND last_at <= $5`, Millis(w.now), w.place.Workspace, m.recipient, excerpt(m.text), m.accepted+talkSlack); err != nil {
			return err
		}
	}
	return nil
}

// talks reports whether the workspace has any conversation.
func (w *sweep) talks(tx Tx) (bool, error) {
	return found(tx.Query("SELECT 1 FROM conversations WHERE workspace_id = $1 LIMIT 1", w.place.Workspace))
}

// heard is a message from a handset that loses its text.
type heard struct {
	id           int64
	sender, text string
}

// inbound removes the texts of messages from handsets that are old enough.
func (w *sweep) inbound() error {
	below := int64(smsir.IDAt(w.before(w.place.TextDays)))
	rows, err := w.db.Query(w.ctx, "SELECT id, sender, text FROM inbound WHERE workspace_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4",
		w.place.Workspace, w.place.inboundTo, below, int64(sweepBatch))
	list, err := all(rows, err, func(h *heard) scan { return scan{&h.id, &h.sender, &h.text} })
	if err != nil || len(list) == 0 {
		return err
	}
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].id
	}
	return w.db.Update(w.ctx, func(tx Tx) error {
		w.did = store.Swept{Inbound: len(list), More: len(list) == sweepBatch}
		if err := w.move(tx, "inbound_to", w.place.inboundTo, ids[len(ids)-1]); err != nil {
			return err
		}
		in, args := many(2, ids)
		if _, err := tx.Exec("UPDATE inbound SET text = '', raw = '', text_removed_at = $1 WHERE id IN "+in, append([]any{Millis(w.now)}, args...)...); err != nil {
			return err
		}
		in, args = many(1, ids)
		if _, err := tx.Exec("UPDATE opt_out_reviews SET text = '' WHERE inbound_id IN "+in, args...); err != nil {
			return err
		}
		for _, h := range list {
			if _, err := tx.Exec(`UPDATE conversations SET last_text = '', text_removed_at = $1 WHERE workspace_id = $2 AND contact = $3 AND last_out = 0
				AND last_text = $4 AND last_text <> '' AND last_at <= $5`, Millis(w.now), w.place.Workspace, h.sender, excerpt(h.text),
				Millis(smsir.ID(h.id).Time())+talkSlack); err != nil {
				return err
			}
		}
		return w.inboundDeliveries(tx, ids)
	})
}

// inboundSlack is how far an event may be from the message that it tells of, by the clocks of several machines.
const inboundSlack = 5 * time.Minute

// inboundDeliveries removes the texts of messages from handsets from what was posted to webhooks.
func (w *sweep) inboundDeliveries(tx Tx, ids []int64) error {
	from, to := smsir.IDAt(smsir.ID(ids[0]).Time().Add(-inboundSlack)), smsir.IDAt(smsir.ID(ids[len(ids)-1]).Time().Add(inboundSlack))
	rows, err := tx.Query("SELECT d.id, d.body FROM deliveries d WHERE d.event_id >= $1 AND d.event_id < $2 AND d.workspace_id = $3 AND d.type = $4 ORDER BY d.id",
		int64(from), int64(to), w.place.Workspace, string(smsir.EventInbound))
	list, err := all(rows, err, func(k *kept) scan { return scan{&k.id, &k.body} })
	if err != nil {
		return err
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = smsir.ID(id).Format(smsir.PrefixInbound)
	}
	for _, k := range list {
		if err := rewrite(tx, &k, names...); err != nil {
			return err
		}
	}
	return nil
}

// valuesBatch is how many recipients of a campaign lose their values in one step.
const valuesBatch = 500

// campaigns removes the texts of campaigns that ended long enough ago, and the values of their recipients first.
func (w *sweep) campaigns() error {
	type over struct {
		id       smsir.UUID
		plan     store.CampaignPlan
		to, last int64
	}
	rows, err := w.db.Query(w.ctx, `SELECT c.id, c.plan, c.values_to, c.last FROM campaigns c WHERE c.workspace_id = $1 AND c.state IN ('done', 'canceled')
		AND c.finished_at > 0 AND c.finished_at <= $2 AND c.text_removed_at = 0 ORDER BY c.id LIMIT 1`, w.place.Workspace, Millis(w.before(w.place.TextDays)))
	list, err := all(rows, err, func(o *over) scan { return scan{&o.id, document{&o.plan}, &o.to, &o.last} })
	if err != nil || len(list) == 0 {
		return err
	}
	c := list[0]
	return w.db.Update(w.ctx, func(tx Tx) error {
		w.did = store.Swept{More: true}
		if c.to < c.last {
			to := min(c.to+valuesBatch, c.last)
			n, err := tx.Exec("UPDATE campaigns SET values_to = $2 WHERE id = $1 AND values_to = $3", c.id, to, c.to)
			if err == nil && n == 0 {
				return errOvertaken
			}
			if err != nil {
				return err
			}
			_, err = tx.Exec("UPDATE campaign_recipients SET variables = '' WHERE campaign_id = $1 AND position > $2 AND position <= $3 AND variables <> ''", c.id, c.to, to)
			return err
		}
		for language := range c.plan.Texts {
			c.plan.Texts[language] = ""
		}
		_, err := tx.Exec("UPDATE campaigns SET plan = $2, text_removed_at = $3 WHERE id = $1 AND text_removed_at = 0", c.id, MustJSON(&c.plan), Millis(w.now))
		return err
	})
}

// reports removes delivery reports as they came that matched nothing.
func (w *sweep) reports() error {
	return w.db.Update(w.ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE receipts SET raw = '' WHERE id IN (SELECT r.id FROM receipts r JOIN providers p ON p.id = r.provider_id
			WHERE p.workspace_id = $1 AND r.attempt_id IS NULL AND r.arrived_at <= $2 AND r.raw <> '' LIMIT $3)`,
			w.place.Workspace, Millis(w.before(w.place.TextDays)), int64(sweepBatch))
		w.did = store.Swept{More: n == sweepBatch}
		return err
	})
}
