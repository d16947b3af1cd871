-- +goose Up
-- Which place the picked record had among the candidates when it was decided.
CREATE TABLE picks (
    decision TEXT      PRIMARY KEY,
    at       TIMESTAMP NOT NULL,
    place    BIGINT    NOT NULL -- from 1; 0: it was not among them
);
CREATE INDEX picks_at ON picks (at);
CREATE INDEX requests_submitted_at ON requests (submitted_at, kind);
CREATE INDEX answers_answered_at ON answers (answered_at);
CREATE INDEX decisions_reviewed ON decisions (request) WHERE review_for <> '';
CREATE INDEX events_what ON events (what, at) WHERE what IN ('case_reopened', 'ticket_reopened');

-- +goose Down
DROP INDEX events_what;
DROP INDEX decisions_reviewed;
DROP INDEX answers_answered_at;
DROP INDEX requests_submitted_at;
DROP TABLE picks;
