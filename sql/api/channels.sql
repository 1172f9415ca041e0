-- Channels: storing what a webhook or a round of asking brought; how the channels fare.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- The channel's account, made if it is new, and its cursor (null: none yet).
CREATE FUNCTION api.channel_open(name text)
RETURNS TABLE (account_id bigint, cursor text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO account (name, kind) VALUES (channel_open.name, 'channel') ON CONFLICT (kind, name) DO NOTHING;
	RETURN QUERY SELECT a.account_id, a.cursor FROM account a WHERE a.name = channel_open.name AND a.kind = 'channel';
END $$;

-- Deliveries and their messages. The arrays hold a delivery an entry: whose it is, when it came, its bytes, its kept headers (JSON).
-- messages: [{"d": 1, "id", "sender", "reply_to", "text", and as far as known "name", "language", "answers", "edits", "part_of", "part",
-- "parts", "sent_at" (seconds since 1970), "place": [latitude, longitude], "media": [{"id", "url", "name", "type", "sha256" (hex), "size"}]}],
-- "d" counting deliveries from 1.
--
-- A message is known by its channel's name and its provider's id: one that was there adds nothing; a delivery without a new message adds no
-- row. Keys are inserted in their order, so that two calls with the same messages wait for each other and never both.
-- (A plan made while the tables were small would read all of them for ever: enable_seqscan is off.)
CREATE FUNCTION fieldpost.channel_keep(now timestamptz, accounts bigint[], received timestamptz[], bodies bytea[], headers text[],
	messages jsonb)
RETURNS TABLE (delivery bigint, ordinal bigint, message_id bigint, fresh boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	fresh_ids bigint[];
	fresh_ordinals bigint[];
BEGIN
	WITH incoming AS MATERIALIZED (
		SELECT (e ->> 'd')::integer AS d, e ->> 'id' AS id, e ->> 'text' AS text, (e ->> 'sent_at')::double precision AS sent_at,
			e, i AS ordinal, channel_keep.accounts[(e ->> 'd')::integer] AS account_id
		FROM jsonb_array_elements(channel_keep.messages) WITH ORDINALITY AS t (e, i)
	), first AS MATERIALIZED ( -- of an id that comes several times; numbered in the order in which they came
		SELECT t.*, nextval('fieldpost.message_message_id_seq') AS message_id FROM (
			SELECT u.* FROM (
				SELECT DISTINCT ON (a.name, i.id) i.*, a.name
				FROM incoming i CROSS JOIN LATERAL (SELECT a.name FROM account a WHERE a.account_id = i.account_id LIMIT 1) a
				ORDER BY a.name, i.id, i.ordinal) u
			ORDER BY u.ordinal) t
	), stored AS (
		INSERT INTO message (message_id, account_id, received_at, stored_at, written_at, size, raw_sha256, channel, provider_id)
		OVERRIDING SYSTEM VALUE
		SELECT f.message_id, f.account_id, channel_keep.received[f.d], channel_keep.now,
			CASE WHEN f.sent_at BETWEEN 1 AND 4102444800 THEN to_timestamp(f.sent_at) END, octet_length(f.text),
			sha256(convert_to(f.text, 'UTF8')), f.name, f.id
		FROM first f ORDER BY f.name, f.id
		ON CONFLICT (channel, provider_id) WHERE channel IS NOT NULL DO NOTHING
		RETURNING message_id
	), new AS MATERIALIZED (
		SELECT f.* FROM stored s JOIN first f USING (message_id)
	), bytes AS (
		INSERT INTO message_raw (message_id, raw) SELECT n.message_id, convert_to(n.text, 'UTF8') FROM new n
	), deliveries AS MATERIALIZED (
		SELECT t.d, nextval('fieldpost.delivery_delivery_id_seq') AS delivery_id
		FROM (SELECT DISTINCT n.d FROM new n ORDER BY n.d) t
	), delivered AS (
		INSERT INTO delivery (delivery_id, account_id, received_at, sha256, headers, body)
		OVERRIDING SYSTEM VALUE
		SELECT t.delivery_id, channel_keep.accounts[t.d], channel_keep.received[t.d], sha256(channel_keep.bodies[t.d]),
			channel_keep.headers[t.d]::jsonb, channel_keep.bodies[t.d]
		FROM deliveries t
	), described AS (
		INSERT INTO channel_message (message_id, delivery_id, sender, sender_name, reply_to, language, answers_id, edits_id, part_of,
			part, parts, sent_at, latitude, longitude)
		SELECT n.message_id, t.delivery_id, n.e ->> 'sender', n.e ->> 'name', n.e ->> 'reply_to', n.e ->> 'language',
			n.e ->> 'answers', n.e ->> 'edits', n.e ->> 'part_of', (n.e ->> 'part')::integer, (n.e ->> 'parts')::integer,
			CASE WHEN n.sent_at BETWEEN 1 AND 4102444800 THEN to_timestamp(n.sent_at) END,
			(n.e -> 'place' ->> 0)::double precision, (n.e -> 'place' ->> 1)::double precision
		FROM new n JOIN deliveries t USING (d)
	), pictured AS (
		INSERT INTO channel_media (message_id, ordinal, next_at, size, sha256, provider_id, url, name, type)
		SELECT n.message_id, m.i, channel_keep.now, (m.e ->> 'size')::bigint, decode(m.e ->> 'sha256', 'hex'), m.e ->> 'id',
			m.e ->> 'url', m.e ->> 'name', m.e ->> 'type'
		FROM new n CROSS JOIN LATERAL jsonb_array_elements(n.e -> 'media') WITH ORDINALITY AS m (e, i)
	)
	SELECT array_agg(n.message_id), array_agg(n.ordinal) INTO fresh_ids, fresh_ordinals FROM new n;
	RETURN QUERY
	SELECT (e ->> 'd')::bigint, i.ordinal, m.message_id, i.ordinal = ANY (coalesce(fresh_ordinals, '{}'))
	FROM jsonb_array_elements(channel_keep.messages) WITH ORDINALITY AS i (e, ordinal)
	LEFT JOIN LATERAL (
		SELECT m.message_id FROM message m JOIN account a ON a.name = m.channel
		WHERE a.account_id = channel_keep.accounts[(e ->> 'd')::integer] AND m.provider_id = e ->> 'id' LIMIT 1) m ON true
	ORDER BY i.ordinal;
END $$;

-- Requests of webhooks, of any channels, in one transaction. Wakes nobody: api.channel_wake() does, once for many.
CREATE FUNCTION api.channel_store(now timestamptz, accounts bigint[], received timestamptz[], bodies bytea[], headers text[],
	messages jsonb)
RETURNS TABLE (delivery bigint, ordinal bigint, message_id bigint, fresh boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off
AS $$
	SELECT * FROM channel_keep(channel_store.now, channel_store.accounts, channel_store.received, channel_store.bodies,
		channel_store.headers, channel_store.messages)
$$;

-- Requests of webhooks that brought a mail each, of any channels, in one transaction: stored as mails are, under their identities, so that the same
-- mail from elsewhere is one message with it. A nonce (null: none) is taken once in a channel: a request that shows one again is replayed,
-- and its mail is not stored; message_id is that mail's if it is there. Rows are inserted in the order of their keys, nonces first, so that
-- two calls wait for each other and never both. Nonces are kept for a week: requests with older ones are refused for their age.
CREATE FUNCTION api.channel_mails(now timestamptz, accounts bigint[], received timestamptz[], nonces text[], identities bytea[], sizes bigint[],
	oversize boolean[], raws bytea[])
RETURNS TABLE (delivery bigint, message_id bigint, fresh boolean, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	taken bigint[];
	i bigint;
	made bigint;
BEGIN
	DELETE FROM channel_nonce WHERE ctid = ANY (ARRAY(
		SELECT n.ctid FROM channel_nonce n WHERE n.seen_at < channel_mails.now - interval '7 days' LIMIT 100 FOR UPDATE SKIP LOCKED));
	WITH incoming AS (
		SELECT channel_mails.accounts[n.i] AS account_id, n.nonce, min(n.i) AS i
		FROM unnest(channel_mails.nonces) WITH ORDINALITY AS n (nonce, i) WHERE n.nonce IS NOT NULL GROUP BY 1, 2
	), kept AS (
		INSERT INTO channel_nonce (account_id, nonce, seen_at)
		SELECT n.account_id, n.nonce, channel_mails.now FROM incoming n ORDER BY n.account_id, n.nonce
		ON CONFLICT DO NOTHING
		RETURNING account_id, nonce
	)
	SELECT array_agg(n.i) INTO taken FROM incoming n JOIN kept k USING (account_id, nonce);
	FOR i IN SELECT t.i FROM unnest(channel_mails.identities) WITH ORDINALITY AS t (identity, i) ORDER BY t.identity, t.i LOOP
		IF channel_mails.nonces[i] IS NOT NULL AND NOT i = ANY (coalesce(taken, '{}')) THEN
			RETURN QUERY SELECT i, (SELECT m.message_id FROM message m WHERE m.identity = channel_mails.identities[i]), false, true;
			CONTINUE;
		END IF;
		made := NULL;
		INSERT INTO message (account_id, received_at, stored_at, size, oversize, identity, raw_sha256)
		VALUES (channel_mails.accounts[i], channel_mails.received[i], channel_mails.now, channel_mails.sizes[i], channel_mails.oversize[i],
			channel_mails.identities[i], sha256(channel_mails.raws[i]))
		ON CONFLICT (identity) DO NOTHING RETURNING message.message_id INTO made;
		IF made IS NOT NULL THEN
			INSERT INTO message_raw (message_id, raw) VALUES (made, channel_mails.raws[i]);
		END IF;
		RETURN QUERY SELECT i, coalesce(made, (SELECT m.message_id FROM message m WHERE m.identity = channel_mails.identities[i])),
			made IS NOT NULL, false;
	END LOOP;
END $$;

-- A round of asking: its messages and the cursor behind them, together. Only for who holds the lease "channel:<name>" with this fence: somebody
-- who lost it and does not know yet is refused (no_data_found), and the round is somebody else's. cursor null: it stays.
CREATE FUNCTION api.channel_store_round(now timestamptz, account_id bigint, fence bigint, cursor text, received timestamptz, body bytea,
	headers text, messages jsonb)
RETURNS TABLE (delivery bigint, ordinal bigint, message_id bigint, fresh boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	channel account;
BEGIN
	SELECT a.* INTO channel FROM account a WHERE a.account_id = channel_store_round.account_id AND a.kind = 'channel' FOR UPDATE;
	PERFORM FROM lease l WHERE l.name = 'channel:' || channel.name AND l.fence = channel_store_round.fence
		AND l.until > channel_store_round.now FOR SHARE;
	IF NOT FOUND THEN
		RAISE no_data_found USING MESSAGE = format('the channel %s is asked by another service now', channel.name);
	END IF;
	UPDATE account a SET cursor = coalesce(channel_store_round.cursor, a.cursor), last_ok = channel_store_round.now,
		failing_since = NULL, reach = NULL, error = NULL, next_at = NULL
	WHERE a.account_id = channel.account_id;
	RETURN QUERY SELECT * FROM channel_keep(channel_store_round.now, ARRAY[channel.account_id],
		ARRAY[channel_store_round.received], ARRAY[channel_store_round.body], ARRAY[channel_store_round.headers],
		channel_store_round.messages);
	IF jsonb_array_length(channel_store_round.messages) > 0 THEN
		UPDATE account a SET last_message = greatest(a.last_message, channel_store_round.now)
		WHERE a.account_id = channel.account_id;
		PERFORM pg_notify('fieldpost_stored', '');
	END IF;
END $$;

-- Something was stored by api.channel_store(). Apart from it and once for many, for a notice makes commits wait for each other.
CREATE FUNCTION api.channel_wake()
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT pg_notify('fieldpost_stored', '')
$$;

-- How a channel fares: it can be reached (last_ok), when it last brought a message (null: not since the last call), and what more came of what
-- kind since the last call: {"stored": 3, "repeated": 1}.
CREATE FUNCTION api.channel_ok(now timestamptz, account_id bigint, last_message timestamptz, counts jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE account a SET last_ok = channel_ok.now, last_message = greatest(a.last_message, channel_ok.last_message),
		failing_since = NULL, reach = NULL, error = NULL, next_at = NULL
	WHERE a.account_id = channel_ok.account_id;
	INSERT INTO channel_count AS c (account_id, what, count, last_at)
	SELECT channel_ok.account_id, e.key, e.value::bigint, channel_ok.now FROM jsonb_each_text(channel_ok.counts) AS e
	ON CONFLICT (account_id, what) DO UPDATE SET count = c.count + excluded.count, last_at = excluded.last_at;
	PERFORM api.alarm_clear(channel_ok.now, 'source', (SELECT a.name FROM account a WHERE a.account_id = channel_ok.account_id));
END $$;

-- A row a channel that was ever opened.
CREATE FUNCTION api.status_channels()
RETURNS TABLE (channel text, counts jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT a.name, coalesce((SELECT jsonb_object_agg(c.what, c.count) FROM channel_count c WHERE c.account_id = a.account_id), '{}')
	FROM account a WHERE a.kind = 'channel' ORDER BY a.name
$$;

GRANT EXECUTE ON FUNCTION api.channel_open(text), api.channel_ok(timestamptz, bigint, timestamptz, jsonb)
	TO fieldpost_web, fieldpost_intake;
GRANT EXECUTE ON FUNCTION api.channel_store(timestamptz, bigint[], timestamptz[], bytea[], text[], jsonb), api.channel_wake(),
	api.channel_mails(timestamptz, bigint[], timestamptz[], text[], bytea[], bigint[], boolean[], bytea[])
	TO fieldpost_web;
GRANT EXECUTE ON FUNCTION api.channel_store_round(timestamptz, bigint, bigint, text, timestamptz, bytea, text, jsonb) TO fieldpost_intake;
GRANT EXECUTE ON FUNCTION api.status_channels() TO fieldpost_admin;
