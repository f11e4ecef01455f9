-- +goose Up
CREATE TABLE contacts (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  phone        TEXT COLLATE "C" NOT NULL,
  country      TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL, -- folded, for order and search
  language     TEXT COLLATE "C" NOT NULL,
  notes        TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX contacts_phone ON contacts(workspace_id, phone);
CREATE INDEX contacts_name ON contacts(workspace_id, name_key, id);

CREATE TABLE contact_fields (
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  key          TEXT COLLATE "C" NOT NULL,
  label        TEXT COLLATE "C" NOT NULL,
  type         TEXT COLLATE "C" NOT NULL CHECK (type IN ('text', 'number', 'date')),
  position     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, key)
);

CREATE TABLE contact_values (
  contact_id   BYTEA NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  key          TEXT COLLATE "C" NOT NULL,
  value        TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (contact_id, key)
);

CREATE TABLE groups (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL,
  filter       TEXT COLLATE "C" NOT NULL DEFAULT '', -- JSON, '' for people who were put into it
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX groups_name ON groups(workspace_id, name_key);

CREATE TABLE group_members (
  group_id   BYTEA NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
  contact_id BYTEA NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, contact_id)
);
CREATE INDEX group_members_contact ON group_members(contact_id);

-- The ledger of consent is only ever added to.
CREATE TABLE consents (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL,
  at           BIGINT NOT NULL,
  recipient    TEXT COLLATE "C" NOT NULL,
  sender       TEXT COLLATE "C" NOT NULL, -- '' for every sender
  allowed      SMALLINT NOT NULL,
  source       TEXT COLLATE "C" NOT NULL CHECK (source IN ('handset', 'person', 'import', 'provider')),
  actor_kind   SMALLINT NOT NULL,
  actor_id     BYTEA,
  inbound_id   BIGINT NOT NULL DEFAULT 0,
  text         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX consents_workspace ON consents(workspace_id, id);
CREATE INDEX consents_recipient ON consents(workspace_id, recipient, id);
