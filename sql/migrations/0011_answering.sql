-- Whom we may answer: our own addresses, and the answers that were given lately.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- The mail addresses that this installation sends from and reads, as the config has them; lower case, without what stands behind a "+".
CREATE TABLE own_address (
	part text NOT NULL,                  -- of the config: smtp, mailboxes
	address text NOT NULL,
	PRIMARY KEY (address, part)
);

-- One row a message that may be answered, for as long as it counts against its sender (see may_answer()). The sender stands here as a
-- hash: the row is of no use but to count.
CREATE TABLE answer_given (
	message_id bigint PRIMARY KEY,
	given_at timestamptz NOT NULL,
	empty boolean NOT NULL,              -- the message gave no answer to a form
	sender bytea NOT NULL                -- SHA-256 of channel and address
);
CREATE INDEX answer_given_sender ON answer_given (sender, given_at);
CREATE INDEX answer_given_time ON answer_given (given_at);
