-- +goose Up
-- What the TRA asks persons. A reply is kept until it has reached the TRA.
CREATE TABLE questions (
    request_id TEXT      NOT NULL,
    number     BIGINT    NOT NULL, -- the TRA's, from 1
    body       TEXT      NOT NULL,
    asks_for   TEXT      NOT NULL, -- a detail; empty: words
    asked_at   TIMESTAMP NOT NULL,
    ends_at    TIMESTAMP NOT NULL,
    state      TEXT      NOT NULL, -- open, replied, answered, ended
    reply      TEXT      NOT NULL, -- JSON; empty: none
    reminded   BIGINT    NOT NULL,
    PRIMARY KEY (request_id, number)
);
CREATE UNIQUE INDEX questions_open ON questions (request_id) WHERE state IN ('open', 'replied');

-- +goose Down
DROP TABLE questions;
