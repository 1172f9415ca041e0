-- A digest's figures: what is missing, who answered, how often what was said. See digest.sql.
SET LOCAL ROLE fieldpost_views;

-- In PL/pgSQL a connection plans each of them once, not for every digest. Functions over many rows go from the digest's lines, or a stretch of
-- time, to each row by its key, in the order that is written (LATERAL with OFFSET 0): what the planner guesses behind policies would read whole
-- tables.

-- What a digest counts, in one pass over its lines and over what was filed in the period before (where there is something to compare with):
--   {"forms": [[form, replies, before]], "countries": {country: replies}, "themes": [[form, theme]],
--    "values": [[form, field, value, count, before]], "chosen": [feedback_id]}
-- values: of choices each of them, of numbers each number. What is withheld counts as a reply of its form, and in nothing else. chosen: the
-- lines that the mail and its table are made of: all, or of very many the urgent ones and as many of each form's themes, those that tell both a
-- failure and a lesson first.
--
-- The functions that take what it gave need not go over the lines again.
CREATE FUNCTION read.digest_told(digest_id bigint, maximum bigint)
RETURNS TABLE (told jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_told.digest_id)
	), told AS MATERIALIZED (
		SELECT f.feedback_id, l.line_number, f.form_id, f.country, f.theme, read.is_withheld(f.sharing, x.restricted_by_mail) AS withheld,
			r.answers, true AS now
		FROM scope x JOIN digest_line l ON l.digest_id = digest_told.digest_id AND l.revision_kind = 'new'
		JOIN LATERAL (SELECT f.* FROM feedback f WHERE f.feedback_id = l.feedback_id OFFSET 0) f ON read.is_kept(f.state)
		JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
		UNION ALL
		SELECT NULL, NULL, f.form_id, NULL, NULL, read.is_withheld(f.sharing, x.restricted_by_mail), r.answers, false
		FROM scope x JOIN feedback f ON f.filed_at >= x.edges[7] AND f.filed_at < x.edges[8] AND read.is_kept(f.state)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		JOIN LATERAL (SELECT r.* FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision OFFSET 0) r ON true
		WHERE x.comparable
	), given AS (
		SELECT t.form_id, x.name, x.type, t.answers -> x.name AS value, count(*) FILTER (WHERE t.now) AS now, count(*) FILTER (WHERE NOT t.now) AS before
		FROM told t JOIN form_field x ON x.form_id = t.form_id AND x.type IN ('choice', 'choices', 'scale', 'number', 'yes_no')
		WHERE NOT t.withheld GROUP BY 1, 2, 3, 4
	), marked AS (
		SELECT t.feedback_id, t.line_number, t.form_id, t.theme[1] AS theme, coalesce(t.answers -> p.urgent = 'true', false) AS urgent,
			coalesce(t.answers ->> p.failure <> '', false)::integer + coalesce(t.answers ->> p.lesson <> '', false)::integer AS tells
		FROM told t JOIN (SELECT * FROM read.form_parts() OFFSET 0) p ON p.form_id = t.form_id WHERE t.now
	), ranked AS (
		SELECT m.feedback_id, m.urgent, m.line_number, row_number() OVER (PARTITION BY m.form_id COLLATE "C", m.theme COLLATE "C", m.urgent
			ORDER BY m.tells DESC, m.line_number) AS rank
		FROM marked m
	), chosen AS (
		SELECT r.feedback_id FROM ranked r
		ORDER BY (r.urgent AND r.rank <= digest_told.maximum / 4) DESC, r.rank, r.line_number LIMIT digest_told.maximum
	)
	SELECT jsonb_build_object(
		'forms', coalesce((SELECT jsonb_agg(c.told) FROM (SELECT jsonb_build_array(t.form_id, count(*) FILTER (WHERE t.now),
			count(*) FILTER (WHERE NOT t.now)) AS told FROM told t GROUP BY t.form_id) c), '[]'),
		'countries', coalesce((SELECT jsonb_object_agg(c.country, c.replies) FROM (SELECT t.country, count(*) AS replies FROM told t
			WHERE t.country IS NOT NULL AND NOT t.withheld GROUP BY 1) c), '{}'),
		'themes', coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_array(c.form_id, h)) FROM (SELECT t.form_id, t.theme FROM told t
			WHERE t.now AND NOT t.withheld GROUP BY 1, 2) c CROSS JOIN unnest(c.theme) h), '[]'),
		'values', coalesce((SELECT jsonb_agg(jsonb_build_array(c.form_id, c.name, c.value, c.now, c.before)) FROM (
			SELECT g.form_id, g.name, v.value, sum(g.now) AS now, sum(g.before) AS before FROM given g CROSS JOIN LATERAL (
				SELECT g.value #>> '{}' WHERE g.type <> 'choices'
				UNION ALL
				SELECT jsonb_array_elements_text(g.value) WHERE g.type = 'choices' AND jsonb_typeof(g.value) = 'array') v (value)
			WHERE v.value IS NOT NULL GROUP BY 1, 2, 3) c), '[]'),
		'chosen', coalesce((SELECT jsonb_agg(c.feedback_id) FROM chosen c), '[]'));
END $$;

-- What digest_told() said, or says now.
CREATE FUNCTION read.told(digest_id bigint, maximum bigint, told jsonb, part text)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT CASE WHEN told.told ? 'values' THEN told.told ELSE (SELECT d.told FROM read.digest_told(told.digest_id, told.maximum) d) END -> told.part
$$;

