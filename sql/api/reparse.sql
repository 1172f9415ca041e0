-- Reparse: stored messages are read with today's forms, and what comes out otherwise than before is filed: of feedback as a revision by
-- `reparse`, of what waits for a person as if it came now. Nobody is told twice, and nothing is done twice: what was filed is not different
-- any more, so a run that was killed is begun again.
--
-- A *unit* is what became one feedback, or waits as one: a message, with those that completed it later. A conversation is none: each of its
-- messages answered a question.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Is a message among those that are meant? wanted: {messages: [id], states: [], reasons: [], forms: [], languages: [], since, until,
-- assigned}; absent: all. assigned '': those that nobody has.
CREATE FUNCTION fieldpost.message_wanted(m message, wanted jsonb)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT (wanted -> 'messages' IS NULL OR wanted -> 'messages' @> to_jsonb(m.message_id))
		AND (wanted -> 'states' IS NULL OR wanted -> 'states' ? m.state::text)
		AND (wanted -> 'reasons' IS NULL OR coalesce(wanted -> 'reasons' ? m.reason::text, false))
		AND (wanted -> 'forms' IS NULL OR coalesce(wanted -> 'forms' ? m.form_id, false))
		AND (wanted -> 'languages' IS NULL OR coalesce(wanted -> 'languages' ? m.language, false))
		AND (wanted ->> 'since' IS NULL OR m.received_at >= (wanted ->> 'since')::timestamptz)
		AND (wanted ->> 'until' IS NULL OR m.received_at < (wanted ->> 'until')::timestamptz)
		AND (wanted ->> 'assigned' IS NULL OR coalesce(m.assigned_to, '') = wanted ->> 'assigned')
$$;

-- The text of a channel's unit: its messages, as the last edits left them.
CREATE FUNCTION fieldpost.unit_text(head bigint)
RETURNS bytea
LANGUAGE sql STABLE
AS $$
	SELECT convert_to(joined_text(ARRAY(SELECT c.message_id FROM channel_message c WHERE (c.message_id = unit_text.head OR c.joined_to = unit_text.head)
		AND c.conversation_id IS NULL)), 'UTF8')
$$;

-- What a message answers, as the reader is to know it: what it completes, else the request. Null: nothing known.
CREATE FUNCTION fieldpost.reparse_hint(m message, head message)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN m.message_id <> head.message_id THEN jsonb_build_object('form', head.form_id, 'version', head.form_version, 'reference', m.reference)
		ELSE (SELECT jsonb_build_object('form', q.form_id, 'version', q.form_version, 'reference', q.reference) FROM request q
			WHERE q.reference = m.reference) END
$$;

