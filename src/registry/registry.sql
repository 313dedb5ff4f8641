-- What the registry knows: models by name and version, files on their way in, repositories of images.
-- The bytes lie in the blob store under their SHA-256; this file says who needs which of them.
-- Times are microseconds since 1970, UTC.

-- A blob that something refers to, or did until the collector comes by. The triggers at the end keep `uses`.
CREATE TABLE blob(
  digest TEXT PRIMARY KEY,  -- SHA-256, 64 lower-case hexadecimal digits
  size INTEGER NOT NULL,
  uses INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Blobs that nothing refers to any more. A new id each time: the collector removes only what it saw committed.
CREATE TABLE garbage(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL UNIQUE REFERENCES blob(digest)
) STRICT;

-- Version numbers are never used again, not even after the last version of a name was deleted.
CREATE TABLE model_name(
  name TEXT PRIMARY KEY,
  last_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL REFERENCES model_name(name),
  version INTEGER NOT NULL,
  root TEXT NOT NULL,  -- the folder that was registered; empty: the files stand alone
  size INTEGER NOT NULL,
  description TEXT NOT NULL,
  framework TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  run_id TEXT NOT NULL,
  experiment TEXT NOT NULL,
  resources TEXT NOT NULL,  -- JSON, "null" if not told
  package TEXT NOT NULL,    -- JSON of a model package's kind, tags, metrics and lineage; "null": no package
  asset TEXT NOT NULL,      -- what the Azure ML wire calls the files
  created_by TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  modified_us INTEGER NOT NULL,
  UNIQUE(name, version)
) STRICT;
CREATE INDEX model_asset ON model(asset);
CREATE INDEX model_created ON model(created_us, id);
CREATE INDEX model_modified ON model(modified_us, id);

CREATE TABLE model_tag(
  model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(model, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_property(
  model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(model, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_file(
  model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
  path TEXT NOT NULL,  -- within root
  digest TEXT NOT NULL REFERENCES blob(digest),
  PRIMARY KEY(model, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_file_digest ON model_file(digest);

-- Files that came in and belong to no model yet; swept after a day.
CREATE TABLE artifact(
  origin TEXT NOT NULL,
  container TEXT NOT NULL,
  path TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES blob(digest),
  added_us INTEGER NOT NULL,
  PRIMARY KEY(origin, container, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifact_added ON artifact(added_us);
CREATE INDEX artifact_digest ON artifact(digest);

-- Pieces of such a file that is still coming; each is a file of that name in the uploads folder.
CREATE TABLE block(
  file TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  container TEXT NOT NULL,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  added_us INTEGER NOT NULL,
  UNIQUE(origin, container, path, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_added ON block(added_us);

-- The Azure ML wire names the files of a model to be by an asset first.
CREATE TABLE asset(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  origin TEXT NOT NULL,
  container TEXT NOT NULL,
  prefix TEXT NOT NULL,
  added_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_added ON asset(added_us);

-- Images: which blobs a repository may show, its manifests and their names.
CREATE TABLE repository_blob(
  repository TEXT NOT NULL,
  digest TEXT NOT NULL REFERENCES blob(digest),
  added_us INTEGER NOT NULL,
  PRIMARY KEY(repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blob_digest ON repository_blob(digest);

CREATE TABLE manifest(
  id INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  content BLOB NOT NULL,
  subject TEXT NOT NULL,        -- digest of the manifest this one is about; empty: none
  artifact_type TEXT NOT NULL,  -- for the list of referrers
  annotations TEXT NOT NULL,    -- JSON, for the same
  added_us INTEGER NOT NULL,
  UNIQUE(repository, digest)
) STRICT;
CREATE INDEX manifest_subject ON manifest(repository, subject) WHERE subject <> '';

-- What a manifest needs: blobs (layers, config) or other manifests (an index).
CREATE TABLE manifest_part(
  manifest INTEGER NOT NULL REFERENCES manifest(id) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  PRIMARY KEY(manifest, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_part_digest ON manifest_part(digest);

CREATE TABLE image_tag(
  repository TEXT NOT NULL,
  name TEXT NOT NULL,
  manifest INTEGER NOT NULL REFERENCES manifest(id) ON DELETE CASCADE,
  PRIMARY KEY(repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_tag_manifest ON image_tag(manifest);

-- A layer on its way in; its bytes so far are the file of that id in the uploads folder.
CREATE TABLE upload(
  id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  offset INTEGER NOT NULL DEFAULT 0,  -- bytes that are synced
  busy INTEGER NOT NULL DEFAULT 0,    -- 1 while a piece is being written
  touched_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_touched ON upload(touched_us);

CREATE TRIGGER model_file_added AFTER INSERT ON model_file BEGIN
  UPDATE blob SET uses = uses + 1 WHERE digest = NEW.digest;
END;
CREATE TRIGGER model_file_removed AFTER DELETE ON model_file BEGIN
  UPDATE blob SET uses = uses - 1 WHERE digest = OLD.digest;
END;
CREATE TRIGGER artifact_added AFTER INSERT ON artifact BEGIN
  UPDATE blob SET uses = uses + 1 WHERE digest = NEW.digest;
END;
CREATE TRIGGER artifact_removed AFTER DELETE ON artifact BEGIN
  UPDATE blob SET uses = uses - 1 WHERE digest = OLD.digest;
END;
CREATE TRIGGER repository_blob_added AFTER INSERT ON repository_blob BEGIN
  UPDATE blob SET uses = uses + 1 WHERE digest = NEW.digest;
END;
CREATE TRIGGER repository_blob_removed AFTER DELETE ON repository_blob BEGIN
  UPDATE blob SET uses = uses - 1 WHERE digest = OLD.digest;
END;
CREATE TRIGGER blob_unused AFTER UPDATE OF uses ON blob WHEN NEW.uses = 0 AND OLD.uses > 0 BEGIN
  INSERT INTO garbage(digest) VALUES(NEW.digest);
END;
CREATE TRIGGER blob_used AFTER UPDATE OF uses ON blob WHEN NEW.uses > 0 AND OLD.uses = 0 BEGIN
  DELETE FROM garbage WHERE digest = NEW.digest;
END;
