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
  device BLOB,
  round INTEGER NOT NULL,
  asked INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_rounds ON waiting (environment, network, round);
CREATE INDEX waiting_asked ON waiting (asked);
