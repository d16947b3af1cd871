-- name: AddPick :exec
INSERT INTO picks (decision, at, place) VALUES ($1, $2, $3) ON CONFLICT (decision) DO NOTHING;

-- name: FigureArrivals :many
SELECT submitted_at FROM requests WHERE submitted_at >= sqlc.arg(since) AND (CAST(sqlc.arg(kind) AS text) = '' OR kind = sqlc.arg(kind));

-- name: FigureAnswers :many
SELECT a.version, a.outcome, a.reason, a.answered_at, r.submitted_at FROM answers a JOIN requests r ON r.id = a.request
WHERE a.answered_at >= sqlc.arg(since) AND (CAST(sqlc.arg(kind) AS text) = '' OR a.kind = sqlc.arg(kind));

-- name: FigureWaiting :one
SELECT COUNT(*) AS waiting, COUNT(CASE WHEN expected_by < sqlc.arg(now) THEN 1 END) AS overdue FROM requests
WHERE state IN ('received', 'with_operator', 'in_second_review') AND (CAST(sqlc.arg(kind) AS text) = '' OR kind = sqlc.arg(kind));

-- name: FigureReviews :one
SELECT COUNT(*) AS reviewed, COUNT(CASE WHEN d.stage = 'sent_back' THEN 1 END) AS sent_back FROM decisions d JOIN requests r ON r.id = d.request
WHERE d.review_for <> '' AND (d.reviewed_at >= sqlc.arg(since) OR (d.stage = 'sent_back' AND d.ended_at >= sqlc.arg(since))) AND (CAST(sqlc.arg(kind) AS text) = '' OR r.kind = sqlc.arg(kind));

-- name: FigureReopened :one
SELECT COUNT(*) FROM events e JOIN requests r ON r.id = e.request
WHERE e.what IN ('case_reopened', 'ticket_reopened') AND e.at >= sqlc.arg(since) AND (CAST(sqlc.arg(kind) AS text) = '' OR r.kind = sqlc.arg(kind));

-- name: FigurePicks :many
SELECT place, COUNT(*) AS decisions FROM picks WHERE at >= sqlc.arg(since) GROUP BY place ORDER BY place;
