-- +goose Up
-- One-time codes that have ended and still have their text. Before, they were looked for among all events.
CREATE INDEX messages_codes ON messages(workspace_id, id) WHERE class = 1 AND final = 1 AND text_removed_at = 0;
