-- The outbox: several rows recorded and claimed in one turn, destinations that refuse, what may not go any more, tokens.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = pg_catalog, fieldpost, tap, pg_temp;
CREATE FUNCTION tap.at(minutes integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE
	AS $$ SELECT '2026-11-21 08:00+00'::timestamptz + minutes * interval '1 minute' $$;
-- A turn that records one outcome of all these rows.
CREATE FUNCTION tap.turn(minutes integer, wanted bigint, ids bigint[] DEFAULT '{}', outcome text DEFAULT '')
RETURNS TABLE (outbox_id bigint, recipient text, attempts bigint, token text) LANGUAGE sql
AS $$
	SELECT t.outbox_id, t.recipient, t.attempts, t.token FROM api.outbox_turn(tap.at(turn.minutes), 'mail', turn.ids,
		array_fill(turn.outcome, ARRAY[cardinality(turn.ids)]), array_fill(tap.at(turn.minutes), ARRAY[cardinality(turn.ids)]),
		array_fill('why'::text, ARRAY[cardinality(turn.ids)]), array_fill(true, ARRAY[cardinality(turn.ids)]), turn.wanted) t
$$;
CREATE FUNCTION tap.put(name text, domain text, count integer, kind text DEFAULT 'request') RETURNS void LANGUAGE sql
AS $$
	INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at)
	SELECT put.kind, put.name || i || '@' || put.domain, format('<%s%s@%s>', put.name, i, put.domain),
		put.kind || put.name || i || put.domain, '{}', tap.at(0), tap.at(0) FROM generate_series(1, put.count) i
$$;
UPDATE fieldpost.instance SET confirmed = true;
CREATE TEMP TABLE taken (outbox_id bigint, recipient text, attempts bigint, token text);

SELECT tap.put('a', 'example.org', 10);
SELECT is((SELECT count(*) FROM tap.turn(-1, 10)), 0::bigint, 'nothing before its time');
INSERT INTO taken SELECT * FROM tap.turn(1, 4);
SELECT results_eq('SELECT recipient FROM taken', $$SELECT 'a' || i || '@example.org' FROM generate_series(1, 4) i$$,
	'as many as are wanted, in their order');
SELECT is((SELECT count(*) FROM tap.turn(1, 0)), 0::bigint, 'none when none is wanted');
SELECT is((SELECT count(*) FROM fieldpost.outbox_held()), 4::bigint, 'what was claimed is held');
SELECT is((SELECT array_agg(recipient) FROM tap.turn(2, 2, (SELECT array_agg(outbox_id) FROM taken), 'sent')),
	'{a5@example.org,a6@example.org}', 'four are recorded and two are claimed, none of them again');
SELECT is((SELECT count(*) FROM fieldpost.outbox WHERE state = 'sent' AND sent_at = tap.at(2)), 4::bigint, 'four are sent');
SELECT is((SELECT count(*) FROM fieldpost.outbox_held()), 2::bigint, 'what was recorded is held no more');
SELECT is((SELECT count(*) FROM tap.turn(2, 100)), 4::bigint, 'the session that holds rows gets others');
SELECT is((SELECT count(*) FROM tap.turn(2, 100)), 0::bigint, 'and then none');

-- What a bounce's address says.
SELECT matches(token, '^[0-9a-f]+-[0-9a-f]{16}$', 'digits and a to f') FROM taken LIMIT 1;
SELECT is((SELECT array_agg(fieldpost.outbox_of_token(upper(token)) ORDER BY outbox_id) FROM taken),
	(SELECT array_agg(outbox_id ORDER BY outbox_id) FROM taken), 'names the mail, in any case');
SELECT is(fieldpost.outbox_of_token(overlay(token PLACING CASE right(token, 1) WHEN '0' THEN '1' ELSE '0' END FROM length(token))), NULL,
	'and no other') FROM taken LIMIT 1;
SELECT is(fieldpost.outbox_of_token(t), NULL, 'no token: ' || t)
FROM unnest('{"",x,1-,-0123456789abcdef,0-0123456789abcdef,ffffffffffffffff-0123456789abcdef,1-0123456789abcdefg}'::text[]) t;
SELECT is((SELECT count(*) FROM fieldpost.outbox_of_token(NULL) t WHERE t IS NOT NULL), 0::bigint, 'nothing names nothing');

