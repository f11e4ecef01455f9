package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// databaseName is the file of the embedded database in the data folder.
const databaseName = "smsir.db"

// openDatabase opens the database that the settings name. Nothing behind it knows which one it is.
func (g *gateway) openDatabase(ctx context.Context) (store.Store, error) {
	if url := g.s.Store.URL.Reveal(); url != "" {
		name, err := nodeName(g.s.Node)
		if err != nil {
			return nil, err
		}
		return postgres.Open(ctx, url, postgres.Options{
			Log: g.o.Log, Metrics: g.metrics, Node: name, Version: version, Lease: g.s.Node.Lease, PoolSize: g.s.Store.PoolSize,
			AcceptDataLoss: g.s.Store.AcceptDataLoss,
		})
	}
	return sqlite.Open(ctx, filepath.Join(g.s.DataDir, databaseName), sqlite.Options{
		Log: g.o.Log, Metrics: g.metrics, MinFree: g.minFree(), IgnoreMove: g.s.Store.IgnoreMove, AcceptDataLoss: g.s.Store.AcceptDataLoss,
		Fatal: func(err error) {
			select {
			case g.fatal <- err:
			default:
			}
		},
	})
}

// nodeName is the setting, or the name of the machine.
func nodeName(s config.Node) (string, error) {
	if s.Name != "" {
		return s.Name, nil
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "", errors.Join(errors.New("this machine has no name: give the node one with --node-name"), err)
	}
	return name, nil
}

// minFree is the setting, or the smaller of 1 GiB and 5 % of the disk.
func (g *gateway) minFree() uint64 {
	if g.s.Store.MinFree > 0 {
		return uint64(g.s.Store.MinFree)
	}
	size, ok := sqlite.DiskSize(g.s.DataDir)
	if !ok {
		return 0
	}
	return min(1<<30, size/20)
}

type migrateCommand struct {
	Status migrateStatusCommand `cmd:"" help:"Show which changes of the database's tables are due. Changes nothing."`
	Up     migrateUpCommand     `cmd:"" help:"Bring the database's tables up to date. \"smsir serve\" does it by itself."`
}

type migrateStatusCommand struct{ settingFlags }

// Run shows how the database stands to this program.
func (c *migrateStatusCommand) Run(ctx context.Context, p process) error {
	l, err := c.load(p)
	if err != nil {
		return err
	}
	var schema store.Schema
	if url := l.Store.URL.Reveal(); url != "" {
		schema, err = postgres.Schema(ctx, url)
	} else {
		schema, err = sqlite.Schema(ctx, filepath.Join(l.DataDir, databaseName))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "version     %d\ngeneration  %d (this program works on %d and %d)\n", schema.Version, schema.Generation, store.SchemaGeneration, store.SchemaGeneration+1)
	for _, file := range schema.Pending {
		fmt.Fprintln(p.out, "due        ", file)
	}
	if len(schema.Pending) == 0 {
		fmt.Fprintln(p.out, "Nothing is due.")
	}
	return schema.Fits()
}

type migrateUpCommand struct{ settingFlags }

// Run brings the tables up to date.
func (c *migrateUpCommand) Run(ctx context.Context, p process) error {
	l, err := c.load(p)
	if err != nil {
		return err
	}
	var n int
	if url := l.Store.URL.Reveal(); url != "" {
		n, err = postgres.Migrate(ctx, url)
	} else {
		n, err = sqlite.Migrate(ctx, filepath.Join(l.DataDir, databaseName))
	}
	if err == nil {
		fmt.Fprintf(p.out, "%d changes were made; nothing is due.\n", n)
	}
	return err
}
