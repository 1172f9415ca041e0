-- What analysts read: the search, one feedback, and the rows of an export.
--
-- filters: {"forms": [], "countries": [], "themes": [], "languages": [], "since": time, "until": time}, each as wanted; since and until are of
-- the arrival, until exclusive.
SET LOCAL ROLE fieldpost_views;

CREATE FUNCTION read.wanted(filters jsonb, form_id text, country text, theme text[], language text, received_at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT (filters -> 'forms' IS NULL OR filters -> 'forms' ? form_id)
		AND (filters -> 'countries' IS NULL OR coalesce(filters -> 'countries' ? country, false))
		AND (filters -> 'themes' IS NULL OR jsonb_exists_any(filters -> 'themes', theme))
		AND (filters -> 'languages' IS NULL OR coalesce(filters -> 'languages' ? language, false))
		AND (filters ->> 'since' IS NULL OR received_at >= (filters ->> 'since')::timestamptz)
		AND (filters ->> 'until' IS NULL OR received_at < (filters ->> 'until')::timestamptz)
$$;
GRANT EXECUTE ON FUNCTION read.wanted(jsonb, text, text, text[], text, timestamptz) TO fieldpost_owner;

-- Feedback as it is shown: names only where they are given, a role only where several have it. What of a restricted item was read is noted.
CREATE FUNCTION read.feedback_show(number bigint)
RETURNS TABLE (feedback_id bigint, line_number bigint, message_id bigint, form_id text, form_version bigint, received_at timestamptz,
	written_at timestamptz, filed_at timestamptz, country text, language text, theme text[], sharing text, sensitive text, verification text, state text,
	name text, role text, fields jsonb, answers jsonb, remarks text, revisions jsonb, attachments jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM note_read('feedback show', array_agg(f.feedback_id)) FROM feedback f
	WHERE (f.line_number = feedback_show.number OR f.feedback_id = feedback_show.number) AND f.sharing = 'restricted';
	RETURN QUERY
	SELECT f.feedback_id, f.line_number, f.message_id, f.form_id, f.form_version::bigint, f.received_at, f.written_at, f.filed_at, f.country, f.language,
		f.theme, f.sharing::text, f.sensitive, f.verification::text, f.state::text, CASE WHEN f.sharing <> 'no-name' THEN nullif(btrim(m.from_name), '') END,
		(SELECT s.role FROM role_shown s WHERE s.contact_id = f.contact_id), v.fields,
		read.shown_answers(r.answers, r.hidden, f.sharing), read.shown_remarks(r.remarks, r.hidden, f.sharing),
		(SELECT jsonb_agg(jsonb_build_object('revision', o.revision, 'author', o.author, 'at', o.created_at, 'reason', words_shown(f.feedback_id, o.reason),
				'answers', read.shown_answers(o.answers, o.hidden, f.sharing), 'remarks', read.shown_remarks(o.remarks, o.hidden, f.sharing))
			ORDER BY o.revision) FROM feedback_revision o WHERE o.feedback_id = f.feedback_id),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('part', t.part, 'name', CASE WHEN f.sharing <> 'no-name' THEN t.name END, 'type', t.type, 'size', t.size)
			ORDER BY t.attachment_id), '[]') FROM attachment t WHERE t.message_id = f.message_id)
	FROM feedback f JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	JOIN message m ON m.message_id = f.message_id
	JOIN form_version v ON v.form_id = f.form_id AND v.version = f.form_version
	WHERE f.line_number = feedback_show.number OR f.feedback_id = feedback_show.number
	ORDER BY (f.line_number = feedback_show.number) DESC NULLS LAST LIMIT 1;
END $$;

