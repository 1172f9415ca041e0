-- Review: messages that a person must look at, with what was understood and what was not.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- The oldest first. wanted: see fieldpost.message_wanted().
CREATE FUNCTION api.review_list(maximum bigint, wanted jsonb)
RETURNS TABLE (message_id bigint, state text, reason text, received_at timestamptz, from_name text, from_address text,
	subject text, form text, language text, answers jsonb, errors jsonb, error text, assigned_to text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.message_id, m.state::text, m.reason::text, m.received_at, m.from_name, m.from_address, m.subject, m.form_id,
		m.language, coalesce(m.result -> 'values', '{}'), coalesce(m.result -> 'errors', '{}'), m.error, m.assigned_to
	FROM message m WHERE m.state IN ('review', 'held', 'failed') AND m.reason IS DISTINCT FROM 'in-conversation'
		AND message_wanted(m, review_list.wanted)
		AND NOT EXISTS (SELECT FROM channel_message c JOIN message h ON h.message_id = c.joined_to
			WHERE c.message_id = m.message_id AND h.state = m.state) -- it is looked at with that one
		AND NOT EXISTS (SELECT FROM message h WHERE h.message_id = m.continues AND h.state = m.state)
	ORDER BY m.received_at, m.message_id LIMIT review_list.maximum
$$;

-- found: the text that was read as an answer and did not fit; suggestions: what it may have meant.
CREATE FUNCTION api.review_show(message_id bigint)
RETURNS TABLE (message_id bigint, state text, reason text, error text, attempts bigint, source text, received_at timestamptz,
	written_at timestamptz, stored_at timestamptz, settled_at timestamptz, from_name text, from_address text, subject text,
	form text, form_version bigint, reference text, language text, answers jsonb, errors jsonb, found jsonb, suggestions jsonb,
	remarks text, attachments jsonb, automatic boolean, size bigint, oversize boolean, sha256 text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT note_message_seen('review show', review_show.message_id);
	SELECT m.message_id, m.state::text, m.reason::text, m.error, m.attempts::bigint,
		(SELECT a.name FROM account a WHERE a.account_id = m.account_id), m.received_at, m.written_at, m.stored_at,
		m.settled_at, m.from_name, m.from_address, m.subject, m.form_id, m.form_version::bigint, m.reference, m.language,
		coalesce(m.result -> 'values', '{}'), coalesce(m.result -> 'errors', '{}'), coalesce(m.result -> 'found', '{}'),
		coalesce(m.result -> 'suggestions', '{}'), m.result ->> 'remarks',
		(SELECT coalesce(jsonb_agg(jsonb_build_object('part', t.part, 'name', t.name, 'type', t.type, 'size', t.size)
			ORDER BY t.attachment_id), '[]') FROM attachment t WHERE t.message_id = m.message_id),
		m.automatic, m.size, m.oversize,
		encode(coalesce(m.raw_sha256, (SELECT sha256(r.raw) FROM message_raw r WHERE r.message_id = m.message_id)), 'hex')
	FROM message m WHERE m.message_id = review_show.message_id
$$;

CREATE FUNCTION api.message_raw(message_id bigint)
RETURNS TABLE (raw bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT note_message_seen('raw', message_raw.message_id);
	SELECT r.raw FROM message_raw r WHERE r.message_id = message_raw.message_id
$$;

GRANT EXECUTE ON FUNCTION api.review_list(bigint, jsonb), api.review_show(bigint), api.message_raw(bigint) TO fieldpost_admin;

---------------------------------------------------------------------------------------------------
-- A fix as a test case
---------------------------------------------------------------------------------------------------

-- What is known of who wrote a message.
CREATE FUNCTION fieldpost.known_of_message(message_id bigint, OUT names text[], OUT addresses text[])
LANGUAGE sql STABLE
AS $$
	WITH wrote AS (
		SELECT m.from_name AS name, m.from_address AS address FROM message m WHERE m.message_id = known_of_message.message_id
		UNION ALL SELECT c.sender_name, c.sender FROM channel_message c WHERE c.message_id = known_of_message.message_id
		UNION ALL SELECT NULL, c.reply_to FROM channel_message c WHERE c.message_id = known_of_message.message_id
		UNION ALL SELECT u.name, u.address FROM feedback f CROSS JOIN LATERAL known_of(f.feedback_id) k
			CROSS JOIN LATERAL (SELECT unnest(k.names) AS name, NULL AS address UNION ALL SELECT NULL, unnest(k.addresses)) u
			WHERE f.message_id = known_of_message.message_id
	)
	SELECT array_agg(DISTINCT w.name) FILTER (WHERE btrim(w.name) <> ''), array_agg(DISTINCT w.address) FILTER (WHERE btrim(w.address) <> '') FROM wrote w
$$;

-- Words of a message with nobody in them: without its author, with one address for all addresses, noughts for telephone numbers, and a
-- reference that was never sent.
CREATE FUNCTION fieldpost.case_words(names text[], addresses text[], words text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT regexp_replace(regexp_replace(string_agg(CASE WHEN p.n % 2 = 0 THEN regexp_replace(p.part, '[0-9]', '0', 'g') ELSE p.part END, '' ORDER BY p.n),
		'[[:alnum:]._%+-]+@[[:alnum:].-]+[[:alnum:]]', 'somebody@example.org', 'g'), 'FP-[0-9A-HJKMNP-TV-Z]{10}', 'FP-0000000000', 'gi')
	FROM (SELECT row_number() OVER () AS n, part FROM regexp_split_to_table(regexp_replace(without(case_words.words, case_words.names, case_words.addresses),
		'(\+[0-9][0-9 ()./-]{5,}[0-9])', E'\x01\\1\x01', 'g'), E'\x01') AS part) p
$$;

-- A message that a person fixed: its bytes (a channel's: its text), which answers were set, and all as they are now.
CREATE FUNCTION api.review_case(now timestamptz, actor text, message_id bigint)
RETURNS TABLE (raw bytea, source text, answers jsonb, fixed jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT CASE WHEN m.channel IS NULL THEN w.raw ELSE unit_text(m.message_id) END, CASE WHEN m.channel IS NULL THEN 'mail' ELSE 'channel' END,
		r.answers, to_jsonb(r.fixed)
	FROM message m JOIN message_raw w USING (message_id) JOIN feedback f USING (message_id)
	JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	WHERE m.message_id = review_case.message_id AND r.fixed <> '{}' AND NOT m.oversize;
	IF FOUND THEN
		INSERT INTO audit (at, actor, action, object) VALUES (review_case.now, review_case.actor, 'review export', 'message ' || review_case.message_id);
	END IF;
END $$;

-- Its texts with nobody in them, in their order.
CREATE FUNCTION api.review_case_words(message_id bigint, texts text[])
RETURNS TABLE (words text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT coalesce(case_words(k.names, k.addresses, t.words), '') FROM known_of_message(review_case_words.message_id) k
	CROSS JOIN unnest(review_case_words.texts) WITH ORDINALITY AS t (words, n) ORDER BY t.n
$$;

GRANT EXECUTE ON FUNCTION api.review_case(timestamptz, text, bigint), api.review_case_words(bigint, text[]) TO fieldpost_admin;
