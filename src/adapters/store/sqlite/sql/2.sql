-- OpenID Connect. A grant lives at most as long as the session that it rests on: whoever ends a session, in whatever way, ends its
-- grants with everything that came of them, and leaves a message for each client that wants to hear of it.

ALTER TABLE signing_keys ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'EdDSA';
ALTER TABLE signing_keys ADD COLUMN signs_from INTEGER NOT NULL DEFAULT -9223372036854775808;

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

-- Messages to clients that a session is over. `changed` is 0 until somebody first looks at the message.
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
CREATE INDEX back_channel_due ON back_channel (state, next_try);

CREATE TRIGGER client_sessions_over AFTER DELETE ON client_sessions BEGIN
  INSERT INTO back_channel (client, sid, sealed) VALUES (old.client, old.sid, old.sealed);
END;
