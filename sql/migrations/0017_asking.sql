-- Asking: what was sent to many at once, when each is due, and reminders.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- Requests that were sent together. Under one label a person is asked once.
CREATE TABLE campaign (
	campaign_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	label text NOT NULL UNIQUE CHECK (label <> ''),
	form_id text NOT NULL,
	form_version integer NOT NULL,
	schedule text,                       -- by name, of the config; null: by hand
	planned_at timestamptz NOT NULL,
	FOREIGN KEY (form_id, form_version) REFERENCES form_version
);

-- A schedule of the config is in force since it was first seen: what was due before is not sent late.
CREATE TABLE request_schedule (
	name text PRIMARY KEY,
	since timestamptz NOT NULL
);

ALTER TABLE request
	ADD COLUMN campaign_id bigint REFERENCES campaign,
	ADD COLUMN due_at timestamptz,       -- not before; null: of before there were campaigns
	ADD COLUMN address text,             -- where it goes
	ADD COLUMN reminders integer NOT NULL DEFAULT 0, -- that went out
	ADD COLUMN remind_at timestamptz,    -- not before; null: none
	ADD COLUMN note text;                -- why it is closed
CREATE UNIQUE INDEX request_once ON request (campaign_id, contact_id);
CREATE INDEX request_due ON request (due_at) WHERE state = 'waiting';
CREATE INDEX request_remind ON request (remind_at) WHERE state = 'sent' AND remind_at IS NOT NULL;
CREATE INDEX request_contact ON request (contact_id) WHERE contact_id IS NOT NULL;

-- Has something with that reference come, that a person looks at?
CREATE INDEX message_reference ON message (reference) WHERE reference IS NOT NULL AND state IN ('review', 'held');

ALTER TABLE outbox ADD COLUMN request_id bigint; -- of a request or a reminder: not sent once it is answered
CREATE INDEX outbox_request ON outbox (request_id) WHERE request_id IS NOT NULL AND state = 'waiting';
