-- The foundation: roles, schemas, types and tables.
--
-- Roles are fixed: one login a duty (NOINHERIT: what it may read beyond its functions it gets by SET ROLE alone), the
-- owner of tables and functions, the owner of the readers' views, and two groups of readers. Run by a role that may
-- create roles. Every SQL file begins as that role and says itself (SET LOCAL ROLE) whose its objects are.

DO $$
DECLARE
	role_name text;
BEGIN
	FOREACH role_name IN ARRAY ARRAY['fieldpost_owner', 'fieldpost_views', 'fieldpost_reader', 'fieldpost_analyst'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
		END IF;
	END LOOP;
	FOREACH role_name IN ARRAY ARRAY['fieldpost_intake', 'fieldpost_web', 'fieldpost_parse', 'fieldpost_send',
		'fieldpost_admin'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
			EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', role_name);
		END IF;
	END LOOP;
	EXECUTE format('REVOKE CREATE, CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO fieldpost_intake, fieldpost_web, fieldpost_parse, fieldpost_send, '
		'fieldpost_admin, fieldpost_analyst', current_database());
END $$;

GRANT fieldpost_owner, fieldpost_views TO CURRENT_USER;
GRANT fieldpost_reader TO fieldpost_send, fieldpost_admin;
ALTER ROLE fieldpost_intake SET lock_timeout = '30s';
ALTER ROLE fieldpost_parse SET lock_timeout = '30s';
ALTER ROLE fieldpost_send SET lock_timeout = '30s';
ALTER DEFAULT PRIVILEGES FOR ROLE fieldpost_owner, fieldpost_views REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA fieldpost AUTHORIZATION fieldpost_owner;
CREATE SCHEMA identity AUTHORIZATION fieldpost_owner;
CREATE SCHEMA api AUTHORIZATION fieldpost_owner;
CREATE SCHEMA read AUTHORIZATION fieldpost_views;
CREATE SCHEMA report AUTHORIZATION fieldpost_views;

-- Definer functions of the owner stand in `read` too (the search, which must use an index that policies would forbid).
SET LOCAL ROLE fieldpost_views;
GRANT USAGE, CREATE ON SCHEMA read TO fieldpost_owner;
GRANT USAGE ON SCHEMA report TO fieldpost_owner;
GRANT USAGE ON SCHEMA read, report TO fieldpost_reader, fieldpost_analyst;

SET LOCAL ROLE fieldpost_owner;
GRANT USAGE ON SCHEMA fieldpost, identity TO fieldpost_views;
GRANT USAGE ON SCHEMA api TO fieldpost_intake, fieldpost_web, fieldpost_parse, fieldpost_send, fieldpost_admin;
SET LOCAL search_path = fieldpost, pg_catalog;

-- Words of states. The same lists stand in C tables; a test compares them.
CREATE TYPE source_kind AS ENUM ('imap', 'import', 'channel');
CREATE TYPE message_state AS ENUM ('received', 'filed', 'review', 'held', 'ignored', 'failed');
CREATE TYPE message_reason AS ENUM ('over-size', 'unreadable', 'bounce', 'auto-reply', 'forwarded', 'over-limit', 'no-template',
	'no-answers', 'invalid-value', 'missing-required', 'unknown-sender', 'crashed');
CREATE TYPE error_reach AS ENUM ('retry', 'message', 'source', 'stop', 'uncertain');
CREATE TYPE after_state AS ENUM ('waiting', 'done');
CREATE TYPE sharing_level AS ENUM ('open', 'no-name', 'restricted');
CREATE TYPE feedback_state AS ENUM ('new', 'read', 'assigned', 'used', 'not-used', 'withdrawn');
CREATE TYPE revision_author AS ENUM ('practitioner', 'reviewer', 'program');
CREATE TYPE field_type AS ENUM ('line', 'text', 'country', 'choice', 'choices', 'scale', 'number', 'date', 'yes_no', 'pattern');
CREATE TYPE digest_state AS ENUM ('open', 'ready', 'sent', 'failed');
CREATE TYPE outbox_state AS ENUM ('waiting', 'sending', 'sent', 'failed');
CREATE TYPE request_state AS ENUM ('waiting', 'sent', 'answered', 'bounced', 'closed');

CREATE TABLE schema_migration (
	version integer PRIMARY KEY,
	name text NOT NULL,
	sha256 text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);

-- This installation: one row. After a restore nothing is sent until somebody confirmed that this copy is the one that may.
CREATE TABLE instance (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	instance_id uuid NOT NULL DEFAULT gen_random_uuid(),
	confirmed boolean NOT NULL DEFAULT true
);
INSERT INTO instance DEFAULT VALUES;

---------------------------------------------------------------------------------------------------
-- Intake
---------------------------------------------------------------------------------------------------

-- A source of messages and how it fares.
CREATE TABLE account (
	account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	kind source_kind NOT NULL,
	last_ok timestamptz,         -- last completed round trip
	last_message timestamptz,    -- last message stored from it
	failing_since timestamptz,
	reach error_reach,
	error text,
	next_at timestamptz,         -- of the next attempt while it fails
	UNIQUE (kind, name)
);

-- One row a UIDVALIDITY: UIDs mean nothing without it. The one that was opened last is the folder as it is now.
CREATE TABLE folder (
	folder_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id bigint NOT NULL REFERENCES account,
	name text NOT NULL,
	uidvalidity bigint NOT NULL,
	last_uid bigint NOT NULL DEFAULT 0,  -- the cursor: every UID up to it was dealt with
	opened_at timestamptz NOT NULL,
	last_ok timestamptz,
	last_message timestamptz,
	backlog bigint NOT NULL DEFAULT 0,   -- mails on the server that are not stored yet, as last seen
	UNIQUE (account_id, name, uidvalidity)
);

-- Every message ever taken in. Mail is unique on `identity`; a channel's message on (channel, provider_id).
--
-- From message to account, and from message_raw and sighting to message and folder, stand no foreign keys: a third of the intake's
-- time would go into them, and these rows are written by messages_store() and messages_import() alone, which take the keys from
-- the rows themselves.
CREATE TABLE message (
	message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id bigint NOT NULL,
	received_at timestamptz NOT NULL,    -- by the source: INTERNALDATE, the provider's time
	stored_at timestamptz NOT NULL,
	written_at timestamptz,              -- by the sender's own word
	size bigint NOT NULL,                -- bytes on the server
	attempts integer NOT NULL DEFAULT 0, -- of reading it, when one killed or outlasted the reader
	form_version integer,
	state message_state NOT NULL DEFAULT 'received',
	reason message_reason,
	oversize boolean NOT NULL DEFAULT false, -- only the headers were fetched
	automatic boolean NOT NULL DEFAULT false,
	identity bytea CHECK (octet_length(identity) = 32),
	raw_sha256 bytea NOT NULL,
	channel text,
	provider_id text,
	form_id text,
	reference text,
	language text,
	subject text,
	from_name text,
	from_address text,
	header_id text,                      -- the mail's Message-ID
	error text,                          -- why it is `failed`, in words
	result jsonb,                        -- what was understood, while a person must look (review, held)
	settled_at timestamptz,              -- when the state was decided
	UNIQUE (identity),
	CHECK ((identity IS NULL) = (channel IS NOT NULL)),
	CHECK ((channel IS NULL) = (provider_id IS NULL))
);
CREATE UNIQUE INDEX message_provider ON message (channel, provider_id) WHERE channel IS NOT NULL;
CREATE INDEX message_received ON message (message_id) WHERE state = 'received';
CREATE INDEX message_open ON message (settled_at) WHERE state IN ('review', 'held', 'failed');
-- A queue: rows change their state once, soon after they came.
ALTER TABLE message SET (autovacuum_vacuum_scale_factor = 0.05);

-- The bytes, apart, so that changes of state and scans never touch them. MAIN: a small mail stays in its row.
CREATE TABLE message_raw (
	message_id bigint PRIMARY KEY,
	raw bytea COMPRESSION lz4 NOT NULL
);
ALTER TABLE message_raw ALTER raw SET STORAGE MAIN;

CREATE TABLE sighting (
	folder_id bigint NOT NULL,
	uid bigint NOT NULL,
	message_id bigint NOT NULL,
	seen_at timestamptz NOT NULL,
	after_next timestamptz,              -- not before this time
	after_attempts integer NOT NULL DEFAULT 0,
	after_state after_state NOT NULL DEFAULT 'waiting',
	after_error text,
	PRIMARY KEY (folder_id, uid)
);
CREATE INDEX sighting_message ON sighting (message_id);
CREATE INDEX sighting_waiting ON sighting (folder_id, uid) WHERE after_state = 'waiting';

CREATE TABLE attachment (
	attachment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	message_id bigint NOT NULL REFERENCES message ON DELETE CASCADE,
	part text NOT NULL,
	name text NOT NULL,
	type text NOT NULL,
	size bigint NOT NULL,
	sha256 bytea NOT NULL,
	bytes bytea,                         -- media of channels; a mail's stand in its raw
	UNIQUE (message_id, part)
);

---------------------------------------------------------------------------------------------------
-- People
---------------------------------------------------------------------------------------------------

CREATE TABLE identity.organisation (
	organisation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE
);

CREATE TABLE identity.programme (
	programme_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	organisation_id bigint REFERENCES identity.organisation,
	country text
);

CREATE TABLE identity.contact (
	contact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	role text,
	country text,
	language text,
	organisation_id bigint REFERENCES identity.organisation,
	programme_id bigint REFERENCES identity.programme,
	neutral boolean NOT NULL DEFAULT false, -- mails to them tell nothing in their subject
	active boolean NOT NULL DEFAULT true
);

CREATE TABLE identity.contact_address (
	channel text NOT NULL DEFAULT 'mail',
	address text NOT NULL,               -- a mail address in lower case, a number, a provider's id
	contact_id bigint NOT NULL REFERENCES identity.contact ON DELETE CASCADE,
	PRIMARY KEY (channel, address)
);
CREATE INDEX contact_address_contact ON identity.contact_address (contact_id);

---------------------------------------------------------------------------------------------------
-- Forms and feedback
---------------------------------------------------------------------------------------------------

CREATE TABLE form (
	form_id text PRIMARY KEY CHECK (form_id ~ '^[a-z][a-z0-9-]{0,62}$')
);

-- Every field any version ever had: its name never changes its type.
CREATE TABLE form_field (
	form_id text NOT NULL REFERENCES form,
	name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$' AND name !~ '^feedback_'), -- that is the views' own
	type field_type NOT NULL,
	ordinal integer NOT NULL,            -- of its column in report.<form>
	PRIMARY KEY (form_id, name)
);

CREATE TABLE form_version (
	form_id text NOT NULL REFERENCES form,
	version integer NOT NULL CHECK (version > 0),
	sha256 text NOT NULL,                -- of the file
	source text NOT NULL,                -- the file
	title jsonb NOT NULL,                -- {language: text}
	fields jsonb NOT NULL,               -- [{name, type, number, label, required, theme, digest, options, min, max}]
	country_field text,                  -- the first field of type country
	theme_field text,                    -- the field marked as the theme
	has_sharing boolean NOT NULL,        -- it asks how its answers may be shared
	registered_at timestamptz NOT NULL,
	PRIMARY KEY (form_id, version)
);

-- Somebody asked a practitioner to fill in a form.
CREATE TABLE request (
	request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reference text NOT NULL UNIQUE CHECK (reference ~ '^FP-[0-9A-HJKMNP-TV-Z]{10}$'),
	contact_id bigint REFERENCES identity.contact ON DELETE SET NULL,
	form_id text NOT NULL,
	form_version integer NOT NULL,
	channel text NOT NULL DEFAULT 'mail',
	language text NOT NULL,
	country text,
	state request_state NOT NULL DEFAULT 'waiting',
	header_id text,
	asked_at timestamptz NOT NULL,
	reminded_at timestamptz,
	answered_at timestamptz,
	FOREIGN KEY (form_id, form_version) REFERENCES form_version
);

CREATE SEQUENCE feedback_line_number MINVALUE 1;

-- As with messages: to message and form_version no foreign key, parse_file() alone writes these rows and takes both keys from the rows.
CREATE TABLE feedback (
	feedback_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	message_id bigint NOT NULL,
	request_id bigint REFERENCES request,
	contact_id bigint REFERENCES identity.contact ON DELETE SET NULL,
	received_at timestamptz NOT NULL,
	written_at timestamptz,
	filed_at timestamptz NOT NULL,
	line_number bigint UNIQUE,           -- given when a line is first published, so that gaps tell nothing
	form_version integer NOT NULL,
	revision integer NOT NULL DEFAULT 1, -- the current one
	sharing sharing_level NOT NULL,
	state feedback_state NOT NULL DEFAULT 'new',
	verified boolean NOT NULL DEFAULT false, -- the message provably came from this person
	form_id text NOT NULL,
	country text,
	language text,
	theme text[] NOT NULL DEFAULT '{}',
	UNIQUE (message_id)
);
CREATE INDEX feedback_filed ON feedback (filed_at);
CREATE INDEX feedback_form ON feedback (form_id, received_at);

CREATE TABLE feedback_revision (
	feedback_id bigint NOT NULL REFERENCES feedback ON DELETE CASCADE,
	revision integer NOT NULL,
	author revision_author NOT NULL,
	message_id bigint,                   -- the message it came from
	created_at timestamptz NOT NULL,
	answers jsonb NOT NULL,              -- {field: typed value}
	provenance jsonb NOT NULL,           -- {field: {raw, part, start, end, part_start, part_end}}
	remarks text,
	reason text,
	PRIMARY KEY (feedback_id, revision)
);
CREATE UNIQUE INDEX feedback_revision_message ON feedback_revision (message_id) WHERE author = 'practitioner';

---------------------------------------------------------------------------------------------------
-- Policy teams and what they get
---------------------------------------------------------------------------------------------------

CREATE TABLE team (
	team_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	cleared boolean NOT NULL DEFAULT false,            -- for restricted feedback
	restricted_by_mail boolean NOT NULL DEFAULT false  -- its words may stand in a mail to them
);

-- Restricted feedback needs both: a team that is cleared and a member whose clearance says so.
CREATE TABLE member (
	member_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	team_id bigint NOT NULL REFERENCES team ON DELETE CASCADE,
	name text NOT NULL,
	address text NOT NULL,
	login name UNIQUE,                   -- an analyst's own role in the database
	clearance sharing_level NOT NULL DEFAULT 'no-name', -- the most closed level that they read
	active boolean NOT NULL DEFAULT true,
	UNIQUE (team_id, address)
);

CREATE TABLE subscription (
	subscription_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	team_id bigint NOT NULL REFERENCES team ON DELETE CASCADE,
	name text NOT NULL DEFAULT '',
	filters jsonb NOT NULL DEFAULT '{}', -- {forms: [], countries: [], themes: []}; absent: all
	weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7), -- 1 is Monday
	hour integer NOT NULL CHECK (hour BETWEEN 0 AND 23),
	zone text NOT NULL,                  -- IANA
	language text NOT NULL,
	frequency text NOT NULL DEFAULT 'weekly' CHECK (frequency IN ('daily', 'weekly', 'monthly')),
	empty_policy text NOT NULL DEFAULT 'send' CHECK (empty_policy IN ('send', 'skip')),
	active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL,     -- the first period does not begin before it is due once after this
	UNIQUE (team_id, name)
);

CREATE TABLE digest (
	digest_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
	period_start timestamptz NOT NULL,
	period_end timestamptz NOT NULL CHECK (period_end > period_start),
	state digest_state NOT NULL DEFAULT 'open',
	late boolean NOT NULL DEFAULT false,
	subject text,
	rendered bytea,                      -- the mail as it went out
	header_id text UNIQUE,
	opened_at timestamptz NOT NULL,
	built_at timestamptz,
	error text,
	UNIQUE (subscription_id, period_start),
	UNIQUE (subscription_id, period_end)
);

-- What a digest holds: a feedback (its first appearance, or a later correction) stands once in all digests of a subscription.
CREATE TABLE digest_line (
	digest_id bigint NOT NULL REFERENCES digest ON DELETE CASCADE,
	subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
	feedback_id bigint NOT NULL REFERENCES feedback,
	revision_kind text NOT NULL DEFAULT 'new', -- new, or correction:<revision>
	line_number bigint NOT NULL,
	PRIMARY KEY (subscription_id, feedback_id, revision_kind)
);
CREATE INDEX digest_line_digest ON digest_line (digest_id);
CREATE INDEX digest_line_feedback ON digest_line (feedback_id);

---------------------------------------------------------------------------------------------------
-- What goes out, and what comes of it
---------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
	outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL,                  -- digest, acknowledgement, request, reminder, answer
	channel text NOT NULL DEFAULT 'mail',
	recipient text NOT NULL,
	header_id text NOT NULL UNIQUE,      -- Message-ID: the same at every attempt
	dedupe_key text NOT NULL UNIQUE,     -- what caused it: a repeat of the cause adds nothing
	body bytea COMPRESSION lz4 NOT NULL, -- the whole mail
	digest_id bigint REFERENCES digest ON DELETE SET NULL,
	state outbox_state NOT NULL DEFAULT 'waiting',
	attempts integer NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL,
	next_at timestamptz NOT NULL,
	claimed_at timestamptz,
	sent_at timestamptz,
	last_error text
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_digest ON outbox (digest_id) WHERE digest_id IS NOT NULL;

CREATE TABLE conversation (
	conversation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	feedback_id bigint NOT NULL REFERENCES feedback ON DELETE CASCADE,
	member_id bigint REFERENCES member ON DELETE SET NULL,
	token text NOT NULL UNIQUE,
	opened_at timestamptz NOT NULL,
	closed_at timestamptz
);

-- Words of a policy team to a practitioner, or back.
CREATE TABLE response (
	response_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	conversation_id bigint NOT NULL REFERENCES conversation ON DELETE CASCADE,
	member_id bigint REFERENCES member ON DELETE SET NULL, -- null: the practitioner's
	message_id bigint REFERENCES message,
	outbox_id bigint REFERENCES outbox,
	words text NOT NULL,
	created_at timestamptz NOT NULL
);

CREATE TABLE status_change (
	status_change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	feedback_id bigint NOT NULL REFERENCES feedback ON DELETE CASCADE,
	member_id bigint REFERENCES member ON DELETE SET NULL,
	state feedback_state NOT NULL,
	detail text,
	created_at timestamptz NOT NULL
);

CREATE TABLE suppression (
	channel text NOT NULL DEFAULT 'mail',
	address text NOT NULL,
	reason text NOT NULL,                -- bounced, unsubscribed, asked
	since timestamptz NOT NULL,
	PRIMARY KEY (channel, address)
);

CREATE TABLE bounce (
	bounce_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	message_id bigint NOT NULL REFERENCES message ON DELETE CASCADE,
	address text NOT NULL,
	status text,                         -- RFC 3463
	diagnostic text,
	created_at timestamptz NOT NULL,
	UNIQUE (message_id, address)
);

---------------------------------------------------------------------------------------------------
-- Keeping house
---------------------------------------------------------------------------------------------------

CREATE TABLE lease (
	name text PRIMARY KEY,
	holder text NOT NULL,
	fence bigint NOT NULL,               -- grows whenever the holder changes
	until timestamptz NOT NULL
);

CREATE TABLE oauth_token (
	name text PRIMARY KEY,
	sealed bytea NOT NULL,
	expires_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
);

-- What was erased must not come back with a re-scan of its mailbox.
CREATE TABLE tombstone (
	identity bytea PRIMARY KEY,
	erased_at timestamptz NOT NULL
);

CREATE TABLE alarm (
	alarm_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL,
	object text NOT NULL,
	text text NOT NULL,
	since timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	count bigint NOT NULL DEFAULT 1,
	cleared_at timestamptz
);
CREATE UNIQUE INDEX alarm_open ON alarm (kind, object) WHERE cleared_at IS NULL;

CREATE TABLE audit (
	audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL,
	actor text NOT NULL,
	action text NOT NULL,
	object text NOT NULL,
	detail jsonb
);
