-- +goose Up
-- The register is kept in generations: an import writes the rows that it
-- changes as the next one, unseen, and one row in imports makes it the present
-- one. A record is what the newest row says that is not newer than that. What
-- the tables before this one held is not carried over: the register's extract
-- is imported again.
DROP TABLE name_counts;
DROP TABLE name_words;
DROP TABLE record_keys;
DROP TABLE nino_holders;
DROP TABLE alerts;
DROP TABLE records;
DROP TABLE imports;

CREATE TABLE records (
    trn         BIGINT NOT NULL, -- the digits as a number
    generation  BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL, -- tells whether an import changes the record
    merged_into BIGINT NOT NULL, -- a TRN, 0 when the record is not merged
    details     TEXT   NOT NULL, -- all that the register holds, JSON; empty when the record is gone
    PRIMARY KEY (trn, generation)
) -- sqlite: WITHOUT ROWID
;

-- What a comparison needs of a record, in one read; empty for a record that is
-- merged or gone.
CREATE TABLE features (
    trn        BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    packed     BYTEA  NOT NULL,
    PRIMARY KEY (trn, generation)
) -- sqlite: WITHOUT ROWID
;

-- The keys that lead from a claim to records, many to a page.
CREATE TABLE key_pages (
    page       BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    packed     BYTEA  NOT NULL,
    PRIMARY KEY (page, generation)
) -- sqlite: WITHOUT ROWID
;

-- The words of all names, each with the records that have it.
CREATE TABLE name_words (
    word       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    holders    BIGINT NOT NULL, -- how many they are
    packed     BYTEA  NOT NULL,
    PRIMARY KEY (word, generation)
);

CREATE TABLE imports (
    generation BIGINT    PRIMARY KEY,
    at         TIMESTAMP NOT NULL,
    complete   BOOLEAN   NOT NULL,
    added      BIGINT    NOT NULL,
    changed    BIGINT    NOT NULL,
    gone       BIGINT    NOT NULL,
    unchanged  BIGINT    NOT NULL,
    rejected   BIGINT    NOT NULL,
    records    BIGINT    NOT NULL -- in the register afterwards
);

-- One row while an import is at work, so that there is one at a time; it stays
-- until no row is left that is not the register's.
CREATE TABLE importing (
    id     BIGINT    PRIMARY KEY,
    holder TEXT      NOT NULL,
    until  TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE importing;
DROP TABLE imports;
DROP TABLE name_words;
DROP TABLE key_pages;
DROP TABLE features;
DROP TABLE records;
