-- name: OpenTickets :many
SELECT CAST(ticket AS BIGINT) FROM requests
WHERE state IN ('received', 'with_operator', 'in_second_review', 'waiting_for_person') AND ticket > $1 ORDER BY ticket LIMIT $2;

-- name: Creation :one
SELECT * FROM creations WHERE request = $1;

-- name: SaveCreation :exec
INSERT INTO creations (request, body, first_sent_at, empty_lookups, empty_since, follows) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (request) DO UPDATE SET follows = excluded.follows, body = excluded.body, first_sent_at = excluded.first_sent_at,
    empty_lookups = excluded.empty_lookups, empty_since = excluded.empty_since;

-- name: DeleteCreation :exec
DELETE FROM creations WHERE request = $1;

-- name: KeepTicket :exec
INSERT INTO earlier_tickets (ticket, request, deleting) VALUES ($1, $2, FALSE) ON CONFLICT (ticket) DO NOTHING;

-- name: NextOp :one
SELECT * FROM ops WHERE request = $1 ORDER BY seq LIMIT 1;

-- name: AddOp :exec
INSERT INTO ops (id, seq, request, kind, decision, note, sent) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: OpSent :exec
UPDATE ops SET sent = TRUE WHERE id = $1;

-- name: DropOp :exec
DELETE FROM ops WHERE id = $1;

-- name: Sweep :one
SELECT * FROM sweep WHERE id = 1;

-- name: SaveSweep :exec
INSERT INTO sweep (id, after_cursor, last_at, all_at, all_after) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET after_cursor = excluded.after_cursor, last_at = excluded.last_at, all_at = excluded.all_at, all_after = excluded.all_after;

-- name: AddHint :execrows
INSERT INTO hints (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;

-- name: DropHints :exec
DELETE FROM hints WHERE at < $1;

-- name: AddHelpdeskUser :exec
INSERT INTO helpdesk_users (id, since) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;

-- name: HelpdeskUsers :many
SELECT id FROM helpdesk_users ORDER BY id;
