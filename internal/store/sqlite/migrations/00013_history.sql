-- +goose Up
CREATE TABLE saved_views (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  owner_id     BLOB NOT NULL REFERENCES users(id),
  team         INTEGER NOT NULL CHECK (team IN (0, 1)),
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL, -- folded, for order and uniqueness
  query        TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX saved_views_team ON saved_views(workspace_id, name_key) WHERE team = 1;
CREATE UNIQUE INDEX saved_views_own ON saved_views(workspace_id, owner_id, name_key) WHERE team = 0;
