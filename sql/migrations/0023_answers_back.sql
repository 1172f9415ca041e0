-- What comes back to a team; who is told what; what contributors are told of what became of their words.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE order_told DROP CONSTRAINT order_told_kind_check;
ALTER TABLE order_told ADD CHECK (kind IN ('confirm', 'refused', 'no-token', 'expired', 'nothing', 'done', 'heard'));
ALTER TABLE order_told ADD COLUMN about bigint; -- the mail whose orders it tells of; null: the one that is answered
ALTER TABLE order_told ADD COLUMN digest_id bigint; -- a reply to it counts as one to that digest; null: none does
CREATE INDEX order_told_member ON order_told (member_id, made_at);
ALTER TABLE staff_order ADD COLUMN digest_id bigint; -- whose line it is about
CREATE INDEX staff_order_member ON staff_order (member_id, message_id);
CREATE INDEX staff_order_feedback ON staff_order (feedback_id) WHERE feedback_id IS NOT NULL;

-- What was said over a channel, by whom it went to: the newest of it says what the person answers.
CREATE INDEX outbox_said ON outbox (channel, recipient, outbox_id) WHERE channel <> 'mail';

-- The monthly letters, a row before a letter: nobody gets two of a month. contributor: a hash of who it is.
CREATE TABLE outcome_letter (
	month date NOT NULL,
	contributor bytea NOT NULL,
	reference text NOT NULL UNIQUE,
	made_at timestamptz NOT NULL,
	outbox_id bigint,                    -- null: nobody could be written to when it was made
	PRIMARY KEY (month, contributor)
);
