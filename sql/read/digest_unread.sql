-- In a digest: of which form, or from which client, too many replies were not read. Told in the digest in whose time that began; see sql/api/unread.sql.
SET LOCAL ROLE fieldpost_owner;
GRANT SELECT ON fieldpost.unread_share TO fieldpost_views;

SET LOCAL ROLE fieldpost_views;

CREATE FUNCTION read.digest_unread(digest_id bigint)
RETURNS TABLE (kind text, name text, unread bigint, total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT u.kind, CASE u.kind WHEN 'form' THEN coalesce(read.form_title(u.name, x.language), u.name) ELSE u.name END, u.unread, u.total
	FROM read.digest_scope(digest_unread.digest_id) x JOIN unread_share u ON u.since >= x.period_start AND u.since < x.period_end
	WHERE fieldpost.reader_level() IS NOT NULL AND (u.kind = 'client' OR coalesce(u.name = ANY ((x.filter).forms), true))
	ORDER BY u.kind DESC, u.unread DESC, u.name LIMIT 5;
END $$;

GRANT EXECUTE ON FUNCTION read.digest_unread(bigint) TO fieldpost_reader;
