-- +goose Up
ALTER TABLE inbound ADD COLUMN incomplete INTEGER NOT NULL DEFAULT 0; -- some parts of it never came

-- Messages in parts, until they are together.
CREATE TABLE part_sets (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL,
  owner_id   BLOB NOT NULL, -- provider or SMPP account
  sender     TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  reference  INTEGER NOT NULL CHECK (reference BETWEEN 0 AND 65535),
  total      INTEGER NOT NULL CHECK (total BETWEEN 1 AND 255),
  created_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  done_at    INTEGER NOT NULL DEFAULT 0,
  message_id INTEGER NOT NULL DEFAULT 0,
  superseded INTEGER NOT NULL DEFAULT 0 -- by another set with the same key: it gets no more parts
) STRICT;
CREATE UNIQUE INDEX part_sets_open ON part_sets(kind, owner_id, sender, recipient, reference, total) WHERE done_at = 0 AND superseded = 0;
CREATE INDEX part_sets_due ON part_sets(kind, due_at) WHERE done_at = 0;
CREATE INDEX part_sets_done ON part_sets(kind, done_at) WHERE done_at > 0;
CREATE INDEX part_sets_message ON part_sets(message_id) WHERE message_id > 0;

CREATE TABLE set_parts (
  set_id      INTEGER NOT NULL REFERENCES part_sets(id) ON DELETE CASCADE,
  number      INTEGER NOT NULL CHECK (number BETWEEN 1 AND 255),
  id          INTEGER NOT NULL DEFAULT 0,
  body        BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (set_id, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX set_parts_id ON set_parts(id) WHERE id > 0;

-- The accounts of customers who speak SMPP with us.
CREATE TABLE smpp_accounts (
  id            BLOB PRIMARY KEY,
  workspace_id  BLOB NOT NULL REFERENCES workspaces(id),
  system_id     TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  networks      TEXT NOT NULL, -- JSON array of prefixes; [] for any address
  modes         TEXT NOT NULL, -- JSON array: transmitter, receiver, transceiver
  senders       TEXT NOT NULL, -- JSON array; [] for any sender
  class         INTEGER NOT NULL CHECK (class BETWEEN 0 AND 2),
  sessions      INTEGER NOT NULL CHECK (sessions >= 1),
  window_size   INTEGER NOT NULL CHECK (window_size >= 1),
  rate          INTEGER NOT NULL CHECK (rate >= 0), -- submit_sm a second; 0 for no limit
  inbound       INTEGER NOT NULL, -- messages from handsets to its senders are delivered to it
  enabled       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  last_bound_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX smpp_accounts_workspace ON smpp_accounts(workspace_id);

-- Receipts and messages from handsets that wait for the customer's answer.
CREATE TABLE smpp_outbox (
  id         INTEGER PRIMARY KEY,
  account_id BLOB NOT NULL REFERENCES smpp_accounts(id) ON DELETE CASCADE,
  body       TEXT NOT NULL, -- JSON
  expires_at INTEGER NOT NULL,
  busy_until INTEGER NOT NULL DEFAULT 0 -- a node has it in hand
) STRICT;
CREATE INDEX smpp_outbox_account ON smpp_outbox(account_id, id);
CREATE INDEX smpp_outbox_expiry ON smpp_outbox(expires_at);
