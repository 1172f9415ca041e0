-- People: imported from a list, shown, exported, erased.
--
-- A person as JSON: {id, key, kind, name, role, organisation, programme, country, language, zone, no_acknowledgement, no_content, neutral, paused,
-- stopped (since when they want no more, or null), active, mail: [address], phone: [number], channel: [{name, address}]}.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.person_json(contact_id bigint)
RETURNS jsonb
LANGUAGE sql STABLE
AS $$
	SELECT jsonb_build_object('id', c.contact_id, 'key', c.key, 'kind', c.kind, 'name', c.name, 'role', c.role,
		'organisation', (SELECT o.name FROM identity.organisation o WHERE o.organisation_id = c.organisation_id),
		'programme', (SELECT p.name FROM identity.programme p WHERE p.programme_id = c.programme_id),
		'country', c.country, 'language', c.language, 'zone', c.zone, 'no_acknowledgement', c.no_acknowledgement, 'no_content', c.no_content,
		'neutral', c.neutral, 'paused', c.paused,
		'stopped', c.stopped_at, 'active', c.active,
		'mail', coalesce(a.mail, '[]'), 'phone', coalesce(a.phone, '[]'), 'channel', coalesce(a.channel, '[]'))
	FROM identity.contact c CROSS JOIN LATERAL (
		SELECT jsonb_agg(a.address ORDER BY a.ordinal, a.address) FILTER (WHERE a.kind = 'mail') AS mail,
			jsonb_agg(a.address ORDER BY a.ordinal, a.address) FILTER (WHERE a.kind = 'phone') AS phone,
			jsonb_agg(jsonb_build_object('name', a.channel, 'address', a.address) ORDER BY a.ordinal, a.channel, a.address)
				FILTER (WHERE a.kind = 'channel') AS channel
		FROM identity.contact_address a WHERE a.contact_id = c.contact_id) a
	WHERE c.contact_id = person_json.contact_id
$$;

