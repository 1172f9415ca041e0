-- Status: how the sources fare, how many messages there are in each state.
SET LOCAL ROLE fieldpost_owner;

-- One row a folder as it is now (the UIDVALIDITY opened last), or a source without folders; its messages over all UIDVALIDITYs.
CREATE FUNCTION api.status_sources(now timestamptz)
RETURNS TABLE (account text, kind text, folder text, last_ok timestamptz, last_message timestamptz, failing_since timestamptz,
	error text, reach text, next_at timestamptz, messages bigint, backlog bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT a.name, a.kind::text, coalesce(f.name, ''), coalesce(f.last_ok, a.last_ok), coalesce(f.last_message, a.last_message),
		a.failing_since, a.error, a.reach::text, a.next_at,
		CASE WHEN f.folder_id IS NULL
			THEN (SELECT count(*) FROM message m WHERE m.account_id = a.account_id)
			ELSE (SELECT count(DISTINCT s.message_id) FROM sighting s JOIN folder g USING (folder_id)
				WHERE g.account_id = a.account_id AND g.name = f.name) END,
		coalesce(f.backlog, 0)
	FROM account a LEFT JOIN LATERAL (
		SELECT DISTINCT ON (f.name) f.* FROM folder f WHERE f.account_id = a.account_id
		ORDER BY f.name, f.opened_at DESC, f.folder_id DESC) f ON true
	ORDER BY a.name, a.kind, f.name
$$;

-- All six states, also those with no message.
CREATE FUNCTION api.status_counts()
RETURNS TABLE (state text, messages bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT s.state::text, (SELECT count(*) FROM message m WHERE m.state = s.state)
	FROM unnest(enum_range(NULL::message_state)) AS s (state)
$$;

CREATE FUNCTION api.status_totals(now timestamptz)
RETURNS TABLE (stored bigint, sightings bigint, feedback bigint, outbox_waiting bigint, digests bigint, alarms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM sighting), (SELECT count(*) FROM feedback),
		(SELECT count(*) FROM outbox o WHERE o.state IN ('waiting', 'sending')),
		(SELECT count(*) FROM digest d WHERE d.state IN ('ready', 'sent')),
		(SELECT count(*) FROM alarm a WHERE a.cleared_at IS NULL)
$$;

GRANT EXECUTE ON FUNCTION api.status_sources(timestamptz), api.status_counts(), api.status_totals(timestamptz)
	TO fieldpost_admin;
