-- +goose Up
-- The generation of this schema. A program of generation N works on N and N+1: see docs/operations.md.
CREATE TABLE schema_version (
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO schema_version (generation) VALUES (1);
