package oracle_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/oracle"
)

// falsification makes one kind of lie in the evidence.
type falsification struct {
	name   string
	fails  string // the check that must fail
	counts string // the number that must not be 0: lost, doubled, lying; "" for none of them
	do     func(*scene)
}

// marked are messages that an answer with success named.
const marked = "SELECT id FROM messages WHERE metadata <> ''"

func falsifications() []falsification {
	return slices.Concat(storage(), events(), attempts(), states(), reports(), requests(), streams(), credit())
}

func storage() []falsification {
	return []falsification{
		{"drop a message", oracle.I1, "lost", func(s *scene) { s.exec("DELETE FROM messages WHERE id = ?", s.pick(marked)) }},
		{"drop a message with all that hangs on it", oracle.I1, "lost", func(s *scene) {
			id := s.pick(marked)
			s.exec("DELETE FROM messages WHERE id = ?", id)
			s.exec("DELETE FROM events WHERE message_id = ?", id)
			s.db.Exec("DELETE FROM attempts WHERE message_id = ?", id) //nolint:errcheck // it may have none
		}},
		{"drop a row of a batch", oracle.I1, "lost", func(s *scene) {
			s.exec("DELETE FROM messages WHERE id = ?", s.pick("SELECT id FROM messages WHERE batch_id > 0"))
		}},
		{"another recipient in the database", oracle.I1, "", func(s *scene) { s.exec("UPDATE messages SET recipient = '+12025550155' WHERE id = ?", s.pick(marked)) }},
		{"another text in the database", oracle.I1, "", func(s *scene) { s.exec("UPDATE messages SET text = text || '!' WHERE id = ?", s.pick(marked)) }},
		{"no deadline", oracle.I2, "", func(s *scene) {
			s.exec("UPDATE messages SET deadline_at = 0 WHERE id = ?", s.pick("SELECT id FROM messages WHERE final = 0"))
		}},
		{"a deadline that passed", oracle.I2, "", func(s *scene) {
			s.exec("UPDATE messages SET deadline_at = accepted_at - 3600000 WHERE id = ?", s.pick("SELECT id FROM messages WHERE final = 0"))
		}},
		{"a deadline later than the rules", oracle.I2, "", func(s *scene) {
			s.exec("UPDATE messages SET deadline_at = expires_at + 400000000, resolve_deadline = expires_at + 400000000 WHERE id = ?", s.pick("SELECT id FROM messages WHERE final = 0"))
		}},
		{"sending for a run that has ended", oracle.I2, "", func(s *scene) {
			s.exec("UPDATE messages SET status = 2, final = 0, finished_at = 0, owner = 1 WHERE id = ?", s.pick("SELECT id FROM messages WHERE status = 5"))
		}},
		{"a wrong hourly count", oracle.Counts, "", func(s *scene) {
			s.exec("UPDATE counts SET n = n + 1 WHERE status = ?", s.pick("SELECT status FROM counts WHERE n > 0"))
		}},
		{"a missing hourly count", oracle.Counts, "", func(s *scene) {
			s.exec("DELETE FROM counts WHERE n > 0 AND status = ?", s.pick("SELECT status FROM counts WHERE n > 0"))
		}},
		{"an index that lacks a row", oracle.File, "", func(s *scene) {
			s.schema("PRAGMA writable_schema = 1")
			s.exec("UPDATE sqlite_schema SET sql = replace(sql, 'batch_id > 0', 'batch_id >= 0') WHERE name = 'messages_batch'")
		}},
	}
}

