package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// TestSettleAfterACrash: a server that crashes may give the number of a transaction that it lost to another one. What that
// one did must not be taken for the fate of ours.
func TestSettleAfterACrash(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s, err := Open(t.Context(), server.Database(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // its nodes are gone
	lost, cause := &tx{s: s}, errors.New("the connection broke")
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lost.ctx, lost.conn = context.Background(), conn.Conn()
	if err := lost.begin(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	conn.Release()
	server.Restart(t)
	for range 50 { // others take the numbers that are free
		if _, err := s.pool.Exec(t.Context(), "INSERT INTO settings (name, value) VALUES (gen_random_uuid()::text, '')"); err != nil {
			s.pool.Reset()
		}
	}
	err = s.settle(lost, cause)
	if smsir.CodeOf(err) != smsir.CodeCommitUnknown && smsir.CodeOf(err) != smsir.CodeStorageDown {
		t.Errorf("a transaction that the crash took is settled with %v", err)
	}
}
