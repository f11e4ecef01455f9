package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
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
func (s *Store) lockName(ctx context.Context, config *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.opt.Node))
	var free bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", int32(lockName), int32(h.Sum32())).Scan(&free) //nolint:gosec // any 32 bits
	if err == nil && !free {
		err = fmt.Errorf("a node named %q is running on this database already: stop it first, or give this one another name with --node-name", s.opt.Node)
	}
	if err != nil {
		closeConn(conn)
		return fmt.Errorf("lock the name of this node: %w", err)
	}
	s.name = conn
	return nil
}

// keepName makes sure that the name is still held: the lock goes with its connection, when the server restarts for example.
// A node whose name somebody else has taken meanwhile cannot renew its lease, and stops sending.
func (s *Store) keepName(ctx context.Context) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	if s.closed.Load() {
		return smsir.Errorf(smsir.CodeStorageDown, "The gateway is stopping.")
	}
	if s.name != nil && s.name.Ping(ctx) == nil {
		return nil
	}
	if s.name != nil {
		closeConn(s.name)
		s.name = nil
	}
	return s.lockName(ctx, s.pool.Config().ConnConfig)
}

// freeName gives the name back before the connection ends, of which the server hears a moment later: the next run of the node may be
// faster.
func freeName(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock_all()") // else it is free when the server has heard
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	_ = conn.Close(ctx) // it is given up either way
}

// register makes this run an owner of messages with a slot that no living node has, ends earlier runs of the same node,
// and continues the ids above the largest one stored.
func (s *Store) register(ctx context.Context) error {
	var id int64
	if err := s.update(ctx, func(t *tx) (err error) { id, s.slot, err = s.join(t, -1); return err }); err != nil {
		return fmt.Errorf("register this node: %w", err)
	}
	s.node.Store(id)
	failpoint.Hit(failpoint.StartOwner)
	var top int64
	const newest = `SELECT greatest(0, (SELECT max(id) FROM messages), (SELECT max(id) FROM attempts), (SELECT max(id) FROM receipts),
		(SELECT max(id) FROM inbound), (SELECT max(batch_id) FROM messages WHERE batch_id > 0))`
	if err := s.pool.QueryRow(ctx, newest).Scan(&top); err != nil {
		return fmt.Errorf("find the newest id: %w", err)
	}
	var err error
	s.ids, err = smsir.NewGenerator(s.slot, smsir.ID(top))
	return err
}

// join makes a new life of this node and returns its number and slot. The slot stays when it has one (-1: none yet): nobody else gets it while the process holds the name
// of the node, because a life that was buried keeps its slot until the next one of that name.
func (s *Store) join(t *tx, has int) (id int64, slot int, err error) {
	if err := t.exec("SELECT pg_advisory_xact_lock($1)", int64(lockRegister)); err != nil {
		return 0, 0, err
	}
	if err := t.exec("UPDATE nodes SET stopped_at = smsir_now() WHERE name = $1 AND stopped_at = 0", s.opt.Node); err != nil {
		return 0, 0, err
	}
	if err := t.row("SELECT nextval(pg_get_serial_sequence('nodes', 'id'))", nil, &id); err != nil {
		return 0, 0, err
	}
	slot = has
	if slot < 0 {
		var used []int32
		if err := t.row(`SELECT coalesce(array_agg(n.slot), '{}') FROM (SELECT DISTINCT ON (name) slot FROM nodes
			WHERE name <> $1 AND (stopped_at = 0 OR started_at > smsir_now() - $2) ORDER BY name, id DESC) n`, []any{s.opt.Node, slotRest.Milliseconds()}, &used); err != nil {
			return 0, 0, err
		}
		for slot = int(id % slots); slices.Contains(used, int32(slot)); { //nolint:gosec // below a thousand
			if len(used) >= slots {
				return 0, 0, errors.New("a thousand nodes have been here lately; there is no number left for this one")
			}
			slot = (slot + 1) % slots
		}
	}
	return id, slot, t.exec("INSERT INTO nodes (id, name, slot, version, started_at, lease_until) VALUES ($1, $2, $3, $4, smsir_now(), smsir_now() + $5)",
		id, s.opt.Node, int64(slot), s.opt.Version, s.opt.Lease.Milliseconds())
}

const (
	slots    = 1024 // node numbers in an id
	slotRest = 24 * time.Hour
)

