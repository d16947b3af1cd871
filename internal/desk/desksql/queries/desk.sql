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
    public, tags, custom_fields, created_at, updated_at, generated_at, solved_at, deleted_at, scrubbed, followup_of, followups)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22);

-- name: SaveTicket :exec
UPDATE tickets SET external_id = $2, subject = $3, status = $4, type = $5, priority = $6, requester_id = $7, assignee_id = $8, group_id = $9,
    public = $10, tags = $11, custom_fields = $12, updated_at = $13, generated_at = $14, solved_at = $15, deleted_at = $16,
    description = $17, scrubbed = $18, followups = $19
WHERE id = $1;

-- name: Audits :many
SELECT * FROM audits WHERE ticket_id = $1 ORDER BY id;

-- name: AddAudit :exec
INSERT INTO audits (id, ticket_id, at, author_id, channel, program, address, custom, events, comment_id, comment_author, comment_body, comment_public,
    rel, sources, private_comment, private_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: User :one
SELECT * FROM users WHERE id = $1;

-- name: UserByClient :one
SELECT * FROM users WHERE client = $1;

-- name: UserByEmail :one
SELECT * FROM users WHERE email_key = $1;

-- name: AddUser :exec
INSERT INTO users (id, client, name, email, email_key, agent, created_at, updated_at, suspended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: SaveUser :exec
UPDATE users SET client = $2, name = $3, agent = $4, updated_at = $5, suspended = $6 WHERE id = $1;

-- name: Groups :many
SELECT * FROM agent_groups ORDER BY id;

-- name: AddGroup :exec
INSERT INTO agent_groups (id, name, created_at) VALUES ($1, $2, $3);

-- name: Fields :many
SELECT * FROM ticket_fields ORDER BY system DESC, position, id;

-- name: FieldOptions :many
SELECT * FROM ticket_field_options ORDER BY id;

-- name: AddField :exec
INSERT INTO ticket_fields (id, title, kind, pattern, position, created_at, active, system, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: SaveField :exec
UPDATE ticket_fields SET title = $2, pattern = $3, active = $4, updated_at = $5 WHERE id = $1;

-- name: DropFieldOptions :exec
DELETE FROM ticket_field_options WHERE field_id = $1;

-- name: AddFieldOption :exec
INSERT INTO ticket_field_options (id, field_id, name, value) VALUES ($1, $2, $3, $4);

-- name: KeyUsed :one
SELECT * FROM idempotency_keys WHERE key = $1;

-- name: AddKey :exec
INSERT INTO idempotency_keys (key, body, ticket_id, answer, used_at) VALUES ($1, $2, $3, $4, $5);

-- name: DropKeys :exec
DELETE FROM idempotency_keys WHERE used_at <= $1;

-- name: DropKeyOf :exec
DELETE FROM idempotency_keys WHERE ticket_id = $1;

-- name: AccountIDs :many
SELECT * FROM account_ids;

-- name: AddAccountID :exec
INSERT INTO account_ids (name, id, created_at) VALUES ($1, $2, $3);

-- name: AllUsers :many
SELECT * FROM users ORDER BY id;

-- name: CountDeleted :one
SELECT COUNT(*) FROM tickets WHERE deleted_at IS NOT NULL AND scrubbed = FALSE;

-- name: DeletedBefore :many
SELECT * FROM tickets WHERE deleted_at <= $1 AND scrubbed = FALSE ORDER BY deleted_at, id LIMIT $2;

-- name: CountComments :one
SELECT COUNT(*) FROM audits WHERE ticket_id = $1 AND comment_id <> 0;

-- name: ScrubAudits :exec
DELETE FROM audits WHERE ticket_id = $1;

-- name: HideComment :exec
UPDATE audits SET comment_public = FALSE WHERE ticket_id = $1 AND comment_id = $2;

-- name: AuditsAfter :many
SELECT audits.* FROM audits JOIN tickets ON tickets.id = audits.ticket_id WHERE tickets.deleted_at IS NULL AND audits.id > $1 ORDER BY audits.id LIMIT $2;

-- name: AuditsBefore :many
SELECT audits.* FROM audits JOIN tickets ON tickets.id = audits.ticket_id WHERE tickets.deleted_at IS NULL AND audits.id < $1 ORDER BY audits.id DESC LIMIT $2;

-- name: ChangedBy :many
SELECT audits.ticket_id, CAST(MAX(audits.id) AS BIGINT) AS last FROM audits JOIN tickets ON tickets.id = audits.ticket_id
WHERE audits.author_id = $1 AND tickets.deleted_at IS NULL GROUP BY audits.ticket_id ORDER BY last DESC LIMIT $2;

-- name: Views :many
SELECT * FROM views ORDER BY position, id;

-- name: AddView :exec
INSERT INTO views (id, title, active, position, clauses, group_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveView :exec
UPDATE views SET title = $2, active = $3, position = $4, clauses = $5, group_id = $6, updated_at = $7 WHERE id = $1;

-- name: DropView :exec
DELETE FROM views WHERE id = $1;

-- name: Triggers :many
SELECT * FROM triggers ORDER BY position, id;

-- name: AddTrigger :exec
INSERT INTO triggers (id, title, active, position, clauses, actions, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveTrigger :exec
UPDATE triggers SET title = $2, active = $3, position = $4, clauses = $5, actions = $6, updated_at = $7 WHERE id = $1;

-- name: DropTrigger :exec
DELETE FROM triggers WHERE id = $1;

-- name: Job :one
SELECT * FROM jobs WHERE id = $1;

-- name: AddJob :exec
INSERT INTO jobs (id, kind, total, results, at) VALUES ($1, $2, $3, $4, $5);

-- name: DropJobs :exec
DELETE FROM jobs WHERE at <= $1;

-- name: Webhooks :many
SELECT * FROM webhooks ORDER BY id DESC;

-- name: Webhook :one
SELECT * FROM webhooks WHERE id = $1;

-- name: AddWebhook :exec
INSERT INTO webhooks (id, name, description, active, endpoint, method, subscriptions, auth, secret, created_by, created_at, updated_by, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: SaveWebhook :exec
UPDATE webhooks SET name = $2, description = $3, active = $4, endpoint = $5, method = $6, subscriptions = $7, auth = $8, secret = $9,
    updated_by = $10, updated_at = $11
WHERE id = $1;

-- name: DropWebhook :exec
DELETE FROM webhooks WHERE id = $1;

-- name: Invocation :one
SELECT * FROM invocations WHERE id = $1;

-- name: Invocations :many
SELECT * FROM invocations WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- name: AddInvocation :exec
INSERT INTO invocations (id, webhook_id, event, body, status, code, at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SaveInvocation :exec
UPDATE invocations SET status = $2, code = $3, ended_at = $4 WHERE id = $1;

-- name: DropInvocations :exec
DELETE FROM invocations WHERE at <= $1;

-- name: Attempts :many
SELECT * FROM attempts WHERE invocation_id = $1 ORDER BY number;

-- name: AddAttempt :exec
INSERT INTO attempts (invocation_id, number, webhook_id, status, code, timed_out, retry_after, sent, answer, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: CountAttempts :one
SELECT COUNT(*) FROM attempts WHERE webhook_id = $1 AND at >= $2 AND status <> 'circuit broken';

-- name: CountFailures :one
SELECT COUNT(*) FROM attempts WHERE webhook_id = $1 AND at >= $2 AND status <> 'circuit broken' AND status <> 'success';

-- name: LastFailure :one
SELECT at FROM attempts WHERE webhook_id = $1 AND at >= $2 AND status <> 'circuit broken' AND status <> 'success' ORDER BY at DESC LIMIT 1;
