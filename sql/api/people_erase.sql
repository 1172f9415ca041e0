-- Erasing a person: all that is kept of them goes, and what is left does not let it come back.
--
-- A message that was erased stays as a row without words: its identity (a hash), or its number at its provider, is how a later scan of the
-- mailbox knows it. The tombstone says so for good. On tables without foreign keys each row is deleted here.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

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
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.people', 0));
	SELECT c.* INTO whom FROM identity.contact c WHERE c.contact_id = person_find(people_erase.person) FOR UPDATE;
	IF whom.contact_id IS NULL THEN
		RETURN;
	END IF;
	contact_id := whom.contact_id;
	name := whom.name;
	SELECT coalesce(array_agg(p), '{}') INTO ids FROM person_messages(whom.contact_id, people_erase.channels) AS p;
	SELECT coalesce(array_agg(DISTINCT c.reply_to), '{}') INTO chats FROM channel_message c WHERE c.message_id = ANY (ids);
	feedback := erase_feedback(ids, whom.contact_id);
	DELETE FROM outbox o WHERE o.digest_id IS NULL AND (EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id
			AND CASE WHEN o.channel = 'mail' THEN a.channel = 'mail' AND a.address = address_key(o.recipient) ELSE a.address = o.recipient END)
		OR (o.channel <> 'mail' AND o.recipient = ANY (chats)));
	GET DIAGNOSTICS letters = ROW_COUNT;
	DELETE FROM suppression s WHERE s.address = ANY (chats) OR EXISTS (SELECT FROM identity.contact_address a
		WHERE a.contact_id = whom.contact_id AND a.address = s.address);
	DELETE FROM bounce b WHERE EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id AND a.address = address_key(b.address));
	DELETE FROM alarm l WHERE EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id
		AND (strpos(l.object, a.address) > 0 OR strpos(l.text, a.address) > 0));
	PERFORM erase_messages(people_erase.now, ids);
	messages := cardinality(ids);
	UPDATE feedback f SET request_id = NULL FROM request q WHERE q.contact_id = whom.contact_id AND f.request_id = q.request_id;
	DELETE FROM request q WHERE q.contact_id = whom.contact_id;
	GET DIAGNOSTICS requests = ROW_COUNT;
	DELETE FROM acknowledgement k WHERE EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = whom.contact_id AND a.address = k.address);
	DELETE FROM identity.contact c WHERE c.contact_id = whom.contact_id;
	INSERT INTO audit (at, actor, action, object, detail) VALUES (people_erase.now, people_erase.actor, 'erase', 'person ' || whom.contact_id,
		jsonb_build_object('messages', messages, 'feedback', feedback, 'requests', requests, 'letters', letters));
	RETURN NEXT;
END $$;

GRANT EXECUTE ON FUNCTION api.people_erase(timestamptz, text, text, jsonb) TO fieldpost_admin;
