-- May a message be answered by a program? Asked where an acknowledgement, or any other answer, is decided.
--
-- What a mail says of itself (Auto-Submitted, Precedence, List-*, an empty Return-Path, a role's address ...) the reader has put into
-- message.automatic. Headers may lie: so the answers to one sender are counted, and a message in which nothing was found that answers a
-- form counts for much more. An automatic reply without any mark is answered once a day at most, and two programs that answer one another
-- come to rest after one mail each.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Within a day: to one sender; to one sender whose messages gave no answers; in all; in all of the latter kind.
CREATE FUNCTION fieldpost.answers_to_one() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 10 $$;
CREATE FUNCTION fieldpost.answers_to_one_empty() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$;
CREATE FUNCTION fieldpost.answers_to_all() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 20000 $$;
CREATE FUNCTION fieldpost.answers_to_all_empty() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 200 $$;

-- An address as it is compared: lower case, and no tag behind a "+".
CREATE FUNCTION fieldpost.bare_address(address text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT lower(regexp_replace(bare_address.address, '\+[^@]*@', '@'))
$$;

-- May it be a mail address at all? Longer than 64 + "@" + 255 bytes is none (RFC 5321 4.5.3.1), and would not fit into an index.
CREATE FUNCTION fieldpost.is_mail_address(address text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT strpos(is_mail_address.address, '@') > 1 AND octet_length(is_mail_address.address) <= 320
$$;

-- The addresses that are ours by a part of the config: what came from one of them is never answered.
CREATE FUNCTION api.own_addresses_set(part text, addresses text[])
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	DELETE FROM own_address o WHERE o.part = own_addresses_set.part
		AND o.address <> ALL (SELECT bare_address(a) FROM unnest(own_addresses_set.addresses) AS a);
	INSERT INTO own_address (part, address)
	SELECT DISTINCT own_addresses_set.part, bare_address(a) FROM unnest(own_addresses_set.addresses) AS a
	ON CONFLICT (address, part) DO NOTHING;
$$;
GRANT EXECUTE ON FUNCTION api.own_addresses_set(text, text[]) TO fieldpost_intake, fieldpost_send;

-- What forbids it, whatever was answered before; NULL: nothing. Who asked for no more mail and writes a reply nevertheless, later, has it
-- answered: what they asked for is to be asked nothing.
CREATE FUNCTION fieldpost.answer_forbidden(message message)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	IF message.automatic OR message.reason IN ('bounce', 'auto-reply') THEN
		RETURN 'automatic';
	ELSIF coalesce(message.from_address, '') = '' OR (message.channel IS NULL AND NOT is_mail_address(message.from_address)) THEN
		RETURN 'no-address';
	ELSIF message.channel IS NULL AND EXISTS (SELECT FROM own_address o WHERE o.address = bare_address(message.from_address)) THEN
		RETURN 'own-address';
	ELSIF EXISTS (SELECT FROM suppression s WHERE s.channel = 'mail' AND message.channel IS NULL AND s.address = lower(message.from_address)
			AND (s.reason NOT IN ('asked', 'unsubscribed') OR message.state <> 'filed' OR s.since >= message.stored_at))
		OR EXISTS (SELECT FROM channel_message c JOIN suppression s ON s.address IN (c.sender, c.reply_to)
			WHERE c.message_id = message.message_id AND s.channel = message.channel) THEN
		RETURN 'suppressed';
	END IF;
	RETURN NULL;
END $$;

-- May this message be answered? NULL: yes, and it counts as answered from now on (asked again of the same message: yes again). Else
-- why not: unknown, automatic, no-address, own-address, suppressed, too-many (to this sender within a day), too-many-in-all.
--
-- To be called when the message is settled (its row says who wrote it, whether automatically, and what was read), in the transaction that
-- writes the answer. Two that ask at once take turns: each would count without the other's.
CREATE FUNCTION fieldpost.may_answer(message_id bigint, now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	asked message;
	why text;
	bare boolean;
	wrote bytea;
	day_ago timestamptz := may_answer.now - interval '1 day';
BEGIN
	SELECT m.* INTO asked FROM message m WHERE m.message_id = may_answer.message_id;
	IF asked.message_id IS NULL THEN
		RETURN 'unknown';
	END IF;
	why := answer_forbidden(asked);
	IF why IS NOT NULL OR EXISTS (SELECT FROM answer_given g WHERE g.message_id = may_answer.message_id) THEN
		RETURN why;
	END IF;
	bare := asked.state <> 'filed' AND coalesce(asked.result -> 'provenance', '{}') = '{}'; -- values may be defaults
	wrote := sha256(convert_to(coalesce(asked.channel, 'mail') || ' ' || CASE WHEN asked.channel IS NULL
		THEN bare_address(asked.from_address) ELSE asked.from_address END, 'UTF8'));
	PERFORM pg_advisory_xact_lock(1634628471); -- 'answ'
	DELETE FROM answer_given g WHERE g.given_at <= day_ago;
	IF (SELECT count(*) >= answers_to_one() OR count(*) FILTER (WHERE g.empty) >= CASE WHEN bare THEN answers_to_one_empty() END
		FROM answer_given g WHERE g.sender = wrote) THEN
		RETURN 'too-many';
	ELSIF (SELECT count(*) >= answers_to_all() OR count(*) FILTER (WHERE g.empty) >= CASE WHEN bare THEN answers_to_all_empty() END
		FROM answer_given g) THEN
		RETURN 'too-many-in-all';
	END IF;
	INSERT INTO answer_given (message_id, given_at, empty, sender) VALUES (may_answer.message_id, may_answer.now, bare, wrote);
	RETURN NULL;
END $$;
