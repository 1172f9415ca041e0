-- Answers to digests: whose word counts, what may be said, what comes back, what contributors are told; who may ask for any of it.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, fieldpost, pg_catalog;

---- words ----

SELECT is(names_contact(words), good, words) FROM (VALUES ('write to a@b.example', true), ('call +232 76 123 456', true), ('07 1123 4567', true),
	('٠٧٦١٢٣٤٥٦٧', true), ('on 12.11.2026 and 2026-11-14', false), ('SSR-2026-014', false), ('10,000 people, 300 of them in 2025', false), ('1 in 7', false)) v (words, good);
SELECT is(words_repeat(words, 'Nobody who has been beaten knows the number.' || E'\n' || 'Short line here'), good, words) FROM (VALUES
	('they said "who has been BEATEN knows" there', true), ('who has been beaten', false), (E'Well:\nshort, line HERE\nWhy?', true), ('a short line here too', false),
	('', false)) v (words, good);
SELECT is(without_contact(words), shown, words) FROM (VALUES ('to a@b.example, or +232 (0)76 12-34-56.', 'to […], or […].'), ('call 076123456 now', 'call […] now'),
	('012 34 56 78', '[…]'), ('on 01.02.2026 10:00, 250 of 3,000', 'on 01.02.2026 10:00, 250 of 3,000'), ('2026-11-12', '2026-11-12')) v (words, shown);

---- a team, two members, a digest of three lines ----

SELECT account_id AS bot FROM api.channel_open('bot') \gset
DO $do$ BEGIN PERFORM api.forms_register('2026-01-01', $$[{"id": "order-form", "version": 1, "sha256": "x", "source": "id: order-form", "title": {"en": "Form"},
	"fields": [{"name": "lesson", "type": "text", "number": 1, "label": {"en": "Lesson"}}]}]$$); END $do$;
INSERT INTO team (team_id, name) OVERRIDING SYSTEM VALUE VALUES (81001, 'Orders');
INSERT INTO member (member_id, team_id, name, address) OVERRIDING SYSTEM VALUE VALUES (81001, 81001, 'Clara Meyer', 'clara@staff.example'),
	(81002, 81001, 'Paul Clarin', 'paul@staff.example');
INSERT INTO subscription (subscription_id, team_id, weekday, hour, zone, language, created_at) OVERRIDING SYSTEM VALUE
	VALUES (81001, 81001, 1, 8, 'UTC', 'fr', '2026-10-01');
INSERT INTO digest (digest_id, subscription_id, period_start, period_end, opened_at, built_at, state, rendered) OVERRIDING SYSTEM VALUE
	VALUES (81001, 81001, '2026-10-26', '2026-11-02', '2026-11-02', '2026-11-02', 'sent', '{"text": "Words that stand in the digest itself."}');
INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, state, created_at, next_at, sent_at)
	VALUES ('digest', 'clara@staff.example', '<digest-81001@x>', 'd81001', '', 81001, 'sent', '2026-11-02', '2026-11-02', '2026-11-02');
INSERT INTO identity.contact (contact_id, name, country, language, kind) OVERRIDING SYSTEM VALUE VALUES (81001, 'Odette Onefield', 'NP', 'ne', 'practitioner');
INSERT INTO identity.contact_address (channel, address, contact_id, ordinal) VALUES ('mail', 'one@field.example', 81001, 1);

