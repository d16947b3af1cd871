-- name: EmailCode :one
SELECT * FROM email_codes WHERE registration_id = $1;

-- name: SaveEmailCode :exec
INSERT INTO email_codes (registration_id, address_hash, code_hash, message_id, ends_at, wrong, confirmed_at, forget_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (registration_id) DO UPDATE SET address_hash = excluded.address_hash, code_hash = excluded.code_hash, message_id = excluded.message_id,
    ends_at = excluded.ends_at, wrong = excluded.wrong, confirmed_at = excluded.confirmed_at, forget_at = excluded.forget_at;

-- name: ForgetEmailCodes :exec
DELETE FROM email_codes WHERE forget_at <= $1;

-- name: Draft :one
SELECT * FROM drafts WHERE email_key = $1;

-- name: SaveDraft :exec
INSERT INTO drafts (email_key, participant_id, answers, ends_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (email_key) DO UPDATE SET participant_id = excluded.participant_id, answers = excluded.answers, ends_at = excluded.ends_at;

-- name: DeleteDraft :exec
DELETE FROM drafts WHERE email_key = $1;

-- name: ForgetDrafts :exec
DELETE FROM drafts WHERE ends_at <= $1;
