-- name: OpenQuestion :one
SELECT * FROM questions WHERE request = $1 AND state = 'open';

-- name: Questions :many
SELECT * FROM questions WHERE request = $1 ORDER BY number;

-- name: AddQuestion :exec
INSERT INTO questions (request, number, body, asks_for, asked_by, asked_at, ends_at, state, ended_at, reply, body_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: SaveQuestion :execrows
UPDATE questions SET state = $3, ended_at = $4, reply = $5, body_hash = $6 WHERE request = $1 AND number = $2;

-- name: DeleteReplies :exec
UPDATE questions SET reply = '' WHERE request = $1;

-- name: ForgetQuestions :exec
DELETE FROM questions WHERE request = $1;
