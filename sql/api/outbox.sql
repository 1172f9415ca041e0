-- The outbox: what goes out, once.
--
-- A row is claimed for as long as the session that claimed it lives: the claim is a session's advisory lock beside the state
-- `sending`. So a row whose sender died is taken up at once, and one whose sender is at work by nobody else, without a
-- time-out to get wrong. What is written before sending is committed before sending.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- First of the two keys of the advisory locks ('outb').
CREATE FUNCTION api.outbox_lock_class() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1869968482 $$;

-- Of its two keys the second: the row's number, as far as it fits.
CREATE FUNCTION fieldpost.outbox_lock_key(outbox_id bigint) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT (outbox_lock_key.outbox_id & 2147483647)::integer $$;

-- The rows that sessions hold now, by that key.
CREATE FUNCTION fieldpost.outbox_held()
RETURNS TABLE (key integer, pid integer)
LANGUAGE sql STABLE
AS $$
	SELECT l.objid::bigint::integer, l.pid FROM pg_locks l
	WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid::bigint = api.outbox_lock_class()
		AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

-- What a bounce's address names a mail by: its number, and what only who saw its Message-ID can know. Digits and a to f.
CREATE FUNCTION fieldpost.outbox_token(outbox_id bigint, header_id text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE -- keeps its plan: in SQL it would be read anew in each turn
AS $$
BEGIN
	RETURN to_hex(outbox_token.outbox_id) || '-' || left(encode(sha256(convert_to(outbox_token.header_id, 'UTF8')), 'hex'), 16);
END $$;

-- The row that a token names; null when it is none of ours.
CREATE FUNCTION fieldpost.outbox_of_token(token text)
RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	IF lower(outbox_of_token.token) !~ '^[1-9a-f][0-9a-f]{0,14}-[0-9a-f]{16}$' THEN
		RETURN NULL;
	END IF;
	RETURN (SELECT o.outbox_id FROM outbox o
		WHERE o.outbox_id = ('x' || lpad(split_part(outbox_of_token.token, '-', 1), 16, '0'))::bit(64)::bigint
			AND fieldpost.outbox_token(o.outbox_id, o.header_id) = lower(outbox_of_token.token));
END $$;

CREATE FUNCTION fieldpost.outbox_destination_of(recipient text) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT lower(substring(outbox_destination_of.recipient FROM '@([^@]*)$')) $$;

-- A destination refused a mail for now. From the third time in a row on it is left alone, longer each time, up to an hour; what
-- was on its way there when it began to rest does not count.
CREATE FUNCTION fieldpost.outbox_refused(outbox_id bigint, now timestamptz, error text)
RETURNS void
LANGUAGE sql
AS $$
	INSERT INTO outbox_destination AS d (channel, destination, failures, last_error)
	SELECT o.channel, fieldpost.outbox_destination_of(o.recipient), 1, outbox_refused.error FROM outbox o
	WHERE o.outbox_id = outbox_refused.outbox_id AND fieldpost.outbox_destination_of(o.recipient) IS NOT NULL
	ON CONFLICT (channel, destination) DO UPDATE SET failures = d.failures + 1, last_error = EXCLUDED.last_error,
		rests_until = CASE WHEN d.failures >= 2
			THEN outbox_refused.now + least(interval '1 minute' * 2 ^ least(d.failures - 2, 10), interval '1 hour') END
	WHERE d.rests_until IS NULL OR d.rests_until <= outbox_refused.now
$$;

-- Of one channel ("mail", or a channel's name), none of those that are held. parts: how many messages of a row were sent already, where
-- it takes several. What may not go any more is cancelled; what goes to a destination that rests is due when that one's rest is over.
CREATE FUNCTION fieldpost.outbox_take(maximum bigint, now timestamptz, channel text, held integer[])
RETURNS TABLE (outbox_id bigint, kind text, channel_name text, recipient text, header_id text, body bytea, attempts bigint,
	created_at timestamptz, parts bigint, token text)
LANGUAGE plpgsql
-- Always by the index that gives them in their order, also where the table was empty when the plan was made; that a plan is said to
-- cost much then is no reason to compile it.
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	candidate record;
	taken bigint[] := '{}';
BEGIN
	IF outbox_take.maximum <= 0 OR NOT (SELECT i.confirmed FROM instance i) THEN
		RETURN;
	END IF;
	FOR candidate IN
		SELECT o.outbox_id, fieldpost.outbox_may_go(o.kind, o.channel, o.recipient) AND fieldpost.request_may_go(o.request_id) AS may_go,
			(SELECT d.rests_until FROM outbox_destination d WHERE d.channel = o.channel
				AND d.destination = fieldpost.outbox_destination_of(o.recipient) AND d.rests_until > outbox_take.now) AS rests_until,
			CASE WHEN o.digest_id IS NOT NULL THEN fieldpost.digest_forbidden(o.digest_id, o.recipient) END AS forbidden
		FROM outbox o
		WHERE o.state IN ('waiting', 'sending') AND o.next_at <= outbox_take.now AND o.channel = outbox_take.channel
			AND fieldpost.outbox_lock_key(o.outbox_id) <> ALL (outbox_take.held)
		ORDER BY o.next_at, o.outbox_id
		LIMIT outbox_take.maximum + CASE WHEN EXISTS (SELECT FROM outbox_destination d WHERE d.rests_until > outbox_take.now)
			THEN 500 ELSE 0 END
		FOR UPDATE OF o SKIP LOCKED
	LOOP
		EXIT WHEN cardinality(taken) >= outbox_take.maximum;
		IF NOT candidate.may_go THEN
			UPDATE outbox o SET state = 'cancelled' WHERE o.outbox_id = candidate.outbox_id;
		ELSIF candidate.forbidden IS NOT NULL THEN
			PERFORM fieldpost.digest_withhold(candidate.outbox_id, outbox_take.now, candidate.forbidden);
		ELSIF candidate.rests_until IS NOT NULL THEN
			UPDATE outbox o SET next_at = candidate.rests_until WHERE o.outbox_id = candidate.outbox_id;
		ELSIF pg_try_advisory_lock(api.outbox_lock_class(), fieldpost.outbox_lock_key(candidate.outbox_id)) THEN
			taken := taken || candidate.outbox_id;
		END IF;
	END LOOP;
	RETURN QUERY
		WITH claimed AS (
			UPDATE outbox o SET state = 'sending', claimed_at = outbox_take.now, attempts = o.attempts + 1
			WHERE o.outbox_id = ANY (taken)
			RETURNING o.*)
		SELECT c.outbox_id, c.kind, c.channel, c.recipient, c.header_id, c.body, c.attempts::bigint, c.created_at,
			(SELECT count(*) FROM outbox_part p WHERE p.outbox_id = c.outbox_id),
			fieldpost.outbox_token(c.outbox_id, c.header_id)
		FROM claimed c ORDER BY c.next_at, c.outbox_id;
END $$;

CREATE FUNCTION api.outbox_claim(maximum bigint, now timestamptz, channel text DEFAULT 'mail')
RETURNS TABLE (outbox_id bigint, kind text, channel_name text, recipient text, header_id text, body bytea, attempts bigint,
	created_at timestamptz, parts bigint, token text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT * FROM fieldpost.outbox_take(outbox_claim.maximum, outbox_claim.now, outbox_claim.channel,
		ARRAY(SELECT h.key FROM fieldpost.outbox_held() h));
END $$;

-- Another session's lock stays: a sender that lost its connection may come back to record what it sent.
CREATE FUNCTION fieldpost.outbox_release(ids bigint[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM pg_advisory_unlock(api.outbox_lock_class(), h.key) FROM fieldpost.outbox_held() h
	WHERE h.pid = pg_backend_pid() AND h.key = ANY (SELECT fieldpost.outbox_lock_key(i) FROM unnest(outbox_release.ids) i);
END $$;

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

-- But for the release.
CREATE FUNCTION fieldpost.outbox_went(ids bigint[], now timestamptz)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	UPDATE outbox o SET state = 'sent', sent_at = outbox_went.now, last_error = NULL
	WHERE o.outbox_id = ANY (outbox_went.ids) AND o.state <> 'sent';
	-- In one order, so that two who record several do not wait for each other.
	PERFORM api.digest_settle(x.outbox_id) FROM (SELECT min(o.outbox_id) AS outbox_id FROM outbox o
		WHERE o.outbox_id = ANY (outbox_went.ids) AND o.digest_id IS NOT NULL GROUP BY o.digest_id ORDER BY o.digest_id OFFSET 0) x;
	IF EXISTS (SELECT FROM outbox_destination) THEN
		DELETE FROM outbox_destination d USING outbox o WHERE o.outbox_id = ANY (outbox_went.ids) AND d.channel = o.channel
			AND d.destination = fieldpost.outbox_destination_of(o.recipient);
	END IF;
END $$;

CREATE FUNCTION api.outbox_sent(ids bigint[], now timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM fieldpost.outbox_went(outbox_sent.ids, outbox_sent.now);
	PERFORM fieldpost.outbox_release(outbox_sent.ids);
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
	PERFORM fieldpost.outbox_release(ARRAY[outbox_retry.outbox_id]);
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
	PERFORM fieldpost.outbox_release(ARRAY[outbox_failed.outbox_id]);
END $$;

-- What became of several rows is recorded, and as many new ones as are wanted are claimed, in one commit. outcomes: sent; retry; later,
-- a retry because the destination refused; failed. next_at and counted are of retries, errors of all but sent. Who holds what is looked
-- up once: it takes as long as recording a row.
CREATE FUNCTION api.outbox_turn(now timestamptz, channel text, ids bigint[], outcomes text[], next_at timestamptz[], errors text[],
	counted boolean[], wanted bigint)
RETURNS TABLE (outbox_id bigint, kind text, channel_name text, recipient text, header_id text, body bytea, attempts bigint,
	created_at timestamptz, parts bigint, token text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	sent bigint[] := '{}';
	keys integer[] := '{}'; -- of all ids
	held integer[];         -- but for what is recorded here
	own integer[];          -- of the keys those that this session holds
	unlocked boolean;
BEGIN
	FOR i IN 1 .. cardinality(outbox_turn.ids) LOOP
		keys[i] := fieldpost.outbox_lock_key(outbox_turn.ids[i]);
		IF outbox_turn.outcomes[i] = 'sent' THEN
			sent := sent || outbox_turn.ids[i];
		END IF;
	END LOOP;
	SELECT array_agg(h.key) FILTER (WHERE NOT h.mine), array_agg(h.key) FILTER (WHERE h.mine) INTO held, own
	FROM (SELECT l.key, l.pid = pg_backend_pid() AND l.key = ANY (keys) AS mine FROM fieldpost.outbox_held() l) h;
	IF cardinality(sent) > 0 THEN
		PERFORM fieldpost.outbox_went(sent, outbox_turn.now);
	END IF;
	FOR i IN 1 .. cardinality(outbox_turn.ids) LOOP
		IF outbox_turn.outcomes[i] = 'sent' THEN
			-- An assignment: PERFORM would be a query.
			unlocked := keys[i] = ANY (own) AND pg_advisory_unlock(api.outbox_lock_class(), keys[i]);
		ELSIF outbox_turn.outcomes[i] = 'failed' THEN
			PERFORM api.outbox_failed(outbox_turn.ids[i], outbox_turn.now, outbox_turn.errors[i]);
		ELSE
			PERFORM api.outbox_retry(outbox_turn.ids[i], outbox_turn.now, outbox_turn.next_at[i], outbox_turn.errors[i],
				outbox_turn.counted[i]);
		END IF;
		IF outbox_turn.outcomes[i] = 'later' THEN
			PERFORM fieldpost.outbox_refused(outbox_turn.ids[i], outbox_turn.now, outbox_turn.errors[i]);
		END IF;
	END LOOP;
	IF outbox_turn.wanted > 0 THEN
		RETURN QUERY SELECT * FROM fieldpost.outbox_take(outbox_turn.wanted, outbox_turn.now, outbox_turn.channel,
			coalesce(held, '{}'));
	END IF;
END $$;

GRANT EXECUTE ON FUNCTION api.outbox_turn(timestamptz, text, bigint[], text[], timestamptz[], text[], boolean[], bigint),
	api.outbox_part(bigint, bigint, text, timestamptz)
	TO fieldpost_send;
