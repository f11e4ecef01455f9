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
// by its number for as long as anybody may ask. If nobody can tell within five seconds, neither do we.
func (s *Store) settle(xid string, cause error) error {
	deadline := time.Now().Add(settleTime)
	s.pool.Reset()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		var status *string
		err := s.pool.QueryRow(ctx, "SELECT pg_xact_status($1::xid8)", pgx.QueryExecModeSimpleProtocol, xid).Scan(&status)
		cancel()
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
			return &smsir.Error{
				Code: smsir.CodeCommitUnknown, Err: cause,
				Text: "The connection to the database broke during the commit: the change may or may not be stored. Repeat the request with the same Idempotency-Key.",
			}
		}
		time.Sleep(pause)
	}
}
