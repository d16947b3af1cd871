-- +goose Up
-- Everybody who was born on one day, with their features, in one row: its id is
-- the day as a number, YYYYMMDD, times 2^32, plus the generation. The register's
-- next import fills it: what a record is found by is made otherwise than before.
CREATE TABLE cohorts (
    id -- sqlite: INTEGER PRIMARY KEY, /*
           BIGINT PRIMARY KEY, -- sqlite: */
    packed BYTEA NOT NULL
);

-- +goose Down
DROP TABLE cohorts;
