-- name: Events :many
SELECT * FROM events e
WHERE e.participant_id IN (SELECT CAST(sqlc.arg(id) AS text) UNION ALL SELECT p.id FROM participants p WHERE p.joined_into = sqlc.arg(id) AND p.joined_into <> '')
ORDER BY e.at, e.position, e.participant_id;

-- name: AddEvent :exec
INSERT INTO events (participant_id, position, at, who, what, request_id, why)
VALUES ($1, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM events o WHERE o.participant_id = $1), $2, $3, $4, $5, $6);
