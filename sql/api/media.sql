-- Media of channels' messages: fetched once the message is safe, kept as attachments with their bytes.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.media_a_day() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 209715200 $$; -- bytes of one person

CREATE FUNCTION fieldpost.media_count(message_id bigint, what text, now timestamptz)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO channel_count AS c (account_id, what, count, last_at)
	SELECT m.account_id, media_count.what, 1, media_count.now FROM message m WHERE m.message_id = media_count.message_id
	ON CONFLICT (account_id, what) DO UPDATE SET count = c.count + 1, last_at = excluded.last_at
$$;

-- Again at next_at; null: never again.
CREATE FUNCTION fieldpost.media_refuse(message_id bigint, ordinal bigint, now timestamptz, error text, next_at timestamptz)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	UPDATE channel_media c SET error = media_refuse.error, next_at = coalesce(media_refuse.next_at, c.next_at),
		state = CASE WHEN media_refuse.next_at IS NULL THEN 'refused'::media_state ELSE 'waiting' END
	WHERE c.message_id = media_refuse.message_id AND c.ordinal = media_refuse.ordinal AND c.state = 'waiting';
	IF FOUND AND media_refuse.next_at IS NULL THEN
		PERFORM media_count(media_refuse.message_id, 'media-refused', media_refuse.now);
	END IF;
END $$;

-- Why a medium is not fetched at all; null: it may be. What one person sends may not fill the disk.
CREATE FUNCTION fieldpost.media_hindrance(message_id bigint, now timestamptz)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN m.reason = 'flood' THEN 'its message is beyond what a person writes'
		WHEN (SELECT sum(a.size) FROM channel_message o JOIN attachment a USING (message_id)
			CROSS JOIN LATERAL (SELECT p.channel, p.stored_at FROM message p WHERE p.message_id = o.message_id LIMIT 1) p
			WHERE o.sender = c.sender AND p.channel = m.channel AND p.stored_at > media_hindrance.now - interval '1 day') > media_a_day()
		THEN format('more than %s MiB of one person within a day', media_a_day() / 1048576) END
	FROM message m JOIN channel_message c USING (message_id) WHERE m.message_id = media_hindrance.message_id
$$;

-- The next one of a channel that is due; nobody else gets it before `until`, whatever becomes of who claimed it.
CREATE FUNCTION api.media_claim(channel text, now timestamptz, until timestamptz)
RETURNS TABLE (message_id bigint, ordinal bigint, provider_id text, url text, name text, type text, sha256 bytea, size bigint,
	attempts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	due channel_media;
	hindrance text;
BEGIN
	FOR i IN 1 .. 100 LOOP
		SELECT d.* INTO due FROM channel_media d JOIN message m USING (message_id)
		WHERE d.state = 'waiting' AND d.next_at <= media_claim.now AND m.channel = media_claim.channel
		ORDER BY d.next_at, d.message_id, d.ordinal LIMIT 1
		FOR UPDATE OF d SKIP LOCKED;
		EXIT WHEN due.message_id IS NULL;
		hindrance := media_hindrance(due.message_id, media_claim.now);
		IF hindrance IS NULL THEN
			UPDATE channel_media c SET next_at = media_claim.until, attempts = c.attempts + 1
			WHERE c.message_id = due.message_id AND c.ordinal = due.ordinal;
			RETURN QUERY SELECT due.message_id, due.ordinal::bigint, due.provider_id, due.url, due.name, due.type, due.sha256, due.size,
				due.attempts + 1::bigint;
			RETURN;
		END IF;
		PERFORM media_refuse(due.message_id, due.ordinal, media_claim.now, hindrance, NULL);
	END LOOP;
END $$;

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

CREATE FUNCTION api.media_failed(message_id bigint, ordinal bigint, now timestamptz, error text, next_at timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT media_refuse(media_failed.message_id, media_failed.ordinal, media_failed.now, media_failed.error, media_failed.next_at)
$$;

GRANT EXECUTE ON FUNCTION api.media_claim(text, timestamptz, timestamptz),
	api.media_done(bigint, bigint, timestamptz, text, text, bytea, bytea),
	api.media_failed(bigint, bigint, timestamptz, text, timestamptz) TO fieldpost_intake;
