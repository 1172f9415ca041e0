-- Reports: which mail of ours they are about, what follows for its request and its address. The reader says what a report says
-- (parsers/mail_report.h); anybody can write one, so it counts by what it knows that only the mail knew.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- An address is suspended after two hard bounces so far apart, or when nothing arrived for so long. Of which only the address fits does not
-- count: with two such reports anybody could suspend anybody.
CREATE FUNCTION fieldpost.bounce_hard_apart() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '1 day' $$;
CREATE FUNCTION fieldpost.bounce_soft_for() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '14 days' $$;

-- By RFC 3463. Where only the address fits, nobody can be sure that the report is about a mail of ours: it is no hard one.
CREATE FUNCTION fieldpost.bounce_weight_of(action text, status text, matched text)
RETURNS bounce_weight
LANGUAGE sql IMMUTABLE
AS $$
	SELECT CASE WHEN action <> 'failed' THEN 'delayed'
		WHEN status LIKE '5.7.%' THEN 'ours'
		WHEN status IN ('5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1') AND matched <> 'address' THEN 'hard'
		ELSE 'soft' END::fieldpost.bounce_weight
$$;

-- The row of the outbox whose token stands in one of the places that a report was sent to ("bounces+TOKEN@example.org").
CREATE FUNCTION fieldpost.outbox_of_places(places jsonb)
RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	found bigint;
	token text;
BEGIN
	FOR token IN SELECT t[1] FROM jsonb_array_elements_text(places) AS p CROSS JOIN LATERAL regexp_matches(p, '\+([0-9A-Fa-f]+-[0-9A-Fa-f]{16})@', 'g') AS t LOOP
		found := outbox_of_token(token);
		EXIT WHEN found IS NOT NULL;
	END LOOP;
	RETURN found;
END $$;

-- The request whose mail this row is.
CREATE FUNCTION fieldpost.request_of_outbox(sent outbox)
RETURNS request
LANGUAGE sql STABLE
AS $$
	SELECT q FROM request q
	WHERE q.request_id = coalesce(sent.request_id, (SELECT x.request_id FROM request x WHERE x.header_id = sent.header_id LIMIT 1))
$$;

-- What a report is about. recipient: as it names it. All null: of no mail of ours.
CREATE FUNCTION fieldpost.report_match(report jsonb, reference text, recipient text, OUT matched text, OUT outbox_id bigint, OUT request_id bigint,
	OUT address text)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
	sent outbox;
	asked request;
BEGIN
	SELECT o.* INTO sent FROM outbox o WHERE o.outbox_id = outbox_of_places(report -> 'places');
	matched := CASE WHEN sent.outbox_id IS NOT NULL THEN 'return-path' END;
	IF matched IS NULL THEN
		SELECT o.* INTO sent FROM jsonb_array_elements_text(report -> 'ids') WITH ORDINALITY AS i (id, place) JOIN outbox o ON o.header_id = i.id
		ORDER BY i.place LIMIT 1;
		matched := CASE WHEN sent.outbox_id IS NOT NULL THEN 'message-id' END;
	END IF;
	IF matched IS NOT NULL THEN
		asked := request_of_outbox(sent);
	ELSE
		SELECT q.* INTO asked FROM request q
		WHERE q.header_id IN (SELECT jsonb_array_elements_text(report -> 'ids')) ORDER BY q.request_id DESC LIMIT 1;
		matched := CASE WHEN asked.request_id IS NOT NULL THEN 'message-id' END;
	END IF;
	IF matched IS NULL THEN
		SELECT q.* INTO asked FROM request q WHERE q.reference = report_match.reference;
		matched := CASE WHEN asked.request_id IS NOT NULL THEN 'reference' END;
	END IF;
	IF matched IS NULL AND recipient <> '' THEN
		SELECT q.* INTO asked FROM identity.contact_address a JOIN request q USING (contact_id)
		WHERE a.channel = 'mail' AND a.address = lower(recipient) AND q.state = 'sent' AND q.channel = 'mail'
			AND coalesce(q.address, a.address) = a.address
		ORDER BY q.asked_at DESC, q.request_id DESC LIMIT 1;
		matched := CASE WHEN asked.request_id IS NOT NULL OR EXISTS (SELECT FROM identity.contact_address a
			WHERE a.channel = 'mail' AND a.address = lower(recipient)) THEN 'address' END;
	END IF;
	outbox_id := sent.outbox_id;
	request_id := asked.request_id;
	address := lower(CASE WHEN matched = 'address' THEN recipient ELSE coalesce(sent.recipient, CASE asked.channel WHEN 'mail' THEN asked.address END,
		(SELECT a.address FROM identity.contact_address a WHERE a.contact_id = asked.contact_id AND a.channel = 'mail'
			ORDER BY a.address <> lower(recipient), a.ordinal, a.address LIMIT 1), recipient) END);
