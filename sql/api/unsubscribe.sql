-- Stopping one digest: by the link or the button of the mail client, by the mail that it makes instead, by replying with one word. The
-- other digests of that member go on.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- False: nothing is stopped by that token.
CREATE FUNCTION fieldpost.digest_stop(now timestamptz, token text, how text)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	meant unsubscribe_token;
BEGIN
	SELECT u.* INTO meant FROM unsubscribe_token u WHERE u.token = digest_stop.token;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO unsubscribed (subscription_id, member_id, since, how)
	VALUES (meant.subscription_id, meant.member_id, digest_stop.now, digest_stop.how) ON CONFLICT DO NOTHING;
	IF FOUND THEN
		PERFORM digest_mails_cancel(ARRAY[meant.subscription_id], (SELECT m.address FROM member m WHERE m.member_id = meant.member_id));
		INSERT INTO audit (at, actor, action, object)
		VALUES (digest_stop.now, 'member ' || meant.member_id, 'unsubscribe', 'subscription ' || meant.subscription_id);
	END IF;
	RETURN true;
END $$;

CREATE FUNCTION api.unsubscribe(now timestamptz, token text)
RETURNS TABLE (known boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT digest_stop(unsubscribe.now, lower(unsubscribe.token), 'page')
$$;
GRANT EXECUTE ON FUNCTION api.unsubscribe(timestamptz, text) TO fieldpost_web;

-- The token that a mail means: the one in the subject that List-Unsubscribe gave it; of a reply whose first line asks for no more, that of
-- the digest which it answers and whose recipient it is from. Null: none.
CREATE FUNCTION fieldpost.digest_token_of(result jsonb)
RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT coalesce(substring(lower(result #>> '{mail,subject}') FROM '^\s*unsubscribe ([0-9a-f]{32})\s*$'),
		CASE WHEN result ? 'stops' THEN (
			SELECT u.token FROM regexp_matches(concat_ws(' ', result #>> '{mail,in_reply_to}', result #>> '{mail,references}'), '<[^<>\s]+>', 'g') AS i
			JOIN outbox o ON o.header_id = i[1] AND o.kind = 'digest' AND lower(o.recipient) = lower(result #>> '{mail,from_address}')
			JOIN digest d USING (digest_id)
			JOIN unsubscribe_token u USING (subscription_id)
			JOIN member m ON m.member_id = u.member_id AND lower(m.address) = lower(o.recipient)
			LIMIT 1) END)
$$;

-- Mails that stop a digest, after they were filed as what they are otherwise. One that was forged by its own border's word stops nothing.
CREATE FUNCTION fieldpost.digest_stops_settle(now timestamptz, batch jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	one record;
BEGIN
	FOR one IN
		SELECT m.message_id, digest_token_of(e -> 'result') AS token, e -> 'result' ? 'stops' AS words
		FROM jsonb_array_elements(digest_stops_settle.batch) AS e JOIN message m ON m.message_id = (e ->> 'message_id')::bigint
		WHERE m.channel IS NULL AND m.verification IS DISTINCT FROM 'failed'
			AND (e -> 'result' ? 'stops' OR lower(e #>> '{result,mail,subject}') LIKE '%unsubscribe %')
	LOOP
		CONTINUE WHEN one.token IS NULL OR NOT digest_stop(digest_stops_settle.now, one.token, CASE WHEN one.words THEN 'reply' ELSE 'mail' END);
		DELETE FROM acknowledgement k WHERE k.message_id = one.message_id AND k.outbox_id IS NULL;
		UPDATE message m SET state = 'ignored', reason = 'stopped', result = NULL
		WHERE m.message_id = one.message_id AND m.state IN ('review', 'held', 'ignored');
	END LOOP;
END $$;
