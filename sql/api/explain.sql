-- Explain: from a line of a digest to the bytes of the mail that it came from.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- A time as people read it.
CREATE FUNCTION fieldpost.told(at timestamptz)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT to_char(told.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
$$;

CREATE FUNCTION fieldpost.explain_feedback(feedback_id bigint)
RETURNS TABLE (place integer, step text, detail text)
LANGUAGE sql STABLE
AS $$
	SELECT 10, 'digest', format('#%s in the digest of %s, %s to %s (%s)', l.line_number, t.name, told(d.period_start),
		told(d.period_end), d.state)
	FROM digest_line l JOIN digest d USING (digest_id) JOIN subscription s ON s.subscription_id = d.subscription_id
	JOIN team t USING (team_id) WHERE l.feedback_id = explain_feedback.feedback_id
	UNION ALL
	SELECT 20, 'feedback', format('%s: %s version %s, country %s, language %s, sharing %s%s, filed %s', f.feedback_id, f.form_id,
		f.form_version, coalesce(f.country, '-'), coalesce(f.language, '-'), f.sharing,
		', ' || f.verification, told(f.filed_at))
	FROM feedback f WHERE f.feedback_id = explain_feedback.feedback_id
	UNION ALL
	SELECT 30, 'request', format('%s, asked %s', q.reference, told(q.asked_at))
	FROM feedback f JOIN request q USING (request_id) WHERE f.feedback_id = explain_feedback.feedback_id
	UNION ALL
	SELECT 40, 'revision', format('%s by %s, %s%s', r.revision, CASE r.author WHEN 'reparse' THEN 'reparse' ELSE 'the ' || r.author END, told(r.created_at), coalesce(': ' || r.reason, ''))
	FROM feedback_revision r WHERE r.feedback_id = explain_feedback.feedback_id
$$;

-- Each answer of the current revision, and where it stood.
CREATE FUNCTION fieldpost.explain_answers(feedback_id bigint)
RETURNS TABLE (place integer, step text, detail text)
LANGUAGE sql STABLE
AS $$
	SELECT 50, 'answer', format('%s = %s%s', a.key, CASE jsonb_typeof(a.value) WHEN 'string' THEN a.value #>> '{}'
		ELSE a.value::text END, CASE WHEN p.at IS NULL THEN ' (default)' ELSE format(
		' <- "%s" (part %s, characters %s-%s of its text; bytes %s-%s of the %s)', left(p.at ->> 'raw', 200),
		coalesce(nullif(p.at ->> 'part', ''), '-'), p.at ->> 'start', p.at ->> 'end', p.at ->> 'part_start',
		p.at ->> 'part_end', coalesce('message ' || (p.at ->> 'message'), 'mail')) END)
	FROM feedback f JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	JOIN form_version v ON v.form_id = f.form_id AND v.version = f.form_version
	CROSS JOIN LATERAL jsonb_each(r.answers) a
	CROSS JOIN LATERAL (SELECT r.provenance -> a.key AS at) p
	LEFT JOIN LATERAL (SELECT n FROM jsonb_array_elements(v.fields) WITH ORDINALITY AS t (x, n) WHERE x ->> 'name' = a.key) o ON true
	WHERE f.feedback_id = explain_answers.feedback_id
$$;

CREATE FUNCTION fieldpost.explain_message(message_id bigint)
RETURNS TABLE (place integer, step text, detail text)
LANGUAGE sql STABLE
AS $$
	SELECT 60, 'message', format('%s (%s%s): received %s, stored %s, Message-ID %s', m.message_id, m.state,
		coalesce(', ' || m.reason, ''), told(m.received_at), told(m.stored_at), coalesce(m.header_id, '-'))
	FROM message m WHERE m.message_id = explain_message.message_id
	UNION ALL
	SELECT 62, 'channel', format('%s, from %s%s', m.channel, c.sender, coalesce(' (' || c.sender_name || ')', ''))
	FROM channel_message c JOIN message m USING (message_id) WHERE c.message_id = explain_message.message_id
	UNION ALL
	SELECT 64, 'read with', format('message %s (%s), stored %s: "%s"', m.message_id, m.state, told(m.stored_at),
		left(convert_from(r.raw, 'UTF8'), 200))
	FROM channel_message c JOIN message m USING (message_id) JOIN message_raw r USING (message_id)
	WHERE c.joined_to = explain_message.message_id
	UNION ALL
	SELECT 70, 'seen', format('%s, folder %s, UIDVALIDITY %s, UID %s, %s; on the server: %s%s', a.name, f.name, f.uidvalidity,
		s.uid, told(s.seen_at), coalesce(nullif(s.after_state::text, 'waiting'), 'left as it is so far'),
		coalesce(' (' || s.after_error || ')', ''))
	FROM sighting s JOIN folder f USING (folder_id) JOIN account a USING (account_id)
	WHERE s.message_id = explain_message.message_id
	UNION ALL
	SELECT 80, 'attachment', format('part %s: %s, %s, %s bytes, SHA-256 %s', t.part, coalesce(nullif(t.name, ''), '-'), t.type,
		t.size, encode(t.sha256, 'hex'))
	FROM attachment t WHERE t.message_id = explain_message.message_id
	UNION ALL
	SELECT 90, 'raw', format('%s bytes, SHA-256 %s%s', octet_length(r.raw), encode(coalesce(m.raw_sha256, sha256(r.raw)), 'hex'),
		CASE WHEN m.oversize THEN ', the headers only' ELSE '' END)
	FROM message m JOIN message_raw r USING (message_id) WHERE m.message_id = explain_message.message_id
$$;

-- A number is a digest's line if there is one of that number, else a feedback's own number. No row: neither.
CREATE FUNCTION api.explain(number bigint)
RETURNS TABLE (step text, detail text, message_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	found feedback;
BEGIN
	SELECT * INTO found FROM feedback f WHERE f.line_number = explain.number OR f.feedback_id = explain.number
	ORDER BY (f.line_number = explain.number) DESC NULLS LAST LIMIT 1;
	IF found.sharing <> 'open' THEN
		PERFORM note_seen('explain', 'feedback ' || found.feedback_id);
	END IF;
	RETURN QUERY
	SELECT e.step, e.detail, found.message_id FROM (
		SELECT * FROM explain_feedback(found.feedback_id)
		UNION ALL SELECT * FROM explain_answers(found.feedback_id)
		UNION ALL SELECT * FROM explain_message(found.message_id)) e
	ORDER BY e.place, e.detail;
END $$;

GRANT EXECUTE ON FUNCTION api.explain(bigint) TO fieldpost_admin;
