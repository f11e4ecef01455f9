-- +goose Up
CREATE TABLE push_devices (
  id           BYTEA PRIMARY KEY,
  session_id   BYTEA NOT NULL UNIQUE REFERENCES sessions(id) ON DELETE CASCADE,
  user_id      BYTEA NOT NULL REFERENCES users(id),
  endpoint     BYTEA NOT NULL UNIQUE, -- SHA-256
  subscription BYTEA NOT NULL, -- sealed
  language     TEXT COLLATE "C" NOT NULL,
  user_agent   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  ok_at        BIGINT NOT NULL DEFAULT 0,
  failed_at    BIGINT NOT NULL DEFAULT 0,
  failure      TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX push_devices_user ON push_devices(user_id);

CREATE TABLE push_preferences (
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  user_id      BYTEA NOT NULL REFERENCES users(id),
  replies      TEXT COLLATE "C" NOT NULL CHECK (replies IN ('all', 'mine', 'none')),
  campaigns    BIGINT NOT NULL,
  failures     BIGINT NOT NULL,
  show_text    BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
);
