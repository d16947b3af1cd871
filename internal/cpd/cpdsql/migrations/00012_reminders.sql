-- +goose Up
-- How often a person was reminded of an invitation since a tutor had it mailed last.
ALTER TABLE invitations ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE invitations DROP COLUMN reminded;
