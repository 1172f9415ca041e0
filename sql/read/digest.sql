-- A digest as its readers may see it. Read in a transaction as fieldpost_reader; the functions run as the owner of the views, whom
-- the policies bind: what a member may not read is in no line, no sum and no trend.
SET LOCAL ROLE fieldpost_owner;
GRANT SELECT ON fieldpost.team, fieldpost.subscription, fieldpost.digest, fieldpost.digest_line, fieldpost.form_version,
	fieldpost.form_field, fieldpost.feedback, fieldpost.feedback_revision TO fieldpost_views; -- the last two by policy
GRANT SELECT (message_id, state, reason, form_id, received_at, settled_at, from_name, from_address, result)
	ON fieldpost.message TO fieldpost_views;

SET LOCAL ROLE fieldpost_views;

-- Text in the reader's language, else in English, else in the first there is.
CREATE FUNCTION read.word(words jsonb, language text)
RETURNS text
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT coalesce(words ->> language, words ->> split_part(language, '-', 1), words ->> 'en',
		(SELECT w.value FROM jsonb_each_text(words) w ORDER BY w.key LIMIT 1))
$$;

-- A text as a regular expression that matches just it.
CREATE FUNCTION read.quoted(text text)
RETURNS text
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT regexp_replace(text, '([^[:alnum:][:space:]])', '\\\1', 'g')
$$;

