-- As what each line of a digest was told: a mail that is kept, or waits, tells more than it may when the line was closed since.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE digest_line ADD COLUMN sharing sharing_level; -- null: told before this was kept
