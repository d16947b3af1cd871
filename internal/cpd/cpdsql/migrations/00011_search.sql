-- +goose Up
-- What administrators find a participant by: the folded words of the name and of
-- the email address, and the address itself. Gone with the name and the address.
CREATE TABLE search_words (
    word -- sqlite: TEXT NOT NULL, /*
         TEXT COLLATE "C" NOT NULL, -- sqlite: */
    participant_id TEXT NOT NULL REFERENCES participants (id),
    PRIMARY KEY (word, participant_id)
) -- sqlite: WITHOUT ROWID
;
CREATE INDEX search_words_participant ON search_words (participant_id, word);

-- One letter after the other: both databases can.
INSERT INTO search_words (word, participant_id)
WITH RECURSIVE split(id, word, rest) AS (
    SELECT p.id, '', REPLACE(p.search, '
', ' ') || ' ' FROM participants p WHERE p.joined_into = ''
    UNION ALL
    SELECT s.id, CASE WHEN SUBSTR(s.rest, 1, 1) = ' ' THEN '' ELSE s.word || SUBSTR(s.rest, 1, 1) END, SUBSTR(s.rest, 2) FROM split s WHERE s.rest <> ''
)
SELECT DISTINCT s.word, s.id FROM split s WHERE SUBSTR(s.rest, 1, 1) = ' ' AND s.word <> '';

DROP VIEW people;
ALTER TABLE participants DROP COLUMN search;
CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into, p.epoch, p.alert_state,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;

-- Why the TRA could not validate the TRN: of the request that the status follows from.
ALTER TABLE participants ADD COLUMN trn_reason TEXT NOT NULL DEFAULT '';
UPDATE participants SET trn_reason = COALESCE((SELECT r.reason FROM requests r WHERE r.id = participants.trn_request), '') WHERE trn_request <> '';

-- Every list of the administrators is read in its order.
DROP INDEX participants_trn_status;
DROP INDEX participants_alert_status;
CREATE INDEX participants_by_trn_status ON participants (trn_status, created_at, id);
CREATE INDEX participants_by_alert_status ON participants (alert_status, created_at, id);
CREATE INDEX participants_by_both ON participants (trn_status, alert_status, created_at, id);
CREATE INDEX participants_by_reason ON participants (trn_reason, created_at, id) WHERE trn_reason <> '';
CREATE INDEX participants_unsettled ON participants (trn_at, id)
WHERE joined_into = ''
  AND CASE WHEN trn_status = 'conflict' OR (trn_status = 'not_checked' AND withdrawn_at IS NULL) OR alert_status = 'undetermined' THEN 1 ELSE 0 END = 1;
DROP INDEX requests_state;
CREATE INDEX requests_silent ON requests (as_of, id) WHERE state = 'sent';
CREATE INDEX requests_open ON requests (created_at, id) WHERE state IN ('waiting', 'sent');

-- What a school sees of a person, kept beside their invitation.
ALTER TABLE invitations ADD COLUMN state TEXT NOT NULL DEFAULT 'invited';
UPDATE invitations SET state = (SELECT v.state FROM invited v WHERE v.id = invitations.id);
DROP VIEW invited;
DROP INDEX invitations_ends_at;
ALTER TABLE invitations DROP COLUMN ended;
CREATE INDEX invitations_ends_at ON invitations (ends_at) WHERE state = 'invited';
CREATE INDEX invitations_state ON invitations (urn, state, position);

-- +goose Down
DROP INDEX invitations_state;
DROP INDEX invitations_ends_at;
ALTER TABLE invitations ADD COLUMN ended BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE invitations SET ended = TRUE WHERE state = 'no_answer';
CREATE INDEX invitations_ends_at ON invitations (ends_at);
ALTER TABLE invitations DROP COLUMN state;
CREATE VIEW invited AS
SELECT i.id, i.urn, i.position, i.email, i.first_name, i.last_name, i.search, i.date_of_birth, i.trn, i.invited_by, i.created_at, i.sent_at, i.ends_at,
       i.opened_at, i.registration_id, i.participant_id,
       CAST(CASE
         WHEN i.participant_id IS NULL AND i.ended THEN 'no_answer'
         WHEN i.participant_id IS NULL THEN 'invited'
         WHEN p.trn_status IN ('validated_automatically', 'validated_manually') THEN 'confirmed'
         WHEN p.trn_status IN ('awaiting_manual_validation', 'conflict') THEN 'being_checked'
         WHEN p.trn_status = 'not_checked' AND p.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) THEN 'being_checked'
         ELSE 'not_confirmed'
       END AS text) AS state
FROM invitations i LEFT JOIN participants p ON p.id = i.participant_id;

DROP INDEX requests_open;
DROP INDEX requests_silent;
CREATE INDEX requests_state ON requests (state, as_of);
DROP INDEX participants_unsettled;
DROP INDEX participants_by_reason;
DROP INDEX participants_by_both;
DROP INDEX participants_by_alert_status;
DROP INDEX participants_by_trn_status;
CREATE INDEX participants_trn_status ON participants (trn_status, trn_at);
CREATE INDEX participants_alert_status ON participants (alert_status);
ALTER TABLE participants DROP COLUMN trn_reason;

DROP VIEW people;
ALTER TABLE participants ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE participants SET search = LOWER(reference || ' ' || first_name || ' ' || last_name || ' ' || email);
CREATE VIEW people AS
SELECT p.id, p.reference, p.registration_id, p.first_name, p.last_name, p.email, p.search, p.created_at, p.updated_at,
       p.trn_status, p.trn, p.trn_claimed, p.trn_at, p.trn_request, p.trn_version, p.submitted_at, p.expected_by, p.withdrawn_at,
       p.alert_status, p.alert_at, p.alert_request, p.alert_owner, p.delete_data_at, p.joined_into, p.epoch, p.alert_state,
       EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) AS holds_data
FROM participants p;
DROP TABLE search_words;
