-- Digests: teams, who gets what and when, what is due, what a digest holds.
--
-- What is due and what a digest holds is decided here, with the time as an argument. A digest of a subscription holds what
-- its reader may see, was filed before the period's end and is in no earlier digest of that subscription: a set, kept in
-- digest_line, so that a row that was committed late is in the next one and none is in two.
SET LOCAL ROLE fieldpost_owner;

---------------------------------------------------------------------------------------------------
-- Teams, members, subscriptions
---------------------------------------------------------------------------------------------------

CREATE FUNCTION api.team_add(name text, cleared boolean)
RETURNS TABLE (team_id bigint, fresh boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH added AS (
		INSERT INTO team AS t (name, cleared) VALUES (team_add.name, team_add.cleared)
		ON CONFLICT (name) DO NOTHING RETURNING t.team_id
	)
	SELECT a.team_id, true FROM added a
	UNION ALL
	SELECT t.team_id, false FROM team t WHERE t.name = team_add.name AND NOT EXISTS (SELECT FROM added)
$$;

-- One who was taken off comes back; the name and clearance are those given last.
CREATE FUNCTION api.member_add(team_id bigint, name text, address text, clearance text)
RETURNS TABLE (member_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO member AS m (team_id, name, address, clearance)
	VALUES (member_add.team_id, member_add.name, member_add.address, member_add.clearance::sharing_level)
	ON CONFLICT (team_id, address)
	DO UPDATE SET name = excluded.name, clearance = excluded.clearance, active = true
	RETURNING m.member_id
$$;

-- Refuses a zone that is not known and forms that are not registered, with the sentence to show. A subscription is known
-- by its team and its name; the same again changes it, and its digests go on where they stood.
CREATE FUNCTION api.subscription_add(team text, name text, filters jsonb, weekday bigint, hour bigint, zone text, language text,
	empty_policy text, now timestamptz)
RETURNS TABLE (subscription_id bigint, fresh boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	wanted team;
	unknown text;
BEGIN
	SELECT t.* INTO wanted FROM team t WHERE t.name = subscription_add.team;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no team "%"; add it with "fieldpost team add"', subscription_add.team
			USING ERRCODE = 'no_data_found';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = subscription_add.zone) THEN
		RAISE EXCEPTION 'the time zone "%" is not known; use an IANA name like Europe/Zurich', subscription_add.zone
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT f.value INTO unknown FROM jsonb_array_elements_text(coalesce(subscription_add.filters -> 'forms', '[]')) f
	WHERE NOT EXISTS (SELECT FROM form_version v WHERE v.form_id = f.value) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no form "%"; "fieldpost serve" takes in those of the config when it starts', unknown
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY
	INSERT INTO subscription AS s (team_id, name, filters, weekday, hour, zone, language, empty_policy, created_at)
	VALUES (wanted.team_id, subscription_add.name, subscription_add.filters, subscription_add.weekday::integer,
		subscription_add.hour::integer, subscription_add.zone, subscription_add.language, subscription_add.empty_policy,
		subscription_add.now)
	ON CONFLICT ON CONSTRAINT subscription_team_id_name_key
	DO UPDATE SET filters = excluded.filters, weekday = excluded.weekday, hour = excluded.hour, zone = excluded.zone,
		language = excluded.language, empty_policy = excluded.empty_policy, active = true
	RETURNING s.subscription_id, s.created_at = subscription_add.now;
END $$;

-- The last moment at or before `now` that a subscription names, moved by `weeks` weeks of the calendar there. An hour that
-- the clocks leave out comes an hour later, one that they go through twice is the second.
CREATE FUNCTION api.digest_moment(weekday integer, hour integer, zone text, now timestamptz, weeks integer)
RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH today AS (
		SELECT (digest_moment.now AT TIME ZONE digest_moment.zone)::date AS day
	), this_week AS (
		SELECT day - (extract(isodow FROM day)::integer - digest_moment.weekday + 7) % 7 AS day FROM today
	), moved AS (
		SELECT CASE WHEN (day + make_interval(hours => digest_moment.hour)) AT TIME ZONE digest_moment.zone <= digest_moment.now
			THEN day ELSE day - 7 END + 7 * digest_moment.weeks AS day FROM this_week
	)
	SELECT (day + make_interval(hours => digest_moment.hour)) AT TIME ZONE digest_moment.zone FROM moved
$$;

CREATE FUNCTION api.team_list(now timestamptz)
RETURNS TABLE (team_id bigint, team text, cleared boolean, members jsonb, subscription_id bigint, subscription text,
	filters jsonb, weekday bigint, hour bigint, zone text, language text, empty_policy text, active boolean,
	next_due timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT t.team_id, t.name, t.cleared,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('name', m.name, 'address', m.address, 'clearance', m.clearance,
			'active', m.active) ORDER BY m.member_id), '[]') FROM member m WHERE m.team_id = t.team_id),
		s.subscription_id, s.name, s.filters, s.weekday::bigint, s.hour::bigint, s.zone, s.language, s.empty_policy, s.active,
		api.digest_moment(s.weekday, s.hour, s.zone, team_list.now, 1)
	FROM team t LEFT JOIN subscription s USING (team_id)
	ORDER BY t.name, s.subscription_id
