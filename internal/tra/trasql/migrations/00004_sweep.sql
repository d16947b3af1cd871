-- +goose Up
-- How far the look at everything open has come: the number of a ticket; 0: none is under way.
ALTER TABLE sweep ADD COLUMN all_after BIGINT NOT NULL DEFAULT 0;

-- Whom the helpdesk has known us as: what they did is ours for good.
CREATE TABLE helpdesk_users (
    id    BIGINT    PRIMARY KEY,
    since TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE helpdesk_users;
ALTER TABLE sweep DROP COLUMN all_after;
