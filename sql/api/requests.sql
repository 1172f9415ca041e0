-- Requests and reminders: whom to ask, when, and whom no more.
--
-- rules (jsonb, made from the config by outreach/rules.c): {"zone": of people whose own is not known, "from": 8, "to": 18 (hours of the
-- day in the person's zone), "working_days": true, "reminders": at most, "days": at least between two, "channels": [names, in order],
-- "phone": the channel that writes to numbers, or null, "places": {country: {"zone": IANA, "weekend": [6, 7]}}}.
--
-- people (jsonb), of each list one must fit and what is absent does not count: {"countries": [], "programmes": [], "organisations": [],
-- "roles": [], "languages": [], "addresses": []}. Names are compared without case.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- FP- and ten characters of Crockford's base 32: fifty bits by chance (a version 4 UUID has fixed bits in its bytes 6 and 8).
CREATE FUNCTION fieldpost.new_reference()
RETURNS text
LANGUAGE sql VOLATILE
AS $$
	SELECT 'FP-' || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (get_byte(u, b) & 31) + 1, 1), '')
	FROM (SELECT uuid_send(gen_random_uuid()) AS u OFFSET 0) g, unnest(ARRAY[0, 1, 2, 3, 4, 5, 9, 10, 11, 12]) AS b
$$;

-- The zone that a person's clock shows: theirs, their country's, the service's; one that this server does not know does not count.
CREATE FUNCTION fieldpost.zone_of(zone text, country text, rules jsonb)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	candidate text;
BEGIN
	FOREACH candidate IN ARRAY ARRAY[zone_of.zone, rules -> 'places' -> zone_of.country ->> 'zone', rules ->> 'zone'] LOOP
		CONTINUE WHEN candidate IS NULL;
		BEGIN
			PERFORM timestamptz 'epoch' AT TIME ZONE candidate;
			RETURN candidate;
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		END;
	END LOOP;
	RETURN 'UTC';
END $$;

-- The first moment from `wanted` on at which somebody may be written to: within their hours, on their working days. zone: as zone_of().
CREATE FUNCTION fieldpost.send_time(wanted timestamptz, zone text, country text, rules jsonb)
RETURNS timestamptz
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	here timestamp := wanted AT TIME ZONE zone;
	weekend jsonb := coalesce(rules -> 'places' -> country -> 'weekend', '[6, 7]');
	day date;
BEGIN
	FOR i IN 0..13 LOOP
		day := here::date + i;
		CONTINUE WHEN (rules ->> 'working_days')::boolean AND weekend @> to_jsonb(extract(isodow FROM day)::integer);
		CONTINUE WHEN i = 0 AND here >= day + make_interval(hours => (rules ->> 'to')::integer);
		IF i = 0 AND here >= day + make_interval(hours => (rules ->> 'from')::integer) THEN
			RETURN wanted;
		END IF;
		RETURN (day + make_interval(hours => (rules ->> 'from')::integer)) AT TIME ZONE zone;
	END LOOP;
	RETURN wanted; -- no working day at all
END $$;

