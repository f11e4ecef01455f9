package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Reports = (*Store)(nil)

// MarkReportHour is the statement that marks the hour in which a message was accepted, for a change that no event tells:
// workspace, hour, stamp.
const MarkReportHour = `INSERT INTO report_marks (workspace_id, hour, stamp) VALUES ($1, $2, $3)
	ON CONFLICT (workspace_id, hour) DO UPDATE SET stamp = excluded.stamp`

// ReportHour is the start of the hour in which a message was accepted, by its id, as it is stored.
func ReportHour(message smsir.ID) int64 { return Millis(message.Time().Truncate(time.Hour)) }

// errOvertaken is the inner sign that another node has done the same meanwhile.
var errOvertaken = errors.New("overtaken")

// MarkReports implements store.Reports.
func (s *Store) MarkReports(ctx context.Context, version int, upTo smsir.ID, limit int) (more bool, err error) {
	var known, after int64
	rows, err := s.db.Query(ctx, "SELECT version, watermark FROM report_state WHERE id = 1")
	if err := one(rows, err, &known, &after); err != nil && !errors.Is(err, errNoRow) {
		return false, err
	}
	was := after
	if known != int64(version) {
		after = 0
	}
	if after >= int64(upTo) && known == int64(version) {
		return false, nil
	}
	end := int64(upTo)
	rows, err = s.db.Query(ctx, "SELECT id FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3", after, end, int64(limit-1))
	switch err := one(rows, err, &end); {
	case err == nil:
		more = end < int64(upTo)
	case !errors.Is(err, errNoRow):
		return false, err
	}
	marks, err := s.changedHours(ctx, after, end)
	if err != nil {
		return false, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		if _, err := tx.Exec("INSERT INTO report_state (id, version, watermark) VALUES (1, 0, 0) ON CONFLICT DO NOTHING"); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE report_state SET version = $1, watermark = $2 WHERE id = 1 AND version = $3 AND watermark = $4", int64(version), end, known, was)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOvertaken
		}
		for _, m := range marks {
			if _, err := tx.Exec(MarkReportHour, m.Workspace, Millis(m.Hour), int64(m.Stamp)); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return true, nil
	}
	return more, err
}

// changedHours are those in which the messages of some events were accepted. 22 bits of an id are not of its time, and an
// hour has 3,600,000 milliseconds.
func (s *Store) changedHours(ctx context.Context, after, end int64) ([]store.ReportMark, error) {
	rows, err := s.db.Query(ctx, `SELECT workspace_id, max(message_id), max(id) FROM events WHERE id > $1 AND id <= $2 AND message_id > 0
		GROUP BY workspace_id, (message_id >> 22) / 3600000`, after, end)
	var marks []store.ReportMark
	err = each(rows, err, func(r Rows) error {
		var m store.ReportMark
		var message, stamp int64
		if err := r.Scan(&m.Workspace, &message, &stamp); err != nil {
			return err
		}
		m.Hour, m.Stamp = smsir.ID(message).Time().Truncate(time.Hour), smsir.ID(stamp)
		marks = append(marks, m)
		return nil
	})
	return marks, err
}

// ReportMarks implements store.Reports.
func (s *Store) ReportMarks(ctx context.Context, limit int) ([]store.ReportMark, error) {
	rows, err := s.db.Query(ctx, "SELECT workspace_id, hour, stamp FROM report_marks ORDER BY stamp, workspace_id, hour LIMIT $1", int64(limit))
	return all(rows, err, func(m *store.ReportMark) scan {
		return scan{&m.Workspace, moment{&m.Hour}, &m.Stamp}
	})
}

// ReportMessages implements store.Reports.
func (s *Store) ReportMessages(ctx context.Context, workspace smsir.UUID, hour time.Time, each func(*store.ReportRow) error) error {
	campaigns, err := s.reportCampaigns(ctx, workspace)
	if err != nil {
		return err
	}
	rows, err := s.db.Query(ctx, `SELECT m.id, m.class, m.country, m.sender, m.network, m.used_provider_id, m.creator_kind, m.creator_id, m.batch_id, m.segments,
		m.accepted_at, m.send_at, m.status, m.final, m.reason, m.sent_at, m.finished_at, m.error, coalesce(a.price_micros, 0), coalesce(a.price_currency, '')
		FROM messages m LEFT JOIN attempts a ON a.message_id = m.id AND a.price_currency <> ''
		WHERE m.workspace_id = $1 AND m.id >= $2 AND m.id < $3 ORDER BY m.id`,
		workspace, int64(smsir.IDAt(hour)), int64(smsir.IDAt(hour.Add(time.Hour))))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	var next, current store.ReportRow
	var last int64
	for rows.Next() {
		var price smsir.Money
		id, err := scanReportRow(rows, &next, &price, campaigns)
		if err != nil {
			return err
		}
		if id != last {
			if last != 0 {
				if err := each(&current); err != nil {
					return err
				}
			}
			last, current = id, next
			current.Prices = nil
		}
		if price.Currency != "" {
			current.Prices = append(current.Prices, price)
		}
	}
	if err := rows.Err(); err != nil || last == 0 {
		return err
	}
	return each(&current)
}

