-- Acknowledgements: what a message is to be told was decided when it was filed (a row in fieldpost.acknowledgement); here it is read by
-- who writes it, and goes into the outbox.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Those that are not written yet. said: of this message alone. dropped: something that was attached did not come, or was refused.
CREATE FUNCTION api.acknowledgements_due(maximum bigint, rules jsonb)
RETURNS TABLE (message_id bigint, kind text, form_id text, form_version bigint, said jsonb, state text, channel_name text, address text,
	language text, reference text, day text, header_id text, request_header text, subject text, name text,
	neutral boolean, no_content boolean, dropped boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT a.message_id, a.kind::text, a.form_id, a.form_version::bigint, a.said, m.state::text, a.channel, a.address,
		coalesce(c.language, a.language, m.language), a.reference,
		to_char(m.received_at AT TIME ZONE zone_of(c.zone, c.country, rules), 'YYYY-MM-DD'), m.header_id, q.header_id, m.subject, c.name,
		coalesce(c.neutral, false), coalesce(c.no_content, false),
		coalesce((a.said ->> 'dropped')::boolean, false)
			OR EXISTS (SELECT FROM channel_media d WHERE d.message_id = m.message_id AND d.state = 'refused')
	FROM acknowledgement a JOIN message m USING (message_id)
	LEFT JOIN identity.contact c ON c.contact_id = a.contact_id
	LEFT JOIN request q ON q.reference = a.reference
	WHERE a.outbox_id IS NULL ORDER BY a.message_id LIMIT acknowledgements_due.maximum;
END $$;

-- Puts the letter into the outbox, once; a second one for the same message changes nothing.
CREATE FUNCTION api.acknowledgement_put(now timestamptz, message_id bigint, body bytea, domain text)
RETURNS TABLE (outbox_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	told acknowledgement;
	put bigint;
	cause text := 'acknowledgement ' || acknowledgement_put.message_id;
BEGIN
	SELECT a.* INTO told FROM acknowledgement a WHERE a.message_id = acknowledgement_put.message_id AND a.outbox_id IS NULL FOR UPDATE;
	IF told.message_id IS NULL THEN
		RETURN;
	END IF;
	-- Who was asked who they are first hears a second time of that message.
	IF EXISTS (SELECT FROM outbox o WHERE o.dedupe_key = cause) THEN
		cause := cause || ' ' || told.kind;
	END IF;
	INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
	SELECT 'acknowledgement', told.channel, told.address, format('<ack-%s.%s@%s>', told.message_id,
			left(encode(sha256(convert_to(i.instance_id || ' ' || cause, 'UTF8')), 'hex'), 16), acknowledgement_put.domain),
		cause, acknowledgement_put.body, acknowledgement_put.now, acknowledgement_put.now
	FROM instance i RETURNING outbox_id INTO put;
	UPDATE acknowledgement a SET outbox_id = put WHERE a.message_id = told.message_id;
	PERFORM pg_notify('fieldpost_outbox', '');
	RETURN QUERY SELECT put;
END $$;

-- It cannot be written: nothing is told, and nobody tries again.
CREATE FUNCTION api.acknowledgement_drop(message_id bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	DELETE FROM acknowledgement a WHERE a.message_id = acknowledgement_drop.message_id AND a.outbox_id IS NULL
$$;

GRANT EXECUTE ON FUNCTION api.acknowledgements_due(bigint, jsonb), api.acknowledgement_put(timestamptz, bigint, bytea, text),
	api.acknowledgement_drop(bigint) TO fieldpost_send;
