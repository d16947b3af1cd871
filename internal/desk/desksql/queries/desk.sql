-- name: Count :one
UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value;

-- name: Ticket :one
SELECT * FROM tickets WHERE id = $1;

-- name: CountTickets :one
SELECT COUNT(*) FROM tickets WHERE deleted_at IS NULL;

-- name: CountTicketsByExternalID :one
SELECT COUNT(*) FROM tickets WHERE deleted_at IS NULL AND external_id = $1;

-- name: SolvedBefore :many
SELECT * FROM tickets WHERE status = 'solved' AND solved_at <= $1 AND deleted_at IS NULL ORDER BY solved_at, id LIMIT $2;

-- name: AddTicket :exec
INSERT INTO tickets (id, external_id, subject, description, status, type, priority, requester_id, submitter_id, assignee_id, group_id,
    public, tags, custom_fields, created_at, updated_at, generated_at, solved_at, deleted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19);

-- name: SaveTicket :exec
UPDATE tickets SET external_id = $2, subject = $3, status = $4, type = $5, priority = $6, requester_id = $7, assignee_id = $8, group_id = $9,
    public = $10, tags = $11, custom_fields = $12, updated_at = $13, generated_at = $14, solved_at = $15, deleted_at = $16
WHERE id = $1;

-- name: Audits :many
SELECT * FROM audits WHERE ticket_id = $1 ORDER BY id;

-- name: AddAudit :exec
INSERT INTO audits (id, ticket_id, at, author_id, channel, program, address, custom, events, comment_id, comment_author, comment_body, comment_public)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: User :one
SELECT * FROM users WHERE id = $1;

-- name: UserByClient :one
SELECT * FROM users WHERE client = $1;

-- name: UserByEmail :one
SELECT * FROM users WHERE email_key = $1;

-- name: AddUser :exec
INSERT INTO users (id, client, name, email, email_key, agent, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveUser :exec
UPDATE users SET client = $2, name = $3, agent = $4, updated_at = $5 WHERE id = $1;

-- name: Groups :many
SELECT * FROM agent_groups ORDER BY id;

-- name: AddGroup :exec
INSERT INTO agent_groups (id, name, created_at) VALUES ($1, $2, $3);

-- name: Fields :many
SELECT * FROM ticket_fields ORDER BY position, id;

-- name: FieldOptions :many
SELECT * FROM ticket_field_options ORDER BY id;

-- name: AddField :exec
INSERT INTO ticket_fields (id, title, kind, pattern, position, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: AddFieldOption :exec
INSERT INTO ticket_field_options (id, field_id, name, value) VALUES ($1, $2, $3, $4);

-- name: KeyUsed :one
SELECT * FROM idempotency_keys WHERE key = $1;

-- name: AddKey :exec
INSERT INTO idempotency_keys (key, body, ticket_id, answer, used_at) VALUES ($1, $2, $3, $4, $5);

-- name: DropKeys :exec
DELETE FROM idempotency_keys WHERE used_at <= $1;
