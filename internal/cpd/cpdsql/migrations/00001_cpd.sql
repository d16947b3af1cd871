-- +goose Up
CREATE TABLE participants (
    id              TEXT PRIMARY KEY,
    reference       TEXT      NOT NULL UNIQUE,
    registration_id TEXT      NOT NULL UNIQUE,
    first_name      TEXT      NOT NULL,
    last_name       TEXT      NOT NULL,
    email           TEXT      NOT NULL,
    search          TEXT      NOT NULL, -- reference, name and email address as they are searched
    created_at      TIMESTAMP NOT NULL,
    updated_at      TIMESTAMP NOT NULL,
    trn_status      TEXT      NOT NULL,
    trn             TEXT      NOT NULL, -- empty: none stands here
    trn_claimed     BOOLEAN   NOT NULL,
    trn_at          TIMESTAMP NOT NULL,
    trn_request     TEXT      NOT NULL,
    trn_version     BIGINT    NOT NULL,
    submitted_at    TIMESTAMP NOT NULL,
    expected_by     TIMESTAMP,
    withdrawn_at    TIMESTAMP,
    alert_status    TEXT      NOT NULL,
    alert_at        TIMESTAMP,
    alert_request   TEXT      NOT NULL,
    alert_owner     TEXT      NOT NULL,
    delete_data_at  TIMESTAMP,
    joined_into     TEXT      NOT NULL
);
CREATE UNIQUE INDEX participants_trn ON participants (trn) WHERE trn <> '';
CREATE INDEX participants_created_at ON participants (created_at, id);
CREATE INDEX participants_trn_status ON participants (trn_status, trn_at);
CREATE INDEX participants_alert_status ON participants (alert_status);
CREATE INDEX participants_joined_into ON participants (joined_into) WHERE joined_into <> '';

-- Whose address it is: every address of the records that were joined, case-folded.
CREATE TABLE emails (
    email_key      TEXT PRIMARY KEY,
    participant_id TEXT NOT NULL REFERENCES participants (id)
);
CREATE INDEX emails_participant ON emails (participant_id);

-- What was typed to be checked. Nothing else holds a date of birth or an NI number.
CREATE TABLE validation_data (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    position       BIGINT    NOT NULL, -- the newest of a participant has the highest
    first_name     TEXT      NOT NULL,
    last_name      TEXT      NOT NULL,
    name_changed   BOOLEAN   NOT NULL,
    previous_names TEXT      NOT NULL, -- JSON: [["first","last"],…]
    date_of_birth  TEXT      NOT NULL,
    trn            TEXT      NOT NULL,
    nino           TEXT      NOT NULL,
    email          TEXT      NOT NULL,
    created_at     TIMESTAMP NOT NULL
);
CREATE INDEX validation_data_participant ON validation_data (participant_id, position);

CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;

CREATE TABLE requests (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    position       BIGINT    NOT NULL, -- later ones of a participant have higher ones
    kind           TEXT      NOT NULL,
    state          TEXT      NOT NULL,
    replaces       TEXT      NOT NULL,
    data_id        TEXT      NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    attempts       BIGINT    NOT NULL,
    sent_at        TIMESTAMP,
    problem        TEXT      NOT NULL,
    status         TEXT      NOT NULL,
    expected_by    TIMESTAMP,
    as_of          TIMESTAMP,
    version        BIGINT    NOT NULL,
    outcome        TEXT      NOT NULL,
    reason         TEXT      NOT NULL,
    note           TEXT      NOT NULL,
    answered_at    TIMESTAMP
);
CREATE INDEX requests_participant ON requests (participant_id, position);
CREATE INDEX requests_replaces ON requests (replaces) WHERE replaces <> '';
CREATE INDEX requests_state ON requests (state, as_of);

-- Which versions of which answers were read. The TRN is not kept here.
CREATE TABLE answers (
    request_id  TEXT      NOT NULL REFERENCES requests (id),
    version     BIGINT    NOT NULL,
    outcome     TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    note        TEXT      NOT NULL,
    answered_at TIMESTAMP,
    read_at     TIMESTAMP NOT NULL,
    PRIMARY KEY (request_id, version)
);

CREATE TABLE conflicts (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    holder_id      TEXT      NOT NULL,
    trn            TEXT      NOT NULL, -- empty once it is ended
    request_id     TEXT      NOT NULL,
    version        BIGINT    NOT NULL,
    opened_at      TIMESTAMP NOT NULL,
    ended_at       TIMESTAMP,
    how            TEXT      NOT NULL,
    ended_by       TEXT      NOT NULL,
    why            TEXT      NOT NULL
);
CREATE UNIQUE INDEX conflicts_open ON conflicts (participant_id) WHERE ended_at IS NULL;

-- The history of a participant: written once, never changed.
CREATE TABLE events (
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    position       BIGINT    NOT NULL,
    at             TIMESTAMP NOT NULL,
    who            TEXT      NOT NULL,
    what           TEXT      NOT NULL,
    request_id     TEXT      NOT NULL,
    why            TEXT      NOT NULL,
    PRIMARY KEY (participant_id, position)
);

CREATE TABLE messages (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    position       BIGINT    NOT NULL,
    at             TIMESTAMP NOT NULL,
    recipient      TEXT      NOT NULL,
    subject        TEXT      NOT NULL,
    body           TEXT      NOT NULL,
    link           TEXT      NOT NULL, -- empty once it is used or too old
    link_hash      TEXT UNIQUE,        -- NULL without a link
    link_ends_at   TIMESTAMP
);
CREATE INDEX messages_participant ON messages (participant_id, position);
CREATE INDEX messages_at ON messages (at);
CREATE INDEX messages_link_ends_at ON messages (link_ends_at) WHERE link_ends_at IS NOT NULL;

CREATE TABLE counters (
    counted   TEXT      NOT NULL, -- a keyed hash
    begins_at TIMESTAMP NOT NULL,
    times     BIGINT    NOT NULL,
    PRIMARY KEY (counted, begins_at)
);
CREATE INDEX counters_begins_at ON counters (begins_at);

-- How far the TRA's answers are read: one row.
CREATE TABLE feed (
    id       BIGINT PRIMARY KEY,
    place    TEXT   NOT NULL,
    due_at   TIMESTAMP,
    last_at  TIMESTAMP,
    attempts BIGINT NOT NULL,
    problem  TEXT   NOT NULL
);

-- +goose Down
DROP TABLE feed;
DROP TABLE counters;
DROP TABLE messages;
DROP TABLE events;
DROP TABLE conflicts;
DROP TABLE answers;
DROP TABLE requests;
DROP VIEW people;
DROP TABLE validation_data;
DROP TABLE emails;
DROP TABLE participants;
