-- +goose Up
-- Hours in which nobody's phone shall ring, "HH:MM" on the recipient's clocks; both empty: none.
ALTER TABLE workspaces ADD COLUMN quiet_from TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN quiet_to   TEXT NOT NULL DEFAULT '';
-- A person's own number, E.164, for test messages; empty: none.
ALTER TABLE users ADD COLUMN phone TEXT NOT NULL DEFAULT '';
