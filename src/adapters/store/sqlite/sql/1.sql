-- Instants are nanoseconds since 1970-01-01 UTC. Columns whose names end in `sealed` open only with the keys of the store.
-- `person`, `email`, `record_number` and `network` are keyed digests: they find rows and do not tell who or what that is.
-- `store/tables.rs` describes the same tables for every engine, and a test compares both.

-- The keys of the store, each sealed by each secret key that the gateway has. Generation 0 makes digests, the others seal. `made_for`
-- names the secret key that sealed when the generation began.
CREATE TABLE data_keys (
  generation INTEGER NOT NULL,
  secret TEXT NOT NULL,
  made_for TEXT NOT NULL,
  made INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (generation, secret)
) STRICT, WITHOUT ROWID;

-- `as_of`: when the person was last seen in the AMS. `listed`: when pages of the AMS confirmed parts of the record since it was sealed.
CREATE TABLE records (
  environment TEXT NOT NULL,
  person BLOB NOT NULL CHECK (length(person) = 32),
  as_of INTEGER NOT NULL,
  email BLOB,
  record_number BLOB,
  listed BLOB,
  sealed BLOB NOT NULL,
  PRIMARY KEY (environment, person)
) STRICT;
CREATE INDEX records_by_age ON records (as_of);
CREATE INDEX records_by_email ON records (environment, email) WHERE email IS NOT NULL;
CREATE INDEX records_by_number ON records (environment, record_number) WHERE record_number IS NOT NULL;

