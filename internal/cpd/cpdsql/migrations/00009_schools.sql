-- +goose Up
CREATE TABLE schools (
    urn           TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    lead_provider TEXT NOT NULL -- the client whose tokens read the school's participants; empty: none
);

-- Who signs in for which school.
CREATE TABLE tutors (
    email_key TEXT PRIMARY KEY,
    urn       TEXT NOT NULL REFERENCES schools (urn)
);

-- Whom a school asked to register. What it entered to be checked goes when the
-- person hands in, or does not come in time.
CREATE TABLE invitations (
    id              TEXT PRIMARY KEY,
    urn             TEXT      NOT NULL REFERENCES schools (urn),
    position        BIGINT    NOT NULL, -- later ones of a school have higher ones
    email_key       TEXT      NOT NULL,
    email           TEXT      NOT NULL,
    first_name      TEXT      NOT NULL,
    last_name       TEXT      NOT NULL,
    search          TEXT      NOT NULL,
    date_of_birth   TEXT      NOT NULL,
    trn             TEXT      NOT NULL,
    invited_by      TEXT      NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    sent_at         TIMESTAMP NOT NULL,
    ends_at         TIMESTAMP NOT NULL,
    ended           BOOLEAN   NOT NULL, -- nobody came in time
    opened_at       TIMESTAMP,          -- when the mailed link was used
    registration_id TEXT      NOT NULL, -- that goes on from there; empty: none
    participant_id  TEXT REFERENCES participants (id)
);
CREATE UNIQUE INDEX invitations_address ON invitations (urn, email_key);
CREATE UNIQUE INDEX invitations_order ON invitations (urn, position);
CREATE INDEX invitations_email_key ON invitations (email_key);
CREATE INDEX invitations_registration ON invitations (registration_id) WHERE registration_id <> '';
CREATE INDEX invitations_participant ON invitations (participant_id);
CREATE INDEX invitations_ends_at ON invitations (ends_at);

-- What a school sees of them: the state is what the person is told, in fewer words.
CREATE VIEW invited AS
SELECT i.id, i.urn, i.position, i.email, i.first_name, i.last_name, i.search, i.date_of_birth, i.trn, i.invited_by, i.created_at, i.sent_at, i.ends_at,
       i.opened_at, i.registration_id, i.participant_id,
       CAST(CASE
         WHEN i.participant_id IS NULL AND i.ended THEN 'no_answer'
         WHEN i.participant_id IS NULL THEN 'invited'
         WHEN p.trn_status IN ('validated_automatically', 'validated_manually') THEN 'confirmed'
         WHEN p.trn_status IN ('awaiting_manual_validation', 'conflict') THEN 'being_checked'
         WHEN p.trn_status = 'not_checked' AND p.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM validation_data d WHERE d.participant_id = p.id) THEN 'being_checked'
         ELSE 'not_confirmed'
       END AS text) AS state
FROM invitations i LEFT JOIN participants p ON p.id = i.participant_id;

ALTER TABLE messages ADD COLUMN invitation_id TEXT NOT NULL DEFAULT ''; -- that the link leads to
CREATE INDEX messages_invitation ON messages (invitation_id) WHERE invitation_id <> '';

-- A file of people to invite, and how far it has come.
CREATE TABLE uploads (
    id         TEXT PRIMARY KEY,
    urn        TEXT      NOT NULL REFERENCES schools (urn),
    by_whom    TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    state      TEXT      NOT NULL, -- preview, working, done
    people     BIGINT    NOT NULL, -- rows that can be invited
    wrong      BIGINT    NOT NULL, -- rows that cannot be
    known      BIGINT    NOT NULL, -- of people: on the list already when the file was read
    done       BIGINT    NOT NULL, -- of people
    invited    BIGINT    NOT NULL, -- of done
    ends_at    TIMESTAMP NOT NULL  -- when it is deleted
);
CREATE INDEX uploads_of_school ON uploads (urn, created_at);
CREATE INDEX uploads_ends_at ON uploads (ends_at);

CREATE TABLE upload_rows (
    upload_id     TEXT   NOT NULL REFERENCES uploads (id),
    line          BIGINT NOT NULL,
    first_name    TEXT   NOT NULL, -- as it stands in the file
    last_name     TEXT   NOT NULL,
    email         TEXT   NOT NULL,
    date_of_birth TEXT   NOT NULL, -- of a row that can be invited, until it is done
    trn           TEXT   NOT NULL, -- likewise
    field         TEXT   NOT NULL, -- which is wrong; empty: none, or the row as a whole
    problem       TEXT   NOT NULL, -- what is wrong with it; empty: nothing
    result        TEXT   NOT NULL, -- what became of it; empty: nothing yet
    PRIMARY KEY (upload_id, line)
);
CREATE INDEX upload_rows_to_do ON upload_rows (upload_id, problem, result, line);

-- What was done for a school: written once, never changed.
CREATE TABLE school_events (
    urn      TEXT      NOT NULL REFERENCES schools (urn),
    position BIGINT    NOT NULL,
    at       TIMESTAMP NOT NULL,
    who      TEXT      NOT NULL,
    what     TEXT      NOT NULL,
    subject  TEXT      NOT NULL, -- the invitation or the file
    PRIMARY KEY (urn, position)
);
CREATE INDEX school_events_subject ON school_events (subject, position);

-- +goose Down
DROP TABLE school_events;
DROP TABLE upload_rows;
DROP TABLE uploads;
DROP INDEX messages_invitation;
ALTER TABLE messages DROP COLUMN invitation_id;
DROP VIEW invited;
DROP TABLE invitations;
DROP TABLE tutors;
DROP TABLE schools;
