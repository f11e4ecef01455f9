-- +goose Up
ALTER TABLE audit ADD COLUMN changes TEXT NOT NULL DEFAULT ''; -- JSON array of what was and what is, '' when nothing is kept
CREATE INDEX audit_target ON audit(workspace_id, target, id);

CREATE TABLE senders (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  value        TEXT NOT NULL, -- as the handset shows it; numbers in E.164
  kind         INTEGER NOT NULL,
  name         TEXT NOT NULL,
  countries    TEXT NOT NULL, -- JSON array: where it stands, country by country
  providers    TEXT NOT NULL, -- JSON array of those it may go through, [] for all
  defaults     TEXT NOT NULL, -- JSON array: for which messages it is taken when none is named
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX senders_value ON senders(workspace_id, value);
ALTER TABLE workspaces ADD COLUMN registered_senders INTEGER NOT NULL DEFAULT 0; -- 1: only senders that are registered
