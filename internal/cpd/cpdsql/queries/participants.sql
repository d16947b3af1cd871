-- name: PersonByID :one
SELECT * FROM people WHERE id = $1;

-- name: PersonByRegistration :one
SELECT * FROM people WHERE registration_id = $1;

-- name: PersonByEmail :one
SELECT * FROM people WHERE id = (SELECT e.participant_id FROM emails e WHERE e.email_key = $1);

-- name: PersonByTRN :one
SELECT * FROM people WHERE trn = $1 AND trn <> '';

-- name: JoinedPeople :many
SELECT * FROM people WHERE joined_into = $1 AND joined_into <> '' ORDER BY created_at, id;

-- The condition is that of an index, word for word, and one that cannot be taken apart.
-- name: UnsettledPeople :many
SELECT * FROM people
WHERE joined_into = ''
  AND CASE WHEN trn_status = 'conflict' OR (trn_status = 'not_checked' AND withdrawn_at IS NULL) OR alert_status = 'undetermined' THEN 1 ELSE 0 END = 1
ORDER BY trn_at, id LIMIT $1;

-- name: PersonByReference :one
SELECT * FROM people WHERE reference = $1;

-- name: WordsOf :many
SELECT word FROM search_words WHERE participant_id = $1 ORDER BY word;

-- name: AddWord :exec
INSERT INTO search_words (word, participant_id) VALUES ($1, $2);

-- name: DeleteWords :exec
DELETE FROM search_words WHERE participant_id = $1;

-- name: CountWord :one
SELECT COUNT(*) FROM (SELECT participant_id FROM search_words WHERE word >= sqlc.arg(beginning) AND word < sqlc.arg(beyond) LIMIT sqlc.arg(at_most)) counted;

-- name: AddParticipant :exec
INSERT INTO participants (id, reference, registration_id, first_name, last_name, email, created_at, updated_at,
    trn_status, trn, trn_claimed, trn_at, trn_request, trn_version, submitted_at, expected_by, withdrawn_at,
    alert_status, alert_at, alert_request, alert_owner, delete_data_at, joined_into, epoch, alert_state, trn_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    COALESCE((SELECT r.reason FROM requests r WHERE r.id = CAST($13 AS text)), ''));

-- name: SaveParticipant :execrows
UPDATE participants SET first_name = $1, last_name = $2, updated_at = $3,
    trn_status = $4, trn = $5, trn_claimed = $6, trn_at = $7, trn_request = $8, trn_version = $9,
    submitted_at = $10, expected_by = $11, withdrawn_at = $12,
    alert_status = $13, alert_at = $14, alert_request = $15, alert_owner = $16, delete_data_at = $17, joined_into = $18, epoch = $19, alert_state = $20,
    trn_reason = COALESCE((SELECT r.reason FROM requests r WHERE r.id = CAST($8 AS text)), '')
WHERE participants.id = $21;

-- name: AddEmail :exec
INSERT INTO emails (email_key, participant_id) VALUES ($1, $2);

-- name: MoveEmails :exec
UPDATE emails SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: MoveRequests :exec
UPDATE requests SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: MoveJoined :exec
UPDATE participants SET joined_into = sqlc.arg(into_id) WHERE joined_into = sqlc.arg(from_id);
