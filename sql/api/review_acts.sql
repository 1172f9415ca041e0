-- Review: what people do about messages that wait for one. Everything has an author and can be undone until somebody was told of it.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION api.review_batch()
RETURNS TABLE (batch bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT nextval('fieldpost.review_batch')
$$;

-- A message that is to be acted upon; the sentence to show when it is not there or not in such a state.
CREATE FUNCTION fieldpost.review_take(message_id bigint, states message_state[])
RETURNS message
LANGUAGE plpgsql
AS $$
DECLARE
	taken message;
BEGIN
	SELECT * INTO taken FROM message m WHERE m.message_id = review_take.message_id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no message %', review_take.message_id USING ERRCODE = 'no_data_found';
	END IF;
	IF taken.state <> ALL (review_take.states) THEN
		RAISE EXCEPTION 'message % is %: this is for those that are %', taken.message_id, taken.state, array_to_string(review_take.states, ', ')
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN taken;
END $$;

CREATE FUNCTION fieldpost.review_before(m message)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT jsonb_build_object('state', m.state, 'reason', m.reason, 'result', m.result, 'note', m.note, 'assigned_to', m.assigned_to,
		'settled_at', m.settled_at)
$$;

CREATE FUNCTION fieldpost.review_note_act(batch bigint, message_id bigint, now timestamptz, actor text, action text, words text, before jsonb,
	feedback_id bigint DEFAULT NULL, revision integer DEFAULT NULL)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO review_act (batch, message_id, at, actor, action, words, before, feedback_id, revision)
	VALUES (review_note_act.batch, review_note_act.message_id, review_note_act.now, review_note_act.actor, review_note_act.action,
		review_note_act.words, review_note_act.before, review_note_act.feedback_id, review_note_act.revision);
	INSERT INTO audit (at, actor, action, object, detail)
	VALUES (review_note_act.now, review_note_act.actor, 'review ' || review_note_act.action, 'message ' || review_note_act.message_id,
		jsonb_build_object('batch', review_note_act.batch));
$$;

-- It is of no use: out of the queue, its bytes stay.
CREATE FUNCTION api.review_dismiss(batch bigint, message_id bigint, now timestamptz, actor text, reason text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	m message := review_take(review_dismiss.message_id, '{review,held,failed}');
BEGIN
	PERFORM review_note_act(review_dismiss.batch, m.message_id, review_dismiss.now, review_dismiss.actor, 'dismiss', review_dismiss.reason, review_before(m));
	UPDATE message SET state = 'ignored', settled_at = review_dismiss.now, note = 'dismissed: ' || review_dismiss.reason
	WHERE message.message_id = m.message_id;
END $$;

CREATE FUNCTION api.review_assign(batch bigint, message_id bigint, now timestamptz, actor text, name text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	m message := review_take(review_assign.message_id, '{review,held,failed}');
BEGIN
	PERFORM review_note_act(review_assign.batch, m.message_id, review_assign.now, review_assign.actor, 'assign', review_assign.name, review_before(m));
	UPDATE message SET assigned_to = nullif(review_assign.name, '') WHERE message.message_id = m.message_id;
END $$;

CREATE FUNCTION api.review_note(batch bigint, message_id bigint, now timestamptz, actor text, words text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM review_take(review_note.message_id, '{received,filed,review,held,ignored,failed}');
	PERFORM review_note_act(review_note.batch, review_note.message_id, review_note.now, review_note.actor, 'note', review_note.words, NULL);
END $$;

-- A revision by a reviewer: the values that changed, null for one that is to be no answer. Staff may make a level more closed; more open its
-- practitioner alone.
CREATE FUNCTION fieldpost.feedback_fix(feedback_id bigint, now timestamptz, fixes jsonb, reason text)
RETURNS integer
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	f feedback;
	r feedback_revision;
	v form_version;
	fixed jsonb;
BEGIN
	SELECT * INTO STRICT f FROM feedback WHERE feedback_id = feedback_fix.feedback_id FOR UPDATE;
	SELECT * INTO STRICT r FROM feedback_revision WHERE feedback_id = f.feedback_id AND revision = f.revision;
	SELECT * INTO STRICT v FROM form_version WHERE form_id = f.form_id AND version = f.form_version;
	fixed := jsonb_strip_nulls(r.answers || feedback_fix.fixes);
	INSERT INTO feedback_revision (feedback_id, revision, author, created_at, answers, provenance, remarks, reason, fixed)
	VALUES (f.feedback_id, f.revision + 1, 'reviewer', feedback_fix.now, fixed,
		r.provenance - ARRAY(SELECT jsonb_object_keys(feedback_fix.fixes)), r.remarks, feedback_fix.reason,
		ARRAY(SELECT unnest(r.fixed) UNION SELECT jsonb_object_keys(feedback_fix.fixes) ORDER BY 1));
	UPDATE feedback SET revision = f.revision + 1, sharing = greatest(f.sharing, sharing_of(v.has_sharing, fixed)),
		country = CASE WHEN feedback_fix.fixes ? v.country_field THEN fixed ->> v.country_field ELSE f.country END,
		theme = CASE WHEN NOT feedback_fix.fixes ? coalesce(v.theme_field, '') THEN f.theme ELSE CASE jsonb_typeof(fixed -> v.theme_field)
			WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(fixed -> v.theme_field))
			WHEN 'string' THEN ARRAY[fixed ->> v.theme_field] ELSE '{}' END END
	WHERE feedback_id = f.feedback_id;
	RETURN f.revision + 1;
END $$;

-- What still keeps a message from being filed, with these fixes: fields that were not understood, and required ones that are not there.
CREATE FUNCTION fieldpost.review_open(m message, fixes jsonb)
RETURNS text[]
LANGUAGE sql STABLE
AS $$
	SELECT array_agg(DISTINCT o.name) FROM (
		SELECT e AS name FROM jsonb_object_keys(coalesce(m.result -> 'errors', '{}')) e WHERE NOT fixes ? e
		UNION ALL
		SELECT x ->> 'name' FROM form_version v CROSS JOIN jsonb_array_elements(v.fields) x
		WHERE v.form_id = m.form_id AND v.version = m.form_version AND (x ->> 'required')::boolean AND x ->> 'default' IS NULL
			AND NOT jsonb_strip_nulls((m.result -> 'values') || fixes) ? (x ->> 'name')) o
$$;

-- Files a message as its reviewer says: first what was understood of it, as its practitioner's words; then what was fixed, as a revision.
-- open: what is still to be fixed; then nothing was done. channels: as message_facts() has it, so that a number is known as its person's.
CREATE FUNCTION api.review_file(batch bigint, message_id bigint, now timestamptz, actor text, fixes jsonb, reason text, channels jsonb DEFAULT '{}')
RETURNS TABLE (state text, feedback_id bigint, open jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	m message := review_take(review_file.message_id, '{review,held,filed}');
	action text := CASE review_file.fixes WHEN '{}' THEN 'file' ELSE 'fix' END;
	filed jsonb;
	made bigint;
	was feedback;
	left_open text[];
	revision integer;
BEGIN
	IF m.state = 'filed' THEN
		SELECT f.* INTO was FROM feedback f WHERE f.message_id = m.message_id;
		IF NOT FOUND OR review_file.fixes = '{}' THEN
			RAISE EXCEPTION 'message % is filed already', m.message_id USING ERRCODE = 'no_data_found';
		END IF;
		revision := feedback_fix(was.feedback_id, review_file.now, review_file.fixes, review_file.reason);
		PERFORM review_note_act(review_file.batch, m.message_id, review_file.now, review_file.actor, action, review_file.reason,
			jsonb_build_object('sharing', was.sharing, 'country', was.country, 'theme', was.theme), was.feedback_id, revision);
		RETURN QUERY SELECT 'filed', was.feedback_id, '[]'::jsonb;
		RETURN;
	END IF;
	IF m.form_id IS NULL OR m.form_version IS NULL OR m.result -> 'values' IS NULL THEN
		RAISE EXCEPTION 'message % has no form that is known: nothing can be filed of it', m.message_id USING ERRCODE = 'no_data_found';
	END IF;
	left_open := review_open(m, review_file.fixes);
	IF left_open IS NOT NULL THEN
		RETURN QUERY SELECT m.state::text, NULL::bigint, to_jsonb(left_open);
		RETURN;
	END IF;
	UPDATE message SET state = 'received' WHERE message.message_id = m.message_id;
	filed := file_batch(review_file.now, jsonb_build_array(jsonb_build_object('message_id', m.message_id, 'hinted', true, 'alone', true, 'result', m.result || jsonb_build_object(
		'outcome', 'filed', 'reason', NULL, 'errors', '{}'::jsonb, 'reviewed', true))), review_file.channels);
	PERFORM senders_keep(ARRAY[m.message_id]);
	PERFORM settle_joined(review_file.now, ARRAY[m.message_id]);
	PERFORM settle_continued(review_file.now, ARRAY[m.message_id]);
	PERFORM acknowledge(review_file.now, filed);
	SELECT f.feedback_id INTO made FROM feedback f WHERE f.message_id = m.message_id;
	IF made IS NOT NULL AND review_file.fixes <> '{}' THEN
		revision := feedback_fix(made, review_file.now, review_file.fixes, review_file.reason);
	END IF;
	PERFORM review_note_act(review_file.batch, m.message_id, review_file.now, review_file.actor, action, review_file.reason, review_before(m), made, revision);
	RETURN QUERY SELECT x.state::text, made, '[]'::jsonb FROM message x WHERE x.message_id = m.message_id;
END $$;

-- Takes back what a command did (0: the last one of that person). What was told in a digest or answered to its author stays: fix it again.
CREATE FUNCTION api.review_undo(batch bigint, now timestamptz, actor text)
RETURNS TABLE (message_id bigint, action text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	a review_act;
	wanted bigint := CASE review_undo.batch WHEN 0 THEN (SELECT max(r.batch) FROM review_act r WHERE r.actor = review_undo.actor AND r.undone_at IS NULL)
		ELSE review_undo.batch END;
BEGIN
	FOR a IN SELECT * FROM review_act r WHERE r.batch = wanted AND r.undone_at IS NULL ORDER BY r.act_id DESC FOR UPDATE LOOP
		IF a.feedback_id IS NOT NULL AND EXISTS (SELECT FROM digest_line l WHERE l.feedback_id = a.feedback_id AND (a.before ? 'state' OR l.revision >= a.revision)) THEN
			RAISE EXCEPTION 'message % was told in a digest since: it is not undone, but can be fixed again', a.message_id USING ERRCODE = 'no_data_found';
		END IF;
		IF a.feedback_id IS NOT NULL AND EXISTS (SELECT FROM feedback f WHERE f.feedback_id = a.feedback_id AND f.revision > coalesce(a.revision, 1)) THEN
			RAISE EXCEPTION 'message % was changed since: undo that first', a.message_id USING ERRCODE = 'no_data_found';
		END IF;
		IF a.action = 'assign' THEN
			UPDATE message m SET assigned_to = a.before ->> 'assigned_to' WHERE m.message_id = a.message_id;
		ELSIF a.before ? 'state' THEN
			IF NOT EXISTS (SELECT FROM message m WHERE m.message_id = a.message_id AND (m.state = 'ignored' OR m.state = 'filed' AND a.action <> 'dismiss')) THEN
				RAISE EXCEPTION 'message % was settled otherwise since: it is not undone', a.message_id USING ERRCODE = 'no_data_found';
			END IF;
			IF EXISTS (SELECT FROM acknowledgement k WHERE k.message_id = a.message_id AND k.outbox_id IS NOT NULL AND a.feedback_id IS NOT NULL
				AND k.made_at >= a.at) THEN
				RAISE EXCEPTION 'message % was answered since: it is not undone, but can be fixed again', a.message_id USING ERRCODE = 'no_data_found';
			END IF;
			DELETE FROM acknowledgement k WHERE k.message_id = a.message_id AND k.outbox_id IS NULL AND a.feedback_id IS NOT NULL;
			DELETE FROM feedback f WHERE f.feedback_id = a.feedback_id;
			UPDATE message m SET state = (a.before ->> 'state')::message_state, reason = (a.before ->> 'reason')::message_reason,
				result = nullif(a.before -> 'result', 'null'), note = a.before ->> 'note', assigned_to = a.before ->> 'assigned_to',
				settled_at = (a.before ->> 'settled_at')::timestamptz
			WHERE m.message_id = a.message_id;
		ELSIF a.revision IS NOT NULL THEN
			UPDATE feedback f SET revision = a.revision - 1, sharing = (a.before ->> 'sharing')::sharing_level, country = a.before ->> 'country',
				theme = ARRAY(SELECT jsonb_array_elements_text(a.before -> 'theme')) WHERE f.feedback_id = a.feedback_id;
			DELETE FROM feedback_revision r WHERE r.feedback_id = a.feedback_id AND r.revision = a.revision;
		END IF;
		UPDATE review_act r SET undone_at = review_undo.now WHERE r.act_id = a.act_id;
		INSERT INTO audit (at, actor, action, object, detail)
		VALUES (review_undo.now, review_undo.actor, 'review undo', 'message ' || a.message_id, jsonb_build_object('batch', a.batch));
		message_id := a.message_id;
		action := a.action;
		RETURN NEXT;
	END LOOP;
END $$;

-- What people did about a message, the oldest first.
CREATE FUNCTION api.review_history(message_id bigint)
RETURNS TABLE (batch bigint, at timestamptz, actor text, action text, words text, undone boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT a.batch, a.at, a.actor, a.action, a.words, a.undone_at IS NOT NULL FROM review_act a WHERE a.message_id = review_history.message_id ORDER BY a.act_id
$$;

GRANT EXECUTE ON FUNCTION api.review_batch(), api.review_dismiss(bigint, bigint, timestamptz, text, text),
	api.review_assign(bigint, bigint, timestamptz, text, text), api.review_note(bigint, bigint, timestamptz, text, text),
	api.review_file(bigint, bigint, timestamptz, text, jsonb, text, jsonb), api.review_undo(bigint, timestamptz, text), api.review_history(bigint)
	TO fieldpost_admin;
