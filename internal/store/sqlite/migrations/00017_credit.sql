-- +goose Up
-- The credit of workspaces: what messages cost is reserved when they are accepted, then settled or released.
ALTER TABLE workspaces ADD COLUMN credit_on INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN credit_low INTEGER NOT NULL DEFAULT 0; -- millionths; 0: never tell

ALTER TABLE messages ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;   -- millionths of the workspace's currency
ALTER TABLE messages ADD COLUMN charge INTEGER NOT NULL DEFAULT 0; -- 0 none, 1 reserved, 2 settled, 3 released, 4 refunded

CREATE TABLE credits (
  workspace_id BLOB PRIMARY KEY REFERENCES workspaces(id),
  balance      INTEGER NOT NULL CHECK (balance >= 0) -- the sum of credit_entries.amount
) STRICT, WITHOUT ROWID;

-- What messages under way hold back: the sum of credit_entries.held.
CREATE TABLE credit_held (
  workspace_id BLOB NOT NULL PRIMARY KEY REFERENCES workspaces(id),
  held         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only ever added to.
CREATE TABLE credit_entries (
  id           INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  message_id   INTEGER NOT NULL, -- 0: a grant or a correction
  kind         INTEGER NOT NULL, -- 1 reserve, 2 settle, 3 release, 4 refund, 5 grant, 6 correction
  amount       INTEGER NOT NULL, -- change of the balance
  held         INTEGER NOT NULL, -- change of what messages under way hold
  at           INTEGER NOT NULL,
  actor_kind   INTEGER NOT NULL DEFAULT 0,
  actor_id     BLOB,
  note         TEXT NOT NULL DEFAULT '',
  key          TEXT NOT NULL DEFAULT '' -- that a caller gave, so that it can ask again
) STRICT;
CREATE UNIQUE INDEX credit_entries_once ON credit_entries(message_id, kind) WHERE message_id <> 0;
CREATE UNIQUE INDEX credit_entries_key ON credit_entries(workspace_id, key) WHERE key <> '';
CREATE INDEX credit_entries_list ON credit_entries(workspace_id, id);
CREATE INDEX credit_entries_by_hand ON credit_entries(workspace_id, id) WHERE message_id = 0;

-- +goose StatementBegin
CREATE TRIGGER credit_entries_stay BEFORE UPDATE ON credit_entries BEGIN
  SELECT RAISE(ABORT, 'an entry of the credit ledger is never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_entries_last BEFORE DELETE ON credit_entries BEGIN
  SELECT RAISE(ABORT, 'an entry of the credit ledger is never removed');
END;
-- +goose StatementEnd
