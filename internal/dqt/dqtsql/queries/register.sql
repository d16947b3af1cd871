-- name: Importing :one
SELECT holder, until FROM importing WHERE id = 1;

-- name: HoldImport :exec
INSERT INTO importing (id, holder, until) VALUES (1, $1, $2)
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until;

-- name: EndImport :exec
DELETE FROM importing WHERE holder = $1;

-- name: AddImport :exec
INSERT INTO imports (generation, at, complete, added, changed, gone, unchanged, rejected, records)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: AddAudit :exec
INSERT INTO audit (id, at, client, action, case_id, purpose, records)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: AddAlertKey :exec
INSERT INTO alert_keys (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING;

-- name: AlertKey :one
SELECT secret FROM alert_keys WHERE id = 1;
