-- A digest's lines: what people said, what was corrected, what was answered, what became of it. See digest.sql.
SET LOCAL ROLE fieldpost_views;

-- The roles under which people's words are shown, by the number of the person: {"17": "police trainer"}.
CREATE FUNCTION read.roles_shown()
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = on SET enable_hashjoin = on SET join_collapse_limit = 8 -- its caller's are not for this
AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_object_agg(s.contact_id, s.role), '{}') FROM role_shown s);
END $$;

-- The lines. A restricted one is whole only for a cleared team that takes such words by mail: else number, form and arrival.
CREATE FUNCTION read.digest_lines(digest_id bigint, maximum bigint, told jsonb DEFAULT NULL)
RETURNS TABLE (number bigint, form_id text, country text, name text, role text, language text, sharing text, verification text,
	withheld boolean, received timestamptz, answers jsonb, remarks text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT f.line_number, f.form_id, CASE WHEN NOT w.withheld THEN f.country END,
		CASE WHEN f.sharing <> 'no-name' AND NOT w.withheld THEN nullif(btrim(m.from_name), '') END,
		CASE WHEN NOT w.withheld THEN (SELECT read.roles_shown()) ->> f.contact_id::text END,
		CASE WHEN NOT w.withheld THEN f.language END, f.sharing::text, f.verification::text, w.withheld, f.received_at,
		CASE WHEN w.withheld THEN '{}' ELSE read.shown_answers(r.answers, r.hidden, f.sharing) END,
		CASE WHEN NOT w.withheld THEN read.shown_remarks(r.remarks, r.hidden, f.sharing) END
	FROM (SELECT * FROM read.digest_scope(digest_lines.digest_id) OFFSET 0) x
	CROSS JOIN jsonb_array_elements_text(read.told(digest_lines.digest_id, digest_lines.maximum, digest_lines.told, 'chosen')) c
	JOIN LATERAL (SELECT l.* FROM digest_line l WHERE l.subscription_id = x.subscription_id AND l.feedback_id = c::bigint
		AND l.revision_kind = 'new' OFFSET 0) l ON l.digest_id = digest_lines.digest_id
	JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state)
	JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
	JOIN message m ON m.message_id = f.message_id
	CROSS JOIN LATERAL (SELECT read.is_withheld(f.sharing, x.restricted_by_mail) AS withheld) w
	ORDER BY f.line_number;
END $$;

-- What was told before and has changed since: one row a field. was, now: as answers hold them, null: nothing; names and addresses go from both
-- where the person is not to be named now. Of what is withheld nothing.
CREATE FUNCTION read.digest_corrections(digest_id bigint)
RETURNS TABLE (number bigint, form_id text, title text, country text, field jsonb, was jsonb, now jsonb, author text, day timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT l.line_number, f.form_id, v.title, f.country, x.field, b.answers -> (x.field ->> 'name'), a.answers -> (x.field ->> 'name'),
		r.author::text, r.created_at, words_shown(f.feedback_id, r.reason)
	FROM (SELECT * FROM read.digest_scope(digest_corrections.digest_id) OFFSET 0) s
	JOIN digest_line l ON l.digest_id = digest_corrections.digest_id AND l.revision_kind <> 'new'
	JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, s.restricted_by_mail)
	JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = l.revision OFFSET 0) r ON true
	JOIN feedback_revision o ON o.feedback_id = f.feedback_id AND o.revision = (
		SELECT max(e.revision) FROM digest_line e
		WHERE e.subscription_id = l.subscription_id AND e.feedback_id = l.feedback_id AND e.revision < l.revision)
	JOIN message m ON m.message_id = f.message_id
	JOIN LATERAL (SELECT * FROM read.forms_in(s.language) v WHERE v.form_id = f.form_id) v ON true
	CROSS JOIN LATERAL jsonb_array_elements(v.fields) WITH ORDINALITY x (field, place)
	CROSS JOIN LATERAL (SELECT read.shown_answers(o.answers, o.hidden, f.sharing) AS answers) b
	CROSS JOIN LATERAL (SELECT read.shown_answers(r.answers, r.hidden, f.sharing) AS answers) a
	WHERE o.answers -> (x.field ->> 'name') IS DISTINCT FROM r.answers -> (x.field ->> 'name')
	ORDER BY l.line_number, x.place;
END $$;

