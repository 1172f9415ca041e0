-- Leases: which of several machines has a mailbox or a channel. The fence grows with every change of hands.
SET LOCAL ROLE fieldpost_owner;

-- No row: somebody else holds it. Taking it again renews it.
CREATE FUNCTION api.lease_take(name text, holder text, seconds bigint, now timestamptz)
RETURNS TABLE (fence bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	INSERT INTO lease AS l (name, holder, fence, until)
	VALUES (lease_take.name, lease_take.holder, 1, lease_take.now + lease_take.seconds * interval '1 second')
	ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
		fence = l.fence + (l.holder <> excluded.holder)::integer
	WHERE l.holder = excluded.holder OR l.until <= lease_take.now
	RETURNING l.fence;
END $$;

-- The row stays, for its fence.
CREATE FUNCTION api.lease_drop(name text, holder text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE lease l SET holder = '', until = '-infinity' WHERE l.name = lease_drop.name AND l.holder = lease_drop.holder
$$;

GRANT EXECUTE ON FUNCTION api.lease_take(text, text, bigint, timestamptz), api.lease_drop(text, text)
	TO fieldpost_intake, fieldpost_send;
