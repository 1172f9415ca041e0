-- Channels: what a request brought as it came, its messages, their media, and how a channel fares.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- A polled channel's place in its provider's stream; committed with the messages before it.
ALTER TABLE account ADD COLUMN cursor text;

-- The exact bytes of each request, or round of asking, that brought at least one new message. As with mails no foreign keys: api.channel_store()
-- alone writes these rows.
CREATE TABLE delivery (
	delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id bigint NOT NULL,
	received_at timestamptz NOT NULL,
	sha256 bytea NOT NULL,
	headers jsonb NOT NULL,              -- {name: value} of those that reading needs; never a credential
	body bytea COMPRESSION lz4 NOT NULL
);
ALTER TABLE delivery ALTER body SET STORAGE MAIN;

-- What a channel tells of a message besides its text, which is in message_raw.
CREATE TABLE channel_message (
	message_id bigint PRIMARY KEY,
	delivery_id bigint NOT NULL,
	sent_at timestamptz,                 -- by the provider's word
	joined_to bigint,                    -- the message that this one is read with
	latitude double precision,
	longitude double precision,
	part integer,                        -- from 1, of a text that came in parts
	parts integer,
	sender text NOT NULL,                -- the person, as the provider names them for good
	sender_name text,
	reply_to text NOT NULL,              -- where an answer goes
	language text,                       -- as the provider says
	answers_id text,                     -- provider_id of the message that it answers
	edits_id text,                       -- provider_id of the message that it replaces
	part_of text                         -- what the parts of one text share
);

CREATE TYPE media_state AS ENUM ('waiting', 'done', 'refused');

-- Photos, voice notes, documents: fetched once the message is safe; the bytes go into attachment.
CREATE TABLE channel_media (
	message_id bigint NOT NULL,
	ordinal integer NOT NULL,            -- in the message, from 1
	state media_state NOT NULL DEFAULT 'waiting',
	attempts integer NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL,        -- of the next attempt
	size bigint,                         -- as the provider says
	sha256 bytea,                        -- as the provider says
	provider_id text,                    -- by which the provider hands it out
	url text,                            -- or where it is
	name text,
	type text,                           -- as the provider says
	error text,
	PRIMARY KEY (message_id, ordinal)
);
CREATE INDEX channel_media_due ON channel_media (next_at) WHERE state = 'waiting';

-- What came to a channel and became of it, since ever: "stored", "repeated", "ignored", "refused", "malformed", "oversize", "spooled".
CREATE TABLE channel_count (
	account_id bigint NOT NULL REFERENCES account,
	what text NOT NULL,
	count bigint NOT NULL,
	last_at timestamptz NOT NULL,
	PRIMARY KEY (account_id, what)
);
