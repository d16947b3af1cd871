-- name: ReadFeed :one
SELECT * FROM feed WHERE id = 1;

-- name: SaveFeed :exec
INSERT INTO feed (id, place, due_at, last_at, attempts, problem) VALUES (1, $1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET place = excluded.place, due_at = excluded.due_at, last_at = excluded.last_at,
    attempts = excluded.attempts, problem = excluded.problem;
