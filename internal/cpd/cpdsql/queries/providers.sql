-- name: ProvidedPeople :many
SELECT * FROM people
WHERE joined_into = ''
  AND (updated_at > sqlc.arg(after) OR (updated_at = sqlc.arg(after) AND id > CAST(sqlc.arg(after_id) AS text)))
  AND updated_at >= sqlc.arg(since) AND updated_at <= sqlc.arg(until)
  AND EXISTS (SELECT 1 FROM invitations i JOIN schools s ON s.urn = i.urn WHERE i.participant_id = people.id AND s.lead_provider = CAST(sqlc.arg(provider) AS text))
ORDER BY updated_at, id LIMIT sqlc.arg(at_most);

-- name: ProvidedSchools :many
SELECT DISTINCT s.urn FROM schools s JOIN invitations i ON i.urn = s.urn WHERE i.participant_id = $1 AND s.lead_provider = $2 ORDER BY s.urn;

-- name: TouchSchoolsPeople :exec
UPDATE participants SET updated_at = sqlc.arg(now) WHERE id IN (SELECT i.participant_id FROM invitations i WHERE i.urn = sqlc.arg(urn) AND i.participant_id IS NOT NULL);
