-- +goose Up
-- One row a record, with all that a comparison needs: one read brings it.
CREATE TABLE records (
    trn                        TEXT PRIMARY KEY,
    status                     TEXT NOT NULL, -- active, inactive, merged
    merged_into                TEXT NOT NULL, -- a TRN, with status merged
    first_name                 TEXT NOT NULL,
    middle_name                TEXT NOT NULL,
    last_name                  TEXT NOT NULL,
    previous_names             TEXT NOT NULL, -- JSON: [["first","last"],…]
    date_of_birth              TEXT NOT NULL, -- 1984-02-17, empty when not known
    national_insurance_numbers TEXT NOT NULL, -- JSON: ["QQ123456C",…], the current one first
    email                      TEXT NOT NULL,
    qts_date                   TEXT NOT NULL,
    first_key                  TEXT NOT NULL, -- by which names are counted
    last_key                   TEXT NOT NULL,
    fingerprint                TEXT NOT NULL  -- tells whether an import changes the row
);
CREATE INDEX records_date_of_birth ON records (date_of_birth);
CREATE INDEX records_merged_into ON records (merged_into);

CREATE TABLE alerts (
    trn       TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    code      TEXT   NOT NULL,
    start_day TEXT   NOT NULL, -- as recorded, readable or not
    end_day   TEXT   NOT NULL,
    details   TEXT   NOT NULL,
    PRIMARY KEY (trn, position)
);

-- Who holds an NI number, now or earlier; whole, as the automatic check compares it.
CREATE TABLE nino_holders (
    nino TEXT NOT NULL,
    trn  TEXT NOT NULL,
    PRIMARY KEY (nino, trn)
);
CREATE INDEX nino_holders_trn ON nino_holders (trn);

-- The keys that lead from a claim to candidates.
CREATE TABLE record_keys (
    key BIGINT NOT NULL,
    trn TEXT   NOT NULL,
    PRIMARY KEY (key, trn)
);
CREATE INDEX record_keys_trn ON record_keys (trn);

-- The words of names: their first letters and their sound as numbers, so that
-- both databases compare them alike.
CREATE TABLE name_words (
    head  BIGINT NOT NULL,
    sound BIGINT NOT NULL,
    trn   TEXT   NOT NULL,
    PRIMARY KEY (head, sound, trn)
);
CREATE INDEX name_words_sound ON name_words (sound);
CREATE INDEX name_words_trn ON name_words (trn);

-- How many records have a name; counted anew by every import.
CREATE TABLE name_counts (
    kind    TEXT   NOT NULL, -- first, last
    name    TEXT   NOT NULL,
    records BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE imports (
    id        TEXT PRIMARY KEY,
    at        TIMESTAMP NOT NULL,
    complete  BOOLEAN   NOT NULL,
    added     BIGINT    NOT NULL,
    changed   BIGINT    NOT NULL,
    gone      BIGINT    NOT NULL,
    unchanged BIGINT    NOT NULL,
    rejected  BIGINT    NOT NULL,
    records   BIGINT    NOT NULL -- in the register afterwards
);
CREATE INDEX imports_at ON imports (at);

-- Who asked for people's data, and why. Holds no personal value.
CREATE TABLE audit (
    id      TEXT PRIMARY KEY,
    at      TIMESTAMP NOT NULL,
    client  TEXT      NOT NULL,
    action  TEXT      NOT NULL,
    case_id TEXT      NOT NULL,
    purpose TEXT      NOT NULL,
    records BIGINT    NOT NULL -- how many were given
);
CREATE INDEX audit_at ON audit (at);

-- +goose Down
DROP TABLE audit;
DROP TABLE imports;
DROP TABLE name_counts;
DROP TABLE name_words;
DROP TABLE record_keys;
DROP TABLE nino_holders;
DROP TABLE alerts;
DROP TABLE records;
