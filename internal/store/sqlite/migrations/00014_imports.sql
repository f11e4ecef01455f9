-- +goose Up
CREATE TABLE imports (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('uploading', 'uploaded', 'reviewing', 'reviewed', 'committing', 'committed', 'undoing', 'undone', 'failed')),
  header       INTEGER NOT NULL,
  first_row    INTEGER NOT NULL,
  last_row     INTEGER NOT NULL,
  row_count    INTEGER NOT NULL,
  columns      TEXT NOT NULL, -- JSON
  mapping      TEXT NOT NULL, -- JSON
  groups       TEXT NOT NULL, -- JSON
  review       INTEGER NOT NULL,
  cursor       INTEGER NOT NULL, -- the last row that the work under way has done
  counts       TEXT NOT NULL, -- JSON
  problem      TEXT NOT NULL,
  actor_kind   INTEGER NOT NULL,
  actor_id     BLOB,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_workspace ON imports(workspace_id, id);

CREATE TABLE import_rows (
  import_id    BLOB NOT NULL REFERENCES imports(id) ON DELETE CASCADE,
  n            INTEGER NOT NULL, -- in the spreadsheet
  cells        TEXT NOT NULL, -- JSON
  review       INTEGER NOT NULL DEFAULT 0, -- that judged it
  state        TEXT NOT NULL DEFAULT '',
  opted_out    INTEGER NOT NULL DEFAULT 0,
  phone        TEXT NOT NULL DEFAULT '',
  code         TEXT NOT NULL DEFAULT '',
  column_name  TEXT NOT NULL DEFAULT '',
  reason       TEXT NOT NULL DEFAULT '',
  contact_id   BLOB, -- that it wrote
  before       TEXT NOT NULL DEFAULT '', -- JSON, how the contact was; '' for one that was not there
  written_at   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (import_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_rows_phone ON import_rows(import_id, phone) WHERE phone <> '';
CREATE INDEX import_rows_state ON import_rows(import_id, state, n) WHERE state <> '';
CREATE INDEX import_rows_contact ON import_rows(import_id, n) WHERE contact_id IS NOT NULL;
