-- People: who they are to us, who it really was that wrote, and the answers that messages get.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

CREATE TYPE identity.contact_kind AS ENUM ('practitioner', 'staff');

ALTER TABLE identity.contact
	ADD COLUMN kind identity.contact_kind NOT NULL DEFAULT 'practitioner',
	ADD COLUMN key text UNIQUE,          -- as the list that they were imported from names them; null: by their addresses
	ADD COLUMN zone text,                -- IANA time zone; null: their country's, else the service's
	ADD COLUMN no_acknowledgement boolean NOT NULL DEFAULT false, -- they are told nothing of what was understood
	ADD COLUMN no_content boolean NOT NULL DEFAULT false,         -- an answer to them repeats nothing that they wrote
	ADD COLUMN paused boolean NOT NULL DEFAULT false,             -- no requests and reminders for now
	ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
	ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

-- channel: mail; phone (a number in E.164, whatever channel writes from it: Signal, WhatsApp, SMS); else the name of a configured
-- channel, by which its provider names the person (Telegram, Matrix).
ALTER TABLE identity.contact_address
	ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (CASE WHEN channel IN ('mail', 'phone') THEN channel ELSE 'channel' END) STORED,
	ADD COLUMN ordinal integer NOT NULL DEFAULT 1; -- of the person's addresses, the one that is written to first

ALTER TYPE message_reason ADD VALUE 'duplicate'; -- ignored: what it says was said before, word for word
ALTER TYPE message_reason ADD VALUE 'erased';    -- ignored: the person was erased; what stays is that it must not come back

-- Who wrote? verified: authenticated as one of a person's addresses. failed: somebody tried to pass for it.
CREATE TYPE verification AS ENUM ('verified', 'unverified', 'failed');

ALTER TABLE message
	ADD COLUMN verification verification, -- null: nobody asked (ignored, or of before)
	ADD COLUMN note text,                 -- what a person who looks at it should know
	ADD COLUMN continues bigint;          -- the message whose answers this one completes: they are settled together
ALTER TABLE feedback
	ADD COLUMN verification verification NOT NULL DEFAULT 'unverified',
	ADD COLUMN via text CHECK (via IN ('forwarded-request')); -- answered by somebody who was not asked
UPDATE feedback SET verification = 'verified' WHERE verified;
ALTER TABLE feedback ADD CHECK (verified = (verification = 'verified'));
CREATE INDEX feedback_request ON feedback (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX feedback_contact ON feedback (contact_id) WHERE contact_id IS NOT NULL;

CREATE INDEX message_continues ON message (continues) WHERE continues IS NOT NULL;
CREATE INDEX request_header ON request (header_id) WHERE header_id IS NOT NULL; -- which of our mails was answered

-- What a message is to be told, decided when it was filed: one row a message at most. Who sends it sets outbox_id in the transaction that
-- puts it into the outbox.
CREATE TYPE acknowledgement_kind AS ENUM (
	'understood',                        -- filed, and all that is required is there
	'open',                              -- answers are missing or wrong
	'duplicate',                         -- we already had this
	'who-are-you',                       -- nobody knows the sender: asked once
	'too-large'                          -- it was not read whole, or not at all
);
CREATE TABLE acknowledgement (
	message_id bigint PRIMARY KEY,
	kind acknowledgement_kind NOT NULL,
	feedback_id bigint,                  -- what came of it; null: nothing so far
	revision integer,                    -- of that feedback, that this message made
	form_id text,                        -- null: not known
	form_version integer,
	said jsonb NOT NULL DEFAULT '{}',    -- {values, errors, found, suggestions, remarks} of this message alone; errors: of all that is open
	contact_id bigint REFERENCES identity.contact ON DELETE CASCADE, -- null: nobody known
	channel text NOT NULL,               -- mail, or a configured channel
	address text NOT NULL,               -- where it goes
	language text,                       -- null: not known
	reference text,                      -- of the request that was answered; null: of none
	made_at timestamptz NOT NULL,
	outbox_id bigint                     -- null: not written yet
);
CREATE INDEX acknowledgement_waiting ON acknowledgement (message_id) WHERE outbox_id IS NULL;
CREATE INDEX acknowledgement_address ON acknowledgement (channel, address, made_at);
CREATE INDEX acknowledgement_feedback ON acknowledgement (feedback_id) WHERE feedback_id IS NOT NULL;
CREATE INDEX acknowledgement_outbox ON acknowledgement (outbox_id) WHERE outbox_id IS NOT NULL;
