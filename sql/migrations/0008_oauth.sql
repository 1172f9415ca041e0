-- Logins by OAuth 2.0: what is kept of them. Tokens are sealed by the program (AES-256-GCM): nothing here opens a mailbox.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE oauth_token RENAME COLUMN sealed TO refresh;
ALTER TABLE oauth_token RENAME COLUMN expires_at TO access_until;
ALTER TABLE oauth_token
	ALTER COLUMN refresh DROP NOT NULL,
	ALTER COLUMN access_until DROP NOT NULL,
	ADD COLUMN access bytea,                    -- sealed
	ADD COLUMN renew_at timestamptz,            -- from then on a new access token is asked for
	ADD COLUMN refresh_until timestamptz,       -- null: the provider did not say
	ADD COLUMN rotates boolean NOT NULL DEFAULT false, -- the last answer brought a new refresh token
	ADD COLUMN version bigint NOT NULL DEFAULT 0,      -- counts the access tokens: which one was refused?
	ADD COLUMN changes bigint NOT NULL DEFAULT 0,      -- counts the outcomes of asking, bad ones too
	ADD COLUMN asked_at timestamptz,            -- a request went out and no answer was recorded
	ADD COLUMN failing_since timestamptz,
	ADD COLUMN failures integer NOT NULL DEFAULT 0,
	ADD COLUMN class text CHECK (class IN ('retry', 'login', 'admin')), -- who can mend it
	ADD COLUMN error text,
	ADD COLUMN next_at timestamptz,
	ADD COLUMN logged_in_at timestamptz,        -- when a person last did
	ADD CHECK ((access IS NULL) = (access_until IS NULL)),
	ADD CHECK ((access IS NULL) = (renew_at IS NULL)),
	ADD CHECK ((failing_since IS NULL) = (error IS NULL));
