-- Who wants no more requests: a list that says nothing of it, or that they are not paused, does not take it back.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TABLE identity.contact ADD COLUMN stopped_at timestamptz; -- since when; null: they may be asked
UPDATE identity.contact c SET stopped_at = s.since
FROM (SELECT a.contact_id, min(s.since) AS since FROM suppression s JOIN identity.contact_address a ON a.channel = s.channel AND a.address = s.address
	WHERE s.channel = 'mail' AND s.reason IN ('asked', 'unsubscribed') GROUP BY 1) s
WHERE s.contact_id = c.contact_id AND c.paused;