CREATE FUNCTION tap.mail(name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT message_ids[1] FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), '2026-11-03', ARRAY[sha256(convert_to(name, 'UTF8'))],
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[1::bigint], ARRAY[false], ARRAY['2026-11-03'::timestamptz], ARRAY[0::bigint], ARRAY[1::bigint], 'x')
$$;
CREATE FUNCTION tap.fed(line bigint, mail bigint, sender text, contact bigint, sharing text, words text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE message SET state = 'filed', from_address = sender WHERE message_id = mail AND channel IS NULL;
	UPDATE message SET state = 'filed' WHERE message_id = mail;
	INSERT INTO feedback (feedback_id, message_id, contact_id, received_at, filed_at, line_number, form_version, sharing, form_id, country, language)
	OVERRIDING SYSTEM VALUE VALUES (line, mail, contact, '2026-10-28 12:00', '2026-10-28', line, 1, sharing::sharing_level, 'order-form', 'NP', 'en');
	INSERT INTO feedback_revision VALUES (line, 1, 'practitioner', mail, '2026-10-28', jsonb_build_object('lesson', words), '{}');
	INSERT INTO digest_line (digest_id, subscription_id, feedback_id, line_number) SELECT 81001, 81001, line, line WHERE sharing <> 'restricted';
END $$;
SELECT tap.fed(81101, tap.mail('f1'), 'one@field.example', 81001, 'no-name', 'Nobody who has been beaten knows the number.');
SELECT tap.fed(81102, tap.mail('f2'), 'two@field.example', NULL, 'open', 'The convoy waited nine days for one stamp.');
SELECT tap.fed(81103, tap.mail('f3'), 'three@field.example', NULL, 'restricted', 'The ledger was altered twice in June.');
-- Of the channel: 81104 alone, 81105 in a room with others.
CREATE FUNCTION tap.wrote(id text, sender text, place text, text text, at timestamptz, answers text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
	SELECT message_id FROM api.channel_store(at, ARRAY[(SELECT account_id FROM account WHERE name = 'bot')], ARRAY[at], ARRAY['{}'::bytea], ARRAY['{}'::text],
		jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('d', 1, 'id', id, 'sender', sender, 'reply_to', place, 'name', 'Tara', 'text', text, 'answers', answers))))
$$;
SELECT tap.fed(81104, tap.wrote('c1', 'tara', 'tara', 'The ferry did not run.', '2026-10-28'), NULL, NULL, 'no-name', 'The ferry did not run for a week.');
SELECT tap.fed(81105, tap.wrote('r1', 'rita', 'room', 'The roof is gone.', '2026-10-28'), NULL, NULL, 'no-name', 'The roof is gone since the storm.');
DO $do$ BEGIN PERFORM tap.wrote('r2', 'rolf', 'room', 'Yes.', '2026-10-28'); UPDATE message SET state = 'ignored' WHERE provider_id = 'r2'; END $do$;

-- A mail with orders; what is told of it: its audit's action, and the states of its orders.
CREATE FUNCTION tap.order(name text, items jsonb, token jsonb DEFAULT '["d", 81001, 81001]', more jsonb DEFAULT '{}', at timestamptz DEFAULT '2026-11-03 10:00')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	mail bigint := tap.mail(name);
BEGIN
	PERFORM api.parse_file(at, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('message_id', mail, 'tokens', CASE WHEN token IS NOT NULL THEN jsonb_build_array(token) END,
		'result', '{"outcome": "review", "reason": "no-template", "values": {}, "errors": {}, "provenance": {}}'::jsonb || jsonb_build_object(
			'orders', jsonb_build_object('items', items, 'too_many', false, 'own', '', 'says', -1) || coalesce(more -> 'orders', '{}'),
			'mail', jsonb_build_object('message_id', '<' || name || '@staff.example>', 'from_address', 'clara@staff.example', 'authentication', 'pass',
				'subject', 'Re: digest') || coalesce(more -> 'mail', '{}')) || (more - '{orders,mail}'::text[])))));
	RETURN (SELECT m.state || ' ' || m.reason FROM message m WHERE m.message_id = mail) || coalesce(': ' || (SELECT string_agg(o.verb || ' ' || o.number || ' ' || o.state
		|| coalesce(' ' || o.why, ''), ', ' ORDER BY o.order_id) FROM staff_order o WHERE o.message_id = mail), '')
		|| coalesce('; ' || (SELECT string_agg(t.kind, ' ') FROM order_told t WHERE t.message_id = mail), '');
END $$;
CREATE FUNCTION tap.item(number bigint, verb text, words text DEFAULT '') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_array(jsonb_build_object('number', number, 'verb', verb, 'words', words))
$$;

