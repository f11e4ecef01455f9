-- +goose Up
-- Claiming is fair between workspaces: each workspace's classes are queues of their own.
DROP INDEX messages_claim;
CREATE INDEX messages_claim ON messages(workspace_id, class, next_at, id) WHERE status = 1 AND owner IS NULL;

ALTER TABLE messages ADD COLUMN ordering_key TEXT NOT NULL DEFAULT ''; -- '' for none
CREATE INDEX messages_ordering ON messages(workspace_id, ordering_key, id) WHERE ordering_key <> '' AND final = 0 AND status < 4;

-- What the provider says an attempt costs, in millionths of the currency's unit.
ALTER TABLE attempts ADD COLUMN price_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN price_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN price_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN price_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN fraud INTEGER NOT NULL DEFAULT 0;

-- Whether the routes let the message go on to another provider when this one proves that it did not send it.
ALTER TABLE attempts ADD COLUMN failover INTEGER NOT NULL DEFAULT 0;

-- Bounds of a workspace's queue; 0 for the server's setting.
ALTER TABLE workspaces ADD COLUMN queue_max_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN queue_max_age INTEGER NOT NULL DEFAULT 0; -- milliseconds
