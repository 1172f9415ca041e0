-- A channel's messages as the parse duty takes them: which are one reply, and when nothing more belongs to it.
--
-- A *unit* is what is read as one text. Messages of one person that follow each other within the channel's join window, and the parts of
-- a long SMS, are one; it is filed on its first message, the others name that in joined_to and share its state. A message that was
-- edited while it waits is replaced in its unit; an edit of one that was read is a unit of its own, which names the one it changes. A
-- channel with a window of no seconds joins nothing but parts.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

CREATE FUNCTION fieldpost.join_longest() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '10 minutes' $$;
CREATE FUNCTION fieldpost.flood_limit() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 60 $$; -- messages an hour that are read

-- (LATERAL with LIMIT below: a person's rows are looked up by their keys. Joined plainly, a plan made while the tables were small would go
-- through all that waits for every person, as long as the session lives.)

-- One person's messages are read by one worker at a time: first of two advisory keys ('talk').
CREATE FUNCTION fieldpost.person_lock(channel text, sender text)
RETURNS boolean
LANGUAGE sql
AS $$
	SELECT pg_try_advisory_xact_lock(1952541803, hashtext(person_lock.channel || ' ' || person_lock.sender))
$$;

-- Is the whole text one of the words (in lower case) that stop us?
CREATE FUNCTION fieldpost.is_stop(raw bytea, stops text[])
RETURNS boolean
LANGUAGE sql STABLE
AS $$
	SELECT octet_length(is_stop.raw) <= 100
		AND lower(normalize(btrim(convert_from(is_stop.raw, 'UTF8'), E' \t\n\r.!/*"'), NFC)) = ANY (is_stop.stops)
$$;

-- The messages as one text: in their order, an edit in the place of what it replaces, parts put together without a gap.
CREATE FUNCTION fieldpost.joined_text(ids bigint[])
RETURNS text
LANGUAGE sql STABLE
AS $$
	WITH mine AS (
		SELECT c.message_id, c.edits_id, c.part_of, c.part, m.provider_id, convert_from(r.raw, 'UTF8') AS text
		FROM channel_message c JOIN message m USING (message_id) JOIN message_raw r USING (message_id)
		WHERE c.message_id = ANY (joined_text.ids)
	), placed AS (
		SELECT o.message_id, o.part_of, o.part, coalesce(
			(SELECT e.text FROM mine e WHERE e.edits_id = o.provider_id ORDER BY e.message_id DESC LIMIT 1), o.text) AS text
		FROM mine o
		WHERE o.edits_id IS NULL OR (NOT EXISTS (SELECT FROM mine x WHERE x.provider_id = o.edits_id)
			AND NOT EXISTS (SELECT FROM mine x WHERE x.edits_id = o.edits_id AND x.message_id > o.message_id))
	), whole AS (
		SELECT min(p.message_id) AS at, string_agg(p.text, '' ORDER BY p.part, p.message_id) AS text
		FROM (SELECT DISTINCT ON (coalesce(part_of, message_id::text), part) * FROM placed
			ORDER BY coalesce(part_of, message_id::text), part, message_id) p
		GROUP BY coalesce(p.part_of, p.message_id::text)
	)
	SELECT coalesce(string_agg(w.text, E'\n' ORDER BY w.at) FILTER (WHERE w.text <> ''), '') FROM whole w
$$;

-- More than a person writes is kept and not read; those messages. first: the oldest of the person's that waits. stop: one that is heard all
-- the same.
CREATE FUNCTION fieldpost.stop_flood(now timestamptz, channel text, sender text, first bigint, stop bigint)
RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
	room integer;
	over bigint[];
