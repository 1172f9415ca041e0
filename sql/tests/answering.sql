-- Who may be answered: nothing automatic, nobody who asked for silence, not ourselves, and not without end.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, fieldpost;

-- A mail that was settled; its number.
CREATE FUNCTION tap.settled(name text, sender text, state text, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	stored bigint;
BEGIN
	SELECT message_ids[1] INTO stored FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')),
		'2026-11-10 08:00+00', ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint],
		ARRAY[false], ARRAY['2026-11-10 07:00+00'::timestamptz], ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'));
	UPDATE message SET state = settled.state::message_state, reason = (more ->> 'reason')::message_reason, from_address = sender,
		automatic = coalesce((more ->> 'automatic')::boolean, false), result = more -> 'result' WHERE message_id = stored;
	RETURN stored;
END $$;
CREATE FUNCTION tap.asked(name text, sender text, state text, more jsonb DEFAULT '{}', hours integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(may_answer(settled(name, sender, state, more), '2026-11-10 09:00+00'::timestamptz + hours * interval '1 hour'), 'yes')
$$;

SELECT is(may_answer(999999, now()), 'unknown', 'what is not there is not answered');
SELECT is(asked('a1', 'a@example.org', 'filed'), 'yes', 'a reply is answered');
SELECT is(may_answer((SELECT max(message_id) FROM message), '2026-11-10 09:00+00'), NULL, 'asked again: yes again');
SELECT is((SELECT count(*) FROM answer_given), 1::bigint, 'and it counts once');
SELECT is(asked('b1', 'b@example.org', 'filed', '{"automatic": true}'), 'automatic', 'what says that a program or a list sent it');
SELECT is(asked('b2', 'b@example.org', 'ignored', '{"reason": "bounce"}'), 'automatic', 'a bounce');
SELECT is(asked('b3', 'b@example.org', 'ignored', '{"reason": "auto-reply"}'), 'automatic', 'an automatic reply');
SELECT is(asked('c1', NULL, 'review'), 'no-address', 'nobody');
SELECT is(asked('c2', '', 'review'), 'no-address', 'an empty name');
SELECT is(asked('c3', '@example.org', 'review'), 'no-address', 'no address');
SELECT is(asked('c4', repeat('x', 308) || '@example.org', 'filed'), 'yes', 'as long as an address may be');
SELECT is(asked('c5', repeat('x', 309) || '@example.org', 'filed'), 'no-address', 'longer: none');

-- Ourselves.
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT lives_ok($$SELECT api.own_addresses_set('mailboxes', '{Feedback@Example.org,old@example.org}')$$, 'our addresses');
SELECT lives_ok($$SELECT api.own_addresses_set('mailboxes', '{feedback@example.org,office@example.org}')$$, 'change');
SELECT throws_ok($$SELECT fieldpost.may_answer(1, now())$$, '42501', NULL, 'a duty does not ask by itself');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT lives_ok($$SELECT api.own_addresses_set('smtp', '{office@example.org}')$$, 'so does the other part of the config');
RESET SESSION AUTHORIZATION;
SELECT set_eq('SELECT DISTINCT address FROM own_address', '{feedback@example.org,office@example.org}'::text[], 'and those of the config are there');
SELECT is(asked('d1', 'feedback@example.org', 'filed'), 'own-address', 'our own address is not answered');
SELECT is(asked('d2', 'Feedback+FP-7K3M9QXA2D@example.org', 'filed'), 'own-address', 'nor with a tag');
SELECT is(asked('d3', 'old@example.org', 'filed'), 'yes', 'one that is no longer ours is');

-- Who asked for no more.
INSERT INTO suppression (address, reason, since) VALUES ('e@example.org', 'asked', '2026-11-01');
SELECT is(asked('e1', 'E@Example.org', 'ignored'), 'suppressed', 'who asked for silence has it');
SELECT is(asked('e2', 'E@Example.org', 'filed'), 'yes', 'unless they reply all the same');
UPDATE suppression SET since = '2026-11-20';
SELECT is(asked('e3', 'E@Example.org', 'filed'), 'suppressed', 'later than they asked for it');
UPDATE suppression SET reason = 'bounced', since = '2026-11-01';
SELECT is(asked('e4', 'E@Example.org', 'filed'), 'suppressed', 'nothing goes where nothing arrives');

-- Many.
SELECT is((SELECT string_agg(asked('f' || n, 'f@example.org', 'review', '{"result": {"values": {"sharing": "no-name"}, "provenance": {}}}', n), ' ' ORDER BY n) FROM generate_series(0, 2) n),
	'yes too-many too-many', 'without an answer to a form: once');
SELECT is(asked('f7', 'f+x@example.org', 'ignored'), 'too-many', 'a tag makes nobody else of them');
SELECT is(asked('f8', 'f@example.org', 'filed'), 'yes', 'a reply that answers something is answered all the same');
SELECT is(asked('f9', 'f@example.org', 'review', '{"result": {"values": {}, "provenance": {"country": {"raw": "Nepall"}}}}'), 'yes', 'one that answers a part, too');
SELECT is(asked('f10', 'f@example.org', 'ignored', '{}', 24), 'yes', 'and a day later it is new');
SELECT is((SELECT string_agg(asked('g' || n, 'g@example.org', 'filed'), ' ') FROM generate_series(1, 12) n),
	repeat('yes ', 10) || 'too-many too-many', 'replies: ten a day');
SELECT is((SELECT count(*) FROM answer_given WHERE given_at <= '2026-11-10 09:00+00'), 10::bigint, 'older ones');
SELECT is(asked('h1', 'h@example.org', 'filed', '{}', 48), 'yes', 'are forgotten');
SELECT is((SELECT count(*) FROM answer_given), 1::bigint, 'when they no longer count');
SELECT is((SELECT count(*) FROM generate_series(1, 203) n WHERE asked('i' || n, 'i' || n || '@example.org', 'ignored', '{}', 48) = 'yes'),
	200::bigint, 'many senders without an answer: no more than so many in all');
SELECT is(asked('i999', 'i999@example.org', 'ignored', '{}', 48), 'too-many-in-all', 'the next');
SELECT is(asked('j1', 'j@example.org', 'filed', '{}', 48), 'yes', 'which keeps nobody else from being answered');

-- A channel's message.
SELECT account_id AS sms FROM api.channel_open('sms') \gset
SELECT message_id AS sms FROM api.channel_store('2026-11-10 09:00+00', ARRAY[:sms::bigint], ARRAY['2026-11-10 09:00+00'::timestamptz], ARRAY['{}'::bytea],
	ARRAY['{}'::text], '[{"d": 1, "id": "1", "sender": "+23276123456", "reply_to": "+23276123456", "name": "", "text": "x"}]') \gset
UPDATE message SET state = 'filed', from_address = '+23276123456' WHERE message_id = :sms;
INSERT INTO suppression (channel, address, reason, since) VALUES ('sms', '+23276123456', 'asked', '2026-11-01');
SELECT is(may_answer(:sms, '2026-11-12 09:00+00'), 'suppressed', 'a number that asked for silence');
DELETE FROM suppression WHERE channel = 'sms';
SELECT is(may_answer(:sms, '2026-11-12 09:00+00'), NULL, 'one that did not');

SELECT finish();
ROLLBACK;
