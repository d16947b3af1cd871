-- +goose Up
-- A row's id is what its number and its generation were: the number times 2^32,
-- plus the generation. One whole number is found much faster than two are.
CREATE TABLE numbered_records (
    id -- sqlite: INTEGER PRIMARY KEY, /*
                BIGINT PRIMARY KEY, -- sqlite: */
    fingerprint BIGINT NOT NULL, -- tells whether an import changes the record
    merged_into BIGINT NOT NULL, -- a TRN, 0 when the record is not merged
    details     TEXT   NOT NULL  -- all that the register holds, JSON; empty when the record is gone
);

CREATE TABLE numbered_features (
    id -- sqlite: INTEGER PRIMARY KEY, /*
           BIGINT PRIMARY KEY, -- sqlite: */
    packed BYTEA NOT NULL
);

CREATE TABLE numbered_key_pages (
    id -- sqlite: INTEGER PRIMARY KEY, /*
           BIGINT PRIMARY KEY, -- sqlite: */
    packed BYTEA NOT NULL
);

INSERT INTO numbered_records SELECT trn * 4294967296 + generation, fingerprint, merged_into, details FROM records ORDER BY trn, generation;
INSERT INTO numbered_features SELECT trn * 4294967296 + generation, packed FROM features ORDER BY trn, generation;
INSERT INTO numbered_key_pages SELECT page * 4294967296 + generation, packed FROM key_pages ORDER BY page, generation;
DROP TABLE records;
DROP TABLE features;
DROP TABLE key_pages;
ALTER TABLE numbered_records RENAME TO records;
ALTER TABLE numbered_features RENAME TO features;
ALTER TABLE numbered_key_pages RENAME TO key_pages;

-- +goose Down
CREATE TABLE records_down (
    trn         BIGINT NOT NULL,
    generation  BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    merged_into BIGINT NOT NULL,
    details     TEXT   NOT NULL,
    PRIMARY KEY (trn, generation)
) -- sqlite: WITHOUT ROWID
;
CREATE TABLE features_down (
    trn        BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    packed     BYTEA  NOT NULL,
    PRIMARY KEY (trn, generation)
) -- sqlite: WITHOUT ROWID
;
CREATE TABLE key_pages_down (
    page       BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    packed     BYTEA  NOT NULL,
    PRIMARY KEY (page, generation)
) -- sqlite: WITHOUT ROWID
;
INSERT INTO records_down SELECT id / 4294967296, id % 4294967296, fingerprint, merged_into, details FROM records;
INSERT INTO features_down SELECT id / 4294967296, id % 4294967296, packed FROM features;
INSERT INTO key_pages_down SELECT id / 4294967296, id % 4294967296, packed FROM key_pages;
DROP TABLE records;
DROP TABLE features;
DROP TABLE key_pages;
ALTER TABLE records_down RENAME TO records;
ALTER TABLE features_down RENAME TO features;
ALTER TABLE key_pages_down RENAME TO key_pages;
