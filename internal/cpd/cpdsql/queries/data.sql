-- name: NewestData :one
SELECT * FROM validation_data WHERE participant_id = $1 ORDER BY position DESC LIMIT 1;

-- name: DataByID :one
SELECT * FROM validation_data WHERE id = $1;

-- name: DataIDs :many
SELECT id FROM validation_data WHERE participant_id = $1;

-- name: AddData :exec
INSERT INTO validation_data (id, participant_id, position, first_name, last_name, name_changed, previous_names, date_of_birth, trn, nino, email, created_at)
VALUES ($1, $2, (SELECT COALESCE(MAX(d.position), 0) + 1 FROM validation_data d WHERE d.participant_id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: DeleteData :exec
DELETE FROM validation_data WHERE id = $1;
