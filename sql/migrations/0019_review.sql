-- What people did about messages that waited for one: who has it, what was done and why, and what was before, so that it can be undone.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE message ADD COLUMN assigned_to text; -- who looks at it

CREATE SEQUENCE review_batch;

CREATE TABLE review_act (
	act_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch bigint NOT NULL,               -- what one command did
	message_id bigint NOT NULL,
	at timestamptz NOT NULL,
	actor text NOT NULL,
	action text NOT NULL CHECK (action IN ('fix', 'file', 'dismiss', 'assign', 'note')),
	words text NOT NULL,                 -- the reason, the note, or who has it now
	before jsonb,                        -- the message's {state, reason, result, note, assigned_to, settled_at} or the feedback's columns
	feedback_id bigint,                  -- that it made, or that it changed
	revision integer,                    -- that it made
	undone_at timestamptz
);
CREATE INDEX review_act_message ON review_act (message_id);
CREATE INDEX review_act_batch ON review_act (batch);
