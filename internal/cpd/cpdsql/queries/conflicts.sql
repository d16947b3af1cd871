-- name: OpenConflict :one
SELECT * FROM conflicts WHERE participant_id = $1 AND ended_at IS NULL;

-- name: AddConflict :exec
INSERT INTO conflicts (id, participant_id, holder_id, trn, request_id, version, opened_at, ended_at, how, ended_by, why)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: SaveConflict :execrows
UPDATE conflicts SET trn = $1, ended_at = $2, how = $3, ended_by = $4, why = $5 WHERE id = $6;
