-- name: SavedForm :one
SELECT s.*, r.reference FROM saved_forms s JOIN requests r ON r.id = s.request WHERE s.request = $1 AND s.operator = $2;

-- name: SavedForms :many
SELECT s.*, r.reference FROM saved_forms s JOIN requests r ON r.id = s.request WHERE s.operator = $1 ORDER BY s.saved_at DESC, s.request LIMIT $2;

-- name: SaveForm :exec
INSERT INTO saved_forms (request, operator, form, typed, revision, saved_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (request, operator) DO UPDATE SET form = excluded.form, typed = excluded.typed, revision = excluded.revision, saved_at = excluded.saved_at;

-- name: DropForm :exec
DELETE FROM saved_forms WHERE request = $1 AND operator = $2;

-- name: DropFormsOf :exec
DELETE FROM saved_forms WHERE request = $1;

-- name: DropForms :exec
DELETE FROM saved_forms WHERE saved_at < $1;
