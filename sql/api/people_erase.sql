-- Erasing a person: all that is kept of them goes, and what is left does not let it come back.
--
-- A message that was erased stays as a row without words: its identity (a hash), or its number at its provider, is how a later scan of the
-- mailbox knows it. The tombstone says so for good; so do those of the person's key and addresses (hashes, too), by which a list that still
-- holds them is refused (people.sql). On tables without foreign keys each row is deleted here.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Does the text hold the word, and not as a part of a longer one? A "@" may be written as in an address of the web.
CREATE FUNCTION fieldpost.holds_word(text text, word text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT holds_word.text ~* ('(?<![[:alnum:]._+-])(?:' || w.plain || '|' || replace(w.plain, '\@', '%40') || ')(?![[:alnum:]_-]|\.[[:alnum:]])')
		OR (holds_word.word ~ '^\+[0-9]+$' AND holds_word.text ~ ('(?<![0-9])' || substr(holds_word.word, 2) || '(?![0-9])'))
	FROM (SELECT regexp_replace(holds_word.word, '([^[:alnum:]])', '\\\1', 'g') AS plain) w
$$;

-- The same of bytes: what is not ASCII in them is compared by its octal numbers.
CREATE FUNCTION fieldpost.holds_word(bytes bytea, word text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT holds_word(encode(holds_word.bytes, 'escape'), encode(convert_to(holds_word.word, 'UTF8'), 'escape'))
$$;

-- The value of From, as it stands in a mail's bytes.
CREATE FUNCTION fieldpost.raw_from(raw bytea)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT (regexp_match(split_part(replace(encode(substring(raw_from.raw FOR 65536), 'escape'), E'\r', ''), E'\n\n', 1),
		'(?:^|\n)from[ \t]*:((?:[^\n]|\n[ \t])*)', 'i'))[1]
$$;

-- What is kept of a person besides their messages as they were read (person_messages): mails that were not read yet or could not be, reports
-- of what did not reach them, automatic mails that answer their requests.
CREATE FUNCTION fieldpost.person_traces(contact_id bigint)
RETURNS SETOF bigint
LANGUAGE sql STABLE
AS $$
	WITH mail AS MATERIALIZED (
		SELECT a.address FROM identity.contact_address a WHERE a.contact_id = person_traces.contact_id AND a.channel = 'mail'
	), unread AS MATERIALIZED (
		SELECT m.message_id FROM message m WHERE m.channel IS NULL AND coalesce(m.from_address, '') = '' AND m.reason IS DISTINCT FROM 'erased'
	)
	SELECT u.message_id FROM unread u JOIN message_raw r USING (message_id) CROSS JOIN LATERAL (SELECT raw_from(r.raw) AS sender OFFSET 0) f
	WHERE EXISTS (SELECT FROM mail WHERE holds_word(f.sender, encode(convert_to(mail.address, 'UTF8'), 'escape')))
	UNION
	SELECT b.message_id FROM bounce b JOIN mail ON mail.address = address_key(b.address) WHERE b.message_id IS NOT NULL
	UNION
	SELECT m.message_id FROM request q JOIN message m ON m.reference = q.reference
	WHERE q.contact_id = person_traces.contact_id AND m.state = 'ignored' AND m.automatic
$$;

CREATE FUNCTION fieldpost.erase_feedback(ids bigint[], contact_id bigint)
RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	fed bigint[];
	told bigint[];
BEGIN
	SELECT coalesce(array_agg(f.feedback_id), '{}') INTO fed FROM feedback f WHERE f.contact_id = erase_feedback.contact_id OR f.message_id = ANY (ids);
	SELECT coalesce(array_agg(DISTINCT l.digest_id), '{}') INTO told FROM digest_line l WHERE l.feedback_id = ANY (fed);
	PERFORM FROM outbox o WHERE o.digest_id = ANY (told) AND o.state IN ('waiting', 'sending');
	IF FOUND THEN
		RAISE EXCEPTION 'a digest with words of this person is on its way out: erase them when it has left';
	END IF;
	-- Digests that went out are kept without their words: they cannot be sent again.
	UPDATE digest d SET rendered = NULL WHERE d.digest_id = ANY (told);
	UPDATE outbox o SET body = '' WHERE o.digest_id = ANY (told);
	DELETE FROM digest_line l WHERE l.feedback_id = ANY (fed);
	DELETE FROM acknowledgement k WHERE k.feedback_id = ANY (fed);
	DELETE FROM review_act a WHERE a.feedback_id = ANY (fed);
	-- What teams wrote about it, and what they were told of that.
	DELETE FROM outbox o USING order_told t WHERE o.outbox_id = t.outbox_id AND (
		EXISTS (SELECT FROM staff_order s WHERE s.message_id = coalesce(t.about, t.message_id) AND s.feedback_id = ANY (fed))
		OR EXISTS (SELECT FROM response r JOIN conversation c USING (conversation_id) WHERE r.message_id = t.message_id AND c.feedback_id = ANY (fed)));
	DELETE FROM message_raw r USING staff_order s WHERE s.feedback_id = ANY (fed) AND r.message_id = s.message_id;
	DELETE FROM feedback f WHERE f.feedback_id = ANY (fed); -- revisions, conversations, changes of state go with it
	RETURN cardinality(fed);
END $$;

CREATE FUNCTION fieldpost.erase_messages(now timestamptz, ids bigint[])
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO tombstone (identity, erased_at)
	SELECT coalesce(m.identity, sha256(convert_to(m.channel, 'UTF8') || '\x00' || convert_to(m.provider_id, 'UTF8'))), erase_messages.now
	FROM message m WHERE m.message_id = ANY (ids)
	ON CONFLICT (identity) DO NOTHING;
	UPDATE delivery d SET body = '', headers = '{}' FROM channel_message c WHERE c.message_id = ANY (ids) AND d.delivery_id = c.delivery_id;
	DELETE FROM form_conversation f USING channel_message c, message m WHERE c.message_id = ANY (ids) AND m.message_id = c.message_id
		AND f.channel = m.channel AND f.sender = c.sender;
	DELETE FROM channel_media t WHERE t.message_id = ANY (ids);
	DELETE FROM channel_message c WHERE c.message_id = ANY (ids);
	DELETE FROM attachment t WHERE t.message_id = ANY (ids);
	DELETE FROM review_act a WHERE a.message_id = ANY (ids);
	DELETE FROM bounce b WHERE b.message_id = ANY (ids);
	DELETE FROM answer_given g WHERE g.message_id = ANY (ids);
	DELETE FROM acknowledgement k WHERE k.message_id = ANY (ids);
	UPDATE response r SET message_id = NULL WHERE r.message_id = ANY (ids);
	DELETE FROM message_raw r WHERE r.message_id = ANY (ids);
	UPDATE message m SET state = 'ignored', reason = 'erased', settled_at = erase_messages.now, written_at = NULL, raw_sha256 = '', form_id = NULL,
		form_version = NULL, reference = NULL, language = NULL, subject = NULL, from_name = NULL, from_address = NULL, header_id = NULL, error = NULL,
		result = NULL, note = NULL, verification = NULL, continues = NULL, size = 0
	WHERE m.message_id = ANY (ids);
END $$;

-- What else names them: errors of servers, what an audit says, webhooks with others' messages in them.
CREATE FUNCTION fieldpost.erase_mentions(contact_id bigint, name text)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	words text[] := ARRAY(SELECT a.address FROM identity.contact_address a WHERE a.contact_id = erase_mentions.contact_id);
	long text[] := ARRAY(SELECT w FROM unnest(words) AS w WHERE w ~ '@|^\+?[0-9]{8,}$'); -- nobody else's by chance
BEGIN
	DELETE FROM bounce b WHERE address_key(b.address) = ANY (words);
	UPDATE bounce b SET diagnostic = NULL WHERE EXISTS (SELECT FROM unnest(long) AS w WHERE holds_word(b.diagnostic, w));
	DELETE FROM alarm l WHERE EXISTS (SELECT FROM unnest(long) AS w WHERE holds_word(l.object, w) OR holds_word(l.text, w))
		OR EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = erase_mentions.contact_id
			AND l.object IN (a.channel || ' ' || a.address, a.channel || ':' || a.address)); -- of a flood; of what could not be sent
	UPDATE outbox o SET last_error = NULL WHERE o.last_error IS NOT NULL AND EXISTS (SELECT FROM unnest(long) AS w WHERE holds_word(o.last_error, w));
	UPDATE outbox_destination d SET last_error = NULL WHERE EXISTS (SELECT FROM unnest(long) AS w WHERE holds_word(d.last_error, w));
	UPDATE audit t SET detail = '{"erased": true}' WHERE t.object = 'person ' || contact_id
		OR EXISTS (SELECT FROM unnest(long || name) AS w WHERE holds_word(t.detail::text, w));
	UPDATE audit t SET object = 'erased' WHERE EXISTS (SELECT FROM unnest(long || name) AS w WHERE holds_word(t.object, w));
	UPDATE delivery d SET body = '', headers = '{}' WHERE EXISTS (SELECT FROM unnest(long) AS w
		WHERE position(convert_to(ltrim(split_part(w, '@', 1), '+'), 'UTF8') IN d.body) > 0 AND holds_word(d.body, w));
	DELETE FROM form_conversation f USING identity.contact_address a WHERE a.contact_id = erase_mentions.contact_id
		AND ((a.kind = 'channel' AND f.channel = a.channel AND f.sender = a.address) OR (a.kind = 'phone' AND phone_key(f.sender, true) = a.address));
END $$;

-- One row what went, of each kind; no row: nobody is that.
CREATE FUNCTION api.people_erase(now timestamptz, actor text, person text, channels jsonb)
RETURNS TABLE (contact_id bigint, name text, messages bigint, feedback bigint, requests bigint, letters bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	whom identity.contact;
	ids bigint[];
	chats text[];
	out_ids bigint[];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.people', 0));
	SELECT c.* INTO whom FROM identity.contact c WHERE c.contact_id = person_find(people_erase.person) FOR NO KEY UPDATE;
	IF whom.contact_id IS NULL THEN
		RETURN;
	END IF;
	contact_id := whom.contact_id;
	name := whom.name;
	SELECT coalesce(array_agg(p), '{}') INTO ids FROM (SELECT person_messages(whom.contact_id, people_erase.channels) AS p
		UNION SELECT person_traces(whom.contact_id)) t;
	-- What is being read just now is filed first (it may name the person till then): its feedback goes, too.
	PERFORM FROM message m WHERE m.message_id = ANY (ids) ORDER BY m.message_id FOR UPDATE;
	SELECT coalesce(array_agg(DISTINCT c.reply_to), '{}') INTO chats FROM channel_message c WHERE c.message_id = ANY (ids);
	feedback := erase_feedback(ids, whom.contact_id);
	SELECT coalesce(array_agg(o.outbox_id), '{}') INTO out_ids FROM outbox o WHERE o.digest_id IS NULL
		AND (EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id
			AND CASE WHEN o.channel = 'mail' THEN a.channel = 'mail' AND a.address = address_key(o.recipient) ELSE a.address = o.recipient END)
		OR (o.channel <> 'mail' AND o.recipient = ANY (chats))
		OR o.request_id IN (SELECT q.request_id FROM request q WHERE q.contact_id = whom.contact_id));
	UPDATE response r SET outbox_id = NULL WHERE r.outbox_id = ANY (out_ids);
	DELETE FROM outcome_letter t WHERE t.outbox_id = ANY (out_ids);
	DELETE FROM outbox o WHERE o.outbox_id = ANY (out_ids);
	GET DIAGNOSTICS letters = ROW_COUNT;
	DELETE FROM suppression s WHERE s.address = ANY (chats) OR EXISTS (SELECT FROM identity.contact_address a
		WHERE a.contact_id = whom.contact_id AND a.address = s.address);
	PERFORM erase_messages(people_erase.now, ids);
	PERFORM erase_mentions(whom.contact_id, whom.name);
	messages := cardinality(ids);
	UPDATE feedback f SET request_id = NULL FROM request q WHERE q.contact_id = whom.contact_id AND f.request_id = q.request_id;
	DELETE FROM request q WHERE q.contact_id = whom.contact_id;
	GET DIAGNOSTICS requests = ROW_COUNT;
	DELETE FROM acknowledgement k WHERE EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id AND a.address = k.address);
	INSERT INTO tombstone (identity, erased_at)
	SELECT person_identity(a.channel, a.address), people_erase.now FROM identity.contact_address a WHERE a.contact_id = whom.contact_id
	UNION SELECT person_identity('key', whom.key), people_erase.now WHERE whom.key IS NOT NULL
	ON CONFLICT (identity) DO UPDATE SET erased_at = excluded.erased_at;
	DELETE FROM identity.contact c WHERE c.contact_id = whom.contact_id;
	INSERT INTO audit (at, actor, action, object, detail) VALUES (people_erase.now, people_erase.actor, 'erase', 'person ' || whom.contact_id,
		jsonb_build_object('messages', messages, 'feedback', feedback, 'requests', requests, 'letters', letters));
	RETURN NEXT;
END $$;

GRANT EXECUTE ON FUNCTION api.people_erase(timestamptz, text, text, jsonb) TO fieldpost_admin;
