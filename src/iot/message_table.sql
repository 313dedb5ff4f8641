-- One partition. A table of its own, so that messages are only ever put at an end of a tree and taken from
-- the other, which is the cheapest that there is.
CREATE TABLE message_{0}(
  sequence INTEGER PRIMARY KEY,
  enqueued INTEGER NOT NULL,  -- microseconds since 1970, never falling
  device TEXT NOT NULL,
  module TEXT NOT NULL,
  generation TEXT NOT NULL,
  packet INTEGER NOT NULL,    -- the MQTT packet id; 0: none
  previous INTEGER NOT NULL,  -- the message of the same sender before this one; 0: none
  properties TEXT NOT NULL,   -- as in a topic (wire/property_bag.hpp)
  body BLOB NOT NULL
) STRICT;
