-- name: OpenQuestion :one
SELECT * FROM questions WHERE request_id = $1 AND state IN ('open', 'replied');

-- name: AddQuestion :execrows
INSERT INTO questions (request_id, number, body, asks_for, asked_at, ends_at, state, reply, reminded) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)
ON CONFLICT (request_id, number) DO NOTHING;

-- name: SaveQuestion :execrows
UPDATE questions SET state = $1, reply = $2, reminded = $3 WHERE request_id = $4 AND number = $5;
