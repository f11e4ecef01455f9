-- +goose Up
CREATE TABLE jobs (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB,
  kind         TEXT NOT NULL,
  key          TEXT NOT NULL, -- '' for none
  payload      TEXT NOT NULL, -- JSON
  run_at       INTEGER NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  lease        BLOB,
  lease_until  INTEGER NOT NULL DEFAULT 0,
  error        TEXT NOT NULL DEFAULT '',
  created_at   INTEGER NOT NULL,
  CHECK ((lease IS NULL) = (lease_until = 0))
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs(kind, run_at);
CREATE UNIQUE INDEX jobs_key ON jobs(kind, key) WHERE key <> '';
