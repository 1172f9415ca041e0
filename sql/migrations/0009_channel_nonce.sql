-- What proves one request alone (Mailgun's token): seen again it proves nothing.
SET LOCAL ROLE fieldpost_owner;

CREATE TABLE fieldpost.channel_nonce (
	account_id bigint NOT NULL,
	nonce text NOT NULL,
	seen_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, nonce)
);
CREATE INDEX channel_nonce_seen ON fieldpost.channel_nonce (seen_at);
