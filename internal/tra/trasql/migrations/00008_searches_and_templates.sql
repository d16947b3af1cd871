-- +goose Up
-- How often somebody searched the register lately.
CREATE INDEX events_who ON events (who, what, at);

-- Texts that operators start from. What stands in square brackets is filled in or taken out.
CREATE TABLE templates (
    id         TEXT      PRIMARY KEY,
    kind       TEXT      NOT NULL, -- of the requests it is for
    purpose    TEXT      NOT NULL, -- the failure reason that it is a note for, or question
    name       TEXT      NOT NULL,
    body       TEXT      NOT NULL,
    changed_by TEXT      NOT NULL, -- empty: as it came with the program
    changed_at TIMESTAMP           -- NULL: never
);
INSERT INTO templates (id, kind, purpose, name, body, changed_by) VALUES
    ('01', 'trn_validation', 'no_record', 'No record', 'We found no record with these details. Ask the person to check their names as they were when they trained, and their date of birth.', ''),
    ('02', 'trn_validation', 'no_record', 'May have trained elsewhere', 'We found no record with these details. The person may have trained outside England: ask them [where they trained].', ''),
    ('03', 'trn_validation', 'several_records', 'Several records', 'More than one record fits these details. Ask the person for their National Insurance number or their TRN.', ''),
    ('04', 'trn_validation', 'details_do_not_match', 'Details differ', 'The record that these details lead to does not agree with them. Ask the person to check [which detail].', ''),
    ('05', 'trn_validation', 'not_enough_details', 'More details', 'These details are not enough to find one record. Ask the person for their National Insurance number, their TRN and earlier names.', ''),
    ('06', 'trn_validation', 'cannot_tell', 'Cannot tell', 'We cannot tell which record is this person''s. Ask the person to check every detail.', ''),
    ('07', 'trn_validation', 'other', 'Other', '[Say what the client should do.]', ''),
    ('08', 'barring_check', 'cannot_tell', 'Cannot tell', 'We cannot tell from the record. Contact the TRA about this check.', ''),
    ('09', 'barring_check', 'other', 'Other', '[Say what the client should do.]', ''),
    ('10', 'trn_validation', 'question', 'Earlier names', 'Have you had other names, for example when you trained? If so, which?', ''),
    ('11', 'trn_validation', 'question', 'National Insurance number', 'We need your National Insurance number to find your record. Please add it.', ''),
    ('12', 'trn_validation', 'question', 'Date of birth', 'Please check that your date of birth is right.', ''),
    ('13', 'trn_validation', 'question', 'First name', 'Which first name did you use when you trained as a teacher?', '');

-- +goose Down
DROP TABLE templates;
DROP INDEX events_who;
