-- A digest as its readers may see it. Read in a transaction as fieldpost_reader; the functions run as the owner of the views, whom
-- the policies bind: what a member may not read is in no line, no sum and no trend.
SET LOCAL ROLE fieldpost_owner;
GRANT SELECT ON fieldpost.team, fieldpost.subscription, fieldpost.digest, fieldpost.digest_line, fieldpost.form_version,
	fieldpost.form_field, fieldpost.region, fieldpost.feedback, fieldpost.feedback_revision, fieldpost.conversation, fieldpost.response,
	fieldpost.status_change TO fieldpost_views; -- from feedback on by policy
GRANT SELECT (member_id, team_id, name) ON fieldpost.member TO fieldpost_views;
GRANT SELECT (message_id, state, reason, form_id, received_at, settled_at, from_name, from_address, result)
	ON fieldpost.message TO fieldpost_views;


-- How many people of a country were asked and have not answered before the digest's period, how many of them answered in it, and how many
-- their mails do not reach. Answers of every level count: it says nothing of words. Countries with fewer than three people asked stand
-- together, without a name.
CREATE FUNCTION fieldpost.digest_asked(digest_id bigint)
RETURNS TABLE (country text, asked bigint, answered bigint, not_reached bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS (
		SELECT d.period_start, d.period_end, filter_of(s.filters) AS filter FROM digest d JOIN subscription s USING (subscription_id)
		WHERE d.digest_id = digest_asked.digest_id OFFSET 0
	), people AS (
		SELECT coalesce(q.country, c.country) AS country, coalesce(q.contact_id, -q.request_id) AS person,
			bool_or(q.answered_at < s.period_end) AS answered,
			bool_and(q.state = 'bounced' OR coalesce(a.gone, false)) AS gone
		FROM scope s JOIN request q ON q.asked_at < s.period_end AND q.asked_at >= s.period_end - interval '56 days'
			AND coalesce(q.answered_at >= s.period_start, true)
		LEFT JOIN identity.contact c USING (contact_id)
		LEFT JOIN LATERAL (
			SELECT bool_and(EXISTS (SELECT FROM suppression x WHERE x.channel = a.channel AND x.address = a.address AND x.reason = 'bounced')) AS gone
			FROM identity.contact_address a WHERE a.contact_id = q.contact_id
		) a ON true
		WHERE filter_takes((SELECT ROW((f.filter).forms, (f.filter).countries, (f.filter).contacts, NULL, (f.filter).languages)::digest_filter
			FROM scope f), q.form_id, coalesce(q.country, c.country), q.contact_id, '{}', q.language)
		GROUP BY 1, 2
	), counted AS (
		SELECT p.country, count(*) AS asked, count(*) FILTER (WHERE p.answered) AS answered,
			count(*) FILTER (WHERE p.gone AND p.answered IS NOT TRUE) AS not_reached
		FROM people p GROUP BY p.country
	)
	SELECT CASE WHEN c.asked >= 3 THEN c.country END, sum(c.asked)::bigint, sum(c.answered)::bigint, sum(c.not_reached)::bigint
	FROM counted c GROUP BY 1;
END $$;
GRANT EXECUTE ON FUNCTION fieldpost.digest_asked(bigint), fieldpost.filter_of(jsonb), fieldpost.filter_takes(fieldpost.digest_filter, text, text,
	bigint, text[], text) TO fieldpost_views;

SET LOCAL ROLE fieldpost_views;

-- In PL/pgSQL a connection plans each of them once, not for every digest. Functions over many rows go from the digest's lines, or a stretch of time, to each row by its key, in the order that is written (LATERAL with
-- OFFSET 0): what the planner guesses behind policies would read whole tables.

-- Text in the reader's language, else in English, else in the first there is.
CREATE FUNCTION read.word(words jsonb, language text)
RETURNS text
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT coalesce(words ->> language, words ->> split_part(language, '-', 1), words ->> 'en',
		(SELECT w.value FROM jsonb_each_text(words) w ORDER BY w.key LIMIT 1))
$$;