-- The units behind a number, up to a number and a number of bytes (one in any case), each message of theirs a row; nobody else changes them
-- until the transaction ends. source: mail, channel.
CREATE FUNCTION api.reparse_claim(after bigint, maximum bigint, max_bytes bigint, wanted jsonb)
RETURNS TABLE (unit bigint, message_id bigint, raw bytea, oversize boolean, source text, hint jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH candidate AS MATERIALIZED (
		SELECT m.message_id, CASE WHEN m.oversize THEN 0 ELSE m.size END AS size FROM message m
		WHERE m.message_id > reparse_claim.after AND m.state IN ('filed', 'review', 'held', 'failed') AND m.continues IS NULL
			AND message_wanted(m, reparse_claim.wanted) AND NOT EXISTS (SELECT FROM channel_message c
				WHERE c.message_id = m.message_id AND (c.joined_to IS NOT NULL OR c.conversation_id IS NOT NULL))
		ORDER BY m.message_id LIMIT reparse_claim.maximum FOR UPDATE
	), counted AS (
		SELECT c.message_id, c.size, sum(c.size) OVER (ORDER BY c.message_id) - c.size AS before FROM candidate c
	), head AS MATERIALIZED (
		SELECT h AS m FROM counted c JOIN message h USING (message_id)
		WHERE c.before = 0 OR c.before + c.size <= reparse_claim.max_bytes
	), part AS (
		SELECT h.m AS head, h.m FROM head h
		UNION ALL SELECT h.m, t FROM head h JOIN message t ON t.continues = (h.m).message_id AND t.state = (h.m).state
	)
	SELECT (p.head).message_id, (p.m).message_id, CASE WHEN (p.m).channel IS NULL THEN r.raw ELSE unit_text((p.m).message_id) END, (p.m).oversize,
		CASE WHEN (p.m).channel IS NOT NULL THEN 'channel' ELSE 'mail' END, reparse_hint(p.m, p.head)
	FROM part p JOIN message_raw r ON r.message_id = (p.m).message_id ORDER BY 1, 2;
END $$;

-- What was read of a unit in all; null: its messages do not go together. parts: results in their order, the unit's first message first.
CREATE FUNCTION fieldpost.unit_result(parts jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	whole jsonb := parts -> 0;
	part jsonb;
BEGIN
	FOR part IN SELECT p FROM jsonb_array_elements(parts) WITH ORDINALITY AS t (p, n) WHERE n > 1 ORDER BY n LOOP
		IF (part ->> 'template', part ->> 'template_version') IS DISTINCT FROM (whole ->> 'template', whole ->> 'template_version') THEN
			RETURN NULL;
		END IF;
		whole := result_completed(whole, part) || jsonb_build_object('remarks', coalesce(part -> 'remarks', whole -> 'remarks'));
	END LOOP;
	IF jsonb_array_length(parts) > 1 AND whole -> 'errors' = '{}' THEN
		whole := whole || '{"outcome": "filed", "reason": null}';
	END IF;
	RETURN whole;
END $$;

-- What differs between two readings, [{field, was, now}]; the remarks are a field without a name.
CREATE FUNCTION fieldpost.answers_changed(was jsonb, now jsonb, remarks_was text, remarks_now text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('field', k, 'was', answers_changed.was -> k, 'now', answers_changed.now -> k) ORDER BY k), '[]')
		|| CASE WHEN remarks_was IS DISTINCT FROM remarks_now
			THEN jsonb_build_array(jsonb_build_object('field', '', 'was', to_jsonb(remarks_was), 'now', to_jsonb(remarks_now))) ELSE '[]' END
	FROM jsonb_object_keys(answers_changed.was || answers_changed.now) AS k
	WHERE answers_changed.was -> k IS DISTINCT FROM answers_changed.now -> k
$$;

-- The same for a person at the machine, who may not know all of it: of what is restricted, or not filed yet, the fields alone; texts without
-- the author's name where it is not to be known.
CREATE FUNCTION fieldpost.changes_told(fed feedback, changes jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT coalesce(jsonb_agg(CASE WHEN coalesce(fed.sharing, 'restricted') = 'restricted' THEN c - 'was' - 'now'
		WHEN fed.sharing = 'no-name' THEN c || jsonb_build_object('was', told.was, 'now', told.now) ELSE c END ORDER BY n), '[]')
	FROM jsonb_array_elements(changes_told.changes) WITH ORDINALITY AS t (c, n)
	LEFT JOIN form_field k ON k.form_id = fed.form_id AND k.name = c ->> 'field'
	CROSS JOIN LATERAL (SELECT coalesce(k.type, 'text') IN ('line', 'text', 'pattern') AS is_text) x
	CROSS JOIN LATERAL (SELECT CASE WHEN x.is_text THEN to_jsonb(words_shown(fed.feedback_id, c ->> 'was')) ELSE c -> 'was' END AS was,
		CASE WHEN x.is_text THEN to_jsonb(words_shown(fed.feedback_id, c ->> 'now')) ELSE c -> 'now' END AS now) told
$$;

-- A feedback whose messages were read anew. What is not understood now stays as it was understood then, and so do the fields that the form
-- has no more, and what a person set. A level is made more closed, never more open.
CREATE FUNCTION fieldpost.reparse_feedback(now timestamptz, fed feedback, result jsonb, actor text, OUT outcome text, OUT changes jsonb)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	r feedback_revision;
	v form_version;
	kept text[];
	answers jsonb;
	found_at jsonb;
	fields text[];
	remarks text;
BEGIN
	changes := '[]';
	IF result IS NULL OR result ->> 'template' IS NULL OR result ->> 'outcome' = 'ignored'
		OR result ->> 'reason' IN ('over-size', 'over-limit', 'unreadable', 'no-answers') THEN
		outcome := 'not understood';
		RETURN;
	ELSIF result ->> 'template' <> fed.form_id THEN
		outcome := 'another form';
		RETURN;
	END IF;
	SELECT * INTO STRICT r FROM feedback_revision WHERE feedback_id = fed.feedback_id AND revision = fed.revision;
	SELECT * INTO STRICT v FROM form_version WHERE form_id = fed.form_id AND version = (result ->> 'template_version')::integer;
	kept := r.fixed || ARRAY(SELECT jsonb_object_keys(coalesce(result -> 'errors', '{}')));
	fields := ARRAY(SELECT x ->> 'name' FROM jsonb_array_elements(v.fields) AS x WHERE x ->> 'name' <> ALL (kept));
	answers := r.answers - fields || ((result -> 'values') - kept);
	-- Words that are understood now as an answer that a person set otherwise are nowhere but in the remarks.
	remarks := CASE WHEN EXISTS (SELECT FROM unnest(r.fixed) AS x WHERE result -> 'values' ? x AND result -> 'values' -> x <> coalesce(answers -> x, 'null'))
		THEN r.remarks ELSE result ->> 'remarks' END;
	changes := answers_changed(r.answers, answers, r.remarks, remarks);
	IF changes = '[]' THEN
		outcome := 'same';
		RETURN;
	END IF;
	outcome := 'changed';
	found_at := r.provenance - fields || (coalesce(result -> 'provenance', '{}') - kept);
	INSERT INTO feedback_revision (feedback_id, revision, author, created_at, answers, provenance, remarks, fixed)
	VALUES (fed.feedback_id, fed.revision + 1, 'reparse', reparse_feedback.now, answers, found_at, remarks, r.fixed);
	UPDATE feedback f SET revision = fed.revision + 1, form_version = v.version, sharing = greatest(f.sharing, sharing_of(v.has_sharing, answers)),
		country = CASE WHEN r.answers -> v.country_field IS DISTINCT FROM answers -> v.country_field THEN answers ->> v.country_field ELSE f.country END,
		theme = CASE WHEN r.answers -> v.theme_field IS NOT DISTINCT FROM answers -> v.theme_field THEN f.theme ELSE CASE jsonb_typeof(answers -> v.theme_field)
			WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(answers -> v.theme_field))
			WHEN 'string' THEN ARRAY[answers ->> v.theme_field] ELSE '{}' END END
	WHERE f.feedback_id = fed.feedback_id;
	INSERT INTO audit (at, actor, action, object, detail) VALUES (reparse_feedback.now, reparse_feedback.actor, 'reparse',
		'feedback ' || fed.feedback_id, jsonb_build_object('revision', fed.revision + 1));
END $$;

-- Of a result what a person who looks at the message is shown.
CREATE FUNCTION fieldpost.result_seen(result jsonb, reason text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT jsonb_build_array(result_seen.reason, result -> 'template', result -> 'template_version', coalesce(result -> 'values', '{}'),
		coalesce(result -> 'errors', '{}'), coalesce(result -> 'found', '{}'), coalesce(result -> 'suggestions', '{}'), result ->> 'remarks')
$$;

-- A message that waits for a person, or that failed, read anew: settled as if it came now, when it reads otherwise. hint: of what it answers;
-- then it is to be read with that, and nothing was done.
CREATE FUNCTION fieldpost.reparse_waiting(now timestamptz, head message, result jsonb, hinted boolean, channels jsonb, actor text,
	OUT outcome text, OUT changes jsonb, OUT hint jsonb)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	batch jsonb := jsonb_build_array(jsonb_build_object('message_id', head.message_id, 'result', result) || CASE WHEN hinted THEN '{"hinted": true}' ELSE '{}' END::jsonb
		|| CASE WHEN head.state <> 'failed' THEN '{"alone": true}' ELSE '{}' END::jsonb);
	filed jsonb;
BEGIN
	changes := '[]';
	outcome := 'same';
	IF result IS NULL THEN
		outcome := 'not understood';
		RETURN;
	ELSIF head.state <> 'failed' AND result_seen(result, result ->> 'reason')
		= result_seen(head.result, CASE head.state WHEN 'held' THEN result ->> 'reason' ELSE head.reason::text END) THEN
		RETURN;
	END IF;
	UPDATE message m SET state = 'received' WHERE m.message_id = head.message_id;
	IF head.state = 'failed' AND head.channel IS NOT NULL THEN -- what belongs to it the service knows
		UPDATE message m SET attempts = 0 WHERE m.message_id = head.message_id;
		PERFORM api.alarm_clear(reparse_waiting.now, 'message-failed', 'message ' || head.message_id);
		PERFORM pg_notify('fieldpost_stored', '');
		outcome := 'settled';
		RETURN;
	END IF;
	filed := CASE head.state WHEN 'failed' THEN file_and_settle(reparse_waiting.now, batch, reparse_waiting.channels)
		ELSE file_batch(reparse_waiting.now, batch, reparse_waiting.channels) END;
	hint := filed -> 0 -> 'hint';
	IF hint IS NOT NULL THEN
		UPDATE message m SET state = head.state WHERE m.message_id = head.message_id;
		RETURN;
	END IF;
	PERFORM senders_keep(ARRAY[head.message_id]);
	PERFORM settle_joined(reparse_waiting.now, ARRAY[head.message_id]);
	PERFORM settle_continued(reparse_waiting.now, ARRAY[head.message_id]);
	IF head.state = 'failed' THEN
		UPDATE message m SET attempts = 0 WHERE m.message_id = head.message_id;
		PERFORM api.alarm_clear(reparse_waiting.now, 'message-failed', 'message ' || head.message_id);
	ELSE
		PERFORM acknowledge(reparse_waiting.now, filed);
	END IF;
	outcome := 'settled';
	changes := answers_changed(coalesce(head.result -> 'values', '{}'), coalesce(result -> 'values', '{}'), head.result ->> 'remarks', result ->> 'remarks');
	INSERT INTO audit (at, actor, action, object) VALUES (reparse_waiting.now, reparse_waiting.actor, 'reparse', 'message ' || head.message_id);
	PERFORM pg_notify('fieldpost_filed', '');
END $$;

-- batch: what was read of the messages that were claimed, as api.parse_file() has it. A row a unit: outcome: same; changed (its feedback);
-- settled (it waited: was and state say how); not understood, another form (as it was filed: a person looks); unread (not all of its messages
-- could be read); refused (by the database, for what was read). hint: nothing was done: the unit's first message is to be read with it, and comes again.
CREATE FUNCTION api.reparse_file(now timestamptz, actor text, batch jsonb, channels jsonb)
RETURNS TABLE (message_id bigint, feedback_id bigint, outcome text, was text, state text, changes jsonb, hint jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	unit record;
	head message;
	fed feedback;
	whole jsonb;
BEGIN
	FOR unit IN
		SELECT coalesce(m.continues, m.message_id) AS head, jsonb_agg(b.e -> 'result' ORDER BY m.message_id) AS parts,
			array_agg(m.message_id) AS ids, bool_or(b.e ? 'hinted' OR m.continues IS NOT NULL) AS hinted
		FROM jsonb_array_elements(reparse_file.batch) AS b (e)
		CROSS JOIN LATERAL (SELECT m.* FROM message m WHERE m.message_id = (b.e ->> 'message_id')::bigint LIMIT 1) m
		GROUP BY 1 ORDER BY 1
	LOOP
		SELECT m.* INTO head FROM message m WHERE m.message_id = unit.head FOR UPDATE;
		SELECT f.* INTO fed FROM feedback f WHERE f.message_id = unit.head AND head.state = 'filed' FOR UPDATE;
		message_id := unit.head;
		feedback_id := fed.feedback_id;
		was := head.state;
		hint := NULL;
		changes := '[]';
		whole := unit_result(unit.parts);
		IF unit.head <> ALL (unit.ids) OR EXISTS (SELECT FROM message t WHERE t.continues = unit.head AND t.state = head.state AND t.message_id <> ALL (unit.ids)) THEN
			outcome := 'unread';
		ELSE
			CONTINUE WHEN head.state = 'filed' AND (fed.feedback_id IS NULL OR fed.state = 'withdrawn');
			BEGIN
				IF head.state = 'filed' THEN
					SELECT x.outcome, x.changes INTO outcome, changes FROM reparse_feedback(reparse_file.now, fed, whole, reparse_file.actor) x;
				ELSE
					SELECT x.outcome, x.changes, x.hint INTO outcome, changes, hint
					FROM reparse_waiting(reparse_file.now, head, whole, unit.hinted, reparse_file.channels, reparse_file.actor) x;
				END IF;
			EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded OR no_data_found THEN
				outcome := 'refused';
			END;
			SELECT f.* INTO fed FROM feedback f WHERE f.message_id = unit.head;
			feedback_id := fed.feedback_id;
			changes := changes_told(fed, changes);
		END IF;
		SELECT m.state INTO state FROM message m WHERE m.message_id = unit.head;
		RETURN NEXT;
	END LOOP;
END $$;

GRANT EXECUTE ON FUNCTION api.reparse_claim(bigint, bigint, bigint, jsonb), api.reparse_file(timestamptz, text, jsonb, jsonb), api.forms_sent(timestamptz)
	TO fieldpost_admin;