// origin is the campaign that a batch belongs to, and its template.
type origin struct{ campaign, template smsir.UUID }

func (s *Store) reportCampaigns(ctx context.Context, workspace smsir.UUID) (map[int64]origin, error) {
	by := map[int64]origin{}
	rows, err := s.db.Query(ctx, "SELECT batch_id, id, template_id FROM campaigns WHERE workspace_id = $1", workspace)
	err = each(rows, err, func(r Rows) error {
		var batch int64
		var o origin
		err := r.Scan(&batch, &o.campaign, &o.template)
		by[batch] = o
		return err
	})
	return by, err
}

func scanReportRow(rows Rows, r *store.ReportRow, price *smsir.Money, campaigns map[int64]origin) (int64, error) {
	var id, class, kind, batch, segments, accepted, send, status, final, sent, finished int64
	var reason, failure string
	if err := rows.Scan(&id, &class, &r.Country, &r.From, &r.Network, &r.Provider, &kind, &r.CreatedBy.ID, &batch, &segments, &accepted, &send, &status, &final,
		&reason, &sent, &finished, &failure, &price.Micros, &price.Currency); err != nil {
		return 0, err
	}
	o := campaigns[batch]
	r.Class, r.CreatedBy.Kind, r.Campaign, r.Template, r.Segments = smsir.Class(class), smsir.ActorKind(kind), o.campaign, o.template, int(segments)
	r.State, r.Reason = smsir.State{Status: smsir.Status(status), Final: final == 1}, smsir.Reason(reason)
	r.DueAt, r.SentAt, r.FinishedAt, r.Error = Time(max(accepted, send)), Time(sent), Time(finished), nil
	if failure == "" || !store.CountsAsFailed(r.State) {
		return id, nil
	}
	return id, Unmarshal(failure, &r.Error)
}