-- The newest version of every form with its labels in one language.
CREATE FUNCTION read.forms_in(language text)
RETURNS TABLE (form_id text, title text, fields jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT DISTINCT ON (v.form_id) v.form_id, read.word(v.title, forms_in.language),
		(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', f.value -> 'name', 'type', f.value -> 'type',
			'label', read.word(f.value -> 'label', forms_in.language), 'theme', f.value -> 'theme', 'digest', f.value -> 'digest',
			'min', f.value -> 'min', 'max', f.value -> 'max',
			'options', (SELECT jsonb_agg(jsonb_build_object('value', o.value -> 'value',
				'label', read.word(o.value -> 'label', forms_in.language)) ORDER BY o.ordinality)
				FROM jsonb_array_elements(f.value -> 'options') WITH ORDINALITY o))) ORDER BY f.ordinality)
			FROM jsonb_array_elements(v.fields) WITH ORDINALITY f)
	FROM form_version v ORDER BY v.form_id, v.version DESC;
END $$;

CREATE FUNCTION read.form_title(form_id text, language text)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT read.word(v.title, form_title.language) FROM form_version v
	WHERE v.form_id = form_title.form_id ORDER BY v.version DESC LIMIT 1
$$;

CREATE FUNCTION read.theme_label(theme text, language text)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT o.value ->> 'label'
	FROM read.forms_in(theme_label.language) v, jsonb_array_elements(v.fields) f, jsonb_array_elements(f.value -> 'options') o
	WHERE (f.value -> 'theme')::boolean AND o.value ->> 'value' = theme_label.theme
	ORDER BY v.form_id LIMIT 1
$$;

-- Is this level told by number, form and arrival alone? Then it is counted as a reply, and in no figure of countries, themes or answers.
CREATE FUNCTION read.is_withheld(sharing fieldpost.sharing_level, restricted_by_mail boolean)
RETURNS boolean
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined
AS $$
	SELECT sharing = 'restricted'::fieldpost.sharing_level AND NOT restricted_by_mail
$$;

-- Not withdrawn; in the form that the planner guesses right while all are new.
CREATE FUNCTION read.is_kept(state fieldpost.feedback_state)
RETURNS boolean
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined
AS $$
	SELECT state IN ('new'::fieldpost.feedback_state, 'read'::fieldpost.feedback_state, 'assigned'::fieldpost.feedback_state,
		'used'::fieldpost.feedback_state, 'not-used'::fieldpost.feedback_state)
$$;

-- A digest's bounds. edges: where its period and the seven before it begin, and the end, by the calendar of its zone. comparable: it is one
-- period of the calendar, and there was one before it.
CREATE FUNCTION read.digest_scope(digest_id bigint)
RETURNS TABLE (subscription_id bigint, team_id bigint, period_start timestamptz, period_end timestamptz, edges timestamptz[], comparable boolean,
	filter fieldpost.digest_filter, language text, restricted_by_mail boolean)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT s.subscription_id, s.team_id, d.period_start, d.period_end,
		ARRAY(SELECT ((d.period_end AT TIME ZONE s.zone) - k * step.length) AT TIME ZONE s.zone FROM generate_series(8, 0, -1) k),
		NOT d.by_hand AND d.period_end - d.period_start < step.length * 1.3 AND d.period_end - d.period_start > step.length * 0.8
			AND EXISTS (SELECT FROM digest e WHERE e.subscription_id = d.subscription_id AND e.period_end <= d.period_start),
		fieldpost.filter_of(s.filters), s.language, t.restricted_by_mail
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
	CROSS JOIN LATERAL (SELECT CASE s.frequency WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days'
		ELSE interval '1 month' END AS length) step
	WHERE d.digest_id = digest_scope.digest_id;
END $$;

