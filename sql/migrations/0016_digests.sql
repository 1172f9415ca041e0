-- Digests: how often, about whom; corrections; who wants one no more; the indexes that a digest over a million rows is read by.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- Lists of countries that a subscription can name: the United Nations' and those of the config.
CREATE TABLE region (
	name text PRIMARY KEY,
	code text,                           -- UN M49 ("011"), by which it has a name in every language; null: the config's own
	countries text[] NOT NULL
);

-- The revision that was told: a later one is a correction.
ALTER TABLE digest_line ADD COLUMN revision integer NOT NULL DEFAULT 1;
UPDATE digest_line l SET revision = f.revision FROM feedback f WHERE f.feedback_id = l.feedback_id AND f.revision > 1;
CREATE INDEX feedback_revision_later ON feedback_revision (created_at, feedback_id) WHERE revision > 1;
CREATE INDEX feedback_country ON feedback (country, received_at);

-- What a subscription's filters come to; null: all.
CREATE TYPE digest_filter AS (forms text[], countries text[], contacts bigint[], themes text[], languages text[]);

-- A member may stop one digest and keep the others. The token stands in the mail.
CREATE TABLE unsubscribe_token (
	token text PRIMARY KEY CHECK (token ~ '^[0-9a-f]{32}$'),
	subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
	member_id bigint NOT NULL REFERENCES member ON DELETE CASCADE,
	UNIQUE (subscription_id, member_id)
);
CREATE TABLE unsubscribed (
	subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
	member_id bigint NOT NULL REFERENCES member ON DELETE CASCADE,
	since timestamptz NOT NULL,
	how text NOT NULL CHECK (how IN ('page', 'mail', 'reply')),
	PRIMARY KEY (subscription_id, member_id)
);

ALTER TABLE subscription ADD COLUMN changed_at timestamptz; -- of its calendar: what was due before by another one was not missed
CREATE INDEX digest_unfinished ON digest (subscription_id) WHERE state = 'open';

-- Who reads them reads what is said about a feedback only where the feedback itself is theirs to see (sql/read/policies.sql).
CREATE INDEX conversation_feedback ON conversation (feedback_id);
CREATE INDEX response_conversation ON response (conversation_id, created_at);
CREATE INDEX status_change_feedback ON status_change (feedback_id, created_at);
CREATE INDEX status_change_made ON status_change (created_at);
