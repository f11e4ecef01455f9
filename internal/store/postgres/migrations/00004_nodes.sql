-- +goose Up
-- The generation of this schema. A program of generation N works on N and N+1: see docs/operations.md.
CREATE TABLE schema_version (
  generation INTEGER NOT NULL
);
INSERT INTO schema_version (generation) VALUES (1);

-- Workspaces with a provider whose connection exists once: the node that holds the lease runs it, and sends for them.
CREATE TABLE workspace_leases (
  workspace_id BYTEA PRIMARY KEY,
  node         BIGINT NOT NULL,
  lease_until  BIGINT NOT NULL -- by smsir_now()
);
