-- +goose Up
DROP VIEW people;
-- The open alerts that the barring check was made for, as the register names them.
ALTER TABLE participants ADD COLUMN alert_state TEXT NOT NULL DEFAULT '';

CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into, p.epoch, p.alert_state,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;

-- +goose Down
DROP VIEW people;
ALTER TABLE participants DROP COLUMN alert_state;

CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into, p.epoch,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;
