-- Requests: whom, when, once; reminders, and when they stop; acknowledgements put once.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, fieldpost, pg_catalog;

CREATE FUNCTION tap.rules(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT '{"zone": "UTC", "from": 8, "to": 18, "working_days": true, "reminders": 2, "days": 7, "channels": ["tg", "sms"], "phone": "sms",
		"places": {"NP": {"zone": "Asia/Kathmandu", "weekend": [6]}, "EG": {"zone": "Africa/Cairo", "weekend": [5, 6]}}}'::jsonb || more
$$;
DO $do$ BEGIN PERFORM api.forms_register('2026-01-01', $$[{"id": "ask-form", "version": 3, "sha256": "x", "source": "id: ask-form",
	"title": {"en": "Ask", "fr": "Demande", "ne": "Prashna"}, "fields": [{"name": "lesson", "type": "text", "number": 1, "label": {"en": "Lesson"}}]}]$$);
END $do$;
INSERT INTO identity.programme (programme_id, name) OVERRIDING SYSTEM VALUE VALUES (71001, 'Family Support Units');
INSERT INTO identity.contact (contact_id, name, country, language, role, programme_id, paused, active, kind) OVERRIDING SYSTEM VALUE VALUES
	(71001, 'Asha', 'NP', 'ne', 'Officer', 71001, false, true, 'practitioner'), (71002, 'Fatou', 'SN', 'fr-SN', 'officer', NULL, false, true, 'practitioner'),
	(71003, 'Sara', 'EG', 'ar', 'judge', NULL, false, true, 'practitioner'), (71004, 'Paused', 'NP', 'ne', 'officer', NULL, true, true, 'practitioner'),
	(71005, 'Nowhere', 'NP', 'ne', 'officer', NULL, false, true, 'practitioner'), (71006, 'Gone', 'NP', 'ne', 'officer', NULL, false, false, 'practitioner'),
	(71007, 'Staff', 'NP', 'ne', 'officer', NULL, false, true, 'staff'), (71008, 'Number', 'NP', 'ne', 'judge', NULL, false, true, 'practitioner');
INSERT INTO identity.contact_address (channel, address, contact_id, ordinal) VALUES ('tg', '77', 71001, 1), ('mail', 'asha2@example.org', 71001, 3),
	('mail', 'asha@example.org', 71001, 2), ('mail', 'fatou@example.org', 71002, 1), ('mail', 'sara@example.org', 71003, 1),
	('mail', 'paused@example.org', 71004, 1), ('mail', 'gone@example.org', 71006, 1), ('mail', 'staff@example.org', 71007, 1),
	('phone', '+9771', 71008, 1), ('mail', 'nowhere@example.org', 71005, 1);
INSERT INTO fieldpost.suppression (channel, address, reason, since) VALUES ('mail', 'nowhere@example.org', 'bounced', '2026-01-01');

-- When.
SELECT is(fieldpost.send_time(t::timestamptz, z, c, tap.rules()), w::timestamptz, d) FROM (VALUES
	('2026-11-18 10:00+00', 'UTC', 'XX', '2026-11-18 10:00+00', 'within the hours: at once'),
	('2026-11-18 07:59:59+00', 'UTC', 'XX', '2026-11-18 08:00+00', 'too early: the same day'),
	('2026-11-18 18:00+00', 'UTC', 'XX', '2026-11-19 08:00+00', 'the end does not count: the next day'),
	('2026-11-20 18:30+00', 'UTC', 'XX', '2026-11-23 08:00+00', 'over a Saturday and a Sunday'),
	('2026-11-20 12:30+00', 'Asia/Kathmandu', 'NP', '2026-11-22 02:15+00', 'Nepal is off on Saturdays, and is 5:45 ahead'),
	('2026-11-19 17:00+00', 'Africa/Cairo', 'EG', '2026-11-22 06:00+00', 'Egypt on Fridays and Saturdays'),
	('2026-03-28 20:00+00', 'Europe/Paris', 'XX', '2026-03-30 06:00+00', 'on the other side of a change of clocks'),
	('2026-10-23 20:00+00', 'Europe/Paris', 'XX', '2026-10-26 07:00+00', 'and of the one in autumn')) v (t, z, c, w, d);
SELECT is(fieldpost.send_time(t::timestamptz, 'Europe/Paris', 'XX', tap.rules('{"working_days": false, "from": 2, "to": 6}')), w::timestamptz, d) FROM (VALUES
	('2026-03-28 23:30+00', '2026-03-29 01:00+00', 'an hour that the clocks leave out'),
	('2026-10-24 22:30+00', '2026-10-25 01:00+00', 'one that comes twice')) v (t, w, d);
