-- Administration. Columns named `sealed` hold who did something, when, and what.

-- A record is bound to its row by `person` from here on, so that records can be opened one after the other without knowing whose
-- they are. Those that were bound otherwise are read from the AMS again: everybody signs in once more.
DELETE FROM sessions;
DELETE FROM records;

-- The draft that administrators share. It is there from the first change on; `revision` counts every change.
CREATE TABLE mapping_draft (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE mapping_versions (
  number INTEGER NOT NULL PRIMARY KEY,
  head_sealed BLOB NOT NULL,
  rules_sealed BLOB NOT NULL
) STRICT;
CREATE TRIGGER mapping_versions_stay BEFORE UPDATE ON mapping_versions BEGIN
  SELECT RAISE(ABORT, 'a published version never changes');
END;
CREATE TRIGGER mapping_versions_are_kept BEFORE DELETE ON mapping_versions BEGIN
  SELECT RAISE(ABORT, 'a published version is never removed');
END;

-- `number` has no gap, and each entry is bound to its number: what was removed behind our back is missed.
CREATE TABLE audit_log (
  number INTEGER NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log BEGIN
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
