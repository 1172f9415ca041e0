-- When to look at a subscription next: a look in between finds nothing due without computing anybody's calendar.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE subscription ADD COLUMN look_at timestamptz NOT NULL DEFAULT '-infinity'; -- nothing is due before
CREATE INDEX subscription_look ON subscription (look_at) WHERE active;
