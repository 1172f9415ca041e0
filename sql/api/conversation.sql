-- What becomes of a channel's message once it was read: a conversation goes on or ends, an edit becomes a revision, a person who wants no more
-- gets no more. The reader says it in the result's "talk" (outreach/conversation.h); who gets an answer is decided here.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.conversation_idle() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '14 days' $$;

-- The field whose answer a message of a conversation gave; '' for none.
CREATE FUNCTION fieldpost.answered_by(rest jsonb, message_id bigint)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT coalesce((SELECT e.key FROM jsonb_each(answered_by.rest -> 'provenance') AS e
		WHERE answered_by.message_id IN ((e.value ->> 'message')::bigint, (e.value ->> 'edits')::bigint) ORDER BY e.key LIMIT 1), '')
$$;

CREATE FUNCTION fieldpost.talk_state(talked form_conversation)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT jsonb_build_object('version', talked.form_version, 'language', talked.language, 'asked', talked.asked, 'again', talked.asked_again,
		'answers', talked.answers, 'rest', talked.rest)
$$;

-- What the reader needs to know of a unit besides its text. original: the message that it edits.
CREATE FUNCTION fieldpost.talk_hint(now timestamptz, channel text, sender text, ids bigint[], original bigint, settings jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	talked form_conversation;
	question outbox;
	hint jsonb;
BEGIN
	hint := jsonb_build_object('message', talk_hint.ids[1], 'fallback', coalesce(settings ->> 'language', 'en'), 'language',
		(SELECT c.language FROM channel_message c WHERE c.message_id = talk_hint.ids[cardinality(talk_hint.ids)]));
	IF talk_hint.original IS NULL AND NOT talk_hint.settings ? 'form' THEN
		RETURN hint;
	END IF;
	IF talk_hint.original IS NOT NULL THEN
		SELECT f.* INTO talked FROM channel_message c JOIN form_conversation f USING (conversation_id)
		WHERE c.message_id = talk_hint.original;
		IF talked.conversation_id IS NULL THEN
			RETURN hint;
		END IF;
		RETURN hint || jsonb_build_object('form', talked.form_id, 'state', talk_state(talked), 'ended', talked.ended_at IS NOT NULL,
			'original', talk_hint.original, 'edits', answered_by(talked.rest, talk_hint.original));
	END IF;
	SELECT f.* INTO talked FROM form_conversation f
	WHERE f.channel = talk_hint.channel AND f.sender = talk_hint.sender AND f.ended_at IS NULL;
	IF talked.conversation_id IS NULL THEN
		RETURN hint || jsonb_build_object('form', settings ->> 'form', 'quiet', EXISTS (SELECT FROM form_conversation f
			WHERE f.channel = talk_hint.channel AND f.sender = talk_hint.sender AND f.ended_at > talk_hint.now - interval '10 minutes'));
	END IF;
	-- What was written before our question went out is no answer to it. (One that is sent again may have come before.)
	SELECT o.* INTO question FROM outbox o WHERE o.outbox_id = talked.question_id;
	RETURN hint || jsonb_build_object('form', talked.form_id, 'state', talk_state(talked), 'early',
		coalesce(question.state IN ('waiting', 'sending', 'sent') AND (question.claimed_at IS NULL OR (question.attempts = 1 AND question.claimed_at >
			(SELECT max(m.stored_at) FROM message m WHERE m.message_id = ANY (talk_hint.ids)))), false));
END $$;

-- Words to the person who wrote the message.
CREATE FUNCTION fieldpost.talk_say(now timestamptz, message_id bigint, kind text, words text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	said bigint;
BEGIN
	INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
	SELECT talk_say.kind, m.channel, c.reply_to, 'talk-' || m.message_id, 'talk:' || m.message_id,
		convert_to(jsonb_build_object('text', talk_say.words)::text, 'UTF8'), talk_say.now, talk_say.now
	FROM message m JOIN channel_message c USING (message_id) WHERE m.message_id = talk_say.message_id
	ON CONFLICT (dedupe_key) DO NOTHING RETURNING outbox_id INTO said;
	PERFORM pg_notify('fieldpost_outbox', '');
	RETURN said;
END $$;

-- Do others write from the place that answers to this one go to (a room, a group)?
CREATE FUNCTION fieldpost.is_shared(message message, wrote channel_message)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT wrote.reply_to <> wrote.sender AND EXISTS (
		SELECT FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.channel FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
		WHERE c.reply_to = wrote.reply_to AND c.reply_to <> c.sender AND c.sender <> wrote.sender AND m.channel = message.channel)
$$;

-- Where a person alone is answered: in a room of several it is not for one of them to say what the others get.
CREATE FUNCTION fieldpost.talk_addresses(message message, wrote channel_message)
RETURNS text[]
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN is_shared(message, wrote) THEN ARRAY[wrote.sender] ELSE ARRAY[wrote.sender, wrote.reply_to] END
$$;

-- Whose sender it is, of those that people are registered with; channels: as message_facts() has it.
CREATE FUNCTION fieldpost.contact_of(channel text, sender text, channels jsonb)
RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	RETURN (SELECT a.contact_id FROM (VALUES (contact_of.channel, contact_of.sender),
			('phone', phone_key(contact_of.sender, (channels -> contact_of.channel ->> 'phone')::boolean))) AS v (channel, address)
		JOIN identity.contact_address a ON a.channel = v.channel AND a.address = v.address LIMIT 1);
END $$;

-- Was this row of the outbox (by its dedupe_key) said to that person?
CREATE FUNCTION fieldpost.is_said_to(dedupe_key text, sender text)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT EXISTS (SELECT FROM channel_message c WHERE c.sender = is_said_to.sender AND c.message_id =
		CASE WHEN is_said_to.dedupe_key ~ '^talk:[0-9]{1,18}$' THEN substr(is_said_to.dedupe_key, 6)::bigint END)
$$;

CREATE FUNCTION fieldpost.talk_cancel(message message, wrote channel_message)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	own text[] := talk_addresses(message, wrote);
BEGIN
	UPDATE outbox o SET state = 'cancelled', last_error = 'the person asked for no more messages'
	WHERE o.channel = message.channel AND o.recipient IN (wrote.sender, wrote.reply_to) AND o.state = 'waiting'
		AND (o.recipient = ANY (own) OR is_said_to(o.dedupe_key, wrote.sender));
END $$;

-- No more to this person by this channel until they write again, and no more requests by any. False when that holds already.
CREATE FUNCTION fieldpost.talk_stop(now timestamptz, message message, wrote channel_message, channels jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	known boolean := EXISTS (SELECT FROM suppression s WHERE s.channel = message.channel AND s.address = wrote.sender);
	person bigint := contact_of(message.channel, wrote.sender, channels);
BEGIN
	IF person IS NOT NULL THEN
		PERFORM asking_stop(talk_stop.now, person, '{}', 'asked');
	END IF;
	INSERT INTO suppression AS s (channel, address, reason, since)
	SELECT DISTINCT message.channel, a, 'asked', message.stored_at FROM unnest(talk_addresses(message, wrote)) AS a
	ON CONFLICT (channel, address) DO UPDATE SET since = greatest(s.since, excluded.since) WHERE s.reason = 'asked';
	PERFORM talk_cancel(message, wrote);
	RETURN NOT known;
END $$;

-- The person writes again, and is answered again. What was put into the outbox meanwhile is not sent late.
CREATE FUNCTION fieldpost.talk_resume(message message, wrote channel_message)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	DELETE FROM suppression s WHERE s.channel = message.channel AND s.address IN (wrote.sender, wrote.reply_to)
		AND s.reason = 'asked' AND s.since < message.stored_at;
	IF FOUND THEN
		PERFORM talk_cancel(message, wrote);
	END IF;
END $$;

-- May a row of the outbox go out? By a channel only the one confirmation goes to a person who asked for no more; by mail nothing that
-- was not asked for. What members are told of their orders goes to members alone: they may have been taken off since.
CREATE FUNCTION fieldpost.outbox_may_go(kind text, channel text, recipient text)
RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	IF outbox_may_go.kind = 'order' AND NOT EXISTS (SELECT FROM member m WHERE m.active AND m.address = outbox_may_go.recipient) THEN
		RETURN false;
	END IF;
	RETURN CASE WHEN outbox_may_go.channel = 'mail' THEN outbox_may_go.kind NOT IN ('request', 'reminder', 'answer', 'outcome')
			ELSE outbox_may_go.kind = 'stopped' END
		OR NOT EXISTS (SELECT FROM suppression s WHERE s.channel = outbox_may_go.channel AND s.address =
			CASE WHEN outbox_may_go.channel = 'mail' THEN lower(outbox_may_go.recipient) ELSE outbox_may_go.recipient END);
END $$;

-- The conversation after this message; its number.
CREATE FUNCTION fieldpost.talk_keep(now timestamptz, message message, wrote channel_message, form_id text, state jsonb)
RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	kept bigint;
BEGIN
	INSERT INTO form_conversation AS f (channel, sender, reply_to, form_id, form_version, language, asked, asked_again, answers, rest,
		started_at, updated_at)
	VALUES (message.channel, wrote.sender, wrote.reply_to, talk_keep.form_id, (state ->> 'version')::integer, state ->> 'language',
		coalesce(state ->> 'asked', ''), coalesce((state ->> 'again')::boolean, false), state -> 'answers', state -> 'rest',
		talk_keep.now, talk_keep.now)
	ON CONFLICT (channel, sender) WHERE ended_at IS NULL DO UPDATE SET form_version = excluded.form_version,
		language = excluded.language, asked = excluded.asked, asked_again = excluded.asked_again, answers = excluded.answers,
		rest = excluded.rest, reply_to = excluded.reply_to, updated_at = excluded.updated_at
	RETURNING f.conversation_id INTO kept;
	UPDATE channel_message c SET conversation_id = kept, joined_to = NULL
	WHERE c.message_id = message.message_id OR c.joined_to = message.message_id;
	RETURN kept;
END $$;

-- All messages of a conversation are settled with this one, which is its last.
CREATE FUNCTION fieldpost.talk_end(now timestamptz, conversation_id bigint, message_id bigint)
RETURNS void
LANGUAGE sql
AS $$
	UPDATE form_conversation f SET ended_at = talk_end.now, message_id = talk_end.message_id, question_id = NULL
	WHERE f.conversation_id = talk_end.conversation_id;
	UPDATE channel_message c SET joined_to = nullif(talk_end.message_id, c.message_id)
	WHERE c.conversation_id = talk_end.conversation_id;
$$;

-- A new revision of a feedback by its practitioner, and its number; values that are not in `answers` stay unless all are replaced.
CREATE FUNCTION fieldpost.feedback_revise(now timestamptz, fed feedback, message_id bigint, result jsonb, replaces boolean, why text)
RETURNS integer
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	known form_version;
	before feedback_revision;
	answered jsonb := result -> 'values';
	found_at jsonb := coalesce(result -> 'provenance', '{}');
	number integer;
BEGIN
	SELECT v.* INTO STRICT known FROM form_version v WHERE v.form_id = fed.form_id
		AND v.version = CASE WHEN replaces THEN (result ->> 'template_version')::integer ELSE fed.form_version END;
	SELECT r.* INTO before FROM feedback_revision r WHERE r.feedback_id = fed.feedback_id AND r.revision = fed.revision;
	IF NOT replaces THEN
		answered := before.answers || answered;
		found_at := before.provenance || found_at;
	END IF;
	SELECT max(r.revision) + 1 INTO number FROM feedback_revision r WHERE r.feedback_id = fed.feedback_id;
	INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks, reason, fixed)
	VALUES (fed.feedback_id, number, 'practitioner', feedback_revise.message_id, feedback_revise.now, answered, found_at,
		CASE WHEN replaces THEN result ->> 'remarks' ELSE coalesce(result ->> 'remarks', before.remarks) END, why,
		CASE WHEN replaces THEN '{}' ELSE ARRAY(SELECT x FROM unnest(before.fixed) AS x WHERE NOT (result -> 'values') ? x) END);
	UPDATE feedback f SET revision = number, form_version = known.version, sharing = sharing_of(known.has_sharing, answered),
		country = coalesce(answered ->> known.country_field, f.country), theme = CASE jsonb_typeof(answered -> known.theme_field)
			WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(answered -> known.theme_field))
			WHEN 'string' THEN ARRAY[answered ->> known.theme_field] ELSE '{}' END
	WHERE f.feedback_id = fed.feedback_id;
	RETURN number;
END $$;

CREATE FUNCTION fieldpost.talk_settle(now timestamptz, message_id bigint, state message_state, reason message_reason)
RETURNS void
LANGUAGE sql
AS $$
	UPDATE message m SET state = talk_settle.state, reason = talk_settle.reason, settled_at = talk_settle.now, error = NULL
	WHERE m.state = 'received' AND (m.message_id = talk_settle.message_id
		OR m.message_id IN (SELECT c.message_id FROM channel_message c WHERE c.joined_to = talk_settle.message_id))
$$;

-- An edit of a message that was read. True: it is to be filed by itself.
CREATE FUNCTION fieldpost.talk_edit(now timestamptz, message message, wrote channel_message, result jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	fed feedback;
BEGIN
	SELECT f.* INTO fed FROM feedback f WHERE f.message_id = wrote.joined_to FOR UPDATE;
	IF fed.feedback_id IS NULL THEN
		-- Nothing came of what it replaces: this takes its place, and it goes where this goes.
		UPDATE channel_message c SET joined_to = nullif(message.message_id, c.message_id)
		WHERE c.message_id IN (wrote.joined_to, message.message_id) OR c.joined_to = wrote.joined_to;
		RETURN true;
	END IF;
	IF result ->> 'outcome' <> 'filed' OR result ->> 'template' <> fed.form_id THEN
		RETURN true;
	END IF;
	PERFORM talk_settle(talk_edit.now, message.message_id, 'filed', NULL);
	PERFORM feedback_revise(talk_edit.now, fed, message.message_id, result, true, 'edited in its channel');
	RETURN false;
END $$;

-- An answer that was edited after its conversation was at its end. True: it is to be filed by itself, for review.
CREATE FUNCTION fieldpost.talk_patch(now timestamptz, message message, wrote channel_message, result jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	head bigint;
	fed feedback;
	settled message;
BEGIN
	SELECT f.message_id INTO head FROM message m JOIN channel_message c USING (message_id) JOIN form_conversation f USING (conversation_id)
	WHERE m.channel = message.channel AND m.provider_id = wrote.edits_id AND c.sender = wrote.sender;
	IF head IS NULL OR result ->> 'outcome' <> 'filed' THEN
		RETURN true;
	END IF;
	SELECT f.* INTO fed FROM feedback f WHERE f.message_id = head FOR UPDATE;
	UPDATE channel_message c SET joined_to = head WHERE c.message_id = message.message_id OR c.joined_to = message.message_id;
	IF fed.feedback_id IS NOT NULL THEN
		PERFORM feedback_revise(talk_patch.now, fed, message.message_id, result, false, 'edited in its channel');
	ELSE
		UPDATE message m SET result = m.result || jsonb_build_object('values', (m.result -> 'values') || (result -> 'values'), 'errors',
			(m.result -> 'errors') - ARRAY(SELECT jsonb_object_keys(result -> 'values')))
		WHERE m.message_id = head AND m.result IS NOT NULL;
	END IF;
	SELECT m.* INTO settled FROM message m WHERE m.message_id = head;
	UPDATE message m SET state = settled.state, reason = settled.reason, settled_at = talk_patch.now, error = NULL
	WHERE m.state = 'received' AND m.message_id = ANY (ARRAY(
		SELECT c.message_id FROM channel_message c WHERE c.joined_to = head));
	RETURN false;
END $$;

-- One message of a channel that was read. True: it is to be filed as every reply is.
CREATE FUNCTION fieldpost.talk_one(now timestamptz, message_id bigint, result jsonb, channels jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	message message;
	wrote channel_message;
	talk jsonb := result -> 'talk';
	said bigint;
	kept bigint;
	files boolean := true;
	stops boolean := coalesce(talk ->> 'word' = 'stop', false);
	silent boolean := false;
BEGIN
	SELECT m.* INTO message FROM message m WHERE m.message_id = talk_one.message_id AND m.state = 'received' FOR UPDATE;
	SELECT c.* INTO wrote FROM channel_message c WHERE c.message_id = talk_one.message_id;
	IF message.message_id IS NULL OR wrote.message_id IS NULL THEN
		RETURN true;
	END IF;
	IF stops THEN
		silent := NOT talk_stop(talk_one.now, message, wrote, channels);
	ELSE
		PERFORM talk_resume(message, wrote);
	END IF;
	IF talk ->> 'say' <> '' AND NOT silent THEN
		said := talk_say(talk_one.now, message.message_id, CASE WHEN stops THEN 'stopped' ELSE 'conversation' END, talk ->> 'say');
	END IF;
	IF jsonb_typeof(talk -> 'state') = 'object' THEN
		kept := talk_keep(talk_one.now, message, wrote, talk ->> 'form', talk -> 'state');
		IF talk ->> 'over' IS NOT NULL THEN
			PERFORM talk_end(talk_one.now, kept, message.message_id);
			RETURN true;
		END IF;
		UPDATE form_conversation f SET question_id = said WHERE f.conversation_id = kept AND said IS NOT NULL;
		UPDATE message m SET state = 'held', reason = 'in-conversation', settled_at = talk_one.now, error = NULL
		WHERE m.state = 'received' AND m.message_id = ANY (ARRAY(
			SELECT c.message_id FROM channel_message c WHERE c.conversation_id = kept));
		RETURN false;
	END IF;
	IF (talk ->> 'patch')::boolean THEN
		RETURN talk_patch(talk_one.now, message, wrote, result);
	END IF;
	IF wrote.joined_to IS NOT NULL THEN
		RETURN talk_edit(talk_one.now, message, wrote, result);
	END IF;
	RETURN true;
END $$;

-- Files a batch: what is of channels goes its way first. What comes back is file_batch()'s.
CREATE FUNCTION fieldpost.file_all(now timestamptz, batch jsonb, channels jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	spoken bigint[];
	settled bigint[];
	filed jsonb;
BEGIN
	SELECT array_agg((e ->> 'message_id')::bigint) INTO spoken FROM jsonb_array_elements(file_all.batch) AS e
	WHERE e -> 'result' ? 'talk';
	IF spoken IS NULL THEN
		RETURN file_batch(file_all.now, file_all.batch, file_all.channels);
	END IF;
	SELECT array_agg((e ->> 'message_id')::bigint) INTO settled FROM jsonb_array_elements(file_all.batch) AS e
	CROSS JOIN LATERAL (SELECT c.* FROM channel_message c WHERE c.message_id = (e ->> 'message_id')::bigint LIMIT 1) c
	CROSS JOIN LATERAL (SELECT m.channel FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
	WHERE (e -> 'result' -> 'talk' <> '{}' OR c.joined_to IS NOT NULL -- else there is nothing to it but the message
			OR EXISTS (SELECT FROM suppression s WHERE s.channel = m.channel AND s.address IN (c.sender, c.reply_to)))
		AND NOT talk_one(file_all.now, c.message_id, e -> 'result', file_all.channels);
	-- What a conversation said is read as it is.
	filed := file_batch(file_all.now, (SELECT coalesce(jsonb_agg(CASE WHEN coalesce(e -> 'result' -> 'talk', '{}') = '{}' THEN e
			ELSE e || '{"hinted": true}' END #- '{result,talk}'), '[]')
		FROM jsonb_array_elements(file_all.batch) AS e WHERE (e ->> 'message_id')::bigint = ANY (settled) IS NOT TRUE),
		file_all.channels);
	PERFORM senders_keep(spoken);
	PERFORM settle_joined(file_all.now, spoken);
	RETURN filed || coalesce((SELECT jsonb_agg(jsonb_build_object('message', m.message_id, 'state', m.state)) FROM message m
		WHERE m.message_id = ANY (settled)), '[]');
END $$;

-- Conversations in which nothing was said for long: what was answered is filed when it is whole, else a person looks at it.
CREATE FUNCTION fieldpost.conversations_close(now timestamptz, channels jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	talked form_conversation;
	last bigint;
	missing jsonb;
	defaults jsonb;
BEGIN
	FOR talked IN
		SELECT f.* FROM form_conversation f
		WHERE f.ended_at IS NULL AND f.updated_at < conversations_close.now - conversation_idle()
		ORDER BY f.updated_at LIMIT 20 FOR UPDATE SKIP LOCKED
	LOOP
		SELECT max(c.message_id) INTO last FROM channel_message c WHERE c.conversation_id = talked.conversation_id;
		SELECT coalesce(jsonb_object_agg(x ->> 'name', 'missing-required'), '{}') INTO missing
		FROM form_version v CROSS JOIN LATERAL jsonb_array_elements(v.fields) AS x
		WHERE v.form_id = talked.form_id AND v.version = talked.form_version AND (x ->> 'required')::boolean
			AND x ->> 'default' IS NULL AND NOT talked.answers ? (x ->> 'name');
		-- A default stands in for what was not answered, never for what was not understood.
		SELECT coalesce(jsonb_object_agg(x ->> 'name', x -> 'default'), '{}') INTO defaults
		FROM form_version v CROSS JOIN LATERAL jsonb_array_elements(v.fields) AS x
		WHERE v.form_id = talked.form_id AND v.version = talked.form_version AND x ->> 'default' IS NOT NULL
			AND NOT coalesce(talked.rest -> 'wrong' ? (x ->> 'name'), false);
		PERFORM talk_end(conversations_close.now, talked.conversation_id, last);
		UPDATE message m SET state = 'received' WHERE m.message_id = last AND m.state = 'held';
		PERFORM file_batch(conversations_close.now, jsonb_build_array(jsonb_build_object('message_id', last, 'result',
			jsonb_build_object('template', talked.form_id, 'template_version', talked.form_version, 'language', talked.language,
				'values', defaults || talked.answers, 'errors', missing, 'provenance', talked.rest -> 'provenance',
				'remarks', talked.rest ->> 'remarks', 'outcome', CASE WHEN talked.answers = '{}' THEN 'ignored'
					WHEN missing = '{}' THEN 'filed' ELSE 'review' END, 'reason', CASE WHEN talked.answers = '{}' THEN 'no-answers'
					WHEN missing <> '{}' THEN 'missing-required' END), 'hinted', true)), conversations_close.channels);
		PERFORM settle_joined(conversations_close.now, ARRAY[last]);
	END LOOP;
END $$;