CREATE FUNCTION read.digest_head(digest_id bigint)
RETURNS TABLE (team text, language text, frequency text, zone text, weekday bigint, hour bigint, filters jsonb, by_hand boolean, late boolean,
	period_start timestamptz, period_end timestamptz, comparable boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT t.name, s.language, s.frequency, s.zone, s.weekday::bigint, s.hour::bigint,
		jsonb_strip_nulls(jsonb_build_object(
			'forms', (SELECT jsonb_agg(coalesce(read.form_title(f.value, s.language), f.value) ORDER BY f.ordinality)
				FROM jsonb_array_elements_text(s.filters -> 'forms') WITH ORDINALITY f),
			'countries', s.filters -> 'countries',
			'regions', (SELECT jsonb_agg(jsonb_build_object('name', f.value, 'code', r.code) ORDER BY f.ordinality)
				FROM jsonb_array_elements_text(s.filters -> 'regions') WITH ORDINALITY f LEFT JOIN region r ON r.name = f.value),
			'programmes', s.filters -> 'programmes',
			'languages', s.filters -> 'languages',
			'themes', (SELECT jsonb_agg(coalesce(read.theme_label(f.value, s.language), f.value) ORDER BY f.ordinality)
				FROM jsonb_array_elements_text(s.filters -> 'themes') WITH ORDINALITY f))),
		d.by_hand, d.late, d.period_start, d.period_end, x.comparable
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id) CROSS JOIN LATERAL read.digest_scope(d.digest_id) x
	WHERE d.digest_id = digest_head.digest_id;
END $$;

-- What the subscription is about and its reader may see, filed in eight periods up to the digest's end, oldest first; none unless there is
-- something to compare with.
CREATE FUNCTION read.digest_trend(digest_id bigint)
RETURNS TABLE (replies bigint, countries bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_trend.digest_id) x WHERE x.comparable
	), counted AS (
		SELECT width_bucket(f.filed_at, x.edges) AS period, CASE WHEN NOT read.is_withheld(f.sharing, x.restricted_by_mail) THEN f.country END AS country,
			count(*) AS replies
		FROM scope x JOIN feedback f ON f.filed_at >= x.edges[1] AND f.filed_at < x.period_end AND read.is_kept(f.state)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		GROUP BY 1, 2
	)
	SELECT coalesce(sum(c.replies), 0)::bigint, count(c.country)
	FROM scope CROSS JOIN generate_series(1, 8) AS wanted (period) LEFT JOIN counted c USING (period)
	GROUP BY wanted.period ORDER BY wanted.period;
END $$;

