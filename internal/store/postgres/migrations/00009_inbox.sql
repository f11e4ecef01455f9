-- +goose Up
-- A conversation is what one number and one of ours write to each other. Its id follows from the three columns below it.
CREATE TABLE conversations (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL,
  contact      TEXT COLLATE "C" NOT NULL,
  ours         TEXT COLLATE "C" NOT NULL, -- the number that was written to, '' when the provider does not tell
  provider_id  BYTEA NOT NULL, -- that the last message came in by
  last_at      BIGINT NOT NULL,
  last_text    TEXT COLLATE "C" NOT NULL,
  last_out     INTEGER NOT NULL DEFAULT 0,
  unread       INTEGER NOT NULL DEFAULT 0,
  assignee_id  BYTEA,
  archived     INTEGER NOT NULL DEFAULT 0,
  seeded       INTEGER NOT NULL DEFAULT 0, -- what was sent before it began was looked up
  menu_id      BYTEA,    -- the menu that was sent last
  menu_until   BIGINT NOT NULL DEFAULT 0,
  menu_left    INTEGER NOT NULL DEFAULT 0, -- choices that may still be answered, and the message answered last
  menu_inbound BIGINT NOT NULL DEFAULT 0,
  auto_at      BIGINT NOT NULL DEFAULT 0, -- of the last automatic answer, and to which message
  auto_inbound BIGINT NOT NULL DEFAULT 0,
  stop_at      BIGINT NOT NULL DEFAULT 0, -- likewise of the last confirmation of an opt-out
  stop_inbound BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_pair ON conversations(workspace_id, contact, ours);
CREATE INDEX conversations_last ON conversations(workspace_id, archived, last_at, id);
CREATE INDEX conversations_unread ON conversations(workspace_id, archived, last_at, id) WHERE unread > 0;
CREATE INDEX conversations_ours ON conversations(ours);

-- Only messages of numbers that once wrote to us are here, so that nothing else pays for it.
CREATE TABLE conversation_messages (
  conversation_id BYTEA NOT NULL,
  id              BIGINT NOT NULL, -- of a message or, when inbound is 1, of an inbound message
  inbound         INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, id)
);

CREATE TABLE conversation_notes (
  id              BYTEA PRIMARY KEY,
  workspace_id    BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  actor_kind      INTEGER NOT NULL,
  actor_id        BYTEA,
  created_at      BIGINT NOT NULL
);
CREATE INDEX conversation_notes_of ON conversation_notes(conversation_id, id);

CREATE TABLE canned_replies (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL,
  text         TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX canned_replies_name ON canned_replies(workspace_id, name_key);

CREATE TABLE auto_replies (
  id           BYTEA PRIMARY KEY,
  workspace_id BYTEA NOT NULL REFERENCES workspaces(id),
  name         TEXT COLLATE "C" NOT NULL,
  name_key     TEXT COLLATE "C" NOT NULL,
  kind         TEXT COLLATE "C" NOT NULL CHECK (kind IN ('keyword', 'menu', 'any')),
  rule         TEXT COLLATE "C" NOT NULL, -- JSON
  position     BIGINT NOT NULL,
  active       INTEGER NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX auto_replies_name ON auto_replies(workspace_id, name_key);

CREATE TABLE inbox_settings (
  workspace_id BYTEA PRIMARY KEY REFERENCES workspaces(id),
  value        TEXT COLLATE "C" NOT NULL -- JSON
);

CREATE TABLE opt_out_reviews (
  id              BYTEA PRIMARY KEY,
  workspace_id    BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  inbound_id      BIGINT NOT NULL UNIQUE,
  contact         TEXT COLLATE "C" NOT NULL,
  ours            TEXT COLLATE "C" NOT NULL,
  text            TEXT COLLATE "C" NOT NULL,
  phrase          TEXT COLLATE "C" NOT NULL,
  state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'opted_out', 'dismissed')),
  actor_kind      INTEGER NOT NULL DEFAULT 0,
  actor_id        BYTEA,
  created_at      BIGINT NOT NULL,
  decided_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX opt_out_reviews_state ON opt_out_reviews(workspace_id, state, id);

-- Messages that tell a recipient that no more will come: the block does not hold them up.
CREATE TABLE confirmations (
  message_id BIGINT PRIMARY KEY
);
