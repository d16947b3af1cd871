-- +goose Up
-- What is to be done to which row, and when. A job is only the kick.
CREATE TABLE tasks (
    kind         TEXT      NOT NULL,
    subject      TEXT      NOT NULL, -- the id of the row
    since        TIMESTAMP NOT NULL, -- when it first was to be done
    due_at       TIMESTAMP NOT NULL,
    attempts     BIGINT    NOT NULL,
    leased_until TIMESTAMP,          -- NULL: nobody works at it
    PRIMARY KEY (kind, subject)
);
CREATE INDEX tasks_due_at ON tasks (due_at);

-- +goose Down
DROP TABLE tasks;
