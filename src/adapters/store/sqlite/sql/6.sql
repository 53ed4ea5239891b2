-- OpenID clients that administrators registered. `sealed` holds the client, its secrets as digests, bound to id and revision.
CREATE TABLE openid_clients (
  id TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A client that is removed takes its grants with it.
CREATE INDEX grants_by_client ON grants (client);

-- Messages are taken client by client, so that one with very many costs the others nothing.
DROP INDEX back_channel_due;
CREATE INDEX back_channel_waiting ON back_channel (state, client, next_try);
