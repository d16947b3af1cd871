-- name: MessagesOf :many
SELECT * FROM messages m
WHERE m.participant_id IN (SELECT CAST(sqlc.arg(id) AS text) UNION ALL SELECT p.id FROM participants p WHERE p.joined_into = sqlc.arg(id) AND p.joined_into <> '')
ORDER BY m.at, m.position, m.id;

-- name: NewestMessages :many
SELECT * FROM messages ORDER BY at DESC, position DESC, id DESC LIMIT $1;

-- name: MessagesBefore :many
SELECT m.* FROM messages m JOIN messages a ON a.id = sqlc.arg(after)
WHERE m.at < a.at OR (m.at = a.at AND (m.position < a.position OR (m.position = a.position AND m.id < a.id)))
ORDER BY m.at DESC, m.position DESC, m.id DESC LIMIT sqlc.arg(at_most);

-- name: AddMessage :exec
INSERT INTO messages (id, participant_id, position, at, recipient, kind, subject, body, link, link_hash, draft_key, code, secret_ends_at, personalisation, state, state_at, invitation_id)
VALUES ($1, $2, CASE WHEN CAST($2 AS text) IS NULL THEN 0 ELSE (SELECT COALESCE(MAX(o.position), 0) + 1 FROM messages o WHERE o.participant_id = $2) END, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: UseLink :one
UPDATE messages SET link = '', link_hash = NULL, secret_ends_at = NULL WHERE link_hash = $1 AND secret_ends_at > $2 RETURNING participant_id, draft_key, invitation_id;

-- name: UseCode :exec
UPDATE messages SET code = '', secret_ends_at = NULL WHERE id = $1;

-- name: EndSecrets :exec
UPDATE messages SET link = '', link_hash = NULL, code = '', secret_ends_at = NULL WHERE secret_ends_at <= $1;

-- name: DeleteStrangersMessages :exec
DELETE FROM messages WHERE participant_id IS NULL AND at <= $1 AND secret_ends_at IS NULL;

-- name: MessageByID :one
SELECT * FROM messages WHERE id = $1;

-- name: SaveSending :execrows
UPDATE messages SET state = $1, state_at = $2, problem = $3, tried_at = $4, looked = $5, sent_id = $6, link = $7, code = $8 WHERE id = $9;
