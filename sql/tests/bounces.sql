-- What reports and the wish to be left alone lead to.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, fieldpost;

INSERT INTO form VALUES ('trial');
INSERT INTO form_version VALUES ('trial', 1, 'x', 'y', '{"en": "Trial"}', '[]', NULL, NULL, false, now());
INSERT INTO identity.contact (name, language) VALUES ('Aminata', 'fr'), ('Bintu', 'en'), ('Chandra', 'ne');
INSERT INTO identity.contact_address (address, contact_id, ordinal)
SELECT lower(name) || '@example.net', contact_id, 1 FROM identity.contact UNION ALL
SELECT lower(name) || '@second.example', contact_id, 2 FROM identity.contact;
SELECT contact_id AS aminata FROM identity.contact WHERE name = 'Aminata' \gset
SELECT contact_id AS bintu FROM identity.contact WHERE name = 'Bintu' \gset
SELECT contact_id AS chandra FROM identity.contact WHERE name = 'Chandra' \gset
SELECT api.own_addresses_set('smtp', '{feedback@fieldpost.example}');

-- A request that was sent, and its mail in the outbox.
CREATE FUNCTION tap.asked(person bigint, code text, address text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO request (reference, contact_id, form_id, form_version, language, state, header_id, asked_at)
	VALUES ('FP-' || code, person, 'trial', 1, 'en', 'sent', '<' || code || '@fieldpost.example>', '2026-11-01');
	INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, state, created_at, next_at, claimed_at, request_id)
	SELECT 'request', asked.address, '<' || code || '@fieldpost.example>', code, '{}'::bytea, 'sent'::outbox_state, '2026-11-01'::timestamptz,
		'2026-11-01'::timestamptz, '2026-11-01'::timestamptz, q.request_id FROM request q WHERE q.reference = 'FP-' || code
	UNION ALL SELECT 'reminder', asked.address, '<r' || code || '@fieldpost.example>', 'r' || code, '{}', 'waiting', '2026-11-01', '2026-11-01', NULL,
		q.request_id FROM request q WHERE q.reference = 'FP-' || code;
$$;
CREATE FUNCTION tap.mail(name text, sender text, result jsonb, received timestamptz, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	stored bigint;
BEGIN
	SELECT message_ids[1] INTO stored FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), received,
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint], ARRAY[false], ARRAY[received],
		ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'));
	PERFORM api.parse_file(received, jsonb_build_array(jsonb_build_object('message_id', stored, 'result', jsonb_build_object('outcome', 'ignored',
		'reason', NULL, 'template', NULL, 'reference', NULL, 'language', NULL, 'values', '{}'::jsonb, 'errors', '{}'::jsonb, 'found', '{}'::jsonb, 'suggestions',
		'{}'::jsonb, 'provenance', '{}'::jsonb, 'attachments', '[]'::jsonb, 'mail', jsonb_build_object('message_id', '<' || name || '@x>', 'from_name', '',
		'from_address', sender, 'to', '', 'subject', 'Re: A question', 'in_reply_to', '', 'references', '', 'date', 0, 'automatic', false) || more) || result)));
	RETURN stored;
END $$;
CREATE FUNCTION tap.bounce(name text, ids text[], address text, status text, day integer, more jsonb DEFAULT '{}', action text DEFAULT 'failed') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	stored bigint;
BEGIN
	stored := tap.mail(name, 'mailer-daemon@mx.example', jsonb_build_object('reason', 'bounce', 'report', jsonb_build_object('kind', 'delivery', 'ids',
		to_jsonb(ids), 'places', '[]'::jsonb, 'recipients', jsonb_build_array(jsonb_build_object('address', address, 'original', '', 'action', action,
		'status', status, 'diagnostic', '550 ' || status || ' no')))) || more, '2026-11-01 08:00+00'::timestamptz + day * interval '1 day', '{"automatic": true}');
	RETURN coalesce((SELECT b.weight || ' ' || b.matched || ' ' || b.address || ' ' || coalesce((SELECT q.state::text FROM request q
		WHERE q.request_id = b.request_id), '-') FROM bounce b WHERE b.message_id = stored), 'nothing');
END $$;
CREATE FUNCTION tap.suppressed() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(address || ' ' || reason, ', ' ORDER BY address), 'none') FROM suppression
$$;

SELECT asked(:aminata, '0000000001', 'aminata@example.net'), asked(:bintu, '0000000002', 'bintu@example.net'),
	asked(:chandra, '0000000003', 'chandra@second.example');

