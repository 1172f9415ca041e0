-- Sending through channels.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- The messages that a row of the outbox became: a long text takes several. Recorded one by one, so that none goes out twice.
CREATE TABLE outbox_part (
	outbox_id bigint NOT NULL REFERENCES outbox ON DELETE CASCADE,
	part bigint NOT NULL,                -- from 1
	sent_at timestamptz NOT NULL,
	provider_id text NOT NULL,           -- as the provider names it: what an answer to it refers to; may be empty
	PRIMARY KEY (outbox_id, part)
);
CREATE INDEX outbox_part_provider ON outbox_part (provider_id) WHERE provider_id <> '';
