-- +goose Up
-- A conversation is what one number and one of ours write to each other. Its id follows from the three columns below it.
CREATE TABLE conversations (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  contact      TEXT NOT NULL,
  ours         TEXT NOT NULL, -- the number that was written to, '' when the provider does not tell
  provider_id  BLOB NOT NULL, -- that the last message came in by
  last_at      INTEGER NOT NULL,
  last_text    TEXT NOT NULL,
  last_out     INTEGER NOT NULL DEFAULT 0,
  unread       INTEGER NOT NULL DEFAULT 0,
  assignee_id  BLOB,
  archived     INTEGER NOT NULL DEFAULT 0,
  seeded       INTEGER NOT NULL DEFAULT 0, -- what was sent before it began was looked up
  menu_id      BLOB,    -- the menu that was sent last
  menu_until   INTEGER NOT NULL DEFAULT 0,
  menu_left    INTEGER NOT NULL DEFAULT 0, -- choices that may still be answered, and the message answered last
  menu_inbound INTEGER NOT NULL DEFAULT 0,
  auto_at      INTEGER NOT NULL DEFAULT 0, -- of the last automatic answer, and to which message
  auto_inbound INTEGER NOT NULL DEFAULT 0,
  stop_at      INTEGER NOT NULL DEFAULT 0, -- likewise of the last confirmation of an opt-out
  stop_inbound INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX conversations_pair ON conversations(workspace_id, contact, ours);
CREATE INDEX conversations_last ON conversations(workspace_id, archived, last_at, id);
CREATE INDEX conversations_unread ON conversations(workspace_id, archived, last_at, id) WHERE unread > 0;
CREATE INDEX conversations_ours ON conversations(ours);

-- Only messages of numbers that once wrote to us are here, so that nothing else pays for it.
CREATE TABLE conversation_messages (
  conversation_id BLOB NOT NULL,
  id              INTEGER NOT NULL, -- of a message or, when inbound is 1, of an inbound message
  inbound         INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_notes (
  id              BLOB PRIMARY KEY,
  workspace_id    BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  text            TEXT NOT NULL,
  actor_kind      INTEGER NOT NULL,
  actor_id        BLOB,
  created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_notes_of ON conversation_notes(conversation_id, id);

CREATE TABLE canned_replies (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL,
  text         TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX canned_replies_name ON canned_replies(workspace_id, name_key);

CREATE TABLE auto_replies (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL,
  kind         TEXT NOT NULL CHECK (kind IN ('keyword', 'menu', 'any')),
  rule         TEXT NOT NULL, -- JSON
  position     INTEGER NOT NULL,
  active       INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX auto_replies_name ON auto_replies(workspace_id, name_key);

CREATE TABLE inbox_settings (
  workspace_id BLOB PRIMARY KEY REFERENCES workspaces(id),
  value        TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE opt_out_reviews (
  id              BLOB PRIMARY KEY,
  workspace_id    BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  inbound_id      INTEGER NOT NULL UNIQUE,
  contact         TEXT NOT NULL,
  ours            TEXT NOT NULL,
  text            TEXT NOT NULL,
  phrase          TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('open', 'opted_out', 'dismissed')),
  actor_kind      INTEGER NOT NULL DEFAULT 0,
  actor_id        BLOB,
  created_at      INTEGER NOT NULL,
  decided_at      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX opt_out_reviews_state ON opt_out_reviews(workspace_id, state, id);

-- Messages that tell a recipient that no more will come: the block does not hold them up.
CREATE TABLE confirmations (
  message_id INTEGER PRIMARY KEY
) STRICT;
