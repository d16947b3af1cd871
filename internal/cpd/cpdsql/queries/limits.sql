-- name: Count :one
INSERT INTO counters (counted, begins_at, times) VALUES ($1, $2, 1)
ON CONFLICT (counted, begins_at) DO UPDATE SET times = counters.times + 1 RETURNING times;

-- name: DropCounters :exec
DELETE FROM counters WHERE begins_at < $1;