func events() []falsification {
	return []falsification{
		{"drop an event", oracle.I12, "", func(s *scene) {
			s.exec("DELETE FROM events WHERE id = ?", s.pick("SELECT id FROM events WHERE message_id > 0"))
		}},
		{"drop the last event", oracle.I12, "", func(s *scene) {
			s.exec("DELETE FROM events WHERE id = ?", s.pick("SELECT max(id) FROM events WHERE message_id > 0 GROUP BY message_id"))
		}},
		{"double an event", oracle.I12, "", func(s *scene) {
			s.schema("DROP INDEX events_message")
			s.exec("INSERT INTO events SELECT id + 1, workspace_id, message_id, seq, type, at, data FROM events WHERE id = ?", s.lonely())
		}},
		{"relabel an event", oracle.I12, "", func(s *scene) {
			s.exec("UPDATE events SET type = 'message.failed' WHERE id = ?", s.pick("SELECT id FROM events WHERE type LIKE 'message.%' AND type <> 'message.failed'"))
		}},
		{"another status in an event", oracle.I12, "", func(s *scene) {
			s.exec("UPDATE events SET data = json_set(data, '$.status', 'blocked') WHERE id = ?", s.pick("SELECT id FROM events WHERE message_id > 0"))
		}},
		{"a status change without an event", oracle.I12, "", func(s *scene) {
			s.exec("UPDATE messages SET status = 6 WHERE id = ?", s.pick("SELECT id FROM messages WHERE status = 5"))
		}},
		{"events in another order", oracle.I12, "", func(s *scene) {
			id := s.pick("SELECT message_id FROM events WHERE seq = 3")
			s.exec("UPDATE events SET id = -id WHERE message_id = ? AND seq = 2", id)
		}},
		{"an event of another workspace", oracle.I12, "", func(s *scene) {
			s.exec("UPDATE events SET workspace_id = randomblob(16) WHERE id = ?", s.pick("SELECT id FROM events WHERE message_id > 0"))
		}},
		{"final, and then something else", oracle.I5, "", func(s *scene) {
			s.append("SELECT id FROM messages WHERE final = 1", "undelivered", true)
		}},
		{"a move that is not in the table", oracle.I6, "", func(s *scene) {
			id := s.pick("SELECT message_id FROM events WHERE type = 'message.sending'")
			s.exec("UPDATE events SET type = 'message.sent', data = json_set(data, '$.status', 'sent') WHERE message_id = ? AND type = 'message.sending'", id)
		}},
		{"a step back", oracle.I6, "", func(s *scene) {
			s.append("SELECT id FROM messages WHERE final = 0 AND status = 3", "sending", false)
		}},
	}
}

// lonely is an event after whose id the next one is free.
func (s *scene) lonely() int64 {
	return s.pick("SELECT id FROM events e WHERE message_id > 0 AND NOT EXISTS (SELECT 1 FROM events f WHERE f.id = e.id + 1)")
}

// append adds a further event to a message, and moves the message along.
func (s *scene) append(query, status string, final bool) {
	id := s.pick(query)
	s.exec("UPDATE messages SET seq = seq + 1, status = ?, final = ? WHERE id = ?", number(status), final, id)
	s.exec(`INSERT INTO events SELECT (SELECT max(id) FROM events) + 1, workspace_id, id, seq, 'message.' || ?1, updated_at,
		json_object('status', ?1, 'final', json(?2)) FROM messages WHERE id = ?3`, status, fmt.Sprint(final), id)
}

func number(status string) int64 {
	n, _ := smsir.ParseStatus(status)
	return int64(n)
}

