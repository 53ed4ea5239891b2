-- Addresses that are too long for a cookie and wait for a sign-in. `key` is a digest; whoever knows the text behind it may read the
-- row. `network`: a keyed digest of the visitor's network. `sealed` holds the address, bound to the key.
CREATE TABLE long_addresses (
  key BLOB NOT NULL PRIMARY KEY,
  network BLOB NOT NULL,
  until INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX long_addresses_by_network ON long_addresses (network, until);
CREATE INDEX long_addresses_by_end ON long_addresses (until);