CREATE FUNCTION fieldpost.is_among(list jsonb, word text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT is_among.list IS NULL OR coalesce(EXISTS (SELECT FROM jsonb_array_elements_text(is_among.list) AS e
		WHERE lower(e) = lower(is_among.word)), false)
$$;

-- The practitioners that are meant, paused ones and those who cannot be reached too.
CREATE FUNCTION fieldpost.people_meant(people jsonb)
RETURNS SETOF identity.contact
LANGUAGE sql STABLE
AS $$
	SELECT c.* FROM identity.contact c
	WHERE c.kind = 'practitioner' AND c.active AND is_among(people -> 'countries', c.country)
		AND is_among(people -> 'roles', c.role) AND is_among(people -> 'languages', c.language)
		AND is_among(people -> 'programmes', (SELECT p.name FROM identity.programme p WHERE p.programme_id = c.programme_id))
		AND is_among(people -> 'organisations', (SELECT o.name FROM identity.organisation o WHERE o.organisation_id = c.organisation_id))
		AND (people -> 'addresses' IS NULL OR EXISTS (SELECT FROM identity.contact_address a
			WHERE a.contact_id = c.contact_id AND is_among(people -> 'addresses', a.address)))
$$;

-- Where a person is written to: a mail address before all else, else a number or a channel of the config. Addresses that are suppressed
-- are none.
CREATE FUNCTION fieldpost.address_of(contact_id bigint, rules jsonb, OUT channel text, OUT address text)
LANGUAGE sql STABLE
AS $$
	SELECT w.channel, a.address FROM identity.contact_address a
	CROSS JOIN LATERAL (SELECT CASE a.channel WHEN 'phone' THEN rules ->> 'phone' ELSE a.channel END AS channel) w
	WHERE a.contact_id = address_of.contact_id AND (w.channel = 'mail' OR rules -> 'channels' ? w.channel)
		AND NOT EXISTS (SELECT FROM suppression s WHERE s.channel = w.channel AND s.address = a.address)
	ORDER BY a.channel <> 'mail', a.ordinal, a.address LIMIT 1
$$;

-- The language in which a person is asked: theirs where the form has it, else its base, else English, else the form's first.
CREATE FUNCTION fieldpost.language_asked(title jsonb, language text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT CASE WHEN title ? language_asked.language THEN language_asked.language
		WHEN title ? split_part(language_asked.language, '-', 1) THEN split_part(language_asked.language, '-', 1)
		WHEN title ? 'en' THEN 'en' ELSE (SELECT min(k) FROM jsonb_object_keys(title) AS k) END
$$;

-- Plans requests under a label: who is meant and was not asked under it yet. language: of all of them, or null. Nothing is kept of what
-- `dry` asks. what: 'asked', 'already' (under this label), 'paused', 'unreachable'.
CREATE FUNCTION fieldpost.request_plan(now timestamptz, label text, form form_version, people jsonb, language text, at timestamptz,
	rules jsonb, schedule text, dry boolean)
RETURNS TABLE (what text, people_count bigint)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	planned campaign;
BEGIN
	IF NOT request_plan.dry THEN
		INSERT INTO campaign (label, form_id, form_version, schedule, planned_at)
		VALUES (request_plan.label, form.form_id, form.version, request_plan.schedule, request_plan.now)
		ON CONFLICT (label) DO NOTHING;
	END IF;
	SELECT c.* INTO planned FROM campaign c WHERE c.label = request_plan.label;
	IF planned.form_id <> form.form_id THEN
		RAISE EXCEPTION 'the label "%" was used for the form "%": take another one', request_plan.label, planned.form_id
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY
	WITH person AS MATERIALIZED (
		SELECT c.contact_id, CASE WHEN q.request_id IS NOT NULL THEN 'already' WHEN c.paused OR c.stopped_at IS NOT NULL THEN 'paused'
				WHEN w.address IS NULL THEN 'unreachable' ELSE 'asked' END AS what,
			w.channel, w.address, language_asked(form.title, coalesce(request_plan.language, c.language)) AS language, c.country,
			send_time(greatest(request_plan.at, request_plan.now), zone_of(c.zone, c.country, rules), c.country, rules) AS due_at
		FROM people_meant(request_plan.people) c CROSS JOIN LATERAL address_of(c.contact_id, rules) w
		LEFT JOIN request q ON q.campaign_id = planned.campaign_id AND q.contact_id = c.contact_id
	), put AS (
		INSERT INTO request (reference, contact_id, form_id, form_version, channel, language, country, asked_at, campaign_id, due_at,
			address)
		SELECT new_reference(), p.contact_id, form.form_id, form.version, p.channel, p.language, p.country, p.due_at,
			planned.campaign_id, p.due_at, p.address
		FROM person p WHERE p.what = 'asked' AND NOT request_plan.dry ORDER BY p.contact_id
		ON CONFLICT (campaign_id, contact_id) DO NOTHING
	)
	SELECT p.what, count(*) FROM person p GROUP BY p.what ORDER BY p.what;
END $$;

-- The newest version that is in force; null: there is none.
CREATE FUNCTION fieldpost.form_newest(form_id text)
RETURNS form_version
LANGUAGE sql STABLE
AS $$
	SELECT v FROM form_version v WHERE v.form_id = form_newest.form_id ORDER BY v.version DESC LIMIT 1
$$;

-- By hand. No row: there is no such form in force.
CREATE FUNCTION api.request_send(now timestamptz, label text, form_id text, people jsonb, language text, at timestamptz, rules jsonb, dry boolean)
RETURNS TABLE (what text, people_count bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	form form_version := form_newest(request_send.form_id);
BEGIN
	IF form.form_id IS NULL THEN
		RETURN;
	END IF;
	IF request_send.language IS NOT NULL AND NOT form.title ?| ARRAY[request_send.language, split_part(request_send.language, '-', 1)] THEN
		RAISE EXCEPTION 'the form % is not sent in "%"; its languages are %', form.form_id, request_send.language,
			(SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(form.title) k)
			USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY SELECT * FROM request_plan(request_send.now, request_send.label, form, people, request_send.language,
		coalesce(request_send.at, request_send.now), rules, NULL, dry);
	RETURN QUERY SELECT 'form', form.version::bigint;
END $$;

-- Which names of a query nobody has: [{"kind": "country", "name": ...}] as rows, so that a slip of the pen is seen.
CREATE FUNCTION api.request_unknown(people jsonb)
RETURNS TABLE (kind text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT k.kind, n.name FROM (VALUES ('countries'), ('programmes'), ('organisations'), ('roles'), ('languages'), ('addresses')) AS k (kind)
	CROSS JOIN LATERAL jsonb_array_elements_text(request_unknown.people -> k.kind) AS n (name)
	WHERE NOT EXISTS (SELECT FROM people_meant(jsonb_build_object(k.kind, jsonb_build_array(n.name))))
	ORDER BY 1, 2
$$;

-- When a schedule's campaign of now begins, as a day, and what it is called. rule: {"name", "frequency": "weekly" | "monthly" |
-- "quarterly", "weekday": 1 to 7, "day": 1 to 28}. The day begins first where clocks are 14 hours ahead.
CREATE FUNCTION fieldpost.schedule_day(now timestamptz, rule jsonb, OUT day date, OUT label text)
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	today date := (schedule_day.now AT TIME ZONE 'UTC' + interval '14 hours')::date;
BEGIN
	IF rule ->> 'frequency' = 'weekly' THEN
		day := date_trunc('week', today)::date + (rule ->> 'weekday')::integer - 1;
		day := CASE WHEN day > today THEN day - 7 ELSE day END;
		label := (rule ->> 'name') || to_char(day, ' IYYY-"W"IW');
	ELSIF rule ->> 'frequency' = 'monthly' THEN
		day := date_trunc('month', today)::date + (rule ->> 'day')::integer - 1;
		day := CASE WHEN day > today THEN (day - interval '1 month')::date ELSE day END;
		label := (rule ->> 'name') || to_char(day, ' YYYY-MM');
	ELSE
		day := date_trunc('quarter', today)::date + (rule ->> 'day')::integer - 1;
		day := CASE WHEN day > today THEN (day - interval '3 months')::date ELSE day END;
		label := (rule ->> 'name') || to_char(day, ' YYYY-"Q"Q');
	END IF;
END $$;

-- One schedule of the config: plans its campaign when it is due. A campaign that is more than three days late is left out.
CREATE FUNCTION api.request_schedule(now timestamptz, rule jsonb, form_id text, people jsonb, language text, rules jsonb)
RETURNS TABLE (label text, what text, people_count bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	form form_version := form_newest(request_schedule.form_id);
	due record;
	began timestamptz;
BEGIN
	IF form.form_id IS NULL OR rule ->> 'name' IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO request_schedule (name, since) VALUES (rule ->> 'name', request_schedule.now) ON CONFLICT (name) DO NOTHING;
	SELECT s.since INTO began FROM request_schedule s WHERE s.name = rule ->> 'name';
	SELECT * INTO due FROM schedule_day(request_schedule.now, rule);
	IF EXISTS (SELECT FROM campaign c WHERE c.label = due.label)
		OR due.day < (began AT TIME ZONE 'UTC' + interval '14 hours')::date
		OR due.day + 3 < (request_schedule.now AT TIME ZONE 'UTC' - interval '12 hours')::date THEN
		RETURN;
	END IF;
	-- Each person's day begins by their own clock.
	RETURN QUERY SELECT due.label, p.what, p.people_count FROM request_plan(request_schedule.now, due.label, form, people,
		request_schedule.language, (due.day + make_interval(hours => (rules ->> 'from')::integer)) AT TIME ZONE (rules ->> 'zone'),
		rules, rule ->> 'name', false) p;
END $$;

-- Is a person done with a request, or has at least something come of theirs that somebody looks at?
CREATE FUNCTION fieldpost.request_is_silent(asked request)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT asked.state = 'sent' AND NOT EXISTS (SELECT FROM feedback f WHERE f.request_id = asked.request_id AND f.contact_id = asked.contact_id)
		AND NOT EXISTS (SELECT FROM message m
			JOIN identity.contact_address a ON a.contact_id = asked.contact_id
				AND a.address IN (lower(m.from_address), CASE WHEN m.channel IS NOT NULL THEN phone_key(m.from_address, true) END)
			WHERE m.reference = asked.reference AND m.state IN ('review', 'held') AND m.verification IS DISTINCT FROM 'failed')
		AND (asked.channel = 'mail' OR NOT EXISTS (SELECT FROM form_conversation f
			WHERE f.channel = asked.channel AND f.ended_at IS NULL AND f.form_id = asked.form_id
				AND asked.address IN (f.sender, f.reply_to, phone_key(f.sender, true))))
$$;

-- Why a person is not asked (any more); null: they may be.
CREATE FUNCTION fieldpost.request_forbidden(asked request)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT CASE WHEN c.contact_id IS NULL THEN 'erased' WHEN NOT c.active THEN 'not active'
		WHEN c.stopped_at IS NOT NULL THEN 'they want no more' WHEN c.paused THEN 'paused'
		WHEN NOT EXISTS (SELECT FROM identity.contact_address a WHERE a.contact_id = c.contact_id AND a.address = asked.address) THEN 'address gone'
		WHEN EXISTS (SELECT FROM suppression s WHERE s.channel = asked.channel AND s.address = asked.address) THEN 'suppressed' END
	FROM (SELECT 1) one LEFT JOIN identity.contact c ON c.contact_id = asked.contact_id
$$;

-- What is to be written now: requests, and reminders to those who are silent. Those who must not be asked any more are closed. number: of
-- the reminder, 0 for the request; last: there will be no other.
CREATE FUNCTION api.requests_due(now timestamptz, maximum bigint, rules jsonb)
RETURNS TABLE (request_id bigint, reference text, form_id text, form_version bigint, language text, channel_name text, name text, header_id text,
	neutral boolean, number bigint, last boolean, asked text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE request q SET state = 'closed', note = request_forbidden(q), remind_at = NULL
	WHERE q.state = 'waiting' AND q.due_at <= requests_due.now AND request_forbidden(q) IS NOT NULL;
	UPDATE request q SET remind_at = NULL
	WHERE q.state = 'sent' AND q.remind_at <= requests_due.now AND (request_forbidden(q) IS NOT NULL OR NOT request_is_silent(q)
		OR q.reminders >= (rules ->> 'reminders')::integer);
	RETURN QUERY SELECT q.request_id, q.reference, q.form_id, q.form_version::bigint, q.language, q.channel, c.name, q.header_id, c.neutral,
		CASE q.state WHEN 'sent' THEN q.reminders + 1 ELSE 0 END::bigint, q.reminders + 1 >= (rules ->> 'reminders')::integer,
		to_char(q.asked_at AT TIME ZONE zone_of(c.zone, c.country, rules), 'YYYY-MM-DD')
	FROM request q JOIN identity.contact c USING (contact_id)
	WHERE (q.state = 'waiting' AND q.due_at <= requests_due.now) OR (q.state = 'sent' AND q.remind_at <= requests_due.now)
	ORDER BY q.request_id LIMIT requests_due.maximum;
END $$;

-- Puts a request (number 0) or a reminder into the outbox, if it still may go; else nothing. domain: of Message-IDs.
CREATE FUNCTION api.request_put(now timestamptz, request_id bigint, number bigint, body bytea, domain text, rules jsonb)
RETURNS TABLE (outbox_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	asked request;
	put bigint;
	person identity.contact;
BEGIN
	SELECT q.* INTO asked FROM request q WHERE q.request_id = request_put.request_id FOR UPDATE;
	SELECT c.* INTO person FROM identity.contact c WHERE c.contact_id = asked.contact_id;
	IF request_forbidden(asked) IS NOT NULL OR NOT ((request_put.number = 0 AND asked.state = 'waiting') OR (request_put.number > 0
		AND request_is_silent(asked) AND asked.reminders + 1 = request_put.number AND asked.remind_at <= request_put.now)) THEN
		RETURN;
	END IF;
	INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, request_id, created_at, next_at)
	VALUES (CASE WHEN request_put.number = 0 THEN 'request' ELSE 'reminder' END, asked.channel, asked.address,
		format('<%s%s@%s>', lower(asked.reference), CASE WHEN request_put.number > 0 THEN '.' || request_put.number ELSE '' END,
			request_put.domain),
		format('request %s %s', asked.request_id, request_put.number), request_put.body, asked.request_id, request_put.now, request_put.now)
	RETURNING outbox_id INTO put;
	UPDATE request q SET state = 'sent', reminders = request_put.number,
		asked_at = CASE WHEN request_put.number = 0 THEN request_put.now ELSE q.asked_at END,
		reminded_at = CASE WHEN request_put.number > 0 THEN request_put.now END,
		header_id = CASE WHEN request_put.number = 0 THEN (SELECT o.header_id FROM outbox o WHERE o.outbox_id = put) ELSE q.header_id END,
		remind_at = CASE WHEN request_put.number < (rules ->> 'reminders')::integer THEN send_time(
			request_put.now + make_interval(days => (rules ->> 'days')::integer), zone_of(person.zone, person.country, rules),
			person.country, rules) END
	WHERE q.request_id = asked.request_id;
	PERFORM pg_notify('fieldpost_outbox', '');
	RETURN QUERY SELECT put;
END $$;

-- What cannot be written (its form does not load) is closed, with the words why.
CREATE FUNCTION api.request_close(request_id bigint, note text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE request q SET state = 'closed', note = request_close.note, remind_at = NULL
	WHERE q.request_id = request_close.request_id AND q.state IN ('waiting', 'sent')
$$;

-- A request that is settled takes what waits to be sent of it along.
CREATE OR REPLACE FUNCTION fieldpost.request_settled()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	UPDATE fieldpost.outbox o SET state = 'cancelled', last_error = 'the request is ' || NEW.state
	WHERE o.request_id = NEW.request_id AND o.state = 'waiting';
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER request_settled AFTER UPDATE OF state ON fieldpost.request FOR EACH ROW
	WHEN (NEW.state IN ('answered', 'bounced', 'closed') AND OLD.state IS DISTINCT FROM NEW.state)
	EXECUTE FUNCTION fieldpost.request_settled();

-- May a row of the outbox that asks somebody still go? Asked when it is claimed.
CREATE FUNCTION fieldpost.request_may_go(request_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE -- keeps its plan: in SQL it would be read and planned anew in each turn of the outbox
AS $$
BEGIN
	RETURN request_may_go.request_id IS NULL OR coalesce((SELECT request_is_silent(q) AND request_forbidden(q) IS NULL
		FROM request q WHERE q.request_id = request_may_go.request_id), false);
END $$;

-- Rows that wait and may not go any more are taken back.
CREATE FUNCTION api.requests_cancel(now timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE outbox o SET state = 'cancelled', last_error = 'answered, or not to be asked any more'
	WHERE o.request_id IS NOT NULL AND o.state = 'waiting' AND NOT request_may_go(o.request_id)
$$;

-- One row a campaign, the newest first.
CREATE FUNCTION api.request_list(maximum bigint)
RETURNS TABLE (label text, form_id text, planned_at timestamptz, people_count bigint, waiting bigint, asked bigint, answered bigint, partial bigint,
	silent bigint, bounced bigint, closed bigint, reminders bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT c.label, c.form_id, c.planned_at, count(q.request_id), count(*) FILTER (WHERE q.state = 'waiting'),
		count(*) FILTER (WHERE q.state IN ('sent', 'answered', 'bounced')), count(*) FILTER (WHERE q.state = 'answered'),
		count(*) FILTER (WHERE q.state = 'sent' AND NOT request_is_silent(q)), count(*) FILTER (WHERE request_is_silent(q)),
		count(*) FILTER (WHERE q.state = 'bounced'), count(*) FILTER (WHERE q.state = 'closed'), coalesce(sum(q.reminders), 0)
	FROM (SELECT * FROM campaign c ORDER BY c.planned_at DESC, c.campaign_id DESC LIMIT request_list.maximum) c
	LEFT JOIN request q USING (campaign_id)
	GROUP BY c.campaign_id, c.label, c.form_id, c.planned_at ORDER BY c.planned_at DESC, c.campaign_id DESC
$$;

-- The people of one campaign.
CREATE FUNCTION api.request_people(label text)
RETURNS TABLE (reference text, name text, country text, language text, channel_name text, address text, state text, due_at timestamptz,
	asked_at timestamptz, answered_at timestamptz, reminders bigint, note text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT q.reference, c.name, q.country, q.language, q.channel, q.address,
		CASE WHEN q.state <> 'sent' THEN q.state::text WHEN request_is_silent(q) THEN 'silent' ELSE 'partial' END, q.due_at,
		CASE WHEN q.state <> 'waiting' THEN q.asked_at END, q.answered_at, q.reminders::bigint, q.note
	FROM campaign g JOIN request q USING (campaign_id) LEFT JOIN identity.contact c USING (contact_id)
	WHERE g.label = request_people.label ORDER BY q.request_id
$$;

-- The forms that letters are made with: every version that was sent or answered.
CREATE FUNCTION api.letter_forms()
RETURNS TABLE (form_id text, form_version bigint, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT v.form_id, v.version::bigint, v.source FROM form_version v ORDER BY v.form_id, v.version
$$;

GRANT EXECUTE ON FUNCTION api.request_send(timestamptz, text, text, jsonb, text, timestamptz, jsonb, boolean), api.request_unknown(jsonb),
	api.request_list(bigint), api.request_people(text) TO fieldpost_admin;
GRANT EXECUTE ON FUNCTION api.request_schedule(timestamptz, jsonb, text, jsonb, text, jsonb), api.requests_due(timestamptz, bigint, jsonb),
	api.request_put(timestamptz, bigint, bigint, bytea, text, jsonb), api.request_close(bigint, text), api.requests_cancel(timestamptz),
	api.letter_forms() TO fieldpost_send;