$$;

-- The subscriptions meant by a word of the command line: a subscription's number, or a team's name.
CREATE FUNCTION api.subscription_find(word text)
RETURNS TABLE (subscription_id bigint, team text, subscription text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT s.subscription_id, t.name, s.name FROM subscription s JOIN team t USING (team_id)
	WHERE s.active AND (t.name = subscription_find.word OR s.subscription_id::text = subscription_find.word)
	ORDER BY s.subscription_id
$$;

---------------------------------------------------------------------------------------------------
-- What is due
---------------------------------------------------------------------------------------------------

-- The digests to make: those opened and left unfinished, when their next attempt has come, and the latest that each active
-- subscription should have had by now. After a time without service that is one, from where the last one ended, marked late.
CREATE FUNCTION api.digest_due(now timestamptz)
RETURNS TABLE (digest_id bigint, subscription_id bigint, period_start timestamptz, period_end timestamptz, late boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT d.digest_id, d.subscription_id, d.period_start, d.period_end, d.late
	FROM digest d
	WHERE d.state = 'open' AND coalesce(d.next_at, d.opened_at + interval '1 minute') <= digest_due.now
	UNION ALL
	SELECT NULL, s.subscription_id, coalesce(last.period_end, due.before), due.moment, digest_due.now - due.moment > interval '1 hour'
	FROM subscription s
	CROSS JOIN LATERAL (
		SELECT api.digest_moment(s.weekday, s.hour, s.zone, digest_due.now, 0) AS moment,
			api.digest_moment(s.weekday, s.hour, s.zone, digest_due.now, -1) AS before
	) due
	LEFT JOIN LATERAL (
		SELECT max(d.period_end) AS period_end FROM digest d WHERE d.subscription_id = s.subscription_id
	) last ON true
	WHERE s.active AND EXISTS (SELECT FROM member m WHERE m.team_id = s.team_id AND m.active)
		AND due.moment > coalesce(last.period_end, s.created_at)
		AND NOT EXISTS (SELECT FROM digest d WHERE d.subscription_id = s.subscription_id AND d.state = 'open')
	ORDER BY 2, 4
$$;

---------------------------------------------------------------------------------------------------
-- What a digest holds
---------------------------------------------------------------------------------------------------

-- The most closed level that everybody who gets a team's digest reads.
CREATE FUNCTION api.team_level(team_id bigint)
RETURNS fieldpost.sharing_level
LANGUAGE sql STABLE SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT least(min(m.clearance), CASE WHEN t.cleared THEN 'restricted' ELSE 'no-name' END::sharing_level)
	FROM team t LEFT JOIN member m ON m.team_id = t.team_id AND m.active
	WHERE t.team_id = team_level.team_id
	GROUP BY t.cleared
$$;

CREATE FUNCTION api.digest_matches(filters jsonb, form_id text, country text, theme text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT (filters -> 'forms' IS NULL OR filters -> 'forms' ? form_id)
		AND (filters -> 'countries' IS NULL OR coalesce(filters -> 'countries' ? country, false))
		AND (filters -> 'themes' IS NULL OR jsonb_exists_any(filters -> 'themes', theme))
$$;

CREATE FUNCTION api.digest_candidates(subscription_id bigint, until timestamptz, since timestamptz)
RETURNS TABLE (feedback_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT f.feedback_id
	FROM subscription s JOIN feedback f ON f.sharing <= api.team_level(s.team_id)
	WHERE s.subscription_id = digest_candidates.subscription_id
		AND f.state <> 'withdrawn'
		AND f.filed_at < digest_candidates.until
		AND f.filed_at >= digest_candidates.since
		AND api.digest_matches(s.filters, f.form_id, f.country, f.theme)
		AND NOT EXISTS (SELECT FROM digest_line l WHERE l.subscription_id = s.subscription_id
			AND l.feedback_id = f.feedback_id AND l.revision_kind = 'new')
$$;

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
		FROM last CROSS JOIN LATERAL api.digest_candidates(digest_by_hand.subscription_id, digest_by_hand.now,
			coalesce(last.since, '-infinity')) c JOIN feedback f USING (feedback_id)
	)
	SELECT coalesce(last.period_end, least(candidates.since, digest_by_hand.now - interval '7 days')), candidates.lines
	FROM last, candidates
$$;

-- The one row of a subscription's period, with its lines: their numbers are given here, in the order of arrival. Again: the
-- same row. An empty one is skipped if the subscription says so.
CREATE FUNCTION api.digest_open(subscription_id bigint, period_start timestamptz, period_end timestamptz, late boolean,
	by_hand boolean, now timestamptz)
RETURNS TABLE (digest_id bigint, state text, lines bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	wanted subscription;
	opened digest;
	held bigint;
BEGIN
	SELECT s.* INTO STRICT wanted FROM subscription s WHERE s.subscription_id = digest_open.subscription_id FOR UPDATE;
	SELECT d.* INTO opened FROM digest d WHERE d.subscription_id = wanted.subscription_id
		AND (d.period_start = digest_open.period_start OR d.period_end = digest_open.period_end);
	IF NOT FOUND THEN
		INSERT INTO digest (subscription_id, period_start, period_end, late, by_hand, opened_at)
		VALUES (wanted.subscription_id, digest_open.period_start, digest_open.period_end, digest_open.late, digest_open.by_hand,
			digest_open.now)
		RETURNING * INTO opened;
		-- Numbers run on without gaps, whoever gets the line first.
		PERFORM pg_advisory_xact_lock(hashtext('fieldpost.feedback.line_number'));
		UPDATE feedback f SET line_number = numbered.line_number
		FROM (
			SELECT f.feedback_id, (SELECT coalesce(max(line_number), 0) FROM feedback)
				+ row_number() OVER (ORDER BY f.received_at, f.feedback_id) AS line_number
			FROM api.digest_candidates(wanted.subscription_id, opened.period_end, (SELECT min(d.period_start) FROM digest d
				WHERE d.subscription_id = wanted.subscription_id)) c JOIN feedback f USING (feedback_id)
			WHERE f.line_number IS NULL
		) numbered
		WHERE f.feedback_id = numbered.feedback_id;
		INSERT INTO digest_line (digest_id, subscription_id, feedback_id, line_number)
		SELECT opened.digest_id, wanted.subscription_id, f.feedback_id, f.line_number
		FROM api.digest_candidates(wanted.subscription_id, opened.period_end, (SELECT min(d.period_start) FROM digest d
			WHERE d.subscription_id = wanted.subscription_id)) c JOIN feedback f USING (feedback_id);
		GET DIAGNOSTICS held = ROW_COUNT;
		IF held = 0 AND wanted.empty_policy = 'skip' AND NOT opened.by_hand THEN
			UPDATE digest d SET state = 'skipped' WHERE d.digest_id = opened.digest_id RETURNING * INTO opened;
		END IF;
	END IF;
	RETURN QUERY SELECT opened.digest_id, opened.state::text,
		(SELECT count(*) FROM digest_line l WHERE l.digest_id = opened.digest_id);
END $$;

-- Who reads a digest while it is made: of its members the one who may see least.
CREATE FUNCTION api.digest_reader(digest_id bigint)
RETURNS TABLE (member_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.member_id FROM digest d JOIN subscription s USING (subscription_id) JOIN member m USING (team_id)
	WHERE d.digest_id = digest_reader.digest_id AND m.active
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

-- A mail of a ready digest to each active member who may read all its lines: one may have come, or a clearance gone, since it was
-- made. `again` makes it another one than before.
CREATE FUNCTION api.digest_post(digest_id bigint, again text, now timestamptz, domain text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	added bigint;
BEGIN
	INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, created_at, next_at)
	SELECT 'digest', m.address,
		format('<digest-%s-%s.%s@%s>', d.digest_id, m.member_id,
			left(encode(sha256(convert_to(i.instance_id || ' ' || k.key, 'UTF8')), 'hex'), 16), digest_post.domain),
		k.key, d.rendered, d.digest_id, digest_post.now, digest_post.now
	FROM digest d JOIN subscription s USING (subscription_id) JOIN team t USING (team_id) JOIN member m USING (team_id)
	CROSS JOIN instance i
	CROSS JOIN LATERAL (SELECT format('digest %s member %s%s', d.digest_id, m.member_id, digest_post.again) AS key) k
	WHERE d.digest_id = digest_post.digest_id AND m.active
		AND NOT EXISTS (SELECT FROM digest_line l JOIN feedback f USING (feedback_id) WHERE l.digest_id = d.digest_id
			AND f.sharing > least(m.clearance, CASE WHEN t.cleared THEN 'restricted' ELSE 'no-name' END::sharing_level))
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
	WHERE d.subscription_id = digest_again.subscription_id AND d.rendered IS NOT NULL ORDER BY d.period_end DESC LIMIT 1;
	IF FOUND THEN
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

GRANT EXECUTE ON FUNCTION api.team_add(text, boolean), api.member_add(bigint, text, text, text),
	api.subscription_add(text, text, jsonb, bigint, bigint, text, text, text, timestamptz), api.team_list(timestamptz),
	api.subscription_find(text), api.digest_by_hand(bigint, timestamptz), api.digest_again(bigint, timestamptz, text),
	api.digest_list(bigint) TO fieldpost_admin;
GRANT EXECUTE ON FUNCTION api.digest_due(timestamptz), api.digest_failed(bigint, timestamptz, text)
	TO fieldpost_send;
GRANT EXECUTE ON FUNCTION api.digest_open(bigint, timestamptz, timestamptz, boolean, boolean, timestamptz),
	api.digest_reader(bigint), api.digest_ready(bigint, timestamptz, text, bytea, text) TO fieldpost_send, fieldpost_admin;
