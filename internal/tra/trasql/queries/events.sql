-- name: Events :many
SELECT * FROM events WHERE request = $1 ORDER BY at, id;

-- name: AddEvent :exec
INSERT INTO events (id, at, request, who, what, why) VALUES ($1, $2, $3, $4, $5, $6);

-- name: EventsBy :one
SELECT COUNT(*) FROM events WHERE who = $1 AND what = $2 AND at > $3;