SELECT is(tap.order('o1', tap.item(81101, 'answer', 'Thank you. Which office?')), 'ignored staff-order: answer 81101 done; done', 'words for who wrote a line');
SELECT is(tap.order('o2', tap.item(81102, 'used', 'SSR-1') || tap.item(81101, 'read')), 'ignored staff-order: used 81102 done, read 81101 done; done', 'what became of lines');
SELECT is((SELECT state::text FROM feedback WHERE feedback_id = 81102), 'used', 'is noted');
SELECT is(tap.order('o3', tap.item(81102, 'read')), 'ignored staff-order: read 81102 done; done', 'read after used');
SELECT is((SELECT state::text FROM feedback WHERE feedback_id = 81102), 'used', 'stays used');
SELECT is(tap.order('o4', tap.item(81102, 'assign', 'clara')), 'ignored staff-order: assign 81102 done; done', 'a name');
SELECT is((SELECT detail FROM status_change WHERE state = 'assigned'), 'Clara Meyer', 'is the member''s whose first name it is');
SELECT is(member_meant(81001, words), who, words) FROM (VALUES ('Meyer', 'Meyer'), ('Clara Meyer', 'Clara Meyer'), ('Cla', 'Cla'), ('the border team', 'the border team'),
	('', '')) v (words, who);
SELECT is(tap.order('o5', tap.item(81103, 'read')), 'ignored staff-order: read 81103 refused not-yours; refused', 'a restricted line is none of theirs');
SELECT is(tap.order('o6', tap.item(89999, 'read')), 'ignored staff-order: read 89999 refused not-yours; refused', 'nor is one that is not there');
SELECT is(tap.order('o7', tap.item(81101, 'read') || tap.item(89999, 'read')), 'ignored staff-order: read 81101 refused, read 89999 refused not-yours; refused', 'all or none');
SELECT is(tap.order('o8', tap.item(81101, 'answer', 'Compare: the convoy waited nine days for one')), 'ignored staff-order: answer 81101 refused others-words; refused',
	'somebody else''s words');
SELECT is(tap.order('o9', tap.item(81101, 'answer', 'I read words that stand in the digest itself')), 'ignored staff-order: answer 81101 refused others-words; refused',
	'the digest''s words');
SELECT is(tap.order('o10', tap.item(81101, 'not-used', 'ask clara@staff.example')), 'ignored staff-order: not-used 81101 waiting contact; confirm', 'an address');
SELECT is(tap.order('o11', tap.item(81101, 'read'), more => '{"mail": {"authentication": "none"}}'), 'ignored staff-order: read 81101 waiting; confirm', 'nobody vouches');
SELECT is(tap.order('o12', tap.item(81101, 'read'), more => '{"mail": {"authentication": "fail"}}'), 'ignored order-refused', 'forged');
SELECT is(tap.order('o13', tap.item(81101, 'read'), more => '{"mail": {"from_address": "paul@staff.example"}}'), 'ignored order-refused', 'a colleague with this token');
SELECT is(tap.order('o14', tap.item(81101, 'read'), '["d", 81001, 81002]', '{"mail": {"from_address": "paul@staff.example"}}'),
	'ignored staff-order: read 81101 refused not-yours; refused', 'a member whom that digest never went to');
SELECT is(tap.order('o15', tap.item(81101, 'read'), NULL), 'ignored order-refused; no-token', 'no token');
SELECT is(tap.order('o16', tap.item(81101, 'read'), NULL), 'ignored order-refused', 'is told once a day');
SELECT is(tap.order('o17', tap.item(81101, 'read'), at => '2027-01-02'), 'ignored staff-order; expired', 'sixty days');
SELECT is(tap.order('o18', tap.item(81101, 'read'), '["d", 99, 81001]'), 'ignored staff-order; expired', 'another digest');
SELECT is(tap.order('o19', '[]'), 'ignored staff-order; nothing', 'no order');
SELECT is(tap.order('o20', '[]', NULL), 'review no-template', 'no order and no token: a mail as any other');
SELECT is(tap.order('o21', tap.item(81101, 'read'), more => '{"stops": {"by": "words", "say": {"en": "x"}}, "mail": {"in_reply_to": "<digest-81001@x>"}}') LIKE '%staff-order%', false, 'a stop word is no order');
SELECT is(tap.order('o22', tap.item(81101, 'read'), more => '{"mail": {"message_id": "<o2@staff.example>"}}'), 'ignored staff-order', 'a Message-ID that was there');
SELECT is((SELECT detail ->> 'why' FROM audit ORDER BY audit_id DESC LIMIT 1), 'replayed', 'and why');
SELECT is(tap.order('o23', tap.item(81105, 'answer', 'Thank you, and now?')), 'ignored staff-order: answer 81105 refused unreachable; refused', 'nobody is answered in a room');
SELECT is(tap.order('o24', tap.item(81104, 'answer', 'Thank you, which ferry?'), at => '2026-11-03 11:00'), 'ignored staff-order: answer 81104 done; done', 'over the channel');

