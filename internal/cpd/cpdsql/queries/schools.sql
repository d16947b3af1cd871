-- name: SaveSchool :exec
INSERT INTO schools (urn, name, lead_provider) VALUES ($1, $2, $3)
ON CONFLICT (urn) DO UPDATE SET name = excluded.name, lead_provider = excluded.lead_provider;

-- name: School :one
SELECT * FROM schools WHERE urn = $1;

-- name: AllSchools :many
SELECT * FROM schools ORDER BY urn;

-- name: SaveTutor :exec
INSERT INTO tutors (email_key, urn) VALUES ($1, $2) ON CONFLICT (email_key) DO UPDATE SET urn = excluded.urn;

-- name: SchoolOfTutor :one
SELECT s.* FROM schools s JOIN tutors t ON t.urn = s.urn WHERE t.email_key = $1;

-- name: SchoolsOfParticipant :many
SELECT s.* FROM schools s JOIN invitations i ON i.urn = s.urn WHERE i.participant_id = $1 ORDER BY i.created_at, s.urn;

-- name: AddSchoolEvent :exec
INSERT INTO school_events (urn, position, at, who, what, subject)
VALUES ($1, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM school_events o WHERE o.urn = $1), $2, $3, $4, $5);

-- name: SchoolEvents :many
SELECT * FROM school_events WHERE subject = $1 ORDER BY position;
