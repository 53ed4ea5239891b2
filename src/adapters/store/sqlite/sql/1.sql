-- Instants are nanoseconds since 1970-01-01 UTC. Columns named `sealed` can be read only with the secret key.
-- `person` is a keyed digest of environment and AMS id: it finds the rows of a person and does not tell who that is.

-- Opens only with the secret key that the file was made with.
CREATE TABLE canary (
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE records (
  environment TEXT NOT NULL,
  person BLOB NOT NULL CHECK (length(person) = 32),
  as_of INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (environment, person)
) STRICT;
CREATE INDEX records_by_age ON records (as_of);

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

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  created INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
