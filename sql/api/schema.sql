-- What schema this database has.
SET LOCAL ROLE fieldpost_owner;

-- The migrations that ran, with the SHA-256 of their files; version 0 stands for the functions and views.
CREATE FUNCTION api.schema_state()
RETURNS TABLE (version integer, sha256 text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.version, m.sha256 FROM schema_migration m ORDER BY m.version
$$;
GRANT EXECUTE ON FUNCTION api.schema_state() TO fieldpost_intake, fieldpost_web, fieldpost_parse, fieldpost_send, fieldpost_admin;
