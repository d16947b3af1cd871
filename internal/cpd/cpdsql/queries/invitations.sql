-- name: AddInvitation :exec
INSERT INTO invitations (id, urn, position, email_key, email, first_name, last_name, search, date_of_birth, trn, invited_by, created_at, sent_at, ends_at, state, opened_at, registration_id, participant_id)
VALUES ($1, $2, (SELECT COALESCE(MAX(o.position), 0) + 1 FROM invitations o WHERE o.urn = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'invited', NULL, '', NULL);

-- name: InvitationSentAgain :execrows
UPDATE invitations SET sent_at = $1, ends_at = $2, reminded = 0, state = 'invited' WHERE id = $3 AND participant_id IS NULL;

-- name: InvitationReminded :execrows
UPDATE invitations SET reminded = $1, ends_at = $2 WHERE id = $3;

-- name: OpenInvitation :execrows
UPDATE invitations SET opened_at = $1, registration_id = $2, state = CASE WHEN state = 'no_answer' THEN 'invited' ELSE state END WHERE id = $3;

-- name: AcceptInvitation :execrows
UPDATE invitations SET participant_id = $1, date_of_birth = '', trn = '', registration_id = '' WHERE id = $2 AND participant_id IS NULL;

-- What a school sees of a person says the same as what the person is told, in fewer words.
-- name: TellSchools :exec
UPDATE invitations SET state = (SELECT CASE
    WHEN p.trn_status IN ('validated_automatically', 'validated_manually') THEN 'confirmed'
    WHEN p.trn_status IN ('awaiting_manual_validation', 'conflict') THEN 'being_checked'
    WHEN p.trn_status = 'not_checked' AND p.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) THEN 'being_checked'
    ELSE 'not_confirmed' END FROM participants p WHERE p.id = invitations.participant_id)
WHERE invitations.participant_id = $1;

-- name: OpenedInvitations :many
SELECT id, urn FROM invitations
WHERE participant_id IS NULL AND opened_at IS NOT NULL AND (registration_id = sqlc.arg(registration_id) OR email_key = sqlc.arg(email_key));

-- name: OpenInvitationsTo :many
SELECT * FROM invitations WHERE email_key = $1 AND state = 'invited' ORDER BY sent_at, id;

-- name: DeleteInvitation :exec
DELETE FROM invitations WHERE id = $1;

-- name: MoveInvitations :exec
UPDATE invitations SET participant_id = sqlc.arg(into_id) WHERE participant_id = sqlc.arg(from_id);

-- name: Invitation :one
SELECT * FROM invitations WHERE id = $1;

-- name: InvitationTo :one
SELECT * FROM invitations WHERE urn = $1 AND email_key = $2;

-- name: InvitationByLink :one
SELECT * FROM invitations WHERE id = (SELECT m.invitation_id FROM messages m WHERE m.link_hash = $1 AND m.secret_ends_at > $2);

-- name: ListInvited :many
SELECT * FROM invitations WHERE urn = $1 AND position < sqlc.arg(before) ORDER BY position DESC LIMIT sqlc.arg(at_most);

-- name: ListInvitedOf :many
SELECT * FROM invitations WHERE urn = $1 AND state = $2 AND position < sqlc.arg(before) ORDER BY position DESC LIMIT sqlc.arg(at_most);

-- name: CountInvited :many
SELECT state, COUNT(*) AS people FROM invitations WHERE urn = $1 GROUP BY state;

-- name: FindInvited :many
SELECT * FROM invitations
WHERE urn = sqlc.arg(urn) AND (CAST(sqlc.arg(state) AS text) = '' OR state = sqlc.arg(state))
  AND (search LIKE CAST(sqlc.arg(typed) AS text) ESCAPE '\' OR search LIKE CAST(sqlc.arg(folded) AS text) ESCAPE '\')
  AND position < sqlc.arg(before)
ORDER BY position DESC LIMIT sqlc.arg(at_most);

-- name: CountFoundInvited :many
SELECT state, COUNT(*) AS people FROM invitations
WHERE urn = sqlc.arg(urn) AND (search LIKE CAST(sqlc.arg(typed) AS text) ESCAPE '\' OR search LIKE CAST(sqlc.arg(folded) AS text) ESCAPE '\')
GROUP BY state;

-- name: CountInvitations :one
SELECT COUNT(*) FROM invitations WHERE urn = $1;

-- name: InvitedAddresses :many
SELECT email_key FROM invitations WHERE urn = $1;

-- name: EndInvitations :exec
UPDATE invitations SET state = 'no_answer', date_of_birth = '', trn = '', registration_id = '' WHERE state = 'invited' AND ends_at <= $1;

-- name: EndInvitationLinks :exec
UPDATE messages SET link = '', link_hash = NULL, secret_ends_at = NULL WHERE invitation_id = $1 AND invitation_id <> '';
