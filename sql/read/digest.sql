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
-- The same by the periods of a trend, without countries: how many had been asked and had not answered before, how many of them answered in it.
CREATE FUNCTION fieldpost.digest_answered(digest_id bigint, edges timestamptz[])
RETURNS TABLE (period integer, asked bigint, answered bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH scope AS (
		SELECT ROW((f).forms, (f).countries, (f).contacts, NULL, (f).languages)::digest_filter AS filter FROM digest d JOIN subscription s USING (subscription_id)
		CROSS JOIN filter_of(s.filters) f WHERE d.digest_id = digest_answered.digest_id OFFSET 0
	), people AS (
		SELECT k AS period, coalesce(q.contact_id, -q.request_id) AS person, bool_or(q.answered_at < edges[k + 1]) AS answered
		FROM scope s CROSS JOIN generate_series(1, 8) k
		JOIN request q ON q.asked_at < edges[k + 1] AND q.asked_at >= edges[k + 1] - interval '56 days' AND coalesce(q.answered_at >= edges[k], true)
		LEFT JOIN identity.contact c USING (contact_id)
		WHERE filter_takes(s.filter, q.form_id, coalesce(q.country, c.country), q.contact_id, '{}', q.language)
		GROUP BY 1, 2
	)
	SELECT p.period, count(*), count(*) FILTER (WHERE p.answered) FROM people p GROUP BY 1;
END $$;
GRANT SELECT (request_id, asked_at) ON fieldpost.request TO fieldpost_views;
GRANT EXECUTE ON FUNCTION fieldpost.digest_asked(bigint), fieldpost.digest_answered(bigint, timestamptz[]), fieldpost.filter_of(jsonb), fieldpost.filter_takes(fieldpost.digest_filter, text, text,
	bigint, text[], text) TO fieldpost_views;

SET LOCAL ROLE fieldpost_views;

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

GRANT EXECUTE ON FUNCTION read.digest_head(bigint) TO fieldpost_reader;
