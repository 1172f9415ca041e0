-- Orders: what policy staff write in answer to a digest's lines, and what practitioners answer them.
--
-- The reader says what a mail may mean ("orders": parsers/order.h), the holder of the key which tokens in it are ours ("tokens":
-- [[kind, first, second]], core/answer_token.h). A mail is one order or several, and all of it is done or none: from the address of a member
-- that authenticates, with the token of a digest that this member got, about lines of digests that this member got. Without authentication
-- the member confirms it, by answering a mail that goes to the address of theirs that is registered. Whatever else it is: nothing is done,
-- it stands in audit, and the member, nobody else, is told what was understood. What is then written to whom: orders_answers.sql.
--
-- Why an order is refused: unclear, empty, too-long, names-another (of the reader); not-yours (no line of a digest of yours has that number);
-- others-words (of a digest, and not this line's own, or of a person who is to be repeated nothing); contact (an address or a number; to be
-- confirmed); own-words (this line's words; to be confirmed); unreachable (the person gets nothing for now); too-many.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.token_lasts() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '60 days' $$;
CREATE FUNCTION fieldpost.confirmed_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '14 days' $$;
CREATE FUNCTION fieldpost.orders_told_a_day() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 20 $$; -- of a kind, to one member

---------------------------------------------------------------------------------------------------
-- What may be said to whom
---------------------------------------------------------------------------------------------------

-- The feedback of a line that stood in a digest which this member got, and which they may still read; null: none.
CREATE FUNCTION fieldpost.line_of_member(member member, number bigint)
RETURNS bigint
LANGUAGE sql STABLE
AS $$
	SELECT f.feedback_id FROM feedback f
	WHERE f.line_number = line_of_member.number AND f.state <> 'withdrawn'
		AND f.sharing <= least(member.clearance, (SELECT CASE WHEN t.cleared THEN 'restricted' ELSE 'no-name' END::sharing_level
			FROM team t WHERE t.team_id = member.team_id))
		AND EXISTS (SELECT FROM digest_line l JOIN digest d USING (digest_id) JOIN subscription s ON s.subscription_id = d.subscription_id
			JOIN outbox o ON o.digest_id = l.digest_id AND o.kind = 'digest' AND o.recipient = member.address AND o.sent_at IS NOT NULL
			WHERE l.feedback_id = f.feedback_id AND s.team_id = member.team_id)
$$;

-- Words as they are compared.
CREATE FUNCTION fieldpost.plain_words(words text)
RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
	SELECT array_remove(regexp_split_to_array(fold(words), '[^[:alnum:]]+'), '')
$$;

-- Does a stretch of the words stand in the other text: five words one after the other, or a whole line of three?
CREATE FUNCTION fieldpost.words_repeat(words text, other text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	said text[] := plain_words(words);
	there text := ' ' || array_to_string(plain_words(other), ' ') || ' ';
	line text[];
BEGIN
	FOR i IN 1 .. coalesce(cardinality(said), 0) - 4 LOOP
		IF strpos(there, ' ' || array_to_string(said[i : i + 4], ' ') || ' ') > 0 THEN
			RETURN true;
		END IF;
	END LOOP;
	FOR line IN SELECT plain_words(l) FROM regexp_split_to_table(words, E'\n') l LOOP
		IF cardinality(line) BETWEEN 3 AND 4 AND EXISTS (SELECT FROM regexp_split_to_table(other, E'\n') o WHERE plain_words(o) = line) THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;

-- The texts of a feedback, as they are shown: who guesses at a name that is hidden in them learns nothing from what is refused.
CREATE FUNCTION fieldpost.words_of_feedback(feedback_id bigint)
RETURNS text
LANGUAGE plpgsql STABLE -- (read.* comes after api.*)
AS $$
#variable_conflict use_column
BEGIN
	RETURN (SELECT concat_ws(E'\n', read.shown_remarks(r.remarks, r.hidden, f.sharing),
			(SELECT string_agg(t.words, E'\n') FROM texts_of(f.form_id, read.shown_answers(r.answers, r.hidden, f.sharing)) t))
		FROM feedback f JOIN feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
		WHERE f.feedback_id = words_of_feedback.feedback_id);
END $$;

-- A mail address, or a number of seven digits and more that is no date.
CREATE FUNCTION fieldpost.names_contact(words text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT words ~ '[^[:space:]<>@]+@[^[:space:]<>@]+\.[^[:space:]<>@]+' OR regexp_replace(fold(words),
		'(?<![0-9])([0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4})(?![0-9])', ' on ', 'g')
		~ '(?<![[:alnum:]-])[+(]?[0-9](?:[[:space:]()./-]{0,3}[0-9]){6,}'
$$;

-- Why these words may not go to who wrote the feedback; null: they may.
CREATE FUNCTION fieldpost.words_refused(words text, feedback_id bigint, digest_id bigint)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
	own text := words_of_feedback(words_refused.feedback_id);
	told text := (SELECT convert_from(d.rendered, 'UTF8')::jsonb ->> 'text' FROM digest d WHERE d.digest_id = words_refused.digest_id);
	mine boolean := words_repeat(words, own);
BEGIN
	IF EXISTS (SELECT FROM digest_line l WHERE l.digest_id = words_refused.digest_id AND l.feedback_id <> words_refused.feedback_id
			AND words_repeat(words, words_of_feedback(l.feedback_id)))
		OR (NOT mine AND words_repeat(words, coalesce(told, ''))) THEN
		RETURN 'others-words';
	ELSIF mine AND EXISTS (SELECT FROM feedback f JOIN identity.contact c USING (contact_id)
			WHERE f.feedback_id = words_refused.feedback_id AND c.no_content) THEN
		RETURN 'others-words';
	ELSIF names_contact(words) THEN
		RETURN 'contact';
	ELSIF mine THEN
		RETURN 'own-words';
	END IF;
	RETURN NULL;
END $$;

-- Where who wrote a feedback is answered, no row: nowhere. As they wrote: over their channel, where nobody reads along; else by mail, to
-- their own address before that of the message.
CREATE FUNCTION fieldpost.answer_way(feedback_id bigint)
RETURNS TABLE (channel text, address text, contact_id bigint)
LANGUAGE sql STABLE
AS $$
	SELECT w.channel, w.address, f.contact_id FROM feedback f JOIN message m USING (message_id)
	LEFT JOIN identity.contact c ON c.contact_id = f.contact_id
	CROSS JOIN LATERAL (
		SELECT m.channel, t.reply_to AS address FROM channel_message t WHERE t.message_id = m.message_id AND m.channel IS NOT NULL AND NOT is_shared(m, t)
			AND NOT EXISTS (SELECT FROM suppression s WHERE s.channel = m.channel AND s.address IN (t.sender, t.reply_to))
		UNION ALL
		SELECT 'mail', a.address FROM (SELECT coalesce(
			(SELECT a.address FROM identity.contact_address a WHERE a.contact_id = f.contact_id AND a.channel = 'mail'
				ORDER BY a.address <> coalesce(m.from_address, ''), a.ordinal, a.address LIMIT 1),
			CASE WHEN m.channel IS NULL AND f.contact_id IS NULL AND f.verification <> 'failed' AND f.via IS NULL THEN m.from_address END) AS address) a
		WHERE a.address IS NOT NULL AND NOT EXISTS (SELECT FROM suppression s WHERE s.channel = 'mail' AND s.address = lower(a.address))
			AND NOT EXISTS (SELECT FROM channel_message t WHERE t.message_id = m.message_id AND m.channel IS NOT NULL AND NOT is_shared(m, t))
	) w
	WHERE f.feedback_id = answer_way.feedback_id AND w.address <> '' AND NOT coalesce(c.paused, false) AND coalesce(c.active, true)
	LIMIT 1
$$;

---------------------------------------------------------------------------------------------------
-- Doing it
---------------------------------------------------------------------------------------------------

CREATE FUNCTION fieldpost.order_audit(now timestamptz, actor text, action text, object text, detail jsonb)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO audit (at, actor, action, object, detail)
	VALUES (order_audit.now, order_audit.actor, order_audit.action, order_audit.object, order_audit.detail)
$$;

-- The words of a team, on their way to who wrote the feedback; one conversation a member and feedback.
CREATE FUNCTION fieldpost.order_answer(now timestamptz, given staff_order)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	talk bigint := (SELECT c.conversation_id FROM conversation c WHERE c.feedback_id = given.feedback_id AND c.member_id = given.member_id
		ORDER BY c.conversation_id LIMIT 1);
BEGIN
	IF talk IS NULL THEN
		INSERT INTO conversation (feedback_id, member_id, token, opened_at)
		VALUES (given.feedback_id, given.member_id, new_reference(), order_answer.now) RETURNING conversation_id INTO talk;
	END IF;
	INSERT INTO response (conversation_id, member_id, message_id, words, created_at, waits)
	VALUES (talk, given.member_id, given.message_id, given.words, order_answer.now, true);
	PERFORM pg_notify('fieldpost_outbox', '');
END $$;

-- The person is asked the same form once more, on a working day by their clock.
CREATE FUNCTION fieldpost.order_ask(now timestamptz, given staff_order)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	rules jsonb := '{"zone": "UTC", "from": 8, "to": 18, "working_days": true}';
BEGIN
	INSERT INTO request (reference, contact_id, form_id, form_version, channel, language, country, asked_at, due_at, address)
	SELECT new_reference(), f.contact_id, v.form_id, v.version, w.channel, coalesce(c.language, f.language, 'en'), f.country, order_ask.now,
		send_time(order_ask.now, zone_of(c.zone, c.country, rules), c.country, rules), w.address
	FROM feedback f JOIN identity.contact c USING (contact_id) CROSS JOIN LATERAL form_newest(f.form_id) v
	CROSS JOIN LATERAL answer_way(f.feedback_id) w WHERE f.feedback_id = given.feedback_id;
END $$;

-- Who is meant by a name: the one member of the team whose name it is, or begins; else as it was written.
CREATE FUNCTION fieldpost.member_meant(member_id bigint, words text)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN count(*) = 1 THEN min(x.name) ELSE member_meant.words END
	FROM member m JOIN member x ON x.team_id = m.team_id AND x.active
	WHERE m.member_id = member_meant.member_id AND x.name <> '' AND plain_words(x.name) @> plain_words(member_meant.words)
		AND (plain_words(x.name))[1] = (plain_words(member_meant.words))[1]
$$;

CREATE FUNCTION fieldpost.order_do(now timestamptz, given staff_order)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	becomes feedback_state := CASE given.verb WHEN 'read' THEN 'read' WHEN 'used' THEN 'used' WHEN 'not-used' THEN 'not-used'
		WHEN 'assign' THEN 'assigned' WHEN 'ask-again' THEN 'new' END;
BEGIN
	-- What was used or given to somebody has been read.
	IF given.verb = 'answer' THEN
		PERFORM order_answer(order_do.now, given);
	ELSIF given.verb <> 'read' OR EXISTS (SELECT FROM feedback f WHERE f.feedback_id = given.feedback_id AND f.state IN ('new', 'read')) THEN
		INSERT INTO status_change (feedback_id, member_id, state, detail, created_at)
		VALUES (given.feedback_id, given.member_id, becomes, CASE given.verb WHEN 'assign' THEN member_meant(given.member_id, given.words)
			ELSE nullif(given.words, '') END, order_do.now);
		UPDATE feedback f SET state = becomes WHERE f.feedback_id = given.feedback_id AND f.state <> 'withdrawn';
	END IF;
	IF given.verb = 'ask-again' THEN
		PERFORM order_ask(order_do.now, given);
	END IF;
	UPDATE staff_order o SET state = 'done', why = NULL, settled_at = order_do.now WHERE o.order_id = given.order_id;
	PERFORM order_audit(order_do.now, 'member ' || given.member_id, 'order', 'feedback ' || given.feedback_id,
		jsonb_build_object('verb', given.verb, 'line', given.number, 'message', given.message_id));
END $$;

---------------------------------------------------------------------------------------------------
-- Taking a mail
---------------------------------------------------------------------------------------------------

-- Says something to the member about that mail, within bounds, unless it may not be answered. about: the mail whose orders it tells of;
-- digest_id: what a reply to it answers; null: nothing.
CREATE FUNCTION fieldpost.order_tell(now timestamptz, message_id bigint, member_id bigint, kind text, about bigint DEFAULT NULL, digest_id bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	IF answer_forbidden((SELECT m FROM message m WHERE m.message_id = order_tell.message_id)) IS NULL
		AND (SELECT count(*) FROM order_told t WHERE t.member_id = order_tell.member_id AND t.made_at > order_tell.now - interval '1 day'
			AND t.kind = order_tell.kind) < (CASE order_tell.kind WHEN 'no-token' THEN 1 ELSE orders_told_a_day() END) THEN
		INSERT INTO order_told (message_id, member_id, kind, made_at, about, digest_id)
		VALUES (order_tell.message_id, order_tell.member_id, order_tell.kind, order_tell.now, order_tell.about, order_tell.digest_id)
		ON CONFLICT DO NOTHING;
		PERFORM pg_notify('fieldpost_outbox', '');
	END IF;
END $$;

-- Why one order cannot be done; null: it can.
CREATE FUNCTION fieldpost.order_refused(item jsonb, feedback_id bigint, digest_id bigint)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN item ? 'problem' THEN item ->> 'problem'
		WHEN order_refused.feedback_id IS NULL THEN 'not-yours'
		WHEN item ->> 'verb' IN ('answer', 'ask-again') AND NOT EXISTS (SELECT FROM answer_way(order_refused.feedback_id)) THEN 'unreachable'
		WHEN item ->> 'verb' = 'ask-again' AND NOT EXISTS (SELECT FROM feedback f WHERE f.feedback_id = order_refused.feedback_id
			AND f.contact_id IS NOT NULL) THEN 'unreachable'
		WHEN item ->> 'words' <> '' THEN words_refused(item ->> 'words', order_refused.feedback_id, order_refused.digest_id) END
$$;

-- The orders of a mail that is who it says it is, with a digest's token. sure: the sender is authenticated.
CREATE FUNCTION fieldpost.orders_give(now timestamptz, message_id bigint, member member, digest_id bigint, orders jsonb, sure boolean)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	item jsonb;
	meant bigint;
	why text;
	worst text := CASE WHEN (orders ->> 'too_many')::boolean THEN 'too-many' END;
	confirms boolean := NOT sure;
BEGIN
	IF orders -> 'items' = '[]' THEN
		PERFORM order_tell(orders_give.now, orders_give.message_id, member.member_id, 'nothing', NULL, orders_give.digest_id);
		RETURN;
	END IF;
	FOR item IN SELECT * FROM jsonb_array_elements(orders -> 'items') LOOP
		meant := line_of_member(member, (item ->> 'number')::bigint);
		why := order_refused(item, meant, orders_give.digest_id);
		IF why IN ('contact', 'own-words') THEN
			confirms := true;
		ELSE
			worst := coalesce(worst, why);
		END IF;
		INSERT INTO staff_order (message_id, member_id, number, feedback_id, verb, words, state, why, made_at, digest_id)
		VALUES (orders_give.message_id, member.member_id, (item ->> 'number')::bigint, meant, (item ->> 'verb')::order_verb, item ->> 'words',
			'waiting', why, orders_give.now, orders_give.digest_id);
	END LOOP;
	IF worst IS NOT NULL THEN
		PERFORM orders_refuse(orders_give.now, orders_give.message_id, orders_give.message_id, member.member_id, worst);
	ELSIF confirms THEN
		PERFORM order_audit(orders_give.now, 'member ' || member.member_id, 'order-held', 'message ' || orders_give.message_id,
			(SELECT jsonb_object_agg(o.number, coalesce(o.why, 'not-authenticated')) FROM staff_order o WHERE o.message_id = orders_give.message_id));
		PERFORM order_tell(orders_give.now, orders_give.message_id, member.member_id, 'confirm');
	ELSE
		PERFORM orders_do(orders_give.now, orders_give.message_id, orders_give.message_id, member.member_id);
	END IF;
END $$;

-- Nothing of a mail's orders is done: those that are right themselves are held back by the others, `worst`.
CREATE FUNCTION fieldpost.orders_refuse(now timestamptz, message_id bigint, about bigint, member_id bigint, worst text)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	UPDATE staff_order o SET state = 'refused', settled_at = orders_refuse.now WHERE o.message_id = orders_refuse.about AND o.state = 'waiting';
	PERFORM order_audit(orders_refuse.now, 'member ' || orders_refuse.member_id, 'order-refused', 'message ' || orders_refuse.about,
		(SELECT jsonb_object_agg(o.number, coalesce(o.why, worst) ORDER BY o.why IS NOT NULL) FROM staff_order o WHERE o.message_id = orders_refuse.about));
	PERFORM order_tell(orders_refuse.now, orders_refuse.message_id, orders_refuse.member_id, 'refused', orders_refuse.about,
		(SELECT o.digest_id FROM staff_order o WHERE o.message_id = orders_refuse.about LIMIT 1));
END $$;

-- All that waits of a mail's orders is done, and who gave them gets to know it.
CREATE FUNCTION fieldpost.orders_do(now timestamptz, message_id bigint, about bigint, member_id bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	given staff_order;
	got bigint;
BEGIN
	FOR given IN SELECT o.* FROM staff_order o WHERE o.message_id = orders_do.about AND o.state = 'waiting' ORDER BY o.order_id LOOP
		got := given.digest_id;
		PERFORM order_do(orders_do.now, given);
	END LOOP;
	PERFORM order_tell(orders_do.now, orders_do.message_id, orders_do.member_id, 'done', orders_do.about, got);
END $$;

-- The answer to a mail that asked for a confirmation. It counts once: what was settled by it is settled.
CREATE FUNCTION fieldpost.orders_confirm(now timestamptz, message_id bigint, asked bigint, member member, says integer)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	worst text;
	waits boolean;
BEGIN
	PERFORM FROM staff_order o WHERE o.message_id = asked FOR UPDATE;
	waits := EXISTS (SELECT FROM staff_order o WHERE o.message_id = asked AND o.member_id = member.member_id AND o.state = 'waiting'
		AND o.made_at > orders_confirm.now - confirmed_within());
	IF says <> 1 OR NOT waits THEN
		PERFORM order_audit(orders_confirm.now, 'member ' || member.member_id, 'order-not-confirmed', 'message ' || asked,
			jsonb_build_object('why', CASE WHEN NOT waits THEN 'settled' WHEN says = 0 THEN 'no' ELSE 'unclear' END));
		UPDATE staff_order o SET state = 'refused', settled_at = orders_confirm.now
		WHERE o.message_id = asked AND o.state = 'waiting' AND says = 0;
		IF says <> 0 THEN
			PERFORM order_tell(orders_confirm.now, orders_confirm.message_id, member.member_id, 'nothing');
		END IF;
		RETURN;
	END IF;
	-- What held then may hold no more.
	UPDATE staff_order o SET why = CASE WHEN line_of_member(member, o.number) IS DISTINCT FROM o.feedback_id THEN 'not-yours' ELSE 'unreachable' END
	WHERE o.message_id = asked AND o.state = 'waiting' AND (line_of_member(member, o.number) IS DISTINCT FROM o.feedback_id
		OR (o.verb IN ('answer', 'ask-again') AND NOT EXISTS (SELECT FROM answer_way(o.feedback_id))));
	SELECT o.why INTO worst FROM staff_order o WHERE o.message_id = asked AND o.state = 'waiting' AND o.why IN ('not-yours', 'unreachable') LIMIT 1;
	IF worst IS NOT NULL THEN
		PERFORM orders_refuse(orders_confirm.now, orders_confirm.message_id, asked, member.member_id, worst);
	ELSE
		PERFORM orders_do(orders_confirm.now, orders_confirm.message_id, asked, member.member_id);
	END IF;
END $$;

-- Was a mail with this Message-ID of that member's taken before? No program writes two under one.
CREATE FUNCTION fieldpost.order_replayed(message_id bigint, member_id bigint, header_id text)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT EXISTS (SELECT FROM staff_order o JOIN message x USING (message_id)
		WHERE o.member_id = order_replayed.member_id AND o.message_id <> order_replayed.message_id AND x.header_id = short(order_replayed.header_id))
$$;

-- One message that may be an order, or an answer to a team. False: it is neither.
CREATE FUNCTION fieldpost.order_take(now timestamptz, one jsonb)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	result jsonb := one -> 'result';
	mail jsonb := one -> 'result' -> 'mail';
	id bigint := (one ->> 'message_id')::bigint;
	sender text := address_key(coalesce(mail ->> 'from_key', mail ->> 'from_address'));
	proof text := coalesce(mail ->> 'authentication', 'none');
	token jsonb;
	m member;
	got digest;
BEGIN
	IF result ->> 'outcome' = 'ignored' OR NOT EXISTS (SELECT FROM message x WHERE x.message_id = id AND x.state = 'received' FOR UPDATE) THEN
		RETURN false;
	ELSIF NOT result ? 'orders' THEN
		RETURN channel_answer_take(order_take.now, id, result);
	ELSIF answer_take(order_take.now, id, result, sender) THEN
		RETURN true;
	END IF;
	SELECT t INTO token FROM jsonb_array_elements(one -> 'tokens') WITH ORDINALITY AS x (t, n) ORDER BY t ->> 0 <> 'c', n LIMIT 1;
	-- "Stop" stops the digest, and there is no order in it; to who is asked whether they meant one it is a no.
	IF result ? 'stops' AND token ->> 0 IS DISTINCT FROM 'c' THEN
		RETURN false;
	ELSIF token IS NULL THEN
		SELECT x.* INTO m FROM member x WHERE x.active AND address_key(x.address) = sender ORDER BY x.member_id LIMIT 1;
		IF result #> '{orders,items}' = '[]' OR (m.member_id IS NULL AND NOT answers_digest(mail)) THEN
			RETURN false;
		END IF;
		PERFORM message_settle(order_take.now, id, result, jsonb_build_object('sender', sender), 'ignored', 'order-refused', NULL);
		PERFORM order_audit(order_take.now, coalesce('member ' || m.member_id, 'somebody'), 'order-refused', 'message ' || id, '{"why": "no-token"}');
		IF m.member_id IS NOT NULL AND proof <> 'fail' THEN
			PERFORM order_tell(order_take.now, id, m.member_id, 'no-token');
		END IF;
		RETURN true;
	END IF;
	SELECT x.* INTO m FROM member x WHERE x.member_id = (token ->> 2)::bigint AND x.active;
	IF m.member_id IS NULL OR address_key(m.address) IS DISTINCT FROM sender OR proof = 'fail' THEN
		PERFORM message_settle(order_take.now, id, result, jsonb_build_object('sender', sender), 'ignored', 'order-refused', NULL);
		PERFORM order_audit(order_take.now, 'somebody', 'order-refused', 'message ' || id, jsonb_build_object('why',
			CASE WHEN proof = 'fail' THEN 'not-authenticated' ELSE 'wrong-sender' END, 'token', 'member ' || (token ->> 2)));
		RETURN true;
	END IF;
	PERFORM message_settle(order_take.now, id, result, jsonb_build_object('sender', sender, 'proof',
		CASE proof WHEN 'pass' THEN 'verified' ELSE 'unverified' END), 'ignored', 'staff-order', NULL);
	IF token ->> 0 = 'c' THEN
		PERFORM orders_confirm(order_take.now, id, (token ->> 1)::bigint, m, CASE WHEN result ? 'stops' THEN 0
			ELSE (result #>> '{orders,says}')::integer END);
		RETURN true;
	END IF;
	SELECT d.* INTO got FROM digest d JOIN subscription s USING (subscription_id)
	WHERE d.digest_id = (token ->> 1)::bigint AND s.active AND d.built_at > order_take.now - token_lasts()
		AND EXISTS (SELECT FROM digest_members(d.subscription_id) x WHERE x.member_id = m.member_id);
	IF order_replayed(id, m.member_id, mail ->> 'message_id') THEN
		PERFORM order_audit(order_take.now, 'member ' || m.member_id, 'order-refused', 'message ' || id, '{"why": "replayed"}');
	ELSIF got.digest_id IS NULL THEN
		PERFORM order_audit(order_take.now, 'member ' || m.member_id, 'order-refused', 'message ' || id, '{"why": "expired"}');
		PERFORM order_tell(order_take.now, id, m.member_id, 'expired');
	ELSE
		PERFORM orders_give(order_take.now, id, m, got.digest_id, result -> 'orders', proof = 'pass');
	END IF;
	RETURN true;
END $$;

-- Takes what is meant for a line of a digest out of a batch: {"rest": the others, to be filed, "filed": [{message, state}]}.
CREATE FUNCTION fieldpost.orders_take(now timestamptz, batch jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	one jsonb;
	rest jsonb[] := '{}';
	filed jsonb[] := '{}';
BEGIN
	IF NOT jsonb_path_exists(batch, '$[*].result ? (exists (@.orders) || exists (@.talk))') THEN
		RETURN jsonb_build_object('rest', batch, 'filed', '[]'::jsonb);
	END IF;
	FOR one IN SELECT * FROM jsonb_array_elements(batch) LOOP
		IF one -> 'result' ?| '{orders,talk}' AND order_take(orders_take.now, one) THEN
			filed := filed || jsonb_build_object('message', one -> 'message_id', 'state', 'ignored');
		ELSE
			rest := rest || (one #- '{result,orders}' #- '{tokens}');
		END IF;
	END LOOP;
	RETURN jsonb_build_object('rest', to_jsonb(rest), 'filed', to_jsonb(filed));
END $$;
