-- The outbox: what goes out, once.
--
-- A row is claimed for as long as the session that claimed it lives: the claim is a session's advisory lock beside the state
-- `sending`. So a row whose sender died is taken up at once, and one whose sender is at work by nobody else, without a
-- time-out to get wrong. What is written before sending is committed before sending.
SET LOCAL ROLE fieldpost_owner;

-- First of the two keys of the advisory locks ('outb').
CREATE FUNCTION api.outbox_lock_class() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1869968482 $$;

-- Of one channel ("mail", or a channel's name). parts: how many messages of a row were sent already, where it takes several.
CREATE FUNCTION api.outbox_claim(maximum bigint, now timestamptz, channel text DEFAULT 'mail')
RETURNS TABLE (outbox_id bigint, kind text, channel_name text, recipient text, header_id text, body bytea, attempts bigint,
	created_at timestamptz, parts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	candidate outbox;
	claimed bigint := 0;
BEGIN
	IF NOT (SELECT i.confirmed FROM instance i) THEN
		RETURN;
	END IF;
	FOR candidate IN
		SELECT o.* FROM outbox o
		WHERE o.state IN ('waiting', 'sending') AND o.next_at <= outbox_claim.now AND o.channel = outbox_claim.channel
			AND fieldpost.outbox_may_go(o.kind, o.channel, o.recipient)
		ORDER BY o.next_at, o.outbox_id
		LIMIT outbox_claim.maximum + 100
		FOR UPDATE SKIP LOCKED
	LOOP
		EXIT WHEN claimed >= outbox_claim.maximum;
		CONTINUE WHEN NOT pg_try_advisory_lock(api.outbox_lock_class(), (candidate.outbox_id & 2147483647)::integer);
		claimed := claimed + 1;
		UPDATE outbox o SET state = 'sending', claimed_at = outbox_claim.now, attempts = o.attempts + 1
		WHERE o.outbox_id = candidate.outbox_id;
		RETURN QUERY SELECT candidate.outbox_id, candidate.kind, candidate.channel, candidate.recipient, candidate.header_id,
			candidate.body, candidate.attempts + 1::bigint, candidate.created_at,
			(SELECT count(*) FROM outbox_part p WHERE p.outbox_id = candidate.outbox_id);
	END LOOP;
END $$;

CREATE FUNCTION api.outbox_release(outbox_id bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	-- Another session's lock stays: a sender that lost its connection may come back to record what it sent.
	SELECT pg_advisory_unlock(api.outbox_lock_class(), (outbox_release.outbox_id & 2147483647)::integer)
	WHERE EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.objsubid = 2
		AND l.classid::bigint = api.outbox_lock_class() AND l.objid::bigint = (outbox_release.outbox_id & 2147483647))
$$;

-- A digest is sent when none of its mails waits any more and one went through. Two that record the last mails at once take turns:
-- each would see the other's still on its way.
CREATE FUNCTION api.digest_settle(outbox_id bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT FROM digest d WHERE d.digest_id = (SELECT o.digest_id FROM outbox o WHERE o.outbox_id = digest_settle.outbox_id)
	FOR UPDATE;
	UPDATE digest d
	SET state = CASE WHEN EXISTS (SELECT FROM outbox o WHERE o.digest_id = d.digest_id AND o.state = 'sent')
		THEN 'sent'::digest_state ELSE 'failed'::digest_state END
	WHERE d.digest_id = (SELECT o.digest_id FROM outbox o WHERE o.outbox_id = digest_settle.outbox_id)
		AND d.state IN ('ready', 'failed')
		AND NOT EXISTS (SELECT FROM outbox o WHERE o.digest_id = d.digest_id AND o.state IN ('waiting', 'sending'))
$$;

CREATE FUNCTION api.outbox_sent(outbox_id bigint, now timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	UPDATE outbox o SET state = 'sent', sent_at = outbox_sent.now, last_error = NULL
	WHERE o.outbox_id = outbox_sent.outbox_id AND o.state <> 'sent';
	PERFORM api.digest_settle(outbox_sent.outbox_id);
	PERFORM api.outbox_release(outbox_sent.outbox_id);
END $$;

-- One of the messages that a row takes is sent: the provider's id of it, empty where it gives none.
CREATE FUNCTION api.outbox_part(outbox_id bigint, part bigint, provider_id text, now timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO outbox_part (outbox_id, part, provider_id, sent_at)
	VALUES (outbox_part.outbox_id, outbox_part.part, outbox_part.provider_id, outbox_part.now)
	ON CONFLICT DO NOTHING
$$;

-- Not now: again at next_at. `counted` is false when the mail itself was not the reason (the server could not be reached).
CREATE FUNCTION api.outbox_retry(outbox_id bigint, now timestamptz, next_at timestamptz, error text, counted boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	UPDATE outbox o SET state = 'waiting', next_at = outbox_retry.next_at, last_error = outbox_retry.error,
		attempts = o.attempts - CASE WHEN outbox_retry.counted THEN 0 ELSE 1 END
	WHERE o.outbox_id = outbox_retry.outbox_id AND o.state = 'sending';
	PERFORM api.outbox_release(outbox_retry.outbox_id);
END $$;

-- Given up, loudly.
CREATE FUNCTION api.outbox_failed(outbox_id bigint, now timestamptz, error text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	failed outbox;
BEGIN
	UPDATE outbox o SET state = 'failed', last_error = outbox_failed.error
	WHERE o.outbox_id = outbox_failed.outbox_id AND o.state IN ('waiting', 'sending')
	RETURNING o.* INTO failed;
	IF FOUND THEN
		PERFORM api.alarm_raise(outbox_failed.now, CASE failed.channel WHEN 'mail' THEN 'mail-failed' ELSE 'message-failed' END,
			CASE failed.channel WHEN 'mail' THEN failed.recipient ELSE failed.channel || ':' || failed.recipient END,
			format('%s of %s to %s was given up: %s', failed.kind, to_char(failed.created_at AT TIME ZONE 'UTC',
				'YYYY-MM-DD HH24:MI'), failed.recipient, outbox_failed.error));
		PERFORM api.digest_settle(outbox_failed.outbox_id);
	END IF;
	PERFORM api.outbox_release(outbox_failed.outbox_id);
END $$;

GRANT EXECUTE ON FUNCTION api.outbox_claim(bigint, timestamptz, text), api.outbox_part(bigint, bigint, text, timestamptz),
	api.outbox_sent(bigint, timestamptz),
	api.outbox_retry(bigint, timestamptz, timestamptz, text, boolean), api.outbox_failed(bigint, timestamptz, text)
	TO fieldpost_send;
