-- OAuth 2.0: one row a login. Who asks the provider holds the row's lock from before the request until its outcome is committed, so
-- that a refresh token is shown once; everybody else waits and takes what is there then. All tokens here are sealed.
SET LOCAL ROLE fieldpost_owner;

-- As it stands; no row: nobody asked yet.
CREATE FUNCTION api.oauth_get(name text)
RETURNS TABLE (refresh bytea, access bytea, renew_at timestamptz, access_until timestamptz, refresh_until timestamptz, rotates boolean,
	version bigint, changes bigint, asked_at timestamptz, updated_at timestamptz, failing_since timestamptz, failures integer,
	class text, error text, next_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT t.refresh, t.access, t.renew_at, t.access_until, t.refresh_until, t.rotates, t.version, t.changes, t.asked_at,
		t.updated_at, t.failing_since, t.failures, t.class, t.error, t.next_at
	FROM oauth_token t WHERE t.name = oauth_get.name
$$;

-- A request is about to go out. Committed before it does: when no outcome follows, its answer was lost. An earlier one that was lost
-- stays. Nothing happens when somebody else's outcome came in between (changes).
CREATE FUNCTION api.oauth_asking(name text, changes bigint, now timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO oauth_token AS t (name, updated_at, asked_at)
	VALUES (oauth_asking.name, oauth_asking.now, oauth_asking.now)
	ON CONFLICT (name) DO UPDATE SET asked_at = coalesce(t.asked_at, excluded.asked_at)
	WHERE t.changes = oauth_asking.changes
$$;

-- Takes the row's lock until the end of the transaction.
CREATE FUNCTION api.oauth_lock(name text)
RETURNS TABLE (refresh bytea, access bytea, renew_at timestamptz, access_until timestamptz, refresh_until timestamptz, rotates boolean,
	version bigint, changes bigint, asked_at timestamptz, updated_at timestamptz, failing_since timestamptz, failures integer,
	class text, error text, next_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM 1 FROM oauth_token t WHERE t.name = oauth_lock.name FOR UPDATE;
	RETURN QUERY SELECT * FROM api.oauth_get(oauth_lock.name);
END $$;

-- New tokens; refresh null: the old one stays. They replace the version that they were made from and no other; the same tokens again
-- (a commit whose answer was lost) are no change. After a failure listeners hear that they may go on. No row: somebody else's are there, newer.
CREATE FUNCTION api.oauth_save(name text, made_from bigint, refresh bytea, access bytea, renew_at timestamptz, access_until timestamptz,
	refresh_until timestamptz, rotates boolean, now timestamptz)
RETURNS TABLE (version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	failed boolean := (SELECT t.failing_since IS NOT NULL FROM oauth_token t WHERE t.name = oauth_save.name);
BEGIN
	UPDATE oauth_token t SET version = t.version + 1, changes = t.changes + 1, refresh = coalesce(oauth_save.refresh, t.refresh),
		access = oauth_save.access, renew_at = oauth_save.renew_at, access_until = oauth_save.access_until,
		refresh_until = CASE WHEN oauth_save.refresh IS NULL THEN coalesce(oauth_save.refresh_until, t.refresh_until)
			ELSE oauth_save.refresh_until END,
		rotates = oauth_save.rotates, asked_at = NULL, updated_at = oauth_save.now,
		failing_since = NULL, failures = 0, class = NULL, error = NULL, next_at = NULL
	WHERE t.name = oauth_save.name AND t.version = oauth_save.made_from;
	IF FOUND AND failed THEN
		PERFORM api.alarm_clear(oauth_save.now, 'oauth', oauth_save.name);
		PERFORM pg_notify('fieldpost_oauth', '');
	END IF;
	RETURN QUERY SELECT t.version FROM oauth_token t WHERE t.name = oauth_save.name AND t.access = oauth_save.access;
END $$;

-- answered: the provider said no, so that the refresh token is as it was; else it may have given a new one that never came.
CREATE FUNCTION api.oauth_failed(name text, class text, error text, answered boolean, next_at timestamptz, now timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO oauth_token AS t (name, updated_at, failing_since, failures, class, error, next_at, changes)
	VALUES (oauth_failed.name, oauth_failed.now, oauth_failed.now, 1, oauth_failed.class, oauth_failed.error, oauth_failed.next_at, 1)
	ON CONFLICT (name) DO UPDATE SET failing_since = coalesce(t.failing_since, excluded.failing_since), failures = t.failures + 1,
		class = excluded.class, error = excluded.error, next_at = excluded.next_at, changes = t.changes + 1,
		asked_at = CASE WHEN oauth_failed.answered THEN NULL ELSE t.asked_at END;
	PERFORM api.alarm_raise(oauth_failed.now, 'oauth', oauth_failed.name, oauth_failed.error);
END $$;

-- A person logged in: whatever was there before does not count. Listeners try again at once.
CREATE FUNCTION api.oauth_logged_in(name text, actor text, refresh bytea, access bytea, renew_at timestamptz, access_until timestamptz,
	refresh_until timestamptz, now timestamptz)
RETURNS TABLE (version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	INSERT INTO oauth_token AS t (name, refresh, access, renew_at, access_until, refresh_until, rotates, version, changes, updated_at,
		logged_in_at)
	VALUES (oauth_logged_in.name, oauth_logged_in.refresh, oauth_logged_in.access, oauth_logged_in.renew_at,
		oauth_logged_in.access_until, oauth_logged_in.refresh_until, false, 1, 1, oauth_logged_in.now, oauth_logged_in.now)
	ON CONFLICT (name) DO UPDATE SET refresh = excluded.refresh, access = excluded.access, renew_at = excluded.renew_at,
		access_until = excluded.access_until, refresh_until = excluded.refresh_until, rotates = false, version = t.version + 1,
		changes = t.changes + 1, asked_at = NULL, updated_at = excluded.updated_at, logged_in_at = excluded.logged_in_at,
		failing_since = NULL, failures = 0, class = NULL, error = NULL, next_at = NULL
	RETURNING t.version;
	PERFORM api.alarm_clear(oauth_logged_in.now, 'oauth', oauth_logged_in.name);
	PERFORM api.alarm_clear(oauth_logged_in.now, 'oauth-expiry', oauth_logged_in.name);
	INSERT INTO audit (at, actor, action, object) VALUES (oauth_logged_in.now, oauth_logged_in.actor, 'oauth-login', oauth_logged_in.name);
	PERFORM pg_notify('fieldpost_oauth', '');
END $$;

-- What `fieldpost status` shows.
CREATE FUNCTION api.status_oauth()
RETURNS TABLE (name text, has_refresh boolean, access_until timestamptz, refresh_until timestamptz, rotates boolean, updated_at timestamptz,
	logged_in_at timestamptz, failing_since timestamptz, class text, error text, next_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT t.name, t.refresh IS NOT NULL, t.access_until, t.refresh_until, t.rotates, t.updated_at, t.logged_in_at, t.failing_since,
		t.class, t.error, t.next_at
	FROM oauth_token t ORDER BY t.name
$$;

GRANT EXECUTE ON FUNCTION api.oauth_get(text), api.oauth_asking(text, bigint, timestamptz), api.oauth_lock(text),
	api.oauth_save(text, bigint, bytea, bytea, timestamptz, timestamptz, timestamptz, boolean, timestamptz),
	api.oauth_failed(text, text, text, boolean, timestamptz, timestamptz)
	TO fieldpost_intake, fieldpost_send, fieldpost_admin;
GRANT EXECUTE ON FUNCTION api.oauth_logged_in(text, text, bytea, bytea, timestamptz, timestamptz, timestamptz, timestamptz),
	api.status_oauth() TO fieldpost_admin;
