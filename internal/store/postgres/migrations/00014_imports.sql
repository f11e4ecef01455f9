-- +goose Up
CREATE TABLE imports (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  name         TEXT COLLATE "C" NOT NULL,
  state        TEXT COLLATE "C" NOT NULL CHECK (state IN ('uploading', 'uploaded', 'reviewing', 'reviewed', 'committing', 'committed', 'undoing', 'undone', 'failed')),
  header       SMALLINT NOT NULL,
  first_row    INTEGER NOT NULL,
  last_row     INTEGER NOT NULL,
  row_count    INTEGER NOT NULL,
  columns      TEXT COLLATE "C" NOT NULL, -- JSON
  mapping      TEXT COLLATE "C" NOT NULL, -- JSON
  groups       TEXT COLLATE "C" NOT NULL, -- JSON
  review       BIGINT NOT NULL,
  cursor       INTEGER NOT NULL, -- the last row that the work under way has done
  counts       TEXT COLLATE "C" NOT NULL, -- JSON
  problem      TEXT COLLATE "C" NOT NULL,
  actor_kind   SMALLINT NOT NULL,
  actor_id     BYTEA,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX imports_workspace ON imports(workspace_id, id);

CREATE TABLE import_rows (
  import_id    BYTEA NOT NULL REFERENCES imports(id) ON DELETE CASCADE,
  n            INTEGER NOT NULL, -- in the spreadsheet
  cells        TEXT COLLATE "C" NOT NULL, -- JSON
  review       BIGINT NOT NULL DEFAULT 0, -- that judged it
  state        TEXT COLLATE "C" NOT NULL DEFAULT '',
  opted_out    SMALLINT NOT NULL DEFAULT 0,
  phone        TEXT COLLATE "C" NOT NULL DEFAULT '',
  code         TEXT COLLATE "C" NOT NULL DEFAULT '',
  column_name  TEXT COLLATE "C" NOT NULL DEFAULT '',
  reason       TEXT COLLATE "C" NOT NULL DEFAULT '',
  contact_id   BYTEA, -- that it wrote
  before       TEXT COLLATE "C" NOT NULL DEFAULT '', -- JSON, how the contact was; '' for one that was not there
  written_at   BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (import_id, n)
);
CREATE INDEX import_rows_phone ON import_rows(import_id, phone) WHERE phone <> '';
CREATE INDEX import_rows_state ON import_rows(import_id, state, n) WHERE state <> '';
CREATE INDEX import_rows_contact ON import_rows(import_id, n) WHERE contact_id IS NOT NULL;
