-- +goose Up
DROP VIEW people;
ALTER TABLE participants ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; -- how many mailed links were used

CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into, p.epoch,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;

-- +goose Down
DROP VIEW people;
ALTER TABLE participants DROP COLUMN epoch;

CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;
