-- Forms: every version that was ever used, and for each form a view for analysts.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;
GRANT SELECT ON fieldpost.form, fieldpost.form_field, fieldpost.form_version, fieldpost.feedback, fieldpost.feedback_revision
	TO fieldpost_views;
GRANT SELECT (message_id, from_name) ON fieldpost.message TO fieldpost_views;

SET LOCAL ROLE fieldpost_views;

-- An expression for somebody's own words: as they are shown, without their name where it is not to be known (read.shown_answers()).
CREATE FUNCTION report.unnamed(name text)
RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('CASE WHEN f.sharing <> ''no-name'' THEN r.answers ->> %1$L WHEN r.hidden -> ''answers'' ? %1$L THEN r.hidden #>> ARRAY[''answers'', %1$L] '
		'WHEN r.hidden IS NOT NULL THEN r.answers ->> %1$L END', unnamed.name)
$$;

-- How a field's answer becomes a column.
CREATE FUNCTION report.column_of(name text, type fieldpost.field_type)
RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format(CASE column_of.type
		WHEN 'scale' THEN '(r.answers ->> %1$L)::bigint'
		WHEN 'number' THEN '(r.answers ->> %1$L)::bigint'
		WHEN 'date' THEN '(r.answers ->> %1$L)::date'
		WHEN 'yes_no' THEN '(r.answers ->> %1$L)::boolean'
		WHEN 'choices' THEN '(SELECT string_agg(t.v, '', '' ORDER BY t.n) '
			'FROM jsonb_array_elements_text(r.answers -> %1$L) WITH ORDINALITY AS t (v, n))'
		WHEN 'country' THEN 'r.answers ->> %1$L'
		WHEN 'choice' THEN 'r.answers ->> %1$L'
		ELSE report.unnamed(column_of.name) || ' ' END || ' AS %1$I', column_of.name)
$$;

