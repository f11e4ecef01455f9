-- +goose Up
-- How long texts and whole messages are kept. A workspace that has no row is older than this and keeps everything.
CREATE TABLE retention (
  workspace_id  BYTEA PRIMARY KEY REFERENCES workspaces(id),
  text_days     BIGINT NOT NULL CHECK (text_days >= 0),     -- 0: for ever
  metadata_days BIGINT NOT NULL CHECK (metadata_days >= 0), -- 0: for ever
  otp           BIGINT NOT NULL CHECK (otp IN (0, 1)),      -- texts of one-time codes go as soon as the message has ended
  decided_at    BIGINT NOT NULL,
  -- How far the sweep is: ids of messages, inbound messages and events.
  text_to       BIGINT NOT NULL DEFAULT 0,
  inbound_to    BIGINT NOT NULL DEFAULT 0,
  otp_to        BIGINT NOT NULL DEFAULT 0,
  otp_end       BIGINT NOT NULL DEFAULT 0, -- messages above it are found by their events
  gone_to       BIGINT NOT NULL DEFAULT 0,
  inbound_gone  BIGINT NOT NULL DEFAULT 0,
  events_gone   BIGINT NOT NULL DEFAULT 0,
  gone_hour     BIGINT NOT NULL DEFAULT 0  -- start of the last hour of which messages were deleted: it is not counted again
);

-- Messages that the sweep passed before their time, since they had not ended.
CREATE TABLE retention_later (
  workspace_id BYTEA NOT NULL,
  stage        BIGINT NOT NULL CHECK (stage BETWEEN 1 AND 2), -- 1 texts, 2 whole messages
  look_at      BIGINT NOT NULL,
  message_id   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, stage, look_at, message_id)
);

-- 0: it has its text.
ALTER TABLE messages ADD COLUMN text_removed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN text_removed_by BIGINT NOT NULL DEFAULT 0; -- smsir.TextRemoval
ALTER TABLE inbound ADD COLUMN text_removed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN text_removed_at BIGINT NOT NULL DEFAULT 0; -- of the last message
ALTER TABLE campaigns ADD COLUMN text_removed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN values_to BIGINT NOT NULL DEFAULT 0; -- values of recipients up to this position are removed

-- Deliveries are made in the order of events, so this grows at its end.
CREATE INDEX deliveries_event ON deliveries(event_id);

-- What ended before is walked over when a workspace asks for it.
INSERT INTO settings (name, value) SELECT 'retention_cursor', CAST(e.id AS TEXT) FROM (SELECT max(id) AS id FROM events) e WHERE e.id IS NOT NULL;
