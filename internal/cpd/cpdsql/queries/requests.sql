-- name: RequestByID :one
SELECT * FROM requests WHERE id = $1;

-- name: RequestsOf :many
SELECT * FROM requests WHERE participant_id = $1 ORDER BY created_at, position, id;

-- name: WaitingSuccessor :one
SELECT * FROM requests WHERE replaces = $1 AND replaces <> '' AND state = 'waiting' ORDER BY created_at DESC, position DESC LIMIT 1;

-- name: SilentRequests :many
SELECT * FROM requests WHERE state = 'sent' AND as_of < sqlc.arg(asked_before) ORDER BY as_of, id LIMIT sqlc.arg(at_most);

-- name: OpenRequests :many
SELECT sqlc.embed(r), p.reference FROM requests r JOIN participants p ON p.id = r.participant_id
WHERE r.state IN ('waiting', 'sent') ORDER BY r.created_at, r.id LIMIT $1;

-- name: AddRequest :exec
INSERT INTO requests (id, participant_id, position, kind, state, replaces, data_id, created_at, attempts, sent_at, problem, status,
    expected_by, as_of, version, outcome, reason, note, answered_at)
VALUES ($1, $2, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM requests o WHERE o.participant_id = $2),
    $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- name: SaveRequest :execrows
UPDATE requests SET state = $1, replaces = $2, attempts = $3, sent_at = $4, problem = $5, status = $6, expected_by = $7, as_of = $8,
    version = $9, outcome = $10, reason = $11, note = $12, answered_at = $13
WHERE id = $14;

-- name: AddAnswer :execrows
INSERT INTO answers (request_id, version, outcome, reason, note, answered_at, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (request_id, version) DO NOTHING;
