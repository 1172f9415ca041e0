-- Sending fast, and leaving a destination alone that refuses.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- In the order in which rows are claimed: thousands are often due in the same moment.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (channel, next_at, outbox_id) WHERE state IN ('waiting', 'sending');

-- Where mails were refused for now, and none was taken since.
CREATE TABLE outbox_destination (
	channel text NOT NULL,
	destination text NOT NULL,           -- what stands behind the @, in lower case
	failures integer NOT NULL,           -- in a row
	rests_until timestamptz,             -- nothing is sent there before; null: it does not rest
	last_error text,
	PRIMARY KEY (channel, destination)
);