SELECT is((SELECT channel || ' ' || address FROM fieldpost.address_of(71001, tap.rules())), 'mail asha@example.org', 'of several addresses the first');
SAVEPOINT addresses;
INSERT INTO fieldpost.suppression (channel, address, reason, since) VALUES ('mail', 'asha@example.org', 'bounced', '2026-01-01');
SELECT is((SELECT channel || ' ' || address FROM fieldpost.address_of(71001, tap.rules())), 'mail asha2@example.org', 'when that is suspended the next');
INSERT INTO fieldpost.suppression (channel, address, reason, since) VALUES ('mail', 'asha2@example.org', 'bounced', '2026-01-01');
SELECT is((SELECT channel || ' ' || address FROM fieldpost.address_of(71001, tap.rules())), 'tg 77', 'and then a channel');
ROLLBACK TO addresses;
SELECT is(fieldpost.send_time('2026-11-21 03:00+00', 'UTC', 'XX', tap.rules('{"working_days": false, "from": 0, "to": 24}')), '2026-11-21 03:00+00',
	'no quiet hours');
SELECT is(fieldpost.send_time('2026-11-21 03:00+00', 'UTC', 'NP', tap.rules('{"places": {"NP": {"weekend": [1, 2, 3, 4, 5, 6, 7]}}}')),
	'2026-11-21 03:00+00', 'a country that never works is asked all the same');
SELECT is(fieldpost.zone_of(z, c, tap.rules()), w) FROM (VALUES ('Asia/Tokyo', 'NP', 'Asia/Tokyo'), (NULL, 'NP', 'Asia/Kathmandu'),
	('Nowhere/There', 'NP', 'Asia/Kathmandu'), (NULL, 'SN', 'UTC')) v (z, c, w);
SELECT is(fieldpost.zone_of('X/Y', 'XX', '{"zone": "No/Such", "places": {"XX": {"zone": "Nor/This"}}}'), 'UTC', 'no zone that is known');

-- References.
SELECT ok(bool_and(r ~ '^FP-[0-9A-HJKMNP-TV-Z]{10}$') AND count(DISTINCT r) = 500, 'references: well made, all different')
FROM (SELECT fieldpost.new_reference() AS r FROM generate_series(1, 500)) g;

