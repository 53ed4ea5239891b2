-- Lists of the roles that a mapping manages. An assertion names a long one by its digest, and a site reads it here.
-- `sealed` holds the list, bound to its digest.
CREATE TABLE role_lists (
  digest TEXT NOT NULL PRIMARY KEY,
  sealed BLOB NOT NULL,
  in_force_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
