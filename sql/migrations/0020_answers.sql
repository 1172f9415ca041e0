-- Policy staff answer the lines of a digest, and practitioners answer them.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TYPE message_reason ADD VALUE 'staff-order';   -- ignored: what a member of a team wants done; it stands in staff_order
ALTER TYPE message_reason ADD VALUE 'order-refused'; -- ignored: somebody would give orders who may not
ALTER TYPE message_reason ADD VALUE 'answer';        -- ignored: a practitioner's answer to a team; its words stand in response

CREATE TYPE order_verb AS ENUM ('answer', 'read', 'used', 'not-used', 'ask-again', 'assign');
-- waiting: for the member to confirm it. refused: nothing came of it; why says why.
CREATE TYPE order_state AS ENUM ('waiting', 'done', 'refused');
CREATE TABLE staff_order (
	order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	message_id bigint NOT NULL,
	member_id bigint NOT NULL REFERENCES member ON DELETE CASCADE,
	number bigint NOT NULL,              -- of the line, as it was written
	feedback_id bigint REFERENCES feedback ON DELETE CASCADE, -- null: no line of that member's
	verb order_verb NOT NULL,
	words text NOT NULL,
	state order_state NOT NULL,
	why text,                            -- a word of orders.sql
	made_at timestamptz NOT NULL,
	settled_at timestamptz
);
CREATE INDEX staff_order_message ON staff_order (message_id);

-- What a member is told of a mail with orders: to confirm them, or why nothing came of them. Nothing where all was done.
CREATE TABLE order_told (
	message_id bigint PRIMARY KEY,
	member_id bigint NOT NULL REFERENCES member ON DELETE CASCADE,
	kind text NOT NULL CHECK (kind IN ('confirm', 'refused', 'no-token', 'expired', 'nothing')),
	made_at timestamptz NOT NULL,
	outbox_id bigint                     -- null: not written yet
);
CREATE INDEX order_told_waiting ON order_told (message_id) WHERE outbox_id IS NULL;

-- A team's words that are not in the outbox yet.
ALTER TABLE response ADD COLUMN waits boolean NOT NULL DEFAULT false;
CREATE INDEX response_waiting ON response (response_id) WHERE waits;
CREATE INDEX response_outbox ON response (outbox_id) WHERE outbox_id IS NOT NULL;
CREATE UNIQUE INDEX response_message ON response (message_id) WHERE member_id IS NULL AND message_id IS NOT NULL;
CREATE INDEX conversation_member ON conversation (member_id) WHERE member_id IS NOT NULL;
