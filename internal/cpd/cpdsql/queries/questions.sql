-- name: OpenQuestion :one
SELECT * FROM questions WHERE request_id = $1 AND state IN ('open', 'replied');

-- name: AddQuestion :execrows
INSERT INTO questions (request_id, number, body, asks_for, asked_at, ends_at, state, reply, reminded) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)
ON CONFLICT (request_id, number) DO NOTHING;

-- name: QuestionsOf :many
SELECT * FROM questions WHERE request_id = $1 ORDER BY number;

-- name: SaveQuestion :execrows
UPDATE questions SET body = $1, asks_for = $2, asked_at = $3, ends_at = $4, state = $5, reply = $6, reminded = $7 WHERE request_id = $8 AND number = $9;

-- name: ForgetReplies :exec
UPDATE questions SET reply = '' WHERE request_id = $1 AND reply <> '';
