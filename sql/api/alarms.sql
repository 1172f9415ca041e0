-- Alarms: what an operator should know. One of a kind and object is open at a time; raising it again counts.
SET LOCAL ROLE fieldpost_owner;

CREATE FUNCTION api.alarm_raise(now timestamptz, kind text, object text, text text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO alarm AS a (kind, object, text, since, last_at)
	VALUES (alarm_raise.kind, alarm_raise.object, alarm_raise.text, alarm_raise.now, alarm_raise.now)
	ON CONFLICT (kind, object) WHERE cleared_at IS NULL
	DO UPDATE SET text = excluded.text, last_at = greatest(a.last_at, excluded.last_at), count = a.count + 1
$$;

CREATE FUNCTION api.alarm_clear(now timestamptz, kind text, object text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE alarm a SET cleared_at = alarm_clear.now
	WHERE a.kind = alarm_clear.kind AND a.object = alarm_clear.object AND a.cleared_at IS NULL
$$;

CREATE FUNCTION api.alarms_open()
RETURNS TABLE (alarm_id bigint, kind text, object text, text text, since timestamptz, last_at timestamptz, count bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT a.alarm_id, a.kind, a.object, a.text, a.since, a.last_at, a.count FROM alarm a
	WHERE a.cleared_at IS NULL ORDER BY a.since, a.alarm_id
$$;

GRANT EXECUTE ON FUNCTION api.alarm_raise(timestamptz, text, text, text), api.alarm_clear(timestamptz, text, text)
	TO fieldpost_intake, fieldpost_web, fieldpost_parse, fieldpost_send, fieldpost_admin;
-- By its number, as an operator who dealt with it: it comes back should it be raised again. No row: none such is open.
CREATE FUNCTION api.alarm_clear_number(now timestamptz, alarm_id bigint)
RETURNS TABLE (kind text, object text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE alarm a SET cleared_at = alarm_clear_number.now
	WHERE a.alarm_id = alarm_clear_number.alarm_id AND a.cleared_at IS NULL
	RETURNING a.kind, a.object
$$;

GRANT EXECUTE ON FUNCTION api.alarm_clear_number(timestamptz, bigint), api.alarms_open() TO fieldpost_admin;
