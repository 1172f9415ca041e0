-- Channels: requests stored once, whoever brings them; rounds of asking with their cursor and fence; how a channel fares.
BEGIN;
SELECT no_plan();

CREATE FUNCTION tap.message(d integer, id text, text text DEFAULT 'hello', more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('d', d, 'id', id, 'sender', '+243', 'reply_to', 'chat', 'text', text) || more
$$;
CREATE FUNCTION tap.store(accounts bigint[], messages jsonb) RETURNS TABLE (delivery bigint, ordinal bigint, message_id bigint, fresh boolean)
LANGUAGE sql AS $$
	SELECT * FROM api.channel_store('2026-11-01 10:00+00', accounts, array_fill('2026-11-01 09:59+00'::timestamptz, ARRAY[cardinality(accounts)]),
		array_fill('{"a": 1}'::bytea, ARRAY[cardinality(accounts)]), array_fill('{}'::text, ARRAY[cardinality(accounts)]), messages)
$$;

CREATE FUNCTION tap.round(account bigint, fence bigint, cursor text, id text, now timestamptz DEFAULT '2026-11-01 10:00+00')
RETURNS SETOF boolean LANGUAGE sql AS $$
	SELECT fresh FROM api.channel_store_round(now, account, fence, cursor, now, '[]', '{}', jsonb_build_array(tap.message(1, id)))
$$;

CREATE FUNCTION tap.mails(accounts bigint[], nonces text[], raws text[], now timestamptz DEFAULT '2026-11-01 10:00+00')
RETURNS TABLE (delivery bigint, fresh boolean, replayed boolean, known boolean) LANGUAGE sql AS $$
	SELECT m.delivery, m.fresh, m.replayed, m.message_id IS NOT NULL FROM api.channel_mails(now, accounts, array_fill(now, ARRAY[cardinality(accounts)]),
		nonces, ARRAY(SELECT sha256(convert_to(r, 'UTF8')) FROM unnest(raws) WITH ORDINALITY AS t (r, i) ORDER BY i),
		array_fill(9::bigint, ARRAY[cardinality(accounts)]), array_fill(false, ARRAY[cardinality(accounts)]),
		ARRAY(SELECT convert_to(r, 'UTF8') FROM unnest(raws) WITH ORDINALITY AS t (r, i) ORDER BY i)) m ORDER BY 1
$$;

SET LOCAL SESSION AUTHORIZATION fieldpost_web;
SELECT account_id AS one FROM api.channel_open('one') \gset
SELECT account_id AS two FROM api.channel_open('two') \gset
SELECT is((SELECT account_id FROM api.channel_open('one')), :one::bigint, 'a channel is opened once');
SELECT is((SELECT cursor FROM api.channel_open('one')), NULL, 'it has no cursor yet');

SELECT results_eq(format($$SELECT delivery, ordinal, fresh FROM tap.store(ARRAY[%s, %s], jsonb_build_array(
	tap.message(1, 'a'), tap.message(1, 'b'), tap.message(2, 'a')))$$, :one, :two),
	'VALUES (1::bigint, 1::bigint, true), (1, 2, true), (2, 3, true)', 'an id is of its channel: three messages of two requests');
SELECT results_eq(format($$SELECT fresh FROM tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'a', 'other words'), tap.message(1, 'c')))$$,
	:one), 'VALUES (false), (true)', 'what was there stays, what is new comes in');
SELECT results_eq(format($$SELECT fresh FROM tap.store(ARRAY[%s, %s], jsonb_build_array(tap.message(1, 'd'), tap.message(2, 'd')))$$, :one, :one),
	'VALUES (true), (false)', 'one id in two requests of one call is one message');
SELECT is((SELECT count(DISTINCT message_id) FROM tap.store(ARRAY[:one::bigint], jsonb_build_array(tap.message(1, 'a'), tap.message(1, 'd')))),
	2::bigint, 'a repeated message is named by its row');
SELECT results_eq(format($$SELECT fresh FROM tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'e', '2'), tap.message(1, 'f', '2')))$$, :one),
	'VALUES (true), (true)', 'two ids with the same words are two messages');
SELECT results_eq(format($$SELECT ordinal, fresh FROM tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'z9'), tap.message(1, 'z10'),
	tap.message(1, 'y'))) ORDER BY message_id$$, :one), 'VALUES (1::bigint, true), (2, true), (3, true)', 'numbered as they came');
SELECT is_empty(format($$SELECT * FROM tap.store(ARRAY[%s], '[]')$$, :one), 'nothing is nothing');
SELECT lives_ok(format($$SELECT tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'full', 'été', '{"name": "N", "language": "fr", "answers": "a",
	"edits": "b", "part_of": "p", "part": 2, "parts": 3, "sent_at": 1793527200.5, "place": [-1.5, 29.25],
	"media": [{"id": "m1", "type": "image/jpeg", "size": 5, "sha256": "00ff"}, {"url": "https://x/y"}]}')))$$, :one), 'all that can be known');
SELECT lives_ok(format($$SELECT tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'wild', '', '{"sent_at": 1e18}')))$$, :one),
	'a time that is none is left out');
