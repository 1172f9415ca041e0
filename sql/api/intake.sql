-- Intake: accounts and folders, messages with their raw bytes, what is to be done on the server afterwards.
SET LOCAL ROLE fieldpost_owner;

CREATE FUNCTION api.account_open(name text, kind text)
RETURNS TABLE (account_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO account (name, kind) VALUES (account_open.name, account_open.kind::source_kind)
	ON CONFLICT (kind, name) DO NOTHING;
	RETURN QUERY SELECT a.account_id FROM account a
	WHERE a.name = account_open.name AND a.kind = account_open.kind::source_kind;
END $$;

-- The folder with this UIDVALIDITY and its cursor. Opened anew, by a duty that has just begun or for its new UIDVALIDITY, nothing in it has
-- failed yet. changed: there was one with another UIDVALIDITY, so everything is to be looked at again. acts: something is done with its
-- mails once they were dealt with; where nothing was until now, they begin to wait for it.
CREATE FUNCTION api.folder_open(account_id bigint, folder text, uidvalidity bigint, now timestamptz, acts boolean DEFAULT true)
RETURNS TABLE (folder_id bigint, last_uid bigint, changed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE alarm a SET cleared_at = folder_open.now
	WHERE a.kind = 'mail-unreadable' AND a.cleared_at IS NULL AND regexp_replace(a.object, '/\d+/\d+$', '') =
		(SELECT c.name FROM account c WHERE c.account_id = folder_open.account_id) || '/' || folder_open.folder;
	UPDATE sighting s SET after_state = 'waiting' FROM folder f
	WHERE folder_open.acts AND NOT f.acts AND s.folder_id = f.folder_id AND s.after_state IS NULL AND f.account_id = folder_open.account_id
		AND f.name = folder_open.folder AND f.uidvalidity = folder_open.uidvalidity;
	RETURN QUERY
	WITH opened AS (
		INSERT INTO folder AS f (account_id, name, uidvalidity, opened_at, acts)
		VALUES (folder_open.account_id, folder_open.folder, folder_open.uidvalidity, folder_open.now, folder_open.acts)
		ON CONFLICT (account_id, name, uidvalidity) DO UPDATE SET opened_at = greatest(f.opened_at, excluded.opened_at),
			acts = excluded.acts
		RETURNING f.folder_id, f.last_uid, f.xmax = 0 AS made
	)
	SELECT o.folder_id, o.last_uid, o.made AND EXISTS (
		SELECT FROM folder f
		WHERE f.account_id = folder_open.account_id AND f.name = folder_open.folder AND f.folder_id <> o.folder_id)
	FROM opened o;
END $$;

CREATE FUNCTION api.uids_unseen(folder_id bigint, uids bigint[])
RETURNS TABLE (uid bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT u.uid FROM unnest(uids_unseen.uids) AS u (uid)
	WHERE NOT EXISTS (SELECT FROM sighting s WHERE s.folder_id = uids_unseen.folder_id AND s.uid = u.uid)
	ORDER BY u.uid
$$;

-- Keeps the messages that are new, with their bytes; with a folder also where they were seen. Mail i has the bytes of `raws` from starts[i]
-- on, lengths[i] of them. Returned are, in the order given, the message of each mail and, the same or null, the message that this mail made:
-- of a mail that comes twice the first makes it. Idempotent: what is there stays. hashes: SHA-256 of each mail's bytes, or null: who asks
-- for it is told it from the bytes.
--
-- As a rule all are new: then they are inserted and nothing more is asked. When one is known, or comes to be known meanwhile (what was
-- done is undone), each is asked for. Several batches of one mailbox are stored at a time: messages are inserted in the order of their
-- identities, so that two batches with the same mails wait for each other and never both; their ids are in the order of the mails.
-- The bytes come as one value, for an array of them would be copied once more, and are cut out row by row, never in a set of rows: a batch
-- of large ones would go through a temporary file.
--
-- (A plan made while the table was small would read all of it for ever: enable_seqscan is off.)
CREATE FUNCTION fieldpost.messages_keep(account_id bigint, folder_id bigint, after fieldpost.after_state, now timestamptz, uids bigint[],
	identities bytea[], hashes bytea[], sizes bigint[], oversize boolean[], received timestamptz[], starts bigint[], lengths bigint[],
	raws bytea)
RETURNS TABLE (fresh bigint, message_ids bigint[], fresh_ids bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	ids bigint[] := ARRAY(SELECT nextval('fieldpost.message_message_id_seq') FROM generate_series(1, cardinality(messages_keep.identities)));
	made bigint[] := ids;
	known boolean := false;
BEGIN
	BEGIN
		INSERT INTO message (message_id, account_id, received_at, stored_at, size, oversize, identity, raw_sha256)
		OVERRIDING SYSTEM VALUE
		SELECT i.message_id, messages_keep.account_id, coalesce(i.received_at, messages_keep.now), messages_keep.now, i.size,
			i.oversize, i.identity, i.hash
		FROM (SELECT unnest(ids) AS message_id, unnest(messages_keep.identities) AS identity, unnest(messages_keep.hashes) AS hash,
			unnest(messages_keep.sizes) AS size, unnest(messages_keep.oversize) AS oversize,
			unnest(messages_keep.received) AS received_at) i
		ORDER BY i.identity;
		IF messages_keep.folder_id IS NOT NULL THEN
			INSERT INTO sighting (folder_id, uid, message_id, seen_at, after_state)
			SELECT messages_keep.folder_id, unnest(messages_keep.uids), unnest(ids), messages_keep.now, messages_keep.after;
		END IF;
	EXCEPTION WHEN unique_violation THEN
		known := true;
	END;
	IF known THEN
		WITH incoming AS MATERIALIZED (
			SELECT * FROM unnest(ids, messages_keep.identities, messages_keep.hashes, messages_keep.sizes, messages_keep.oversize,
				messages_keep.received) AS t (message_id, identity, hash, size, oversize, received_at)
		), stored AS (
			INSERT INTO message (message_id, account_id, received_at, stored_at, size, oversize, identity, raw_sha256)
			OVERRIDING SYSTEM VALUE
			SELECT i.message_id, messages_keep.account_id, coalesce(i.received_at, messages_keep.now), messages_keep.now, i.size,
				i.oversize, i.identity, i.hash
			FROM incoming i ORDER BY i.identity, i.message_id
			ON CONFLICT (identity) DO NOTHING
			RETURNING message_id
		)
		SELECT array_agg(s.message_id ORDER BY i.message_id) INTO made FROM incoming i LEFT JOIN stored s USING (message_id);
		ids := ARRAY(
			SELECT coalesce(t.message_id, (SELECT m.message_id FROM message m WHERE m.identity = t.identity))
			FROM unnest(made, messages_keep.identities) WITH ORDINALITY AS t (message_id, identity, ordinal) ORDER BY t.ordinal);
		INSERT INTO sighting (folder_id, uid, message_id, seen_at, after_state)
		SELECT messages_keep.folder_id, t.uid, t.message_id, messages_keep.now, messages_keep.after
		FROM unnest(messages_keep.uids, ids) AS t (uid, message_id)
		WHERE messages_keep.folder_id IS NOT NULL
		ON CONFLICT DO NOTHING;
	END IF;
	INSERT INTO message_raw (message_id, raw)
	SELECT r.message_id, substring(messages_keep.raws FROM r.start FOR r.length)
	FROM (SELECT unnest(made) AS message_id, unnest(messages_keep.starts)::integer + 1 AS start,
		unnest(messages_keep.lengths)::integer AS length) r
	WHERE r.message_id IS NOT NULL;
	GET DIAGNOSTICS fresh = ROW_COUNT;
	message_ids := ids;
	fresh_ids := made;
	RETURN NEXT;
END $$;

-- Plans are a connection's own and take it some ten milliseconds: they are made for nothing here, while there is time.
CREATE FUNCTION api.messages_ready()
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT FROM messages_keep(0, 0, NULL, now(), '{}', '{}', NULL, '{}', '{}', '{}', '{}', '{}', '')
$$;

-- One batch of a folder, in the order of its UIDs. The folder's row comes last, for it makes batches wait for each other. So the cursor is
-- the highest UID that was stored; what is below it and missing, uids_unseen() tells.
CREATE FUNCTION api.messages_store(folder_id bigint, now timestamptz, uids bigint[], identities bytea[], hashes bytea[],
	sizes bigint[], oversize boolean[], received timestamptz[], starts bigint[], lengths bigint[], raws bytea)
RETURNS TABLE (fresh bigint, message_ids bigint[], fresh_ids bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	opened folder;
BEGIN
	SELECT * INTO opened FROM folder f WHERE f.folder_id = messages_store.folder_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'folder % is not known', messages_store.folder_id;
	END IF;
	RETURN QUERY SELECT k.fresh, k.message_ids, k.fresh_ids FROM messages_keep(opened.account_id, opened.folder_id,
		CASE WHEN opened.acts THEN 'waiting'::fieldpost.after_state END, messages_store.now, messages_store.uids,
		messages_store.identities, messages_store.hashes, messages_store.sizes, messages_store.oversize,
		messages_store.received, messages_store.starts, messages_store.lengths, messages_store.raws) k;
	UPDATE folder f SET
		last_uid = greatest(f.last_uid, (SELECT max(u) FROM unnest(messages_store.uids) u)),
		last_message = greatest(f.last_message, messages_store.now)
	WHERE f.folder_id = messages_store.folder_id;
END $$;

-- The same for files: no folder, no sighting.
CREATE FUNCTION api.messages_import(account_id bigint, now timestamptz, identities bytea[], hashes bytea[], sizes bigint[],
	oversize boolean[], received timestamptz[], starts bigint[], lengths bigint[], raws bytea)
RETURNS TABLE (fresh bigint, message_ids bigint[], fresh_ids bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT k.fresh, k.message_ids, k.fresh_ids FROM messages_keep(messages_import.account_id, NULL, NULL,
		messages_import.now, NULL, messages_import.identities, messages_import.hashes, messages_import.sizes, messages_import.oversize,
		messages_import.received, messages_import.starts, messages_import.lengths, messages_import.raws) k;
	UPDATE account a SET last_ok = greatest(a.last_ok, messages_import.now),
		last_message = greatest(a.last_message, messages_import.now)
	WHERE a.account_id = messages_import.account_id;
END $$;

-- Something was stored by one of these two. Apart from them, for a notice makes commits wait for each other, each until its WAL is safe.
CREATE FUNCTION api.messages_wake()
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT pg_notify('fieldpost_stored', '')
$$;

-- Mails whose message has an outcome and whose after-action is still to be done. Of a message on which we failed nothing is done.
CREATE FUNCTION api.after_due(folder_id bigint, now timestamptz, maximum bigint)
RETURNS TABLE (uid bigint, message_id bigint, state text, attempts bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT s.uid, s.message_id, m.state::text, s.after_attempts::bigint
	FROM sighting s JOIN message m USING (message_id)
	WHERE s.folder_id = after_due.folder_id AND s.after_state = 'waiting' AND m.state NOT IN ('received', 'failed')
		AND (s.after_next IS NULL OR s.after_next <= after_due.now)
	ORDER BY s.uid LIMIT after_due.maximum
$$;

CREATE FUNCTION api.after_done(folder_id bigint, uids bigint[], now timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE sighting s SET after_state = 'done', after_next = NULL, after_error = NULL
	WHERE s.folder_id = after_done.folder_id AND s.uid = ANY (after_done.uids) AND s.after_state = 'waiting'
$$;

CREATE FUNCTION api.after_failed(folder_id bigint, uids bigint[], error text, next_at timestamptz, now timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	UPDATE sighting s SET after_attempts = s.after_attempts + 1, after_next = after_failed.next_at,
		after_error = after_failed.error
	WHERE s.folder_id = after_failed.folder_id AND s.uid = ANY (after_failed.uids) AND s.after_state = 'waiting'
$$;

-- A round trip was completed. The folder is the one that was opened last under that name.
CREATE FUNCTION api.source_ok(account_id bigint, now timestamptz, folder text, backlog bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	UPDATE account a SET last_ok = source_ok.now, failing_since = NULL, reach = NULL, error = NULL, next_at = NULL
	WHERE a.account_id = source_ok.account_id;
	UPDATE folder f SET last_ok = source_ok.now, backlog = source_ok.backlog
	WHERE f.folder_id = (
		SELECT f2.folder_id FROM folder f2 WHERE f2.account_id = source_ok.account_id AND f2.name = source_ok.folder
		ORDER BY f2.opened_at DESC, f2.folder_id DESC LIMIT 1);
	PERFORM api.alarm_clear(source_ok.now, 'source', (SELECT a.name FROM account a WHERE a.account_id = source_ok.account_id));
END $$;

-- What needs an operator is an alarm at once, anything else when it has lasted for a quarter of an hour.
CREATE FUNCTION api.source_failed(account_id bigint, now timestamptz, reach text, error text, next_at timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	failing account;
BEGIN
	UPDATE account a SET failing_since = coalesce(a.failing_since, source_failed.now),
		reach = source_failed.reach::error_reach, error = source_failed.error, next_at = source_failed.next_at
	WHERE a.account_id = source_failed.account_id
	RETURNING * INTO failing;
	IF failing.reach = 'stop' OR failing.failing_since <= source_failed.now - interval '15 minutes' THEN
		PERFORM api.alarm_raise(source_failed.now, 'source', failing.name, failing.error);
	END IF;
END $$;

GRANT EXECUTE ON FUNCTION
	api.account_open(text, text),
	api.messages_import(bigint, timestamptz, bytea[], bytea[], bigint[], boolean[], timestamptz[], bigint[], bigint[], bytea),
	api.messages_wake()
	TO fieldpost_intake, fieldpost_admin;
GRANT EXECUTE ON FUNCTION
	api.folder_open(bigint, text, bigint, timestamptz, boolean),
	api.uids_unseen(bigint, bigint[]),
	api.messages_ready(),
	api.messages_store(bigint, timestamptz, bigint[], bytea[], bytea[], bigint[], boolean[], timestamptz[], bigint[], bigint[], bytea),
	api.after_due(bigint, timestamptz, bigint),
	api.after_done(bigint, bigint[], timestamptz),
	api.after_failed(bigint, bigint[], text, timestamptz, timestamptz),
	api.source_ok(bigint, timestamptz, text, bigint),
	api.source_failed(bigint, timestamptz, text, text, timestamptz)
	TO fieldpost_intake;
GRANT EXECUTE ON FUNCTION api.source_failed(bigint, timestamptz, text, text, timestamptz) TO fieldpost_web;
