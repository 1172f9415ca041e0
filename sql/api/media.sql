-- Media of channels' messages: fetched once the message is safe, kept as attachments with their bytes.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- The next one of a channel that is due; nobody else gets it before `until`, whatever becomes of who claimed it.
CREATE FUNCTION api.media_claim(channel text, now timestamptz, until timestamptz)
RETURNS TABLE (message_id bigint, ordinal bigint, provider_id text, url text, name text, type text, sha256 bytea, size bigint,
	attempts bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE channel_media c SET next_at = media_claim.until, attempts = c.attempts + 1
	WHERE (c.message_id, c.ordinal) = (
		SELECT d.message_id, d.ordinal FROM channel_media d JOIN message m USING (message_id)
		WHERE d.state = 'waiting' AND d.next_at <= media_claim.now AND m.channel = media_claim.channel
		ORDER BY d.next_at, d.message_id, d.ordinal LIMIT 1
		FOR UPDATE OF d SKIP LOCKED)
	RETURNING c.message_id, c.ordinal::bigint, c.provider_id, c.url, c.name, c.type, c.sha256, c.size, c.attempts::bigint
$$;

CREATE FUNCTION fieldpost.media_count(message_id bigint, what text, now timestamptz)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO channel_count AS c (account_id, what, count, last_at)
	SELECT m.account_id, media_count.what, 1, media_count.now FROM message m WHERE m.message_id = media_count.message_id
	ON CONFLICT (account_id, what) DO UPDATE SET count = c.count + 1, last_at = excluded.last_at
$$;

-- Idempotent: fetched twice, it is kept once.
CREATE FUNCTION api.media_done(message_id bigint, ordinal bigint, now timestamptz, name text, type text, sha256 bytea, bytes bytea)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE channel_media c SET state = 'done', error = NULL
	WHERE c.message_id = media_done.message_id AND c.ordinal = media_done.ordinal AND c.state = 'waiting';
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO attachment (message_id, part, name, type, size, sha256, bytes)
	VALUES (media_done.message_id, media_done.ordinal::text, media_done.name, media_done.type, octet_length(media_done.bytes),
		media_done.sha256, media_done.bytes)
	ON CONFLICT (message_id, part) DO NOTHING;
	PERFORM media_count(media_done.message_id, 'media', media_done.now);
END $$;

-- Again at next_at; null: never again.
CREATE FUNCTION api.media_failed(message_id bigint, ordinal bigint, now timestamptz, error text, next_at timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE channel_media c SET error = media_failed.error, next_at = coalesce(media_failed.next_at, c.next_at),
		state = CASE WHEN media_failed.next_at IS NULL THEN 'refused'::media_state ELSE 'waiting' END
	WHERE c.message_id = media_failed.message_id AND c.ordinal = media_failed.ordinal AND c.state = 'waiting';
	IF FOUND AND media_failed.next_at IS NULL THEN
		PERFORM media_count(media_failed.message_id, 'media-refused', media_failed.now);
	END IF;
END $$;

GRANT EXECUTE ON FUNCTION api.media_claim(text, timestamptz, timestamptz),
	api.media_done(bigint, bigint, timestamptz, text, text, bytea, bytea),
	api.media_failed(bigint, bigint, timestamptz, text, timestamptz) TO fieldpost_intake;
