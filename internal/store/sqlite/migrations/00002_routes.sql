-- +goose Up
-- The routing rules of workspaces, asked in the order of position.
CREATE TABLE route_rules (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  position     INTEGER NOT NULL CHECK (position >= 0),
  name         TEXT NOT NULL,
  enabled      INTEGER NOT NULL,
  rule         TEXT NOT NULL, -- JSON object, written and read by package routing
  version      INTEGER NOT NULL CHECK (version >= 1), -- rises with every change of the rule
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX route_rules_workspace ON route_rules(workspace_id, position);
