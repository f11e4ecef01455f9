-- +goose Up
-- The credit of workspaces: what messages cost is reserved when they are accepted, then settled or released.
ALTER TABLE workspaces ADD COLUMN credit_on BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN credit_low BIGINT NOT NULL DEFAULT 0; -- millionths; 0: never tell

ALTER TABLE messages ADD COLUMN cost BIGINT NOT NULL DEFAULT 0;   -- millionths of the workspace's currency
ALTER TABLE messages ADD COLUMN charge BIGINT NOT NULL DEFAULT 0; -- 0 none, 1 reserved, 2 settled, 3 released, 4 refunded

CREATE TABLE credits (
  workspace_id BYTEA PRIMARY KEY REFERENCES workspaces(id),
  balance      BIGINT NOT NULL CHECK (balance >= 0) -- the sum of credit_entries.amount
);

-- What messages under way hold back: the sum of credit_entries.held. Each writer has a row of its own, so that what is
-- settled waits for nobody.
CREATE TABLE credit_held (
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  shard        INTEGER NOT NULL DEFAULT -1,
  held         BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, shard)
);

-- Only ever added to.
CREATE TABLE credit_entries (
  id           BIGINT PRIMARY KEY,
  workspace_id BYTEA NOT NULL,
  message_id   BIGINT NOT NULL, -- 0: a grant or a correction
  kind         BIGINT NOT NULL, -- 1 reserve, 2 settle, 3 release, 4 refund, 5 grant, 6 correction
  amount       BIGINT NOT NULL, -- change of the balance
  held         BIGINT NOT NULL, -- change of what messages under way hold
  at           BIGINT NOT NULL,
  actor_kind   BIGINT NOT NULL DEFAULT 0,
  actor_id     BYTEA,
  note         TEXT COLLATE "C" NOT NULL DEFAULT '',
  key          TEXT COLLATE "C" NOT NULL DEFAULT '' -- that a caller gave, so that it can ask again
);
CREATE UNIQUE INDEX credit_entries_once ON credit_entries(message_id, kind) WHERE message_id <> 0;
CREATE UNIQUE INDEX credit_entries_key ON credit_entries(workspace_id, key) WHERE key <> '';
CREATE INDEX credit_entries_list ON credit_entries(workspace_id, id);
CREATE INDEX credit_entries_by_hand ON credit_entries(workspace_id, id) WHERE message_id = 0;

-- +goose StatementBegin
CREATE FUNCTION smsir_credit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an entry of the credit ledger is never changed or removed';
END $$;
-- +goose StatementEnd
CREATE TRIGGER credit_entries_stay BEFORE UPDATE OR DELETE ON credit_entries FOR EACH ROW EXECUTE FUNCTION smsir_credit_stays();