func attempts() []falsification {
	return []falsification{
		{"drop the intent of a hand-over", oracle.I3, "", func(s *scene) { s.exec("DELETE FROM attempts WHERE id = ?", s.pick("SELECT id FROM attempts")) }},
		{"an intent after the hand-over", oracle.I3, "", func(s *scene) {
			s.exec("UPDATE attempts SET started_at = started_at + 600000 WHERE id = ?", s.pick("SELECT id FROM attempts"))
		}},
		{"an intent for another provider", oracle.I3, "", func(s *scene) {
			s.exec("UPDATE attempts SET provider_id = randomblob(16) WHERE id = ?", s.pick("SELECT id FROM attempts"))
		}},
		{"a hand-over of a message that is not there", oracle.I3, "", func(s *scene) {
			i := s.line(s.wire, `"submission"`)
			s.edit(s.wire, i, s.value(s.wire[i], "message"), smsir.ID(12345).Format(smsir.PrefixMessage))
		}},
		{"another recipient at the carrier", oracle.I3, "", func(s *scene) {
			i := s.line(s.wire, `"submission"`)
			s.edit(s.wire, i, s.value(s.wire[i], "to"), "+12025550166")
		}},
		{"double a hand-over", oracle.I3, "doubled", func(s *scene) {
			s.wire = append(s.wire, s.wire[s.line(s.wire, `"submission"`, `"accepted"`)])
		}},
		{"a second hand-over as another attempt", oracle.I4, "doubled", func(s *scene) {
			l := s.wire[s.line(s.wire, `"submission"`, `"accepted"`)]
			s.wire = append(s.wire, strings.Replace(l, s.value(l, "attempt"), smsir.ID(99).Format(smsir.PrefixAttempt), 1))
		}},
		{"taken at the first try and at the second", oracle.I4, "doubled", func(s *scene) {
			i := s.line(s.wire, `"verdict":"refused"`, `"to":"+12025550105"`)
			s.edit(s.wire, i, `"verdict":"refused"`, `"verdict":"accepted","reference":"sim-x"`)
		}},
		{"tried again without proof", oracle.I4, "", func(s *scene) {
			s.exec("UPDATE attempts SET state = 5 WHERE id = ?", s.pick("SELECT id FROM attempts a WHERE state IN (3, 4) AND EXISTS (SELECT 1 FROM attempts b WHERE b.message_id = a.message_id AND b.number = a.number + 1)"))
		}},
		{"a label taken off", oracle.I4, "doubled", func(s *scene) {
			s.exec("UPDATE messages SET possible_duplicate = 0 WHERE id = ?", s.pick("SELECT id FROM messages WHERE possible_duplicate = 1"))
		}},
		{"a label without the policy", oracle.I4, "", func(s *scene) {
			s.exec("UPDATE messages SET possible_duplicate = 1 WHERE id = ?", s.pick("SELECT id FROM messages WHERE on_unknown = 0"))
		}},
		{"an attempt left in flight", oracle.I4, "", func(s *scene) {
			s.exec("UPDATE attempts SET state = 1, ended_at = 0 WHERE id = ?", s.pick("SELECT id FROM attempts"))
		}},
		{"left after its validity", oracle.P10, "", func(s *scene) {
			s.exec("UPDATE messages SET expires_at = accepted_at - 10000 WHERE id = ?", s.pick("SELECT message_id FROM attempts"))
		}},
		{"left before its time", oracle.P11, "", func(s *scene) {
			s.exec("UPDATE messages SET send_at = send_at + 600000 WHERE id = ?", s.pick("SELECT id FROM messages WHERE send_at > 0 AND tries > 0"))
		}},
	}
}

