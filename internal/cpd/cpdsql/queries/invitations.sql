-- name: AddInvitation :exec
INSERT INTO invitations (id, urn, position, email_key, email, first_name, last_name, search, date_of_birth, trn, invited_by, created_at, sent_at, ends_at, ended, opened_at, registration_id, participant_id)
VALUES ($1, $2, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM invitations o WHERE o.urn = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, FALSE, NULL, '', NULL);

-- name: InvitationSentAgain :execrows
UPDATE invitations SET sent_at = $1, ends_at = $2, ended = FALSE WHERE id = $3 AND participant_id IS NULL;

-- name: OpenInvitation :execrows
UPDATE invitations SET opened_at = $1, registration_id = $2, ended = FALSE WHERE id = $3;

-- name: AcceptInvitation :execrows
UPDATE invitations SET participant_id = $1, date_of_birth = '', trn = '', registration_id = '' WHERE id = $2 AND participant_id IS NULL;

-- name: OpenedInvitations :many
SELECT id, urn FROM invitations
WHERE participant_id IS NULL AND opened_at IS NOT NULL AND (registration_id = sqlc.arg(registration_id) OR email_key = sqlc.arg(email_key));

-- name: OpenInvitationsTo :many
SELECT * FROM invited WHERE id IN (SELECT i.id FROM invitations i WHERE i.email_key = $1 AND i.participant_id IS NULL AND NOT i.ended) ORDER BY sent_at, id;

-- name: DeleteInvitation :exec
DELETE FROM invitations WHERE id = $1;

-- name: MoveInvitations :exec
UPDATE invitations SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: Invitation :one
SELECT * FROM invited WHERE id = $1;

-- name: InvitationTo :one
SELECT * FROM invited WHERE id = (SELECT i.id FROM invitations i WHERE i.urn = $1 AND i.email_key = $2);

-- name: InvitationByLink :one
SELECT * FROM invited WHERE id = (SELECT m.invitation_id FROM messages m WHERE m.link_hash = $1 AND m.secret_ends_at > $2);

-- name: ListInvited :many
SELECT * FROM invited
WHERE urn = sqlc.arg(urn)
  AND (CAST(sqlc.arg(state) AS text) = '' OR state = sqlc.arg(state))
  AND (CAST(sqlc.arg(typed) AS text) = '%%' OR search LIKE sqlc.arg(typed) ESCAPE '\' OR (CAST(sqlc.arg(folded) AS text) <> sqlc.arg(typed) AND search LIKE sqlc.arg(folded) ESCAPE '\'))
  AND (CAST(sqlc.arg(before) AS bigint) = 0 OR position < sqlc.arg(before))
ORDER BY position DESC LIMIT sqlc.arg(at_most);

-- name: CountInvited :many
SELECT state, COUNT(*) AS people FROM invited
WHERE urn = sqlc.arg(urn)
  AND (CAST(sqlc.arg(typed) AS text) = '%%' OR search LIKE sqlc.arg(typed) ESCAPE '\' OR (CAST(sqlc.arg(folded) AS text) <> sqlc.arg(typed) AND search LIKE sqlc.arg(folded) ESCAPE '\'))
GROUP BY state;

-- name: CountInvitations :one
SELECT COUNT(*) FROM invitations WHERE urn = $1;

-- name: InvitedAddresses :many
SELECT email_key FROM invitations WHERE urn = $1;

-- name: EndInvitations :exec
UPDATE invitations SET ended = TRUE, date_of_birth = '', trn = '', registration_id = '' WHERE participant_id IS NULL AND NOT ended AND ends_at <= $1;

-- name: EndInvitationLinks :exec
UPDATE messages SET link = '', link_hash = NULL, secret_ends_at = NULL WHERE invitation_id = $1 AND invitation_id <> '';
