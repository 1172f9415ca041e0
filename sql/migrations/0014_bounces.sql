-- What reports say of the mails that we sent.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- hard: there is no such address. soft: not now. ours: refused for what we are (5.7.x), whoever it is for. delayed: not given up yet.
CREATE TYPE bounce_weight AS ENUM ('hard', 'soft', 'ours', 'delayed');

ALTER TABLE bounce
	ALTER message_id DROP NOT NULL,      -- null: the server refused it when it was sent
	ADD COLUMN weight bounce_weight NOT NULL DEFAULT 'soft',
	ADD COLUMN matched text CHECK (matched IN ('return-path', 'message-id', 'reference', 'address', 'sending')), -- how it was told which mail it is about
	ADD COLUMN outbox_id bigint,
	ADD COLUMN request_id bigint,
	ADD COLUMN over_at timestamptz;      -- the person wrote from there since: it counts no more
CREATE INDEX bounce_open ON bounce (address) WHERE over_at IS NULL;
CREATE UNIQUE INDEX bounce_sending ON bounce (outbox_id) WHERE matched = 'sending';
