-- The audit's rows of what commands show: who, what, when, and nothing of its text. (In PL/pgSQL: actor() comes with sql/read.)
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- Notes that an operator read what not everybody may see; what: the command.
CREATE FUNCTION fieldpost.note_seen(what text, object text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	INSERT INTO audit (at, actor, action, object, detail) VALUES (clock_timestamp(), actor(), 'read', note_seen.object, jsonb_build_object('by', what));
END $$;

-- The same of a message, unless what came of it is open to all.
CREATE FUNCTION fieldpost.note_message_seen(what text, message_id bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	PERFORM note_seen(what, 'message ' || m.message_id) FROM message m
	WHERE m.message_id = note_message_seen.message_id AND NOT EXISTS (SELECT FROM feedback f WHERE f.message_id = m.message_id AND f.sharing = 'open');
END $$;
