-- Replies that cannot be read, by form and by the program that people write with.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE message ADD COLUMN client text; -- the program that the mail was written with, as it says; null: not known

-- Of which too many were not read of late: kind `form` or `client` (a channel's name is one, too). The row goes when they are fewer.
CREATE TABLE unread_share (
	kind text NOT NULL CHECK (kind IN ('form', 'client')),
	name text NOT NULL,
	unread bigint NOT NULL,
	total bigint NOT NULL,
	since timestamptz NOT NULL,
	PRIMARY KEY (kind, name)
);
