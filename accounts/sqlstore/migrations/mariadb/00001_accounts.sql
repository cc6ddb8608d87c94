-- +goose Up

-- Statements that define tables are committed one by one: this can be run again
-- where it was broken off. Keys are compared byte by byte.
-- Times are microseconds since 1970 (UTC), 0 for none.

CREATE TABLE IF NOT EXISTS users (
	id              VARCHAR(64) NOT NULL PRIMARY KEY,
	email           VARCHAR(255) NOT NULL,
	email_key       VARCHAR(255) UNIQUE,
	username        VARCHAR(255) NOT NULL,
	username_key    VARCHAR(255) UNIQUE,
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
	own             MEDIUMTEXT NOT NULL,
	search_login    TEXT NOT NULL,
	search_name     TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS roles (
	name        VARCHAR(255) NOT NULL PRIMARY KEY,
	description TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS role_permissions (
	role       VARCHAR(255) NOT NULL,
	permission VARCHAR(255) NOT NULL,
	PRIMARY KEY (role, permission),
	FOREIGN KEY (role) REFERENCES roles (name) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS user_roles (
	user_id VARCHAR(64) NOT NULL,
	role    VARCHAR(255) NOT NULL,
	PRIMARY KEY (user_id, role),
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
	FOREIGN KEY (role) REFERENCES roles (name) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS user_roles_role ON user_roles (role, user_id);

CREATE TABLE IF NOT EXISTS sessions (
	id               VARCHAR(64) NOT NULL PRIMARY KEY,
	hash             VARBINARY(64) NOT NULL UNIQUE,
	user_id          VARCHAR(64) NOT NULL,
	stage            VARCHAR(64) NOT NULL,
	factors          TEXT NOT NULL,
	authenticated_at BIGINT NOT NULL,
	stamp            TEXT NOT NULL,
	created_at       BIGINT NOT NULL,
	seen_at          BIGINT NOT NULL,
	expires_at       BIGINT NOT NULL,
	remember         BOOLEAN NOT NULL,
	agent            TEXT NOT NULL,
	address          TEXT NOT NULL,
	bag              MEDIUMTEXT NOT NULL,
	bag_version      BIGINT NOT NULL,
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id, seen_at);
CREATE INDEX IF NOT EXISTS sessions_expiry ON sessions (expires_at);

CREATE TABLE IF NOT EXISTS tickets (
	hash       VARBINARY(64) NOT NULL PRIMARY KEY,
	user_id    VARCHAR(64) NOT NULL,
	purpose    VARCHAR(64) NOT NULL,
	binding    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL,
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS tickets_user ON tickets (user_id, purpose);
CREATE INDEX IF NOT EXISTS tickets_expiry ON tickets (expires_at);

CREATE TABLE IF NOT EXISTS devices (
	user_id    VARCHAR(64) NOT NULL,
	hash       VARBINARY(64) NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, hash),
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS devices_expiry ON devices (expires_at);

-- Events outlive the users that they are about: no foreign key.
CREATE TABLE IF NOT EXISTS events (
	id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	happened_at BIGINT NOT NULL,
	kind        VARCHAR(64) NOT NULL,
	user_id     VARCHAR(64) NOT NULL,
	actor_id    VARCHAR(64) NOT NULL,
	way         VARCHAR(64) NOT NULL,
	address     TEXT NOT NULL,
	detail      TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS events_user ON events (user_id, id);
CREATE INDEX IF NOT EXISTS events_kind ON events (kind, id);
CREATE INDEX IF NOT EXISTS events_time ON events (happened_at);

-- next_at is NULL once there is nothing left to do.
CREATE TABLE IF NOT EXISTS letters (
	id          VARCHAR(64) NOT NULL PRIMARY KEY,
	user_id     VARCHAR(64),
	kind        VARCHAR(64) NOT NULL,
	sealed      MEDIUMBLOB,
	created_at  BIGINT NOT NULL,
	next_at     BIGINT,
	attempts    INT NOT NULL,
	lease       VARCHAR(64) NOT NULL,
	lease_until BIGINT NOT NULL,
	sent_at     BIGINT NOT NULL,
	failed_at   BIGINT NOT NULL,
	problem     TEXT NOT NULL,
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS letters_due ON letters (next_at, id);
CREATE INDEX IF NOT EXISTS letters_user ON letters (user_id);
CREATE INDEX IF NOT EXISTS letters_time ON letters (created_at);
