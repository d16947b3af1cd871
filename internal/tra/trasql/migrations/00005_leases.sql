-- +goose Up
-- The owner of a case holds it by a lease: without one, or after its end, the case is nobody's.
ALTER TABLE requests ADD COLUMN held_since TIMESTAMP;
ALTER TABLE requests ADD COLUMN held_until TIMESTAMP;
DROP INDEX requests_waiting;
DROP INDEX requests_owner;
CREATE INDEX requests_waiting ON requests (queued_at, id, kind, held_until) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_owner ON requests (owner, queued_at, id, kind, held_until) WHERE state IN ('received', 'with_operator') AND NOT deciding;

-- +goose Down
DROP INDEX requests_waiting;
DROP INDEX requests_owner;
CREATE INDEX requests_waiting ON requests (queued_at, id, kind) WHERE state IN ('received', 'with_operator') AND NOT deciding;
CREATE INDEX requests_owner ON requests (owner, queued_at, id, kind) WHERE state IN ('received', 'with_operator') AND NOT deciding;
ALTER TABLE requests DROP COLUMN held_since;
ALTER TABLE requests DROP COLUMN held_until;
