-- +goose Up
-- What is counted of the messages accepted in an hour, by one dimension at a time. It follows from the messages, is made
-- anew whole whenever one of them has changed, and may be thrown away: see package report.
CREATE TABLE report_cells (
  workspace_id BLOB NOT NULL,
  dimension    INTEGER NOT NULL, -- store.Dimension
  hour         INTEGER NOT NULL, -- start of the hour
  value        TEXT NOT NULL,
  numbers      BLOB NOT NULL, -- store.Numbers, encoded
  PRIMARY KEY (workspace_id, dimension, hour, value)
) STRICT, WITHOUT ROWID;

-- Hours in which something has changed since they were counted.
CREATE TABLE report_marks (
  workspace_id BLOB NOT NULL,
  hour         INTEGER NOT NULL,
  stamp        INTEGER NOT NULL, -- another one whenever it is marked again
  PRIMARY KEY (workspace_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_marks_stamp ON report_marks(stamp);

-- One row, from the first count on.
CREATE TABLE report_state (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  version   INTEGER NOT NULL, -- of what is counted
  watermark INTEGER NOT NULL  -- the last event that was looked at
) STRICT;

CREATE TABLE weekly_reports (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  week         TEXT NOT NULL, -- its Monday, 2006-01-02
  from_at      INTEGER NOT NULL,
  to_at        INTEGER NOT NULL,
  time_zone    TEXT NOT NULL,
  body         TEXT NOT NULL, -- JSON
  told         INTEGER NOT NULL DEFAULT 0, -- its event is out
  created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX weekly_reports_week ON weekly_reports(workspace_id, week);

CREATE TABLE report_settings (
  workspace_id BLOB PRIMARY KEY REFERENCES workspaces(id),
  weekly       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
