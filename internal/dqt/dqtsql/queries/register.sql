-- name: NINOHolders :many
SELECT trn FROM nino_holders WHERE nino = $1 ORDER BY trn;

-- name: KeyHolders :many
SELECT trn FROM record_keys WHERE key = $1 LIMIT $2;

-- name: NameCount :one
SELECT records FROM name_counts WHERE kind = $1 AND name = $2;

-- name: LastImport :one
SELECT at, records FROM imports ORDER BY at DESC, id DESC LIMIT 1;

-- name: Known :many
SELECT trn, fingerprint, merged_into FROM records;

-- name: DropNameCounts :exec
DELETE FROM name_counts;

-- name: CountNames :exec
INSERT INTO name_counts (kind, name, records)
SELECT 'first', first_key, COUNT(*) FROM records WHERE first_key <> '' AND status <> 'merged' GROUP BY first_key
UNION ALL
SELECT 'last', last_key, COUNT(*) FROM records WHERE last_key <> '' AND status <> 'merged' GROUP BY last_key;

-- name: AddImport :exec
INSERT INTO imports (id, at, complete, added, changed, gone, unchanged, rejected, records)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: AddAudit :exec
INSERT INTO audit (id, at, client, action, case_id, purpose, records)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: AddAlertKey :exec
INSERT INTO alert_keys (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING;

-- name: AlertKey :one
SELECT secret FROM alert_keys WHERE id = 1;