SELECT throws_ok(format($$SELECT tap.store(ARRAY[%s], jsonb_build_array(tap.message(1, 'g') - 'sender'))$$, :one), '23502', NULL,
	'a message is somebody''s');
-- Mails.
SELECT results_eq(format($$SELECT * FROM tap.mails(ARRAY[%s, %s, %s], ARRAY['n1', NULL, NULL], ARRAY['mail 1', 'mail 2', 'mail 1'])$$, :one, :two, :two),
	'VALUES (1::bigint, true, false, true), (2, true, false, true), (3, false, false, true)', 'mails are known by what they are, whoever brings them');
SELECT results_eq(format($$SELECT * FROM tap.mails(ARRAY[%s, %s, %s, %s], ARRAY['n1', 'n1', 'n2', 'n2'], ARRAY['mail 3', 'mail 4', 'mail 5', 'mail 5'])$$,
	:one, :two, :one, :one), 'VALUES (1::bigint, false, true, false), (2, true, false, true), (3, true, false, true), (4, false, true, true)',
	'a nonce is taken once in its channel, also within one call');
SELECT results_eq(format($$SELECT * FROM tap.mails(ARRAY[%s], ARRAY['n1'], ARRAY['mail 6'], '2026-11-08 10:00:01+00')$$, :one),
	'VALUES (1::bigint, true, false, true)', 'for a week');

SELECT lives_ok($$SELECT api.channel_wake()$$, 'the readers are woken');
SELECT lives_ok(format($$SELECT api.channel_ok('2026-11-01 10:01+00', %s, '2026-11-01 10:00+00', '{"stored": 6, "repeated": 3}')$$, :one),
	'how it fares');
SELECT lives_ok(format($$SELECT api.channel_ok('2026-11-01 10:02+00', %s, NULL, '{"stored": 1}')$$, :one), 'and again');
SELECT throws_ok(format($$SELECT * FROM api.channel_store_round('2026-11-01 10:00+00', %s, 1, 'x', '2026-11-01 10:00+00', '', '{}', '[]')$$, :one),
	'42501', NULL, 'the web duty asks nobody');
RESET SESSION AUTHORIZATION;

SELECT is((SELECT count(*) FROM fieldpost.delivery), 8::bigint, 'a delivery without a new message is not kept');
SELECT is((SELECT row(size, channel, received_at AT TIME ZONE 'UTC', written_at AT TIME ZONE 'UTC', convert_from(raw, 'UTF8'))::text
	FROM fieldpost.message JOIN fieldpost.message_raw USING (message_id) WHERE provider_id = 'full'),
	'(5,one,"2026-11-01 09:59:00","2026-11-01 10:00:00.5",été)', 'the text is the raw of a message');
SELECT is((SELECT row(c.sender_name, c.language, c.answers_id, c.edits_id, c.part_of, c.part, c.parts, c.latitude, c.longitude,
	convert_from(d.body, 'UTF8'))::text FROM fieldpost.channel_message c JOIN fieldpost.delivery d USING (delivery_id)
	WHERE c.sender_name = 'N'), '(N,fr,a,b,p,2,3,-1.5,29.25,"{""a"": 1}")', 'and the rest beside it');
SELECT is((SELECT string_agg(row(ordinal, provider_id, url, sha256, size)::text, ' ' ORDER BY ordinal) FROM fieldpost.channel_media),
	'(1,m1,,"\\x00ff",5) (2,,https://x/y,,)', 'media wait');
SELECT results_eq($$SELECT counts FROM api.status_channels() WHERE channel = 'one'$$, $$VALUES ('{"stored": 7, "repeated": 3}'::jsonb)$$, 'counted');
SELECT is((SELECT last_message FROM fieldpost.account WHERE name = 'one'), '2026-11-01 10:00+00'::timestamptz, 'its last message');

SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT throws_like(format($$SELECT tap.round(%s, 1, '5', 'r1')$$, :two), '%is asked by another service now%', 'without a lease no round is stored');
SELECT fence FROM api.lease_take('channel:two', 'here', 60, '2026-11-01 10:00+00') \gset
SELECT results_eq(format($$SELECT tap.round(%s, %s, '5', 'r1')$$, :two, :fence), 'VALUES (true)', 'who holds it stores');
SELECT is((SELECT cursor FROM api.channel_open('two')), '5', 'and the cursor moved');
SELECT results_eq(format($$SELECT tap.round(%s, %s, NULL, 'r1')$$, :two, :fence), 'VALUES (false)', 'the same once more');
SELECT is((SELECT cursor FROM api.channel_open('two')), '5', 'without a cursor it stays');
SELECT throws_like(format($$SELECT tap.round(%s, %s, '6', 'r2')$$, :two, :fence + 1), '%another service%', 'a fence that is not the lease''s');
SELECT throws_like(format($$SELECT tap.round(%s, %s, '6', 'r2', '2026-11-01 10:02+00')$$, :two, :fence), '%another service%', 'a lease that lapsed');
SELECT is((SELECT cursor FROM api.channel_open('two')), '5', 'what was refused moved nothing');

SELECT finish();
ROLLBACK;
