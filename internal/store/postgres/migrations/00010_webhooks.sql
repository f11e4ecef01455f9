-- +goose Up
CREATE TABLE webhooks (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  url          TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  types        TEXT COLLATE "C" NOT NULL, -- JSON array, [] for all
  secrets      BYTEA NOT NULL, -- sealed
  enabled      BIGINT NOT NULL,
  why          TEXT COLLATE "C" NOT NULL DEFAULT '',
  failing_at   BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX webhooks_workspace ON webhooks(workspace_id, created_at);

CREATE TABLE deliveries (
  id           BIGINT PRIMARY KEY,
  workspace_id BYTEA NOT NULL,
  webhook_id   BYTEA NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
  event_id     BIGINT NOT NULL,
  type         TEXT COLLATE "C" NOT NULL,
  body         BYTEA NOT NULL,
  state        BIGINT NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
  attempts     BIGINT NOT NULL DEFAULT 0,
  next_at      BIGINT NOT NULL,
  lease_until  BIGINT NOT NULL DEFAULT 0,
  status       BIGINT NOT NULL DEFAULT 0,
  answer       TEXT COLLATE "C" NOT NULL DEFAULT '',
  tried_at     BIGINT NOT NULL DEFAULT 0,
  took         BIGINT NOT NULL DEFAULT 0, -- milliseconds
  created_at   BIGINT NOT NULL
);
CREATE INDEX deliveries_webhook ON deliveries(webhook_id, id);
CREATE INDEX deliveries_due ON deliveries(webhook_id, next_at) WHERE state = 0;
CREATE INDEX deliveries_next ON deliveries(next_at) WHERE state = 0;
CREATE INDEX deliveries_ended ON deliveries(created_at) WHERE state > 0;
