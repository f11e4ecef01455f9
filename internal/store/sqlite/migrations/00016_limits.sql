-- +goose Up
-- Limits that a workspace sets on itself, and what is used up of them.
ALTER TABLE workspaces ADD COLUMN limits TEXT NOT NULL DEFAULT '{}'; -- JSON

CREATE TABLE meters (
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,    -- of the limit; behind a colon, whom it counts for
  starts_at    INTEGER NOT NULL, -- of the period
  ends_at      INTEGER NOT NULL, -- 0: never
  n            INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, name, starts_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX meters_end ON meters(ends_at) WHERE ends_at > 0;

-- What a segment costs a workspace; a change is a new row, so that what was sent keeps its price.
ALTER TABLE workspaces ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN prices_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE prices (
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  destination  TEXT NOT NULL,    -- "+25470", a country such as "KE", or "*"
  valid_from   INTEGER NOT NULL,
  micros       INTEGER NOT NULL, -- millionths of the workspace's currency for one segment; -1: no longer in the list
  PRIMARY KEY (workspace_id, destination, valid_from)
) STRICT, WITHOUT ROWID;
