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

-- name: UnsettledPeople :many
SELECT * FROM people
WHERE joined_into = ''
  AND (trn_status = 'conflict' OR (trn_status = 'not_checked' AND withdrawn_at IS NULL) OR alert_status = 'undetermined')
ORDER BY trn_at, id LIMIT $1;

-- name: ListPeople :many
SELECT * FROM people
WHERE joined_into = ''
  AND (CAST(sqlc.arg(trn_status) AS text) = '' OR trn_status = sqlc.arg(trn_status))
  AND (CAST(sqlc.arg(alert_status) AS text) = '' OR alert_status = sqlc.arg(alert_status))
  AND (CAST(sqlc.arg(reason) AS text) = '' OR EXISTS (SELECT 1 FROM requests r WHERE r.id = people.trn_request AND r.reason = sqlc.arg(reason)))
  AND people.trn_at <= sqlc.arg(since)
  AND (CAST(sqlc.arg(typed) AS text) = '%%' OR search LIKE sqlc.arg(typed) ESCAPE '\' OR (CAST(sqlc.arg(folded) AS text) <> sqlc.arg(typed) AND search LIKE sqlc.arg(folded) ESCAPE '\'))
  AND people.created_at <= sqlc.arg(before) AND (people.created_at < sqlc.arg(before) OR people.id < CAST(sqlc.arg(before_id) AS text))
ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(at_most);

-- name: CountPeople :one
SELECT COUNT(*) FROM (SELECT id FROM participants
WHERE joined_into = ''
  AND (CAST(sqlc.arg(trn_status) AS text) = '' OR trn_status = sqlc.arg(trn_status))
  AND (CAST(sqlc.arg(alert_status) AS text) = '' OR alert_status = sqlc.arg(alert_status))
  AND (CAST(sqlc.arg(reason) AS text) = '' OR EXISTS (SELECT 1 FROM requests r WHERE r.id = participants.trn_request AND r.reason = sqlc.arg(reason)))
  AND trn_at <= sqlc.arg(since)
  AND (CAST(sqlc.arg(typed) AS text) = '%%' OR search LIKE sqlc.arg(typed) ESCAPE '\' OR (CAST(sqlc.arg(folded) AS text) <> sqlc.arg(typed) AND search LIKE sqlc.arg(folded) ESCAPE '\'))
LIMIT sqlc.arg(at_most)) counted;

-- name: AddParticipant :exec
INSERT INTO participants (id, reference, registration_id, first_name, last_name, email, search, created_at, updated_at,
    trn_status, trn, trn_claimed, trn_at, trn_request, trn_version, submitted_at, expected_by, withdrawn_at,
    alert_status, alert_at, alert_request, alert_owner, delete_data_at, joined_into, epoch, alert_state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26);

-- name: SaveParticipant :execrows
UPDATE participants SET first_name = $1, last_name = $2, search = $3, updated_at = $4,
    trn_status = $5, trn = $6, trn_claimed = $7, trn_at = $8, trn_request = $9, trn_version = $10,
    submitted_at = $11, expected_by = $12, withdrawn_at = $13,
    alert_status = $14, alert_at = $15, alert_request = $16, alert_owner = $17, delete_data_at = $18, joined_into = $19, epoch = $20, alert_state = $21
WHERE id = $22;

-- name: AddEmail :exec
INSERT INTO emails (email_key, participant_id) VALUES ($1, $2);

-- name: MoveEmails :exec
UPDATE emails SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: MoveRequests :exec
UPDATE requests SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: MoveJoined :exec
UPDATE participants SET joined_into = sqlc.arg(into_id) WHERE joined_into = sqlc.arg(from_id);