-- `key` is the digest of the id that only the browser has. `sealed` holds the AMS id.
CREATE TABLE sessions (
  key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
  environment TEXT NOT NULL,
  person BLOB NOT NULL,
  host TEXT NOT NULL,
  created INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  FOREIGN KEY (environment, person) REFERENCES records (environment, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_person ON sessions (environment, person);
CREATE INDEX sessions_by_created ON sessions (created);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen);

CREATE TABLE uses (
  once BLOB NOT NULL PRIMARY KEY CHECK (length(once) = 32),
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uses_by_until ON uses (until);

-- Addresses that are too long for a cookie and wait for a sign-in. `key` is a digest; whoever knows the text behind it may read the
-- row. `sealed` holds the address, bound to the key.
CREATE TABLE long_addresses (
  key BLOB NOT NULL PRIMARY KEY,
  network BLOB NOT NULL,
  until INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX long_addresses_by_network ON long_addresses (network, until);
CREATE INDEX long_addresses_by_end ON long_addresses (until);

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL,
  created INTEGER NOT NULL,
  signs_from INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

-- OpenID Connect. A grant lives at most as long as the session that it rests on: whoever ends a session, in whatever way, ends its
-- grants with everything that came of them, and leaves a message for each client that wants to hear of it.
-- `sealed` holds what was asked for, and with it the code, while that is not used.
CREATE TABLE grants (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
  session BLOB NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
  client TEXT NOT NULL,
  ends INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_session ON grants (session);
CREATE INDEX grants_by_end ON grants (ends);
CREATE INDEX grants_by_client ON grants (client, session);

-- Codes, access tokens and refresh tokens, by the digest of what only the client has. A used one stays, so that a second use is seen.
-- `used`: when it was first used. `scopes`: what an access token is good for, and with what a replaced refresh token was used.
CREATE TABLE grant_tokens (
  token BLOB NOT NULL PRIMARY KEY CHECK (length(token) = 32),
  kind TEXT NOT NULL CHECK (kind IN ('code', 'access', 'refresh')),
  grant_id BLOB NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  ends INTEGER NOT NULL,
  used INTEGER,
  scopes TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX grant_tokens_by_grant ON grant_tokens (grant_id);
CREATE INDEX grant_tokens_by_end ON grant_tokens (ends);

-- Which clients a session signed in to that want to hear of its end. `sealed` holds the AMS id, bound to `sid` and client.
CREATE TABLE client_sessions (
  session BLOB NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
  client TEXT NOT NULL,
  sid TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (session, client)
) STRICT, WITHOUT ROWID;

-- Messages to clients that a session is over. `changed` is 0 until somebody first looks at the message. They are taken client by
-- client, so that one with very many costs the others nothing.
CREATE TABLE back_channel (
  id INTEGER PRIMARY KEY,
  client TEXT NOT NULL,
  sid TEXT NOT NULL,
  sealed BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  changed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX back_channel_waiting ON back_channel (state, client, next_try);

-- OpenID clients that administrators registered. `sealed` holds the client, its secrets as digests, bound to id and revision.
CREATE TABLE openid_clients (
  id TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Administration. Sealed columns hold who did something, when, and what.
-- The draft that administrators share, of the role mapping and of that of the community. It is there from the first change on; `revision`
-- counts every change.
CREATE TABLE mapping_draft (
  kind TEXT NOT NULL PRIMARY KEY CHECK (kind IN ('roles', 'community')),
  revision INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

-- Bytes 2 and 3 of what is sealed count the generation of the key: a row may only be sealed again, with a newer one.
CREATE TABLE mapping_versions (
  kind TEXT NOT NULL CHECK (kind IN ('roles', 'community')),
  number INTEGER NOT NULL,
  head_sealed BLOB NOT NULL,
  rules_sealed BLOB NOT NULL,
  PRIMARY KEY (kind, number)
) STRICT;
CREATE TRIGGER mapping_versions_stay BEFORE UPDATE ON mapping_versions
WHEN new.kind <> old.kind OR new.number <> old.number
  OR (new.head_sealed <> old.head_sealed AND substr(new.head_sealed, 2, 2) <= substr(old.head_sealed, 2, 2))
  OR (new.rules_sealed <> old.rules_sealed AND substr(new.rules_sealed, 2, 2) <= substr(old.rules_sealed, 2, 2))
BEGIN
  SELECT RAISE(ABORT, 'a published version never changes');
END;
CREATE TRIGGER mapping_versions_are_kept BEFORE DELETE ON mapping_versions BEGIN
  SELECT RAISE(ABORT, 'a published version is never removed');
END;

-- Lists of the roles that a mapping manages. An assertion names a long one by its digest, and a site reads it here.
-- `sealed` holds the list, bound to its digest.
CREATE TABLE role_lists (
  digest TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL,
  in_force_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `number` has no gap, and each entry is bound to its number: what was removed behind our back is missed.
CREATE TABLE audit_log (
  number INTEGER NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
WHEN new.number <> old.number OR substr(new.sealed, 2, 2) <= substr(old.sealed, 2, 2)
BEGIN
  SELECT RAISE(ABORT, 'an audit entry never changes');
END;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log BEGIN
  SELECT RAISE(ABORT, 'an audit entry is never removed');
END;

-- Emergency links and the sessions that they open, by the digest of what only the operator's browser has.
CREATE TABLE emergency_links (
  link BLOB NOT NULL PRIMARY KEY CHECK (length(link) = 32),
  until INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE emergency_sessions (
  key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The lists of the AMS as last read.
CREATE TABLE catalogues (
  environment TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

-- What the reading of the AMS keeps by name, such as how far it has come. `sealed` is bound to environment and name.
CREATE TABLE directory_state (
  environment TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;

-- The AMS environment that an administrator chose in place of the one in the configuration. It counts only as long as the
-- configuration still says what it said then.
CREATE TABLE environment_choice (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  configured TEXT NOT NULL,
  chosen TEXT NOT NULL
) STRICT;

-- The calls to the AMS that have started lately: one row for the whole installation.
CREATE TABLE call_ledger (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  ledger TEXT NOT NULL
) STRICT;

-- Who waits for a turn to sign in. Numbers are never given twice.
CREATE TABLE waiting (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  key BLOB NOT NULL UNIQUE,
  environment TEXT NOT NULL,
  network BLOB NOT NULL,
  known BLOB,
  round INTEGER NOT NULL,
  asked INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_rounds ON waiting (environment, network, round);
CREATE INDEX waiting_asked ON waiting (asked);

-- What is kept of a subscriber as a whole. `sealed` is bound to the name.
CREATE TABLE subscribers (
  name TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

-- What a subscriber should know of a person, and how far the telling is. All but the key is in `sealed` too, which is bound to the key; the
-- other columns are there so that rows are found and counted. `due`, `holds_until`: the greatest number is never. `lost_at`: the least is.
CREATE TABLE deliveries (
  subscriber TEXT NOT NULL,
  environment TEXT NOT NULL,
  person BLOB NOT NULL CHECK (length(person) = 32),
  phase INTEGER NOT NULL,
  due INTEGER NOT NULL,
  holds_until INTEGER NOT NULL,
  holds INTEGER NOT NULL,
  since INTEGER NOT NULL,
  lost_at INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (subscriber, environment, person)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (subscriber, environment, due);
CREATE INDEX deliveries_by_date ON deliveries (subscriber, environment, holds_until);
CREATE INDEX deliveries_by_phase ON deliveries (subscriber, environment, phase, holds, since);
CREATE INDEX deliveries_lost ON deliveries (subscriber, environment, lost_at);
