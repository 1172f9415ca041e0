-- What becomes of a channel's messages: several that are one reply, edits, the form asked as a conversation, opting out, floods.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TYPE message_reason ADD VALUE 'in-conversation'; -- held: answers of a conversation that is not at its end
ALTER TYPE message_reason ADD VALUE 'stopped';         -- ignored: the person asked for no more messages
ALTER TYPE message_reason ADD VALUE 'flood';           -- ignored: more than a person writes
ALTER TYPE outbox_state ADD VALUE 'cancelled';         -- the person asked for no more messages before it went out

-- A form that is asked field by field: one row a conversation, at most one open with a person.
CREATE TABLE form_conversation (
	conversation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel text NOT NULL,
	sender text NOT NULL,
	reply_to text NOT NULL,
	form_id text NOT NULL,
	form_version integer NOT NULL,
	language text NOT NULL,              -- in which we ask
	asked text NOT NULL,                 -- the field that waits for its answer
	asked_again boolean NOT NULL,        -- an answer to it did not fit already
	answers jsonb NOT NULL,              -- {field: typed value}
	rest jsonb NOT NULL,                 -- where each answer stood, what was left open, what did not fit, remarks
	question_id bigint,                  -- the outbox row that asks it
	started_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	ended_at timestamptz,
	message_id bigint                    -- at its end: the message that it was settled with; the others are joined to that
);
CREATE UNIQUE INDEX form_conversation_open ON form_conversation (channel, sender) WHERE ended_at IS NULL;
CREATE INDEX form_conversation_ended ON form_conversation (channel, sender, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX form_conversation_idle ON form_conversation (updated_at) WHERE ended_at IS NULL;

ALTER TABLE channel_message ADD COLUMN conversation_id bigint;
CREATE INDEX channel_message_conversation ON channel_message (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX channel_message_joined ON channel_message (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX channel_message_sender ON channel_message (sender, message_id);

-- Mails are read as they come, a channel's messages when nothing more belongs to them: neither looks past the other.
DROP INDEX message_received;
CREATE INDEX message_received_mail ON message (message_id) WHERE state = 'received' AND channel IS NULL;
CREATE INDEX message_received_channel ON message (message_id) WHERE state = 'received' AND channel IS NOT NULL;

CREATE INDEX outbox_recipient ON outbox (channel, recipient) WHERE state IN ('waiting', 'sending') AND channel <> 'mail';
