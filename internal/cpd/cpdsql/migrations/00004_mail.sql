-- +goose Up
-- A code on its way to an address, and that it came back. The address and the
-- code stand here as keyed hashes.
CREATE TABLE email_codes (
    registration_id TEXT PRIMARY KEY,
    address_hash    TEXT      NOT NULL,
    code_hash       TEXT      NOT NULL, -- empty: no code is good any more
    message_id      TEXT      NOT NULL,
    ends_at         TIMESTAMP NOT NULL,
    wrong           BIGINT    NOT NULL, -- codes that were typed and are not the one
    confirmed_at    TIMESTAMP,
    forget_at       TIMESTAMP NOT NULL
);
CREATE INDEX email_codes_forget_at ON email_codes (forget_at);

-- Answers that somebody wants to go on with later, as the pages keep them.
CREATE TABLE drafts (
    email_key      TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL, -- whose correction it is; empty: a registration's
    answers        TEXT      NOT NULL,
    ends_at        TIMESTAMP NOT NULL
);
CREATE INDEX drafts_ends_at ON drafts (ends_at);

-- Mails also go to people who are no participants yet, hold a code or a link
-- until it is used, and lead to answers that were saved.
ALTER TABLE messages RENAME TO earlier_messages;
CREATE TABLE messages (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      REFERENCES participants (id), -- NULL: to nobody who has handed in
    position       BIGINT    NOT NULL, -- later ones of a participant have higher ones
    at             TIMESTAMP NOT NULL,
    recipient      TEXT      NOT NULL,
    kind           TEXT      NOT NULL,
    subject        TEXT      NOT NULL,
    body           TEXT      NOT NULL,
    link           TEXT      NOT NULL, -- empty once it is used or too old
    link_hash      TEXT UNIQUE,        -- NULL without a link
    draft_key      TEXT      NOT NULL, -- whose saved answers the link leads to; empty: to none
    code           TEXT      NOT NULL, -- empty once it is used or too old
    secret_ends_at TIMESTAMP
);
INSERT INTO messages (id, participant_id, position, at, recipient, kind, subject, body, link, link_hash, draft_key, code, secret_ends_at)
SELECT id, participant_id, position, at, recipient, '', subject, body, link, link_hash, '', '', link_ends_at FROM earlier_messages;
DROP TABLE earlier_messages;
CREATE INDEX messages_of_participant ON messages (participant_id, position);
CREATE INDEX messages_newest ON messages (at, position, id);
CREATE INDEX messages_secret_ends_at ON messages (secret_ends_at) WHERE secret_ends_at IS NOT NULL;

-- +goose Down
CREATE TABLE earlier_messages (
    id             TEXT PRIMARY KEY,
    participant_id TEXT      NOT NULL REFERENCES participants (id),
    position       BIGINT    NOT NULL,
    at             TIMESTAMP NOT NULL,
    recipient      TEXT      NOT NULL,
    subject        TEXT      NOT NULL,
    body           TEXT      NOT NULL,
    link           TEXT      NOT NULL,
    link_hash      TEXT UNIQUE,
    link_ends_at   TIMESTAMP
);
INSERT INTO earlier_messages (id, participant_id, position, at, recipient, subject, body, link, link_hash, link_ends_at)
SELECT id, participant_id, position, at, recipient, subject, body, link, link_hash, secret_ends_at FROM messages WHERE participant_id IS NOT NULL;
DROP TABLE messages;
ALTER TABLE earlier_messages RENAME TO messages;
CREATE INDEX messages_participant ON messages (participant_id, position);
CREATE INDEX messages_at ON messages (at);
CREATE INDEX messages_link_ends_at ON messages (link_ends_at) WHERE link_ends_at IS NOT NULL;
DROP TABLE drafts;
DROP TABLE email_codes;
