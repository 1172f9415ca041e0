-- Mails that ask for no more: "stop" in any of the languages as their first line, or the mail that List-Unsubscribe makes. The reader says
-- so in the result's "stops": {"by": "words" | "subject", "say": {language: the confirmation}}.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Nothing is asked of these mail addresses, nor of the person by any way, any more; what waits is cancelled. False: that holds already. Only
-- people_resume() takes it back, no list does.
CREATE FUNCTION fieldpost.asking_stop(now timestamptz, contact_id bigint, addresses text[], reason text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
	every text[] := ARRAY(SELECT lower(a) FROM unnest(addresses) AS a UNION
		SELECT a.address FROM identity.contact_address a WHERE a.contact_id = asking_stop.contact_id AND a.channel = 'mail');
	added integer;
BEGIN
	INSERT INTO suppression (channel, address, reason, since) SELECT 'mail', a, asking_stop.reason, asking_stop.now FROM unnest(every) AS a
	ON CONFLICT (channel, address) DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	UPDATE identity.contact c SET paused = true, stopped_at = coalesce(c.stopped_at, asking_stop.now), updated_at = asking_stop.now
	WHERE c.contact_id = asking_stop.contact_id AND (c.stopped_at IS NULL OR NOT c.paused);
	UPDATE request q SET state = 'closed', note = 'they want no more' WHERE q.contact_id = asking_stop.contact_id AND q.state IN ('waiting', 'sent');
	UPDATE outbox o SET state = 'cancelled', last_error = 'the person asked for no more messages'
	WHERE o.channel = 'mail' AND o.state = 'waiting' AND o.kind IN ('request', 'reminder', 'answer', 'outcome') AND lower(o.recipient) = ANY (every);
	RETURN added > 0;
END $$;

-- Does the mail answer a digest, or what a member was told of an answer to one? Then it is about that.
CREATE FUNCTION fieldpost.answers_digest(mail jsonb)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT EXISTS (SELECT FROM regexp_matches(concat_ws(' ', mail ->> 'in_reply_to', mail ->> 'references'), '<[^<>\s]+>', 'g') AS i
		JOIN outbox o ON o.header_id = i[1] WHERE o.kind IN ('digest', 'order'))
$$;

-- The one confirmation, in the person's language.
CREATE FUNCTION fieldpost.stop_confirm(now timestamptz, message message, contact_id bigint, language text, say jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	spoken text := coalesce((SELECT c.language FROM identity.contact c WHERE c.contact_id = stop_confirm.contact_id), stop_confirm.language, 'en');
BEGIN
	spoken := CASE WHEN say ? spoken THEN spoken WHEN say ? split_part(spoken, '-', 1) THEN split_part(spoken, '-', 1) ELSE 'en' END;
	INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
	VALUES ('stopped', 'mail', message.from_address, format('<%s@%s>', gen_random_uuid(), coalesce((SELECT split_part(o.address, '@', 2)
			FROM own_address o WHERE o.part = 'smtp' LIMIT 1), 'fieldpost.invalid')), 'stopped:' || message.message_id,
		convert_to(jsonb_strip_nulls(jsonb_build_object('subject', 'Re: ' || coalesce(nullif(message.subject, ''), 'stop'), 'text', say ->> spoken,
			'language', spoken, 'auto', 'auto-replied', 'in_reply_to', message.header_id, 'references', message.header_id))::text, 'UTF8'),
		stop_confirm.now, stop_confirm.now)
	ON CONFLICT (dedupe_key) DO NOTHING;
	PERFORM pg_notify('fieldpost_outbox', '');
END $$;

-- One of them. By its words it speaks for who wrote it, and ends the request that it answers; what List-Unsubscribe made names the request,
-- and so the person who was asked.
CREATE FUNCTION fieldpost.stop_take(now timestamptz, message_id bigint, result jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	message message;
	asked request;
	person bigint;
	silent boolean;
	stopped boolean;
BEGIN
	SELECT m.* INTO message FROM message m WHERE m.message_id = stop_take.message_id;
	IF message.verification = 'failed' OR NOT coalesce(is_mail_address(message.from_address), false) OR answers_digest(result -> 'mail') THEN
		RETURN;
	END IF;
	silent := may_answer(stop_take.message_id, stop_take.now) IS NOT NULL;
	SELECT q.* INTO asked FROM request q WHERE q.reference = result ->> 'reference';
	SELECT a.contact_id INTO person FROM identity.contact_address a WHERE a.channel = 'mail' AND a.address = lower(message.from_address);
	IF result #>> '{stops,by}' = 'subject' THEN
		person := coalesce(asked.contact_id, person);
	END IF;
	UPDATE request q SET state = 'closed', note = 'they want no more' WHERE q.request_id = asked.request_id AND q.state IN ('waiting', 'sent');
	-- By itself: of "this AND NOT silent" nothing may be done where silent is known.
	stopped := asking_stop(stop_take.now, person, ARRAY[message.from_address],
		CASE result #>> '{stops,by}' WHEN 'subject' THEN 'unsubscribed' ELSE 'asked' END);
	IF stopped AND NOT silent THEN
		PERFORM stop_confirm(stop_take.now, message, person, result ->> 'language', result #> '{stops,say}');
	END IF;
	UPDATE message m SET state = 'ignored', reason = 'stopped', result = NULL
	WHERE m.message_id = stop_take.message_id AND m.state IN ('review', 'held', 'ignored') AND coalesce(stop_take.result -> 'provenance', '{}') = '{}';
END $$;

CREATE FUNCTION fieldpost.stops_settle(now timestamptz, batch jsonb, filed jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	one jsonb;
BEGIN
	FOR one IN
		SELECT e FROM jsonb_array_elements(stops_settle.batch) AS e
		WHERE e -> 'result' ? 'stops' AND EXISTS (SELECT FROM jsonb_array_elements(filed) AS f WHERE f -> 'message' = e -> 'message_id'
			AND NOT f ? 'hint')
		ORDER BY (e ->> 'message_id')::bigint
	LOOP
		PERFORM stop_take(stops_settle.now, (one ->> 'message_id')::bigint, one -> 'result');
	END LOOP;
END $$;

-- By the link in a mail: who opens it has the reference, and nobody else.
CREATE FUNCTION api.request_stop(now timestamptz, reference text)
RETURNS TABLE (known boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	asked request;
BEGIN
	SELECT q.* INTO asked FROM request q WHERE q.reference = upper(request_stop.reference);
	IF asked.request_id IS NOT NULL THEN
		UPDATE request q SET state = 'closed', note = 'they want no more' WHERE q.request_id = asked.request_id AND q.state IN ('waiting', 'sent');
		PERFORM asking_stop(request_stop.now, asked.contact_id, '{}', 'unsubscribed');
	END IF;
	RETURN QUERY SELECT asked.request_id IS NOT NULL;
END $$;
GRANT EXECUTE ON FUNCTION api.request_stop(timestamptz, text) TO fieldpost_web;