-- report.<form>, dashes as underscores: what is known of a feedback, then one column a field in the order in which the fields first
-- appeared. Columns are only ever added. It belongs to fieldpost_views, whom the policies bind.
CREATE FUNCTION report.make_view(form_id text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	view_name text := replace(make_view.form_id, '-', '_');
	columns text;
BEGIN
	SELECT string_agg(', ' || report.column_of(f.name, f.type), '' ORDER BY f.ordinal) INTO columns
	FROM form_field f WHERE f.form_id = make_view.form_id;
	EXECUTE format('CREATE OR REPLACE VIEW report.%I AS SELECT f.feedback_id, f.line_number AS feedback_line, '
		'f.form_version AS feedback_version, f.received_at AS feedback_received_at, f.written_at AS feedback_written_at, '
		'f.filed_at AS feedback_filed_at, f.country AS feedback_country, f.language AS feedback_language, '
		'f.theme AS feedback_theme, f.sharing::text AS feedback_sharing, f.verified AS feedback_verified, '
		'f.state::text AS feedback_state, CASE WHEN f.sharing = ''open'' THEN m.from_name END AS feedback_from, '
		'%s AS feedback_remarks%s '
		'FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) '
		'LEFT JOIN fieldpost.message m ON m.message_id = f.message_id WHERE f.form_id = %L',
		view_name, 'read.shown_remarks(r.remarks, r.hidden, f.sharing)', coalesce(columns, ''), make_view.form_id);
	EXECUTE format('GRANT SELECT ON report.%I TO fieldpost_reader, fieldpost_analyst', view_name);
END $$;
GRANT EXECUTE ON FUNCTION report.make_view(text) TO fieldpost_owner;

SET LOCAL ROLE fieldpost_owner;

-- What answers to a version mean: its fields' names, types and numbers, the options' values, the bounds. Labels may be mended.
CREATE FUNCTION fieldpost.fields_meaning(fields jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT jsonb_agg(jsonb_build_array(f -> 'name', f -> 'type', f -> 'number', f -> 'min', f -> 'max',
		(SELECT jsonb_agg(o -> 'value' ORDER BY n) FROM jsonb_array_elements(f -> 'options') WITH ORDINALITY AS t (o, n)))
		ORDER BY f -> 'number')
	FROM jsonb_array_elements(fields_meaning.fields) AS f
$$;

CREATE FUNCTION fieldpost.form_check(form jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	changed record;
BEGIN
	SELECT f ->> 'name' AS name, k.type AS old_type, f ->> 'type' AS new_type INTO changed
	FROM jsonb_array_elements(form_check.form -> 'fields') AS f
	JOIN form_field k ON k.form_id = form_check.form ->> 'id' AND k.name = f ->> 'name'
	WHERE k.type::text <> f ->> 'type' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'form %, field %: it was of type % and cannot become %: give the new field another name',
			form_check.form ->> 'id', changed.name, changed.old_type, changed.new_type;
	END IF;
	PERFORM FROM form_version v
	WHERE v.form_id = form_check.form ->> 'id' AND v.version = (form_check.form ->> 'version')::integer
		AND fields_meaning(v.fields) IS DISTINCT FROM fields_meaning(form_check.form -> 'fields');
	IF FOUND THEN
		RAISE EXCEPTION 'form %: version % was used with other fields or options: give the changed form a new version',
			form_check.form ->> 'id', form_check.form ->> 'version';
	END IF;
END $$;

-- The fields that are new get a column. Returns whether there was one.
CREATE FUNCTION fieldpost.form_extend(form jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO form (form_id) VALUES (form_extend.form ->> 'id') ON CONFLICT DO NOTHING;
	INSERT INTO form_field (form_id, name, type, ordinal)
	SELECT form_extend.form ->> 'id', f ->> 'name', (f ->> 'type')::field_type,
		n + coalesce((SELECT max(k.ordinal) FROM form_field k WHERE k.form_id = form_extend.form ->> 'id'), 0)
	FROM jsonb_array_elements(form_extend.form -> 'fields') WITH ORDINALITY AS t (f, n)
	ORDER BY n
	ON CONFLICT (form_id, name) DO NOTHING;
	RETURN FOUND;
END $$;

CREATE FUNCTION fieldpost.form_keep(now timestamptz, form jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	fresh boolean;
BEGIN
	WITH fields AS (
		SELECT f, n FROM jsonb_array_elements(form_keep.form -> 'fields') WITH ORDINALITY AS t (f, n)
	), kept AS (
		INSERT INTO form_version AS v (form_id, version, sha256, source, title, fields, country_field, theme_field, has_sharing,
			sensitive, registered_at)
		SELECT form_keep.form ->> 'id', (form_keep.form ->> 'version')::integer, form_keep.form ->> 'sha256',
			form_keep.form ->> 'source', form_keep.form -> 'title', form_keep.form -> 'fields',
			(SELECT f ->> 'name' FROM fields WHERE f ->> 'type' = 'country' ORDER BY n LIMIT 1),
			(SELECT f ->> 'name' FROM fields WHERE (f ->> 'theme')::boolean ORDER BY n LIMIT 1),
			EXISTS (SELECT FROM fields WHERE f ->> 'name' = 'sharing'), coalesce((form_keep.form ->> 'sensitive')::boolean, false),
			form_keep.now
		ON CONFLICT (form_id, version) DO UPDATE SET sha256 = excluded.sha256, source = excluded.source,
			title = excluded.title, fields = excluded.fields, country_field = excluded.country_field,
			theme_field = excluded.theme_field, has_sharing = excluded.has_sharing,
			sensitive = excluded.sensitive
		RETURNING v.xmax = 0 AS made
	)
	SELECT made INTO fresh FROM kept;
	RETURN fresh;
END $$;

-- forms: [{id, version, sha256, source, title, fields}], see form_version. Duties that start together wait for one another here.
CREATE FUNCTION api.forms_register(now timestamptz, forms jsonb)
RETURNS TABLE (form_id text, version bigint, fresh boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	form jsonb;
	extended boolean;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.forms_register', 0));
	FOR form IN SELECT * FROM jsonb_array_elements(forms_register.forms) LOOP
		PERFORM form_check(form);
		extended := form_extend(form);
		form_id := form ->> 'id';
		version := (form ->> 'version')::bigint;
		fresh := form_keep(forms_register.now, form);
		IF extended OR to_regclass(format('report.%I', replace(form_id, '-', '_'))) IS NULL THEN
			PERFORM report.make_view(form_id);
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

GRANT EXECUTE ON FUNCTION api.forms_register(timestamptz, jsonb) TO fieldpost_parse, fieldpost_admin;

-- ---- which versions are in force ----

-- Why the database refuses a form; null: it does not.
CREATE FUNCTION fieldpost.form_refusal(form jsonb)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	PERFORM form_check(form_refusal.form);
	RETURN NULL;
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END $$;

-- forms: [{id, version, sha256, fields, listed}], `listed` when the proof is known from elsewhere; against: see form_proof. For each, in
-- this order: its verdict (refused, proven, failed, or unproven: it waits for its proof), with words where something is to be mended;
-- whether it was in force before; and of the versions that were in force the newest other one.
CREATE FUNCTION api.forms_weigh(forms jsonb, against text)
RETURNS TABLE (verdict text, words text, kept boolean, older_version bigint, older_source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT CASE WHEN r.refusal IS NOT NULL THEN 'refused'
			WHEN (f.form ->> 'listed')::boolean OR p.passed THEN 'proven'
			WHEN p.against = forms_weigh.against THEN 'failed'
			ELSE 'unproven' END,
		coalesce(r.refusal, p.words),
		r.refusal IS NULL AND EXISTS (SELECT FROM form_version v WHERE v.form_id = f.form ->> 'id'
			AND v.version = (f.form ->> 'version')::integer AND v.sha256 = f.form ->> 'sha256'),
		o.version::bigint, o.source
	FROM jsonb_array_elements(forms_weigh.forms) WITH ORDINALITY AS f (form, n)
	CROSS JOIN LATERAL (SELECT form_refusal(f.form) AS refusal OFFSET 0) AS r
	LEFT JOIN form_proof p ON p.sha256 = f.form ->> 'sha256'
	LEFT JOIN LATERAL (SELECT v.version, v.source FROM form_version v
		WHERE v.form_id = f.form ->> 'id' AND v.source <> ''
			AND (v.version, v.sha256) <> ((f.form ->> 'version')::integer, f.form ->> 'sha256')
		ORDER BY v.version DESC LIMIT 1) AS o ON true
	ORDER BY f.n
$$;

-- The versions that were sent within a year: their replies are read with them. The newest first.
CREATE FUNCTION api.forms_sent(now timestamptz)
RETURNS TABLE (form_id text, version bigint, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT v.form_id, v.version::bigint, v.source FROM form_version v
	WHERE v.source <> '' AND EXISTS (SELECT FROM request q WHERE q.form_id = v.form_id AND q.form_version = v.version
		AND q.asked_at > forms_sent.now - interval '1 year')
	ORDER BY v.form_id, v.version DESC
$$;

CREATE FUNCTION api.form_proved(now timestamptz, sha256 text, form_id text, version bigint, passed boolean, against text, words text,
	replies bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO form_proof (sha256, form_id, version, passed, against, words, replies, proved_at)
	VALUES (form_proved.sha256, form_proved.form_id, form_proved.version::integer, form_proved.passed, form_proved.against,
		form_proved.words, form_proved.replies, form_proved.now)
	ON CONFLICT (sha256) DO UPDATE SET passed = excluded.passed, against = excluded.against, words = excluded.words,
		replies = excluded.replies, proved_at = excluded.proved_at
$$;

-- alarms: [{form, text}], all there are of forms: those of others are cleared, a text that is the same is not counted again.
CREATE FUNCTION api.forms_alarms(now timestamptz, alarms jsonb)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT api.alarm_clear(forms_alarms.now, a.kind, a.object) FROM alarm a
	WHERE a.kind = 'form' AND a.cleared_at IS NULL
		AND NOT EXISTS (SELECT FROM jsonb_array_elements(forms_alarms.alarms) AS n WHERE n ->> 'form' = a.object);
	SELECT api.alarm_raise(forms_alarms.now, 'form', n ->> 'form', n ->> 'text')
	FROM jsonb_array_elements(forms_alarms.alarms) AS n
	WHERE NOT EXISTS (SELECT FROM alarm a WHERE a.kind = 'form' AND a.object = n ->> 'form' AND a.text = n ->> 'text'
		AND a.cleared_at IS NULL);
$$;

GRANT EXECUTE ON FUNCTION api.forms_sent(timestamptz) TO fieldpost_parse;
GRANT EXECUTE ON FUNCTION api.forms_weigh(jsonb, text), api.form_proved(timestamptz, text, text, bigint, boolean, text, text, bigint),
	api.forms_alarms(timestamptz, jsonb) TO fieldpost_parse, fieldpost_admin;
