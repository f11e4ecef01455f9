package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
)

// settleTime is how long the outcome of a COMMIT is asked for.
const settleTime = 5 * time.Second

// settle finds out what became of a transaction whose COMMIT got no answer: nil if it is committed. The server knows it
// by its number for as long as anybody may ask, but only while it runs: one that has crashed gives the numbers of the
// transactions that it lost to others, and what those did says nothing about ours. If nobody can tell within five seconds,
// neither do we.
func (s *Store) settle(t *tx, cause error) error {
	deadline := time.Now().Add(settleTime)
	s.pool.Reset()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		var status *string
		var run string
		err := s.pool.QueryRow(ctx, "SELECT pg_xact_status($1::xid8), pg_postmaster_start_time()::text", pgx.QueryExecModeSimpleProtocol, t.xid).Scan(&status, &run)
		cancel()
		if err == nil && run != t.run {
			return commitUnknown(cause)
		}
		if err == nil && status != nil {
			switch *status {
			case "committed":
				s.log.Warn("a commit whose answer was lost has been found", "err", cause)
				return nil
			case "aborted":
				return &smsir.Error{Code: smsir.CodeStorageDown, Text: "The connection to the database broke before the change was stored.", Err: cause}
			}
		}
		if time.Until(deadline) < pause {
			return commitUnknown(cause)
		}
		time.Sleep(pause)
	}
}

func commitUnknown(cause error) error {
	return &smsir.Error{
		Code: smsir.CodeCommitUnknown, Err: cause,
		Text: "The connection to the database broke during the commit: the change may or may not be stored. Repeat the request with the same Idempotency-Key.",
	}
}
