-- Vision projects: vision.db. Moments are microseconds since 1970 (UTC), ids are GUIDs as text, and a digest
-- names a blob.

CREATE TABLE project(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  domain TEXT NOT NULL,
  multilabel INTEGER NOT NULL,
  platforms TEXT NOT NULL,     -- a JSON list
  augmentation TEXT NOT NULL,  -- a JSON object: name -> whether
  container_uri TEXT,
  queue_uri TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0,   -- grows with each change that a training would learn from
  iterations INTEGER NOT NULL DEFAULT 0  -- ever begun: names go on after deletions
);

-- type: 0 regular, 1 negative
CREATE TABLE tag(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project INTEGER NOT NULL REFERENCES project(number) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description TEXT,
  type INTEGER NOT NULL,
  UNIQUE(project, name)
);

-- An image that a trained iteration learnt from stays after it left the workspace.
CREATE TABLE image(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project INTEGER NOT NULL REFERENCES project(number) ON DELETE CASCADE,
  workspace INTEGER NOT NULL,
  width_px INTEGER NOT NULL,  -- of the resized picture
  height_px INTEGER NOT NULL,
  format TEXT NOT NULL,       -- of the original: "jpeg", ...
  original TEXT NOT NULL,     -- digest; the same picture is in a project once
  resized TEXT NOT NULL,      -- digest; that of the original if nothing was resized
  thumbnail TEXT NOT NULL,    -- digest
  metadata TEXT,              -- a JSON object of texts
  created INTEGER NOT NULL,
  UNIQUE(project, original)
);
CREATE INDEX image_newest ON image(project, workspace, number);
CREATE INDEX image_by_original ON image(original);
CREATE INDEX image_by_resized ON image(resized);
CREATE INDEX image_by_thumbnail ON image(thumbnail);

-- Tags of the workspace.
CREATE TABLE image_tag(
  image INTEGER NOT NULL REFERENCES image(number) ON DELETE CASCADE,
  tag INTEGER NOT NULL REFERENCES tag(number) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  PRIMARY KEY(image, tag)
) WITHOUT ROWID;
CREATE INDEX image_of_tag ON image_tag(tag, image);

-- status: 0 training (waiting or running), 1 completed, 2 failed
CREATE TABLE iteration(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project INTEGER NOT NULL REFERENCES project(number) ON DELETE CASCADE,
  name TEXT NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL,    -- of the project when it was begun
  settings TEXT NOT NULL,       -- what else it depends on: a JSON object, compared as text
  advanced INTEGER NOT NULL,
  budget_hours INTEGER NOT NULL,
  domain TEXT NOT NULL,
  multilabel INTEGER NOT NULL,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  trained INTEGER,
  seconds REAL NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,  -- begun and not ended: the hub was killed meanwhile
  error TEXT,
  package TEXT,  -- digest of the package as .zip
  publish_name TEXT,
  publish_target TEXT
);
CREATE INDEX iteration_of_project ON iteration(project, number);
CREATE UNIQUE INDEX iteration_published ON iteration(project, publish_name) WHERE publish_name IS NOT NULL;
CREATE INDEX iteration_waiting ON iteration(number) WHERE status = 0;
CREATE INDEX iteration_by_package ON iteration(package) WHERE package IS NOT NULL;

-- The data set as it was when a training began.
CREATE TABLE iteration_tag(
  iteration INTEGER NOT NULL REFERENCES iteration(number) ON DELETE CASCADE,
  place INTEGER NOT NULL,  -- 0, 1, ...: in the answers below
  tag TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  type INTEGER NOT NULL,
  images INTEGER NOT NULL,
  PRIMARY KEY(iteration, place)
) WITHOUT ROWID;

CREATE TABLE iteration_image(
  iteration INTEGER NOT NULL REFERENCES iteration(number) ON DELETE CASCADE,
  image INTEGER NOT NULL REFERENCES image(number) ON DELETE CASCADE,
  fold INTEGER,        -- which part of the cross-validation measured it; none: not learnt from
  probabilities BLOB,  -- float32 a place, by a model that did not learn from it
  PRIMARY KEY(iteration, image)
) WITHOUT ROWID;
CREATE INDEX iteration_of_image ON iteration_image(image);

CREATE TABLE iteration_label(
  iteration INTEGER NOT NULL,
  image INTEGER NOT NULL,
  place INTEGER NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY(iteration, image, place),
  FOREIGN KEY(iteration, image) REFERENCES iteration_image(iteration, image) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE export(
  iteration INTEGER NOT NULL REFERENCES iteration(number) ON DELETE CASCADE,
  platform TEXT NOT NULL,
  flavor TEXT NOT NULL,  -- '' for none
  blob TEXT NOT NULL,    -- digest of the .zip
  created INTEGER NOT NULL,
  PRIMARY KEY(iteration, platform, flavor)
) WITHOUT ROWID;
CREATE INDEX export_by_blob ON export(blob);

-- Blobs that perhaps nobody names any more: looked at after the commit that added them here.
CREATE TABLE doomed(digest TEXT PRIMARY KEY) WITHOUT ROWID;
