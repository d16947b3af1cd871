-- name: FailingTasks :many
SELECT t.kind, t.subject, t.since, t.due_at, t.attempts, t.leased_until, p.reference FROM tasks t JOIN participants p ON p.id = t.subject
WHERE t.kind = $1 AND (t.attempts > 1 OR (t.attempts = 1 AND t.leased_until IS NULL)) ORDER BY t.since, t.subject LIMIT $2;
