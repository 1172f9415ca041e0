-- Replies that are not read: when too many of a form or of a client wait for a person, the admin gets an alarm, and the teams are told in their
-- next digest (read.digest_unread()); once, until they were fewer.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.unread_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '7 days' $$;
CREATE FUNCTION fieldpost.unread_least() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 10::bigint $$; -- replies, below which a share says nothing

-- What came within the time: filed, or waiting because it could not be read. What names neither a form nor a request of ours may be anything.
CREATE FUNCTION fieldpost.unread_shares(now timestamptz)
RETURNS TABLE (kind text, name text, unread bigint, total bigint)
LANGUAGE sql STABLE
AS $$
	WITH waits AS MATERIALIZED (
		SELECT m.form_id, coalesce(m.channel, m.client) AS client FROM message m
		WHERE m.state IN ('review', 'failed') AND m.settled_at > unread_shares.now - unread_within() AND m.reason IS DISTINCT FROM 'in-conversation'
			AND m.continues IS NULL AND (m.form_id IS NOT NULL OR m.reference IS NOT NULL OR m.state = 'failed')
	), counted AS (
		SELECT 'form' AS kind, f.form_id AS name, 0 AS unread FROM feedback f WHERE f.filed_at > unread_shares.now - unread_within()
		UNION ALL
		SELECT 'client', coalesce(m.channel, m.client), 0 FROM feedback f CROSS JOIN LATERAL (SELECT m.channel, m.client FROM message m
			WHERE m.message_id = f.message_id LIMIT 1) m WHERE f.filed_at > unread_shares.now - unread_within()
		UNION ALL SELECT 'form', w.form_id, 1 FROM waits w
		UNION ALL SELECT 'client', w.client, 1 FROM waits w
	)
	SELECT c.kind, c.name, sum(c.unread)::bigint, count(*) FROM counted c WHERE c.name IS NOT NULL GROUP BY c.kind, c.name
$$;

-- percent: more than that is too many; 0: nobody is told.
CREATE FUNCTION api.unread_check(now timestamptz, percent bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	share record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.unread_check', 0));
	FOR share IN
		SELECT u.kind, u.name, s.unread, s.total, coalesce(unread_check.percent > 0 AND s.unread * 100 > unread_check.percent * s.total
			AND (s.total >= unread_least() OR u.since IS NOT NULL AND s.unread > 0), false) AS many, u.since IS NULL AS fresh
		FROM (SELECT kind, name, since FROM unread_share UNION ALL
			SELECT x.kind, x.name, NULL FROM unread_shares(unread_check.now) x WHERE NOT EXISTS (
				SELECT FROM unread_share o WHERE o.kind = x.kind AND o.name = x.name)) u
		LEFT JOIN unread_shares(unread_check.now) s ON s.kind = u.kind AND s.name = u.name ORDER BY 1, 2
	LOOP
		IF NOT share.many THEN
			DELETE FROM unread_share u WHERE u.kind = share.kind AND u.name = share.name;
			PERFORM api.alarm_clear(unread_check.now, 'unread', share.kind || ' ' || share.name) WHERE NOT share.fresh;
			CONTINUE;
		END IF;
		INSERT INTO unread_share AS u (kind, name, unread, total, since) VALUES (share.kind, share.name, share.unread, share.total, unread_check.now)
		ON CONFLICT (kind, name) DO UPDATE SET unread = excluded.unread, total = excluded.total;
		PERFORM api.alarm_raise(unread_check.now, 'unread', share.kind || ' ' || share.name, format(
			'%s of %s replies within %s days wait for a person (the %s %s): `fieldpost review list` says why', share.unread, share.total,
			extract(day FROM unread_within()), share.kind, share.name)) WHERE share.fresh;
	END LOOP;
END $$;

GRANT EXECUTE ON FUNCTION api.unread_check(timestamptz, bigint) TO fieldpost_parse;
