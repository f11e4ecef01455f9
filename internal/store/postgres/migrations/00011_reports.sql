-- +goose Up
-- What is counted of the messages accepted in an hour, by one dimension at a time. It follows from the messages, is made
-- anew whole whenever one of them has changed, and may be thrown away: see package report.
CREATE TABLE report_cells (
  workspace_id BYTEA NOT NULL,
  dimension    SMALLINT NOT NULL, -- store.Dimension
  hour         BIGINT NOT NULL, -- start of the hour
  value        TEXT COLLATE "C" NOT NULL,
  numbers      BYTEA NOT NULL, -- store.Numbers, encoded
  PRIMARY KEY (workspace_id, dimension, hour, value)
);

-- Hours in which something has changed since they were counted.
CREATE TABLE report_marks (
  workspace_id BYTEA NOT NULL,
  hour         BIGINT NOT NULL,
  stamp        BIGINT NOT NULL, -- another one whenever it is marked again
  PRIMARY KEY (workspace_id, hour)
);
CREATE INDEX report_marks_stamp ON report_marks(stamp);

-- One row, from the first count on.
CREATE TABLE report_state (
  id        SMALLINT PRIMARY KEY CHECK (id = 1),
  version   BIGINT NOT NULL, -- of what is counted
  watermark BIGINT NOT NULL  -- the last event that was looked at
);

CREATE TABLE weekly_reports (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  week         TEXT COLLATE "C" NOT NULL, -- its Monday, 2006-01-02
  from_at      BIGINT NOT NULL,
  to_at        BIGINT NOT NULL,
  time_zone    TEXT COLLATE "C" NOT NULL,
  body         TEXT COLLATE "C" NOT NULL, -- JSON
  told         SMALLINT NOT NULL DEFAULT 0, -- its event is out
  created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX weekly_reports_week ON weekly_reports(workspace_id, week);

CREATE TABLE report_settings (
  workspace_id BYTEA PRIMARY KEY REFERENCES workspaces(id),
  weekly       SMALLINT NOT NULL
);