-- The fields of each form by their part in a digest.
CREATE FUNCTION read.form_parts()
RETURNS TABLE (form_id text, urgent text, failure text, lesson text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT DISTINCT ON (v.form_id) v.form_id,
		(SELECT f ->> 'name' FROM jsonb_array_elements(v.fields) f WHERE f ->> 'digest' = 'urgent' LIMIT 1),
		(SELECT f ->> 'name' FROM jsonb_array_elements(v.fields) f WHERE f ->> 'digest' = 'failure' LIMIT 1),
		(SELECT f ->> 'name' FROM jsonb_array_elements(v.fields) f WHERE f ->> 'digest' = 'lesson' LIMIT 1)
	FROM form_version v ORDER BY v.form_id, v.version DESC
$$;

-- The lines that the mail and its table are made of: all, or of very many the urgent ones and as many of each form's themes, those that tell
-- both a failure and a lesson first.
CREATE FUNCTION read.digest_chosen(digest_id bigint, maximum bigint)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
DECLARE
	many boolean := EXISTS (SELECT FROM digest_line l WHERE l.digest_id = digest_chosen.digest_id AND l.revision_kind = 'new'
		OFFSET digest_chosen.maximum);
BEGIN
	IF NOT many THEN
		RETURN QUERY SELECT l.feedback_id FROM digest_line l WHERE l.digest_id = digest_chosen.digest_id AND l.revision_kind = 'new';
		RETURN;
	END IF;
	RETURN QUERY
	WITH marked AS (
		SELECT l.feedback_id, l.line_number, f.form_id, f.theme[1] AS theme, coalesce(r.answers -> p.urgent = 'true', false) AS urgent,
			coalesce(r.answers ->> p.failure <> '', false)::integer + coalesce(r.answers ->> p.lesson <> '', false)::integer AS tells
		FROM digest_line l JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON true
		JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
		JOIN (SELECT * FROM read.form_parts() OFFSET 0) p ON p.form_id = f.form_id
		WHERE l.digest_id = digest_chosen.digest_id AND l.revision_kind = 'new' AND read.is_kept(f.state)
	), ranked AS (
		SELECT m.feedback_id, m.urgent, m.line_number, row_number() OVER (PARTITION BY m.form_id, m.theme, m.urgent
			ORDER BY m.tells DESC, m.line_number) AS rank
		FROM marked m
	)
	SELECT r.feedback_id FROM ranked r
	ORDER BY (r.urgent AND r.rank <= digest_chosen.maximum / 4) DESC, r.rank, r.line_number LIMIT digest_chosen.maximum;
END $$;

-- The lines. A restricted one is whole only for a cleared team that takes such words by mail: else number, form and arrival.
CREATE FUNCTION read.digest_lines(digest_id bigint, maximum bigint)
RETURNS TABLE (number bigint, form_id text, country text, name text, language text, sharing text, verified boolean,
	withheld boolean, received timestamptz, answers jsonb, remarks text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT f.line_number, f.form_id, CASE WHEN NOT w.withheld THEN f.country END,
		CASE WHEN f.sharing <> 'no-name' AND NOT w.withheld THEN nullif(btrim(m.from_name), '') END,
		CASE WHEN NOT w.withheld THEN f.language END, f.sharing::text, f.verified, w.withheld, f.received_at,
		CASE WHEN w.withheld THEN '{}' ELSE read.shown_answers(r.answers, r.hidden, f.sharing) END,
		CASE WHEN NOT w.withheld THEN read.shown_remarks(r.remarks, r.hidden, f.sharing) END
	FROM (SELECT * FROM read.digest_scope(digest_lines.digest_id) OFFSET 0) x
	CROSS JOIN read.digest_chosen(digest_lines.digest_id, digest_lines.maximum) l
	JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l OFFSET 0) f ON read.is_kept(f.state)
	JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
	JOIN message m ON m.message_id = f.message_id
	CROSS JOIN LATERAL (SELECT read.is_withheld(f.sharing, x.restricted_by_mail) AS withheld) w
	ORDER BY f.line_number;
END $$;

-- The forms of which the digest has a line, most replies first, with how many there were the period before.
CREATE FUNCTION read.digest_forms(digest_id bigint)
RETURNS TABLE (form_id text, title text, fields jsonb, replies bigint, before bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_forms.digest_id)
	), lines AS MATERIALIZED (
		SELECT f.form_id, count(*) AS replies FROM digest_line l JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state)
		WHERE l.digest_id = digest_forms.digest_id AND l.revision_kind = 'new'
		GROUP BY f.form_id
	), earlier AS MATERIALIZED (
		SELECT f.form_id, count(*) AS replies
		FROM scope x JOIN feedback f ON f.filed_at >= x.edges[7] AND f.filed_at < x.edges[8] AND read.is_kept(f.state)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		WHERE x.comparable GROUP BY f.form_id
	)
	SELECT v.form_id, v.title, v.fields, lines.replies, coalesce(earlier.replies, 0)
	FROM scope x CROSS JOIN LATERAL read.forms_in(x.language) v
	JOIN lines ON lines.form_id = v.form_id LEFT JOIN earlier ON earlier.form_id = v.form_id
	ORDER BY lines.replies DESC, v.form_id;
END $$;

-- How often each value was given: of choices each of them, of numbers each number.
CREATE FUNCTION read.digest_values(digest_id bigint)
RETURNS TABLE (form_id text, field text, value text, count bigint, before bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1 SET enable_sort = off SET work_mem = '64MB'
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_values.digest_id)
	), given AS MATERIALIZED (
		SELECT f.form_id, r.answers, true AS now
		FROM scope x JOIN digest_line l ON l.digest_id = digest_values.digest_id AND l.revision_kind = 'new'
		JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state)
		JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
		WHERE NOT read.is_withheld(f.sharing, x.restricted_by_mail)
		UNION ALL
		SELECT f.form_id, r.answers, false
		FROM scope x JOIN feedback f ON f.filed_at >= x.edges[7] AND f.filed_at < x.edges[8] AND read.is_kept(f.state)
			AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
		WHERE x.comparable
	), single AS (
		SELECT g.form_id, x.name AS field, g.answers ->> x.name AS value, g.now
		FROM form_field x JOIN given g ON g.form_id = x.form_id WHERE x.type IN ('choice', 'scale', 'number', 'yes_no')
		UNION ALL
		SELECT g.form_id, x.name, v.value, g.now
		FROM form_field x JOIN given g ON g.form_id = x.form_id
		CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(g.answers -> x.name) WHEN 'array' THEN g.answers -> x.name END) v
		WHERE x.type = 'choices'
	), counted AS (
		SELECT s.form_id, s.field, s.value, count(*) FILTER (WHERE s.now) AS now, count(*) FILTER (WHERE NOT s.now) AS before
		FROM single s WHERE s.value IS NOT NULL GROUP BY 1, 2, 3 OFFSET 0
	)
	SELECT * FROM counted c ORDER BY 1, 2, 3;
