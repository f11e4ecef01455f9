-- +goose Up
-- The routing rules of workspaces, asked in the order of position.
CREATE TABLE route_rules (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  position     INTEGER NOT NULL CHECK (position >= 0),
  name         TEXT COLLATE "C" NOT NULL,
  enabled      SMALLINT NOT NULL,
  rule         TEXT COLLATE "C" NOT NULL, -- JSON object, written and read by package routing
  version      BIGINT NOT NULL CHECK (version >= 1), -- rises with every change of the rule
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX route_rules_workspace ON route_rules(workspace_id, position);
