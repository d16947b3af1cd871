-- +goose Up
-- Where clients want to be told that an answer was released.
CREATE TABLE webhooks (
    client     TEXT      PRIMARY KEY,
    url        TEXT      NOT NULL,
    secrets    TEXT      NOT NULL, -- one or two, sealed under the hash key
    disabled   BOOLEAN   NOT NULL, -- the receiver wants no more of it
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- What they are told, written with the answer itself. Holds nothing of anybody.
CREATE TABLE deliveries (
    id          TEXT      PRIMARY KEY, -- the same for every attempt
    client      TEXT      NOT NULL,
    seq         BIGINT    NOT NULL, -- in its client's, from 1
    kind        TEXT      NOT NULL,
    request     TEXT      NOT NULL,
    status      TEXT      NOT NULL, -- pending, delivered, failed
    attempts    BIGINT    NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    last_at     TIMESTAMP,          -- NULL: not tried yet
    last_answer BIGINT    NOT NULL, -- the receiver's HTTP status; 0: none
    last_error  TEXT      NOT NULL, -- empty: none
    UNIQUE (client, seq)
);
CREATE INDEX deliveries_created_at ON deliveries (created_at);

-- +goose Down
DROP TABLE deliveries;
DROP TABLE webhooks;
