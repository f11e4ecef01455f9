package postgres

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
)

// Keys of advisory locks; 7530 and 7531 are in the migrations.
const (
	lockWorkspace = 7531 // a workspace, by smsir_workspace_key
	lockReference = 7532 // a bucket of references of providers
	lockName      = 7533 // the name of a node
	lockRegister  = 7534
)

// lockName holds the name of this node for as long as the process lives: the system gives it back however it ends, so
// the next run of the node knows that the earlier ones are over.
func (s *Store) lockName(ctx context.Context, config *pgx.ConnConfig) (err error) {
	if s.name, err = pgx.ConnectConfig(ctx, config.Copy()); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.opt.Node))
	var free bool
	err = s.name.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", int32(lockName), int32(h.Sum32())).Scan(&free) //nolint:gosec // any 32 bits
	if err != nil {
		return fmt.Errorf("lock the name of this node: %w", err)
	}
	if !free {
		return fmt.Errorf("a node named %q is running on this database already: stop it first, or give this one another name with --node-name", s.opt.Node)
	}
	return nil
}

// register makes this run an owner of messages with a slot that no living node has, ends earlier runs of the same node,
// and continues the ids above the largest one stored.
func (s *Store) register(ctx context.Context) error {
	err := s.update(ctx, func(t *tx) error {
		if err := t.exec("SELECT pg_advisory_xact_lock($1)", int64(lockRegister)); err != nil {
			return err
		}
		if err := t.exec("UPDATE nodes SET stopped_at = smsir_now() WHERE name = $1 AND stopped_at = 0", s.opt.Node); err != nil {
			return err
		}
		var used []int32
		if err := t.row("SELECT coalesce(array_agg(slot), '{}') FROM nodes WHERE stopped_at = 0", nil, &used); err != nil {
			return err
		}
		var id int64
		for taken := true; taken; {
			if err := t.row("SELECT nextval(pg_get_serial_sequence('nodes', 'id'))", nil, &id); err != nil {
				return err
			}
			s.slot, taken = int(id%1024), false
			for _, u := range used {
				taken = taken || int(u) == s.slot
			}
		}
		s.node.Store(id)
		return t.exec("INSERT INTO nodes (id, name, slot, version, started_at, lease_until) VALUES ($1, $2, $3, $4, smsir_now(), smsir_now() + $5)",
			id, s.opt.Node, int64(s.slot), s.opt.Version, s.opt.Lease.Milliseconds())
	})
	if err != nil {
		return fmt.Errorf("register this node: %w", err)
	}
	failpoint.Hit(failpoint.StartOwner)
	var top int64
	const newest = `SELECT greatest(0, (SELECT max(id) FROM messages), (SELECT max(id) FROM attempts), (SELECT max(id) FROM receipts),
		(SELECT max(id) FROM inbound), (SELECT max(batch_id) FROM messages WHERE batch_id > 0))`
	if err := s.pool.QueryRow(ctx, newest).Scan(&top); err != nil {
		return fmt.Errorf("find the newest id: %w", err)
	}
	s.ids, err = smsir.NewGenerator(s.slot, smsir.ID(top))
	return err
}
