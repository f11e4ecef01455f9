-- +goose Up
CREATE TABLE jobs (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA,
  kind         TEXT COLLATE "C" NOT NULL,
  key          TEXT COLLATE "C" NOT NULL, -- '' for none
  payload      TEXT COLLATE "C" NOT NULL, -- JSON
  run_at       BIGINT NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  lease        BYTEA,
  lease_until  BIGINT NOT NULL DEFAULT 0,
  error        TEXT COLLATE "C" NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  CHECK ((lease IS NULL) = (lease_until = 0))
);
CREATE INDEX jobs_due ON jobs(kind, run_at);
CREATE UNIQUE INDEX jobs_key ON jobs(kind, key) WHERE key <> '';
