-- Review: messages that a person must look at, with what was understood and what was not.
SET LOCAL ROLE fieldpost_owner;

-- The oldest first.
CREATE FUNCTION api.review_list(maximum bigint)
RETURNS TABLE (message_id bigint, state text, reason text, received_at timestamptz, from_name text, from_address text,
	subject text, form text, language text, answers jsonb, errors jsonb, error text, assigned_to text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.message_id, m.state::text, m.reason::text, m.received_at, m.from_name, m.from_address, m.subject, m.form_id,
		m.language, coalesce(m.result -> 'values', '{}'), coalesce(m.result -> 'errors', '{}'), m.error, m.assigned_to
	FROM message m WHERE m.state IN ('review', 'held', 'failed') AND m.reason IS DISTINCT FROM 'in-conversation'
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
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
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
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT r.raw FROM message_raw r WHERE r.message_id = message_raw.message_id
$$;

GRANT EXECUTE ON FUNCTION api.review_list(bigint), api.review_show(bigint), api.message_raw(bigint) TO fieldpost_admin;