// PutReport implements store.Reports.
func (s *Store) PutReport(ctx context.Context, m store.ReportMark, cells []store.ReportCell) (bool, error) {
	encoded := make([][]byte, len(cells))
	for i, c := range cells {
		encoded[i] = c.Numbers.Encode()
	}
	err := s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM report_marks WHERE workspace_id = $1 AND hour = $2 AND stamp = $3", m.Workspace, Millis(m.Hour), int64(m.Stamp))
		if err != nil {
			return err
		}
		if n == 0 {
			return errOvertaken
		}
		// Messages of that hour were deleted: what was counted while they were there is the truth.
		if gone, err := found(tx.Query("SELECT 1 FROM retention WHERE workspace_id = $1 AND gone_hour >= $2", m.Workspace, Millis(m.Hour))); err != nil || gone {
			return err
		}
		for d := store.ByNothing; d <= store.LastDimension; d++ {
			if _, err := tx.Exec("DELETE FROM report_cells WHERE workspace_id = $1 AND dimension = $2 AND hour = $3", m.Workspace, int64(d), Millis(m.Hour)); err != nil {
				return err
			}
		}
		for i, c := range cells {
			if _, err := tx.Exec("INSERT INTO report_cells (workspace_id, dimension, hour, value, numbers) VALUES ($1, $2, $3, $4, $5)",
				m.Workspace, int64(c.Dimension), Millis(m.Hour), c.Value, encoded[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errOvertaken) {
		return false, nil
	}
	return err == nil, err
}

// ReportCells implements store.ReportReader.
func (s *Store) ReportCells(ctx context.Context, workspace smsir.UUID, d store.Dimension, from, to time.Time, each func(hour time.Time, value string, n *store.Numbers) error) error {
	rows, err := s.db.Query(ctx, "SELECT hour, value, numbers FROM report_cells WHERE workspace_id = $1 AND dimension = $2 AND hour >= $3 AND hour < $4",
		workspace, int64(d), Millis(from), Millis(to))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		var hour int64
		var value string
		var encoded []byte
		if err := rows.Scan(&hour, &value, &encoded); err != nil {
			return err
		}
		n, err := store.DecodeNumbers(encoded)
		if err != nil {
			return err
		}
		if err := each(Time(hour), value, n); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ReportsBehind implements store.ReportReader.
func (s *Store) ReportsBehind(ctx context.Context, workspace smsir.UUID, from, to time.Time) (bool, error) {
	rows, err := s.db.Query(ctx, `SELECT 1 FROM report_marks WHERE workspace_id = $1 AND hour >= $2 AND hour < $3
		UNION ALL SELECT 1 WHERE coalesce((SELECT watermark FROM report_state WHERE id = 1), 0) < (SELECT coalesce(max(id), 0) FROM events) LIMIT 1`,
		workspace, Millis(from), Millis(to))
	return found(rows, err)
}

// ReportNames implements store.ReportReader.
func (s *Store) ReportNames(ctx context.Context, workspace smsir.UUID, d store.Dimension, ids []smsir.UUID) (map[smsir.UUID]string, error) {
	var table string
	switch d {
	case store.ByProvider:
		table = "providers"
	case store.ByTemplate:
		table = "templates"
	case store.ByCampaign:
		table = "campaigns"
	case store.ByPerson:
		return s.ActorNames(ctx, workspace, ids)
	default:
		return nil, nil
	}
	list, args := uuids(2, ids)
	names := make(map[smsir.UUID]string, len(ids))
	rows, err := s.db.QueryOnce(ctx, "SELECT id, name FROM "+table+" WHERE workspace_id = $1 AND id IN "+list, append([]any{workspace}, args...)...)
	return names, each(rows, err, func(r Rows) error {
		var id smsir.UUID
		var name string
		err := r.Scan(&id, &name)
		names[id] = name
		return err
	})
}

const weeklyColumns = "r.id, r.workspace_id, r.week, r.from_at, r.to_at, r.time_zone, r.body, r.told, r.created_at"

func scanWeekly(r *store.WeeklyReport) scan {
	return scan{&r.ID, &r.Workspace, &r.Week, moment{&r.From}, moment{&r.To}, &r.TimeZone, text{&r.Body}, boolean{&r.Told}, moment{&r.CreatedAt}}
}

// WeeklyReports implements store.ReportReader.
func (s *Store) WeeklyReports(ctx context.Context, workspace smsir.UUID, limit int) ([]store.WeeklyReport, error) {
	rows, err := s.db.Query(ctx, "SELECT "+weeklyColumns+" FROM weekly_reports r WHERE r.workspace_id = $1 ORDER BY r.week DESC LIMIT $2", workspace, int64(limit))
	return all(rows, err, scanWeekly)
}

// WeeklyReport implements store.ReportReader.
func (s *Store) WeeklyReport(ctx context.Context, workspace, id smsir.UUID) (*store.WeeklyReport, error) {
	rows, err := s.db.Query(ctx, "SELECT "+weeklyColumns+" FROM weekly_reports r WHERE r.workspace_id = $1 AND r.id = $2", workspace, id)
	return first(rows, err, scanWeekly, "summary")
}

// WeeklyReportOf implements store.Reports.
func (s *Store) WeeklyReportOf(ctx context.Context, workspace smsir.UUID, week string) (*store.WeeklyReport, error) {
	rows, err := s.db.Query(ctx, "SELECT "+weeklyColumns+" FROM weekly_reports r WHERE r.workspace_id = $1 AND r.week = $2", workspace, week)
	r, err := first(rows, err, scanWeekly, "summary")
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return nil, nil
	}
	return r, err
}

// AddWeeklyReport implements store.Reports.
func (s *Store) AddWeeklyReport(ctx context.Context, r store.WeeklyReport) (added bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(`INSERT INTO weekly_reports (id, workspace_id, week, from_at, to_at, time_zone, body, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, week) DO NOTHING`,
			r.ID, r.Workspace, r.Week, Millis(r.From), Millis(r.To), r.TimeZone, string(r.Body), Millis(r.CreatedAt))
		added = n > 0
		return err
	})
	return added, err
}

// ToldWeeklyReport implements store.Reports.
func (s *Store) ToldWeeklyReport(ctx context.Context, id smsir.UUID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("UPDATE weekly_reports SET told = 1 WHERE id = $1", id)
		return touched(n, err, "summary")
	})
}

// ReportSpaces implements store.Reports.
func (s *Store) ReportSpaces(ctx context.Context) ([]store.Workspace, error) {
	rows, err := s.db.Query(ctx, "SELECT "+workspaceColumns+" FROM workspaces w ORDER BY w.id")
	return all(rows, err, scanWorkspace)
}

// WeeklyWanted implements store.ReportReader.
func (s *Store) WeeklyWanted(ctx context.Context, workspace smsir.UUID) (bool, error) {
	wanted := true
	rows, err := s.db.Query(ctx, "SELECT weekly FROM report_settings WHERE workspace_id = $1", workspace)
	if err := one(rows, err, boolean{&wanted}); err != nil && !errors.Is(err, errNoRow) {
		return false, err
	}
	return wanted, nil
}

// WantWeekly implements store.Reports.
func (s *Store) WantWeekly(ctx context.Context, workspace smsir.UUID, wanted bool, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO report_settings (workspace_id, weekly) VALUES ($1, $2)
			ON CONFLICT (workspace_id) DO UPDATE SET weekly = excluded.weekly`, workspace, Flag(wanted))
		return err
	})
}