END $$;

-- What waits for a person among what the subscription may be about. A message whose form or country is not known may be.
CREATE FUNCTION read.digest_waiting(digest_id bigint)
RETURNS TABLE (reason text, country text, since timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT m.reason::text, m.result -> 'values' ->> 'country', m.received_at
	FROM read.digest_scope(digest_waiting.digest_id) x JOIN message m ON m.state = 'review' AND m.settled_at < x.period_end
	WHERE coalesce(m.form_id = ANY ((x.filter).forms), true) AND coalesce(m.result -> 'values' ->> 'country' = ANY ((x.filter).countries), true);
END $$;

-- Every country that was ever heard, by the index alone.
CREATE FUNCTION read.countries_heard()
RETURNS TABLE (country text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
	WITH RECURSIVE heard AS (
		SELECT (SELECT f.country FROM feedback f WHERE f.country IS NOT NULL ORDER BY f.country LIMIT 1) AS country
		UNION ALL
		SELECT (SELECT f.country FROM feedback f WHERE f.country > h.country ORDER BY f.country LIMIT 1) FROM heard h WHERE h.country IS NOT NULL
	)
	SELECT h.country FROM heard h WHERE h.country IS NOT NULL
$$;

-- Countries that were heard at least once, were asked, or that the subscription names. silent_weeks: whole weeks without a reply before the
-- period's end; null: never heard. Waiting for review and answered of asked count every level: they say nothing about words or people. Where
-- people were asked, countries with fewer than three of them stand together under no name.
CREATE FUNCTION read.digest_countries(digest_id bigint)
RETURNS TABLE (country text, replies bigint, silent_weeks bigint, review bigint, asked bigint, answered bigint, not_reached bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_countries.digest_id)
	), people AS MATERIALIZED (
		SELECT * FROM fieldpost.digest_asked(digest_countries.digest_id)
	), lines AS MATERIALIZED (
		SELECT f.country, count(*) AS replies
		FROM scope x JOIN digest_line l ON l.digest_id = digest_countries.digest_id AND l.revision_kind = 'new'
		JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
		GROUP BY f.country
	), waiting AS MATERIALIZED (
		SELECT w.country, count(*) AS review FROM read.digest_waiting(digest_countries.digest_id) w WHERE w.country IS NOT NULL GROUP BY w.country
	), known AS (
		SELECT h.country FROM scope x CROSS JOIN read.countries_heard() h WHERE (x.filter).countries IS NULL
		UNION SELECT unnest((x.filter).countries) FROM scope x
		UNION SELECT p.country FROM people p WHERE p.country IS NOT NULL
	), told AS (
		SELECT k.country, coalesce(l.replies, 0) AS replies,
			CASE WHEN l.replies > 0 THEN 0 ELSE greatest(0, floor(extract(epoch FROM x.period_end - h.last_at) / 604800))::bigint END AS silent_weeks,
			coalesce(w.review, 0) AS review, p.asked, p.answered, p.not_reached
		FROM scope x CROSS JOIN known k LEFT JOIN lines l USING (country) LEFT JOIN waiting w USING (country)
		LEFT JOIN people p USING (country)
		LEFT JOIN LATERAL (
			SELECT f.received_at AS last_at FROM feedback f
			WHERE f.country = k.country AND f.filed_at < x.period_end AND read.is_kept(f.state)
				AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
				AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
			ORDER BY f.country, f.received_at DESC LIMIT 1
		) h ON l.replies IS NULL
		WHERE l.replies > 0 OR w.review > 0 OR h.last_at IS NOT NULL OR p.asked > 0 OR (x.filter).countries IS NOT NULL
	), named AS (
		SELECT CASE WHEN t.asked > 0 OR NOT EXISTS (SELECT FROM people) THEN t.country END AS country, t.*
		FROM told t
	)
	SELECT n.country, sum(n.replies)::bigint, CASE WHEN n.country IS NOT NULL THEN max(n.silent_weeks) END, sum(n.review)::bigint,
		coalesce(sum(n.asked), 0)::bigint, coalesce(sum(n.answered), 0)::bigint, coalesce(sum(n.not_reached), 0)::bigint
	FROM (SELECT n.country, n.replies, n.silent_weeks, n.review, n.asked, n.answered, n.not_reached FROM named n (country, known, replies,
			silent_weeks, review, asked, answered, not_reached)
		UNION ALL SELECT NULL, 0, NULL, 0, p.asked, p.answered, p.not_reached FROM people p WHERE p.country IS NULL) n
	GROUP BY n.country ORDER BY n.country;
END $$;

-- Themes of the forms the subscription is about that were heard in the quarter before and in no line of this digest, with the weeks since.
CREATE FUNCTION read.digest_themes(digest_id bigint)
RETURNS TABLE (label text, weeks bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_themes.digest_id)
	), themes AS MATERIALIZED (
		SELECT v.form_id, o.value ->> 'value' AS theme, o.value ->> 'label' AS label, o.ordinality
		FROM scope x CROSS JOIN LATERAL read.forms_in(x.language) v
		CROSS JOIN LATERAL jsonb_array_elements(v.fields) f
		CROSS JOIN LATERAL jsonb_array_elements(f.value -> 'options') WITH ORDINALITY o
		WHERE (f.value -> 'theme')::boolean AND coalesce(v.form_id = ANY ((x.filter).forms), true)
			AND coalesce(o.value ->> 'value' = ANY ((x.filter).themes), true)
	), lines AS MATERIALIZED (
		SELECT DISTINCT f.form_id, f.theme
		FROM scope x JOIN digest_line l ON l.digest_id = digest_themes.digest_id AND l.revision_kind = 'new'
		JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
	), heard AS MATERIALIZED (
		SELECT f.form_id, f.theme, max(f.received_at) AS last_at
		FROM scope x CROSS JOIN LATERAL (SELECT f.* FROM feedback f
			WHERE f.filed_at < x.period_end - interval '7 days' AND f.filed_at >= x.period_end - interval '91 days' OFFSET 0) f
		WHERE read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		GROUP BY 1, 2
	), last AS (
		SELECT t.form_id, t.label, t.ordinality, floor(extract(epoch FROM x.period_end - max(h.last_at)) / 604800)::bigint AS weeks
		FROM scope x CROSS JOIN themes t JOIN heard h ON h.form_id = t.form_id AND t.theme = ANY (h.theme)
		WHERE NOT EXISTS (SELECT FROM lines l WHERE l.form_id = t.form_id AND t.theme = ANY (l.theme))
		GROUP BY t.form_id, t.label, t.ordinality, x.period_end
	)
	SELECT l.label, l.weeks FROM last l WHERE l.weeks >= 1 ORDER BY l.weeks DESC, l.form_id, l.ordinality;
