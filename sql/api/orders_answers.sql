-- Answers: what practitioners answer to a team's words, by mail and over channels, and what is written to either side (orders.sql has what
-- teams may say). Nothing to a practitioner holds who of the team wrote; nothing to the team holds an address or a number.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.heard_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '14 days' $$; -- over a channel, unquoted
CREATE FUNCTION fieldpost.heard_on_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '1 day' $$; -- and once more

---------------------------------------------------------------------------------------------------
-- What comes back
---------------------------------------------------------------------------------------------------

-- Words without mail addresses and telephone numbers, whose ever they are.
CREATE FUNCTION fieldpost.without_contact(words text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT regexp_replace(words, '[^[:space:]<>@,;:]+@[^[:space:]<>@,;:]+\.[[:alnum:]-]+|\+[0-9](?:[[:space:]()./-]{0,3}[0-9]){6,}'
		'|(?<![[:alnum:]./-])(?:[0-9]{9,}|0[0-9]{2,4}[ /-]?[0-9]{5,8}|0[0-9]{1,4}(?: [0-9]{2,4}){2,5})(?![0-9])', '[…]', 'g')
$$;

-- Puts what a practitioner answers into the conversation; the member who asked is told, if they may (still) read the line. What is sensitive
-- goes no further than a sensitive report does.
CREATE FUNCTION fieldpost.answer_keep(now timestamptz, talk conversation, message_id bigint, heard text)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	known record;
	why text := sensitive_in(heard);
BEGIN
	SELECT * INTO known FROM known_of(talk.feedback_id);
	INSERT INTO response (conversation_id, message_id, words, created_at)
	VALUES (talk.conversation_id, answer_keep.message_id, without_contact(without(left(heard, 4000), NULL, known.addresses)), answer_keep.now);
	IF why IS NOT NULL THEN
		UPDATE feedback f SET sharing = 'restricted', sensitive = coalesce(f.sensitive, why)
		WHERE f.feedback_id = talk.feedback_id AND f.sharing <> 'restricted';
	END IF;
	INSERT INTO order_told (message_id, member_id, kind, made_at, about, digest_id)
	SELECT answer_keep.message_id, m.member_id, 'heard', answer_keep.now, o.message_id, o.digest_id
	FROM member m JOIN feedback f ON f.feedback_id = talk.feedback_id
	JOIN LATERAL (SELECT o.* FROM staff_order o WHERE o.feedback_id = f.feedback_id AND o.member_id = m.member_id AND o.verb = 'answer'
		AND o.state = 'done' ORDER BY o.order_id DESC LIMIT 1) o ON true
	WHERE m.member_id = talk.member_id AND m.active AND line_of_member(m, f.line_number) = f.feedback_id
	ON CONFLICT DO NOTHING;
	PERFORM pg_notify('fieldpost_outbox', '');
END $$;

-- By mail: known by the mail that it answers, or by the conversation's reference, and from where that mail went.
CREATE FUNCTION fieldpost.answer_take(now timestamptz, message_id bigint, result jsonb, sender text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	talk conversation;
	heard text := btrim(result -> 'orders' ->> 'own');
BEGIN
	SELECT c.* INTO talk FROM outbox o JOIN response r USING (outbox_id) JOIN conversation c USING (conversation_id)
	WHERE o.kind = 'answer' AND o.header_id = ANY (answered_ids(result -> 'mail')) AND address_key(o.recipient) = sender
	ORDER BY r.response_id DESC LIMIT 1;
	IF talk.conversation_id IS NULL THEN
		SELECT c.* INTO talk FROM conversation c
		WHERE c.token = result ->> 'reference' AND EXISTS (SELECT FROM response r JOIN outbox o USING (outbox_id)
			WHERE r.conversation_id = c.conversation_id AND o.channel = 'mail' AND address_key(o.recipient) = sender);
	END IF;
	IF talk.conversation_id IS NULL OR coalesce(heard, '') = '' OR result -> 'mail' ->> 'authentication' = 'fail' OR result ->> 'outcome' = 'ignored'
		OR result ? 'stops' THEN
		RETURN false;
	END IF;
	PERFORM message_settle(answer_take.now, answer_take.message_id, result, jsonb_build_object('sender', sender, 'proof',
		CASE result -> 'mail' ->> 'authentication' WHEN 'pass' THEN 'verified' ELSE 'unverified' END), 'ignored', 'answer', NULL);
	PERFORM answer_keep(answer_take.now, talk, answer_take.message_id, heard);
	RETURN true;
END $$;

-- The conversation in which a person answers over a channel: that of the message of ours which they quote; else of the last that we said to
-- them, when it was a team's. quoted: it is that message.
CREATE FUNCTION fieldpost.channel_talk(message message, wrote channel_message, OUT talk bigint, OUT quoted boolean)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	last outbox;
	heard timestamptz;
BEGIN
	SELECT r.conversation_id INTO talk FROM outbox_part t JOIN outbox o USING (outbox_id) JOIN response r USING (outbox_id)
	WHERE t.provider_id = wrote.answers_id AND t.provider_id <> '' AND o.kind = 'answer' AND o.channel = message.channel
		AND o.recipient = wrote.reply_to LIMIT 1;
	quoted := talk IS NOT NULL;
	IF quoted THEN
		RETURN;
	END IF;
	SELECT o.* INTO last FROM outbox o WHERE o.channel = message.channel AND o.channel <> 'mail' AND o.recipient = wrote.reply_to AND o.state = 'sent'
		AND o.kind <> 'stopped' ORDER BY o.outbox_id DESC LIMIT 1;
	IF last.kind IS DISTINCT FROM 'answer' OR last.claimed_at > message.stored_at OR last.sent_at < message.stored_at - heard_within()
		OR EXISTS (SELECT FROM form_conversation f WHERE f.channel = message.channel AND f.sender = wrote.sender AND f.ended_at IS NULL) THEN
		RETURN;
	END IF;
	SELECT r.conversation_id INTO talk FROM response r WHERE r.outbox_id = last.outbox_id;
	SELECT max(r.created_at) INTO heard FROM response r WHERE r.conversation_id = talk AND r.member_id IS NULL AND r.created_at > last.sent_at;
	IF heard < message.stored_at - heard_on_within() THEN
		talk := NULL;
	END IF;
END $$;

-- Over a channel. What answers several fields of a form is a report, unless it quotes a team's words.
CREATE FUNCTION fieldpost.channel_answer_take(now timestamptz, message_id bigint, result jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	message message;
	wrote channel_message;
	found record;
	talk conversation;
	heard text;
BEGIN
	SELECT m.* INTO message FROM message m WHERE m.message_id = channel_answer_take.message_id;
	SELECT c.* INTO wrote FROM channel_message c WHERE c.message_id = channel_answer_take.message_id;
	IF message.channel IS NULL OR wrote.message_id IS NULL OR wrote.joined_to IS NOT NULL OR result #>> '{talk,word}' = 'stop' OR is_shared(message, wrote) THEN
		RETURN false;
	END IF;
	SELECT * INTO found FROM channel_talk(message, wrote);
	heard := btrim(joined_text(ARRAY(SELECT c.message_id FROM channel_message c
		WHERE c.message_id = message.message_id OR c.joined_to = message.message_id ORDER BY 1)), E' \t\r\n');
	IF found.talk IS NULL OR heard = '' OR (NOT found.quoted
			AND (SELECT count(*) FROM jsonb_object_keys(coalesce(result -> 'provenance', '{}'))) > 1) THEN
		RETURN false;
	END IF;
	SELECT c.* INTO talk FROM conversation c WHERE c.conversation_id = found.talk;
	PERFORM talk_resume(message, wrote);
	PERFORM message_settle(channel_answer_take.now, message.message_id, result, jsonb_build_object('sender', wrote.sender, 'proof', 'unverified'),
		'ignored', 'answer', NULL);
	UPDATE message m SET from_name = short(wrote.sender_name) WHERE m.message_id = message.message_id;
	PERFORM answer_keep(channel_answer_take.now, talk, message.message_id, heard);
	PERFORM settle_joined(channel_answer_take.now, ARRAY[message.message_id]);
	RETURN true;
END $$;

---------------------------------------------------------------------------------------------------
-- What is to be written
---------------------------------------------------------------------------------------------------

-- Does the way take words of ours now? rules: {"channels": [names of those that send], "windows": {name: hours}: a provider that takes them
-- just so long after the person's own}.
CREATE FUNCTION fieldpost.way_is_open(now timestamptz, feedback_id bigint, channel text, rules jsonb)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT way_is_open.channel = 'mail' OR (rules -> 'channels' ? way_is_open.channel AND (NOT coalesce(rules -> 'windows', '{}') ? way_is_open.channel OR EXISTS (
		SELECT FROM feedback f JOIN channel_message o USING (message_id) JOIN channel_message x ON x.sender = o.sender
		JOIN message y ON y.message_id = x.message_id
		WHERE f.feedback_id = way_is_open.feedback_id AND y.channel = way_is_open.channel
			AND y.stored_at > way_is_open.now - make_interval(hours => (rules -> 'windows' ->> way_is_open.channel)::integer))))
$$;

-- A team's words that are to go to who wrote a line. Nothing in it says who the member is. Where the way is not open they wait.
CREATE FUNCTION api.answers_due(now timestamptz, maximum bigint, rules jsonb)
RETURNS TABLE (response_id bigint, channel_name text, team text, words text, language text, reference text, day text, neutral boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT r.response_id, coalesce(w.channel, 'mail'), t.name, r.words, coalesce(k.language, f.language, 'en'), c.token,
		to_char(f.received_at AT TIME ZONE coalesce(k.zone, 'UTC'), 'YYYY-MM-DD'), coalesce(k.neutral, false)
	FROM response r JOIN conversation c USING (conversation_id) JOIN feedback f ON f.feedback_id = c.feedback_id
	JOIN member m ON m.member_id = r.member_id JOIN team t USING (team_id)
	LEFT JOIN identity.contact k ON k.contact_id = f.contact_id
	LEFT JOIN LATERAL answer_way(f.feedback_id) w ON true
	WHERE r.waits AND way_is_open(answers_due.now, f.feedback_id, coalesce(w.channel, 'mail'), rules)
	ORDER BY r.response_id LIMIT answers_due.maximum
$$;

-- Puts the letter into the outbox, once. The person may have stopped meanwhile: then it goes nowhere. Where it would go by another way now than
-- it was written for, it stays due.
CREATE FUNCTION api.answer_put(now timestamptz, response_id bigint, channel text, body bytea, domain text)
RETURNS TABLE (outbox_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	said response;
	way record;
	put bigint;
BEGIN
	SELECT r.* INTO said FROM response r WHERE r.response_id = answer_put.response_id AND r.waits FOR UPDATE;
	IF said.response_id IS NULL THEN
		RETURN;
	END IF;
	SELECT w.* INTO way FROM conversation c CROSS JOIN LATERAL answer_way(c.feedback_id) w WHERE c.conversation_id = said.conversation_id;
	IF way.address IS NULL THEN
		PERFORM order_audit(answer_put.now, 'member ' || said.member_id, 'answer-dropped', 'response ' || said.response_id, '{"why": "unreachable"}');
	ELSIF way.channel <> answer_put.channel THEN
		RETURN;
	ELSE
		INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
		VALUES ('answer', way.channel, way.address, CASE WHEN way.channel = 'mail' THEN format('<answer-%s.%s@%s>', said.response_id,
				left(replace(gen_random_uuid()::text, '-', ''), 20), answer_put.domain) ELSE 'answer-' || said.response_id END,
			'answer ' || said.response_id, answer_put.body, answer_put.now, answer_put.now)
		RETURNING outbox_id INTO put;
		PERFORM pg_notify('fieldpost_outbox', '');
	END IF;
	UPDATE response r SET waits = false, outbox_id = put WHERE r.response_id = said.response_id;
	RETURN QUERY SELECT put WHERE put IS NOT NULL;
END $$;

-- What members are to be told. header_id, subject: of their own mail that it answers. items: [{number, verb, words, why, withheld}]; of a line
-- that does not go by mail (withheld) the number alone.
CREATE FUNCTION api.orders_told_due(maximum bigint)
RETURNS TABLE (message_id bigint, member_id bigint, kind text, language text, header_id text, subject text, digest_id bigint, items jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT t.message_id, t.member_id, t.kind,
		coalesce((SELECT s.language FROM subscription s WHERE s.team_id = m.team_id AND s.active ORDER BY s.subscription_id LIMIT 1), 'en'),
		x.header_id, x.subject, t.digest_id,
		CASE WHEN t.kind = 'heard' THEN (SELECT coalesce(jsonb_agg(jsonb_build_object('number', f.line_number, 'withheld', h.withheld, 'words',
				CASE WHEN NOT h.withheld THEN words_shown(f.feedback_id, r.words) END)), '[]')
			FROM response r JOIN conversation c USING (conversation_id) JOIN feedback f ON f.feedback_id = c.feedback_id
			JOIN team g ON g.team_id = m.team_id
			CROSS JOIN LATERAL (SELECT (f.sharing = 'restricted' AND NOT g.restricted_by_mail)
				OR line_of_member(m, f.line_number) IS DISTINCT FROM f.feedback_id AS withheld OFFSET 0) h
			WHERE r.message_id = t.message_id AND r.member_id IS NULL)
		ELSE (SELECT coalesce(jsonb_agg(jsonb_build_object('number', o.number, 'verb', o.verb, 'words', o.words, 'why', o.why) ORDER BY o.order_id), '[]')
			FROM staff_order o WHERE o.message_id = coalesce(t.about, t.message_id)) END
	FROM order_told t JOIN member m USING (member_id)
	JOIN message x ON x.message_id = CASE WHEN t.kind = 'heard' THEN t.about ELSE t.message_id END
	WHERE t.outbox_id IS NULL ORDER BY t.message_id LIMIT orders_told_due.maximum
$$;

-- To the address that is registered, whatever the mail said.
CREATE FUNCTION api.order_told_put(now timestamptz, message_id bigint, body bytea, domain text)
RETURNS TABLE (outbox_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	told order_told;
	put bigint;
BEGIN
	SELECT t.* INTO told FROM order_told t WHERE t.message_id = order_told_put.message_id AND t.outbox_id IS NULL FOR UPDATE;
	INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at)
	SELECT 'order', m.address, format('<order-%s.%s@%s>', told.message_id, left(replace(gen_random_uuid()::text, '-', ''), 20), order_told_put.domain),
		'order ' || told.message_id, order_told_put.body, order_told_put.now, order_told_put.now
	FROM member m WHERE m.member_id = told.member_id RETURNING outbox_id INTO put;
	UPDATE order_told t SET outbox_id = put WHERE t.message_id = told.message_id;
	PERFORM pg_notify('fieldpost_outbox', '');
	RETURN QUERY SELECT put WHERE put IS NOT NULL;
END $$;

GRANT EXECUTE ON FUNCTION api.answers_due(timestamptz, bigint, jsonb), api.answer_put(timestamptz, bigint, text, bytea, text), api.orders_told_due(bigint),
	api.order_told_put(timestamptz, bigint, bytea, text) TO fieldpost_send;
