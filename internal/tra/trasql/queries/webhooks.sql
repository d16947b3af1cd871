-- name: Webhook :one
SELECT * FROM webhooks WHERE client = $1;

-- name: SaveWebhook :exec
INSERT INTO webhooks (client, url, secrets, disabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (client) DO UPDATE SET url = excluded.url, secrets = excluded.secrets, disabled = excluded.disabled, updated_at = excluded.updated_at;

-- name: DropWebhook :exec
DELETE FROM webhooks WHERE client = $1;

-- name: Delivery :one
SELECT * FROM deliveries WHERE id = $1;

-- name: AddDelivery :exec
INSERT INTO deliveries (id, client, seq, kind, request, status, attempts, created_at, last_at, last_answer, last_error, type)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, NULL, 0, '', $8);

-- name: SaveDelivery :execrows
UPDATE deliveries SET status = $2, attempts = $3, last_at = $4, last_answer = $5, last_error = $6 WHERE id = $1;

-- name: Deliveries :many
SELECT * FROM deliveries WHERE client = $1 AND seq > $2 AND (CAST($3 AS TEXT) = '' OR status = CAST($3 AS TEXT)) ORDER BY seq LIMIT $4;

-- name: DropDeliveries :exec
DELETE FROM deliveries WHERE created_at < $1;