func states() []falsification {
	var all []falsification
	relabel := func(from, to, reason string) falsification {
		return falsification{fmt.Sprintf("%s told as %s %s", from, to, reason), oracle.I8, "lying", func(s *scene) {
			id := s.pick("SELECT id FROM messages WHERE status = ? AND possible_duplicate = 0", number(from))
			s.exec("UPDATE messages SET status = ?, final = 1, finished_at = updated_at, deadline_at = 0, reason = ? WHERE id = ?", number(to), reason, id)
			s.exec("UPDATE events SET type = 'message.' || ?1, data = json_set(data, '$.status', ?1, '$.final', json('true')) WHERE message_id = ?2 AND seq = (SELECT seq FROM messages WHERE id = ?2)", to, id)
		}}
	}
	for _, from := range []string{"delivered", "undelivered"} {
		for _, to := range []string{"failed", "canceled", "blocked"} {
			all = append(all, relabel(from, to, "refused"))
		}
		all = append(all, relabel(from, "expired", "validity"), relabel(from, "expired", "network"))
	}
	all = append(all, relabel("unknown", "failed", "refused"), relabel("unknown", "delivered", ""), relabel("failed", "delivered", ""),
		relabel("failed", "undelivered", ""), relabel("canceled", "delivered", ""), relabel("delivered", "undelivered", ""), relabel("undelivered", "delivered", ""))
	return append(all,
		falsification{"drop a hand-over of a delivered message", oracle.I8, "lying", func(s *scene) {
			i := s.line(s.wire, `"submission"`, `"accepted"`, `"report":"delivered"`)
			s.wire = slices.Delete(s.wire, i, i+1)
		}},
		falsification{"refused at the gateway, taken at the carrier", oracle.I8, "lying", func(s *scene) {
			i := s.line(s.wire, `"verdict":"refused"`, `"to":"+12025550104"`)
			s.edit(s.wire, i, `"verdict":"refused"`, `"verdict":"accepted","reference":"sim-x"`)
		}},
		falsification{"taken at the gateway, refused at the carrier", oracle.I8, "lying", func(s *scene) {
			i := s.line(s.wire, `"submission"`, `"verdict":"accepted"`, `"report":"delivered"`)
			s.edit(s.wire, i, `"verdict":"accepted"`, `"verdict":"refused"`)
		}},
		falsification{"an attempt not sent that the carrier took", oracle.I8, "lying", func(s *scene) {
			s.exec("UPDATE attempts SET state = 4 WHERE id = ?", s.pick("SELECT id FROM attempts WHERE state IN (2, 5)"))
		}},
		falsification{"an attempt accepted that the carrier refused", oracle.I8, "lying", func(s *scene) {
			s.exec("UPDATE attempts SET state = 2 WHERE id = ?", s.pick("SELECT id FROM attempts WHERE state IN (3, 4)"))
		}},
		falsification{"another reference", oracle.I8, "lying", func(s *scene) {
			s.exec("UPDATE attempts SET reference = 'sim-x' WHERE id = ?", s.pick("SELECT id FROM attempts WHERE state = 2"))
		}},
		falsification{"delivered before the carrier reported", oracle.I8, "lying", func(s *scene) {
			s.exec("UPDATE messages SET finished_at = accepted_at WHERE id = ?", s.pick("SELECT id FROM messages WHERE status = 5"))
		}},
		falsification{"a cancel told as done", oracle.I8, "lying", func(s *scene) {
			i := s.line(s.client, `"code":"too_late"`)
			s.edit(s.client, i, `"status":409`, `"status":200`)
			s.edit(s.client, i, `"code":"too_late"`, `"result":"canceled"`)
		}})
}

func reports() []falsification {
	return []falsification{
		{"drop a receipt", oracle.I7, "", func(s *scene) { s.exec("DELETE FROM receipts WHERE id = ?", s.pick("SELECT id FROM receipts")) }},
		{"drop a reply", oracle.I7, "", func(s *scene) { s.exec("DELETE FROM inbound WHERE id = ?", s.pick("SELECT id FROM inbound")) }},
		{"double a reply", oracle.I7, "", func(s *scene) {
			s.schema("DROP INDEX inbound_reference")
			s.schema("CREATE TEMP TABLE twin AS SELECT * FROM inbound WHERE id = " + fmt.Sprint(s.pick("SELECT id FROM inbound")))
			s.exec("UPDATE twin SET id = id + 1")
			s.exec("INSERT INTO inbound SELECT * FROM twin")
		}},
		{"relabel a receipt", oracle.I7, "", func(s *scene) {
			s.exec("UPDATE receipts SET status = 11 - status WHERE id = ?", s.pick("SELECT id FROM receipts WHERE status IN (5, 6)"))
		}},
		{"a receipt from nowhere", oracle.I7, "", func(s *scene) {
			s.exec("UPDATE receipts SET reference = 'sim-x' WHERE id = ?", s.pick("SELECT id FROM receipts"))
		}},
		{"a receipt that moved nothing", oracle.I7, "", func(s *scene) {
			s.exec("UPDATE messages SET status = 4, final = 0, finished_at = 0, deadline_at = expires_at, receipt_deadline = expires_at WHERE id = ?", s.pick("SELECT id FROM messages WHERE status = 5"))
		}},
	}
}