-- Which mail, and how heavy.
SELECT is(tap.bounce('a1', '{<x@y>,<0000000001@fieldpost.example>}', 'other@example.net', '5.1.1', 1),
	'hard message-id aminata@example.net bounced', 'by the Message-ID: the address that we wrote to');
SELECT is(suppressed(), 'none', 'one does not suspend');
SELECT is(tap.bounce('a2', '{}', 'aminata@example.net', '5.1.1', 1, '{"reference": "FP-0000000001"}'),
	'hard reference aminata@example.net bounced', 'by the reference');
SELECT is(suppressed(), 'none', 'two on one day neither');
SELECT is(tap.bounce('a3', '{<r0000000001@fieldpost.example>}', 'aminata@example.net', '5.1.10', 3), 'hard message-id aminata@example.net bounced',
	'of a reminder');
SELECT is(suppressed(), 'aminata@example.net bounced', 'days apart they do');
SELECT outbox_token(outbox_id, header_id) AS token FROM outbox WHERE header_id = '<0000000003@fieldpost.example>' \gset
SELECT results_eq(format($$SELECT matched, address FROM report_match('{"places": ["x <bounces+%s@fieldpost.example>"], "ids": ["<0000000001@fieldpost.example>"]}', NULL, '')$$,
	upper(:'token')), $$VALUES ('return-path', 'chandra@second.example')$$, 'by the return path, which comes before all else');
SELECT is((SELECT matched FROM report_match('{"places": ["bounces+1-0123456789abcdef@fieldpost.example"], "ids": []}', NULL, '')), NULL, 'a token that is not ours');
SELECT is(tap.bounce('b1', '{}', 'Bintu@Example.net', '5.1.1', 1), 'soft address bintu@example.net bounced',
	'by the address alone it may be anybody''s word: no hard one');
SELECT is(tap.bounce('b2', '{}', 'bintu@example.net', '5.1.1', 5), 'soft address bintu@example.net -', 'with no request open, too');
SELECT is(suppressed(), 'aminata@example.net bounced', 'and it does not suspend so fast');
SELECT is(tap.bounce('x1', '{<a@b>}', 'stranger@example.net', '5.1.1', 1), 'nothing', 'of a mail that is not ours: nothing');
SELECT is(tap.bounce('x2', '{}', '', '5.1.1', 1, '{"reference": "FP-ZZZZZZZZZZ"}'), 'nothing', 'a reference that we never sent: nothing');
SELECT is(tap.bounce('c1', '{<0000000003@fieldpost.example>}', 'chandra@second.example', '4.4.1', 1, '{}', 'delayed'),
	'delayed message-id chandra@second.example sent', 'a delay is none');
SELECT is(tap.bounce('c2', '{<0000000003@fieldpost.example>}', 'chandra@second.example', '5.7.26', 1),
	'ours message-id chandra@second.example bounced', 'what is refused for what we are');
SELECT is(tap.bounce('c3', '{<0000000003@fieldpost.example>}', 'chandra@second.example', '5.7.26', 20), 'ours message-id chandra@second.example bounced', 'however often');
SELECT is(suppressed(), 'aminata@example.net bounced', 'suspends nobody');
SELECT results_eq($$SELECT kind, object, count FROM alarm WHERE kind = 'mail-refused'$$, $$VALUES ('mail-refused', '5.7.26 second.example', 2::bigint)$$, 'and is an alarm');
SELECT is(tap.bounce('b5', '{}', 'bintu@example.net', '5.7.999', 2), 'ours address bintu@example.net -', 'known by the address alone');
SELECT is((SELECT count(*) FROM alarm WHERE kind = 'mail-refused'), 1::bigint, 'it is no alarm');
SELECT is(tap.bounce('b6', '{}', 'bintu@example.net', '5.2.2', 20), 'soft address bintu@example.net -', 'for weeks');
SELECT is(suppressed(), 'aminata@example.net bounced', 'it suspends nobody: anybody could write such reports');
SELECT is(tap.bounce('b3', '{<0000000002@fieldpost.example>}', 'bintu@example.net', '5.2.2', 16), 'soft message-id bintu@example.net bounced', 'full for');
SELECT is(suppressed(), 'aminata@example.net bounced', 'a day, of which we can be sure');
SELECT is(tap.bounce('b7', '{<0000000002@fieldpost.example>}', 'bintu@example.net', '5.2.2', 30), 'soft message-id bintu@example.net bounced', 'for');
SELECT is(suppressed(), 'aminata@example.net bounced, bintu@example.net bounced', 'two weeks suspends');

