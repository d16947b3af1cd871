-- +goose Up
CREATE TABLE requests (
    id                TEXT      PRIMARY KEY, -- a UUID that the client chose
    client            TEXT      NOT NULL,
    kind              TEXT      NOT NULL, -- trn_validation, barring_check
    reference         TEXT      NOT NULL UNIQUE,
    state             TEXT      NOT NULL, -- received, with_operator, in_second_review, answered, withdrawn
    body_hash         TEXT      NOT NULL,
    submitted_at      TIMESTAMP NOT NULL,
    queued_at         TIMESTAMP NOT NULL,
    expected_by       TIMESTAMP,          -- NULL: not known
    replaces          TEXT      NOT NULL,
    replaced_by       TEXT      NOT NULL,
    changed           TEXT      NOT NULL, -- fields of the claim, with commas between
    owner             TEXT      NOT NULL,
    revision          BIGINT    NOT NULL,
    version           BIGINT    NOT NULL,
    refusals          BIGINT    NOT NULL,
    ticket            BIGINT    UNIQUE,   -- NULL: none yet
    ticket_status     TEXT      NOT NULL,
    ticket_updated_at TIMESTAMP,
    ticket_read_at    TIMESTAMP,
    -- Kept by every change of a decision, so that the queues are read from one table:
    deciding          BOOLEAN   NOT NULL, -- a decision is to be written or on the ticket
    answered_at       TIMESTAMP           -- when the newest decision was released; NULL: none was
);
CREATE INDEX requests_client ON requests (client, id);
-- One index for each queue, in its order; the conditions are those of queue.go, word for word.
CREATE INDEX requests_waiting ON requests (queued_at, id, kind) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_owner ON requests (owner, queued_at, id, kind) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_expected_by ON requests (expected_by, queued_at, id, kind) WHERE state IN ('received', 'with_operator', 'in_second_review') AND NOT deciding;
CREATE INDEX requests_review ON requests (queued_at, id, kind) WHERE state = 'in_second_review';
CREATE INDEX requests_deciding ON requests (queued_at, id, kind) WHERE deciding AND state <> 'withdrawn';
CREATE INDEX requests_answered ON requests (answered_at, id, kind) WHERE state = 'answered';
CREATE INDEX requests_received ON requests (submitted_at, id) WHERE state = 'received';
CREATE INDEX requests_open_tickets ON requests (ticket) WHERE state IN ('received', 'with_operator', 'in_second_review');

-- What the person says of themselves. Deleted before its request, which stays.
CREATE TABLE claims (
    request                   TEXT PRIMARY KEY,
    first_name                TEXT NOT NULL,
    last_name                 TEXT NOT NULL,
    previous_names            TEXT NOT NULL, -- JSON: [["first","last"],…]
    date_of_birth             TEXT NOT NULL, -- 1984-02-17, empty when not given
    national_insurance_number TEXT NOT NULL,
    trn                       TEXT NOT NULL,
    email                     TEXT NOT NULL
);

CREATE TABLE flags (
    request TEXT      NOT NULL,
    flag    TEXT      NOT NULL,
    reason  TEXT      NOT NULL,
    since   TIMESTAMP NOT NULL,
    PRIMARY KEY (request, flag)
);

CREATE TABLE decisions (
    id          TEXT      PRIMARY KEY,
    request     TEXT      NOT NULL,
    number      BIGINT    NOT NULL, -- in its request, from 1, as they came to stand here
    outcome     TEXT      NOT NULL,
    trn         TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    note        TEXT      NOT NULL,
    why         TEXT      NOT NULL,
    decided_by  TEXT      NOT NULL,
    via         TEXT      NOT NULL,
    decided_at  TIMESTAMP NOT NULL,
    stage       TEXT      NOT NULL,
    review_for  TEXT      NOT NULL,
    reviewed_by TEXT      NOT NULL,
    reviewed_at TIMESTAMP,
    review_why  TEXT      NOT NULL,
    overridden  BOOLEAN   NOT NULL,
    release_at  TIMESTAMP,
    released_at TIMESTAMP,
    version     BIGINT    NOT NULL,
    ended_at    TIMESTAMP,
    ended_by    TEXT      NOT NULL,
    ended_why   TEXT      NOT NULL,
    UNIQUE (request, number)
);
CREATE UNIQUE INDEX decisions_open ON decisions (request) WHERE stage IN ('second_review', 'to_be_written', 'on_ticket');
CREATE INDEX decisions_trn ON decisions (trn) WHERE trn <> '';

CREATE TABLE answers (
    client      TEXT      NOT NULL,
    position    BIGINT    NOT NULL, -- from 1, without gaps, in the order of commit
    request     TEXT      NOT NULL,
    kind        TEXT      NOT NULL,
    version     BIGINT    NOT NULL,
    outcome     TEXT      NOT NULL,
    trn         TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    note        TEXT      NOT NULL,
    answered_at TIMESTAMP NOT NULL,
    PRIMARY KEY (client, position),
    UNIQUE (request, version)
);

-- How far the creation of a ticket has come. The body holds what the ticket
-- says of the person; the row goes once there is a ticket.
CREATE TABLE creations (
    request       TEXT   PRIMARY KEY,
    body          TEXT   NOT NULL, -- JSON, byte by byte as it is sent
    first_sent_at TIMESTAMP,       -- NULL: never
    empty_lookups BIGINT NOT NULL,
    empty_since   TIMESTAMP
);

-- The changes of tickets that are still to be made.
CREATE TABLE ops (
    id       TEXT    PRIMARY KEY,
    seq      BIGINT  NOT NULL UNIQUE,
    request  TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    decision TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    sent     BOOLEAN NOT NULL -- it may have reached the helpdesk
);
CREATE INDEX ops_request ON ops (request, seq);

-- Numbers given in the order of commit: whoever takes one holds its row until then.
CREATE TABLE counters (
    name  TEXT   PRIMARY KEY, -- ops, answers/CLIENT
    value BIGINT NOT NULL     -- the last one given
);

-- How far the helpdesk's changes are read; one row.
CREATE TABLE sweep (
    id           BIGINT PRIMARY KEY,
    after_cursor TEXT   NOT NULL,
    last_at      TIMESTAMP,
    all_at       TIMESTAMP
);

-- The history of requests. Holds no personal value.
CREATE TABLE events (
    id      TEXT      PRIMARY KEY, -- a UUID that grows: the order of those of one instant
    at      TIMESTAMP NOT NULL,
    request TEXT      NOT NULL,
    who     TEXT      NOT NULL,
    what    TEXT      NOT NULL,
    why     TEXT      NOT NULL
);
CREATE INDEX events_request ON events (request, at, id);

-- +goose Down
DROP TABLE events;
DROP TABLE sweep;
DROP TABLE counters;
DROP TABLE ops;
DROP TABLE creations;
DROP TABLE answers;
DROP TABLE decisions;
DROP TABLE flags;
DROP TABLE claims;
DROP TABLE requests;