func requests() []falsification {
	copyMessage := func(s *scene, id int64) {
		s.schema("CREATE TEMP TABLE copy AS SELECT * FROM messages WHERE id = " + fmt.Sprint(id))
		s.exec("UPDATE copy SET id = (SELECT max(id) + 1 FROM messages)")
		s.exec("INSERT INTO messages SELECT * FROM copy")
	}
	return []falsification{
		{"a key stored twice", oracle.I9, "doubled", func(s *scene) {
			i := s.line(s.client, `"ask"`, `"op":"send"`, `"key":"key `)
			copyMessage(s, s.pick("SELECT id FROM messages WHERE json_extract(metadata, '$.mark') = ?", s.value(s.client[i], "mark")))
		}},
		{"a request without a key stored twice", oracle.I1, "doubled", func(s *scene) {
			i := s.line(s.client, `"ask"`, `"op":"send"`, `"try":1,"op":"send","rows"`, "text")
			copyMessage(s, s.pick("SELECT id FROM messages WHERE json_extract(metadata, '$.mark') = ?", s.value(s.client[i], "mark")))
		}},
		{"half a batch stored twice", oracle.I1, "", func(s *scene) { copyMessage(s, s.pick("SELECT id FROM messages WHERE batch_id > 0")) }},
		{"a key without its record", oracle.I9, "", func(s *scene) {
			s.exec("DELETE FROM idempotency WHERE expires_at = ?", s.pick("SELECT expires_at FROM idempotency"))
		}},
		{"a record of another answer", oracle.I9, "", func(s *scene) {
			s.exec(`UPDATE idempotency SET body = CAST('{"id":"msg_0000000000009"}' AS BLOB) WHERE expires_at = ?`, s.pick("SELECT expires_at FROM idempotency"))
		}},
		{"another answer to a retry", oracle.I9, "", func(s *scene) {
			i := s.line(s.client, `"answer"`, `"try":3`, `"replayed":true`) // there was an answer before it
			s.edit(s.client, i, s.first(s.client[i]), smsir.ID(77).Format(smsir.PrefixMessage))
		}},
		{"a refused request that is stored", oracle.I1, "", func(s *scene) {
			i := s.line(s.client, `"answer"`, `"status":202`, `"try":1`)
			s.edit(s.client, i, `"status":202`, `"status":422`)
			n := s.number(s.client[i], "request")
			s.client = slices.DeleteFunc(s.client, func(l string) bool {
				return strings.Contains(l, fmt.Sprintf(`"request":%d,`, n)) && !strings.Contains(l, `"try":1,`)
			})
		}},
		{"an accepted message that nobody stored", oracle.I1, "lost", func(s *scene) {
			i := s.line(s.client, `"answer"`, `"messages":["msg_`)
			s.edit(s.client, i, s.first(s.client[i]), smsir.ID(77).Format(smsir.PrefixMessage))
		}},
		{"a cancel of a message that is lost", oracle.I1, "lost", func(s *scene) {
			i := s.line(s.client, `"op":"cancel"`)
			s.edit(s.client, i, s.value(s.client[i], "target"), smsir.ID(77).Format(smsir.PrefixMessage))
		}},
	}
}

