package sqldb

import (
	"context"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const recipientColumns = "r.position, r.phone, r.country, r.language, r.variables, r.due_at"

func scanRecipient(r *store.Recipient) scan {
	return scan{&r.Position, &r.Phone, &r.Country, &r.Language, mapScan{&r.Values}, moment{&r.DueAt}}
}

// mapScan reads what MarshalMap wrote.
type mapScan struct{ to *map[string]string }

// Scan implements sql.Scanner.
func (m mapScan) Scan(src any) error {
	var b []byte
	if err := (text{&b}).Scan(src); err != nil {
		return err
	}
	*m.to = nil
	return Unmarshal(string(b), m.to)
}

// CampaignRecipients implements store.CampaignReader.
func (s *Store) CampaignRecipients(ctx context.Context, id smsir.UUID, after int64, limit int) ([]store.Recipient, error) {
	rows, err := s.db.Query(ctx, "SELECT "+recipientColumns+" FROM campaign_recipients r WHERE r.campaign_id = $1 AND r.position > $2 ORDER BY r.position LIMIT $3",
		id, after, int64(limit))
	return all(rows, err, scanRecipient)
}

// KnownRecipients implements store.CampaignReader.
func (s *Store) KnownRecipients(ctx context.Context, id smsir.UUID, phones []string) (map[string]bool, error) {
	in, args := words(2, phones)
	rows, err := s.db.QueryOnce(ctx, "SELECT r.phone FROM campaign_recipients r WHERE r.campaign_id = $1 AND r.phone IN "+in, append([]any{id}, args...)...)
	list, err := all(rows, err, func(p *string) scan { return scan{p} })
	known := make(map[string]bool, len(list))
	for _, p := range list {
		known[p] = true
	}
	return known, err
}

// rowsAtOnce are the recipients of one statement; two texts of it, so that few are prepared.
const rowsAtOnce = 100

// AddRecipients implements store.Campaigns.
func (s *Store) AddRecipients(ctx context.Context, workspace, id smsir.UUID, list []store.Recipient, walk string) (added int, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		added = 0
		c, err := lockCampaign(tx, workspace, id)
		if err != nil {
			return err
		}
		if walk == "" {
			walk = c.Walk
		}
		for rest, position := list, c.Last; len(rest) > 0; {
			n := 1
			if len(rest) >= rowsAtOnce {
				n = rowsAtOnce
			}
			args := make([]any, 0, 6*n)
			for _, r := range rest[:n] {
				position++
				args = append(args, id, position, r.Phone, r.Country, r.Language, MarshalMap(r.Values))
			}
			inserted, err := tx.Exec("INSERT INTO campaign_recipients (campaign_id, position, phone, country, language, variables) VALUES "+
				tuples(n, 6)+" ON CONFLICT DO NOTHING", args...)
			if err != nil {
				return err
			}
			added, rest = added+int(inserted), rest[n:]
		}
		_, err = tx.Exec("UPDATE campaigns SET walk = $1, last = last + $2, recipients = recipients + $3, repeated = repeated + $4 WHERE id = $5",
			walk, int64(len(list)), int64(added), int64(len(list)-added), id)
		return err
	})
	return added, err
}

// tuples is "($1, $2), ($3, $4)" for n rows of so many columns.
func tuples(n, columns int) string {
	var b strings.Builder
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// ClearRecipients implements store.Campaigns.
func (s *Store) ClearRecipients(ctx context.Context, workspace, id smsir.UUID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		c, err := lockCampaign(tx, workspace, id)
		if err != nil {
			return err
		}
		if c.State != store.CampaignDraft {
			return conflict("", "Only a draft can lose its recipients.")
		}
		if _, err := tx.Exec("DELETE FROM campaign_recipients WHERE campaign_id = $1", id); err != nil {
			return err
		}
		_, err = tx.Exec("UPDATE campaigns SET walk = '', last = 0, recipients = 0, repeated = 0 WHERE id = $1", id)
		return err
	})
}

// SaveFed implements store.Campaigns.
func (s *Store) SaveFed(ctx context.Context, workspace, id smsir.UUID, f store.Fed) error {
	return s.db.Update(ctx, func(tx Tx) error {
		c, err := lockCampaign(tx, workspace, id)
		if err != nil || c.Fed >= f.To {
			return err
		}
		for i, off := range f.Off {
			if _, err := tx.Exec("UPDATE campaign_recipients SET position = $1, due_at = $2 WHERE campaign_id = $3 AND position = $4",
				c.Last+int64(i)+1, Millis(off.DueAt), id, off.Position); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE campaigns SET fed = $1, last = last + $2, accepted = accepted + $3, blocked = blocked + $4, skipped = skipped + $5
			WHERE id = $6`, f.To, int64(len(f.Off)), f.Accepted, f.Blocked, f.Skipped, id)
		return err
	})
}

// notReceived are the final statuses after which the recipient provably has nothing: [smsir.Failed], [smsir.Undelivered]
// and [smsir.Expired].
const notReceived = "(6, 7, 8)"

// FailedRecipients implements store.CampaignReader.
func (s *Store) FailedRecipients(ctx context.Context, id smsir.UUID, batch, after smsir.ID, limit int) (list []store.Recipient, next smsir.ID, err error) {
	rows, err := s.db.Query(ctx, `SELECT m.id, `+recipientColumns+` FROM messages m JOIN campaign_recipients r ON r.campaign_id = $1 AND r.phone = m.recipient
		WHERE m.batch_id = $2 AND m.batch_id > 0 AND m.id > $3 AND m.final = 1 AND m.possible_duplicate = 0 AND m.status IN `+notReceived+` ORDER BY m.id LIMIT $4`,
		id, int64(batch), int64(after), int64(limit))
	err = each(rows, err, func(row Rows) error {
		var r store.Recipient
		err := row.Scan(append([]any{&next}, scanRecipient(&r)...)...)
		list = append(list, r)
		return err
	})
	if len(list) < limit {
		next = 0
	}
	return list, next, err
}
