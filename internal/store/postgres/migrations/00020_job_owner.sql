-- +goose Up
-- The run (nodes.id) that has the lease: what an ended one leaves is due again at once, not when the lease is over.
ALTER TABLE jobs ADD COLUMN owner BIGINT;
CREATE INDEX jobs_owner ON jobs(owner) WHERE owner IS NOT NULL;
