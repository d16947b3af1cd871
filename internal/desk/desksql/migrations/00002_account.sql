-- +goose Up
-- What there is one of in every account, and the ids of its statuses.
CREATE TABLE account_ids (
    name       TEXT      PRIMARY KEY,
    id         BIGINT    NOT NULL,
    created_at TIMESTAMP NOT NULL
);

ALTER TABLE tickets ADD COLUMN scrubbed BOOLEAN NOT NULL DEFAULT FALSE; -- deleted for good
ALTER TABLE tickets ADD COLUMN followup_of BIGINT NOT NULL DEFAULT 0; -- 0: follows up none
ALTER TABLE tickets ADD COLUMN followups TEXT NOT NULL DEFAULT '[]'; -- JSON: [ticket id,…]
CREATE INDEX tickets_deleted ON tickets (deleted_at);
CREATE INDEX tickets_created ON tickets (created_at, id);

ALTER TABLE audits ADD COLUMN rel TEXT NOT NULL DEFAULT '';
ALTER TABLE audits ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'; -- JSON: [ticket id,…]
ALTER TABLE audits ADD COLUMN private_comment BIGINT NOT NULL DEFAULT 0; -- 0: none was made private
ALTER TABLE audits ADD COLUMN private_event BIGINT NOT NULL DEFAULT 0;
CREATE INDEX audits_author ON audits (author_id, id);

ALTER TABLE users ADD COLUMN suspended BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE ticket_fields ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE ticket_fields ADD COLUMN system BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE ticket_fields ADD COLUMN updated_at TIMESTAMP;
UPDATE ticket_fields SET updated_at = created_at;

CREATE TABLE views (
    id         BIGINT    PRIMARY KEY,
    title      TEXT      NOT NULL,
    active     BOOLEAN   NOT NULL,
    position   BIGINT    NOT NULL,
    clauses    TEXT      NOT NULL, -- JSON
    group_id   BIGINT    NOT NULL, -- 0: everybody's
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE triggers (
    id         BIGINT    PRIMARY KEY,
    title      TEXT      NOT NULL,
    active     BOOLEAN   NOT NULL,
    position   BIGINT    NOT NULL,
    clauses    TEXT      NOT NULL, -- JSON
    actions    TEXT      NOT NULL, -- JSON
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE jobs (
    id      TEXT      PRIMARY KEY,
    kind    TEXT      NOT NULL,
    total   BIGINT    NOT NULL, -- negative: not told
    results TEXT      NOT NULL, -- JSON
    at      TIMESTAMP NOT NULL
);
CREATE INDEX jobs_at ON jobs (at);

CREATE TABLE webhooks (
    id            TEXT      PRIMARY KEY, -- a ULID
    name          TEXT      NOT NULL,
    description   TEXT      NOT NULL,
    active        BOOLEAN   NOT NULL,
    endpoint      TEXT      NOT NULL,
    method        TEXT      NOT NULL,
    subscriptions TEXT      NOT NULL, -- JSON: ["type",…]
    auth          TEXT      NOT NULL, -- JSON; its calls carry it, so it is kept as it is
    secret        TEXT      NOT NULL, -- signs its calls
    created_by    BIGINT    NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_by    BIGINT    NOT NULL, -- 0: nobody yet
    updated_at    TIMESTAMP
);
-- The outbox: what webhooks are told, written with the change that it tells of.
-- What is due of it stands among the tasks.
CREATE TABLE invocations (
    id         TEXT      PRIMARY KEY, -- a ULID
    webhook_id TEXT      NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event      TEXT      NOT NULL, -- empty: by a trigger
    body       TEXT      NOT NULL,
    status     TEXT      NOT NULL,
    code       BIGINT    NOT NULL, -- 0: no answer
    at         TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE INDEX invocations_webhook ON invocations (webhook_id, id);
CREATE INDEX invocations_at ON invocations (at);
CREATE TABLE attempts (
    invocation_id TEXT      NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
    number        BIGINT    NOT NULL,
    webhook_id    TEXT      NOT NULL,
    status        TEXT      NOT NULL,
    code          BIGINT    NOT NULL, -- 0: no answer
    timed_out     BOOLEAN   NOT NULL,
    retry_after   BIGINT    NOT NULL, -- seconds; 0: not asked for
    sent          TEXT      NOT NULL, -- JSON: headers
    answer        TEXT      NOT NULL, -- JSON: headers and the body's beginning
    at            TIMESTAMP NOT NULL,
    PRIMARY KEY (invocation_id, number)
);
CREATE INDEX attempts_webhook ON attempts (webhook_id, at);

-- +goose Down
DROP TABLE attempts;
DROP TABLE invocations;
DROP TABLE webhooks;
DROP TABLE jobs;
DROP TABLE triggers;
DROP TABLE views;
ALTER TABLE ticket_fields DROP COLUMN updated_at;
ALTER TABLE ticket_fields DROP COLUMN system;
ALTER TABLE ticket_fields DROP COLUMN active;
ALTER TABLE users DROP COLUMN suspended;
DROP INDEX audits_author;
ALTER TABLE audits DROP COLUMN private_event;
ALTER TABLE audits DROP COLUMN private_comment;
ALTER TABLE audits DROP COLUMN sources;
ALTER TABLE audits DROP COLUMN rel;
DROP INDEX tickets_created;
DROP INDEX tickets_deleted;
ALTER TABLE tickets DROP COLUMN followups;
ALTER TABLE tickets DROP COLUMN followup_of;
ALTER TABLE tickets DROP COLUMN scrubbed;
DROP TABLE account_ids;