END $$;

CREATE FUNCTION read.digest_review(digest_id bigint)
RETURNS TABLE (reason text, count bigint, oldest_days bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT w.reason, count(*), max(floor(extract(epoch FROM d.period_end - w.since) / 86400))::bigint
	FROM digest d CROSS JOIN LATERAL read.digest_waiting(d.digest_id) w
	WHERE d.digest_id = digest_review.digest_id
	GROUP BY w.reason ORDER BY 2 DESC, 1;
END $$;

-- What was told before and has changed since: one row a field. was, now: as answers hold them, null: nothing; names and addresses go from both
-- where the person is not to be named now. Of what is withheld nothing.
CREATE FUNCTION read.digest_corrections(digest_id bigint)
RETURNS TABLE (number bigint, form_id text, title text, country text, field jsonb, was jsonb, now jsonb, author text, day timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
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
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
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
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET join_collapse_limit = 1
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

GRANT EXECUTE ON FUNCTION read.digest_head(bigint), read.digest_trend(bigint), read.digest_lines(bigint, bigint),
	read.digest_forms(bigint), read.digest_values(bigint), read.digest_countries(bigint), read.digest_themes(bigint),
	read.digest_review(bigint), read.digest_corrections(bigint), read.digest_conversations(bigint, bigint), read.digest_outcomes(bigint)
	TO fieldpost_reader;
