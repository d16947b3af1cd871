-- name: AddUpload :exec
INSERT INTO uploads (id, urn, by_whom, created_at, state, people, wrong, known, done, invited, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: SaveUpload :execrows
UPDATE uploads SET state = $1, done = $2, invited = $3, ends_at = $4 WHERE id = $5;

-- name: Upload :one
SELECT * FROM uploads WHERE id = $1;

-- name: UploadsOf :many
SELECT * FROM uploads WHERE urn = $1 ORDER BY created_at DESC, id LIMIT $2;

-- name: AddUploadRow :exec
INSERT INTO upload_rows (upload_id, line, first_name, last_name, email, date_of_birth, trn, field, problem, result) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: UploadRowsToDo :many
SELECT * FROM upload_rows WHERE upload_id = $1 AND problem = '' AND result = '' ORDER BY line LIMIT $2;

-- name: WrongUploadRows :many
SELECT * FROM upload_rows WHERE upload_id = $1 AND problem <> '' ORDER BY line LIMIT $2;

-- name: UploadRows :many
SELECT * FROM upload_rows WHERE upload_id = $1 AND line > $2 ORDER BY line LIMIT $3;

-- name: UploadRowDone :exec
UPDATE upload_rows SET result = $1, date_of_birth = '', trn = '' WHERE upload_id = $2 AND line = $3;

-- name: DeleteUploadRows :exec
DELETE FROM upload_rows WHERE upload_id IN (SELECT u.id FROM uploads u WHERE u.id = sqlc.arg(id) OR u.ends_at <= sqlc.arg(now));

-- name: DeleteUploads :exec
DELETE FROM uploads WHERE id = sqlc.arg(id) OR ends_at <= sqlc.arg(now);
