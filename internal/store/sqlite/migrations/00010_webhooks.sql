-- +goose Up
CREATE TABLE webhooks (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  url          TEXT NOT NULL,
  name         TEXT NOT NULL,
  types        TEXT NOT NULL, -- JSON array, [] for all
  secrets      BLOB NOT NULL, -- sealed
  enabled      INTEGER NOT NULL,
  why          TEXT NOT NULL DEFAULT '',
  failing_at   INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_workspace ON webhooks(workspace_id, created_at);

CREATE TABLE deliveries (
  id           INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  webhook_id   BLOB NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
  event_id     INTEGER NOT NULL,
  type         TEXT NOT NULL,
  body         BLOB NOT NULL,
  state        INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
  attempts     INTEGER NOT NULL DEFAULT 0,
  next_at      INTEGER NOT NULL,
  lease_until  INTEGER NOT NULL DEFAULT 0,
  status       INTEGER NOT NULL DEFAULT 0,
  answer       TEXT NOT NULL DEFAULT '',
  tried_at     INTEGER NOT NULL DEFAULT 0,
  took         INTEGER NOT NULL DEFAULT 0, -- milliseconds
  created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_webhook ON deliveries(webhook_id, id);
CREATE INDEX deliveries_due ON deliveries(webhook_id, next_at) WHERE state = 0;
CREATE INDEX deliveries_next ON deliveries(next_at) WHERE state = 0;
CREATE INDEX deliveries_ended ON deliveries(created_at) WHERE state > 0;
