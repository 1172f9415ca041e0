-- Filing: what was read becomes feedback, a revision of one, something that a person looks at, or nothing. Who wrote it, what it answers and
-- who is told is decided here.
--
-- A reference says what is answered, never who answers: anybody may have it from a forwarded mail. Who it is says the sender's address,
-- and only when it is authenticated for sure: `verified`. With somebody else's reference a message is filed by itself ("via forwarded
-- request"), changes nothing that was filed before, and nobody is told of it.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.acknowledged_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '3 days' $$; -- later none is told
CREATE FUNCTION fieldpost.mended_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '60 days' $$;
CREATE FUNCTION fieldpost.duplicate_within() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '7 days' $$;

-- A text of a result for a column: cut, as indexes and people want it.
CREATE FUNCTION fieldpost.short(text text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT left(text, 1000)
$$;

-- A mail address as it is compared: ASCII letters in lower case. Other letters stay as they are: some become ASCII in lower case.
CREATE FUNCTION fieldpost.address_key(address text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT lower(address COLLATE "C")
$$;

-- A number in E.164 as a provider writes it ("+232...", "232...", "whatsapp:+232..."); null: it is none.
CREATE FUNCTION fieldpost.phone_key(sender text, is_phone boolean)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT '+' || (regexp_match(phone_key.sender, '^(?:[a-z]+:)?(\+?)([1-9][0-9]{7,14})$'))[2]
	WHERE phone_key.is_phone OR phone_key.sender ~ '^([a-z]+:)?\+'
$$;

-- The level that the answers give. What was answered and not understood, or asked and left open, is for the fewest.
CREATE FUNCTION fieldpost.sharing_of(has_sharing boolean, answers jsonb)
RETURNS sharing_level
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN NOT has_sharing THEN 'no-name'
		WHEN answers ->> 'sharing' IN ('open', 'no-name', 'restricted') THEN answers ->> 'sharing'
		ELSE 'restricted' END::fieldpost.sharing_level
$$;

-- The Message-IDs of what a mail answers, its parent first.
CREATE FUNCTION fieldpost.answered_ids(mail jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
	SELECT array_agg(t.id ORDER BY t.place) FROM (
		SELECT f.id[1] AS id, 1000000 * f.field - CASE f.field WHEN 1 THEN -f.n ELSE f.n END AS place FROM (
			SELECT 1 AS field, * FROM regexp_matches(left(mail ->> 'in_reply_to', 4000), '<[^<>[:space:]]{3,250}>', 'g') WITH ORDINALITY AS a (id, n)
			UNION ALL
			SELECT 2, * FROM regexp_matches(right(mail ->> 'references', 8000), '<[^<>[:space:]]{3,250}>', 'g') WITH ORDINALITY AS b (id, n)) f
		ORDER BY place LIMIT 20) t
$$;

-- Of the answers only what the message itself says: a default stands nowhere in it.
CREATE FUNCTION fieldpost.answers_said(result jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT coalesce(jsonb_object_agg(a.key, a.value), '{}') FROM jsonb_each(result -> 'values') AS a
	WHERE result -> 'provenance' ? a.key
$$;

CREATE FUNCTION fieldpost.errors_wrong(result jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(result -> 'errors') AS e WHERE e.value = '"invalid-value"'
$$;

-- What is known of each message of a batch besides its words: {message_id: {...}}. Messages that are not `received` are not in it.
--
-- channels: {name: {"proves": its provider vouches for who writes, "phone": senders are numbers}}.
--
-- sender, channel (or mail), "to" (where an answer goes), contact (who has that address), who (the contact that it is filed under), proof
-- (verified, unverified, failed), via (somebody else was asked), request, asked, reference, form and version (that were sent), target (the
-- message whose acknowledgement is answered, or which has open what this one gives; how: answers, fills), quiet (nobody is told),
-- once (told once a day at most).
CREATE FUNCTION fieldpost.message_facts(now timestamptz, batch jsonb, channels jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	people boolean := EXISTS (SELECT FROM identity.contact);
	facts jsonb;
BEGIN
	SELECT jsonb_object_agg(i.message_id::text, jsonb_build_object('sender', w.sender, 'channel', w.channel, 'to', w.answer_to,
			'received_at', m.received_at, 'people', people, 'contact', p.contact_id, 'country', p.country, 'asked_country', q.country,
			'language', coalesce(i.result ->> 'language', p.language, c.language), 'request', q.request_id, 'asked', q.contact_id,
			'reference', q.reference, 'own', s.own, 'via', s.via, 'auth', w.auth, 'proof', s.proof,
			'who', CASE WHEN s.proof <> 'failed' AND (NOT s.via OR w.auth = 'pass') THEN p.contact_id END,
			'form', coalesce(k.form_id, q.form_id), 'version', coalesce(k.form_version, q.form_version), 'target', k.message_id, 'how', k.how,
			'quiet', s.via OR s.proof = 'failed' OR coalesce(p.no_acknowledgement, false) OR c.conversation_id IS NOT NULL
				OR m.received_at < message_facts.now - acknowledged_within()
				OR EXISTS (SELECT FROM account t WHERE t.account_id = m.account_id AND t.kind = 'import'),
			'once', w.auth = 'none' AND m.channel IS NULL,
			'note', CASE WHEN q.request_id IS NULL AND i.result ->> 'reference' IS NOT NULL
				THEN format('it names the reference %s, which was never sent', i.result ->> 'reference') END))
	INTO facts
	FROM jsonb_array_elements(message_facts.batch) AS e
	CROSS JOIN LATERAL (SELECT (e ->> 'message_id')::bigint AS message_id, e -> 'result' AS result, e -> 'result' -> 'mail' AS mail OFFSET 0) i
	CROSS JOIN LATERAL (
		SELECT m.received_at, m.channel, m.account_id FROM message m WHERE m.message_id = i.message_id AND m.state = 'received' FOR UPDATE) m
	LEFT JOIN LATERAL (
		SELECT c.* FROM channel_message c WHERE c.message_id = i.message_id AND m.channel IS NOT NULL LIMIT 1) c ON true
	CROSS JOIN LATERAL (
		SELECT coalesce(m.channel, 'mail') AS channel,
			coalesce(c.sender, address_key(coalesce(i.mail ->> 'from_key', i.mail ->> 'from_address'))) AS sender,
			coalesce(c.reply_to, address_key(coalesce(i.mail ->> 'from_key', i.mail ->> 'from_address'))) AS answer_to,
			phone_key(c.sender, (message_facts.channels -> m.channel ->> 'phone')::boolean) AS phone,
			CASE WHEN m.channel IS NULL THEN coalesce(i.mail ->> 'authentication', 'none')
				WHEN (message_facts.channels -> m.channel ->> 'proves')::boolean THEN 'pass' ELSE 'none' END AS auth OFFSET 0) w
	LEFT JOIN LATERAL (
		SELECT t.* FROM (VALUES (w.channel, w.sender), ('phone', w.phone)) AS v (channel, address)
		JOIN identity.contact_address a ON a.channel = v.channel AND a.address = v.address
		JOIN identity.contact t ON t.contact_id = a.contact_id WHERE people LIMIT 1) p ON true
	LEFT JOIN LATERAL (SELECT answered_ids(i.mail) AS ids
		WHERE coalesce(i.mail ->> 'in_reply_to', '') <> '' OR coalesce(i.mail ->> 'references', '') <> '' OFFSET 0) h ON true
	LEFT JOIN LATERAL answered_outbox(h.ids, m.channel, c.answers_id) o ON h.ids IS NOT NULL OR c.answers_id IS NOT NULL
	LEFT JOIN LATERAL (
		SELECT k.*, 'answers' AS how FROM acknowledgement k WHERE k.outbox_id = o.acknowledged LIMIT 1) parent ON true
	LEFT JOIN LATERAL (
		SELECT q.* FROM (
			SELECT r.reference, r.n FROM jsonb_array_elements_text(coalesce(i.result -> 'references', jsonb_build_array(i.result -> 'reference')))
				WITH ORDINALITY AS r (reference, n)
			UNION ALL SELECT parent.reference, 100 UNION ALL SELECT o.reference, 101
			UNION ALL SELECT asked_by_channel(p.contact_id, m.channel, m.received_at, i.result ->> 'template'), 102 WHERE m.channel IS NOT NULL) r
		JOIN request q ON q.reference = r.reference WHERE r.reference IS NOT NULL ORDER BY r.n LIMIT 1) q ON true
	CROSS JOIN LATERAL (
		SELECT q.contact_id IS NULL OR q.contact_id IS NOT DISTINCT FROM p.contact_id AS own,
			q.contact_id IS NOT NULL AND q.contact_id IS DISTINCT FROM p.contact_id AS via,
			CASE WHEN w.auth = 'fail' THEN 'failed' WHEN w.auth = 'pass' AND p.contact_id IS NOT NULL
				AND (q.contact_id IS NULL OR q.contact_id = p.contact_id) THEN 'verified' ELSE 'unverified' END AS proof OFFSET 0) s
	LEFT JOIN LATERAL (
		SELECT k.message_id, k.form_id, k.form_version, k.how
		FROM (SELECT parent.message_id, parent.form_id, parent.form_version, parent.how, parent.contact_id, parent.channel, parent.address,
				parent.reference
			UNION ALL
			(SELECT k.message_id, k.form_id, k.form_version, 'fills', k.contact_id, k.channel, k.address, k.reference
			FROM acknowledgement k WHERE parent.message_id IS NULL AND k.channel = w.channel AND k.address = w.answer_to AND k.kind = 'open'
				AND k.made_at > message_facts.now - mended_within() AND coalesce(i.result ->> 'template', k.form_id) = k.form_id
			ORDER BY k.made_at DESC, k.message_id DESC LIMIT 1)) k
		WHERE k.message_id IS NOT NULL AND NOT s.via AND s.proof <> 'failed' AND i.result ->> 'outcome' <> 'ignored'
			AND (k.contact_id = p.contact_id OR (k.channel = w.channel AND k.address = w.answer_to))
			AND (k.reference IS NULL OR q.reference IS NULL OR k.reference = q.reference)
			AND (s.proof = 'verified' OR EXISTS (SELECT FROM message t
				WHERE t.message_id = k.message_id AND t.verification IS DISTINCT FROM 'verified'))
		LIMIT 1) k ON true;
	RETURN coalesce(facts, '{}');
END $$;

-- The mail or message of ours that is answered: acknowledged: it is an acknowledgement; reference: of the request that it is, or reminds of.
-- ids: its parent first; that alone may be an acknowledgement.
CREATE FUNCTION fieldpost.answered_outbox(ids text[], channel text, answers_id text, OUT acknowledged bigint, OUT reference text)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
	IF answers_id IS NOT NULL THEN
		SELECT o.outbox_id, q.reference INTO acknowledged, reference
		FROM outbox_part t JOIN outbox o USING (outbox_id) LEFT JOIN LATERAL (
			SELECT q.reference FROM request q WHERE q.request_id = o.request_id LIMIT 1) q ON true
		WHERE t.provider_id = answers_id AND t.provider_id <> '' AND o.channel = answered_outbox.channel LIMIT 1;
		RETURN;
	END IF;
	SELECT o.outbox_id INTO acknowledged FROM outbox o WHERE o.header_id = ids[1] AND o.kind = 'acknowledgement';
	SELECT q.reference INTO reference FROM unnest(ids) WITH ORDINALITY AS h (id, n)
	JOIN LATERAL (SELECT o.request_id FROM outbox o WHERE o.header_id = h.id AND o.request_id IS NOT NULL LIMIT 1) o ON true
	JOIN LATERAL (SELECT q.reference FROM request q WHERE q.request_id = o.request_id LIMIT 1) q ON true
	ORDER BY h.n LIMIT 1;
	IF reference IS NULL THEN
		SELECT q.reference INTO reference FROM unnest(ids) WITH ORDINALITY AS h (id, n)
		JOIN LATERAL (SELECT q.reference FROM request q WHERE q.header_id = h.id LIMIT 1) q ON true
		ORDER BY h.n LIMIT 1;
	END IF;
END $$;

-- What a person was asked last by that channel and has had time to answer: there people write without naming what they answer. form: that
-- the message is of; null: not known.
CREATE FUNCTION fieldpost.asked_by_channel(contact_id bigint, channel text, at timestamptz, form text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	RETURN (SELECT q.reference FROM request q
		WHERE q.contact_id = asked_by_channel.contact_id AND q.channel = asked_by_channel.channel AND q.state IN ('sent', 'answered')
			AND q.asked_at BETWEEN asked_by_channel.at - mended_within() AND asked_by_channel.at
			AND q.form_id = coalesce(asked_by_channel.form, q.form_id)
		ORDER BY q.asked_at DESC, q.request_id DESC LIMIT 1);
END $$;

-- The feedback in which the same person has said the same already; null: none. Only of people, or of answers to a request.
CREATE FUNCTION fieldpost.said_before(fact jsonb, result jsonb)
RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	at timestamptz := fact ->> 'received_at';
	found bigint;
BEGIN
	SELECT f.feedback_id INTO found
	FROM (SELECT f.* FROM feedback f WHERE f.contact_id = (fact ->> 'who')::bigint
		UNION ALL
		SELECT f.* FROM feedback f WHERE fact ->> 'who' IS NULL AND f.contact_id IS NULL AND f.request_id = (fact ->> 'request')::bigint) f
	JOIN feedback_revision r ON r.feedback_id = f.feedback_id
	JOIN message o ON o.message_id = r.message_id
	WHERE f.request_id IS NOT DISTINCT FROM (fact ->> 'request')::bigint AND f.form_id = said_before.result ->> 'template'
		AND f.form_version = (said_before.result ->> 'template_version')::integer AND o.channel IS NULL
		AND (fact ->> 'who' IS NOT NULL OR o.from_address = fact ->> 'sender')
		AND f.received_at BETWEEN at - duplicate_within() AND at + duplicate_within()
		AND (f.verification = 'verified' OR fact ->> 'proof' <> 'verified')
		AND r.answers = said_before.result -> 'values' AND r.remarks IS NOT DISTINCT FROM said_before.result ->> 'remarks'
		AND NOT EXISTS (SELECT FROM jsonb_array_elements(said_before.result -> 'attachments') AS n WHERE NOT EXISTS (SELECT FROM attachment t
			WHERE t.message_id = o.message_id AND t.sha256 = decode(n ->> 'sha256', 'hex')))
	ORDER BY f.feedback_id LIMIT 1;
	RETURN found;
END $$;

CREATE FUNCTION fieldpost.attachments_keep(message_id bigint, attachments jsonb)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO attachment (message_id, part, name, type, size, sha256)
	SELECT attachments_keep.message_id, f ->> 'part', f ->> 'name', f ->> 'type', (f ->> 'size')::bigint, decode(f ->> 'sha256', 'hex')
	FROM jsonb_array_elements(attachments_keep.attachments) AS f
	ON CONFLICT (message_id, part) DO NOTHING
$$;

-- Who wrote a channel's messages stands with the channel, not in what was read.
CREATE FUNCTION fieldpost.senders_keep(messages bigint[])
RETURNS void
LANGUAGE sql
AS $$
	UPDATE message m SET from_name = short(c.sender_name), from_address = short(c.sender)
	FROM channel_message c WHERE c.message_id = ANY (senders_keep.messages) AND m.message_id = ANY (senders_keep.messages) AND m.message_id = c.message_id
$$;

-- What a message is to be told, for acknowledge(); said: of its result.
CREATE FUNCTION fieldpost.acknowledgement_of(kind text, fact jsonb, result jsonb, feedback_id bigint, revision integer, said jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT jsonb_build_object('kind', acknowledgement_of.kind, 'feedback', acknowledgement_of.feedback_id, 'revision', acknowledgement_of.revision,
		'contact', fact -> 'who', 'channel', fact -> 'channel', 'to', fact -> 'to', 'language', fact -> 'language', 'once', fact -> 'once',
		'reference', fact -> 'reference', 'form', result -> 'template', 'version', nullif(result -> 'template_version', '0'), 'said', acknowledgement_of.said)
	WHERE acknowledgement_of.kind IS NOT NULL AND NOT (fact ->> 'quiet')::boolean
$$;

-- Of a result what its writer may hear again. errors: of all that is open; given: the fields that it answers, whose values are no defaults.
CREATE FUNCTION fieldpost.said_of(result jsonb, answers jsonb, errors jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('values', said_of.answers, 'errors', said_of.errors,
		'found', coalesce(result -> 'found', '{}'), 'suggestions', coalesce(result -> 'suggestions', '{}'), 'remarks', result -> 'remarks',
		'dropped', result -> 'dropped', 'given', (SELECT coalesce(jsonb_agg(k ORDER BY k), '[]') FROM jsonb_object_keys(coalesce(result -> 'provenance', '{}')) AS k)))
$$;

CREATE FUNCTION fieldpost.message_settle(now timestamptz, message_id bigint, result jsonb, fact jsonb, state message_state,
	reason message_reason, continues bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	UPDATE message m SET state = message_settle.state, reason = message_settle.reason, settled_at = message_settle.now,
		continues = message_settle.continues, form_id = message_settle.result ->> 'template',
		form_version = (message_settle.result ->> 'template_version')::integer, reference = fact ->> 'reference',
		language = message_settle.result ->> 'language', verification = (fact ->> 'proof')::verification, note = fact ->> 'note',
		subject = short(message_settle.result -> 'mail' ->> 'subject'), from_name = short(message_settle.result -> 'mail' ->> 'from_name'),
		from_address = short(fact ->> 'sender'), header_id = short(message_settle.result -> 'mail' ->> 'message_id'),
		client = message_settle.result -> 'mail' ->> 'client',
		automatic = coalesce((message_settle.result -> 'mail' ->> 'automatic')::boolean, false),
		result = CASE WHEN message_settle.state IN ('review', 'held') THEN message_settle.result END, error = NULL
	WHERE m.message_id = message_settle.message_id;
	PERFORM attachments_keep(message_settle.message_id, message_settle.result -> 'attachments');
END $$;

-- Messages that complete one which is settled now are settled as it was.
CREATE FUNCTION fieldpost.settle_continued(now timestamptz, heads bigint[])
RETURNS void
LANGUAGE sql
AS $$
	UPDATE message m SET state = h.state, reason = h.reason, settled_at = settle_continued.now, result = NULL
	FROM message h WHERE h.message_id = ANY (settle_continued.heads) AND m.continues = h.message_id
		AND m.state = 'review' AND h.state IN ('filed', 'ignored')
$$;

-- What a message says together with one that completes it.
CREATE FUNCTION fieldpost.result_completed(first jsonb, more jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT coalesce(first, '{}') || jsonb_build_object('values', coalesce(first -> 'values', '{}') || a.answered,
		'errors', coalesce(first -> 'errors', '{}') - a.fields || errors_wrong(more),
		'found', coalesce(first -> 'found', '{}') - a.fields || coalesce(more -> 'found', '{}'),
		'suggestions', coalesce(first -> 'suggestions', '{}') - a.fields || coalesce(more -> 'suggestions', '{}'),
		'provenance', coalesce(first -> 'provenance', '{}') || coalesce(more -> 'provenance', '{}'))
	FROM (SELECT s.answered, ARRAY(SELECT jsonb_object_keys(s.answered)) AS fields FROM (SELECT answers_said(more) AS answered) s) a
$$;

-- A message that mends another one: files it as a revision, or adds what it says to what a person is to look at. As file_batch() has it;
-- null: it is to be filed as any other is.
CREATE FUNCTION fieldpost.file_mending(now timestamptz, message_id bigint, result jsonb, fact jsonb, channels jsonb)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	head message;
	fed feedback;
	answered jsonb := answers_said(result);
	wrong jsonb := errors_wrong(result);
	missing jsonb;
	merged jsonb;
	revision integer;
	kind text;
BEGIN
	SELECT h.* INTO head FROM message t JOIN message h ON h.message_id = coalesce(t.continues, t.message_id)
	WHERE t.message_id = (fact ->> 'target')::bigint FOR UPDATE OF h;
	IF head.message_id IS NULL OR answered = '{}' OR result ->> 'template' IS DISTINCT FROM head.form_id
		OR (result ->> 'template_version')::integer IS DISTINCT FROM head.form_version
		OR result ->> 'reason' NOT IN ('no-answers', 'invalid-value', 'missing-required') THEN
		RETURN NULL;
	END IF;
	IF fact ->> 'how' = 'fills' AND (head.state <> 'review' OR NOT coalesce(head.result -> 'errors', '{}') ?&
		ARRAY(SELECT jsonb_object_keys(answered || wrong))) THEN
		RETURN NULL;
	END IF;
	missing := result_completed(head.result, result) -> 'errors';
	SELECT f.* INTO fed FROM feedback f WHERE f.message_id = head.message_id FOR UPDATE;
	IF fed.feedback_id IS NULL THEN
		IF head.state <> 'review' OR head.result IS NULL THEN
			RETURN NULL;
		END IF;
		merged := result_completed(head.result, result);
		IF missing <> '{}' THEN
			UPDATE message m SET result = merged WHERE m.message_id = head.message_id;
			PERFORM message_settle(file_mending.now, file_mending.message_id, result, fact, 'review',
				(CASE WHEN wrong <> '{}' THEN 'invalid-value' ELSE 'missing-required' END)::message_reason, head.message_id);
			RETURN jsonb_build_object('message', file_mending.message_id, 'state', 'review', 'ack',
				acknowledgement_of('open', fact, result, NULL, NULL, said_of(result, answered, missing)));
		END IF;
		-- Whole at last: filed as it would have been, its first revision what was said first.
		UPDATE message m SET state = 'received' WHERE m.message_id = head.message_id;
		PERFORM file_batch(file_mending.now, jsonb_build_array(jsonb_build_object('message_id', head.message_id, 'hinted', true, 'result',
			merged || '{"outcome": "filed", "reason": null}')), channels);
		SELECT f.* INTO fed FROM feedback f WHERE f.message_id = head.message_id FOR UPDATE;
		IF fed.feedback_id IS NULL THEN -- it was said before, or its sender is unknown by now
			RETURN NULL;
		END IF;
		UPDATE feedback_revision r SET answers = head.result -> 'values', provenance = coalesce(head.result -> 'provenance', '{}')
		WHERE r.feedback_id = fed.feedback_id AND r.revision = 1;
	END IF;
	revision := feedback_revise(file_mending.now, fed, file_mending.message_id,
		result || jsonb_build_object('values', answered), false, 'mended by its practitioner');
	PERFORM message_settle(file_mending.now, file_mending.message_id, result, fact, 'filed', NULL, head.message_id);
	PERFORM settle_continued(file_mending.now, ARRAY[head.message_id]);
	kind := CASE WHEN wrong = '{}' THEN 'understood' ELSE 'open' END;
	RETURN jsonb_build_object('message', file_mending.message_id, 'state', 'filed', 'ack',
		acknowledgement_of(kind, fact, result, fed.feedback_id, revision, said_of(result, answered, wrong)));
END $$;

-- Files a batch: [{message, state[, hint][, ack]}, ...]. Only messages that are still `received` count: filing one again changes nothing.
-- One with "alone" beside its result was settled before: it completes no other.
--
-- (LATERAL with LIMIT: each message looks its rows up by their keys. Joined plainly, a plan made while the tables were small would
-- read all of them for every batch, as long as the session lives.)
--
-- Held is what a stranger sent: people are registered, the sender is none of them, or is denied by the address's domain, and it answers
-- no request of ours.
CREATE FUNCTION fieldpost.file_batch(now timestamptz, batch jsonb, channels jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	facts jsonb := message_facts(file_batch.now, file_batch.batch, file_batch.channels);
	one jsonb;
	fact jsonb;
	done jsonb := '[]';
	mended jsonb;
	plain jsonb[] := '{}';
	later jsonb[] := '{}';
	seen text[] := '{}';
	same text;
	filed jsonb;
BEGIN
	FOR one IN SELECT * FROM jsonb_array_elements(file_batch.batch) LOOP
		fact := facts -> (one ->> 'message_id');
		CONTINUE WHEN fact IS NULL;
		IF fact ->> 'form' IS NOT NULL AND NOT one ? 'hinted' AND one -> 'result' ->> 'outcome' <> 'ignored'
			AND coalesce(one -> 'result' ->> 'reason', '') NOT IN ('over-size', 'over-limit', 'unreadable')
			AND (one -> 'result' ->> 'template', (one -> 'result' ->> 'template_version')::bigint)
				IS DISTINCT FROM (fact ->> 'form', (fact ->> 'version')::bigint) THEN
			done := done || jsonb_build_object('message', one -> 'message_id', 'state', 'received', 'hint', jsonb_build_object(
				'form', fact -> 'form', 'version', fact -> 'version', 'reference', fact -> 'reference'));
			CONTINUE;
		END IF;
		IF fact ->> 'target' IS NOT NULL AND NOT one ? 'alone' THEN
			mended := file_mending(file_batch.now, (one ->> 'message_id')::bigint, one -> 'result', fact, file_batch.channels);
			IF mended IS NOT NULL THEN
				done := done || mended;
				CONTINUE;
			END IF;
		END IF;
		IF one -> 'result' ->> 'outcome' = 'filed' AND fact ->> 'channel' = 'mail' AND coalesce(fact ->> 'who', fact ->> 'request') IS NOT NULL THEN
			-- What said_before() compares for equality: the first of them must be there, so that the others are known for what they are.
			same := md5(jsonb_build_array(coalesce(nullif(fact -> 'who', 'null'), fact -> 'sender'), fact -> 'request', one #> '{result,template}',
				one #> '{result,template_version}', one #> '{result,values}', one #>> '{result,remarks}')::text);
			IF same <> ALL (seen) THEN
				seen := seen || same;
			ELSIF said_before(fact, one -> 'result') IS NULL THEN
				later := later || one;
				CONTINUE;
			END IF;
		END IF;
		plain := plain || one;
	END LOOP;
	IF cardinality(plain) > 0 THEN
		done := done || file_plain(file_batch.now, to_jsonb(plain), facts);
	END IF;
	IF cardinality(later) > 0 THEN
		done := done || file_batch(file_batch.now, to_jsonb(later), file_batch.channels);
	END IF;
	RETURN done;
END $$;

-- What mends nothing, as one statement.
CREATE FUNCTION fieldpost.file_plain(now timestamptz, batch jsonb, facts jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	filed jsonb;
BEGIN
	WITH incoming AS MATERIALIZED (
		SELECT (e ->> 'message_id')::bigint AS message_id, e -> 'result' AS result, e -> 'result' -> 'mail' AS mail,
			e -> 'result' -> 'values' AS answers, file_plain.facts -> (e ->> 'message_id') AS fact
		FROM jsonb_array_elements(file_plain.batch) AS e
	), known AS MATERIALIZED (
		SELECT i.*, (i.fact ->> 'received_at')::timestamptz AS received_at, (i.fact ->> 'who')::bigint AS who,
			(i.fact ->> 'request')::bigint AS request_id, (i.fact ->> 'via')::boolean AS via, (i.fact ->> 'proof')::verification AS proof,
			(i.fact ->> 'people')::boolean AND i.fact ->> 'request' IS NULL AND (i.fact ->> 'contact' IS NULL OR i.fact ->> 'proof' = 'failed')
				AS stranger,
			v.form_id, v.version, v.country_field, v.theme_field, v.has_sharing,
			CASE WHEN i.result ->> 'outcome' = 'filed' AND i.fact ->> 'channel' = 'mail'
				AND coalesce(i.fact ->> 'who', i.fact ->> 'request') IS NOT NULL THEN said_before(i.fact, i.result) END AS before
		FROM incoming i
		LEFT JOIN LATERAL (
			SELECT * FROM form_version v WHERE v.form_id = i.result ->> 'template'
				AND v.version = (i.result ->> 'template_version')::integer LIMIT 1) v ON true
	), decided AS MATERIALIZED (
		SELECT k.*, CASE WHEN h.held THEN 'held' WHEN k.before IS NOT NULL THEN 'ignored' ELSE k.result ->> 'outcome' END::message_state AS state,
			CASE WHEN h.held THEN 'unknown-sender' WHEN k.before IS NOT NULL THEN 'duplicate' ELSE k.result ->> 'reason' END::message_reason
				AS reason,
			CASE WHEN k.result ->> 'outcome' = 'filed' AND NOT h.held AND k.before IS NULL
				THEN nextval('fieldpost.feedback_feedback_id_seq') END AS feedback_id,
			CASE WHEN (k.mail ->> 'date')::numeric BETWEEN 1 AND 4102444800
				THEN to_timestamp((k.mail ->> 'date')::double precision) END AS written_at
		FROM known k CROSS JOIN LATERAL (SELECT k.stranger AND k.result ->> 'outcome' = 'filed'
			AND k.result -> 'reviewed' IS NULL AS held) h -- a person said that it is to be filed
	), settled AS (
		UPDATE message m SET state = d.state, reason = d.reason, settled_at = file_plain.now, written_at = d.written_at,
			form_id = d.result ->> 'template', form_version = d.version, reference = d.fact ->> 'reference',
			language = d.result ->> 'language', subject = short(d.mail ->> 'subject'),
			from_name = short(d.mail ->> 'from_name'), from_address = short(d.fact ->> 'sender'),
			header_id = short(d.mail ->> 'message_id'), client = d.mail ->> 'client', automatic = coalesce((d.mail ->> 'automatic')::boolean, false),
			verification = CASE WHEN d.state <> 'ignored' THEN d.proof END, note = d.fact ->> 'note',
			result = CASE WHEN d.state IN ('review', 'held') THEN d.result END, error = NULL
		FROM decided d WHERE m.message_id = d.message_id
	), fed AS (
		INSERT INTO feedback (feedback_id, message_id, request_id, contact_id, received_at, written_at, filed_at, form_id,
			form_version, sharing, verified, verification, via, country, language, theme)
		OVERRIDING SYSTEM VALUE
		SELECT d.feedback_id, d.message_id, d.request_id, d.who, d.received_at, d.written_at, file_plain.now,
			d.form_id, d.version, sharing_of(d.has_sharing, d.answers), -- no such version: null, and refused
			d.proof = 'verified', d.proof, CASE WHEN d.via THEN 'forwarded-request' END,
			coalesce(d.answers ->> d.country_field, CASE WHEN NOT d.via THEN d.fact ->> 'asked_country' END,
				CASE WHEN d.who IS NOT NULL THEN d.fact ->> 'country' END),
			d.result ->> 'language', CASE jsonb_typeof(d.answers -> d.theme_field)
				WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(d.answers -> d.theme_field))
				WHEN 'string' THEN ARRAY[d.answers ->> d.theme_field] -- a choice is one theme, choices are several
				ELSE '{}' END
		FROM decided d WHERE d.feedback_id IS NOT NULL ORDER BY d.feedback_id
	), revised AS (
		INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
		SELECT d.feedback_id, 1, 'practitioner', d.message_id, file_plain.now, d.answers,
			coalesce(d.result -> 'provenance', '{}'), d.result ->> 'remarks'
		FROM decided d WHERE d.feedback_id IS NOT NULL
	), attached AS (
		INSERT INTO attachment (message_id, part, name, type, size, sha256)
		SELECT d.message_id, f ->> 'part', f ->> 'name', f ->> 'type', (f ->> 'size')::bigint, decode(f ->> 'sha256', 'hex')
		FROM decided d CROSS JOIN LATERAL jsonb_array_elements(d.result -> 'attachments') AS f
		ON CONFLICT (message_id, part) DO NOTHING
	), answered AS (
		UPDATE request q SET state = 'answered', answered_at = coalesce(q.answered_at, file_plain.now)
		FROM decided d WHERE q.request_id = d.request_id AND d.feedback_id IS NOT NULL AND NOT d.via AND d.proof <> 'failed'
	)
	SELECT jsonb_agg(jsonb_build_object('message', d.message_id, 'state', d.state, 'ack', CASE WHEN NOT (d.fact ->> 'quiet')::boolean THEN
		acknowledgement_of(CASE WHEN d.before IS NOT NULL THEN 'duplicate'
			WHEN d.state = 'held' OR (d.stranger AND d.state = 'review' AND d.version IS NOT NULL) THEN 'who-are-you'
			WHEN d.stranger THEN NULL
			WHEN d.state = 'filed' THEN 'understood'
			WHEN d.state = 'review' AND d.reason IN ('over-size', 'over-limit') THEN 'too-large'
			WHEN d.state = 'review' AND d.reason IN ('invalid-value', 'missing-required') AND d.version IS NOT NULL THEN 'open' END,
			d.fact, d.result, coalesce(d.feedback_id, d.before), CASE WHEN d.feedback_id IS NOT NULL THEN 1 END,
			CASE WHEN d.state IN ('filed', 'review') THEN said_of(d.result, d.answers, coalesce(d.result -> 'errors', '{}')) ELSE '{}' END) END))
	INTO filed FROM decided d;
	RETURN coalesce(filed, '[]');
END $$;

-- Writes down who is to be told: of the messages that were filed those that may be answered. A sender who is not authenticated hears of us
-- once a day, a stranger is asked once who they are, and that something was said before is said once of it.
CREATE FUNCTION fieldpost.acknowledge(now timestamptz, filed jsonb)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	one jsonb;
	told jsonb;
BEGIN
	FOR one IN SELECT f FROM jsonb_array_elements(acknowledge.filed) AS f WHERE jsonb_typeof(f -> 'ack') = 'object' LOOP
		told := one -> 'ack';
		CONTINUE WHEN coalesce(told ->> 'to', '') = '';
		CONTINUE WHEN (told ->> 'once')::boolean AND EXISTS (SELECT FROM acknowledgement k WHERE k.channel = told ->> 'channel'
			AND k.address = told ->> 'to' AND k.made_at > acknowledge.now - interval '1 day');
		CONTINUE WHEN told ->> 'kind' = 'who-are-you' AND EXISTS (SELECT FROM acknowledgement k WHERE k.channel = told ->> 'channel'
			AND k.address = told ->> 'to' AND k.kind = 'who-are-you');
		CONTINUE WHEN told ->> 'kind' = 'duplicate' AND EXISTS (SELECT FROM acknowledgement k
			WHERE k.feedback_id = (told ->> 'feedback')::bigint AND k.kind = 'duplicate');
		CONTINUE WHEN EXISTS (SELECT FROM acknowledgement k WHERE k.message_id = (one ->> 'message')::bigint
			AND (k.kind <> 'who-are-you' OR told ->> 'kind' <> 'understood'));
		CONTINUE WHEN may_answer((one ->> 'message')::bigint, acknowledge.now) IS NOT NULL;
		DELETE FROM acknowledgement k WHERE k.message_id = (one ->> 'message')::bigint; -- asked then, known by now
		INSERT INTO acknowledgement (message_id, kind, feedback_id, revision, form_id, form_version, said, contact_id, channel, address, language,
			reference, made_at)
		VALUES ((one ->> 'message')::bigint, (told ->> 'kind')::acknowledgement_kind, (told ->> 'feedback')::bigint,
			(told ->> 'revision')::integer, told ->> 'form', (told ->> 'version')::integer, told -> 'said', (told ->> 'contact')::bigint,
			told ->> 'channel', told ->> 'to', told ->> 'language', told ->> 'reference', acknowledge.now);
	END LOOP;
END $$;
