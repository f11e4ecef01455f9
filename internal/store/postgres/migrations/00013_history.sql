-- +goose Up
CREATE TABLE saved_views (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  owner_id     BYTEA NOT NULL REFERENCES users(id),
  team         SMALLINT NOT NULL CHECK (team IN (0, 1)),
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL, -- folded, for order and uniqueness
  query        TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX saved_views_team ON saved_views(workspace_id, name_key) WHERE team = 1;
CREATE UNIQUE INDEX saved_views_own ON saved_views(workspace_id, owner_id, name_key) WHERE team = 0;
