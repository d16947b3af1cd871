-- +goose Up
-- What the automatic check says of a claim; empty: nothing is asked.
ALTER TABLE requests ADD COLUMN checked TEXT NOT NULL DEFAULT '';
UPDATE requests SET checked = 'unknown' WHERE kind = 'trn_validation' AND forgotten_at IS NULL;

-- What a list is narrowed by stands in the index of its queue, and each order of all that waits has an index.
DROP INDEX requests_waiting;
DROP INDEX requests_owner;
DROP INDEX requests_expected_by;
DROP INDEX requests_review;
DROP INDEX requests_deciding;
DROP INDEX requests_asked;
DROP INDEX requests_answered;
CREATE INDEX requests_waiting ON requests (queued_at, id, kind, held_until, client, checked) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_waiting_due ON requests (COALESCE(expected_by, queued_at), id, kind, held_until, client, checked, queued_at, expected_by) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_waiting_arrived ON requests (submitted_at, id, kind, held_until, client, checked, queued_at) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_owner ON requests (owner, queued_at, id, kind, held_until, client, checked) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_expected_by ON requests (expected_by, queued_at, id, kind, client, checked) WHERE state IN ('received', 'with_operator', 'in_second_review') AND NOT deciding;
CREATE INDEX requests_review ON requests (queued_at, id, kind, client, checked) WHERE state = 'in_second_review';
CREATE INDEX requests_deciding ON requests (queued_at, id, kind, client, checked) WHERE deciding AND state <> 'withdrawn';
CREATE INDEX requests_asked ON requests (queued_at, id, kind, client, checked) WHERE state = 'waiting_for_person';
CREATE INDEX requests_answered ON requests (answered_at, id, kind, client, checked) WHERE state = 'answered';

-- +goose Down
DROP INDEX requests_answered;
DROP INDEX requests_asked;
DROP INDEX requests_deciding;
DROP INDEX requests_review;
DROP INDEX requests_expected_by;
DROP INDEX requests_owner;
DROP INDEX requests_waiting_arrived;
DROP INDEX requests_waiting_due;
DROP INDEX requests_waiting;
CREATE INDEX requests_waiting ON requests (queued_at, id, kind, held_until) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_owner ON requests (owner, queued_at, id, kind, held_until) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_expected_by ON requests (expected_by, queued_at, id, kind) WHERE state IN ('received', 'with_operator', 'in_second_review') AND NOT deciding;
CREATE INDEX requests_review ON requests (queued_at, id, kind) WHERE state = 'in_second_review';
CREATE INDEX requests_deciding ON requests (queued_at, id, kind) WHERE deciding AND state <> 'withdrawn';
CREATE INDEX requests_asked ON requests (queued_at, id, kind) WHERE state = 'waiting_for_person';
CREATE INDEX requests_answered ON requests (answered_at, id, kind) WHERE state = 'answered';
ALTER TABLE requests DROP COLUMN checked;
