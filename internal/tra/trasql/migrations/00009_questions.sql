-- +goose Up
-- What operators ask persons. The reply is deleted with the claim.
CREATE TABLE questions (
    request   TEXT      NOT NULL,
    number    BIGINT    NOT NULL, -- in its request, from 1
    body      TEXT      NOT NULL,
    asks_for  TEXT      NOT NULL, -- a field of the claim; empty: words
    asked_by  TEXT      NOT NULL,
    asked_at  TIMESTAMP NOT NULL,
    ends_at   TIMESTAMP NOT NULL,
    state     TEXT      NOT NULL, -- open, answered, withdrawn, unanswered, overtaken
    ended_at  TIMESTAMP,
    reply     TEXT      NOT NULL,
    body_hash TEXT      NOT NULL,
    PRIMARY KEY (request, number)
);
CREATE UNIQUE INDEX questions_open ON questions (request) WHERE state = 'open';
CREATE INDEX requests_asked ON requests (queued_at, id, kind) WHERE state = 'waiting_for_person';
DROP INDEX requests_open_tickets;
CREATE INDEX requests_open_tickets ON requests (ticket) WHERE state IN ('received', 'with_operator', 'in_second_review', 'waiting_for_person');

ALTER TABLE deliveries ADD COLUMN type TEXT NOT NULL DEFAULT 'answer.released'; -- or question.asked

-- +goose Down
ALTER TABLE deliveries DROP COLUMN type;
DROP INDEX requests_open_tickets;
CREATE INDEX requests_open_tickets ON requests (ticket) WHERE state IN ('received', 'with_operator', 'in_second_review');
DROP INDEX requests_asked;
DROP TABLE questions;
