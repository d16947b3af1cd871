-- +goose Up
-- The closed ticket that the one to be created follows up; 0: it is a request's first.
ALTER TABLE creations ADD COLUMN follows BIGINT NOT NULL DEFAULT 0;

-- The tickets that a request had before its present one, and those that are to be deleted.
CREATE TABLE earlier_tickets (
    ticket   BIGINT  PRIMARY KEY,
    request  TEXT    NOT NULL,
    deleting BOOLEAN NOT NULL -- it was seen to be ours, and may be deleted already
);
CREATE INDEX earlier_tickets_request ON earlier_tickets (request);

-- When a request was answered last or withdrawn, and when what it held was deleted.
ALTER TABLE requests ADD COLUMN over_at TIMESTAMP;
ALTER TABLE requests ADD COLUMN forgotten_at TIMESTAMP;
UPDATE requests SET over_at = answered_at WHERE state = 'answered';
UPDATE requests SET over_at = (SELECT MAX(events.at) FROM events WHERE events.request = requests.id) WHERE state = 'withdrawn';
CREATE INDEX requests_over ON requests (over_at, id) WHERE state IN ('answered', 'withdrawn') AND forgotten_at IS NULL;
CREATE INDEX deliveries_request ON deliveries (request);

-- +goose Down
DROP INDEX deliveries_request;
DROP INDEX requests_over;
ALTER TABLE requests DROP COLUMN forgotten_at;
ALTER TABLE requests DROP COLUMN over_at;
DROP TABLE earlier_tickets;
ALTER TABLE creations DROP COLUMN follows;