-- Rows of an export in the order of their numbers, beginning after one; what of restricted items goes out is noted.
CREATE FUNCTION read.feedback_rows(form_id text, filters jsonb, after bigint, maximum bigint)
RETURNS TABLE (feedback_id bigint, line_number bigint, form_version bigint, received_at timestamptz, filed_at timestamptz, country text, language text,
	sharing text, verification text, state text, name text, role text, answers jsonb, remarks text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last bigint;
BEGIN
	SELECT max(page.feedback_id) INTO last FROM (SELECT f.feedback_id FROM feedback f
		WHERE f.form_id = feedback_rows.form_id AND f.feedback_id > feedback_rows.after AND f.state <> 'withdrawn'
			AND read.wanted(feedback_rows.filters, f.form_id, f.country, f.theme, f.language, f.received_at)
		ORDER BY f.feedback_id LIMIT feedback_rows.maximum) page;
	PERFORM note_read('export', array_agg(f.feedback_id)) FROM feedback f
	WHERE f.form_id = feedback_rows.form_id AND f.feedback_id > feedback_rows.after AND f.feedback_id <= last AND f.state <> 'withdrawn'
		AND f.sharing = 'restricted' AND read.wanted(feedback_rows.filters, f.form_id, f.country, f.theme, f.language, f.received_at);
	RETURN QUERY
	SELECT f.feedback_id, f.line_number, f.form_version::bigint, f.received_at, f.filed_at, f.country, f.language, f.sharing::text, f.verification::text, f.state::text,
		CASE WHEN f.sharing <> 'no-name' THEN nullif(btrim(m.from_name), '') END, s.role, read.shown_answers(r.answers, r.hidden, f.sharing),
		read.shown_remarks(r.remarks, r.hidden, f.sharing)
	FROM feedback f JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	JOIN message m ON m.message_id = f.message_id LEFT JOIN role_shown s ON s.contact_id = f.contact_id
	WHERE f.form_id = feedback_rows.form_id AND f.feedback_id > feedback_rows.after AND f.feedback_id <= last AND f.state <> 'withdrawn'
		AND read.wanted(feedback_rows.filters, f.form_id, f.country, f.theme, f.language, f.received_at)
	ORDER BY f.feedback_id;
END $$;

-- The forms with their fields, in a language.
CREATE FUNCTION read.forms(language text)
RETURNS TABLE (form_id text, title text, fields jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT f.form_id, f.title, f.fields FROM read.forms_in(forms.language) f WHERE fieldpost.reader_level() IS NOT NULL ORDER BY f.form_id
$$;

GRANT EXECUTE ON FUNCTION read.feedback_show(bigint), read.feedback_rows(text, jsonb, bigint, bigint), read.forms(text)
	TO fieldpost_reader, fieldpost_analyst;

---------------------------------------------------------------------------------------------------
-- The search
---------------------------------------------------------------------------------------------------

SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;
GRANT SELECT ON fieldpost.attachment TO fieldpost_views; -- by policy

-- What was typed as a query: words that must all be there, "several in a row", -without, word* for all that begin so.
CREATE FUNCTION fieldpost.search_query(words text)
RETURNS tsquery
LANGUAGE sql IMMUTABLE
AS $$
	SELECT websearch_to_tsquery('simple', regexp_replace(fold(search_query.words), '[[:alnum:]]+\*', ' ', 'g')) && coalesce((
		SELECT string_agg(quote_literal(m[1]) || ':*', ' & ')::tsquery FROM regexp_matches(fold(search_query.words), '([[:alnum:]]+)\*', 'g') m), '')
$$;

-- The newest first. This one function belongs to the tables' owner, so that the index is used (a policy would stand before it); it returns
-- what the policies would, and looks only through words as they are shown: a hidden name finds nothing.
--
-- Common words are found among the newest without the index; what is left to look for there is rare, and the index is quick.
CREATE FUNCTION read.search(words text, filters jsonb, maximum bigint)
RETURNS TABLE (feedback_id bigint, line_number bigint, form_id text, received_at timestamptz, country text, language text, sharing text, name text, excerpt text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
	SET client_min_messages = warning
AS $$
#variable_conflict use_column
DECLARE
	level sharing_level := reader_level();
	query tsquery := search_query(search.words);
	newest bigint := (SELECT max(t.feedback_id) FROM feedback_text t);
	most bigint := least(search.maximum, 1000);
	found bigint[];
BEGIN
	IF level IS NULL THEN
		RETURN;
	END IF;
	SELECT array_agg(hit.feedback_id) INTO found FROM (
		SELECT f.feedback_id FROM feedback_text t JOIN feedback f ON f.feedback_id = t.feedback_id
		WHERE t.feedback_id > newest - 5000 AND (numnode(query) = 0 OR t.words @@ query) AND f.sharing <= level AND f.state <> 'withdrawn'
			AND read.wanted(search.filters, f.form_id, f.country, f.theme, f.language, f.received_at)
		ORDER BY t.feedback_id DESC LIMIT most) hit;
	IF coalesce(cardinality(found), 0) < most AND numnode(query) > 0 THEN
		-- Through the index: the ids alone first, so that the plan cannot walk the table backwards instead.
		SELECT array_agg(hit.feedback_id) INTO found FROM (
			WITH candidate AS MATERIALIZED (SELECT t.feedback_id FROM feedback_text t WHERE t.words @@ query)
			SELECT f.feedback_id FROM candidate c JOIN feedback f ON f.feedback_id = c.feedback_id
			WHERE f.sharing <= level AND f.state <> 'withdrawn'
				AND read.wanted(search.filters, f.form_id, f.country, f.theme, f.language, f.received_at)
			ORDER BY f.feedback_id DESC LIMIT most) hit;
	ELSIF coalesce(cardinality(found), 0) < most THEN
		SELECT array_agg(hit.feedback_id) INTO found FROM (
			SELECT f.feedback_id FROM feedback f
			WHERE f.sharing <= level AND f.state <> 'withdrawn'
				AND read.wanted(search.filters, f.form_id, f.country, f.theme, f.language, f.received_at)
			ORDER BY f.feedback_id DESC LIMIT most) hit;
	END IF;
	PERFORM note_read('search', array_agg(f.feedback_id)) FROM feedback f WHERE f.feedback_id = ANY (found) AND f.sharing = 'restricted';
	RETURN QUERY
	SELECT f.feedback_id, f.line_number, f.form_id, f.received_at, f.country, f.language, f.sharing::text,
		CASE WHEN f.sharing <> 'no-name' THEN nullif(btrim(m.from_name), '') END,
		ts_headline('simple', x.words, query, 'MaxWords=30, MinWords=12, StartSel=»,StopSel=«')
	FROM unnest(found) WITH ORDINALITY u (id, n) JOIN feedback f ON f.feedback_id = u.id
	JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	LEFT JOIN message m ON m.message_id = f.message_id
	CROSS JOIN LATERAL (SELECT left(regexp_replace(concat_ws(' / ', (SELECT string_agg(t.words, ' / ') FROM texts_of(f.form_id,
			read.shown_answers(r.answers, r.hidden, f.sharing)) t), read.shown_remarks(r.remarks, r.hidden, f.sharing)), '\s+', ' ', 'g'), 5000) AS words) x
	ORDER BY u.n;
END $$;

GRANT EXECUTE ON FUNCTION read.search(text, jsonb, bigint) TO fieldpost_reader, fieldpost_analyst;
