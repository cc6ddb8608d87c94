-- +goose Up

-- Times are microseconds since 1970 (UTC), 0 for none.

CREATE TABLE users (
	id              TEXT    NOT NULL PRIMARY KEY,
	email           TEXT    NOT NULL,
	email_key       TEXT    UNIQUE,
	username        TEXT    NOT NULL,
	username_key    TEXT    UNIQUE,
	name            TEXT    NOT NULL,
	password_hash   TEXT    NOT NULL,
	stamp           TEXT    NOT NULL,
	inactive        INTEGER NOT NULL CHECK (inactive IN (0, 1)),
	inactive_reason TEXT    NOT NULL,
	locked_at       INTEGER NOT NULL,
	lock_reason     TEXT    NOT NULL,
	delayed_until   INTEGER NOT NULL,
	confirmed_at    INTEGER NOT NULL,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	last_login_at   INTEGER NOT NULL,
	own             TEXT    NOT NULL,
	search_login    TEXT    NOT NULL,
	search_name     TEXT    NOT NULL
) STRICT;

CREATE TABLE roles (
	name        TEXT NOT NULL PRIMARY KEY,
	description TEXT NOT NULL
) STRICT;

CREATE TABLE role_permissions (
	role       TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
	permission TEXT NOT NULL,
	PRIMARY KEY (role, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role    TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
	PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_role ON user_roles (role, user_id);

CREATE TABLE sessions (
	id               TEXT    NOT NULL PRIMARY KEY,
	hash             BLOB    NOT NULL UNIQUE,
	user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	stage            TEXT    NOT NULL,
	factors          TEXT    NOT NULL,
	authenticated_at INTEGER NOT NULL,
	stamp            TEXT    NOT NULL,
	created_at       INTEGER NOT NULL,
	seen_at          INTEGER NOT NULL,
	expires_at       INTEGER NOT NULL,
	remember         INTEGER NOT NULL CHECK (remember IN (0, 1)),
	agent            TEXT    NOT NULL,
	address          TEXT    NOT NULL,
	bag              TEXT    NOT NULL,
	bag_version      INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tickets (
	hash       BLOB    NOT NULL PRIMARY KEY,
	user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	purpose    TEXT    NOT NULL,
	binding    TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_user ON tickets (user_id, purpose);
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE devices (
	user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	hash       BLOB    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_expiry ON devices (expires_at);

-- Events outlive the users that they are about: no foreign key.
CREATE TABLE events (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	happened_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	user_id     TEXT    NOT NULL,
	actor_id    TEXT    NOT NULL,
	way         TEXT    NOT NULL,
	address     TEXT    NOT NULL,
	detail      TEXT    NOT NULL
) STRICT;

CREATE INDEX events_user ON events (user_id, id);
CREATE INDEX events_kind ON events (kind, id);
CREATE INDEX events_time ON events (happened_at);

-- next_at is NULL once there is nothing left to do.
CREATE TABLE letters (
	id          TEXT    NOT NULL PRIMARY KEY,
	user_id     TEXT    REFERENCES users (id) ON DELETE CASCADE,
	kind        TEXT    NOT NULL,
	sealed      BLOB,
	created_at  INTEGER NOT NULL,
	next_at     INTEGER,
	attempts    INTEGER NOT NULL,
	lease       TEXT    NOT NULL,
	lease_until INTEGER NOT NULL,
	sent_at     INTEGER NOT NULL,
	failed_at   INTEGER NOT NULL,
	problem     TEXT    NOT NULL
) STRICT;

CREATE INDEX letters_due ON letters (next_at, id);
CREATE INDEX letters_user ON letters (user_id);
CREATE INDEX letters_time ON letters (created_at);