-- What a team and the field have said to each other about lines that the subscription told: all of a conversation in which something was said in
-- the period, or that waits for an answer since less than sixty days. Oldest first; member null: the practitioner.
CREATE FUNCTION read.digest_conversations(digest_id bigint, maximum bigint)
RETURNS TABLE (conversation_id bigint, number bigint, country text, member text, words text, said_at timestamptz, waiting_days bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT c.conversation_id, c.line_number, c.country, p.name, words_shown(c.feedback_id, r.words), r.created_at,
		CASE WHEN c.answered THEN NULL ELSE floor(extract(epoch FROM c.period_end - c.last_at) / 86400)::bigint END
	FROM (
		SELECT c.conversation_id, f.feedback_id, f.line_number, f.country, x.period_end, said.last_at, said.answered
		FROM (SELECT * FROM read.digest_scope(digest_conversations.digest_id) OFFSET 0) x
		JOIN member own ON own.team_id = x.team_id
		JOIN conversation c ON c.member_id = own.member_id AND c.opened_at < x.period_end
		JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = c.feedback_id OFFSET 0) f ON read.is_kept(f.state) AND f.line_number IS NOT NULL
			AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
		JOIN message m ON m.message_id = f.message_id
		CROSS JOIN LATERAL (
			SELECT max(r.created_at) AS last_at, (array_agg(r.member_id IS NULL ORDER BY r.created_at DESC, r.response_id DESC))[1] AS answered
			FROM response r WHERE r.conversation_id = c.conversation_id AND r.created_at < x.period_end
		) said
		WHERE EXISTS (SELECT FROM digest_line l WHERE l.subscription_id = x.subscription_id AND l.feedback_id = f.feedback_id)
			AND (said.last_at >= x.period_start OR (NOT said.answered AND c.closed_at IS NULL AND said.last_at >= x.period_end - interval '60 days'))
		ORDER BY said.last_at DESC, c.conversation_id LIMIT digest_conversations.maximum
	) c
	JOIN response r ON r.conversation_id = c.conversation_id AND r.created_at < c.period_end
	LEFT JOIN member p ON p.member_id = r.member_id
	ORDER BY c.line_number, c.conversation_id, r.created_at, r.response_id;
END $$;

-- What became of lines that the subscription told, by the last word on each: one row a line.
CREATE FUNCTION read.digest_outcomes(digest_id bigint)
RETURNS TABLE (number bigint, state text, detail text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT f.line_number, c.state::text, words_shown(f.feedback_id, c.detail)
	FROM (SELECT * FROM read.digest_scope(digest_outcomes.digest_id) OFFSET 0) x
	JOIN LATERAL (
		SELECT DISTINCT ON (c.feedback_id) c.feedback_id, c.state, c.detail FROM status_change c
		WHERE c.created_at >= x.period_start AND c.created_at < x.period_end
		ORDER BY c.feedback_id, c.created_at DESC, c.status_change_id DESC
	) c ON c.state <> 'withdrawn'
	JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = c.feedback_id OFFSET 0) f ON read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
	WHERE EXISTS (SELECT FROM digest_line l WHERE l.subscription_id = x.subscription_id AND l.feedback_id = f.feedback_id)
	ORDER BY f.line_number;
END $$;

-- Of the lines that the subscription told within a year before this digest: how many there are, and how many were used. No row where nothing
-- was said of any of them.
CREATE FUNCTION read.digest_share(digest_id bigint)
RETURNS TABLE (used bigint, told bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	SELECT count(DISTINCT c.feedback_id) FILTER (WHERE f.state = 'used') INTO used
	FROM (SELECT * FROM read.digest_scope(digest_share.digest_id) OFFSET 0) x
	JOIN status_change c ON c.created_at >= x.period_end - interval '1 year' AND c.created_at < x.period_end
	JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = c.feedback_id OFFSET 0) f
		ON read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
	WHERE EXISTS (SELECT FROM digest_line l WHERE l.subscription_id = x.subscription_id AND l.feedback_id = f.feedback_id)
	HAVING count(*) > 0;
	IF FOUND THEN
		SELECT count(*) INTO told FROM digest d JOIN digest e ON e.subscription_id = d.subscription_id
			AND e.period_end > d.period_end - interval '1 year' AND e.period_end < d.period_end
		JOIN digest_line l ON l.digest_id = e.digest_id AND l.revision_kind = 'new'
		WHERE d.digest_id = digest_share.digest_id AND EXISTS (SELECT FROM feedback f WHERE f.feedback_id = l.feedback_id AND read.is_kept(f.state));
		RETURN NEXT;
	END IF;
END $$;

GRANT EXECUTE ON FUNCTION read.digest_share(bigint), read.digest_lines(bigint, bigint, jsonb), read.digest_corrections(bigint), read.digest_conversations(bigint, bigint),
	read.digest_outcomes(bigint) TO fieldpost_reader;

-- The way that the functions over many rows are written is the way they go (see digest_figures.sql), whatever the digest.
DO $$
DECLARE
	many regprocedure;
BEGIN
	FOREACH many IN ARRAY ARRAY['read.digest_told(bigint, bigint)', 'read.digest_trend(bigint)', 'read.countries_heard()',
		'read.digest_countries(bigint, jsonb)', 'read.digest_themes(bigint, jsonb)', 'read.digest_lines(bigint, bigint, jsonb)',
		'read.digest_corrections(bigint)', 'read.digest_conversations(bigint, bigint)', 'read.digest_outcomes(bigint)',
		'read.digest_share(bigint)']::regprocedure[] LOOP
		EXECUTE format('ALTER FUNCTION %s SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
			SET enable_mergejoin = off SET enable_memoize = off SET join_collapse_limit = 1 SET plan_cache_mode = force_generic_plan', many);
	END LOOP;
	-- It keeps the answers that it counts, counts them by hashing, and finds what belongs to a form in tables of a few rows.
	ALTER FUNCTION read.digest_told(bigint, bigint) SET work_mem = '64MB' SET enable_sort = off SET enable_hashjoin = on;
END $$;