-- By the address alone it is about what was sent to that very address.
UPDATE request SET state = 'sent', address = 'chandra@second.example' WHERE reference = 'FP-0000000003';
SELECT is(tap.bounce('c4', '{}', 'chandra@example.net', '5.1.1', 1), 'soft address chandra@example.net -', 'another address of the person');
UPDATE request SET channel = 'telegram', address = 'chandra@example.net' WHERE reference = 'FP-0000000003';
SELECT is(tap.bounce('c5', '{}', 'chandra@example.net', '5.1.1', 1), 'soft address chandra@example.net -', 'asked by another channel');
UPDATE request SET channel = 'mail' WHERE reference = 'FP-0000000003';
SELECT is(tap.bounce('c6', '{}', 'Chandra@example.net', '5.1.1', 1), 'soft address chandra@example.net bounced', 'that one');

-- Who writes can be reached.
SELECT tap.mail('alive', 'Bintu@example.net', '{}', '2026-11-20');
SELECT is(suppressed(), 'aminata@example.net bounced', 'a mail from there lifts it');
SELECT is(tap.bounce('b4', '{<0000000002@fieldpost.example>}', 'bintu@example.net', '5.2.2', 21), 'soft message-id bintu@example.net bounced', 'and');
SELECT is(suppressed(), 'aminata@example.net bounced', 'it counts from new');
SELECT tap.mail('away', 'Aminata@example.net', '{"reason": "auto-reply"}', '2026-11-20', '{"automatic": true}');
SELECT is(suppressed(), 'aminata@example.net bounced', 'an automatic reply does not lift it');
SELECT tap.mail('forged', 'Aminata@example.net', '{}', '2026-11-20', '{"authentication": "fail"}');
SELECT is(suppressed(), 'aminata@example.net bounced', 'nor does a mail that passes for theirs');

-- When the server refuses it at once.
UPDATE outbox SET state = 'failed', last_error = 'smtp.example.org said: 550 5.1.1 <chandra@second.example>: User unknown', claimed_at = '2026-11-21'
WHERE header_id = '<r0000000003@fieldpost.example>';
SELECT results_eq($$SELECT weight::text, status, matched, address, message_id IS NULL FROM bounce WHERE matched = 'sending'$$,
	$$VALUES ('hard', '5.1.1', 'sending', 'chandra@second.example', true)$$, 'is a bounce as well');

-- A reader of digests.
INSERT INTO team (name) VALUES ('Justice');
INSERT INTO member (team_id, name, address) SELECT team_id, 'Reader', 'Reader@Example.org' FROM team;
INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, state, created_at, next_at) VALUES ('digest', 'Reader@Example.org', '<d0@fieldpost.example>', 'd0', '{}', 'sent',
	'2026-11-01', '2026-11-01');
SELECT is(tap.bounce('d1', '{<d0@fieldpost.example>}', 'reader@example.org', '5.1.1', 1), 'hard message-id reader@example.org -', 'a digest that does not arrive');
SELECT tap.bounce('d2', '{<d0@fieldpost.example>}', 'reader@example.org', '5.1.1', 8);
SELECT results_eq($$SELECT object FROM alarm WHERE kind = 'reader-unreachable' AND cleared_at IS NULL$$, $$VALUES ('reader@example.org')$$, 'is an alarm when it is suspended');
SELECT tap.mail('reader', 'reader@example.org', '{}', '2026-11-21');
SELECT is((SELECT count(*) FROM alarm WHERE kind = 'reader-unreachable' AND cleared_at IS NULL), 0::bigint, 'until they write');
INSERT INTO suppression (address, reason, since) VALUES ('reader@example.org', 'bounced', '2026-11-21');
SELECT tap.mail('order', 'reader@example.org', '{"outcome": "review", "reason": "no-answers", "orders": {"items": [{"number": 1, "verb": "read", "words": ""}]}}', '2026-11-21') AS ordered \gset
SELECT is((SELECT state || ' ' || reason FROM message WHERE message_id = :ordered), 'ignored order-refused', 'what they order in a digest''s line');
SELECT is(suppressed(), 'aminata@example.net bounced', 'is a mail of theirs as well');
SELECT is((SELECT string_agg(kind::text, ' ') FROM order_told), 'no-token', 'and they are told');
DELETE FROM suppression WHERE address = 'reader@example.org';