-- The addresses that a list names: line, column, place in its cell, and how they are kept.
CREATE FUNCTION fieldpost.list_addresses(people jsonb)
RETURNS TABLE (line bigint, kind text, ordinal bigint, channel text, address text)
LANGUAGE sql IMMUTABLE
AS $$
	SELECT (p ->> 'line')::bigint, k.kind, a.n, CASE WHEN k.kind = 'channel' THEN a.e ->> 'name' ELSE k.kind END,
		CASE k.kind WHEN 'channel' THEN a.e ->> 'address' WHEN 'mail' THEN address_key(a.e #>> '{}') ELSE a.e #>> '{}' END
	FROM jsonb_array_elements(list_addresses.people) AS p
	CROSS JOIN (VALUES ('mail'), ('phone'), ('channel')) AS k (kind)
	CROSS JOIN LATERAL jsonb_array_elements(coalesce(p -> k.kind, '[]')) WITH ORDINALITY AS a (e, n)
$$;

-- How a tombstone knows a person: kind is "key" or an address's channel. A hash that only this installation makes.
CREATE FUNCTION fieldpost.person_identity(kind text, word text)
RETURNS bytea
LANGUAGE sql STABLE
AS $$
	SELECT sha256(convert_to(format('person %s %s %s', i.instance_id, person_identity.kind, person_identity.word), 'UTF8')) FROM instance i
$$;

-- Whom each line is about: by its key, else by an address. found null: somebody new; several: more than one person.
CREATE FUNCTION fieldpost.list_people(people jsonb)
RETURNS TABLE (line bigint, found bigint, several boolean, other_key text)
LANGUAGE sql STABLE
AS $$
	WITH known AS MATERIALIZED (
		SELECT l.line, array_agg(DISTINCT a.contact_id) AS ids
		FROM list_addresses(list_people.people) l
		CROSS JOIN LATERAL (SELECT a.contact_id FROM identity.contact_address a WHERE a.channel = l.channel AND a.address = l.address LIMIT 1) a
		GROUP BY l.line
	)
	SELECT (p ->> 'line')::bigint, coalesce(c.contact_id, k.ids[1]),
		CASE WHEN c.contact_id IS NULL THEN cardinality(k.ids) > 1 ELSE NOT coalesce(k.ids, '{}') <@ ARRAY[c.contact_id] END,
		(SELECT o.key FROM identity.contact o WHERE c.contact_id IS NULL AND o.contact_id = k.ids[1] AND o.key <> p ->> 'key')
	FROM jsonb_array_elements(list_people.people) AS p
	LEFT JOIN LATERAL (SELECT c.contact_id FROM identity.contact c WHERE c.key = p ->> 'key' LIMIT 1) c ON true
	LEFT JOIN known k ON k.line = (p ->> 'line')::bigint
$$;

-- What of a list names somebody who was erased, and nobody since.
CREATE FUNCTION fieldpost.list_erased(people jsonb)
RETURNS TABLE (line bigint, field text, word text, identity bytea, erased_at timestamptz)
LANGUAGE sql STABLE
AS $$
	SELECT n.line, n.field, n.word, t.identity, t.erased_at FROM (
		SELECT l.line, l.kind AS field, l.address AS word, person_identity(l.channel, l.address) AS identity
		FROM list_addresses(list_erased.people) l
		WHERE NOT EXISTS (SELECT FROM identity.contact_address a WHERE a.channel = l.channel AND a.address = l.address)
		UNION ALL
		SELECT (p ->> 'line')::bigint, 'key', p ->> 'key', person_identity('key', p ->> 'key') FROM jsonb_array_elements(list_erased.people) AS p
		WHERE NOT EXISTS (SELECT FROM identity.contact c WHERE c.key = p ->> 'key')) n
	JOIN tombstone t USING (identity)
$$;

-- What of a list cannot be done, whole lists at a time. again: who was erased may come back.
CREATE FUNCTION fieldpost.list_errors(people jsonb, again boolean)
RETURNS TABLE (line bigint, field text, error text)
LANGUAGE sql STABLE
AS $$
	WITH named AS MATERIALIZED (
		SELECT * FROM list_addresses(list_errors.people)
	), persons AS MATERIALIZED (
		SELECT l.*, p FROM jsonb_array_elements(list_errors.people) AS p JOIN list_people(list_errors.people) l ON l.line = (p ->> 'line')::bigint
	)
	SELECT n.line, n.kind, format('%s stands in line %s already', n.address, n.first)
	FROM (SELECT *, min(line) OVER w AS first, row_number() OVER (PARTITION BY channel, address ORDER BY line, ordinal) AS nth FROM named
		WINDOW w AS (PARTITION BY channel, address)) n WHERE n.nth > 1
	UNION ALL
	SELECT k.line, 'key', format('the key %s stands in line %s already', k.key, k.first)
	FROM (SELECT line, p ->> 'key' AS key, min(line) OVER w AS first FROM persons WHERE p ->> 'key' IS NOT NULL WINDOW w AS (PARTITION BY p ->> 'key')) k
	WHERE k.line > k.first
	UNION ALL
	SELECT s.line, coalesce((SELECT n.kind FROM named n WHERE n.line = s.line LIMIT 1), 'key'), 'its addresses belong to more than one person'
	FROM persons s WHERE s.several
	UNION ALL
	SELECT s.line, 'key', format('its address belongs to the person with the key %s', s.other_key) FROM persons s WHERE s.other_key IS NOT NULL
	UNION ALL
	SELECT d.line, 'name', format('line %s is about the same person', d.first)
	FROM (SELECT line, several, min(line) OVER (PARTITION BY found) AS first FROM persons WHERE found IS NOT NULL) d
	WHERE d.line > d.first AND NOT d.several
	UNION ALL
	SELECT s.line, 'mail', 'nobody can be told from nobody: give a key, a mail address, a phone number or a channel'
	FROM persons s WHERE s.p ->> 'key' IS NULL AND NOT EXISTS (SELECT FROM named n WHERE n.line = s.line)
	UNION ALL
	SELECT s.line, 'name', 'a person who is new needs a name' FROM persons s WHERE s.found IS NULL AND s.p ->> 'name' IS NULL
	UNION ALL
	SELECT n.line, n.kind, format('%s is an address of this service', n.address) FROM named n
	WHERE n.kind = 'mail' AND EXISTS (SELECT FROM own_address o WHERE o.address = bare_address(n.address))
	UNION ALL
	SELECT e.line, e.field, format('%s was erased on %s; if they agreed to be taken in again, say --again', e.word,
		to_char(e.erased_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'))
	FROM list_erased(list_errors.people) e WHERE NOT list_errors.again
	UNION ALL
	SELECT s.line, 'zone', format('the time zone %s is not known; use an IANA name such as Africa/Freetown', s.p ->> 'zone')
	FROM persons s WHERE s.p ->> 'zone' IN (SELECT z.zone FROM (SELECT DISTINCT p ->> 'zone' AS zone FROM persons) z
		WHERE z.zone IS NOT NULL AND NOT EXISTS (SELECT FROM pg_timezone_names t WHERE t.name = z.zone))
$$;

CREATE FUNCTION fieldpost.organisation_of(name text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
	found bigint;
BEGIN
	INSERT INTO identity.organisation AS o (name) SELECT organisation_of.name WHERE organisation_of.name IS NOT NULL ON CONFLICT DO NOTHING;
	SELECT o.organisation_id INTO found FROM identity.organisation o WHERE o.name = organisation_of.name;
	RETURN found;
END $$;

CREATE FUNCTION fieldpost.programme_of(name text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
	found bigint;
BEGIN
	INSERT INTO identity.programme AS p (name) SELECT programme_of.name WHERE programme_of.name IS NOT NULL ON CONFLICT DO NOTHING;
	SELECT p.programme_id INTO found FROM identity.programme p WHERE p.name = programme_of.name;
	RETURN found;
END $$;

-- One line of a list: what it names is so afterwards, what it does not name stays. contact_id null: somebody new. Returns whose it is.
CREATE FUNCTION fieldpost.person_put(now timestamptz, contact_id bigint, person jsonb)
RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	whose bigint := person_put.contact_id;
BEGIN
	IF whose IS NULL THEN
		INSERT INTO identity.contact AS c (name, created_at, updated_at) VALUES (person ->> 'name', person_put.now, person_put.now)
		RETURNING c.contact_id INTO whose;
	END IF;
	UPDATE identity.contact c SET key = coalesce(person ->> 'key', c.key), name = coalesce(person ->> 'name', c.name),
		kind = CASE WHEN person ? 'kind' THEN coalesce(person ->> 'kind', 'practitioner')::identity.contact_kind ELSE c.kind END,
		role = CASE WHEN person ? 'role' THEN person ->> 'role' ELSE c.role END,
		organisation_id = CASE WHEN person ? 'organisation' THEN organisation_of(person ->> 'organisation') ELSE c.organisation_id END,
		programme_id = CASE WHEN person ? 'programme' THEN programme_of(person ->> 'programme') ELSE c.programme_id END,
		country = CASE WHEN person ? 'country' THEN person ->> 'country' ELSE c.country END,
		language = CASE WHEN person ? 'language' THEN person ->> 'language' ELSE c.language END,
		zone = CASE WHEN person ? 'zone' THEN person ->> 'zone' ELSE c.zone END,
		no_acknowledgement = CASE WHEN person ? 'no_acknowledgement' THEN (person ->> 'no_acknowledgement')::boolean ELSE c.no_acknowledgement END,
		no_content = CASE WHEN person ? 'no_content' THEN (person ->> 'no_content')::boolean ELSE c.no_content END,
		neutral = CASE WHEN person ? 'neutral' THEN (person ->> 'neutral')::boolean ELSE c.neutral END,
		paused = CASE WHEN person ? 'paused' THEN (person ->> 'paused')::boolean ELSE c.paused END
	WHERE c.contact_id = whose;
	DELETE FROM identity.contact_address a WHERE a.contact_id = whose AND person ? a.kind AND NOT EXISTS (
		SELECT FROM list_addresses(jsonb_build_array(person)) l WHERE l.channel = a.channel AND l.address = a.address);
	INSERT INTO identity.contact_address AS a (channel, address, contact_id, ordinal)
	SELECT l.channel, l.address, whose, l.ordinal FROM list_addresses(jsonb_build_array(person)) l
	ON CONFLICT (channel, address) DO UPDATE SET ordinal = excluded.ordinal WHERE a.ordinal <> excluded.ordinal;
	RETURN whose;
END $$;

-- Messages that were held because nobody knew their sender, and whose sender is known now, are filed.
CREATE FUNCTION fieldpost.release_held(now timestamptz, channels jsonb)
RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	held record;
	filed jsonb;
	released bigint := 0;
BEGIN
	FOR held IN
		SELECT m.message_id, m.result FROM message m LEFT JOIN channel_message c ON c.message_id = m.message_id
		WHERE m.state = 'held' AND m.reason = 'unknown-sender' AND m.result IS NOT NULL AND m.verification <> 'failed' AND c.joined_to IS NULL
			AND EXISTS (SELECT FROM identity.contact_address a
				WHERE (a.channel = coalesce(m.channel, 'mail') AND a.address = coalesce(c.sender, m.from_address))
					OR (a.channel = 'phone' AND a.address = phone_key(c.sender, (channels -> m.channel ->> 'phone')::boolean)))
		ORDER BY m.message_id
	LOOP
		UPDATE message m SET state = 'received' WHERE m.message_id = held.message_id;
		filed := file_batch(release_held.now, jsonb_build_array(jsonb_build_object('message_id', held.message_id, 'hinted', true,
			'result', held.result)), channels);
		PERFORM senders_keep(ARRAY[held.message_id]);
		PERFORM settle_joined(release_held.now, ARRAY[held.message_id]);
		PERFORM acknowledge(release_held.now, filed);
		released := released + 1;
	END LOOP;
	IF released > 0 THEN
		PERFORM pg_notify('fieldpost_filed', '');
	END IF;
	RETURN released;
END $$;

-- people: [{line, key, name, ...}] as above, of the columns that the list has; null: the cell is empty. All of it or, with an error, nothing:
-- then there is a row an error; else one row that counts. channels: see message_facts(). again: also who was erased.
CREATE FUNCTION api.people_import(now timestamptz, actor text, people jsonb, channels jsonb, again boolean)
RETURNS TABLE (line bigint, field text, error text, made bigint, changed bigint, unchanged bigint, released bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	one record;
	before jsonb;
	whose bigint;
	returned bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.people', 0));
	RETURN QUERY SELECT e.line, e.field, e.error, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint FROM list_errors(people_import.people, again) e
	ORDER BY e.line, e.field;
	IF FOUND THEN
		RETURN;
	END IF;
	made := 0;
	changed := 0;
	unchanged := 0;
	DELETE FROM tombstone t WHERE t.identity IN (SELECT e.identity FROM list_erased(people_import.people) e);
	GET DIAGNOSTICS returned = ROW_COUNT;
	FOR one IN
		SELECT p, l.found FROM jsonb_array_elements(people_import.people) AS p
		JOIN list_people(people_import.people) l ON l.line = (p ->> 'line')::bigint ORDER BY l.line
	LOOP
		before := person_json(one.found);
		whose := person_put(people_import.now, one.found, one.p);
		IF one.found IS NULL THEN
			made := made + 1;
		ELSIF before = person_json(whose) THEN
			unchanged := unchanged + 1;
		ELSE
			changed := changed + 1;
			UPDATE identity.contact c SET updated_at = people_import.now WHERE c.contact_id = whose;
		END IF;
	END LOOP;
	released := release_held(people_import.now, people_import.channels);
	IF made + changed + released > 0 THEN
		INSERT INTO audit (at, actor, action, object, detail) VALUES (people_import.now, people_import.actor, 'import', 'people',
			jsonb_build_object('new', made, 'changed', changed, 'unchanged', unchanged, 'released', released)
				|| CASE WHEN returned > 0 THEN '{"again": true}' ELSE '{}' END::jsonb);
	END IF;
	RETURN NEXT;
END $$;

-- filters: {"kind", "country", "language", "programme", "organisation", "role", "words" (in the name or an address)}, any may be missing.
CREATE FUNCTION api.people_list(filters jsonb, maximum bigint)
RETURNS TABLE (contact_id bigint, person jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT note_seen('people list', 'people');
	SELECT c.contact_id, person_json(c.contact_id) FROM identity.contact c
	LEFT JOIN identity.organisation o USING (organisation_id)
	LEFT JOIN identity.programme p USING (programme_id)
	WHERE c.kind::text = coalesce(people_list.filters ->> 'kind', c.kind::text)
		AND (people_list.filters ->> 'country' IS NULL OR c.country = upper(people_list.filters ->> 'country'))
		AND (people_list.filters ->> 'language' IS NULL OR c.language = lower(people_list.filters ->> 'language'))
		AND (people_list.filters ->> 'programme' IS NULL OR lower(p.name) = lower(people_list.filters ->> 'programme'))
		AND (people_list.filters ->> 'organisation' IS NULL OR lower(o.name) = lower(people_list.filters ->> 'organisation'))
		AND (people_list.filters ->> 'role' IS NULL OR lower(c.role) = lower(people_list.filters ->> 'role'))
		AND (people_list.filters ->> 'words' IS NULL OR strpos(lower(c.name), lower(people_list.filters ->> 'words')) > 0 OR EXISTS (
			SELECT FROM identity.contact_address a WHERE a.contact_id = c.contact_id
				AND strpos(lower(a.address), lower(people_list.filters ->> 'words')) > 0))
	ORDER BY c.name, c.contact_id LIMIT people_list.maximum
$$;

-- The person with that key, address (with or without its channel: "field-telegram:4711") or number of ours.
CREATE FUNCTION fieldpost.person_find(person text)
RETURNS bigint
LANGUAGE sql STABLE
AS $$
	SELECT t.contact_id FROM (
		SELECT c.contact_id, 1 AS place FROM identity.contact c WHERE c.key = person_find.person
		UNION ALL
		SELECT a.contact_id, 2 FROM identity.contact_address a
		WHERE a.address = person_find.person OR (a.channel = 'mail' AND a.address = address_key(person_find.person))
			OR a.channel || ':' || a.address = person_find.person
		UNION ALL
		SELECT c.contact_id, 3 FROM identity.contact c WHERE c.contact_id::text = person_find.person) t
	ORDER BY t.place LIMIT 1
$$;

-- The messages that the person wrote, and those from their addresses, whoever wrote them. channels: as message_facts() has it.
CREATE FUNCTION fieldpost.person_messages(contact_id bigint, channels jsonb)
RETURNS SETOF bigint
LANGUAGE sql STABLE
AS $$
	WITH own AS (
		SELECT r.message_id FROM feedback f JOIN feedback_revision r USING (feedback_id)
		WHERE f.contact_id = person_messages.contact_id AND r.message_id IS NOT NULL AND r.author = 'practitioner'
		UNION
		SELECT f.message_id FROM feedback f WHERE f.contact_id = person_messages.contact_id
		UNION
		SELECT m.message_id FROM identity.contact_address a JOIN message m ON m.from_address = a.address AND m.channel IS NULL
		WHERE a.contact_id = person_messages.contact_id AND a.channel = 'mail'
		UNION
		SELECT c.message_id FROM identity.contact_address a JOIN channel_message c ON c.sender = a.address
		JOIN message m ON m.message_id = c.message_id AND m.channel = a.channel
		WHERE a.contact_id = person_messages.contact_id AND a.kind = 'channel'
		UNION
		SELECT c.message_id FROM identity.contact_address a JOIN channel_message c ON phone_key(c.sender, true) = a.address
		JOIN message m ON m.message_id = c.message_id
			AND (c.sender LIKE '%+%' OR (person_messages.channels -> m.channel ->> 'phone')::boolean)
		WHERE a.contact_id = person_messages.contact_id AND a.channel = 'phone'
	)
	SELECT o.message_id FROM own o
	UNION SELECT c.message_id FROM own o JOIN channel_message c ON c.joined_to = o.message_id
	UNION SELECT m.message_id FROM own o JOIN message m ON m.continues = o.message_id
$$;

-- They want to be asked again, or an address that was suspended works again: stopped, paused and what suppresses their addresses go. No row:
-- nobody is that. lifted: the reasons that held.
CREATE FUNCTION api.people_resume(now timestamptz, actor text, person text, reason text)
RETURNS TABLE (contact_id bigint, name text, lifted text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	whom identity.contact;
BEGIN
	SELECT c.* INTO whom FROM identity.contact c WHERE c.contact_id = person_find(people_resume.person) FOR UPDATE;
	IF whom.contact_id IS NULL THEN
		RETURN;
	END IF;
	WITH gone AS (
		DELETE FROM suppression s USING identity.contact_address a WHERE a.contact_id = whom.contact_id
			AND (s.address = a.address OR (a.kind = 'phone' AND s.channel <> 'mail' AND phone_key(s.address, true) = a.address))
		RETURNING s.reason, a.address
	), works AS (
		UPDATE bounce b SET over_at = people_resume.now FROM gone g WHERE b.address = g.address AND b.over_at IS NULL
	)
	SELECT string_agg(DISTINCT r.reason, ', ' ORDER BY r.reason) INTO lifted FROM (SELECT g.reason FROM gone g
		UNION ALL SELECT 'paused' WHERE whom.paused UNION ALL SELECT 'stopped' WHERE whom.stopped_at IS NOT NULL) r;
	contact_id := whom.contact_id;
	name := whom.name;
	lifted := coalesce(lifted, '');
	IF lifted <> '' THEN
		UPDATE identity.contact c SET paused = false, stopped_at = NULL, updated_at = people_resume.now WHERE c.contact_id = whom.contact_id;
		INSERT INTO audit (at, actor, action, object, detail) VALUES (people_resume.now, people_resume.actor, 'resume', 'person ' || whom.contact_id,
			jsonb_build_object('reason', people_resume.reason, 'lifted', lifted));
	END IF;
	RETURN NEXT;
END $$;

-- What is kept of a person: themselves, the requests to them, their feedback with its answers, the messages from their addresses. No row:
-- nobody is that.
CREATE FUNCTION api.people_show(person text, channels jsonb)
RETURNS TABLE (contact_id bigint, person jsonb, requests jsonb, feedback jsonb, messages jsonb, suppressed jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT note_seen('people show', 'person ' || f.id) FROM (SELECT person_find(people_show.person) AS id) f WHERE f.id IS NOT NULL;
	SELECT f.id, person_json(f.id),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('reference', q.reference, 'form', q.form_id, 'state', q.state, 'asked_at', q.asked_at)
			ORDER BY q.request_id), '[]') FROM request q WHERE q.contact_id = f.id),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('number', b.feedback_id, 'line', b.line_number, 'form', b.form_id, 'received_at', b.received_at,
			'verification', b.verification, 'sharing', b.sharing, 'answers', r.answers, 'remarks', r.remarks) ORDER BY b.feedback_id), '[]')
			FROM feedback b JOIN feedback_revision r USING (feedback_id, revision) WHERE b.contact_id = f.id),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('message', m.message_id, 'state', m.state, 'reason', m.reason, 'received_at', m.received_at,
			'subject', m.subject) ORDER BY m.message_id), '[]') FROM message m WHERE m.message_id IN (SELECT * FROM person_messages(f.id, people_show.channels))),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('address', s.address, 'reason', s.reason, 'since', s.since)), '[]')
			FROM suppression s JOIN identity.contact_address a ON a.address = s.address WHERE a.contact_id = f.id)
	FROM (SELECT person_find(people_show.person) AS id) f WHERE f.id IS NOT NULL
$$;

GRANT EXECUTE ON FUNCTION api.people_import(timestamptz, text, jsonb, jsonb, boolean), api.people_list(jsonb, bigint), api.people_show(text, jsonb),
	api.people_resume(timestamptz, text, text, text) TO fieldpost_admin;
