-- name: OverRequests :many
SELECT id FROM requests WHERE state IN ('answered', 'withdrawn') AND forgotten_at IS NULL AND over_at <= $1 ORDER BY over_at, id LIMIT $2;

-- name: ForgetFlags :exec
DELETE FROM flags WHERE request = $1;

-- name: ForgetOps :exec
DELETE FROM ops WHERE request = $1;

-- name: ForgetDeliveries :exec
DELETE FROM deliveries WHERE request = $1;

-- name: ForgetDecisions :exec
UPDATE decisions SET trn = '', reason = '', note = '', why = '', decided_by = '', review_for = '', reviewed_by = '', review_why = '',
    ended_by = '', ended_why = ''
WHERE request = $1;

-- name: ForgetAnswers :exec
UPDATE answers SET trn = '', reason = '', note = '' WHERE request = $1;

-- name: ForgetEvents :exec
UPDATE events SET why = '', who = CASE WHEN who IN ('traid', 'helpdesk', $2) THEN who ELSE '' END WHERE request = $1;

-- name: EarlierTickets :many
SELECT * FROM earlier_tickets WHERE request = $1 ORDER BY ticket;

-- name: TicketDeleting :exec
UPDATE earlier_tickets SET deleting = TRUE WHERE ticket = $1;

-- name: DropEarlierTicket :exec
DELETE FROM earlier_tickets WHERE ticket = $1;
