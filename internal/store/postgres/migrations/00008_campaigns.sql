-- +goose Up
CREATE TABLE templates (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL, -- folded, for order
  texts        TEXT COLLATE "C" NOT NULL, -- JSON: by language, "" for everybody else
  author_kind  BIGINT NOT NULL,
  author_id    BYTEA,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  archived_at  BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX templates_name ON templates(workspace_id, name_key) WHERE archived_at = 0;

CREATE TABLE campaigns (
  id            BYTEA PRIMARY KEY,
  workspace_id  BYTEA NOT NULL REFERENCES workspaces(id),
  name          TEXT COLLATE "C" NOT NULL,
  state         TEXT COLLATE "C" NOT NULL CHECK (state IN ('draft', 'waiting', 'scheduled', 'running', 'paused', 'done', 'canceled')),
  reason        TEXT COLLATE "C" NOT NULL,
  plan          TEXT COLLATE "C" NOT NULL, -- JSON
  template_id   BYTEA,
  author_kind   BIGINT NOT NULL,
  author_id     BYTEA,
  launcher_kind BIGINT NOT NULL DEFAULT 0,
  launcher_id   BYTEA,
  approver_kind BIGINT NOT NULL DEFAULT 0,
  approver_id   BYTEA,
  approved_at   BIGINT NOT NULL DEFAULT 0,
  parent_id     BYTEA,
  day           TEXT COLLATE "C" NOT NULL,
  failed_of     BYTEA,
  batch_id      BIGINT NOT NULL,
  start_at      BIGINT NOT NULL DEFAULT 0,
  started_at    BIGINT NOT NULL DEFAULT 0,
  finished_at   BIGINT NOT NULL DEFAULT 0,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  walk          TEXT COLLATE "C" NOT NULL DEFAULT '', -- where the gathering of recipients stands
  last          BIGINT NOT NULL DEFAULT 0,
  recipients    BIGINT NOT NULL DEFAULT 0,
  repeated      BIGINT NOT NULL DEFAULT 0,
  fed           BIGINT NOT NULL DEFAULT 0,
  accepted      BIGINT NOT NULL DEFAULT 0,
  blocked       BIGINT NOT NULL DEFAULT 0,
  skipped       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX campaigns_workspace ON campaigns(workspace_id, id);
CREATE INDEX campaigns_template ON campaigns(template_id) WHERE template_id IS NOT NULL;
CREATE UNIQUE INDEX campaigns_day ON campaigns(parent_id, day) WHERE parent_id IS NOT NULL;

CREATE TABLE campaign_recipients (
  campaign_id BYTEA NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
  position    BIGINT NOT NULL,
  phone       TEXT COLLATE "C" NOT NULL,
  country     TEXT COLLATE "C" NOT NULL,
  language    TEXT COLLATE "C" NOT NULL,
  variables   TEXT COLLATE "C" NOT NULL, -- JSON, '' for none
  due_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, position)
);
CREATE UNIQUE INDEX campaign_recipients_phone ON campaign_recipients(campaign_id, phone);

CREATE TABLE campaign_settings (
  workspace_id   BYTEA PRIMARY KEY REFERENCES workspaces(id),
  approval_above BIGINT NOT NULL
);