-- A complaint.
SELECT asked(:chandra, '0000000004', 'chandra@example.net');
SELECT tap.mail('abuse0', 'fbl@provider.example', '{"reason": "auto-reply", "report": {"kind": "abuse", "ids": [], "places": [], "recipients": []}}', '2026-11-21', '{"automatic": true}');
SELECT tap.mail('abuse1', 'fbl@provider.example', '{"reason": "auto-reply", "reference": "FP-0000000004", "report": {"kind": "abuse", "ids": [], "places": [], "recipients": []}}',
	'2026-11-21', '{"automatic": true}');
SELECT is(suppressed(), 'aminata@example.net bounced, chandra@example.net unsubscribed, chandra@second.example unsubscribed',
	'a complaint that knows our mail ends it at once, for all of their addresses');
SELECT is((SELECT state::text FROM request WHERE reference = 'FP-0000000004'), 'closed', 'with its request');
SELECT results_eq($$SELECT name, lifted FROM api.people_resume('2026-11-22', 'cli:op', 'chandra@second.example', 'they wrote that it was a slip')$$,
	$$VALUES ('Chandra', 'paused, stopped, unsubscribed')$$, 'until somebody takes it back');
SELECT is((SELECT concat_ws(' ', paused, stopped_at) FROM identity.contact WHERE contact_id = :chandra) || ' ' || suppressed(), 'f aminata@example.net bounced',
	'then they may be asked again');
SELECT is((SELECT actor || ' ' || (detail ->> 'reason') FROM audit WHERE action = 'resume'), 'cli:op they wrote that it was a slip', 'who did it and why is kept');
SELECT is((SELECT lifted FROM api.people_resume('2026-11-22', 'cli:op', 'chandra@second.example', 'again')), '', 'once more: there is nothing to lift');
SELECT is((SELECT count(*) FROM audit WHERE action = 'resume'), 1::bigint, 'and nothing is said of it');
SELECT is((SELECT count(*) FROM api.people_resume('2026-11-22', 'cli:op', 'nobody@example.net', 'x')), 0::bigint, 'nobody is nobody');
SELECT is((SELECT lifted FROM api.people_resume('2026-11-22', 'cli:op', 'aminata@example.net', 'the box works again')), 'bounced', 'a suspended address, too');

-- To be left alone.
DELETE FROM suppression;
DELETE FROM bounce;
UPDATE request SET state = 'sent';
UPDATE outbox SET state = 'waiting' WHERE kind = 'reminder';
CREATE FUNCTION tap.state_of(id bigint) RETURNS text LANGUAGE sql AS $$ SELECT state || ' ' || coalesce(reason::text, '') FROM message WHERE message_id = id $$;
SELECT tap.mail('s1', 'Aminata@example.net', '{"reason": "no-answers", "values": {"sharing": "no-name"}, "stops": {"by": "words", "say": {"en": "No more.", "fr": "Plus rien."}}}', '2026-11-21 10:00+00') AS s1 \gset
SELECT is(state_of(:s1), 'ignored stopped', 'a mail that only stops');
SELECT is(suppressed(), 'aminata@example.net asked, aminata@second.example asked', 'nothing goes to any address of that person');
SELECT is((SELECT string_agg(state::text, ' ' ORDER BY reference) FROM request), 'closed sent sent sent', 'their requests are over');
SELECT is((SELECT state::text FROM outbox WHERE header_id = '<r0000000001@fieldpost.example>'), 'cancelled', 'what waited does not go out');
SELECT ok((SELECT paused FROM identity.contact WHERE contact_id = :aminata), 'by no other channel either');
SELECT results_eq($$SELECT recipient, convert_from(body, 'UTF8')::jsonb ->> 'text', convert_from(body, 'UTF8')::jsonb ->> 'in_reply_to' FROM outbox WHERE kind = 'stopped'$$,
	$$VALUES ('aminata@example.net', 'Plus rien.', '<s1@x>')$$, 'confirmed once, in their language');
