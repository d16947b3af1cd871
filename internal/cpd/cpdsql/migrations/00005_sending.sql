-- +goose Up
-- What becomes of a mail. It stays in the outbox where no system sends it.
ALTER TABLE messages ADD COLUMN personalisation TEXT NOT NULL DEFAULT '{}'; -- JSON, without what is used once
ALTER TABLE messages ADD COLUMN state TEXT NOT NULL DEFAULT 'outbox';
ALTER TABLE messages ADD COLUMN state_at TIMESTAMP;
ALTER TABLE messages ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN tried_at TIMESTAMP; -- of the first try whose result is not known; NULL: there is none
ALTER TABLE messages ADD COLUMN looked BIGINT NOT NULL DEFAULT 0; -- how often it was looked for in vain since
ALTER TABLE messages ADD COLUMN sent_id TEXT NOT NULL DEFAULT ''; -- the sending system's own id for it

-- +goose Down
ALTER TABLE messages DROP COLUMN sent_id;
ALTER TABLE messages DROP COLUMN looked;
ALTER TABLE messages DROP COLUMN tried_at;
ALTER TABLE messages DROP COLUMN problem;
ALTER TABLE messages DROP COLUMN state_at;
ALTER TABLE messages DROP COLUMN state;
ALTER TABLE messages DROP COLUMN personalisation;
