-- Media of channels' messages, and the outbox of channels.
BEGIN;
SELECT no_plan();

SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT account_id AS account FROM api.channel_open('bot') \gset
SELECT fence AS fence FROM api.lease_take('channel:bot', 'here', 60, '2026-11-01 10:00+00') \gset
SELECT message_id AS message FROM api.channel_store_round('2026-11-01 10:00+00', :account, :fence, '8', '2026-11-01 10:00+00', 'x', '{}',
	'[{"d": 1, "id": "m1", "sender": "s", "reply_to": "s", "text": "", "media": [{"id": "a", "type": "image/jpeg", "size": 3}, {"id": "b"}]}]') \gset

SELECT is_empty($$SELECT * FROM api.media_claim('other', '2026-11-01 10:01+00', '2026-11-01 10:11+00')$$, 'another channel has none');
SELECT results_eq($$SELECT ordinal, provider_id, size, attempts FROM api.media_claim('bot', '2026-11-01 10:01+00', '2026-11-01 10:11+00')$$,
	$$VALUES (1::bigint, 'a', 3::bigint, 1::bigint)$$, 'the first one is claimed');
SELECT results_eq($$SELECT ordinal, provider_id FROM api.media_claim('bot', '2026-11-01 10:01+00', '2026-11-01 10:11+00')$$,
	$$VALUES (2::bigint, 'b')$$, 'then the second one');
SELECT is_empty($$SELECT * FROM api.media_claim('bot', '2026-11-01 10:10+00', '2026-11-01 10:20+00')$$, 'nobody gets them while they are claimed');
SELECT results_eq($$SELECT ordinal, attempts FROM api.media_claim('bot', '2026-11-01 10:11+00', '2026-11-01 10:21+00')$$,
	$$VALUES (1::bigint, 2::bigint)$$, 'what was not settled is claimed again');
SELECT lives_ok(format($$SELECT api.media_done(%s, 1, '2026-11-01 10:12+00', 'p.jpg', 'image/jpeg', sha256('abc'), 'abc')$$, :message), 'done');
SELECT lives_ok(format($$SELECT api.media_done(%s, 1, '2026-11-01 10:13+00', 'q.jpg', 'image/png', sha256('d'), 'd')$$, :message), 'done twice');
SELECT lives_ok(format($$SELECT api.media_failed(%s, 2, '2026-11-01 10:12+00', 'busy', '2026-11-01 10:30+00')$$, :message), 'not now');
SELECT is_empty($$SELECT * FROM api.media_claim('bot', '2026-11-01 10:29+00', '2026-11-01 10:40+00')$$, 'not before its time');
SELECT isnt_empty($$SELECT * FROM api.media_claim('bot', '2026-11-01 10:30+00', '2026-11-01 10:40+00')$$, 'at its time');
SELECT lives_ok(format($$SELECT api.media_failed(%s, 2, '2026-11-01 10:31+00', 'gone', NULL)$$, :message), 'never again');
SELECT is_empty($$SELECT * FROM api.media_claim('bot', '2026-12-01', '2026-12-02')$$, 'nothing is left to do');
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT part, name, type, size, bytes FROM fieldpost.attachment$$,
	$$VALUES ('1', 'p.jpg', 'image/jpeg', 3::bigint, 'abc'::bytea)$$, 'one attachment, as it was fetched first');
SELECT results_eq($$SELECT state::text, error FROM fieldpost.channel_media ORDER BY ordinal$$, $$VALUES ('done', NULL), ('refused', 'gone')$$,
	'the states');
SELECT results_eq($$SELECT what, count FROM fieldpost.channel_count ORDER BY what$$,
	$$VALUES ('media', 1::bigint), ('media-refused', 1)$$, 'the counts');

-- What a flood brings, or one person beyond a day's measure, is not fetched; what others send is.
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT count(*) FROM api.channel_store_round('2026-11-01 10:00:30+00', :account, :fence, '9', '2026-11-01 10:00:30+00', 'x', '{}',
	'[{"d": 1, "id": "f1", "sender": "f", "reply_to": "f", "text": "x", "media": [{"id": "flood"}]},
	  {"d": 1, "id": "g1", "sender": "g", "reply_to": "g", "text": "x", "media": [{"id": "large"}, {"id": "after"}]},
	  {"d": 1, "id": "h1", "sender": "h", "reply_to": "h", "text": "x", "media": [{"id": "honest"}]}]');
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.message SET state = 'ignored', reason = 'flood' WHERE provider_id = 'f1';
INSERT INTO fieldpost.attachment (message_id, part, name, type, size, sha256) SELECT message_id, '1', 'x', 'x', fieldpost.media_a_day() + 1, '' FROM fieldpost.message WHERE provider_id = 'g1';
SELECT results_eq($$SELECT provider_id, attempts FROM api.media_claim('bot', '2026-11-01 10:40+00', '2026-11-01 10:50+00')$$, $$VALUES ('honest', 1::bigint)$$,
	'a medium of somebody else is next');
SELECT results_eq($$SELECT provider_id, error FROM fieldpost.channel_media WHERE state = 'refused' AND provider_id <> 'b' ORDER BY message_id, ordinal$$,
	$$VALUES ('flood', 'its message is beyond what a person writes'), ('large', 'more than 200 MiB of one person within a day'),
	('after', 'more than 200 MiB of one person within a day')$$, 'and those that are refused say why');
SELECT is((SELECT count FROM fieldpost.channel_count WHERE what = 'media-refused'), 4::bigint, 'counted');

-- The outbox: a channel claims what is its own.
INSERT INTO fieldpost.outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES
	('acknowledgement', 'bot', '7', '<1@x>', '1', '{}', '2026-11-01', '2026-11-01'),
	('acknowledgement', 'sms', '+1', '<2@x>', '2', '{}', '2026-11-01', '2026-11-01');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is_empty($$SELECT * FROM api.outbox_turn('2026-11-02', 'mail', '{}', '{}', '{}', '{}', '{}', 10)$$, 'none of them is a mail');
SELECT outbox_id AS row FROM api.outbox_turn('2026-11-02', 'bot', '{}', '{}', '{}', '{}', '{}', 10) \gset
SELECT lives_ok(format($$SELECT api.outbox_part(%s, 1, '7/1', '2026-11-02')$$, :row), 'a part is recorded');
SELECT lives_ok(format($$SELECT api.outbox_part(%s, 1, '7/9', '2026-11-02')$$, :row), 'and again');
SELECT api.outbox_turn('2026-11-02', 'mail', ARRAY[:row::bigint], '{retry}', ARRAY['2026-11-03'::timestamptz], ARRAY['cut'], '{t}', 0);
SELECT results_eq($$SELECT outbox_id, parts FROM api.outbox_turn('2026-11-03', 'bot', '{}', '{}', '{}', '{}', '{}', 10)$$, format('VALUES (%s::bigint, 1::bigint)', :row),
	'claimed again it says how much of it went out');
SELECT api.outbox_turn('2026-11-03', 'mail', ARRAY[:row::bigint], '{failed}', ARRAY['2026-11-03'::timestamptz], ARRAY['blocked'], '{t}', 0);
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT kind, object FROM fieldpost.alarm$$, $$VALUES ('message-failed', 'bot:7')$$, 'what is given up is an alarm');

SELECT * FROM finish();
ROLLBACK;
