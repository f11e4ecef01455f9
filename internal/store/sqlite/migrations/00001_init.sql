-- +goose Up
-- Times are Unix milliseconds UTC, 0 for none. Enumerations are the numbers of package smsir.
-- Random 16-byte identifiers are BLOBs; hot rows have time-ordered integer keys.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
  id          INTEGER PRIMARY KEY AUTOINCREMENT, -- one run of one process: the owner of messages
  started_at  INTEGER NOT NULL,
  stopped_at  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE users (
  id            BLOB PRIMARY KEY,
  email         TEXT NOT NULL,
  email_key     TEXT NOT NULL UNIQUE, -- lower case
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  operator      INTEGER NOT NULL DEFAULT 0,
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
  id         BLOB PRIMARY KEY,
  name       TEXT NOT NULL,
  country    TEXT NOT NULL,
  time_zone  TEXT NOT NULL,
  on_unknown INTEGER NOT NULL DEFAULT 0,
  smart      INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  paused_at  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  user_id      BLOB NOT NULL REFERENCES users(id),
  role         INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
  joined_at    INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members(user_id);

CREATE TABLE sessions (
  id           BLOB PRIMARY KEY,
  token_hash   BLOB NOT NULL UNIQUE,
  user_id      BLOB NOT NULL REFERENCES users(id),
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  client       TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  ip           TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  reauth_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions(user_id);

CREATE TABLE api_keys (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  name         TEXT NOT NULL,
  secret_hash  BLOB NOT NULL UNIQUE,
  hint         TEXT NOT NULL,
  scopes       TEXT NOT NULL, -- JSON array
  created_by   BLOB,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL DEFAULT 0,
  last_used_at INTEGER NOT NULL DEFAULT 0,
  revoked_at   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_workspace ON api_keys(workspace_id);

CREATE TABLE invites (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  email        TEXT NOT NULL,
  role         INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
  code_hash    BLOB NOT NULL UNIQUE,
  created_by   BLOB,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  accepted_at  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_workspace ON invites(workspace_id);

CREATE TABLE audit (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  at           INTEGER NOT NULL,
  workspace_id BLOB,
  actor_kind   INTEGER NOT NULL,
  actor_id     BLOB,
  action       TEXT NOT NULL,
  target       TEXT NOT NULL,
  ip           TEXT NOT NULL,
  detail       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_workspace ON audit(workspace_id, id);

CREATE TABLE providers (
  id           BLOB PRIMARY KEY,
  workspace_id BLOB NOT NULL REFERENCES workspaces(id),
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  settings     TEXT NOT NULL, -- JSON object
  secrets      BLOB,          -- sealed
  enabled      INTEGER NOT NULL,
  priority     INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  deleted_at   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX providers_name ON providers(workspace_id, name) WHERE deleted_at = 0;

CREATE TABLE suppressions (
  workspace_id BLOB NOT NULL,
  recipient    TEXT NOT NULL,
  sender       TEXT NOT NULL, -- '' for every sender
  reason       TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, recipient, sender)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  id                 INTEGER PRIMARY KEY,
  workspace_id       BLOB NOT NULL,
  batch_id           INTEGER NOT NULL DEFAULT 0,
  creator_kind       INTEGER NOT NULL,
  creator_id         BLOB,
  class              INTEGER NOT NULL CHECK (class BETWEEN 0 AND 2),
  recipient          TEXT NOT NULL,
  recipient_raw      TEXT NOT NULL,
  country            TEXT NOT NULL,
  sender             TEXT NOT NULL,
  text               TEXT NOT NULL,
  encoding           INTEGER NOT NULL CHECK (encoding BETWEEN 0 AND 1),
  segments           INTEGER NOT NULL CHECK (segments BETWEEN 1 AND 255),
  provider_id        BLOB,
  on_unknown         INTEGER NOT NULL CHECK (on_unknown BETWEEN 0 AND 2),
  client_ref         TEXT NOT NULL DEFAULT '',
  tags               TEXT NOT NULL DEFAULT '', -- JSON array, '' for none
  metadata           TEXT NOT NULL DEFAULT '', -- JSON object, '' for none
  resend_of          INTEGER NOT NULL DEFAULT 0,
  accepted_at        INTEGER NOT NULL,
  send_at            INTEGER NOT NULL DEFAULT 0,
  expires_at         INTEGER NOT NULL,

  status             INTEGER NOT NULL CHECK (status BETWEEN 0 AND 10),
  final              INTEGER NOT NULL CHECK (final IN (0, 1)),
  reason             TEXT NOT NULL,
  attempts           INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  tries              INTEGER NOT NULL DEFAULT 0 CHECK (tries >= attempts),
  seq                INTEGER NOT NULL CHECK (seq >= 1),
  next_at            INTEGER NOT NULL DEFAULT 0,
  updated_at         INTEGER NOT NULL,
  sent_at            INTEGER NOT NULL DEFAULT 0,
  finished_at        INTEGER NOT NULL DEFAULT 0,
  receipt_deadline   INTEGER NOT NULL DEFAULT 0,
  resolve_deadline   INTEGER NOT NULL DEFAULT 0,
  used_provider_id   BLOB,
  parts_total        INTEGER NOT NULL DEFAULT 0,
  parts_delivered    INTEGER NOT NULL DEFAULT 0,
  parts_failed       INTEGER NOT NULL DEFAULT 0,
  possible_duplicate INTEGER NOT NULL DEFAULT 0,
  cancel_requested   INTEGER NOT NULL DEFAULT 0,
  late_receipt       TEXT NOT NULL DEFAULT '', -- JSON, '' for none
  error              TEXT NOT NULL DEFAULT '', -- JSON, '' for none
  deadline_at        INTEGER NOT NULL DEFAULT 0, -- Message.DeadlineAt
  owner              INTEGER, -- nodes.id that holds a queued or sending message; NULL: anybody may claim

  CHECK (final = 1 OR status < 5),              -- delivered and beyond are final
  CHECK (final = 0 OR status >= 3),             -- scheduled, queued and sending never are
  CHECK ((finished_at > 0) = (final = 1)),
  CHECK (final = 1 OR status = 2 OR deadline_at > 0), -- whatever waits, the clock ends
  CHECK (status <> 2 OR owner IS NOT NULL),     -- somebody is sending it
  CHECK (status <= 2 OR owner IS NULL)
) STRICT;
CREATE INDEX messages_workspace ON messages(workspace_id, id);
CREATE INDEX messages_claim ON messages(class, next_at, id) WHERE status = 1 AND owner IS NULL;
CREATE INDEX messages_owner ON messages(owner, id) WHERE owner IS NOT NULL;
CREATE INDEX messages_deadline ON messages(deadline_at) WHERE final = 0 AND deadline_at > 0;
CREATE INDEX messages_batch ON messages(batch_id, id) WHERE batch_id > 0;

CREATE TABLE attempts (
  id           INTEGER PRIMARY KEY,
  message_id   INTEGER NOT NULL,
  workspace_id BLOB NOT NULL,
  number       INTEGER NOT NULL CHECK (number >= 1),
  provider_id  BLOB NOT NULL,
  state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL DEFAULT 0,
  reference    TEXT NOT NULL DEFAULT '', -- the provider's id; of the first part when there are several
  error        TEXT NOT NULL DEFAULT '', -- JSON, '' for none
  CHECK ((state = 1) = (ended_at = 0))
) STRICT;
CREATE UNIQUE INDEX attempts_message ON attempts(message_id, number);
CREATE INDEX attempts_reference ON attempts(provider_id, reference) WHERE reference <> '';

-- The parts of an attempt that got an id each; an attempt of one part has none.
CREATE TABLE parts (
  attempt_id  INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  provider_id BLOB NOT NULL,
  reference   TEXT NOT NULL,
  status      INTEGER NOT NULL, -- 4 sent, or the final status its receipt told
  PRIMARY KEY (attempt_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX parts_reference ON parts(provider_id, reference);

CREATE TABLE receipts (
  id          INTEGER PRIMARY KEY,
  provider_id BLOB NOT NULL,
  reference   TEXT NOT NULL,
  attempt_id  INTEGER, -- NULL while it matches nothing
  recipient   TEXT NOT NULL,
  status      INTEGER NOT NULL,
  non_send    INTEGER NOT NULL,
  done_at     INTEGER NOT NULL,
  arrived_at  INTEGER NOT NULL,
  code        TEXT NOT NULL,
  error       TEXT NOT NULL,
  raw         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX receipts_once ON receipts(attempt_id, reference, status, done_at, code) WHERE attempt_id IS NOT NULL;
CREATE UNIQUE INDEX receipts_parked ON receipts(provider_id, reference, status, done_at, code) WHERE attempt_id IS NULL;

CREATE TABLE inbound (
  id           INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  provider_id  BLOB NOT NULL,
  reference    TEXT NOT NULL,
  sender       TEXT NOT NULL,
  recipient    TEXT NOT NULL,
  text         TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  raw          TEXT NOT NULL
) STRICT;
CREATE INDEX inbound_workspace ON inbound(workspace_id, id);
CREATE UNIQUE INDEX inbound_reference ON inbound(provider_id, reference) WHERE reference <> '';

CREATE TABLE events (
  id           INTEGER PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  message_id   INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  type         TEXT NOT NULL,
  at           INTEGER NOT NULL,
  data         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_message ON events(message_id, seq) WHERE message_id > 0;
CREATE INDEX events_workspace ON events(workspace_id, id);

CREATE TABLE idempotency (
  workspace_id BLOB NOT NULL,
  scope        TEXT NOT NULL,
  key          TEXT NOT NULL,
  fingerprint  BLOB NOT NULL,
  status       INTEGER NOT NULL,
  body         BLOB NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency(expires_at);

CREATE TABLE client_refs (
  workspace_id BLOB NOT NULL,
  ref          TEXT NOT NULL,
  message_id   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_refs_expiry ON client_refs(expires_at);

-- Messages by hour of acceptance and by the state they stand in now; kept by every commit.
CREATE TABLE counts (
  workspace_id BLOB NOT NULL,
  hour         INTEGER NOT NULL, -- start of the hour
  status       INTEGER NOT NULL,
  final        INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, hour, status, final)
) STRICT, WITHOUT ROWID;
CREATE INDEX counts_waiting ON counts(workspace_id) WHERE status <= 1 AND n > 0;
