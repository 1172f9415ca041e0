-- Digests: what is due, what one holds, making it and putting it into the outbox.
--
-- What is due and what a digest holds is decided here, with the time as an argument. A digest of a subscription holds what
-- its reader may see, was filed before the period's end and is in no earlier digest of that subscription: a set, kept in
-- digest_line, so that a row that was committed late is in the next one and none is in two.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

---------------------------------------------------------------------------------------------------
-- What is due
---------------------------------------------------------------------------------------------------

-- Where the last digest of a subscription ended.
CREATE FUNCTION fieldpost.digest_last(subscription_id bigint)
RETURNS timestamptz
LANGUAGE sql STABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT d.period_end FROM digest d WHERE d.subscription_id = digest_last.subscription_id ORDER BY d.period_end DESC LIMIT 1
$$;

-- What may have moved a subscription's next digest: it is looked at again.
CREATE OR REPLACE FUNCTION fieldpost.subscription_look()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	NEW.look_at := '-infinity';
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER subscription_look BEFORE UPDATE OF frequency, weekday, hour, zone, created_at, active ON fieldpost.subscription
FOR EACH ROW EXECUTE FUNCTION fieldpost.subscription_look();

-- All of them: a clock may have been wrong, a zone may have new rules.
CREATE FUNCTION api.digest_look_again()
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE subscription s SET look_at = '-infinity' WHERE s.look_at > '-infinity'
$$;