-- A destination that refuses three times in a row rests; the others go on.
TRUNCATE fieldpost.outbox CASCADE;
SELECT pg_advisory_unlock_all();
DELETE FROM taken;
SELECT tap.put('b', 'Full.example', 600);
SELECT tap.put('c', 'example.org', 3);
INSERT INTO taken SELECT * FROM tap.turn(10, 4);
SELECT count(*) FROM tap.turn(10, 0, (SELECT array_agg(outbox_id) FROM (SELECT outbox_id FROM taken LIMIT 2) t), 'later');
SELECT is((SELECT rests_until FROM fieldpost.outbox_destination WHERE destination = 'full.example'), NULL, 'twice: not yet');
SELECT count(*) FROM tap.turn(10, 0, (SELECT array_agg(outbox_id) FROM (SELECT outbox_id FROM taken OFFSET 2) t), 'later');
SELECT results_eq('SELECT destination, failures, rests_until, last_error FROM fieldpost.outbox_destination',
	$$VALUES ('full.example', 3, tap.at(11), 'why')$$, 'the third time it rests; what was on its way does not count');
SELECT is((SELECT array_agg(recipient) FROM (SELECT * FROM tap.turn(10, 3) UNION ALL SELECT * FROM tap.turn(10, 3)) t),
	'{c1@example.org,c2@example.org,c3@example.org}', 'the others go on');
SELECT is((SELECT count(*) FROM fieldpost.outbox WHERE next_at = tap.at(11)), 596::bigint, 'its mails wait for the end of its rest, as far as they stood in the way');
DELETE FROM taken;
INSERT INTO taken SELECT * FROM tap.turn(11, 1);
SELECT is((SELECT recipient FROM taken), 'b1@Full.example', 'then they are tried again');
SELECT count(*) FROM tap.turn(11, 0, (SELECT array_agg(outbox_id) FROM taken), 'later');
SELECT is((SELECT rests_until FROM fieldpost.outbox_destination), tap.at(13), 'and refused: a longer rest');
UPDATE fieldpost.outbox_destination SET failures = 60, rests_until = tap.at(13);
DELETE FROM taken;
INSERT INTO taken SELECT * FROM tap.turn(14, 1);
SELECT count(*) FROM tap.turn(14, 0, (SELECT array_agg(outbox_id) FROM taken), 'later');
SELECT is((SELECT rests_until FROM fieldpost.outbox_destination), tap.at(74), 'an hour at most');
DELETE FROM taken;
INSERT INTO taken SELECT * FROM tap.turn(75, 1);
SELECT count(*) FROM tap.turn(75, 0, (SELECT array_agg(outbox_id) FROM taken), 'retry');
SELECT is((SELECT failures FROM fieldpost.outbox_destination), 61, 'a broken line is not the destination''s doing');
DELETE FROM taken;
INSERT INTO taken SELECT * FROM tap.turn(76, 1);
SELECT count(*) FROM tap.turn(76, 0, (SELECT array_agg(outbox_id) FROM taken), 'sent');
SELECT is_empty('SELECT * FROM fieldpost.outbox_destination', 'one that is taken ends it');

-- What may not go any more is cancelled: what was asked for goes all the same.
TRUNCATE fieldpost.outbox CASCADE;
SELECT pg_advisory_unlock_all();
SELECT tap.put(kind, 'Example.org', 1, kind) FROM unnest('{request,reminder,acknowledgement}'::text[]) kind;
INSERT INTO fieldpost.suppression (address, reason, since)
	SELECT lower(recipient), 'asked', tap.at(0) FROM fieldpost.outbox;
SELECT is((SELECT array_agg(recipient) FROM tap.turn(80, 10)), '{acknowledgement1@Example.org}', 'who asked for no more is not asked');
SELECT is((SELECT array_agg(kind ORDER BY kind) FROM fieldpost.outbox WHERE state = 'cancelled'), '{reminder,request}', 'the rest is cancelled');
-- What a member is told of their orders holds a practitioner's words: not to who was taken off meanwhile.
SELECT tap.put('member', 'example.org', 3, 'order');
INSERT INTO fieldpost.team (name) VALUES ('Justice');
INSERT INTO fieldpost.member (team_id, name, address, clearance, active) SELECT team_id, 'M', 'member' || i || '@example.org', 'no-name', i = 1
	FROM fieldpost.team, generate_series(1, 2) i;
SELECT is((SELECT array_agg(recipient) FROM tap.turn(81, 10)), '{member1@example.org}', 'orders: to who is a member');
SELECT is((SELECT count(*) FROM fieldpost.outbox WHERE kind = 'order' AND state = 'cancelled'), 2::bigint, 'not to who was, or never was');

SELECT * FROM finish();
ROLLBACK;