-- Words of somebody who is not to be named, without their name and address where the words themselves hold them: the whole name in
-- any case, its parts of three letters and more as they are written in the name. (The views of `report` rest on it: it is replaced.)
CREATE OR REPLACE FUNCTION read.without_name(words text, name text, address text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part text;
	hidden text := words;
BEGIN
	IF coalesce(address, '') <> '' AND strpos(lower(words), lower(address)) > 0 THEN
		hidden := regexp_replace(hidden, read.quoted(address), '[…]', 'gi');
	END IF;
	IF coalesce(btrim(name), '') = '' THEN
		RETURN hidden;
	END IF;
	IF strpos(lower(hidden), lower((regexp_split_to_array(btrim(name), '\s+'))[1])) > 0 THEN
		hidden := regexp_replace(hidden, '(?<!\w)' || regexp_replace(read.quoted(btrim(name)), '\s+', '\s+', 'g') || '(?!\w)', '[…]', 'gi');
	END IF;
	FOREACH part IN ARRAY regexp_split_to_array(name, '[[:space:],.()"<>]+') LOOP
		IF length(part) >= 3 AND strpos(hidden, part) > 0 AND part ~ '^[[:upper:]]|[^[:ascii:]]' THEN
			hidden := regexp_replace(hidden, '(?<!\w)' || read.quoted(part) || '(?!\w)', '[…]', 'g');
		END IF;
	END LOOP;
	IF hidden = words THEN
		RETURN words;
	END IF;
	RETURN regexp_replace(hidden, '\[…\](\s+\[…\])+', '[…]', 'g');
END $$;

GRANT EXECUTE ON FUNCTION read.quoted(text), read.without_name(text, text, text) TO fieldpost_reader, fieldpost_analyst;

-- Every string of the answers through without_name().
CREATE FUNCTION read.answers_without_name(answers jsonb, name text, address text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_object_agg(a.key, CASE WHEN jsonb_typeof(a.value) = 'string'
		THEN to_jsonb(read.without_name(a.value #>> '{}', answers_without_name.name, address)) ELSE a.value END), '{}')
	FROM jsonb_each(answers) a
$$;

CREATE FUNCTION read.matches(filters jsonb, form_id text, country text, theme text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT (filters -> 'forms' IS NULL OR filters -> 'forms' ? form_id)
		AND (filters -> 'countries' IS NULL OR coalesce(filters -> 'countries' ? country, false))
		AND (filters -> 'themes' IS NULL OR jsonb_exists_any(filters -> 'themes', theme))
$$;

-- The newest version of every form with its labels in one language.
CREATE FUNCTION read.forms_in(language text)
RETURNS TABLE (form_id text, title text, fields jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT DISTINCT ON (v.form_id) v.form_id, read.word(v.title, forms_in.language),
		(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', f.value -> 'name', 'type', f.value -> 'type',
			'label', read.word(f.value -> 'label', forms_in.language), 'theme', f.value -> 'theme', 'digest', f.value -> 'digest',
			'min', f.value -> 'min', 'max', f.value -> 'max',
			'options', (SELECT jsonb_agg(jsonb_build_object('value', o.value -> 'value',
				'label', read.word(o.value -> 'label', forms_in.language)) ORDER BY o.ordinality)
				FROM jsonb_array_elements(f.value -> 'options') WITH ORDINALITY o))) ORDER BY f.ordinality)
			FROM jsonb_array_elements(v.fields) WITH ORDINALITY f)
	FROM form_version v ORDER BY v.form_id, v.version DESC
$$;

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
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT sharing = 'restricted' AND NOT restricted_by_mail
$$;

-- What the subscription is about and its reader may see, filed in the eight weeks up to the period's end: week 0 is the last.
CREATE FUNCTION read.digest_weeks(digest_id bigint)
RETURNS TABLE (week bigint, feedback_id bigint, form_id text, country text, answers jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT ceil(extract(epoch FROM d.period_end - f.filed_at) / 604800)::bigint - 1, f.feedback_id, f.form_id,
		CASE WHEN NOT w.withheld THEN f.country END, CASE WHEN w.withheld THEN '{}' ELSE r.answers END
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
	JOIN feedback f ON f.filed_at < d.period_end AND f.filed_at >= d.period_end - interval '56 days'
		AND f.state <> 'withdrawn' AND read.matches(s.filters, f.form_id, f.country, f.theme)
	JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	CROSS JOIN LATERAL (SELECT read.is_withheld(f.sharing, t.restricted_by_mail) AS withheld) w
	WHERE d.digest_id = digest_weeks.digest_id
$$;

CREATE FUNCTION read.digest_head(digest_id bigint)
RETURNS TABLE (team text, language text, zone text, weekday bigint, hour bigint, filters jsonb, by_hand boolean, late boolean,
	period_start timestamptz, period_end timestamptz, comparable boolean, before bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH head AS (
		SELECT t.name AS team, s.language, s.zone, s.weekday, s.hour, s.filters, d.by_hand, d.late, d.period_start, d.period_end,
			d.subscription_id,
			-- A week against the week before; the first digest has none before it.
			NOT d.by_hand AND d.period_end - d.period_start BETWEEN interval '7 days' - interval '2 hours'
				AND interval '7 days' + interval '2 hours'
			AND EXISTS (SELECT FROM digest e WHERE e.subscription_id = d.subscription_id AND e.period_end <= d.period_start)
				AS comparable
		FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
		WHERE d.digest_id = digest_head.digest_id
	)
	SELECT h.team, h.language, h.zone, h.weekday::bigint, h.hour::bigint,
		jsonb_strip_nulls(jsonb_build_object(
			'forms', (SELECT jsonb_agg(coalesce(read.form_title(f.value, h.language), f.value) ORDER BY f.ordinality)
				FROM jsonb_array_elements_text(h.filters -> 'forms') WITH ORDINALITY f),
			'countries', h.filters -> 'countries',
			'themes', (SELECT jsonb_agg(coalesce(read.theme_label(f.value, h.language), f.value) ORDER BY f.ordinality)
				FROM jsonb_array_elements_text(h.filters -> 'themes') WITH ORDINALITY f))),
		h.by_hand, h.late, h.period_start, h.period_end, h.comparable,
		CASE WHEN h.comparable THEN
			(SELECT count(*) FROM read.digest_weeks(digest_head.digest_id) w WHERE w.week = 1) END
	FROM head h
$$;

-- The eight weeks, oldest first; none unless there is something to compare with.
CREATE FUNCTION read.digest_trend(digest_id bigint)
RETURNS TABLE (replies bigint, countries bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT count(w.feedback_id), count(DISTINCT w.country)
	FROM generate_series(7, 0, -1) AS wanted (week)
	LEFT JOIN read.digest_weeks(digest_trend.digest_id) w USING (week)
	WHERE (SELECT h.comparable FROM read.digest_head(digest_trend.digest_id) h)
	GROUP BY wanted.week ORDER BY wanted.week DESC
$$;

-- The lines. A restricted one is whole only for a cleared team that takes such words by mail: else number, form and arrival.
CREATE FUNCTION read.digest_lines(digest_id bigint)
RETURNS TABLE (number bigint, form_id text, country text, name text, language text, sharing text, verified boolean,
	withheld boolean, received timestamptz, answers jsonb, remarks text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT l.line_number, f.form_id, CASE WHEN NOT w.withheld THEN f.country END,
		CASE WHEN f.sharing <> 'no-name' AND NOT w.withheld THEN nullif(btrim(m.from_name), '') END,
		CASE WHEN NOT w.withheld THEN f.language END, f.sharing::text, f.verified, w.withheld, f.received_at,
		CASE WHEN w.withheld THEN '{}' WHEN f.sharing = 'no-name' THEN read.answers_without_name(r.answers, m.from_name, m.from_address)
			ELSE r.answers END,
		CASE WHEN w.withheld THEN NULL WHEN f.sharing = 'no-name' THEN read.without_name(r.remarks, m.from_name, m.from_address)
			ELSE r.remarks END
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
	JOIN digest_line l USING (digest_id)
	JOIN feedback f ON f.feedback_id = l.feedback_id AND f.state <> 'withdrawn'
	JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	JOIN message m ON m.message_id = f.message_id
	CROSS JOIN LATERAL (SELECT read.is_withheld(f.sharing, t.restricted_by_mail) AS withheld) w
	WHERE d.digest_id = digest_lines.digest_id AND l.revision_kind = 'new'
	ORDER BY l.line_number
$$;

-- The forms of which the digest has a line, most replies first, with how many there were the week before.
CREATE FUNCTION read.digest_forms(digest_id bigint)
RETURNS TABLE (form_id text, title text, fields jsonb, replies bigint, before bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH lines AS (
		SELECT f.form_id, count(*) AS replies FROM digest_line l JOIN feedback f USING (feedback_id)
		WHERE l.digest_id = digest_forms.digest_id AND l.revision_kind = 'new' AND f.state <> 'withdrawn'
		GROUP BY f.form_id
	), earlier AS (
		SELECT w.form_id, count(*) AS replies FROM read.digest_weeks(digest_forms.digest_id) w WHERE w.week = 1 GROUP BY w.form_id
	)
	SELECT v.form_id, v.title, v.fields, lines.replies, coalesce(earlier.replies, 0)
	FROM digest d JOIN subscription s USING (subscription_id)
	CROSS JOIN LATERAL read.forms_in(s.language) v
	JOIN lines ON lines.form_id = v.form_id LEFT JOIN earlier ON earlier.form_id = v.form_id
	WHERE d.digest_id = digest_forms.digest_id
	ORDER BY lines.replies DESC, v.form_id
$$;

-- How often each value was given: of choices each of them, of numbers each number.
CREATE FUNCTION read.digest_values(digest_id bigint)
RETURNS TABLE (form_id text, field text, value text, count bigint, before bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH given AS (
		SELECT f.form_id, r.answers, true AS now FROM digest_line l JOIN feedback f USING (feedback_id)
		JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
		JOIN subscription s ON s.subscription_id = l.subscription_id JOIN team t USING (team_id)
		WHERE l.digest_id = digest_values.digest_id AND l.revision_kind = 'new' AND f.state <> 'withdrawn'
			AND NOT read.is_withheld(f.sharing, t.restricted_by_mail)
		UNION ALL
		SELECT w.form_id, w.answers, false FROM read.digest_weeks(digest_values.digest_id) w WHERE w.week = 1
	), single AS (
		SELECT g.form_id, a.key AS field, v.value, g.now
		FROM given g CROSS JOIN LATERAL jsonb_each(g.answers) a
		CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(a.value) = 'array' THEN a.value
			ELSE jsonb_build_array(a.value) END) v
		WHERE EXISTS (SELECT FROM form_field x WHERE x.form_id = g.form_id AND x.name = a.key
			AND x.type IN ('choice', 'choices', 'scale', 'number', 'yes_no'))
	)
	SELECT s.form_id, s.field, s.value #>> '{}', count(*) FILTER (WHERE s.now), count(*) FILTER (WHERE NOT s.now)
	FROM single s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;

-- What waits for a person among what the subscription may be about. A message whose form is not known may be.
CREATE FUNCTION read.digest_waiting(digest_id bigint)
RETURNS TABLE (reason text, country text, since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.reason::text, m.result -> 'values' ->> 'country', m.received_at
	FROM digest d JOIN subscription s USING (subscription_id)
	JOIN message m ON m.state = 'review' AND m.settled_at < d.period_end
	WHERE d.digest_id = digest_waiting.digest_id
		AND (m.form_id IS NULL OR s.filters -> 'forms' IS NULL OR s.filters -> 'forms' ? m.form_id)
		AND (m.result -> 'values' ->> 'country' IS NULL OR s.filters -> 'countries' IS NULL
			OR s.filters -> 'countries' ? (m.result -> 'values' ->> 'country'))
$$;

-- Countries that were heard at least once, and those that the subscription names. silent_weeks: whole weeks without a reply
-- before the period's end; null: never heard. Waiting for review counts every level: it says nothing about words or people.
CREATE FUNCTION read.digest_countries(digest_id bigint)
RETURNS TABLE (country text, replies bigint, silent_weeks bigint, review bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH head AS (
		SELECT d.period_end, s.filters, t.restricted_by_mail
		FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
		WHERE d.digest_id = digest_countries.digest_id
	), heard AS (
		SELECT f.country, max(f.received_at) AS last_at,
			count(*) FILTER (WHERE EXISTS (SELECT FROM digest_line l WHERE l.digest_id = digest_countries.digest_id
				AND l.feedback_id = f.feedback_id AND l.revision_kind = 'new')) AS replies
		FROM head h JOIN feedback f ON f.filed_at < h.period_end AND f.state <> 'withdrawn' AND f.country IS NOT NULL
			AND NOT read.is_withheld(f.sharing, h.restricted_by_mail)
			AND read.matches(h.filters, f.form_id, f.country, f.theme)
		GROUP BY f.country
	), waiting AS (
		SELECT w.country, count(*) AS review FROM read.digest_waiting(digest_countries.digest_id) w
		WHERE w.country IS NOT NULL GROUP BY w.country
	), known AS (
		SELECT country FROM heard UNION SELECT jsonb_array_elements_text(h.filters -> 'countries') FROM head h
	)
	SELECT k.country, coalesce(heard.replies, 0),
		CASE WHEN heard.replies > 0 THEN 0
			ELSE greatest(0, floor(extract(epoch FROM h.period_end - heard.last_at) / 604800))::bigint END,
		coalesce(waiting.review, 0)
	FROM known k CROSS JOIN head h LEFT JOIN heard USING (country) LEFT JOIN waiting USING (country)
	ORDER BY k.country
$$;

-- Themes of the forms the subscription is about that no line of this digest has, with the weeks since one had it.
CREATE FUNCTION read.digest_themes(digest_id bigint)
RETURNS TABLE (label text, weeks bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH head AS (
		SELECT d.period_end, s.filters, s.language, t.restricted_by_mail
		FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
		WHERE d.digest_id = digest_themes.digest_id
	), themes AS MATERIALIZED (
		SELECT v.form_id, o.value ->> 'value' AS theme, o.value ->> 'label' AS label, o.ordinality, h.period_end, h.filters
		FROM head h CROSS JOIN LATERAL read.forms_in(h.language) v
		CROSS JOIN LATERAL jsonb_array_elements(v.fields) f
		CROSS JOIN LATERAL jsonb_array_elements(f.value -> 'options') WITH ORDINALITY o
		WHERE (f.value -> 'theme')::boolean AND (h.filters -> 'forms' IS NULL OR h.filters -> 'forms' ? v.form_id)
			AND (h.filters -> 'themes' IS NULL OR h.filters -> 'themes' ? (o.value ->> 'value'))
	), heard AS MATERIALIZED (
		SELECT f.form_id, x.theme, max(f.received_at) AS last_at, bool_or(l.digest_id IS NOT NULL) AS now
		FROM head h JOIN feedback f ON f.filed_at < h.period_end AND f.state <> 'withdrawn'
			AND NOT read.is_withheld(f.sharing, h.restricted_by_mail)
			AND read.matches(h.filters, f.form_id, f.country, f.theme)
		CROSS JOIN LATERAL unnest(f.theme) x (theme)
		LEFT JOIN digest_line l ON l.digest_id = digest_themes.digest_id AND l.feedback_id = f.feedback_id
		GROUP BY 1, 2
	), last AS (
		SELECT t.form_id, t.label, t.ordinality, t.period_end, h.last_at, h.now
		FROM themes t JOIN heard h USING (form_id, theme)
	)
	SELECT l.label, w.weeks FROM last l
	CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM l.period_end - l.last_at) / 604800)::bigint AS weeks) w
	WHERE NOT l.now AND w.weeks >= 1
	ORDER BY w.weeks DESC, l.form_id, l.ordinality
$$;

CREATE FUNCTION read.digest_review(digest_id bigint)
RETURNS TABLE (reason text, count bigint, oldest_days bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT w.reason, count(*), max(floor(extract(epoch FROM d.period_end - w.since) / 86400))::bigint
	FROM digest d CROSS JOIN LATERAL read.digest_waiting(d.digest_id) w
	WHERE d.digest_id = digest_review.digest_id
	GROUP BY w.reason ORDER BY 2 DESC, 1
$$;

GRANT EXECUTE ON FUNCTION read.digest_head(bigint), read.digest_trend(bigint), read.digest_lines(bigint),
	read.digest_forms(bigint), read.digest_values(bigint), read.digest_countries(bigint), read.digest_themes(bigint),
	read.digest_review(bigint) TO fieldpost_reader;
