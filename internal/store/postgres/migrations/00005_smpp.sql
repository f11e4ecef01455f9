-- +goose Up
ALTER TABLE inbound ADD COLUMN incomplete BIGINT NOT NULL DEFAULT 0; -- some parts of it never came

-- Messages in parts, until they are together.
CREATE TABLE part_sets (
  id         BIGINT PRIMARY KEY,
  kind       TEXT COLLATE "C" NOT NULL,
  owner_id   BYTEA NOT NULL, -- provider or SMPP account
  sender     TEXT COLLATE "C" NOT NULL,
  recipient  TEXT COLLATE "C" NOT NULL,
  reference  BIGINT NOT NULL CHECK (reference BETWEEN 0 AND 65535),
  total      BIGINT NOT NULL CHECK (total BETWEEN 1 AND 255),
  created_at BIGINT NOT NULL,
  due_at     BIGINT NOT NULL,
  done_at    BIGINT NOT NULL DEFAULT 0,
  message_id BIGINT NOT NULL DEFAULT 0,
  superseded BIGINT NOT NULL DEFAULT 0 -- by another set with the same key: it gets no more parts
);
CREATE UNIQUE INDEX part_sets_open ON part_sets(kind, owner_id, sender, recipient, reference, total) WHERE done_at = 0 AND superseded = 0;
CREATE INDEX part_sets_due ON part_sets(kind, due_at) WHERE done_at = 0;
CREATE INDEX part_sets_done ON part_sets(kind, done_at) WHERE done_at > 0;
CREATE INDEX part_sets_message ON part_sets(message_id) WHERE message_id > 0;

CREATE TABLE set_parts (
  set_id      BIGINT NOT NULL REFERENCES part_sets(id) ON DELETE CASCADE,
  number      BIGINT NOT NULL CHECK (number BETWEEN 1 AND 255),
  id          BIGINT NOT NULL DEFAULT 0,
  body        BYTEA NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (set_id, number)
);
CREATE UNIQUE INDEX set_parts_id ON set_parts(id) WHERE id > 0;

-- The accounts of customers who speak SMPP with us.
CREATE TABLE smpp_accounts (
  id            BYTEA PRIMARY KEY,
  workspace_id  BYTEA NOT NULL REFERENCES workspaces(id),
  system_id     TEXT COLLATE "C" NOT NULL UNIQUE,
  name          TEXT COLLATE "C" NOT NULL,
  password_hash TEXT COLLATE "C" NOT NULL,
  networks      TEXT COLLATE "C" NOT NULL, -- JSON array of prefixes; [] for any address
  modes         TEXT COLLATE "C" NOT NULL, -- JSON array: transmitter, receiver, transceiver
  senders       TEXT COLLATE "C" NOT NULL, -- JSON array; [] for any sender
  class         BIGINT NOT NULL CHECK (class BETWEEN 0 AND 2),
  sessions      BIGINT NOT NULL CHECK (sessions >= 1),
  window_size   BIGINT NOT NULL CHECK (window_size >= 1),
  rate          BIGINT NOT NULL CHECK (rate >= 0), -- submit_sm a second; 0 for no limit
  inbound       BIGINT NOT NULL, -- messages from handsets to its senders are delivered to it
  enabled       BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  last_bound_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX smpp_accounts_workspace ON smpp_accounts(workspace_id);

-- Receipts and messages from handsets that wait for the customer's answer.
CREATE TABLE smpp_outbox (
  id         BIGINT PRIMARY KEY,
  account_id BYTEA NOT NULL REFERENCES smpp_accounts(id) ON DELETE CASCADE,
  body       TEXT COLLATE "C" NOT NULL, -- JSON
  expires_at BIGINT NOT NULL,
  busy_until BIGINT NOT NULL DEFAULT 0 -- a node has it in hand
);
CREATE INDEX smpp_outbox_account ON smpp_outbox(account_id, id);
CREATE INDEX smpp_outbox_expiry ON smpp_outbox(expires_at);