// Renew implements store.Nodes.
func (s *Store) Renew(ctx context.Context) (l store.Lease, err error) {
	if err := s.keepName(ctx); err != nil {
		return l, s.coded(err)
	}
	err = s.update(ctx, func(t *tx) error {
		l = store.Lease{Life: s.node.Load()}
		n, err := t.Exec("UPDATE nodes SET lease_until = smsir_now() + $2 WHERE id = $1 AND stopped_at = 0", s.node.Load(), s.opt.Lease.Milliseconds())
		if err != nil {
			return err
		}
		if n == 0 {
			l.Rejoined = true
			if l.Life, _, err = s.join(t, s.slot); err != nil {
				return err
			}
		}
		asked := s.clock()
		var now int64
		if err := t.row(`SELECT (SELECT count(*) FROM nodes WHERE stopped_at = 0 AND lease_until > smsir_now()),
			current_setting('synchronous_standby_names') <> '', smsir_now(), (SELECT last_value FROM node_changes)`, nil, &l.Nodes, &l.Synced, &now, &l.Changes); err != nil {
			return err
		}
		got := s.clock()
		l.Skew = asked.Add(got.Sub(asked) / 2).Sub(time.UnixMilli(now)).Truncate(time.Millisecond)
		return nil
	})
	if err == nil {
		s.node.Store(l.Life)
		s.lease.Store(&l)
	}
	return l, s.coded(err)
}

// Bury implements store.Nodes.
func (s *Store) Bury(ctx context.Context) (names []string, err error) {
	over := int64(0)
	if canary.On(canary.BuriedAlive) {
		over = s.opt.Lease.Milliseconds()
	}
	err = s.update(ctx, func(t *tx) error {
		rows, err := t.conn.Query(t.ctx, `UPDATE nodes SET stopped_at = smsir_now() WHERE id IN (SELECT id FROM nodes
			WHERE stopped_at = 0 AND lease_until < smsir_now() + $2 AND id <> $1 FOR UPDATE SKIP LOCKED) RETURNING name`, s.node.Load(), over)
		if err != nil {
			return err
		}
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return names, s.coded(err)
}

// HoldWorkspaces implements store.Nodes.
func (s *Store) HoldWorkspaces(ctx context.Context, workspaces []smsir.UUID) (mine []smsir.UUID, err error) {
	err = s.update(ctx, func(t *tx) error {
		mine = nil
		rows, err := t.conn.Query(t.ctx, `INSERT INTO workspace_leases AS l (workspace_id, node, lease_until)
			SELECT w, $2, smsir_now() + $3 FROM unnest($1::bytea[]) w ORDER BY w
			ON CONFLICT (workspace_id) DO UPDATE SET node = excluded.node, lease_until = excluded.lease_until
			WHERE l.node = excluded.node OR l.lease_until < smsir_now() OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = l.node AND n.stopped_at = 0)
			RETURNING l.workspace_id`, distinctUUIDs(workspaces), s.node.Load(), s.opt.Lease.Milliseconds())
		if err != nil {
			return err
		}
		mine, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (id smsir.UUID, err error) { return id, row.Scan(&id) })
		return err
	})
	return mine, s.coded(err)
}

// DropWorkspace implements store.Nodes.
func (s *Store) DropWorkspace(ctx context.Context, workspace smsir.UUID) error {
	return s.coded(s.update(ctx, func(t *tx) error {
		return t.exec("DELETE FROM workspace_leases WHERE workspace_id = $1 AND node = $2", workspace, s.node.Load())
	}))
}

// channel carries the wake-ups of all nodes: the number of the one that speaks, a space, and the topic.
const channel = "smsir"

// Wake implements store.Nodes. It is a transaction of its own that writes nothing else: a notification holds a lock of the
// whole server until its commit is done, so no commit that waits for the disk may carry one.
func (s *Store) Wake(ctx context.Context, topic string) error {
	_, err := s.pool.Exec(ctx, "SELECT pg_notify($1, $2)", channel, strconv.FormatInt(s.node.Load(), 10)+" "+topic)
	return s.coded(err)
}

// Listen implements store.Nodes.
func (s *Store) Listen(ctx context.Context, heard func(topic string)) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end) // it may have ended
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	heard("") // of what was told before we listened
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		from, topic, _ := strings.Cut(n.Payload, " ")
		if from != strconv.FormatInt(s.node.Load(), 10) {
			heard(topic)
		}
	}
}
