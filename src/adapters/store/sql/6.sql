-- OpenID clients that administrators registered. `sealed` holds the client, its secrets as digests, bound to id and revision.
CREATE TABLE openid_clients (
  id TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A client that is removed takes its grants with it.
CREATE INDEX grants_by_client ON grants (client);
