-- +goose Up
-- Numbers are counted up here, so that they tell the order in which things came.
CREATE TABLE counters (
    name  TEXT   PRIMARY KEY,
    value BIGINT NOT NULL -- the last one given
);
-- Six digits a ticket and thirteen anything else, as in a Zendesk account that has been used for a while.
INSERT INTO counters (name, value) VALUES ('ticket', 100000), ('object', 4700000000000);

CREATE TABLE users (
    id         BIGINT    PRIMARY KEY,
    client     TEXT      UNIQUE, -- an agent: whose token it acts by
    name       TEXT      NOT NULL,
    email      TEXT      NOT NULL,
    email_key  TEXT      NOT NULL UNIQUE,
    agent      BOOLEAN   NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE agent_groups (
    id         BIGINT    PRIMARY KEY,
    name       TEXT      NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE ticket_fields (
    id         BIGINT    PRIMARY KEY,
    title      TEXT      NOT NULL UNIQUE,
    kind       TEXT      NOT NULL,
    pattern    TEXT      NOT NULL, -- of a regexp
    position   BIGINT    NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE ticket_field_options (
    id       BIGINT PRIMARY KEY,
    field_id BIGINT NOT NULL REFERENCES ticket_fields (id),
    name     TEXT   NOT NULL,
    value    TEXT   NOT NULL UNIQUE -- opaque; a tag too
);
CREATE INDEX ticket_field_options_field ON ticket_field_options (field_id);

CREATE TABLE tickets (
    id            BIGINT    PRIMARY KEY,
    external_id   TEXT      NOT NULL, -- not unique; empty for none
    subject       TEXT      NOT NULL,
    description   TEXT      NOT NULL,
    status        TEXT      NOT NULL,
    type          TEXT      NOT NULL,
    priority      TEXT      NOT NULL,
    requester_id  BIGINT    NOT NULL,
    submitter_id  BIGINT    NOT NULL,
    assignee_id   BIGINT    NOT NULL, -- 0: nobody
    group_id      BIGINT    NOT NULL, -- 0: none
    public        BOOLEAN   NOT NULL,
    tags          TEXT      NOT NULL, -- JSON: ["tag",…]
    custom_fields TEXT      NOT NULL, -- JSON: {"field id":"value",…}
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    generated_at  TIMESTAMP NOT NULL,
    solved_at     TIMESTAMP,
    deleted_at    TIMESTAMP
);
CREATE INDEX tickets_external_id ON tickets (external_id);
CREATE INDEX tickets_updated ON tickets (updated_at, id);
CREATE INDEX tickets_generated ON tickets (generated_at, id);
CREATE INDEX tickets_solved ON tickets (status, solved_at);

-- What happened to a ticket, for good. A comment is part of the change that brought it.
CREATE TABLE audits (
    id             BIGINT    PRIMARY KEY,
    ticket_id      BIGINT    NOT NULL REFERENCES tickets (id),
    at             TIMESTAMP NOT NULL,
    author_id      BIGINT    NOT NULL, -- -1: the desk itself
    channel        TEXT      NOT NULL,
    program        TEXT      NOT NULL,
    address        TEXT      NOT NULL,
    custom         TEXT      NOT NULL, -- JSON object of the caller's, empty for none
    events         TEXT      NOT NULL, -- JSON
    comment_id     BIGINT    NOT NULL, -- 0: no comment
    comment_author BIGINT    NOT NULL,
    comment_body   TEXT      NOT NULL,
    comment_public BOOLEAN   NOT NULL
);
CREATE INDEX audits_ticket ON audits (ticket_id, id);

-- Creations that their key may repeat, for a while.
CREATE TABLE idempotency_keys (
    key       TEXT      PRIMARY KEY, -- a hash
    body      TEXT      NOT NULL,    -- a hash
    ticket_id BIGINT    NOT NULL,
    answer    TEXT      NOT NULL,
    used_at   TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_used ON idempotency_keys (used_at);

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE audits;
DROP TABLE tickets;
DROP TABLE ticket_field_options;
DROP TABLE ticket_fields;
DROP TABLE agent_groups;
DROP TABLE users;
DROP TABLE counters;
