-- name: Decision :one
SELECT * FROM decisions WHERE id = $1;

-- name: OpenDecision :one
SELECT * FROM decisions WHERE request = $1 AND stage IN ('second_review', 'to_be_written', 'on_ticket');

-- name: Decisions :many
SELECT * FROM decisions WHERE request = $1 ORDER BY number;

-- name: AddDecision :exec
INSERT INTO decisions (id, request, outcome, trn, reason, note, why, decided_by, via, decided_at, stage, review_for, reviewed_by,
    reviewed_at, review_why, overridden, release_at, released_at, version, ended_at, ended_by, ended_why, number)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    (SELECT COUNT(*) + 1 FROM decisions AS earlier WHERE earlier.request = $2));

-- name: SaveDecision :execrows
UPDATE decisions SET outcome = $3, trn = $4, reason = $5, note = $6, why = $7, decided_by = $8, via = $9, decided_at = $10,
    stage = $11, review_for = $12, reviewed_by = $13, reviewed_at = $14, review_why = $15, overridden = $16, release_at = $17,
    released_at = $18, version = $19, ended_at = $20, ended_by = $21, ended_why = $22
WHERE id = $1 AND request = $2;

-- name: NoteDecided :exec
UPDATE requests SET
    deciding = EXISTS (SELECT 1 FROM decisions WHERE decisions.request = $1 AND stage IN ('to_be_written', 'on_ticket')),
    answered_at = (SELECT MAX(released_at) FROM decisions WHERE decisions.request = $1 AND stage = 'released')
WHERE requests.id = $1;

-- name: SameTRN :many
SELECT requests.* FROM decisions JOIN requests ON requests.id = decisions.request
WHERE decisions.trn = $1 AND decisions.trn <> '' AND decisions.stage IN ('second_review', 'to_be_written', 'on_ticket', 'released')
    AND requests.client = $2 AND requests.id <> $3
    AND NOT EXISTS (SELECT 1 FROM decisions AS newer WHERE newer.request = decisions.request
        AND newer.stage IN ('second_review', 'to_be_written', 'on_ticket', 'released') AND newer.number > decisions.number)
ORDER BY requests.queued_at, requests.id;