-- What the subscription is about and its reader may see, filed in eight periods up to the digest's end, oldest first; none unless there is
-- something to compare with. Of those asked how many answered, whatever the level; days: the median between being asked and the answer.
CREATE FUNCTION read.digest_trend(digest_id bigint)
RETURNS TABLE (replies bigint, countries bigint, asked bigint, answered bigint, days bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
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
	), took AS (
		SELECT width_bucket(f.filed_at, x.edges) AS period,
			round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM f.received_at - q.asked_at) / 86400))::bigint AS days
		FROM scope x JOIN feedback f ON f.filed_at >= x.edges[1] AND f.filed_at < x.period_end AND f.request_id IS NOT NULL AND read.is_kept(f.state)
			AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		JOIN request q ON q.request_id = f.request_id AND q.asked_at <= f.received_at
		GROUP BY 1
	), heard AS (
		SELECT c.period, sum(c.replies)::bigint AS replies, count(c.country) AS countries FROM counted c GROUP BY 1
	)
	SELECT coalesce(h.replies, 0), coalesce(h.countries, 0), coalesce(a.asked, 0), coalesce(a.answered, 0), t.days
	FROM scope x CROSS JOIN generate_series(1, 8) AS wanted (period) LEFT JOIN heard h USING (period) LEFT JOIN took t USING (period)
	LEFT JOIN fieldpost.digest_answered(digest_trend.digest_id, x.edges) a USING (period)
	ORDER BY wanted.period;
END $$;

-- The forms of which the digest has a line, most replies first, with how many there were the period before.
CREATE FUNCTION read.digest_forms(digest_id bigint, told jsonb DEFAULT NULL)
RETURNS TABLE (form_id text, title text, fields jsonb, replies bigint, before bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT v.form_id, v.title, v.fields, (c ->> 1)::bigint, (c ->> 2)::bigint
	FROM read.digest_scope(digest_forms.digest_id) x CROSS JOIN LATERAL read.forms_in(x.language) v
	JOIN jsonb_array_elements(read.told(digest_forms.digest_id, 0, digest_forms.told, 'forms')) c ON c ->> 0 = v.form_id
	WHERE (c ->> 1)::bigint > 0
	ORDER BY 4 DESC, v.form_id;
END $$;

-- How often each value was given: of choices each of them, of numbers each number.
CREATE FUNCTION read.digest_values(digest_id bigint, told jsonb DEFAULT NULL)
RETURNS TABLE (form_id text, field text, value text, count bigint, before bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT v ->> 0, v ->> 1, v ->> 2, (v ->> 3)::bigint, (v ->> 4)::bigint
	FROM jsonb_array_elements(read.told(digest_values.digest_id, 0, digest_values.told, 'values')) v
	ORDER BY 1, 2, 3;
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
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
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
CREATE FUNCTION read.digest_countries(digest_id bigint, told jsonb DEFAULT NULL)
RETURNS TABLE (country text, replies bigint, silent_weeks bigint, review bigint, asked bigint, answered bigint, not_reached bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_countries.digest_id)
	), people AS MATERIALIZED (
		SELECT * FROM fieldpost.digest_asked(digest_countries.digest_id)
	), lines AS MATERIALIZED (
		SELECT c.key AS country, c.value::bigint AS replies
		FROM jsonb_each_text(read.told(digest_countries.digest_id, 0, digest_countries.told, 'countries')) c
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
CREATE FUNCTION read.digest_themes(digest_id bigint, told jsonb DEFAULT NULL)
RETURNS TABLE (label text, weeks bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS MATERIALIZED (
		SELECT * FROM read.digest_scope(digest_themes.digest_id)
	), lines AS MATERIALIZED (
		SELECT h ->> 0 AS form_id, h ->> 1 AS theme FROM jsonb_array_elements(read.told(digest_themes.digest_id, 0, digest_themes.told, 'themes')) h
	), silent AS MATERIALIZED (
		SELECT v.form_id, o.value ->> 'value' AS theme, o.value ->> 'label' AS label, o.ordinality
		FROM scope x CROSS JOIN LATERAL read.forms_in(x.language) v
		CROSS JOIN LATERAL jsonb_array_elements(v.fields) f
		CROSS JOIN LATERAL jsonb_array_elements(f.value -> 'options') WITH ORDINALITY o
		WHERE (f.value -> 'theme')::boolean AND coalesce(v.form_id = ANY ((x.filter).forms), true)
			AND coalesce(o.value ->> 'value' = ANY ((x.filter).themes), true)
			AND NOT EXISTS (SELECT FROM lines l WHERE l.form_id = v.form_id AND l.theme = o.value ->> 'value')
	), heard AS MATERIALIZED (
		SELECT f.form_id, f.theme, max(f.received_at) AS last_at
		FROM scope x CROSS JOIN LATERAL (SELECT f.* FROM feedback f
			WHERE f.filed_at < x.period_end - interval '7 days' AND f.filed_at >= x.period_end - interval '91 days' OFFSET 0) f
		WHERE EXISTS (SELECT FROM silent) AND f.theme && (SELECT array_agg(s.theme) FROM silent s)
			AND read.is_kept(f.state) AND NOT read.is_withheld(f.sharing, x.restricted_by_mail)
			AND fieldpost.filter_takes(x.filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		GROUP BY 1, 2
	), last AS (
		SELECT s.form_id, s.label, s.ordinality, floor(extract(epoch FROM x.period_end - max(h.last_at)) / 604800)::bigint AS weeks
		FROM scope x CROSS JOIN silent s JOIN heard h ON h.form_id = s.form_id AND s.theme = ANY (h.theme)
		GROUP BY s.form_id, s.label, s.ordinality, x.period_end
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

GRANT EXECUTE ON FUNCTION read.digest_told(bigint, bigint), read.digest_trend(bigint), read.digest_forms(bigint, jsonb), read.digest_values(bigint, jsonb),
	read.digest_countries(bigint, jsonb), read.digest_themes(bigint, jsonb), read.digest_review(bigint) TO fieldpost_reader;
