-- +goose Up
CREATE TABLE push_devices (
  id           BLOB PRIMARY KEY,
  session_id   BLOB NOT NULL UNIQUE REFERENCES sessions(id) ON DELETE CASCADE,
  user_id      BLOB NOT NULL REFERENCES users(id),
  endpoint     BLOB NOT NULL UNIQUE, -- SHA-256
  subscription BLOB NOT NULL, -- sealed
  language     TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  ok_at        INTEGER NOT NULL DEFAULT 0,
  failed_at    INTEGER NOT NULL DEFAULT 0,
  failure      TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX push_devices_user ON push_devices(user_id);

CREATE TABLE push_preferences (
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  user_id      BLOB NOT NULL REFERENCES users(id),
  replies      TEXT NOT NULL CHECK (replies IN ('all', 'mine', 'none')),
  campaigns    INTEGER NOT NULL,
  failures     INTEGER NOT NULL,
  show_text    INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