-- To confirm them.
SELECT message_id AS held FROM staff_order WHERE why = 'contact' \gset
SELECT is(tap.order('y1', '[]', jsonb_build_array('c', :held, 81002), '{"mail": {"from_address": "paul@staff.example"}, "orders": {"says": 1}}'), 'ignored staff-order; nothing',
	'somebody else''s token for it');
SELECT is((SELECT state::text FROM staff_order WHERE message_id = :held), 'waiting', 'confirms nothing');
SELECT is(tap.order('y2', '[]', jsonb_build_array('c', :held, 81001), '{"orders": {"says": -1}}'), 'ignored staff-order; nothing', 'neither yes nor no');
SELECT is(tap.order('y3', '[]', jsonb_build_array('c', :held, 81001), '{"orders": {"says": 1}}', '2026-11-18'), 'ignored staff-order; nothing', 'too late');
SELECT is(tap.order('y4', '[]', jsonb_build_array('c', :held, 81001), '{"orders": {"says": 1}}'), 'ignored staff-order; done', 'yes');
SELECT is(tap.order('y5', '[]', jsonb_build_array('c', :held, 81001), '{"orders": {"says": 1}}'), 'ignored staff-order; nothing', 'counts once');
SELECT is((SELECT state || coalesce(why, '') FROM staff_order WHERE message_id = :held), 'done', 'it is done');

---- what is written ----

CREATE FUNCTION tap.due(at timestamptz, rules jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(channel_name || ' ' || language || ' ' || words, '; ' ORDER BY response_id) FROM api.answers_due(at, 10, rules)
$$;
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is(tap.due('2026-11-03 12:00', '{"channels": []}'), 'mail ne Thank you. Which office?', 'by mail; the channel does not send');
SELECT is(tap.due('2026-11-03 12:00', '{"channels": ["bot"], "windows": {"bot": 23}}'), 'mail ne Thank you. Which office?', 'it sends for a while after their words');
SELECT is(tap.due('2026-10-28 20:00', '{"channels": ["bot"], "windows": {"bot": 23}}'), 'mail ne Thank you. Which office?; bot en Thank you, which ferry?', 'then it does');
SELECT is((SELECT count(*) FROM (SELECT api.answer_put('2026-11-03 12:00', d.response_id, d.channel_name, '{"text": "x"}', 'x.example') FROM api.answers_due('2026-11-03 12:00', 10,
	'{"channels": ["bot"]}') d) x), 2::bigint, 'both are put');
SELECT is(tap.due('2026-11-03 12:00', '{"channels": ["bot"]}'), NULL, 'once');
SELECT is((SELECT count(*) FROM api.orders_told_due(100) t WHERE t.language = 'fr' AND t.subject = 'Re: digest'), (SELECT count(*) FROM api.orders_told_due(100)),
	'what members are told is in their digest''s language');
SELECT throws_ok('SELECT * FROM fieldpost.response', '42501', NULL, 'the tables are not the duty''s');
SELECT throws_ok($$SELECT fieldpost.order_tell(now(), 1, 1, 'done')$$, '42501', NULL, 'nor is what works inside');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT string_agg(channel || ' ' || recipient, '; ' ORDER BY outbox_id) FROM outbox WHERE kind = 'answer'), 'mail one@field.example; bot tara', 'to whom');
SELECT is((SELECT count(*) FILTER (WHERE has_function_privilege(w, p.oid, 'EXECUTE')) || ' of ' || count(*) FROM pg_proc p,
	unnest('{fieldpost_parse,fieldpost_admin,fieldpost_web,fieldpost_intake,fieldpost_reader,fieldpost_analyst}'::text[]) w
	WHERE p.pronamespace = 'api'::regnamespace AND p.proname IN ('answers_due', 'answer_put', 'orders_told_due', 'order_told_put', 'outcomes_due', 'outcome_put')), '0 of 36',
	'nobody else may ask for any of it');

