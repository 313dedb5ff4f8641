-- partitions: how many message tables there are, 0 to partitions - 1 (message_table.sql).
CREATE TABLE setting(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was given out by a partition of which nothing is left: numbers and times never come twice.
CREATE TABLE emptied(
  partition INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  last_enqueued INTEGER NOT NULL
) STRICT;

-- The last message of each sender that has one: the end of its chain (message_N.previous).
CREATE TABLE sender(
  device TEXT NOT NULL,
  module TEXT NOT NULL,
  partition INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  PRIMARY KEY(device, module)
) STRICT, WITHOUT ROWID;
