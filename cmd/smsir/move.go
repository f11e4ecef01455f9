package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/sqlite"
)

type moveCommand struct {
	settingFlags
	To string `required:"" placeholder:"URL" help:"Address of an empty PostgreSQL database, such as postgres://smsir:PASSWORD@db.example.org:5432/smsir."`
}

// Run moves everything. What it does can be repeated: a move that was interrupted left the target empty, and one that was
// complete is only verified again.
func (c *moveCommand) Run(ctx context.Context, p process) error {
	l, err := c.load(p)
	if err != nil {
		return err
	}
	path := filepath.Join(l.DataDir, databaseName)
	from, err := sqlite.OpenSource(ctx, path)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // nothing waits to be written
	to, err := postgres.OpenImporter(ctx, c.To)
	if err != nil {
		return err
	}
	defer to.Close()
	m := &mover{from: from, to: to, p: p}
	if err := m.move(ctx); err != nil {
		return err
	}
	target := redacted(c.To)
	if err := from.Mark(ctx, fmt.Sprintf("%s on %s", target, time.Now().UTC().Format(time.DateTime)+" UTC")); err != nil {
		return fmt.Errorf("the data was moved, but the old database could not be marked: %w. Run the same command again", err)
	}
	fmt.Fprintf(p.out, `
Everything is in the new database, and the old one is marked: "smsir serve" refuses to start on it.

  1. Set store.url (or SMSIR_STORE_URL) to the new address and start the gateway on the same data folder:
     its key file %s opens the secrets, and every further node needs a copy of it.
  2. Messages that were queued or scheduled go on; those that were being handed over when the gateway stopped are
     told as unknown at the first start.
  3. Keep %s until you have seen that all is well.
`, filepath.Join(l.DataDir, "secret.key"), path)
	return nil
}

// redacted is an address without its password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "another database"
	}
	u.RawQuery = ""
	return u.Redacted()
}

// mover copies tables and compares them.
type mover struct {
	from *sqlite.Source
	to   *postgres.Importer
	p    process
}

func (m *mover) move(ctx context.Context) error {
	tables, err := m.from.Tables(ctx)
	if err != nil {
		return err
	}
	if tables, err = m.to.Order(ctx, tables); err != nil {
		return err
	}
	var full []string
	for _, t := range tables {
		empty, err := m.to.Empty(ctx, t)
		if err != nil {
			return err
		}
		if !empty {
			full = append(full, t)
		}
	}
	fmt.Fprintf(m.p.out, "%-20s %12s  %-16s\n", "table", "rows", "checksum")
	if len(full) > 0 {
		if err := m.compare(ctx, tables); err != nil {
			return fmt.Errorf("the target is not empty (%s), and what it holds is not this data: %w. Take an empty database", strings.Join(full, ", "), err)
		}
		fmt.Fprintln(m.p.out, "The data had been moved already, and is the same.")
		return nil
	}
	for _, t := range tables {
		if err := m.copy(ctx, t); err != nil {
			return fmt.Errorf("table %s: %w. Nothing was kept in the target", t, err)
		}
	}
	return m.to.Commit(ctx)
}

// ahead is how many rows are read before they are written.
const ahead = 1000

// copy copies a table, reads it back, and compares both sides.
func (m *mover) copy(ctx context.Context, table string) error {
	columns, err := m.from.Columns(ctx, table)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, read := make(chan []any, ahead), make(chan error, 1)
	var sum store.Sum
	adapt := m.to.Adapt(table, columns)
	go func() {
		defer close(rows)
		read <- m.from.Rows(ctx, table, columns, func(row []any) error {
			adapt(row)
			if err := sum.Add(row); err != nil {
				return err
			}
			select {
			case rows <- row:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	n, err := m.to.Copy(ctx, table, columns, func() ([]any, error) {
		row, ok := <-rows
		if !ok {
			return nil, <-read
		}
		return row, nil
	})
	if err != nil {
		return err
	}
	back, err := m.to.Sum(ctx, table, columns)
	if err != nil {
		return err
	}
	if n != sum.Rows || back != sum {
		return fmt.Errorf("%d rows with checksum %s were read, %d with %s are there", sum.Rows, sum, back.Rows, back)
	}
	fmt.Fprintf(m.p.out, "%-20s %12d  %s\n", table, sum.Rows, sum)
	return nil
}

// compare sums up both sides of every table.
func (m *mover) compare(ctx context.Context, tables []string) error {
	for _, t := range tables {
		columns, err := m.from.Columns(ctx, t)
		if err != nil {
			return err
		}
		var sum store.Sum
		adapt := m.to.Adapt(t, columns)
		if err := m.from.Rows(ctx, t, columns, func(row []any) error { adapt(row); return sum.Add(row) }); err != nil {
			return err
		}
		back, err := m.to.Sum(ctx, t, columns)
		if err != nil {
			return err
		}
		if back != sum {
			return errors.New("table " + t + " differs")
		}
		fmt.Fprintf(m.p.out, "%-20s %12d  %s\n", t, sum.Rows, sum)
	}
	return nil
}