END $$;

-- Is it time to leave an address alone? Of practitioners a digest tells who cannot be reached; of the digest's own readers only an alarm can.
CREATE FUNCTION fieldpost.address_weigh(now timestamptz, address text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	INSERT INTO suppression (channel, address, reason, since)
	SELECT 'mail', address_weigh.address, 'bounced', address_weigh.now FROM bounce b
	WHERE b.address = address_weigh.address AND b.over_at IS NULL AND b.weight IN ('hard', 'soft') AND b.matched IS DISTINCT FROM 'address'
	HAVING max(b.created_at) FILTER (WHERE b.weight = 'hard') - min(b.created_at) FILTER (WHERE b.weight = 'hard') >= bounce_hard_apart()
		OR max(b.created_at) - min(b.created_at) >= bounce_soft_for()
	ON CONFLICT DO NOTHING;
	IF FOUND AND EXISTS (SELECT FROM member m WHERE lower(m.address) = address_weigh.address AND m.active) THEN
		PERFORM api.alarm_raise(address_weigh.now, 'reader-unreachable', address_weigh.address,
			format('mails to %s of a policy team do not arrive: no more digests go there until a mail comes from that address', address_weigh.address));
	END IF;
END $$;

-- One mail of ours did not arrive. `bounced` is kept; its request and its address are seen to.
CREATE FUNCTION fieldpost.bounce_take(now timestamptz, bounced bounce)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	INSERT INTO bounce (message_id, address, status, diagnostic, created_at, weight, matched, outbox_id, request_id)
	VALUES (bounced.message_id, bounced.address, bounced.status, bounced.diagnostic, bounced.created_at, bounced.weight, bounced.matched,
		bounced.outbox_id, bounced.request_id)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND OR bounced.weight = 'delayed' THEN
		RETURN;
	END IF;
	UPDATE request q SET state = 'bounced' WHERE q.request_id = bounced.request_id AND q.state IN ('waiting', 'sent');
	IF bounced.weight = 'ours' THEN
		IF bounced.matched = 'address' THEN -- anybody could raise alarms
			RETURN;
		END IF;
		PERFORM api.alarm_raise(bounce_take.now, 'mail-refused', bounced.status || ' ' || split_part(bounced.address, '@', 2),
			format('mail to %s is refused for what we are, with %s: %s (look at SPF, DKIM, DMARC and at lists of senders that are blocked)',
				split_part(bounced.address, '@', 2), bounced.status, coalesce(nullif(bounced.diagnostic, ''), 'no more is said')));
	ELSE
		PERFORM address_weigh(bounce_take.now, bounced.address);
	END IF;
END $$;

-- A complaint that knows a mail of ours: nothing more is sent there.
CREATE FUNCTION fieldpost.complaint_take(now timestamptz, report jsonb, reference text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	about record;
BEGIN
	SELECT * INTO about FROM report_match(report, reference, '');
	IF about.matched IN ('return-path', 'message-id', 'reference') AND about.address <> '' THEN
		PERFORM asking_stop(complaint_take.now, (SELECT q.contact_id FROM request q WHERE q.request_id = about.request_id), ARRAY[about.address],
			'unsubscribed');
		UPDATE request q SET state = 'closed', note = 'they complained' WHERE q.request_id = about.request_id AND q.state IN ('waiting', 'sent');
	END IF;
END $$;

-- One report that was filed.
CREATE FUNCTION fieldpost.report_take(now timestamptz, message_id bigint, result jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	report jsonb := result -> 'report';
	one jsonb;
	about record;
	taken bounce;
BEGIN
	IF report ->> 'kind' = 'abuse' THEN
		PERFORM complaint_take(report_take.now, report, result ->> 'reference');
	ELSIF report ->> 'kind' <> 'delivery' THEN
		RETURN;
	END IF;
	FOR one IN SELECT * FROM jsonb_array_elements(report -> 'recipients') LOOP
		CONTINUE WHEN one ->> 'action' NOT IN ('failed', 'delayed') OR report ->> 'kind' <> 'delivery';
		SELECT * INTO about FROM report_match(report, result ->> 'reference', coalesce(nullif(one ->> 'original', ''), one ->> 'address'));
		CONTINUE WHEN about.matched IS NULL OR coalesce(about.address, '') = '';
		taken.message_id := report_take.message_id;
		taken.address := about.address;
		taken.status := nullif(one ->> 'status', '');
		taken.diagnostic := nullif(one ->> 'diagnostic', '');
		taken.created_at := least((SELECT m.received_at FROM message m WHERE m.message_id = report_take.message_id), report_take.now);
		taken.weight := bounce_weight_of(one ->> 'action', coalesce(one ->> 'status', ''), about.matched);
		taken.matched := about.matched;
		taken.outbox_id := about.outbox_id;
		taken.request_id := about.request_id;
		PERFORM bounce_take(report_take.now, taken);
	END LOOP;
END $$;

-- Of messages that come: who wrote in person can be reached.
CREATE FUNCTION fieldpost.senders_live(now timestamptz, batch jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	living text[];
BEGIN
	SELECT array_agg(DISTINCT lower(e #>> '{result,mail,from_address}')) INTO living FROM jsonb_array_elements(senders_live.batch) AS e
	WHERE NOT e -> 'result' ? 'report' AND (e #>> '{result,mail,automatic}')::boolean IS FALSE AND e #>> '{result,mail,from_address}' <> ''
		AND e #>> '{result,mail,authentication}' IS DISTINCT FROM 'fail';
	IF living IS NOT NULL THEN
		UPDATE bounce b SET over_at = senders_live.now WHERE b.address = ANY (living) AND b.over_at IS NULL;
		DELETE FROM suppression s WHERE s.channel = 'mail' AND s.address = ANY (living) AND s.reason = 'bounced';
		UPDATE alarm a SET cleared_at = senders_live.now
		WHERE a.kind = 'reader-unreachable' AND a.object = ANY (living) AND a.cleared_at IS NULL;
	END IF;
END $$;

-- Of messages that were just filed the reports are taken.
CREATE FUNCTION fieldpost.reports_settle(now timestamptz, batch jsonb, filed jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	one jsonb;
BEGIN
	FOR one IN
		SELECT e FROM jsonb_array_elements(reports_settle.batch) AS e
		WHERE e -> 'result' ? 'report' AND EXISTS (SELECT FROM jsonb_array_elements(filed) AS f WHERE f -> 'message' = e -> 'message_id'
			AND NOT f ? 'hint')
		ORDER BY (e ->> 'message_id')::bigint
	LOOP
		PERFORM report_take(reports_settle.now, (one ->> 'message_id')::bigint, one -> 'result');
	END LOOP;
END $$;

-- What a server refused for good when it was sent is a bounce, too.
CREATE OR REPLACE FUNCTION fieldpost.outbox_bounced() -- a trigger's: it is replaced
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
DECLARE
	taken bounce;
	asked request := request_of_outbox(NEW);
BEGIN
	taken.address := lower(NEW.recipient);
	taken.diagnostic := NEW.last_error;
	taken.status := substring(NEW.last_error FROM '(?<![0-9.])[45]\.[0-7]\.[0-9]{1,3}(?![0-9.])');
	taken.created_at := coalesce(NEW.claimed_at, now());
	taken.matched := 'sending';
	taken.weight := bounce_weight_of('failed', coalesce(taken.status, ''), 'sending');
	taken.outbox_id := NEW.outbox_id;
	taken.request_id := asked.request_id;
	PERFORM bounce_take(taken.created_at, taken);
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER outbox_bounced AFTER UPDATE OF state ON outbox FOR EACH ROW
WHEN (NEW.state = 'failed' AND OLD.state <> 'failed' AND NEW.channel = 'mail')
EXECUTE FUNCTION outbox_bounced();
