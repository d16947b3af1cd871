-- +goose Up
-- What the helpdesk's webhooks were called, so that one that comes twice is heard once.
CREATE TABLE hints (
    id TEXT      PRIMARY KEY,
    at TIMESTAMP NOT NULL
);
CREATE INDEX hints_at ON hints (at);

-- +goose Down
DROP TABLE hints;
