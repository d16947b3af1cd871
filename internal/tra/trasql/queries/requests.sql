-- name: Request :one
SELECT * FROM requests WHERE id = $1;

-- name: RequestByTicket :one
SELECT * FROM requests WHERE ticket = $1;

-- name: AddRequest :exec
INSERT INTO requests (id, client, kind, reference, state, body_hash, submitted_at, queued_at, expected_by, replaces, replaced_by,
    changed, owner, revision, version, refusals, ticket, ticket_status, ticket_updated_at, ticket_read_at, held_since, held_until, over_at, forgotten_at, checked, deciding, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, FALSE, NULL);

-- name: SaveRequest :execrows
UPDATE requests SET client = $2, kind = $3, reference = $4, state = $5, body_hash = $6, submitted_at = $7, queued_at = $8,
    expected_by = $9, replaces = $10, replaced_by = $11, changed = $12, owner = $13, revision = $14, version = $15, refusals = $16,
    ticket = $17, ticket_status = $18, ticket_updated_at = $19, ticket_read_at = $20, held_since = $21, held_until = $22, over_at = $23, forgotten_at = $24, checked = $25
WHERE id = $1;

-- name: Claim :one
SELECT * FROM claims WHERE request = $1;

-- name: AddClaim :exec
INSERT INTO claims (request, first_name, last_name, previous_names, date_of_birth, national_insurance_number, trn, email)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveClaim :execrows
UPDATE claims SET first_name = $2, last_name = $3, previous_names = $4, date_of_birth = $5, national_insurance_number = $6, trn = $7, email = $8
WHERE request = $1;

-- name: DeleteClaim :exec
DELETE FROM claims WHERE request = $1;

-- name: Flags :many
SELECT * FROM flags WHERE request = $1 ORDER BY since, flag;

-- name: SetFlag :exec
INSERT INTO flags (request, flag, reason, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (request, flag) DO UPDATE SET reason = excluded.reason;

-- name: ClearFlag :exec
DELETE FROM flags WHERE request = $1 AND flag = $2;
