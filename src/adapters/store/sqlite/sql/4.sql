-- People as administrators look for them. `email` and `record_number` are keyed digests, as `person` is.

ALTER TABLE records ADD COLUMN email BLOB;
ALTER TABLE records ADD COLUMN record_number BLOB;
CREATE INDEX records_by_email ON records (environment, email) WHERE email IS NOT NULL;
CREATE INDEX records_by_number ON records (environment, record_number) WHERE record_number IS NOT NULL;

-- How far the reading of all members has come. `next_page` is null once the list has been read to its end.
CREATE TABLE sweeps (
  environment TEXT NOT NULL PRIMARY KEY,
  started INTEGER NOT NULL,
  next_page INTEGER,
  listed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  finished INTEGER
) STRICT;

-- Members who were listed and are still to be read. `sealed` holds the AMS id.
CREATE TABLE sweep_left (
  environment TEXT NOT NULL,
  person BLOB NOT NULL CHECK (length(person) = 32),
  sealed BLOB NOT NULL,
  PRIMARY KEY (environment, person)
) STRICT, WITHOUT ROWID;

-- The lists of the AMS as last read.
CREATE TABLE catalogues (
  environment TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