BEGIN
	SELECT flood_limit() - count(*) INTO room FROM (
		SELECT FROM channel_message c CROSS JOIN LATERAL (
			SELECT m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
		WHERE c.sender = stop_flood.sender AND c.message_id < stop_flood.first AND m.channel = stop_flood.channel
			AND m.stored_at > stop_flood.now - interval '1 hour'
		ORDER BY c.message_id DESC LIMIT flood_limit()) t;
	SELECT array_agg(t.message_id) INTO over FROM (
		SELECT c.message_id FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
		WHERE c.sender = stop_flood.sender AND c.message_id >= stop_flood.first AND m.channel = stop_flood.channel
			AND m.state = 'received' AND c.message_id IS DISTINCT FROM stop_flood.stop
		ORDER BY c.message_id OFFSET greatest(room, 0)) t;
	IF over IS NULL THEN
		RETURN '{}';
	END IF;
	UPDATE message m SET state = 'ignored', reason = 'flood', settled_at = stop_flood.now WHERE m.message_id = ANY (over);
	PERFORM api.alarm_raise(stop_flood.now, 'flood', stop_flood.channel || ' ' || stop_flood.sender,
		format('%s wrote more than %s messages to %s within an hour: those above are kept and not read', stop_flood.sender,
			flood_limit(), stop_flood.channel));
	RETURN over;
END $$;

-- The message of the same person that an edit changes and that was read already, and the first of its unit (null: a conversation has none).
CREATE FUNCTION fieldpost.edited_unit(channel text, sender text, edits_id text, OUT original bigint, OUT head bigint)
LANGUAGE sql STABLE
AS $$
	SELECT m.message_id, CASE WHEN c.conversation_id IS NULL THEN coalesce(c.joined_to, m.message_id) END
	FROM message m JOIN channel_message c USING (message_id)
	WHERE m.channel = edited_unit.channel AND m.provider_id = edited_unit.edits_id AND m.state <> 'received'
		AND c.sender = edited_unit.sender
$$;

-- What the person's next unit is made of; ids null: nothing is ripe. head: of the unit that an edit changes, original: the very message.
CREATE FUNCTION fieldpost.next_unit(now timestamptz, channel text, sender text, first bigint, settings jsonb,
	OUT ids bigint[], OUT original bigint, OUT head bigint)
LANGUAGE plpgsql
AS $$
DECLARE
	one record;
	newest timestamptz;
	oldest timestamptz;
	torn boolean;
	window_seconds integer := coalesce((next_unit.settings ->> 'join')::integer, 90);
BEGIN
	FOR one IN
		SELECT c.message_id, c.edits_id
		FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
		WHERE c.sender = next_unit.sender AND c.message_id >= next_unit.first AND m.channel = next_unit.channel
			AND m.state = 'received' AND c.edits_id IS NOT NULL ORDER BY c.message_id
	LOOP
		IF original IS NULL THEN
			SELECT e.original, e.head INTO original, head FROM edited_unit(next_unit.channel, next_unit.sender, one.edits_id) e;
			IF original IS NOT NULL THEN
				ids := ARRAY(SELECT c.message_id FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
					WHERE c.sender = next_unit.sender AND c.message_id >= next_unit.first AND m.channel = next_unit.channel
						AND m.state = 'received' AND c.edits_id = one.edits_id ORDER BY c.message_id);
			END IF;
		END IF;
	END LOOP;
	IF ids IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT array_agg(c.message_id ORDER BY c.message_id), max(m.stored_at), min(m.stored_at) INTO ids, newest, oldest
	FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
	WHERE c.sender = next_unit.sender AND c.message_id >= next_unit.first AND m.channel = next_unit.channel AND m.state = 'received'
		AND (window_seconds > 0 OR next_unit.settings ? 'form' OR c.message_id = next_unit.first OR EXISTS (
			SELECT FROM channel_message f JOIN message o USING (message_id)
			WHERE f.message_id = next_unit.first AND (f.part_of = c.part_of OR o.provider_id = c.edits_id)));
	SELECT coalesce(bool_or(t.torn), false) INTO torn FROM (
		SELECT count(DISTINCT c.part) < max(c.parts) AS torn FROM channel_message c
		WHERE c.message_id = ANY (ids) AND c.part_of IS NOT NULL GROUP BY c.part_of) t;
	IF oldest + join_longest() > next_unit.now AND (torn OR (NOT next_unit.settings ? 'form' AND
		newest + make_interval(secs => window_seconds) > next_unit.now)) THEN
		ids := NULL;
	END IF;
END $$;

-- Units that are ripe, each with the first of its messages; theirs who claims them until the transaction ends. The settings of each channel:
-- {name: {"join": seconds, "form": id, "language": "en"}}, all of which may be missing. stops: the words that stop us, in lower case.
CREATE FUNCTION fieldpost.units_claim(now timestamptz, maximum bigint, channels jsonb, stops text[])
RETURNS TABLE (message_id bigint, raw bytea, attempts bigint, talk text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	person record;
	settings jsonb;
	mine record;
	unit record;
	over bigint[];
	waiting bigint[];
	members bigint[];
	claimed bigint := 0;
BEGIN
	FOR person IN
		SELECT l.channel, c.sender, min(l.message_id) AS first, max(l.stored_at) AS newest, min(l.stored_at) AS oldest,
			bool_or(CASE WHEN a.waits_never OR c.edits_id IS NOT NULL THEN true ELSE -- looking at the words is dear
				is_stop((SELECT r.raw FROM message_raw r WHERE r.message_id = l.message_id), units_claim.stops) END)
				OR count(*) > flood_limit() AS soon
		FROM (SELECT o.name, coalesce(units_claim.channels -> o.name ? 'form', false)
				OR coalesce((units_claim.channels -> o.name ->> 'join')::integer, 90) = 0 AS waits_never
			FROM account o WHERE o.kind = 'channel') a
		CROSS JOIN LATERAL (SELECT m.message_id, m.channel, m.stored_at FROM message m
			WHERE m.state = 'received' AND m.channel = a.name AND m.channel IS NOT NULL ORDER BY m.message_id LIMIT 1000) l
		CROSS JOIN LATERAL (SELECT c.sender, c.edits_id FROM channel_message c WHERE c.message_id = l.message_id LIMIT 1) c
		GROUP BY 1, 2 ORDER BY 3
	LOOP
		EXIT WHEN claimed >= units_claim.maximum;
		settings := coalesce(units_claim.channels -> person.channel, '{}');
		CONTINUE WHEN NOT (person.soon OR settings ? 'form' OR person.oldest + join_longest() <= units_claim.now OR
			person.newest + make_interval(secs => coalesce((settings ->> 'join')::integer, 90)) <= units_claim.now);
		CONTINUE WHEN NOT person_lock(person.channel, person.sender);
		-- What another worker settled before we had the lock is no more.
		SELECT array_agg(c.message_id ORDER BY c.message_id) AS ids, bool_or(c.edits_id IS NOT NULL OR c.part_of IS NOT NULL) AS odd,
			array_agg(c.message_id ORDER BY c.message_id DESC) FILTER (WHERE is_stop(r.raw, units_claim.stops)) AS stops INTO mine
		FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
		CROSS JOIN LATERAL (SELECT r.raw FROM message_raw r WHERE r.message_id = c.message_id LIMIT 1) r
		WHERE c.sender = person.sender AND c.message_id >= person.first AND m.channel = person.channel AND m.state = 'received';
		CONTINUE WHEN mine.ids IS NULL;
		over := stop_flood(units_claim.now, person.channel, person.sender, mine.ids[1], mine.stops[1]);
		waiting := CASE WHEN over = '{}' THEN mine.ids ELSE ARRAY(SELECT i FROM unnest(mine.ids) AS i WHERE i <> ALL (over) ORDER BY i) END;
		CONTINUE WHEN waiting = '{}';
		SELECT waiting AS ids, NULL::bigint AS original, NULL::bigint AS head INTO unit;
		IF mine.stops IS NOT NULL THEN -- at once, the last of them for all
			SELECT ARRAY(SELECT i FROM unnest(mine.stops) AS i WHERE i <> ALL (over) ORDER BY i DESC) AS ids, NULL::bigint AS original,
				NULL::bigint AS head INTO unit;
		ELSIF mine.odd OR cardinality(mine.ids) > 1 THEN -- else there is one, and it is ripe
			SELECT * INTO unit FROM next_unit(units_claim.now, person.channel, person.sender, waiting[1], settings);
			CONTINUE WHEN unit.ids IS NULL;
		END IF;
		members := CASE WHEN mine.stops IS NULL THEN unit.ids ELSE unit.ids[1:1] END;
		IF unit.head IS NOT NULL THEN
			members := unit.ids || ARRAY(SELECT c.message_id FROM channel_message c
		CROSS JOIN LATERAL (SELECT m.state, m.channel, m.stored_at FROM message m WHERE m.message_id = c.message_id LIMIT 1) m
				WHERE (c.message_id = unit.head OR c.joined_to = unit.head) AND c.conversation_id IS NULL AND m.state <> 'received');
		END IF;
		UPDATE channel_message c SET joined_to = t.joined
		FROM (SELECT i, CASE WHEN i = unit.ids[1] THEN unit.head ELSE unit.ids[1] END AS joined FROM unnest(unit.ids) AS i) t
		WHERE c.message_id = t.i AND c.joined_to IS DISTINCT FROM t.joined;
		claimed := claimed + 1;
		RETURN QUERY SELECT m.message_id, CASE WHEN cardinality(members) = 1 THEN r.raw
			ELSE convert_to(joined_text(members), 'UTF8') END, m.attempts::bigint,
			talk_hint(units_claim.now, person.channel, person.sender, unit.ids, unit.original, settings)::text
		FROM message m JOIN message_raw r USING (message_id) WHERE m.message_id = unit.ids[1];
	END LOOP;
END $$;

-- What was read with a message is settled as it was.
CREATE FUNCTION fieldpost.settle_joined(now timestamptz, heads bigint[])
RETURNS void
LANGUAGE sql
AS $$
	UPDATE message m SET state = h.state, reason = h.reason, settled_at = settle_joined.now, form_id = h.form_id,
		form_version = h.form_version, language = h.language, result = NULL
	FROM channel_message c JOIN message h ON h.message_id = c.joined_to
	WHERE c.joined_to = ANY (settle_joined.heads) AND m.message_id = c.message_id AND h.state <> 'received'
		AND m.state <> 'ignored' AND (m.state, m.reason) IS DISTINCT FROM (h.state, h.reason)
$$;
