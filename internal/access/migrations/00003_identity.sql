-- +goose Up
-- Who an account is at the OpenID provider, its issuer and subject: bound at the first sign-in there.
ALTER TABLE accounts ADD COLUMN identity TEXT;
CREATE UNIQUE INDEX accounts_by_identity ON accounts (identity);
-- The page on which a sign-in link was used, hashed: a second click there is the first one again.
ALTER TABLE sign_in_links ADD COLUMN used_on TEXT;

-- +goose Down
ALTER TABLE sign_in_links DROP COLUMN used_on;
DROP INDEX accounts_by_identity;
ALTER TABLE accounts DROP COLUMN identity;
