-- +goose Up
-- What operators typed into forms and have not handed in: the last for each case.
CREATE TABLE saved_forms (
    request  TEXT      NOT NULL,
    operator TEXT      NOT NULL,
    form     TEXT      NOT NULL,
    typed    TEXT      NOT NULL, -- as the form sends it; may hold what belongs to persons
    revision BIGINT    NOT NULL, -- of the case as the operator saw it
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (request, operator)
);
CREATE INDEX saved_forms_operator ON saved_forms (operator, saved_at);
CREATE INDEX saved_forms_saved_at ON saved_forms (saved_at);

-- +goose Down
DROP TABLE saved_forms;
