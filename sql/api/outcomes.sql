-- "You said, we did": what became, within a month, of what somebody wrote. One letter a contributor and month, by the way on which they are
-- answered (orders.sql), at an hour that suits them, in the month after it.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- One contributor: a person who is registered, else where they are answered. A hash, so that who is erased is not kept here.
CREATE FUNCTION fieldpost.contributor_of(contact_id bigint, channel text, address text)
RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$
	SELECT sha256(convert_to(CASE WHEN contact_id IS NOT NULL THEN 'contact ' || contact_id ELSE channel || ' ' || lower(address) END, 'UTF8'))
$$;

-- The month that is told of, as its first and last moment.
CREATE FUNCTION fieldpost.outcome_month(now timestamptz, OUT begins timestamptz, OUT ends timestamptz)
LANGUAGE sql STABLE
AS $$
	SELECT (date_trunc('month', now AT TIME ZONE 'UTC') - interval '1 month') AT TIME ZONE 'UTC', date_trunc('month', now AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;

-- What became of each feedback in that month, by the last word on it, and where its contributor is told. Who wants no acknowledgements
-- wants none of this either.
CREATE FUNCTION fieldpost.outcomes_of(begins timestamptz, ends timestamptz)
RETURNS TABLE (contributor bytea, channel text, address text, contact_id bigint, feedback_id bigint, received_at timestamptz, state feedback_state,
	detail text, language text, country text)
LANGUAGE sql STABLE
AS $$
	SELECT contributor_of(w.contact_id, w.channel, w.address), w.channel, w.address, w.contact_id, f.feedback_id, f.received_at, c.state,
		CASE WHEN c.state IN ('used', 'not-used') THEN c.detail END, f.language, f.country
	FROM (SELECT DISTINCT ON (s.feedback_id) s.feedback_id, s.state, s.detail FROM status_change s
		WHERE s.created_at >= outcomes_of.begins AND s.created_at < outcomes_of.ends
		ORDER BY s.feedback_id, s.created_at DESC, s.status_change_id DESC) c
	JOIN feedback f ON f.feedback_id = c.feedback_id AND f.state <> 'withdrawn'
	CROSS JOIN LATERAL answer_way(f.feedback_id) w
	LEFT JOIN identity.contact k ON k.contact_id = w.contact_id
	WHERE c.state IN ('read', 'assigned', 'used', 'not-used') AND NOT coalesce(k.no_acknowledgement, false)
$$;

-- Letters that are due: rules as api.answers_due() has them, and those of hours. items: [{day, state, detail}], at most twenty.
CREATE FUNCTION api.outcomes_due(now timestamptz, maximum bigint, rules jsonb)
RETURNS TABLE (contributor bytea, channel_name text, address text, language text, reference text, neutral boolean, items jsonb, more bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT l.contributor, l.ways[1][1], l.ways[1][2], l.language, new_reference(), l.neutral, l.items, l.more FROM (
		SELECT o.contributor, (array_agg(ARRAY[o.channel, o.address] ORDER BY o.channel <> 'mail', o.received_at DESC, o.feedback_id))[1:1] AS ways,
			coalesce(min(k.language), min(o.language), 'en') AS language, coalesce(bool_or(k.neutral), false) AS neutral,
			jsonb_path_query_array(jsonb_agg(jsonb_build_object('day', to_char(o.received_at AT TIME ZONE zone_of(k.zone, k.country, rules), 'YYYY-MM-DD'),
				'state', o.state, 'detail', o.detail) ORDER BY o.received_at, o.feedback_id), '$[0 to 19]') AS items,
			greatest(count(*) - 20, 0) AS more
		FROM outcome_month(outcomes_due.now) m CROSS JOIN LATERAL outcomes_of(m.begins, m.ends) o
		LEFT JOIN identity.contact k ON k.contact_id = o.contact_id
		WHERE NOT EXISTS (SELECT FROM outcome_letter t WHERE t.month = (m.begins AT TIME ZONE 'UTC')::date AND t.contributor = o.contributor)
			AND send_time(m.ends, zone_of(k.zone, coalesce(k.country, o.country), rules), coalesce(k.country, o.country), rules) <= outcomes_due.now
			AND way_is_open(outcomes_due.now, o.feedback_id, o.channel, rules)
		GROUP BY o.contributor ORDER BY o.contributor LIMIT outcomes_due.maximum) l;
END $$;

-- The mark that it was written, then the letter, in one transaction; nothing where that month's is written.
CREATE FUNCTION api.outcome_put(now timestamptz, contributor bytea, channel text, address text, reference text, body bytea, domain text)
RETURNS TABLE (outbox_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of_month date := (SELECT (m.begins AT TIME ZONE 'UTC')::date FROM outcome_month(outcome_put.now) m);
	put bigint;
BEGIN
	INSERT INTO outcome_letter (month, contributor, reference, made_at)
	VALUES (of_month, outcome_put.contributor, outcome_put.reference, outcome_put.now) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
	VALUES ('outcome', outcome_put.channel, outcome_put.address, CASE WHEN outcome_put.channel = 'mail'
			THEN format('<%s@%s>', lower(outcome_put.reference), outcome_put.domain) ELSE 'outcome-' || outcome_put.reference END,
		format('outcome %s %s', of_month, encode(outcome_put.contributor, 'hex')), outcome_put.body, outcome_put.now, outcome_put.now)
	RETURNING outbox_id INTO put;
	UPDATE outcome_letter t SET outbox_id = put WHERE t.month = of_month AND t.contributor = outcome_put.contributor;
	PERFORM pg_notify('fieldpost_outbox', '');
	RETURN QUERY SELECT put;
END $$;

GRANT EXECUTE ON FUNCTION api.outcomes_due(timestamptz, bigint, jsonb), api.outcome_put(timestamptz, bytea, text, text, text, bytea, text)
	TO fieldpost_send;