-- The digests to make: those opened and left unfinished, when their next attempt has come, and the latest that each active
-- subscription should have had by now. After a time without service that is one, from where the last one ended, marked late.
-- Subscriptions of which nothing is due are not looked at again before something is.
CREATE FUNCTION api.digest_due(now timestamptz)
RETURNS TABLE (digest_id bigint, subscription_id bigint, period_start timestamptz, period_end timestamptz, late boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT d.digest_id, d.subscription_id, d.period_start, d.period_end, d.late
	FROM digest d
	WHERE d.state = 'open' AND coalesce(d.next_at, d.opened_at + interval '1 minute') <= digest_due.now
	ORDER BY d.subscription_id, d.period_end;
	IF NOT EXISTS (SELECT FROM subscription s WHERE s.active AND s.look_at <= digest_due.now) THEN
		RETURN;
	END IF;
	RETURN QUERY
	SELECT NULL::bigint, due.subscription_id, coalesce(due.last_end, b.before), due.moment,
		digest_due.now - due.moment > interval '1 hour' OR (due.last_end < b.before AND b.before > coalesce(due.changed_at, '-infinity'))
	FROM (
		SELECT s.*, api.digest_moment(s.frequency, s.weekday, s.hour, s.zone, digest_due.now, 0) AS moment, digest_last(s.subscription_id) AS last_end
		FROM subscription s WHERE s.active AND s.look_at <= digest_due.now OFFSET 0
	) due
	CROSS JOIN LATERAL (SELECT api.digest_moment(due.frequency, due.weekday, due.hour, due.zone, digest_due.now, -1) AS before OFFSET 0) b
	WHERE due.moment > coalesce(due.last_end, due.created_at)
		AND EXISTS (SELECT FROM digest_members(due.subscription_id))
		AND NOT EXISTS (SELECT FROM digest d WHERE d.subscription_id = due.subscription_id AND d.state = 'open')
	ORDER BY 2, 4;
	UPDATE subscription s SET look_at = api.digest_moment(s.frequency, s.weekday, s.hour, s.zone, digest_due.now, 1)
	WHERE s.active AND s.look_at <= digest_due.now
		AND api.digest_moment(s.frequency, s.weekday, s.hour, s.zone, digest_due.now, 0) <= coalesce(digest_last(s.subscription_id), s.created_at);
END $$;

---------------------------------------------------------------------------------------------------
-- What a digest holds
---------------------------------------------------------------------------------------------------

-- The most closed level that everybody who gets a subscription's digest reads.
CREATE FUNCTION fieldpost.digest_level(subscription_id bigint)
RETURNS fieldpost.sharing_level
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	RETURN (SELECT least((SELECT min(m.clearance) FROM digest_members(digest_level.subscription_id) m),
		CASE WHEN t.cleared THEN 'restricted' ELSE 'no-name' END::sharing_level)
	FROM subscription s JOIN team t USING (team_id) WHERE s.subscription_id = digest_level.subscription_id);
END $$;

-- What the next digest up to `until` holds: what its readers may see, was filed since the first one began, and is in none yet.
CREATE FUNCTION fieldpost.digest_candidates(subscription_id bigint, until timestamptz, since timestamptz)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	level sharing_level := digest_level(digest_candidates.subscription_id);
	filter digest_filter := (SELECT filter_of(s.filters) FROM subscription s WHERE s.subscription_id = digest_candidates.subscription_id);
BEGIN
	RETURN QUERY SELECT f.feedback_id FROM feedback f
	WHERE f.filed_at < digest_candidates.until AND f.filed_at >= digest_candidates.since AND f.sharing <= level AND f.state <> 'withdrawn'
		AND filter_takes(filter, f.form_id, f.country, f.contact_id, f.theme, f.language)
		AND NOT EXISTS (SELECT FROM digest_line l WHERE l.subscription_id = digest_candidates.subscription_id
			AND l.feedback_id = f.feedback_id AND l.revision_kind = 'new');
END $$;

-- Where a digest asked for by hand begins: where the last one ended; the first holds everything.
CREATE FUNCTION api.digest_by_hand(subscription_id bigint, now timestamptz)
RETURNS TABLE (period_start timestamptz, lines bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH last AS (
		SELECT max(d.period_end) AS period_end, min(d.period_start) AS since FROM digest d
		WHERE d.subscription_id = digest_by_hand.subscription_id
	), candidates AS (
		SELECT count(*) AS lines, min(f.filed_at) AS since
		FROM last CROSS JOIN LATERAL digest_candidates(digest_by_hand.subscription_id, digest_by_hand.now,
			coalesce(last.since, '-infinity')) c JOIN feedback f ON f.feedback_id = c
	)
	SELECT coalesce(last.period_end, least(candidates.since, digest_by_hand.now - interval '7 days')), candidates.lines
	FROM last, candidates
$$;

-- The lines: numbers are given here to those that have none, in the order of arrival, and run on without gaps, whoever gets the line
-- first; before that the corrections of what earlier digests of the subscription told. How many there are of both.
CREATE FUNCTION fieldpost.digest_fill(digest fieldpost.digest)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, fieldpost, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	since timestamptz := (SELECT min(d.period_start) FROM digest d WHERE d.subscription_id = digest_fill.digest.subscription_id);
	level sharing_level := digest_level(digest_fill.digest.subscription_id);
	lines bigint[];
	corrected bigint;
BEGIN
	INSERT INTO digest_line (digest_id, subscription_id, feedback_id, revision_kind, line_number, revision, sharing)
	SELECT digest.digest_id, digest.subscription_id, f.feedback_id, 'correction:' || f.revision, told.line_number, f.revision, f.sharing
	FROM feedback_revision r JOIN feedback f ON f.feedback_id = r.feedback_id AND f.revision = r.revision
	CROSS JOIN LATERAL (
		SELECT max(l.revision) AS revision, max(l.line_number) AS line_number FROM digest_line l
		WHERE l.subscription_id = digest.subscription_id AND l.feedback_id = f.feedback_id
	) told
	WHERE r.revision > 1 AND r.created_at >= since AND r.created_at < digest.period_end AND f.revision > told.revision
		AND f.sharing <= level AND f.state <> 'withdrawn';
	GET DIAGNOSTICS corrected = ROW_COUNT;
	SELECT array_agg(c) INTO lines FROM digest_candidates(digest.subscription_id, digest.period_end, since) c;
	PERFORM pg_advisory_xact_lock(hashtext('fieldpost.feedback.line_number'));
	UPDATE feedback f SET line_number = numbered.line_number
	FROM (
		SELECT f.feedback_id, (SELECT coalesce(max(line_number), 0) FROM feedback)
			+ row_number() OVER (ORDER BY f.received_at, f.feedback_id) AS line_number
		FROM unnest(lines) c JOIN feedback f ON f.feedback_id = c WHERE f.line_number IS NULL
	) numbered
	WHERE f.feedback_id = numbered.feedback_id;
	INSERT INTO digest_line (digest_id, subscription_id, feedback_id, line_number, revision, sharing)
	SELECT digest.digest_id, digest.subscription_id, f.feedback_id, f.line_number, f.revision, f.sharing
	FROM unnest(lines) c JOIN feedback f ON f.feedback_id = c;
	RETURN corrected + coalesce(array_length(lines, 1), 0);
END $$;

-- The one row of a subscription's period, with its lines. Again: the same row. An empty one is skipped if the subscription says so.
CREATE FUNCTION api.digest_open(subscription_id bigint, period_start timestamptz, period_end timestamptz, late boolean,
	by_hand boolean, now timestamptz)
RETURNS TABLE (digest_id bigint, state text, lines bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	wanted subscription;
	opened digest;
	filled bigint;
BEGIN
	SELECT s.* INTO STRICT wanted FROM subscription s WHERE s.subscription_id = digest_open.subscription_id FOR UPDATE;
	SELECT d.* INTO opened FROM digest d WHERE d.subscription_id = wanted.subscription_id
		AND (d.period_start = digest_open.period_start OR d.period_end = digest_open.period_end);
	IF NOT FOUND THEN
		INSERT INTO digest (subscription_id, period_start, period_end, late, by_hand, opened_at)
		VALUES (wanted.subscription_id, digest_open.period_start, digest_open.period_end, digest_open.late, digest_open.by_hand,
			digest_open.now)
		RETURNING * INTO opened;
		filled := digest_fill(opened); -- by itself: as a part of what follows it may be left out
		IF filled = 0 AND wanted.empty_policy = 'skip' AND NOT opened.by_hand THEN
			UPDATE digest d SET state = 'skipped' WHERE d.digest_id = opened.digest_id RETURNING * INTO opened;
		END IF;
	END IF;
	RETURN QUERY SELECT opened.digest_id, opened.state::text,
		(SELECT count(*) FROM digest_line l WHERE l.digest_id = opened.digest_id);
END $$;

-- Who reads a digest while it is made: of those who get it the one who may see least. Asked just before: its lines are told as they are
-- then, which may be long after it was opened; those that its readers may not see any more are none of it.
CREATE FUNCTION api.digest_reader(digest_id bigint)
RETURNS TABLE (member_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	DELETE FROM digest_line l USING digest d, feedback f
	WHERE d.digest_id = digest_reader.digest_id AND d.state = 'open' AND l.digest_id = d.digest_id AND f.feedback_id = l.feedback_id
		AND (f.sharing > digest_level(d.subscription_id) OR f.state = 'withdrawn');
	UPDATE digest_line l SET sharing = f.sharing FROM digest d, feedback f
	WHERE d.digest_id = digest_reader.digest_id AND d.state = 'open' AND l.digest_id = d.digest_id AND f.feedback_id = l.feedback_id
		AND l.sharing IS DISTINCT FROM f.sharing;
	SELECT m.member_id FROM digest d CROSS JOIN LATERAL digest_members(d.subscription_id) m
	WHERE d.digest_id = digest_reader.digest_id
	ORDER BY m.clearance, m.member_id LIMIT 1
$$;

-- The digest as it goes out, and a mail to each member, in one transaction; again: nothing more. `rendering` is the outbox's
-- body (see delivery.h); every member's Message-ID is the same at every attempt.
CREATE FUNCTION api.digest_ready(digest_id bigint, now timestamptz, subject text, rendering bytea, domain text)
RETURNS TABLE (mails bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	ready digest;
	added bigint;
BEGIN
	UPDATE digest d SET state = 'ready', subject = digest_ready.subject, rendered = digest_ready.rendering,
		built_at = digest_ready.now, error = NULL
	WHERE d.digest_id = digest_ready.digest_id AND d.state = 'open'
	RETURNING d.* INTO ready;
	IF NOT FOUND THEN
		RETURN QUERY SELECT 0::bigint;
		RETURN;
	END IF;
	SELECT api.digest_post(ready.digest_id, '', digest_ready.now, digest_ready.domain) INTO added;
	RETURN QUERY SELECT added;
END $$;

-- The token by which one member stops one digest, made when it is first needed.
CREATE FUNCTION fieldpost.unsubscribe_tokens(subscription_id bigint)
RETURNS void
LANGUAGE sql SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO unsubscribe_token (token, subscription_id, member_id)
	SELECT replace(gen_random_uuid()::text, '-', ''), unsubscribe_tokens.subscription_id, m.member_id
	FROM digest_members(unsubscribe_tokens.subscription_id) m
	ON CONFLICT (subscription_id, member_id) DO NOTHING
$$;

-- A mail of a ready digest to each of its members who may read all its lines: one may have come, or a clearance gone, since it was
-- made. The kept bytes hold {{unsubscribe}} where each member's own token comes; the token by which an answer is known is filled when it is sent. `again` makes it another mail than before.
CREATE FUNCTION api.digest_post(digest_id bigint, again text, now timestamptz, domain text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	added bigint;
BEGIN
	PERFORM unsubscribe_tokens((SELECT d.subscription_id FROM digest d WHERE d.digest_id = digest_post.digest_id));
	INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, created_at, next_at)
	SELECT 'digest', m.address,
		format('<digest-%s-%s.%s@%s>', d.digest_id, m.member_id,
			left(encode(sha256(convert_to(i.instance_id || ' ' || k.key, 'UTF8')), 'hex'), 16), digest_post.domain),
		k.key,
		convert_to(format('{"answer_token":"d %s %s",', d.digest_id, m.member_id) || substr(replace(kept.body, '{{unsubscribe}}', u.token), 2), 'UTF8'), d.digest_id, digest_post.now, digest_post.now
	FROM digest d JOIN subscription s USING (subscription_id)
	CROSS JOIN LATERAL digest_members(s.subscription_id) m
	JOIN unsubscribe_token u ON u.subscription_id = s.subscription_id AND u.member_id = m.member_id
	CROSS JOIN instance i
	CROSS JOIN LATERAL (SELECT convert_from(d.rendered, 'UTF8') AS body) kept
	CROSS JOIN LATERAL (SELECT format('digest %s member %s%s', d.digest_id, m.member_id, digest_post.again) AS key) k
	WHERE d.digest_id = digest_post.digest_id
		AND digest_forbidden(d.digest_id, m.address) IS NULL
		AND NOT EXISTS (SELECT FROM suppression x WHERE x.channel = 'mail' AND x.address = lower(m.address))
	ON CONFLICT (dedupe_key) DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	IF added > 0 THEN
		PERFORM pg_notify('fieldpost_outbox', '');
	ELSE
		UPDATE digest d SET state = 'sent' WHERE d.digest_id = digest_post.digest_id AND d.state = 'ready'
			AND NOT EXISTS (SELECT FROM outbox o WHERE o.digest_id = d.digest_id);
	END IF;
	RETURN added;
END $$;

-- Why a digest's mail may not go to whom it was made for any more; null: it may. Asked when it is put into the outbox and when it is claimed,
-- since days may lie between: they were taken off, or what they may see is less by now than what the mail holds: a line not at all, or
-- with less in it (without the name; by its number alone). The mail's bytes are not made again.
CREATE FUNCTION fieldpost.digest_forbidden(digest_id bigint, recipient text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	level sharing_level;
	whole boolean;
BEGIN
	SELECT least(m.clearance, CASE WHEN t.cleared THEN 'restricted' ELSE 'no-name' END::sharing_level), t.restricted_by_mail INTO level, whole
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id) CROSS JOIN LATERAL digest_members(s.subscription_id) m
	WHERE d.digest_id = digest_forbidden.digest_id AND m.address = digest_forbidden.recipient;
	RETURN CASE WHEN level IS NULL THEN 'gone'
		WHEN EXISTS (SELECT FROM digest_line l JOIN feedback f USING (feedback_id) WHERE l.digest_id = digest_forbidden.digest_id
			AND (f.sharing > level OR f.state = 'withdrawn' OR (f.sharing > l.sharing AND NOT (f.sharing = 'restricted' AND whole))))
		THEN 'closed' END;
END $$;

-- It stays here. That a reader lacks a digest that they still get is an alarm.
CREATE FUNCTION fieldpost.digest_withhold(outbox_id bigint, now timestamptz, why text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	kept outbox;
BEGIN
	UPDATE outbox o SET state = 'cancelled', last_error = CASE digest_withhold.why WHEN 'gone' THEN 'who it was for gets this digest no more'
		ELSE 'it holds what who it was for may not see (any more)' END
	WHERE o.outbox_id = digest_withhold.outbox_id RETURNING o.* INTO kept;
	IF digest_withhold.why <> 'gone' THEN
		PERFORM api.alarm_raise(digest_withhold.now, 'digest-withheld', kept.recipient,
			format('the digest of %s to %s was not sent: since it was made, a reply in it was closed or withdrawn, or what %s may see became less',
				to_char(kept.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), kept.recipient, kept.recipient));
		PERFORM api.digest_settle(kept.outbox_id);
	END IF;
END $$;

-- The last digest of a subscription once more, to everybody: the same content in new mails.
CREATE FUNCTION api.digest_again(subscription_id bigint, now timestamptz, domain text)
RETURNS TABLE (digest_id bigint, mails bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	last digest;
	added bigint;
BEGIN
	SELECT d.* INTO last FROM digest d
	WHERE d.subscription_id = digest_again.subscription_id AND d.built_at IS NOT NULL ORDER BY d.period_end DESC LIMIT 1;
	IF FOUND THEN
		IF last.rendered IS NULL THEN
			RAISE EXCEPTION 'digest % is kept without its words, for a person in it was erased since: it is not sent again', last.digest_id
				USING ERRCODE = 'no_data_found';
		END IF;
		IF EXISTS (SELECT FROM digest_line l JOIN feedback f USING (feedback_id)
			WHERE l.digest_id = last.digest_id AND f.state = 'withdrawn') THEN
			RAISE EXCEPTION 'digest % holds what was withdrawn since: it is not sent again', last.digest_id
				USING ERRCODE = 'no_data_found';
		END IF;
		added := api.digest_post(last.digest_id,
			to_char(digest_again.now AT TIME ZONE 'UTC', '" again" YYYYMMDDHH24MISSUS'), digest_again.now, digest_again.domain);
		UPDATE digest d SET state = 'ready' WHERE d.digest_id = last.digest_id AND added > 0;
		RETURN QUERY SELECT last.digest_id, added;
	END IF;
END $$;

-- It could not be made: an alarm says why; again after half a minute, then after twice as long each time, up to an hour.
CREATE FUNCTION api.digest_failed(digest_id bigint, now timestamptz, error text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	UPDATE digest d SET error = digest_failed.error, attempts = d.attempts + 1,
		next_at = digest_failed.now + least(interval '30 seconds' * 2 ^ least(d.attempts, 10), interval '1 hour')
	WHERE d.digest_id = digest_failed.digest_id AND d.state = 'open';
	PERFORM api.alarm_raise(digest_failed.now, 'digest-failed', 'digest ' || digest_failed.digest_id,
		'digest ' || digest_failed.digest_id || ' cannot be made: ' || digest_failed.error);
END $$;

CREATE FUNCTION api.digest_list(maximum bigint)
RETURNS TABLE (digest_id bigint, team text, subscription_id bigint, period_start timestamptz, period_end timestamptz,
	zone text, state text, late boolean, by_hand boolean, lines bigint, subject text, mails bigint, sent bigint, failed bigint,
	error text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT d.digest_id, t.name, s.subscription_id, d.period_start, d.period_end, s.zone, d.state::text, d.late, d.by_hand,
		(SELECT count(*) FROM digest_line l WHERE l.digest_id = d.digest_id), d.subject,
		o.mails, o.sent, o.failed, coalesce(d.error, o.error)
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id)
	CROSS JOIN LATERAL (
		SELECT count(*) AS mails, count(*) FILTER (WHERE o.state = 'sent') AS sent,
			count(*) FILTER (WHERE o.state = 'failed') AS failed, max(o.last_error) AS error
		FROM outbox o WHERE o.digest_id = d.digest_id
	) o
	ORDER BY d.digest_id DESC LIMIT digest_list.maximum
$$;

GRANT EXECUTE ON FUNCTION api.digest_by_hand(bigint, timestamptz), api.digest_again(bigint, timestamptz, text), api.digest_list(bigint) TO fieldpost_admin;
GRANT EXECUTE ON FUNCTION api.digest_due(timestamptz), api.digest_look_again(), api.digest_failed(bigint, timestamptz, text)
	TO fieldpost_send;
GRANT EXECUTE ON FUNCTION api.digest_open(bigint, timestamptz, timestamptz, boolean, boolean, timestamptz),
	api.digest_reader(bigint), api.digest_ready(bigint, timestamptz, text, bytea, text) TO fieldpost_send, fieldpost_admin;