---- what comes back ----

UPDATE outbox SET state = 'sent', sent_at = '2026-11-03 12:01', claimed_at = '2026-11-03 12:01' WHERE kind = 'answer';
INSERT INTO outbox_part (outbox_id, part, provider_id, sent_at) SELECT outbox_id, 1, 'p1', sent_at FROM outbox WHERE kind = 'answer' AND channel = 'bot';
SELECT header_id AS answer_id FROM outbox WHERE kind = 'answer' AND channel = 'mail' \gset
CREATE FUNCTION tap.heard() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(c.feedback_id || ' ' || r.words, '; ' ORDER BY r.response_id) FROM response r JOIN conversation c USING (conversation_id) WHERE r.member_id IS NULL
$$;
SELECT is(tap.order('h1', '[]', NULL, jsonb_build_object('orders', '{"own": "The old one. Write to ONE@field.example or +232 76 12 34 56"}'::jsonb,
	'mail', jsonb_build_object('from_address', 'one@field.example', 'in_reply_to', :'answer_id'))), 'ignored answer; heard', 'by mail, known by what it answers');
SELECT is(tap.heard(), '81101 The old one. Write to […] or […]', 'without addresses and numbers');
SELECT is(tap.order('h2', '[]', NULL, jsonb_build_object('orders', '{"own": "I am the one"}'::jsonb, 'mail', jsonb_build_object('from_address', 'x@field.example',
	'in_reply_to', :'answer_id'))), 'review no-template', 'from elsewhere it is a mail as any other');
SELECT is(tap.order('h3', '[]', NULL, jsonb_build_object('orders', '{"own": "I am the one"}'::jsonb, 'mail', jsonb_build_object('from_address', 'one@field.example',
	'authentication', 'fail', 'in_reply_to', :'answer_id'))), 'review no-template', 'and so is a forged one');
