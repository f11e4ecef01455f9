-- +goose Up
CREATE TABLE contacts (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  phone        TEXT NOT NULL,
  country      TEXT NOT NULL,
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL, -- folded, for order and search
  language     TEXT NOT NULL,
  notes        TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX contacts_phone ON contacts(workspace_id, phone);
CREATE INDEX contacts_name ON contacts(workspace_id, name_key, id);

CREATE TABLE contact_fields (
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  key          TEXT NOT NULL,
  label        TEXT NOT NULL,
  type         TEXT NOT NULL CHECK (type IN ('text', 'number', 'date')),
  position     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_values (
  contact_id   BLOB NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  key          TEXT NOT NULL,
  value        TEXT NOT NULL,
  PRIMARY KEY (contact_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL,
  filter       TEXT NOT NULL DEFAULT '', -- JSON, '' for people who were put into it
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX groups_name ON groups(workspace_id, name_key);

CREATE TABLE group_members (
  group_id   BLOB NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
  contact_id BLOB NOT NULL REFERENCES contacts(id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_contact ON group_members(contact_id);

-- The ledger of consent is only ever added to.
CREATE TABLE consents (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  at           INTEGER NOT NULL,
  recipient    TEXT NOT NULL,
  sender       TEXT NOT NULL, -- '' for every sender
  allowed      INTEGER NOT NULL,
  source       TEXT NOT NULL CHECK (source IN ('handset', 'person', 'import', 'provider')),
  actor_kind   INTEGER NOT NULL,
  actor_id     BLOB,
  inbound_id   INTEGER NOT NULL DEFAULT 0,
  text         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_workspace ON consents(workspace_id, id);
CREATE INDEX consents_recipient ON consents(workspace_id, recipient, id);
