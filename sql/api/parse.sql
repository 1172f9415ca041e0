-- The parse duty: claiming stored messages, filing what was read out of them, noting an attempt that failed.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- The oldest mails that nobody else has, up to a number and a number of bytes (one in any case); theirs until the transaction ends.
-- (Plans made while the tables were small would read all of them for ever: no sequential scans here.)
CREATE FUNCTION fieldpost.mails_claim(maximum bigint, max_bytes bigint)
RETURNS TABLE (message_id bigint, raw bytea, oversize boolean, source text, attempts bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH candidate AS (
		SELECT m.message_id, m.account_id, m.attempts, m.oversize, CASE WHEN m.oversize THEN 0 ELSE m.size END AS size
		FROM message m WHERE m.state = 'received' AND m.channel IS NULL ORDER BY m.message_id LIMIT mails_claim.maximum
		FOR UPDATE SKIP LOCKED
	), counted AS (
		SELECT c.*, sum(c.size) OVER (ORDER BY c.message_id) - c.size AS before FROM candidate c
	)
	SELECT c.message_id, r.raw, c.oversize,
		(SELECT CASE a.kind WHEN 'channel' THEN 'forwarded' ELSE a.kind::text END FROM account a WHERE a.account_id = c.account_id),
		c.attempts::bigint
	FROM counted c JOIN message_raw r USING (message_id)
	WHERE c.before = 0 OR c.before + c.size <= mails_claim.max_bytes ORDER BY c.message_id;
END $$;

-- What is to be read: of channels (see units_claim()) at most half, the rest mails. source: imap, import, forwarded (a mail that a
-- channel brought) or channel; talk (channels alone): what
-- the reader must know besides, JSON.
CREATE FUNCTION api.parse_claim(now timestamptz, maximum bigint, max_bytes bigint, channels jsonb, stops text[])
RETURNS TABLE (message_id bigint, raw bytea, oversize boolean, source text, attempts bigint, talk text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	units bigint;
BEGIN
	PERFORM conversations_close(parse_claim.now, parse_claim.channels);
	RETURN QUERY SELECT u.message_id, u.raw, false, 'channel', u.attempts, u.talk
	FROM units_claim(parse_claim.now, (parse_claim.maximum + 1) / 2, parse_claim.channels, parse_claim.stops) u;
	GET DIAGNOSTICS units = ROW_COUNT;
	RETURN QUERY SELECT c.message_id, c.raw, c.oversize, c.source, c.attempts, NULL
	FROM mails_claim(parse_claim.maximum - units, parse_claim.max_bytes) c;
END $$;

-- We could not file it although it was read: that is our failure, and its bytes are kept for a mended program.
CREATE FUNCTION fieldpost.message_fail(now timestamptz, message_id bigint, error text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	UPDATE message m SET state = 'failed', reason = 'crashed', settled_at = message_fail.now, error = message_fail.error
	WHERE m.message_id = message_fail.message_id AND m.state = 'received';
	IF FOUND THEN
		PERFORM settle_joined(message_fail.now, ARRAY[message_fail.message_id]);
		PERFORM api.alarm_raise(message_fail.now, 'message-failed', 'message ' || message_fail.message_id, message_fail.error);
	END IF;
END $$;

-- Filing, and what follows of mails that are no feedback: answers to digests, reports of what did not arrive, and the wish to be left
-- alone. Then who is told.
CREATE FUNCTION fieldpost.file_and_settle(now timestamptz, batch jsonb, channels jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	taken jsonb;
	rest jsonb;
	filed jsonb;
BEGIN
	PERFORM senders_live(file_and_settle.now, file_and_settle.batch);
	taken := orders_take(file_and_settle.now, file_and_settle.batch);
	rest := taken -> 'rest';
	filed := (taken -> 'filed') || file_all(file_and_settle.now, rest, file_and_settle.channels);
	PERFORM reports_settle(file_and_settle.now, rest, filed);
	PERFORM stops_settle(file_and_settle.now, rest, filed);
	PERFORM digest_stops_settle(file_and_settle.now, rest);
	PERFORM acknowledge(file_and_settle.now, filed);
	RETURN filed;
END $$;

-- batch: [{"message_id": 12, "result": {...}}, ...]. Should the database refuse the batch for what stands in it, each message is tried
-- alone, and only the one that is refused again is `failed`. channels: see message_facts(). A message that answers what was sent with
-- another form, or another version of it, than it was read with stays `received`: its row says with which (hint: {form, version,
-- reference}); read so, it comes back with "hinted": true beside its result, and is not asked for again.
CREATE FUNCTION api.parse_file(now timestamptz, batch jsonb, channels jsonb DEFAULT '{}')
RETURNS TABLE (message_id bigint, state text, hint text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	one jsonb;
	filed jsonb;
BEGIN
	BEGIN
		filed := file_and_settle(parse_file.now, parse_file.batch, parse_file.channels);
	EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
		filed := '[]';
		FOR one IN SELECT * FROM jsonb_array_elements(parse_file.batch) LOOP
			BEGIN
				filed := filed || file_and_settle(parse_file.now, jsonb_build_array(one), parse_file.channels);
			EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
				PERFORM message_fail(parse_file.now, (one ->> 'message_id')::bigint,
					'the database refused what was read (SQLSTATE ' || SQLSTATE || ')');
				filed := filed || jsonb_build_array(jsonb_build_object('message', one -> 'message_id', 'state', 'failed'));
			END;
		END LOOP;
	END;
	IF filed <> '[]' THEN
		PERFORM pg_notify('fieldpost_filed', '');
	END IF;
	RETURN QUERY SELECT (f ->> 'message')::bigint, f ->> 'state', f ->> 'hint' FROM jsonb_array_elements(filed) AS f ORDER BY 1;
END $$;

-- Reading it killed or outlasted the reader. After `maximum` attempts it is failed, alone.
CREATE FUNCTION api.parse_attempt(now timestamptz, message_id bigint, error text, maximum bigint)
RETURNS TABLE (attempts bigint, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	tried message;
BEGIN
	UPDATE message m SET attempts = m.attempts + 1, error = parse_attempt.error
	WHERE m.message_id = parse_attempt.message_id AND m.state = 'received'
	RETURNING m.* INTO tried;
	IF tried.attempts >= parse_attempt.maximum THEN
		PERFORM message_fail(parse_attempt.now, tried.message_id, parse_attempt.error);
	END IF;
	RETURN QUERY SELECT m.attempts::bigint, m.state::text FROM message m WHERE m.message_id = parse_attempt.message_id;
END $$;

GRANT EXECUTE ON FUNCTION api.parse_claim(timestamptz, bigint, bigint, jsonb, text[]), api.parse_file(timestamptz, jsonb, jsonb),
	api.parse_attempt(timestamptz, bigint, text, bigint) TO fieldpost_parse;
