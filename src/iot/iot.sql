-- Numbers that only grow: 'revision' (behind etags), 'generation' (of identities).
CREATE TABLE counter(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity(
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  module TEXT NOT NULL,  -- '': the device itself
  generation TEXT NOT NULL,
  revision INTEGER NOT NULL,
  disabled INTEGER NOT NULL,
  status_reason TEXT NOT NULL,
  status_changed INTEGER NOT NULL,  -- microseconds since 1970; 0: never
  authentication INTEGER NOT NULL,  -- AuthenticationType
  primary_key BLOB NOT NULL,
  secondary_key BLOB NOT NULL,
  primary_thumbprint TEXT NOT NULL,
  secondary_thumbprint TEXT NOT NULL,
  edge INTEGER NOT NULL,
  scope TEXT NOT NULL,
  parent TEXT NOT NULL,
  managed_by TEXT NOT NULL,
  feeds INTEGER NOT NULL DEFAULT 0,
  UNIQUE(device, module)
) STRICT;
CREATE INDEX device_by_id ON identity(device) WHERE module = '';
CREATE UNIQUE INDEX edge_by_scope ON identity(scope) WHERE edge = 1;
CREATE INDEX child_by_parent ON identity(parent) WHERE parent <> '';

-- Values and metadata are JSON objects.
CREATE TABLE twin(
  identity INTEGER PRIMARY KEY REFERENCES identity(id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  tags TEXT NOT NULL,
  desired_version INTEGER NOT NULL,
  desired TEXT NOT NULL,
  desired_metadata TEXT NOT NULL,
  reported_version INTEGER NOT NULL,
  reported TEXT NOT NULL,
  reported_metadata TEXT NOT NULL,
  configurations TEXT NOT NULL
) STRICT;
