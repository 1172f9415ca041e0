-- Digests: teams, who gets what and when. What is due and what a digest holds: digest_making.sql.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

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

-- One who was taken off, or had stopped a digest, comes back to all of them; the name and clearance are those given last.
CREATE FUNCTION api.member_add(team_id bigint, name text, address text, clearance text)
RETURNS TABLE (member_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	DELETE FROM unsubscribed u USING member m
	WHERE m.member_id = u.member_id AND m.team_id = member_add.team_id AND m.address = member_add.address;
	INSERT INTO member AS m (team_id, name, address, clearance)
	VALUES (member_add.team_id, member_add.name, member_add.address, member_add.clearance::sharing_level)
	ON CONFLICT (team_id, address)
	DO UPDATE SET name = excluded.name, clearance = excluded.clearance, active = true
	RETURNING m.member_id
$$;

-- What of some digests has not gone out stays here; of what is on its way just now the next attempt.
CREATE FUNCTION fieldpost.digest_mails_cancel(subscriptions bigint[], recipient text)
RETURNS void
LANGUAGE sql
AS $$
	UPDATE outbox o SET state = 'cancelled' FROM digest d
	WHERE d.digest_id = o.digest_id AND d.subscription_id = ANY (digest_mails_cancel.subscriptions) AND o.state IN ('waiting', 'sending')
		AND (digest_mails_cancel.recipient IS NULL OR o.recipient = digest_mails_cancel.recipient)
$$;

-- With its members, subscriptions and the record of its digests; what was filed, and the lines' numbers, stay.
CREATE FUNCTION api.team_remove(now timestamptz, name text)
RETURNS TABLE (members bigint, subscriptions bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	gone bigint;
BEGIN
	SELECT t.team_id INTO gone FROM team t WHERE t.name = team_remove.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no team "%"', team_remove.name USING ERRCODE = 'no_data_found';
	END IF;
	RETURN QUERY SELECT (SELECT count(*) FROM member m WHERE m.team_id = gone), (SELECT count(*) FROM subscription s WHERE s.team_id = gone);
	PERFORM digest_mails_cancel(ARRAY(SELECT s.subscription_id FROM subscription s WHERE s.team_id = gone), NULL);
	INSERT INTO audit (at, actor, action, object) VALUES (team_remove.now, 'operator', 'team-remove', 'team ' || team_remove.name);
	DELETE FROM team t WHERE t.team_id = gone;
END $$;

CREATE FUNCTION api.member_remove(now timestamptz, team text, address text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	gone member;
BEGIN
	UPDATE member m SET active = false FROM team t
	WHERE t.team_id = m.team_id AND t.name = member_remove.team AND lower(m.address) = lower(member_remove.address) AND m.active
	RETURNING m.* INTO gone;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no team "%" has a member "%"', member_remove.team, member_remove.address USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM digest_mails_cancel(ARRAY(SELECT s.subscription_id FROM subscription s WHERE s.team_id = gone.team_id), gone.address);
	INSERT INTO audit (at, actor, action, object)
	VALUES (member_remove.now, 'operator', 'member-remove', 'member ' || gone.member_id || ' of team ' || member_remove.team);
END $$;

-- Its digests end; the same again with "fieldpost subscribe" goes on where they stood.
CREATE FUNCTION api.subscription_remove(now timestamptz, team text, name text)
RETURNS TABLE (subscription_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	gone bigint;
BEGIN
	UPDATE subscription s SET active = false FROM team t
	WHERE t.team_id = s.team_id AND t.name = subscription_remove.team AND s.name = subscription_remove.name AND s.active
	RETURNING s.subscription_id INTO gone;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the team "%" has no subscription of that name', subscription_remove.team USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM digest_mails_cancel(ARRAY[gone], NULL);
	INSERT INTO audit (at, actor, action, object) VALUES (subscription_remove.now, 'operator', 'subscription-remove', 'subscription ' || gone);
	RETURN QUERY SELECT gone;
END $$;

-- The regions as the config has them now: [{"name", "code", "countries": []}].
CREATE FUNCTION api.regions_keep(regions jsonb)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	DELETE FROM region r WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(regions_keep.regions) e WHERE e ->> 'name' = r.name);
	INSERT INTO region AS r (name, code, countries)
	SELECT e ->> 'name', e ->> 'code', ARRAY(SELECT jsonb_array_elements_text(e -> 'countries')) FROM jsonb_array_elements(regions_keep.regions) e
	ON CONFLICT (name) DO UPDATE SET code = excluded.code, countries = excluded.countries
	WHERE (r.code, r.countries) IS DISTINCT FROM (excluded.code, excluded.countries)
$$;

-- The filters of a subscription ({forms, countries, regions, programmes, themes, languages}, each a list; absent: all) as what feedback is
-- compared with: regions are more countries, programmes are the people registered under them.
CREATE FUNCTION fieldpost.filter_of(filters jsonb)
RETURNS fieldpost.digest_filter
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp -- planned once a connection
AS $$
BEGIN
	RETURN ROW(
		CASE WHEN filters ? 'forms' THEN ARRAY(SELECT jsonb_array_elements_text(filters -> 'forms')) END,
		CASE WHEN filters ?| '{countries,regions}' THEN ARRAY(
			SELECT jsonb_array_elements_text(filters -> 'countries')
			UNION SELECT unnest(r.countries) FROM region r WHERE filters -> 'regions' ? r.name) END,
		CASE WHEN filters ? 'programmes' THEN ARRAY(
			SELECT c.contact_id FROM identity.contact c JOIN identity.programme p USING (programme_id)
			WHERE filters -> 'programmes' ? p.name) END,
		CASE WHEN filters ? 'themes' THEN ARRAY(SELECT jsonb_array_elements_text(filters -> 'themes')) END,
		CASE WHEN filters ? 'languages' THEN ARRAY(SELECT jsonb_array_elements_text(filters -> 'languages')) END)::digest_filter;
END $$;

CREATE FUNCTION fieldpost.filter_takes(filter fieldpost.digest_filter, form_id text, country text, contact_id bigint, theme text[], language text)
RETURNS boolean
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; it names nothing that a path could change
AS $$
	SELECT (filter.forms IS NULL OR form_id = ANY (filter.forms))
		AND (filter.countries IS NULL OR coalesce(country = ANY (filter.countries), false))
		AND (filter.contacts IS NULL OR coalesce(contact_id = ANY (filter.contacts), false))
		AND (filter.themes IS NULL OR theme && filter.themes)
		AND (filter.languages IS NULL OR coalesce(language = ANY (filter.languages), false))
$$;

-- Refuses what is not known (a zone, a form, a region, a programme), with the sentence to show.
CREATE FUNCTION fieldpost.subscription_check(zone text, filters jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	unknown text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = subscription_check.zone) THEN
		RAISE EXCEPTION 'the time zone "%" is not known; use an IANA name like Europe/Zurich', subscription_check.zone
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT f.value INTO unknown FROM jsonb_array_elements_text(filters -> 'forms') f
	WHERE NOT EXISTS (SELECT FROM form_version v WHERE v.form_id = f.value) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no form "%"; "fieldpost serve" takes in those of the config when it starts', unknown
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT f.value INTO unknown FROM jsonb_array_elements_text(filters -> 'regions') f
	WHERE NOT EXISTS (SELECT FROM region r WHERE r.name = f.value) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no region "%"; those there are: %', unknown, (SELECT string_agg(r.name, ', ' ORDER BY r.name) FROM region r)
			USING ERRCODE = 'no_data_found';
	END IF;
	SELECT f.value INTO unknown FROM jsonb_array_elements_text(filters -> 'programmes') f
	WHERE NOT EXISTS (SELECT FROM identity.programme p WHERE p.name = f.value) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'no person is registered under the programme "%"', unknown USING ERRCODE = 'no_data_found';
	END IF;
END $$;

-- A subscription is known by its team and its name; the same again changes it, and its digests go on where they stood.
CREATE FUNCTION api.subscription_add(team text, name text, filters jsonb, frequency text, weekday bigint, hour bigint, zone text,
	language text, empty_policy text, now timestamptz)
RETURNS TABLE (subscription_id bigint, fresh boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	wanted team;
BEGIN
	SELECT t.* INTO wanted FROM team t WHERE t.name = subscription_add.team;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no team "%"; add it with "fieldpost team add"', subscription_add.team
			USING ERRCODE = 'no_data_found';
	END IF;
	PERFORM subscription_check(subscription_add.zone, subscription_add.filters);
	RETURN QUERY
	INSERT INTO subscription AS s (team_id, name, filters, frequency, weekday, hour, zone, language, empty_policy, created_at, changed_at)
	VALUES (wanted.team_id, subscription_add.name, subscription_add.filters, subscription_add.frequency, subscription_add.weekday::integer,
		subscription_add.hour::integer, subscription_add.zone, subscription_add.language, subscription_add.empty_policy,
		subscription_add.now, subscription_add.now)
	ON CONFLICT ON CONSTRAINT subscription_team_id_name_key
	DO UPDATE SET filters = excluded.filters, frequency = excluded.frequency, weekday = excluded.weekday, hour = excluded.hour,
		zone = excluded.zone, language = excluded.language, empty_policy = excluded.empty_policy, changed_at = excluded.changed_at, active = true
	RETURNING s.subscription_id, s.created_at = subscription_add.now;
END $$;

-- The last moment at or before `now` that a subscription names, moved by `steps` of its days, weeks or months in the calendar there.
-- Monthly: the month's first such weekday. An hour that the clocks leave out comes an hour later, one that they go through twice is the
-- second.
CREATE FUNCTION api.digest_moment(frequency text, weekday integer, hour integer, zone text, now timestamptz, steps integer)
RETURNS timestamptz
LANGUAGE plpgsql STABLE -- no SET, which costs more than all of it: its callers set the path
AS $$
DECLARE
	today date := (now AT TIME ZONE zone)::date;
	day date;
	month date;
	at interval := make_interval(hours => hour);
BEGIN
	IF frequency = 'monthly' THEN
		month := date_trunc('month', today)::date;
		day := month + (weekday - extract(isodow FROM month)::integer + 7) % 7;
		IF (day + at) AT TIME ZONE zone > now THEN
			month := (month - interval '1 month')::date;
		END IF;
		month := (month + make_interval(months => steps))::date;
		RETURN (month + (weekday - extract(isodow FROM month)::integer + 7) % 7 + at) AT TIME ZONE zone;
	END IF;
	day := CASE frequency WHEN 'daily' THEN today ELSE today - (extract(isodow FROM today)::integer - weekday + 7) % 7 END;
	IF (day + at) AT TIME ZONE zone > now THEN
		day := day - CASE frequency WHEN 'daily' THEN 1 ELSE 7 END;
	END IF;
	RETURN (day + steps * CASE frequency WHEN 'daily' THEN 1 ELSE 7 END + at) AT TIME ZONE zone;
END $$;

CREATE FUNCTION api.team_list(now timestamptz)
RETURNS TABLE (team_id bigint, team text, cleared boolean, members jsonb, subscription_id bigint, subscription text,
	filters jsonb, frequency text, weekday bigint, hour bigint, zone text, language text, empty_policy text, active boolean,
	next_due timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT t.team_id, t.name, t.cleared,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('name', m.name, 'address', m.address, 'clearance', m.clearance,
			'active', m.active) ORDER BY m.member_id), '[]') FROM member m WHERE m.team_id = t.team_id AND m.active),
		s.subscription_id, s.name, s.filters, s.frequency, s.weekday::bigint, s.hour::bigint, s.zone, s.language, s.empty_policy, s.active,
		api.digest_moment(s.frequency, s.weekday, s.hour, s.zone, team_list.now, 1)
	FROM team t LEFT JOIN subscription s ON s.team_id = t.team_id AND s.active
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

-- Who gets a subscription's digests: the team's members but for those who stopped it.
CREATE FUNCTION fieldpost.digest_members(subscription_id bigint)
RETURNS SETOF fieldpost.member
LANGUAGE sql STABLE -- no SET: so that it is inlined
AS $$
	SELECT m.* FROM fieldpost.subscription s JOIN fieldpost.member m USING (team_id)
	WHERE s.subscription_id = digest_members.subscription_id AND m.active
		AND NOT EXISTS (SELECT FROM fieldpost.unsubscribed u WHERE u.subscription_id = s.subscription_id AND u.member_id = m.member_id)
$$;

GRANT EXECUTE ON FUNCTION api.team_add(text, boolean), api.member_add(bigint, text, text, text), api.team_remove(timestamptz, text),
	api.member_remove(timestamptz, text, text), api.subscription_remove(timestamptz, text, text),
	api.subscription_add(text, text, jsonb, text, bigint, bigint, text, text, text, timestamptz), api.team_list(timestamptz),
	api.subscription_find(text) TO fieldpost_admin;
GRANT EXECUTE ON FUNCTION api.regions_keep(jsonb) TO fieldpost_send, fieldpost_admin;
