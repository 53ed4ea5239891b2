-- Lists of the roles that a mapping manages. An assertion names a long one by its digest, and a site reads it here.
CREATE TABLE role_lists (
  digest TEXT NOT NULL PRIMARY KEY,
  slugs TEXT NOT NULL,
  in_force_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
