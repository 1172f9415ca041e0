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
	PERFORM conversations_close(parse_claim.now);
	RETURN QUERY SELECT u.message_id, u.raw, false, 'channel', u.attempts, u.talk
	FROM units_claim(parse_claim.now, (parse_claim.maximum + 1) / 2, parse_claim.channels, parse_claim.stops) u;
	GET DIAGNOSTICS units = ROW_COUNT;
	RETURN QUERY SELECT c.message_id, c.raw, c.oversize, c.source, c.attempts, NULL
	FROM mails_claim(parse_claim.maximum - units, parse_claim.max_bytes) c;
END $$;

-- A text of a result for a column: cut, as indexes and people want it.
CREATE FUNCTION fieldpost.short(text text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT left(text, 1000)
$$;

-- The level that the answers give. What was answered and not understood, or asked and left open, is for the fewest.
CREATE FUNCTION fieldpost.sharing_of(has_sharing boolean, answers jsonb)
RETURNS sharing_level
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN NOT has_sharing THEN 'no-name'
		WHEN answers ->> 'sharing' IN ('open', 'no-name', 'restricted') THEN answers ->> 'sharing'
		ELSE 'restricted' END::fieldpost.sharing_level
$$;

-- Files a batch as one statement. Only messages that are still `received` count: filing one again changes nothing.
--
-- (LATERAL with LIMIT: each message looks its rows up by their keys. Joined plainly, a plan made while the tables were small would
-- read all of them for every batch, as long as the session lives.)
--
-- Held is what a stranger sent: people are registered, the sender is none of them, and no request of ours has that reference.
CREATE FUNCTION fieldpost.file_batch(now timestamptz, batch jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	people boolean := EXISTS (SELECT FROM identity.contact);
	filed jsonb;
BEGIN
	WITH incoming AS MATERIALIZED (
		SELECT (e ->> 'message_id')::bigint AS message_id, e -> 'result' AS result,
			e -> 'result' -> 'mail' AS mail, e -> 'result' -> 'values' AS answers
		FROM jsonb_array_elements(file_batch.batch) AS e
	), known AS MATERIALIZED (
		SELECT i.*, m.received_at, lower(i.mail ->> 'from_address') AS sender, a.contact_id, q.request_id,
			q.contact_id AS asked_id, q.country AS asked_country, v.form_id, v.version, v.country_field, v.theme_field,
			v.has_sharing
		FROM incoming i CROSS JOIN LATERAL (
			SELECT m.received_at FROM message m WHERE m.message_id = i.message_id AND m.state = 'received' FOR UPDATE) m
		LEFT JOIN LATERAL (
			SELECT a.contact_id FROM identity.contact_address a
			WHERE a.channel = 'mail' AND a.address = lower(i.mail ->> 'from_address') LIMIT 1) a ON true
		LEFT JOIN LATERAL (SELECT * FROM request q WHERE q.reference = i.result ->> 'reference' LIMIT 1) q ON true
		LEFT JOIN LATERAL (
			SELECT * FROM form_version v WHERE v.form_id = i.result ->> 'template'
				AND v.version = (i.result ->> 'template_version')::integer LIMIT 1) v ON true
	), decided AS MATERIALIZED (
		SELECT k.*, CASE WHEN h.held THEN 'held' ELSE k.result ->> 'outcome' END::message_state AS state,
			CASE WHEN h.held THEN 'unknown-sender' ELSE k.result ->> 'reason' END::message_reason AS reason,
			CASE WHEN k.result ->> 'outcome' = 'filed' AND NOT h.held
				THEN nextval('fieldpost.feedback_feedback_id_seq') END AS feedback_id,
			CASE WHEN (k.mail ->> 'date')::numeric BETWEEN 1 AND 4102444800
				THEN to_timestamp((k.mail ->> 'date')::double precision) END AS written_at
		FROM known k CROSS JOIN LATERAL (
			SELECT people AND k.result ->> 'outcome' = 'filed' AND k.contact_id IS NULL AND k.request_id IS NULL AS held) h
	), settled AS (
		UPDATE message m SET state = d.state, reason = d.reason, settled_at = file_batch.now, written_at = d.written_at,
			form_id = d.result ->> 'template', form_version = d.version, reference = d.result ->> 'reference',
			language = d.result ->> 'language', subject = short(d.mail ->> 'subject'),
			from_name = short(d.mail ->> 'from_name'), from_address = short(d.sender),
			header_id = short(d.mail ->> 'message_id'), automatic = coalesce((d.mail ->> 'automatic')::boolean, false),
			result = CASE WHEN d.state IN ('review', 'held') THEN d.result END, error = NULL
		FROM decided d WHERE m.message_id = d.message_id
	), fed AS (
		INSERT INTO feedback (feedback_id, message_id, request_id, contact_id, received_at, written_at, filed_at, form_id,
			form_version, sharing, verified, verification, country, language, theme)
		OVERRIDING SYSTEM VALUE
		SELECT d.feedback_id, d.message_id, d.request_id, d.contact_id, d.received_at, d.written_at, file_batch.now,
			d.form_id, d.version, sharing_of(d.has_sharing, d.answers), -- no such version: null, and refused
			coalesce(d.contact_id = d.asked_id, false),
			CASE WHEN d.contact_id = d.asked_id THEN 'verified' ELSE 'unverified' END::verification,
			coalesce(d.answers ->> d.country_field, d.asked_country,
				(SELECT c.country FROM identity.contact c WHERE c.contact_id = d.contact_id)),
			d.result ->> 'language', CASE jsonb_typeof(d.answers -> d.theme_field)
				WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(d.answers -> d.theme_field))
				WHEN 'string' THEN ARRAY[d.answers ->> d.theme_field] -- a choice is one theme, choices are several
				ELSE '{}' END
		FROM decided d WHERE d.feedback_id IS NOT NULL ORDER BY d.feedback_id
	), revised AS (
		INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
		SELECT d.feedback_id, 1, 'practitioner', d.message_id, file_batch.now, d.answers,
			coalesce(d.result -> 'provenance', '{}'), d.result ->> 'remarks'
		FROM decided d WHERE d.feedback_id IS NOT NULL
	), attached AS (
		INSERT INTO attachment (message_id, part, name, type, size, sha256)
		SELECT d.message_id, f ->> 'part', f ->> 'name', f ->> 'type', (f ->> 'size')::bigint, decode(f ->> 'sha256', 'hex')
		FROM decided d CROSS JOIN LATERAL jsonb_array_elements(d.result -> 'attachments') AS f
		ON CONFLICT (message_id, part) DO NOTHING
	), answered AS (
		UPDATE request q SET state = 'answered', answered_at = coalesce(q.answered_at, file_batch.now)
		FROM decided d WHERE q.request_id = d.request_id AND d.feedback_id IS NOT NULL
	)
	SELECT jsonb_agg(jsonb_build_array(d.message_id, d.state)) INTO filed FROM decided d;
	RETURN coalesce(filed, '[]');
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

-- Filing, and what follows of mails that are no feedback: reports of what did not arrive, and the wish to be left alone.
CREATE FUNCTION fieldpost.file_and_settle(now timestamptz, batch jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	filed jsonb := file_all(file_and_settle.now, file_and_settle.batch);
BEGIN
	PERFORM reports_settle(file_and_settle.now, file_and_settle.batch, filed);
	PERFORM stops_settle(file_and_settle.now, file_and_settle.batch, filed);
	PERFORM digest_stops_settle(file_and_settle.now, file_and_settle.batch);
	RETURN filed;
END $$;

-- batch: [{"message_id": 12, "result": {...}}, ...]. Should the database refuse the batch for what stands in it, each message is tried
-- alone, and only the one that is refused again is `failed`.
CREATE FUNCTION api.parse_file(now timestamptz, batch jsonb)
RETURNS TABLE (message_id bigint, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	one jsonb;
	filed jsonb;
BEGIN
	BEGIN
		filed := file_and_settle(parse_file.now, parse_file.batch);
	EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
		filed := '[]';
		FOR one IN SELECT * FROM jsonb_array_elements(parse_file.batch) LOOP
			BEGIN
				filed := filed || file_and_settle(parse_file.now, jsonb_build_array(one));
			EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
				PERFORM message_fail(parse_file.now, (one ->> 'message_id')::bigint,
					'the database refused what was read (SQLSTATE ' || SQLSTATE || ')');
				filed := filed || jsonb_build_array(jsonb_build_array(one -> 'message_id', 'failed'));
			END;
		END LOOP;
	END;
	IF filed <> '[]' THEN
		PERFORM pg_notify('fieldpost_filed', '');
	END IF;
	RETURN QUERY SELECT (f -> 0)::bigint, f ->> 1 FROM jsonb_array_elements(filed) AS f ORDER BY 1;
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

GRANT EXECUTE ON FUNCTION api.parse_claim(timestamptz, bigint, bigint, jsonb, text[]), api.parse_file(timestamptz, jsonb),
	api.parse_attempt(timestamptz, bigint, text, bigint) TO fieldpost_parse;