-- Whom.
CREATE FUNCTION tap.send(label text, people jsonb, dry boolean DEFAULT false, language text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT jsonb_object_agg(what, people_count) FROM api.request_send('2026-11-18 03:00+00', label, 'ask-form', people, language, at, tap.rules(), dry)
$$;
SELECT is(tap.send('A', '{"countries": ["np"]}', true), '{"asked": 2, "paused": 1, "unreachable": 1, "form": 3}', 'by country, tried only');
SELECT is((SELECT count(*) FROM fieldpost.campaign), 0::bigint, '... and nothing is kept');
SELECT is(tap.send('A', '{"programmes": ["family support units"]}', true), '{"asked": 1, "form": 3}', 'by programme');
SELECT is(tap.send('A', '{"languages": ["ne"], "roles": ["OFFICER"]}', true), '{"asked": 1, "paused": 1, "unreachable": 1, "form": 3}',
	'by language and role');
SELECT is(tap.send('A', '{"addresses": ["Sara@Example.org", "77"]}', true), '{"asked": 2, "form": 3}', 'by addresses');
SELECT results_eq($$SELECT * FROM api.request_unknown('{"countries": ["NP", "ZZ"], "roles": ["offcier"]}')$$,
	$$VALUES ('countries', 'ZZ'), ('roles', 'offcier')$$, 'what nobody has');
SELECT is((SELECT count(*) FROM api.request_send('2026-11-18', 'A', 'no-such', '{}', NULL, NULL, tap.rules(), false)), 0::bigint, 'no such form');
SELECT throws_like($$SELECT tap.send('A', '{}', false, 'xx')$$, 'the form ask-form is not sent in "xx"; its languages are en fr ne', 'a language that it has not');
SELECT is(tap.send('A', '{}', true, 'fr-CD') ->> 'asked', '4', '... but a kind of one that it has');
SELECT is(tap.send('A', '{}'), '{"asked": 4, "paused": 1, "unreachable": 1, "form": 3}', 'all: practitioners who are active');
SELECT is(tap.send('A', '{}'), '{"already": 4, "paused": 1, "unreachable": 1, "form": 3}', 'once more: nobody twice');
SELECT is(tap.send('B', '{"addresses": ["fatou@example.org"]}', false, 'ne', '2026-11-21 10:00+00'), '{"asked": 1, "form": 3}', 'another label, another language');
SELECT results_eq($$SELECT c.name, q.channel, q.address, q.language, q.due_at FROM fieldpost.request q JOIN identity.contact c USING (contact_id)
	JOIN fieldpost.campaign g USING (campaign_id) ORDER BY g.label, c.contact_id$$, $$VALUES
	('Asha', 'mail', 'asha@example.org', 'ne', '2026-11-18 03:00+00'::timestamptz), ('Fatou', 'mail', 'fatou@example.org', 'fr', '2026-11-18 08:00+00'),
	('Sara', 'mail', 'sara@example.org', 'en', '2026-11-18 06:00+00'), ('Number', 'sms', '+9771', 'ne', '2026-11-18 03:00+00'),
	('Fatou', 'mail', 'fatou@example.org', 'ne', '2026-11-23 08:00+00')$$, 'mail first, the language that the form has, the hour of the person');
DO $do$ BEGIN PERFORM api.forms_register('2026-01-01', $$[{"id": "other-form", "version": 1, "sha256": "y", "source": "id: other-form", "title": {"en": "O"}, "fields": []}]$$);
END $do$;
SELECT throws_like($$SELECT * FROM api.request_send('2026-11-18', 'A', 'other-form', '{}', NULL, NULL, tap.rules(), false)$$,
	'the label "A" was used for the form "ask-form"%', 'a label belongs to one form');

-- Out they go, once.
CREATE FUNCTION tap.due(now timestamptz) RETURNS TABLE (who text, n bigint, last boolean) LANGUAGE sql AS $$
	SELECT d.name, d.number, d.last FROM api.requests_due(due.now, 100, tap.rules()) d ORDER BY d.request_id
$$;
CREATE FUNCTION tap.number_of(who text) RETURNS bigint LANGUAGE sql AS $$
	SELECT q.request_id FROM fieldpost.request q JOIN identity.contact c USING (contact_id) JOIN fieldpost.campaign g USING (campaign_id)
	WHERE c.name = who AND g.label = 'A'
$$;
CREATE FUNCTION tap.put(now timestamptz, who text, n bigint) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM api.request_put(put.now, tap.number_of(who), n, '\x7b7d', 'example.org', tap.rules())
$$;
SELECT results_eq($$SELECT * FROM tap.due('2026-11-18 02:00+00')$$, $$SELECT 'x', 0::bigint, false WHERE false$$, 'before their hour nobody');
SELECT results_eq($$SELECT who, n FROM tap.due('2026-11-18 03:00+00')$$, $$VALUES ('Asha', 0::bigint), ('Number', 0)$$, 'at their hour');
UPDATE identity.contact SET paused = true WHERE contact_id = 71008;
SELECT is(tap.put('2026-11-18 03:00+00', 'Number', 0), 0::bigint, 'paused meanwhile: it is not put');
SELECT results_eq($$SELECT who, n FROM tap.due('2026-11-18 03:00+00')$$, $$VALUES ('Asha', 0::bigint)$$, '... and not due');
SELECT is((SELECT state::text || ' ' || note FROM fieldpost.request WHERE request_id = tap.number_of('Number')), 'closed paused', '... but closed, with the reason');
SELECT is(tap.put('2026-11-18 03:00+00', 'Asha', 0), 1::bigint, 'put');
SELECT is(tap.put('2026-11-18 03:00+00', 'Asha', 0), 0::bigint, 'put once');
SELECT is(tap.put('2026-11-18 08:00+00', 'Fatou', 0), 1::bigint, 'another');
SELECT is(tap.put('2026-11-18 08:00+00', 'Sara', 0), 1::bigint, 'and another');
SELECT ok((SELECT o.kind = 'request' AND o.header_id = '<' || lower(q.reference) || '@example.org>' AND o.header_id = q.header_id AND o.recipient = 'asha@example.org'
	FROM fieldpost.outbox o JOIN fieldpost.request q USING (request_id) WHERE q.request_id = tap.number_of('Asha')), 'its Message-ID tells the reference');

-- Reminders: to the silent, in their hours, at most two.
UPDATE fieldpost.request SET state = 'closed' WHERE campaign_id = (SELECT campaign_id FROM fieldpost.campaign WHERE label = 'B');
SELECT results_eq($$SELECT * FROM tap.due('2026-11-25 02:59+00')$$, $$SELECT 'x', 0::bigint, false WHERE false$$, 'before seven days nobody');
SELECT results_eq($$SELECT * FROM tap.due('2026-11-25 08:00+00')$$, $$VALUES ('Asha', 1::bigint, false), ('Fatou', 1, false), ('Sara', 1, false)$$,
	'after seven days those who are silent');
INSERT INTO fieldpost.message (message_id, account_id, received_at, stored_at, size, identity, raw_sha256, state, reason, from_address, reference)
OVERRIDING SYSTEM VALUE SELECT 71001, a.account_id, '2026-11-24', '2026-11-24', 1, sha256('71001'), '', 'review', 'invalid-value', 'thief@example.net', reference
FROM api.account_open('test', 'import') a, fieldpost.request WHERE request_id = tap.number_of('Fatou');
SELECT is((SELECT count(*) FROM tap.due('2026-11-25 08:00+00') WHERE who = 'Fatou'), 1::bigint, 'somebody else with the reference: still silent');
UPDATE fieldpost.message SET from_address = 'Fatou@example.org', verification = 'failed' WHERE message_id = 71001;
SELECT is((SELECT count(*) FROM tap.due('2026-11-25 08:00+00') WHERE who = 'Fatou'), 1::bigint, 'somebody who passes for them: still silent');
UPDATE fieldpost.message SET verification = 'unverified' WHERE message_id = 71001;
SELECT is(tap.put('2026-11-25 08:00+00', 'Fatou', 1), 0::bigint, 'an answer that a person looks at: no reminder');
SELECT is(tap.put('2026-11-25 08:00+00', 'Asha', 2), 0::bigint, 'not the second one first');
SELECT is(tap.put('2026-11-25 08:00+00', 'Asha', 1), 1::bigint, 'the first one');
SELECT is(tap.put('2026-11-25 08:00+00', 'Sara', 1), 1::bigint, 'to another');
SELECT results_eq($$SELECT kind, state::text, dedupe_key LIKE 'request % 1' FROM fieldpost.outbox WHERE request_id = tap.number_of('Sara') ORDER BY outbox_id$$,
	$$VALUES ('request', 'waiting', false), ('reminder', 'waiting', true)$$, 'both wait');
UPDATE fieldpost.request SET state = 'answered' WHERE request_id = tap.number_of('Sara');
SELECT results_eq($$SELECT DISTINCT state::text FROM fieldpost.outbox WHERE request_id = tap.number_of('Sara')$$, $$VALUES ('cancelled')$$,
	'answered: what waits is taken back at once');
SELECT results_eq($$SELECT * FROM tap.due('2026-12-02 08:00+00')$$, $$VALUES ('Asha', 2::bigint, true)$$, 'the second is the last');
INSERT INTO fieldpost.suppression (channel, address, reason, since) VALUES ('mail', 'asha@example.org', 'asked', '2026-11-26');
SELECT is(fieldpost.request_may_go(tap.number_of('Asha')), false, 'who asked for no more: what waits may not go');
SELECT lives_ok($$SELECT api.requests_cancel('2026-11-26')$$, 'and is taken back');
SELECT is((SELECT count(*) FROM fieldpost.outbox WHERE request_id = tap.number_of('Asha') AND state = 'waiting'), 0::bigint, '... all of it');
SELECT results_eq($$SELECT * FROM tap.due('2026-12-02 08:00+00')$$, $$SELECT 'x', 0::bigint, false WHERE false$$, 'nor is there another reminder');
DELETE FROM fieldpost.suppression WHERE address = 'asha@example.org';
UPDATE fieldpost.request SET remind_at = '2026-12-02', reminders = 1 WHERE request_id = tap.number_of('Asha');
SELECT is(tap.put('2026-12-02 08:00+00', 'Asha', 2), 1::bigint, 'the last one');
SELECT is((SELECT remind_at FROM fieldpost.request WHERE request_id = tap.number_of('Asha')), NULL, 'and no other');
SELECT results_eq($$SELECT label, waiting, asked, answered, partial, silent, bounced, closed, reminders FROM api.request_list(1) WHERE label = 'B'
	UNION ALL SELECT label, waiting, asked, answered, partial, silent, bounced, closed, reminders FROM api.request_list(9) WHERE label = 'A'$$,
	$$VALUES ('B', 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 1::bigint, 0::bigint), ('A', 0, 3, 1, 1, 1, 0, 1, 3)$$, 'listed');
SELECT results_eq($$SELECT name, state, reminders FROM api.request_people('A') ORDER BY name$$,
	$$VALUES ('Asha', 'silent', 2::bigint), ('Fatou', 'partial', 0), ('Number', 'closed', 0), ('Sara', 'answered', 1)$$, 'person by person');

-- By the calendar.
CREATE FUNCTION tap.calendar(now timestamptz, rule jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(label || ' ' || what || ' ' || people_count, ', ' ORDER BY what)
	FROM api.request_schedule(calendar.now, rule, 'ask-form', '{"addresses": ["sara@example.org"]}', NULL, tap.rules())
$$;
SELECT is((SELECT day || label FROM fieldpost.schedule_day(t::timestamptz, r::jsonb)), w) FROM (VALUES
	('2026-11-18 12:00+00', '{"name": "w", "frequency": "weekly", "weekday": 3}', '2026-11-18w 2026-W47'),
	('2026-11-17 09:00+00', '{"name": "w", "frequency": "weekly", "weekday": 3}', '2026-11-11w 2026-W46'),
	('2026-11-17 10:00+00', '{"name": "w", "frequency": "weekly", "weekday": 3}', '2026-11-18w 2026-W47'),
	('2026-11-18 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}', '2026-11-05m 2026-11'),
	('2026-11-03 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}', '2026-10-05m 2026-10'),
	('2026-11-18 12:00+00', '{"name": "q", "frequency": "quarterly", "day": 28}', '2026-10-28q 2026-Q4'),
	('2027-01-02 12:00+00', '{"name": "q", "frequency": "quarterly", "day": 28}', '2026-10-28q 2026-Q4')) v (t, r, w);
SELECT is(tap.calendar('2026-11-18 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}'), NULL, 'new in the config: not for a day that is past');
SELECT is(tap.calendar('2026-12-03 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}'), NULL, 'not before its day');
SELECT is(tap.calendar('2026-12-04 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}'), 'm 2026-12 asked 1', 'when its day begins somewhere');
SELECT is(tap.calendar('2026-12-04 13:00+00', '{"name": "m", "frequency": "monthly", "day": 5}'), NULL, 'once');
SELECT is((SELECT due_at FROM fieldpost.request JOIN fieldpost.campaign USING (campaign_id) WHERE label = 'm 2026-12'), '2026-12-06 06:00+00',
	'on their first working day from then on');
SELECT is(tap.calendar('2027-01-20 12:00+00', '{"name": "m", "frequency": "monthly", "day": 5}'), NULL, 'two weeks late: left out');

-- Acknowledgements.
UPDATE fieldpost.message SET language = 'fr', subject = 'Bonjour', header_id = '<x@y>' WHERE message_id = 71001;
INSERT INTO fieldpost.acknowledgement (message_id, kind, form_id, form_version, said, contact_id, channel, address, reference, made_at)
SELECT 71001, 'open', 'ask-form', 3, '{"errors": {"lesson": "missing-required"}}', 71002, 'mail', 'fatou@example.org', reference, '2026-11-24'
FROM fieldpost.request WHERE request_id = tap.number_of('Fatou');
SELECT results_eq($$SELECT message_id, kind, language, day, header_id, request_header, name FROM api.acknowledgements_due(9, tap.rules())$$,
	$$SELECT 71001::bigint, 'open', 'fr-SN', '2026-11-24', '<x@y>', header_id, 'Fatou' FROM fieldpost.request WHERE request_id = tap.number_of('Fatou')$$, 'due');
SELECT is((SELECT count(*) FROM api.acknowledgement_put('2026-11-24', 71001, '\x7b7d', 'example.org')), 1::bigint, 'put');
SELECT is((SELECT count(*) FROM api.acknowledgement_put('2026-11-24', 71001, '\x7b7d', 'example.org')), 0::bigint, 'once');
SELECT is((SELECT count(*) FROM api.acknowledgements_due(9, tap.rules())), 0::bigint, 'none is due any more');
SELECT results_eq($$SELECT o.kind, o.recipient, o.header_id LIKE '<ack-71001.%@example.org>' FROM fieldpost.outbox o JOIN fieldpost.acknowledgement USING (outbox_id)$$,
	$$VALUES ('acknowledgement', 'fatou@example.org', true)$$, 'it is in the outbox');

SELECT * FROM finish();
ROLLBACK;