// first is the first message that an answer names.
func (s *scene) first(line string) string {
	_, rest, _ := strings.Cut(line, `"messages":["`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// number reads a number of a line.
func (s *scene) number(line, key string) (n int) {
	_, rest, _ := strings.Cut(line, `"`+key+`":`)
	if _, err := fmt.Sscan(strings.TrimRight(rest[:strings.IndexAny(rest, ",}")], ","), &n); err != nil {
		s.t.Fatalf("line %s: %s: %v", line, key, err)
	}
	return n
}

func streams() []falsification {
	at := func(s *scene) int { return 1 + s.rng.IntN(len(s.stream)-2) }
	return []falsification{
		{"an event that never came", oracle.Stream, "", func(s *scene) { i := at(s); s.stream = slices.Delete(s.stream, i, i+1) }},
		{"the newest event never came", oracle.Stream, "", func(s *scene) { s.stream = s.stream[:len(s.stream)-1] }},
		{"an event that came twice", oracle.Stream, "", func(s *scene) { i := at(s); s.stream = slices.Insert(s.stream, i, s.stream[i]) }},
		{"events that came in another order", oracle.Stream, "", func(s *scene) {
			i := at(s)
			s.stream[i], s.stream[i+1] = s.stream[i+1], s.stream[i]
		}},
		{"an event from nowhere", oracle.Stream, "", func(s *scene) {
			s.stream = append(s.stream, smsir.ID(1<<62).Format(smsir.PrefixEvent))
		}},
	}
}

func credit() []falsification {
	// entry makes a change of the entries that the database forbids.
	entry := func(s *scene, query string, args ...any) {
		s.schema("DROP TRIGGER credit_entries_stay")
		s.schema("DROP TRIGGER credit_entries_last")
		s.exec(query, args...)
	}
	of := func(s *scene, kind smsir.Charge) int64 {
		return s.pick(fmt.Sprint("SELECT id FROM credit_entries WHERE kind = ", int(kind)))
	}
	all := []falsification{
		{"a message charged twice", oracle.I10, "", func(s *scene) {
			s.schema("DROP INDEX credit_entries_once")
			s.exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT -id, workspace_id, message_id, kind, amount, held, at FROM credit_entries WHERE id = ?", of(s, smsir.Reserved))
		}},
		{"settled and released", oracle.I10, "", func(s *scene) {
			s.exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT -id, workspace_id, message_id, 3, 10000, -10000, at FROM credit_entries WHERE id = ?", of(s, smsir.Settled))
		}},
		{"given back although it was delivered", oracle.I10, "", func(s *scene) {
			id := s.pick("SELECT message_id FROM credit_entries JOIN messages m ON m.id = message_id WHERE kind = 2 AND m.status = 5")
			entry(s, "UPDATE credit_entries SET kind = 3, amount = 10000 WHERE message_id = ? AND kind = 2", id)
			s.exec("UPDATE messages SET charge = 3 WHERE id = ?", id)
			s.exec("UPDATE credits SET balance = balance + 10000")
		}},
		{"charged although it was canceled", oracle.I10, "", func(s *scene) {
			id := s.pick("SELECT message_id FROM credit_entries WHERE kind = 3")
			entry(s, "UPDATE credit_entries SET kind = 2, amount = 0 WHERE message_id = ? AND kind = 3", id)
			s.exec("UPDATE messages SET charge = 2 WHERE id = ?", id)
			s.exec("UPDATE credits SET balance = balance - 10000")
		}},
		{"refunded although it was delivered", oracle.I10, "", func(s *scene) {
			id := s.pick("SELECT id FROM messages WHERE status = 5 AND charge = 2")
			s.exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT -id, workspace_id, id, 4, 10000, 0, accepted_at FROM messages WHERE id = ?", id)
			s.exec("UPDATE messages SET charge = 4 WHERE id = ?", id)
			s.exec("UPDATE credits SET balance = balance + 10000")
		}},
		{"another amount", oracle.I10, "", func(s *scene) {
			entry(s, "UPDATE credit_entries SET amount = amount - 1, held = held + 1 WHERE id = ?", of(s, smsir.Reserved))
		}},
		{"another cost", oracle.I10, "", func(s *scene) {
			s.exec("UPDATE messages SET cost = cost + 1 WHERE id = ?", s.pick("SELECT id FROM messages WHERE cost > 0"))
		}},
		{"another charge", oracle.I10, "", func(s *scene) {
			s.exec("UPDATE messages SET charge = 1 WHERE id = ?", s.pick("SELECT id FROM messages WHERE charge > 1"))
		}},
		{"another balance", oracle.I10, "", func(s *scene) { s.exec("UPDATE credits SET balance = balance + 1") }},
		{"more held than messages hold", oracle.I10, "", func(s *scene) { s.exec("UPDATE credit_held SET held = held + 1") }},
		{"a grant that nobody made", oracle.I10, "", func(s *scene) { entry(s, "UPDATE credit_entries SET amount = amount + 1 WHERE kind = 5") }},
	}
	for _, kind := range []smsir.Charge{smsir.Reserved, smsir.Settled, smsir.Released, smsir.Grant} {
		all = append(all, falsification{"drop an entry of kind " + kind.String(), oracle.I10, "", func(s *scene) {
			entry(s, "DELETE FROM credit_entries WHERE id = ?", of(s, kind))
		}})
	}
	return all
}