CREATE FUNCTION tap.said(id text, sender text, place text, text text, at timestamptz, answers text DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	wrote bigint := tap.wrote(id, sender, place, text, at, answers);
BEGIN
	PERFORM api.parse_file(at, jsonb_build_array(jsonb_build_object('message_id', wrote, 'result', '{"outcome": "review", "reason": "no-template", "values": {},
		"errors": {}, "provenance": {}, "talk": {}}'::jsonb || more)));
	RETURN (SELECT m.state || coalesce(' ' || m.reason, '') FROM message m WHERE m.message_id = wrote);
END $$;
SELECT is(tap.said('c2', 'tara', 'tara', 'To the islands.', '2026-11-03 13:00'), 'ignored answer', 'over the channel: it was the last that we said');
SELECT is(tap.said('c3', 'tara', 'tara', 'And back.', '2026-11-03 18:00'), 'ignored answer', 'and once more');
SELECT is(tap.said('c4', 'tara', 'tara', 'stop', '2026-11-03 18:01', more => '{"talk": {"word": "stop"}}') = 'ignored answer', false, 'a stop word is none');
SELECT is(tap.said('c5', 'tara', 'tara', 'A report', '2026-11-03 18:02', more => '{"provenance": {"country": {}, "lesson": {}}}') = 'ignored answer', false, 'nor is a form');
SELECT is(tap.said('c6', 'tara', 'tara', 'Something else', '2026-11-05 18:02'), 'review no-template', 'nor what comes days after they answered');
SELECT is(tap.said('c7', 'tara', 'tara', 'About your question: yes', '2026-11-09', 'p1'), 'ignored answer', 'but what quotes our words is');
SELECT is(tap.said('c8', 'tess', 'tess', 'About your question: no', '2026-11-09', 'p1'), 'review no-template', 'from whom they went to');
INSERT INTO sensitive_word VALUES ('torture', 'torture');
SELECT is(tap.said('c9', 'tara', 'tara', 'There was torture.', '2026-11-09', 'p1'), 'ignored answer', 'a sensitive word');
SELECT is((SELECT sharing || ' ' || sensitive FROM feedback WHERE feedback_id = 81104), 'restricted the word "torture"', 'makes the line restricted');
SELECT is((SELECT count(*) FROM order_told t JOIN message m USING (message_id) WHERE m.provider_id = 'c9'), 0::bigint, 'and is told to nobody who may not read it');

---- of a restricted line, to a team that is cleared ----

INSERT INTO team (team_id, name, cleared) OVERRIDING SYSTEM VALUE VALUES (81002, 'Cleared', true);
INSERT INTO member (member_id, team_id, name, address, clearance) OVERRIDING SYSTEM VALUE VALUES (81003, 81002, 'Dora', 'dora@staff.example', 'restricted');
INSERT INTO subscription (subscription_id, team_id, weekday, hour, zone, language, created_at) OVERRIDING SYSTEM VALUE VALUES (81002, 81002, 1, 8, 'UTC', 'en', '2026-10-01');
INSERT INTO digest (digest_id, subscription_id, period_start, period_end, opened_at, built_at, state, rendered) OVERRIDING SYSTEM VALUE
	VALUES (81002, 81002, '2026-10-26', '2026-11-02', '2026-11-02', '2026-11-02', 'sent', '{"text": ""}');
INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, state, created_at, next_at, sent_at)
	VALUES ('digest', 'dora@staff.example', '<digest-81002@x>', 'd81002', '', 81002, 'sent', '2026-11-02', '2026-11-02', '2026-11-02');
INSERT INTO digest_line (digest_id, subscription_id, feedback_id, line_number) VALUES (81002, 81002, 81103, 81103);
SELECT is(tap.order('r1', tap.item(81103, 'answer', 'Thank you. Which page?'), '["d", 81002, 81003]', '{"mail": {"from_address": "dora@staff.example"}}'),
	'ignored staff-order: answer 81103 done; done', 'who is cleared answers it');
DO $do$ BEGIN PERFORM api.answer_put('2026-11-03 12:00', d.response_id, d.channel_name, '{"text": "x"}', 'x.example')
	FROM api.answers_due('2026-11-03 12:00', 10, '{"channels": []}') d; END $do$;
SELECT header_id AS closed_id FROM outbox WHERE kind = 'answer' AND recipient = 'three@field.example' \gset
SELECT is(tap.order('r2', '[]', NULL, jsonb_build_object('orders', '{"own": "Page nine of the ledger"}'::jsonb,
	'mail', jsonb_build_object('from_address', 'three@field.example', 'in_reply_to', :'closed_id'))), 'ignored answer; heard', 'and hears what comes back');
SELECT is((SELECT items::text FROM api.orders_told_due(100) WHERE member_id = 81003 AND kind = 'heard'), '[{"words": null, "number": 81103, "withheld": true}]',
	'by mail its number alone');
UPDATE team SET restricted_by_mail = true WHERE team_id = 81002;
SELECT is((SELECT items -> 0 ->> 'words' FROM api.orders_told_due(100) WHERE member_id = 81003 AND kind = 'heard'), 'Page nine of the ledger', 'unless the team will have it so');
UPDATE member SET clearance = 'no-name' WHERE member_id = 81003;
SELECT is((SELECT items::text FROM api.orders_told_due(100) WHERE member_id = 81003 AND kind = 'heard'), '[{"words": null, "number": 81103, "withheld": true}]',
	'and not once their clearance is lowered');
UPDATE member SET clearance = 'restricted' WHERE member_id = 81003;

---- what contributors are told ----

CREATE FUNCTION tap.letters(at timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(channel_name || ' ' || address || ' ' || language || CASE WHEN neutral THEN ' neutral' ELSE '' END || ' ' || (SELECT string_agg((i ->> 'day') || ' '
		|| (i ->> 'state') || coalesce(' ' || (i ->> 'detail'), ''), ', ') FROM jsonb_array_elements(items) i), '; ' ORDER BY address)
	FROM api.outcomes_due(at, 100, '{"zone": "UTC", "from": 8, "to": 18, "working_days": true, "channels": ["bot"]}')
$$;
SELECT is(tap.letters('2026-11-20'), NULL, 'nothing before the month is over');
SELECT is(tap.letters('2026-12-01 07:59'), NULL, 'nor before it is day');
SELECT is(tap.letters('2026-12-01 10:00'), 'mail one@field.example ne 2026-10-28 not-used ask clara@staff.example; mail two@field.example en 2026-10-28 assigned',
	'the last word on each, to who wrote it; never to whom it was given');
UPDATE identity.contact SET neutral = true WHERE contact_id = 81001;
SELECT is(split_part(tap.letters('2026-12-01 10:00'), ';', 1), 'mail one@field.example ne neutral 2026-10-28 not-used ask clara@staff.example', 'a subject that tells nothing');
UPDATE identity.contact SET no_acknowledgement = true WHERE contact_id = 81001;
SELECT is(tap.letters('2026-12-01 10:00'), 'mail two@field.example en 2026-10-28 assigned', 'not to who wants no acknowledgements');
UPDATE identity.contact SET no_acknowledgement = false, paused = true WHERE contact_id = 81001;
SELECT is(tap.letters('2026-12-01 10:00'), 'mail two@field.example en 2026-10-28 assigned', 'nor to who is paused');
UPDATE identity.contact SET paused = false WHERE contact_id = 81001;
INSERT INTO suppression (address, reason, since) VALUES ('two@field.example', 'asked', '2026-11-01');
SELECT is(tap.letters('2026-12-01 10:00') LIKE '%two@%', false, 'nor to who asked for no more');
DELETE FROM suppression WHERE address = 'two@field.example';
INSERT INTO status_change (feedback_id, state, detail, created_at) VALUES (81104, 'used', 'SSR-2', '2026-11-10');
DELETE FROM suppression WHERE channel = 'bot';
SELECT is(tap.letters('2026-12-01 10:00') LIKE '%; bot tara en 2026-10-28 used SSR-2;%', true, 'over the channel to who wrote there');
CREATE FUNCTION tap.put(at timestamptz) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(p.outbox_id) FROM api.outcomes_due(at, 100, '{"zone": "UTC", "from": 8, "to": 18, "working_days": true, "channels": ["bot"]}') d
	CROSS JOIN LATERAL api.outcome_put(at, d.contributor, d.channel_name, d.address, d.reference, '{}', 'x.example') p
$$;
CREATE TEMP TABLE twice AS SELECT * FROM api.outcomes_due('2026-12-01 10:00', 100, '{"zone": "UTC", "from": 8, "to": 18, "channels": []}');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is(tap.put('2026-12-01 10:00'), 3::bigint, 'each gets one');
SELECT is(tap.letters('2026-12-01 10:01'), NULL, 'and no other of that month');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(p.outbox_id) FROM twice d CROSS JOIN LATERAL api.outcome_put('2026-12-01 10:02', d.contributor, d.channel_name, d.address, d.reference || 'x', '{}', 'x') p),
	0::bigint, 'not even of two that found them due at once');
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'outcome'), 3::bigint, 'three letters in all');
INSERT INTO status_change (feedback_id, state, created_at) VALUES (81102, 'read', '2026-12-10');
SELECT is(tap.letters('2027-01-04 10:00'), 'mail two@field.example en 2026-10-28 read', 'the month after has its own');

---- erased ----

UPDATE outbox SET state = 'sent' WHERE digest_id = 81001;
SELECT is((SELECT feedback FROM api.people_erase('2027-01-05', 'x', 'one@field.example', '{}')), 1::bigint, 'who is erased');
SELECT is((SELECT count(*) FROM staff_order WHERE number = 81101 AND state = 'done') + (SELECT count(*) FROM response WHERE words LIKE 'The old one%'), 0::bigint,
	'takes what was said to them and by them along');
SELECT is((SELECT count(*) FROM outcome_letter), 2::bigint, 'and the mark of the letter that they got');
SELECT * FROM finish();
ROLLBACK;
