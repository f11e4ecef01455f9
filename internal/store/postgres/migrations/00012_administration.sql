-- +goose Up
ALTER TABLE audit ADD COLUMN changes TEXT COLLATE "C" NOT NULL DEFAULT ''; -- JSON array of what was and what is, '' when nothing is kept
CREATE INDEX audit_target ON audit(workspace_id, target, id);

CREATE TABLE senders (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  value        TEXT COLLATE "C" NOT NULL, -- as the handset shows it; numbers in E.164
  kind         BIGINT NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  countries    TEXT COLLATE "C" NOT NULL, -- JSON array: where it stands, country by country
  providers    TEXT COLLATE "C" NOT NULL, -- JSON array of those it may go through, [] for all
  defaults     TEXT COLLATE "C" NOT NULL, -- JSON array: for which messages it is taken when none is named
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX senders_value ON senders(workspace_id, value);
ALTER TABLE workspaces ADD COLUMN registered_senders BIGINT NOT NULL DEFAULT 0; -- 1: only senders that are registered
