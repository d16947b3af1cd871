-- name: Templates :many
SELECT * FROM templates ORDER BY kind, purpose, id;

-- name: Template :one
SELECT * FROM templates WHERE id = $1;

-- name: SaveTemplate :exec
INSERT INTO templates (id, kind, purpose, name, body, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body, changed_by = excluded.changed_by, changed_at = excluded.changed_at;

-- name: DropTemplate :exec
DELETE FROM templates WHERE id = $1;
