-- name: MessagesOf :many
SELECT * FROM messages m
WHERE m.participant_id = sqlc.arg(id) OR m.participant_id IN (SELECT p.id FROM participants p WHERE p.joined_into = sqlc.arg(id) AND p.joined_into <> '')
ORDER BY m.at, m.position, m.id;

-- name: NewestMessages :many
SELECT * FROM messages ORDER BY at DESC, position DESC, id DESC LIMIT $1;

-- name: MessagesBefore :many
SELECT m.* FROM messages m JOIN messages a ON a.id = sqlc.arg(after)
WHERE m.at < a.at OR (m.at = a.at AND (m.position < a.position OR (m.position = a.position AND m.id < a.id)))
ORDER BY m.at DESC, m.position DESC, m.id DESC LIMIT sqlc.arg(at_most);

-- name: AddMessage :exec
INSERT INTO messages (id, participant_id, position, at, recipient, subject, body, link, link_hash, link_ends_at)
VALUES ($1, $2, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM messages o WHERE o.participant_id = $2), $3, $4, $5, $6, $7, $8, $9);

-- name: UseLink :one
UPDATE messages SET link = '', link_hash = NULL, link_ends_at = NULL WHERE link_hash = $1 AND link_ends_at > $2 RETURNING participant_id;

-- name: EndLinks :exec
UPDATE messages SET link = '', link_hash = NULL, link_ends_at = NULL WHERE link_ends_at <= $1;
