-- name: NewestAnswer :one
SELECT * FROM answers WHERE request = $1 ORDER BY version DESC LIMIT 1;

-- name: Answers :many
SELECT * FROM answers WHERE client = $1 AND position > $2 ORDER BY position LIMIT $3;

-- name: NextNumber :one
INSERT INTO counters (name, value) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value;

-- name: AddAnswer :exec
INSERT INTO answers (client, position, request, kind, version, outcome, trn, reason, note, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