SELECT tap.mail('s2', 'aminata@example.net', '{"reason": "no-answers", "stops": {"by": "words", "say": {"en": "No more.", "fr": "Plus rien."}}}', '2026-11-23 10:00+00');
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'stopped'), 1::bigint, 'and never twice');
SELECT tap.mail('s3', 'clerk@example.net', '{"reason": "no-answers", "reference": "FP-0000000002", "stops": {"by": "subject", "say": {"en": "No more."}}}', '2026-11-21 10:00+00', '{"automatic": true}');
SELECT ok((SELECT paused FROM identity.contact WHERE contact_id = :bintu), 'what List-Unsubscribe makes is about who was asked');
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'stopped'), 1::bigint, 'a program that sends it is not answered');
SELECT tap.mail('s4', 'other@example.net', '{"reason": "no-answers", "reference": "FP-0000000003", "stops": {"by": "words", "say": {"en": "No more."}}}', '2026-11-21 10:00+00');
SELECT is((SELECT state::text || ' ' || paused FROM request JOIN identity.contact USING (contact_id) WHERE reference = 'FP-0000000003'), 'closed false',
	'words speak for who wrote them: of another''s only that request ends');
INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('digest', 'reader@example.org', '<d1@fieldpost.example>', 'd1', '{}', now(), now());
SELECT tap.mail('s5', 'reader@example.org', '{"reason": "no-answers", "stops": {"by": "words", "say": {"en": "No more."}}}', '2026-11-21 10:00+00',
	'{"in_reply_to": "<d1@fieldpost.example>"}');
SELECT ok(strpos(suppressed(), 'reader@example.org') = 0, 'an answer to a digest is about that digest');

SELECT setseed(0.5);
SELECT tap.mail('s7', (SELECT string_agg(chr(131072 + (random() * 40000)::integer), '') FROM generate_series(1, 980)) || '@example.org',
	'{"reason": "no-answers", "stops": {"by": "words", "say": {"en": "No more."}}}', '2026-11-21 10:00+00') AS s7 \gset
SELECT is(state_of(:s7), 'ignored no-answers', 'from what is too long for an address: nothing');

-- A mail that cannot be taken does not spoil the next one, which is not answered.
UPDATE identity.contact SET paused = false WHERE contact_id = :bintu;
ALTER TABLE suppression ADD CONSTRAINT poison CHECK (address <> 'poison@example.net');
SELECT tap.mail('s8', 'poison@example.net', '{"reason": "no-answers", "stops": {"by": "words", "say": {"en": "No more."}}}', '2026-11-21 10:00+00') AS s8 \gset
SELECT is(state_of(:s8), 'failed crashed', 'one that the database refuses');
SELECT tap.mail('s9', 'clerk@example.net', '{"reason": "no-answers", "reference": "FP-0000000002", "stops": {"by": "subject", "say": {"en": "No more."}}}', '2026-11-21 10:00+00', '{"automatic": true}');
SELECT ok((SELECT paused FROM identity.contact WHERE contact_id = :bintu), 'the next one stops all the same');
ALTER TABLE suppression DROP CONSTRAINT poison;

-- Somebody who passes for another.
DELETE FROM suppression;
SELECT tap.mail('s6', 'aminata@example.net', '{"reason": "no-answers"}', '2026-11-21 10:00+00') AS s6 \gset
UPDATE message SET verification = 'failed' WHERE message_id = :s6;
SELECT stop_take('2026-11-21 10:00+00', :s6, '{"stops": {"by": "words", "say": {"en": "No more."}}, "mail": {}}');
SELECT is(suppressed(), 'none', 'a mail that fails authentication stops nothing');
UPDATE message SET verification = 'unverified' WHERE message_id = :s6;
SELECT stop_take('2026-11-21 10:00+00', :s6, '{"stops": {"by": "words", "say": {"en": "No more."}}, "mail": {}}');
SELECT is(suppressed(), 'aminata@example.net asked, aminata@second.example asked', 'one of which nothing is known does');

-- By the link.
UPDATE identity.contact SET paused = false;
DELETE FROM suppression;
SET LOCAL SESSION AUTHORIZATION fieldpost_web;
SELECT is((SELECT known FROM api.request_stop('2026-11-22', 'fp-0000000003')), true, 'a link that we sent');
SELECT is((SELECT known FROM api.request_stop('2026-11-22', 'FP-ZZZZZZZZZZ')), false, 'one that we never sent');
RESET SESSION AUTHORIZATION;
SELECT is(suppressed(), 'chandra@example.net unsubscribed, chandra@second.example unsubscribed', 'all addresses of who was asked');
SELECT is((SELECT string_agg(name, ' ') FROM identity.contact WHERE paused), 'Chandra', 'and nobody else');

SELECT finish();
ROLLBACK;
