-- +goose Up

-- Keys are compared and sorted byte by byte (COLLATE "C").
-- Times are microseconds since 1970 (UTC), 0 for none.

CREATE TABLE users (
	id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	email           TEXT NOT NULL,
	email_key       TEXT COLLATE "C" UNIQUE,
	username        TEXT NOT NULL,
	username_key    TEXT COLLATE "C" UNIQUE,
	name            TEXT NOT NULL,
	password_hash   TEXT NOT NULL,
	stamp           TEXT NOT NULL,
	inactive        BOOLEAN NOT NULL,
	inactive_reason TEXT NOT NULL,
	locked_at       BIGINT NOT NULL,
	lock_reason     TEXT NOT NULL,
	delayed_until   BIGINT NOT NULL,
	confirmed_at    BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	last_login_at   BIGINT NOT NULL,
	own             TEXT NOT NULL,
	search_login    TEXT NOT NULL,
	search_name     TEXT NOT NULL
);

CREATE TABLE roles (
	name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	description TEXT NOT NULL
);

CREATE TABLE role_permissions (
	role       TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
	permission TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (role, permission)
);

CREATE TABLE user_roles (
	user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role    TEXT COLLATE "C" NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
	PRIMARY KEY (user_id, role)
);

CREATE INDEX user_roles_role ON user_roles (role, user_id);

CREATE TABLE sessions (
	id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	hash             BYTEA NOT NULL UNIQUE,
	user_id          TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	stage            TEXT NOT NULL,
	factors          TEXT NOT NULL,
	authenticated_at BIGINT NOT NULL,
	stamp            TEXT NOT NULL,
	created_at       BIGINT NOT NULL,
	seen_at          BIGINT NOT NULL,
	expires_at       BIGINT NOT NULL,
	remember         BOOLEAN NOT NULL,
	agent            TEXT NOT NULL,
	address          TEXT NOT NULL,
	bag              TEXT NOT NULL,
	bag_version      BIGINT NOT NULL
);

CREATE INDEX sessions_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tickets (
	hash       BYTEA NOT NULL PRIMARY KEY,
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	purpose    TEXT COLLATE "C" NOT NULL,
	binding    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);

CREATE INDEX tickets_user ON tickets (user_id, purpose);
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE devices (
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	hash       BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, hash)
);

CREATE INDEX devices_expiry ON devices (expires_at);

-- Events outlive the users that they are about: no foreign key.
CREATE TABLE events (
	id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	happened_at BIGINT NOT NULL,
	kind        TEXT COLLATE "C" NOT NULL,
	user_id     TEXT COLLATE "C" NOT NULL,
	actor_id    TEXT NOT NULL,
	way         TEXT NOT NULL,
	address     TEXT NOT NULL,
	detail      TEXT NOT NULL
);

CREATE INDEX events_user ON events (user_id, id);
CREATE INDEX events_kind ON events (kind, id);
CREATE INDEX events_time ON events (happened_at);

-- next_at is NULL once there is nothing left to do.
CREATE TABLE letters (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	user_id     TEXT COLLATE "C" REFERENCES users (id) ON DELETE CASCADE,
	kind        TEXT COLLATE "C" NOT NULL,
	sealed      BYTEA,
	created_at  BIGINT NOT NULL,
	next_at     BIGINT,
	attempts    INTEGER NOT NULL,
	lease       TEXT COLLATE "C" NOT NULL,
	lease_until BIGINT NOT NULL,
	sent_at     BIGINT NOT NULL,
	failed_at   BIGINT NOT NULL,
	problem     TEXT NOT NULL
);

CREATE INDEX letters_due ON letters (next_at, id);
CREATE INDEX letters_user ON letters (user_id);
CREATE INDEX letters_time ON letters (created_at);
