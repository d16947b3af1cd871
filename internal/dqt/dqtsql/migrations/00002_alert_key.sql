-- +goose Up
-- The secret under which open alerts are hashed: one row, made when it is first needed.
CREATE TABLE alert_keys (
    id     BIGINT PRIMARY KEY,
    secret TEXT   NOT NULL -- hex
);

-- +goose Down
DROP TABLE alert_keys;
