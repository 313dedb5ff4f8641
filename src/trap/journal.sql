CREATE TABLE setting(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE camera(
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  make TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  digest INTEGER NOT NULL DEFAULT 0  -- of its list of pictures when they were scored
);

-- state: 0 found, 1 placed (camera and time known), 2 unreadable
CREATE TABLE picture(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  size_bytes INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  walk INTEGER NOT NULL,  -- the last walk that met it
  state INTEGER NOT NULL DEFAULT 0,
  camera INTEGER REFERENCES camera(id),
  time_ms INTEGER,
  time_source INTEGER,
  zone_min INTEGER,
  format TEXT,
  error_code TEXT,
  error TEXT,
  sha256 BLOB,
  copy INTEGER NOT NULL DEFAULT 0,  -- 0: the first with these bytes, by path; 1, 2, ...: the next
  width_px INTEGER,
  height_px INTEGER,
  grey INTEGER,
  damage TEXT
);
CREATE INDEX picture_by_state ON picture(state, id);
CREATE INDEX picture_in_time ON picture(camera, time_ms, path);
CREATE INDEX picture_by_content ON picture(sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE score(
  picture INTEGER PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
  probabilities BLOB NOT NULL,
  gate REAL NOT NULL,
  box_x REAL,
  box_y REAL,
  box_width REAL,
  box_height REAL,
  flags TEXT NOT NULL,
  keep INTEGER NOT NULL,  -- 1: not to be set aside, whatever it scores
  notes BLOB  -- not null: a second look is due
);
CREATE INDEX score_to_look_again ON score(picture) WHERE notes IS NOT NULL;

CREATE TABLE event(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  camera INTEGER NOT NULL REFERENCES camera(id),
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  pictures INTEGER NOT NULL,
  bursts INTEGER NOT NULL,
  gate REAL NOT NULL,
  tag INTEGER NOT NULL,
  probability REAL NOT NULL,
  score REAL NOT NULL,  -- what ranks it
  keep INTEGER NOT NULL,  -- one of its frames must not be set aside
  best INTEGER NOT NULL,  -- the picture that shows it best
  rank INTEGER,
  look INTEGER NOT NULL DEFAULT 1,
  audit INTEGER  -- its place in the random sample of what was set aside
);
CREATE INDEX event_by_name ON event(name);
CREATE INDEX event_by_score ON event(score, id);
CREATE INDEX event_by_rank ON event(rank);
CREATE INDEX event_by_audit ON event(audit) WHERE audit IS NOT NULL;

CREATE TABLE member(
  picture INTEGER PRIMARY KEY REFERENCES picture(id) ON DELETE CASCADE,
  burst TEXT NOT NULL,
  event INTEGER NOT NULL
);
CREATE INDEX member_of_event ON member(event);
