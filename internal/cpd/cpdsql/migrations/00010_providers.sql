-- +goose Up
-- What lead providers read is in the order of change.
CREATE INDEX participants_updated_at ON participants (updated_at, id);
CREATE INDEX schools_lead_provider ON schools (lead_provider);

-- +goose Down
DROP INDEX schools_lead_provider;
DROP INDEX participants_updated_at;
