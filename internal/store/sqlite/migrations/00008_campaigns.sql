-- +goose Up
CREATE TABLE templates (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL, -- folded, for order
  texts        TEXT NOT NULL, -- JSON: by language, "" for everybody else
  author_kind  INTEGER NOT NULL,
  author_id    BLOB,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  archived_at  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX templates_name ON templates(workspace_id, name_key) WHERE archived_at = 0;

CREATE TABLE campaigns (
  id            BLOB PRIMARY KEY,
  workspace_id  BLOB NOT NULL REFERENCES workspaces(id),
  name          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('draft', 'waiting', 'scheduled', 'running', 'paused', 'done', 'canceled')),
  reason        TEXT NOT NULL,
  plan          TEXT NOT NULL, -- JSON
  template_id   BLOB,
  author_kind   INTEGER NOT NULL,
  author_id     BLOB,
  launcher_kind INTEGER NOT NULL DEFAULT 0,
  launcher_id   BLOB,
  approver_kind INTEGER NOT NULL DEFAULT 0,
  approver_id   BLOB,
  approved_at   INTEGER NOT NULL DEFAULT 0,
  parent_id     BLOB,
  day           TEXT NOT NULL,
  failed_of     BLOB,
  batch_id      INTEGER NOT NULL,
  start_at      INTEGER NOT NULL DEFAULT 0,
  started_at    INTEGER NOT NULL DEFAULT 0,
  finished_at   INTEGER NOT NULL DEFAULT 0,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  walk          TEXT NOT NULL DEFAULT '', -- where the gathering of recipients stands
  last          INTEGER NOT NULL DEFAULT 0,
  recipients    INTEGER NOT NULL DEFAULT 0,
  repeated      INTEGER NOT NULL DEFAULT 0,
  fed           INTEGER NOT NULL DEFAULT 0,
  accepted      INTEGER NOT NULL DEFAULT 0,
  blocked       INTEGER NOT NULL DEFAULT 0,
  skipped       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX campaigns_workspace ON campaigns(workspace_id, id);
CREATE INDEX campaigns_template ON campaigns(template_id) WHERE template_id IS NOT NULL;
CREATE UNIQUE INDEX campaigns_day ON campaigns(parent_id, day) WHERE parent_id IS NOT NULL;

CREATE TABLE campaign_recipients (
  campaign_id BLOB NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  phone       TEXT NOT NULL,
  country     TEXT NOT NULL,
  language    TEXT NOT NULL,
  variables   TEXT NOT NULL, -- JSON, '' for none
  due_at      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX campaign_recipients_phone ON campaign_recipients(campaign_id, phone);

CREATE TABLE campaign_settings (
  workspace_id   BLOB PRIMARY KEY REFERENCES workspaces(id),
  approval_above INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
