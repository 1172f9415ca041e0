-- Digests: one that was empty and left out, one asked for by hand, and the next attempt of one that could not be made.
SET LOCAL ROLE fieldpost_owner;

ALTER TYPE fieldpost.digest_state ADD VALUE 'skipped';

ALTER TABLE fieldpost.digest
	ADD COLUMN by_hand boolean NOT NULL DEFAULT false, -- not by the calendar
	ADD COLUMN attempts integer NOT NULL DEFAULT 0,    -- of making it, that failed
	ADD COLUMN next_at timestamptz;                    -- of the next attempt
