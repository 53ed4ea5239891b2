-- The AMS environment that an administrator chose in place of the one in the configuration. It counts only as long as the
-- configuration still says what it said then.
CREATE TABLE environment_choice (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    configured TEXT NOT NULL,
    chosen TEXT NOT NULL
) STRICT;
