-- Digests: what is due when, what they hold, who sees what in them; the outbox.
BEGIN;
SELECT no_plan();

---- what is due: the moment ----

CREATE FUNCTION tap.moment(weekday integer, hour integer, zone text, now text, weeks integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT to_char(api.digest_moment('weekly', weekday, hour, zone, now::timestamptz, weeks) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
$$;
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-11-16 07:00+00'), '2026-11-16 07:00', 'due on the dot');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-11-16 06:59:59+00'), '2026-11-09 07:00', 'not a second before');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-11-22 23:59+00'), '2026-11-16 07:00', 'all week long');
SELECT is(tap.moment(7, 23, 'Pacific/Auckland', '2026-11-22 10:00+00'), '2026-11-22 10:00', 'another weekday there than here');
SELECT is(tap.moment(1, 0, 'America/La_Paz', '2026-11-16 03:59+00'), '2026-11-09 04:00', 'midnight of the zone, not of UTC');
SELECT is(tap.moment(1, 8, 'Asia/Kathmandu', '2026-11-16 02:15+00'), '2026-11-16 02:15', 'a zone with a quarter of an hour');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-03-30 06:00+00'), '2026-03-30 06:00', 'after the clocks went forward: the same hour there');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-03-30 06:00+00', -1), '2026-03-23 07:00', 'and the week before');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-10-26 07:00+00'), '2026-10-26 07:00', 'after they went back');
SELECT is(tap.moment(1, 8, 'Europe/Zurich', '2026-10-26 06:59+00'), '2026-10-19 06:00', 'not an hour too early');
SELECT is(tap.moment(7, 2, 'Europe/Zurich', '2026-03-29 00:59+00'), '2026-03-22 01:00', 'an hour that is left out is not there yet');
SELECT is(tap.moment(7, 2, 'Europe/Zurich', '2026-03-29 01:00+00'), '2026-03-29 01:00', 'it comes an hour later');
SELECT is(tap.moment(7, 2, 'Europe/Zurich', '2026-10-25 00:30+00'), '2026-10-18 00:00', 'an hour gone through twice: not the first time');
SELECT is(tap.moment(7, 2, 'Europe/Zurich', '2026-10-25 01:00+00'), '2026-10-25 01:00', 'but the second');
SELECT is(tap.moment(3, 12, 'UTC', '2026-12-31 11:00+00', 1), '2027-01-06 12:00', 'the next one may be next year');

---- teams and subscriptions ----

CREATE FUNCTION tap.register() RETURNS void LANGUAGE sql AS $$
	SELECT api.forms_register('2026-01-01', jsonb_build_array(jsonb_build_object('id', 'field-lesson', 'version', 1, 'sha256', 'x',
		'source', 'x', 'title', '{"en": "Lesson", "fr": "Leçon"}'::jsonb, 'fields', $f$[
		{"name": "country", "type": "country", "number": 1, "label": {"en": "Country"}},
		{"name": "phase", "type": "choice", "number": 2, "label": {"en": "Phase"}, "options": [
			{"value": "before", "label": {"en": "before", "fr": "avant"}}, {"value": "after", "label": {"en": "after"}}]},
		{"name": "activity", "type": "choices", "number": 3, "label": {"en": "Area", "fr": "Domaine"}, "theme": true, "options": [
			{"value": "oversight", "label": {"en": "oversight"}}, {"value": "strategy", "label": {"en": "strategy"}}]},
		{"name": "people", "type": "number", "number": 4, "label": {"en": "People"}},
		{"name": "lesson", "type": "text", "number": 5, "label": {"en": "Lesson"}, "digest": "lesson"},
		{"name": "sharing", "type": "choice", "number": 6, "label": {"en": "Sharing"}, "options": [{"value": "open"}, {"value": "no-name"},
			{"value": "restricted"}]}]$f$::jsonb)))
$$;
SELECT lives_ok('SELECT tap.register()', 'a form is there');
CREATE TEMP TABLE known (name text PRIMARY KEY, id bigint);

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is((SELECT fresh FROM api.team_add('Justice', false)), true, 'a team');
SELECT is((SELECT fresh FROM api.team_add('Justice', false)), false, 'once');
SELECT lives_ok($$SELECT api.member_add((SELECT team_id FROM api.team_add('Justice', false)), 'Clara', 'clara@example.org', 'no-name')$$, 'a member');
SELECT lives_ok($$SELECT api.member_add((SELECT team_id FROM api.team_add('Justice', false)), 'Clara Meyer', 'clara@example.org', 'no-name')$$, 'again');
SELECT is((SELECT members ->> 0 FROM api.team_list('2026-11-01')), '{"name": "Clara Meyer", "active": true, "address": "clara@example.org", "clearance": "no-name"}',
	'is the same with another name');
SELECT throws_like($$SELECT api.subscription_add('Justise', '', '{}', 'weekly', 1, 8, 'Europe/Zurich', 'en', 'send', '2026-11-01')$$,
	'there is no team "Justise"%', 'a team that is not there');
SELECT throws_like($$SELECT api.subscription_add('Justice', '', '{}', 'weekly', 1, 8, 'Europe/Zürich', 'en', 'send', '2026-11-01')$$,
	'the time zone%', 'a zone that is not there');
SELECT throws_like($$SELECT api.subscription_add('Justice', '', '{"forms": ["lessons"]}', 'weekly', 1, 8, 'UTC', 'en', 'send', '2026-11-01')$$,
	'there is no form "lessons"%', 'a form that is not there');
SELECT is((SELECT fresh FROM api.subscription_add('Justice', '', '{}', 'weekly', 1, 8, 'Europe/Zurich', 'en', 'send', '2026-11-03 12:00+00')), true,
	'a subscription');
SELECT is((SELECT fresh FROM api.subscription_add('Justice', '', '{}', 'weekly', 1, 8, 'Europe/Zurich', 'en', 'send', '2026-11-03 13:00+00')), false,
	'again is the same');
RESET SESSION AUTHORIZATION;
INSERT INTO known SELECT 'justice', subscription_id FROM fieldpost.subscription;

---- what is due: the periods ----

CREATE FUNCTION tap.due(now text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(to_char(period_start AT TIME ZONE 'UTC', 'MM-DD HH24') || ' to ' || to_char(period_end AT TIME ZONE 'UTC', 'MM-DD HH24')
		|| CASE WHEN late THEN ' late' ELSE '' END, '; ') FROM api.digest_due(now::timestamptz)
$$;
CREATE FUNCTION tap.open(subscription text, period_start text, period_end text, now text DEFAULT NULL, by_hand boolean DEFAULT false)
RETURNS bigint LANGUAGE sql AS $$
	SELECT digest_id FROM api.digest_open((SELECT id FROM known WHERE name = subscription), period_start::timestamptz, period_end::timestamptz,
		false, by_hand, coalesce(now, period_end)::timestamptz)
$$;
SELECT is(tap.due('2026-11-09 06:59+00'), NULL, 'nothing before the first one is due');
SELECT is(tap.due('2026-11-09 07:00+00'), '11-02 07 to 11-09 07', 'the first one holds the week before');
SELECT is(tap.due('2026-11-09 08:00+00'), '11-02 07 to 11-09 07', 'an hour later it is not late');
SELECT is(tap.due('2026-11-09 08:01+00'), '11-02 07 to 11-09 07 late', 'then it is');
INSERT INTO known VALUES ('d1', tap.open('justice', '2026-11-02 07:00+00', '2026-11-09 07:00+00'));
SELECT is(tap.due('2026-11-09 07:00:30+00'), NULL, 'one that was opened just now is at work');
SELECT is(tap.due('2026-11-09 07:02+00'), '11-02 07 to 11-09 07', 'one that was left unfinished is taken up');
UPDATE fieldpost.digest SET state = 'sent';
SELECT is(tap.due('2026-11-16 06:59+00'), NULL, 'made: nothing before the next');
SELECT is((SELECT look_at FROM fieldpost.subscription), '2026-11-16 07:00+00', 'nor is it looked at before');
UPDATE fieldpost.subscription SET hour = 6;
SELECT is(tap.due('2026-11-16 05:00+00'), '11-09 07 to 11-16 05', 'but for one that is to come earlier now');
UPDATE fieldpost.subscription SET hour = 8;
SELECT is(tap.due('2026-11-16 05:00+00'), NULL, 'or at the old hour again');
SELECT lives_ok('SELECT api.digest_look_again()', 'all are looked at anew');
SELECT is((SELECT look_at FROM fieldpost.subscription), '-infinity', 'whatever was thought before');
SELECT is(tap.due('2026-11-16 07:00+00'), '11-09 07 to 11-16 07', 'the next begins where it ended');
SELECT is(tap.due('2026-12-02 12:00+00'), '11-09 07 to 11-30 07 late', 'after three weeks away: one, late');
SELECT is(tap.open('justice', '2026-11-02 07:00+00', '2026-11-09 07:00+00'), (SELECT id FROM known WHERE name = 'd1'), 'opened again: the same row');
UPDATE fieldpost.subscription SET active = false;
SELECT is(tap.due('2026-11-16 07:00+00'), NULL, 'nothing for a subscription that rests');
UPDATE fieldpost.subscription SET active = true;
UPDATE fieldpost.member SET active = false;
SELECT is(tap.due('2026-11-16 07:00+00'), NULL, 'nothing for nobody');
UPDATE fieldpost.member SET active = true;
-- Across both changes of the clock a period is a week of the calendar.
DELETE FROM fieldpost.digest;
UPDATE fieldpost.subscription SET created_at = '2026-03-01';
SELECT is(tap.due('2026-03-30 06:00+00'), '03-23 07 to 03-30 06', 'a week of 167 hours');
UPDATE fieldpost.subscription SET created_at = '2026-10-01';
SELECT is(tap.due('2026-10-26 07:00+00'), '10-19 06 to 10-26 07', 'a week of 169 hours');
UPDATE fieldpost.subscription SET created_at = '2026-11-03 12:00+00';

---- what a digest holds ----

CREATE FUNCTION tap.feedback(name text, filed text, sharing text DEFAULT 'no-name', country text DEFAULT 'NP', theme text DEFAULT 'oversight',
	more jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	WITH m AS (
		INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256, state, form_id, from_name, from_address)
		SELECT account_id, filed::timestamptz, filed::timestamptz, 1, sha256(convert_to(name, 'UTF8')), '', 'filed', 'field-lesson',
			'Aminata Kamara', 'aminata@example.net'
		FROM api.account_open('test', 'import') RETURNING message_id
	), f AS (
		INSERT INTO fieldpost.feedback (message_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme)
		SELECT message_id, filed::timestamptz, filed::timestamptz, 1, sharing::fieldpost.sharing_level, 'field-lesson', country, 'en',
			array_remove(ARRAY[theme], NULL) FROM m RETURNING *
	), r AS (
		INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
		SELECT feedback_id, 1, 'practitioner', message_id, filed::timestamptz, jsonb_build_object('country', country, 'activity',
			theme, 'phase', 'before', 'lesson', 'Words of ' || name || ', signed Aminata Kamara.') || more, '{}', NULL FROM f
	)
	INSERT INTO known SELECT name, feedback_id FROM f
$$;
CREATE FUNCTION tap.lines(digest text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(k.name || ' ' || l.line_number, ', ' ORDER BY l.line_number) FROM fieldpost.digest_line l
	JOIN known k ON k.id = l.feedback_id AND k.name LIKE 'f%' WHERE l.digest_id = (SELECT id FROM known WHERE name = digest)
$$;
DELETE FROM known WHERE name = 'd1';
SELECT tap.feedback('f-old', '2026-11-01 00:00+00');
SELECT tap.feedback('f-a', '2026-11-03 00:00+00');
SELECT tap.feedback('f-restricted', '2026-11-03 01:00+00', 'restricted', 'SS');
SELECT tap.feedback('f-b', '2026-11-04 00:00+00', 'open', 'LR', NULL, '{"people": 20}');
SELECT tap.feedback('f-later', '2026-11-09 07:00+00');
INSERT INTO known VALUES ('d1', tap.open('justice', '2026-11-02 07:00+00', '2026-11-09 07:00+00'));
SELECT is(tap.lines('d1'), 'f-a 1, f-b 2', 'filed within the period, and no level above the reader''s; no gap in the numbers');
SELECT is((SELECT count(line_number) FROM fieldpost.feedback), 2::bigint, 'only what is published gets a number');
-- A row that was committed after its period was read is in the next digest, however old it is.
SELECT tap.feedback('f-late-commit', '2026-11-08 00:00+00');
UPDATE fieldpost.digest SET state = 'sent';
INSERT INTO known VALUES ('d2', tap.open('justice', '2026-11-09 07:00+00', '2026-11-16 07:00+00'));
SELECT is(tap.lines('d2'), 'f-late-commit 3, f-later 4', 'in the next: what came late, and what came at the very end');
SELECT is(tap.lines('d1'), 'f-a 1, f-b 2', 'the first one stays as it was');
-- Another team: its own set, the same numbers.
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT lives_ok($$SELECT api.member_add((SELECT team_id FROM api.team_add('Cleared', true)), 'Daniel', 'daniel@example.org', 'restricted');
	SELECT api.subscription_add('Cleared', '', '{}', 'weekly', 1, 8, 'UTC', 'fr', 'skip', '2026-11-03 12:00+00')$$, 'a cleared team');
RESET SESSION AUTHORIZATION;
INSERT INTO known SELECT 'cleared', subscription_id FROM fieldpost.subscription JOIN fieldpost.team USING (team_id) WHERE team.name = 'Cleared';
INSERT INTO known VALUES ('c1', tap.open('cleared', '2026-11-02 08:00+00', '2026-11-09 08:00+00'));
SELECT is(tap.lines('c1'), 'f-a 1, f-b 2, f-late-commit 3, f-later 4, f-restricted 5', 'sees restricted items; the others keep their numbers');
-- One member who is not cleared, and nobody's digest holds them.
SELECT is(fieldpost.digest_level((SELECT id FROM known WHERE name = 'cleared')), 'restricted', 'all are cleared');
SELECT api.member_add((SELECT team_id FROM fieldpost.team WHERE name = 'Cleared'), 'Eve', 'eve@example.org', 'no-name');
SELECT is(fieldpost.digest_level((SELECT id FROM known WHERE name = 'cleared')), 'no-name', 'one is not: the least counts');
UPDATE fieldpost.digest SET state = 'ready' WHERE digest_id = (SELECT id FROM known WHERE name = 'c1'); -- else it would lose the line
SELECT is((SELECT member_id FROM api.digest_reader((SELECT id FROM known WHERE name = 'c1'))),
	(SELECT member_id FROM fieldpost.member WHERE name = 'Eve'), 'and is who reads it');
UPDATE fieldpost.digest SET state = 'open' WHERE digest_id = (SELECT id FROM known WHERE name = 'c1');
DELETE FROM fieldpost.member WHERE name = 'Eve';
-- Filters.
CREATE FUNCTION tap.takes(filters text, country text DEFAULT 'NP', theme text DEFAULT '{}') RETURNS boolean LANGUAGE sql AS $$
	SELECT fieldpost.filter_takes((SELECT fieldpost.filter_of(filters::jsonb) OFFSET 0), 'field-lesson', country, NULL, theme::text[], 'fr')
$$;
SELECT ok(tap.takes('{}', NULL), 'no filter: everything');
SELECT ok(NOT tap.takes('{"forms": ["progress-check"]}'), 'another form');
SELECT ok(tap.takes('{"forms": ["field-lesson"], "countries": ["NP", "LR"]}', 'LR'), 'form and country');
SELECT ok(NOT tap.takes('{"countries": ["NP"]}', NULL), 'no country is none of them');
SELECT ok(tap.takes('{"themes": ["strategy", "oversight"]}', 'NP', '{oversight}'), 'a theme');
SELECT ok(NOT tap.takes('{"themes": ["strategy"]}'), 'no theme is none of them');
SELECT ok(tap.takes('{"languages": ["ar", "fr"]}'), 'a language');
SELECT ok(NOT tap.takes('{"languages": ["ar"]}'), 'another language');
-- Withdrawn before it was published: in no digest.
SELECT tap.feedback('f-withdrawn', '2026-11-17 00:00+00');
UPDATE fieldpost.feedback SET state = 'withdrawn' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-withdrawn');
UPDATE fieldpost.digest SET state = 'sent' WHERE state = 'open';
INSERT INTO known VALUES ('d3', tap.open('justice', '2026-11-16 07:00+00', '2026-11-23 07:00+00'));
SELECT is(tap.lines('d3'), NULL, 'what was withdrawn is in no digest');
SELECT is((SELECT state::text FROM fieldpost.digest WHERE digest_id = (SELECT id FROM known WHERE name = 'd3')), 'open', 'an empty one goes out');
INSERT INTO known VALUES ('c2', tap.open('cleared', '2026-11-09 08:00+00', '2026-11-16 08:00+00'));
SELECT is((SELECT state::text FROM fieldpost.digest WHERE digest_id = (SELECT id FROM known WHERE name = 'c2')), 'skipped', 'unless it is not wanted');
SELECT is(tap.due('2026-11-16 08:30+00'), NULL, 'then it is over for that week');
-- By hand.
SELECT tap.feedback('f-new', '2026-11-24 10:00+00');
UPDATE fieldpost.digest SET state = 'sent' WHERE state = 'open';
SELECT results_eq($$SELECT to_char(period_start AT TIME ZONE 'UTC', 'MM-DD HH24'), lines FROM api.digest_by_hand((SELECT id FROM known
	WHERE name = 'justice'), '2026-11-24 12:00+00')$$, $$VALUES ('11-23 07', 1::bigint)$$, 'by hand: from where the last one ended');
SELECT is((SELECT lines FROM api.digest_by_hand((SELECT id FROM known WHERE name = 'justice'), '2026-11-24 09:00+00')), 0::bigint, 'nothing new: nothing');
INSERT INTO known SELECT 'second', subscription_id FROM api.subscription_add('Justice', 'second', '{}', 'weekly', 1, 8, 'UTC', 'en', 'send', '2026-11-24');
SELECT is((SELECT period_start FROM api.digest_by_hand((SELECT id FROM known WHERE name = 'second'), '2026-11-24 12:00+00')),
	'2026-11-01 00:00+00'::timestamptz, 'a first one by hand holds everything');

---- as its readers see it ----

CREATE FUNCTION tap.become(digest text) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('fieldpost.member', (SELECT member_id::text FROM api.digest_reader((SELECT id FROM known WHERE name = digest))), true);
	SELECT set_config('tap.digest', (SELECT id::text FROM known WHERE name = digest), true)
$$;
CREATE FUNCTION tap.digest() RETURNS bigint LANGUAGE sql AS $$ SELECT current_setting('tap.digest')::bigint $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO PUBLIC;

-- Two weeks of one team: d1 of f-a and f-b, d2 of f-late-commit and f-later.
SELECT tap.become('d2');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT throws_ok('SELECT * FROM fieldpost.feedback', '42501', NULL, 'a reader touches no table');
SELECT is((SELECT comparable FROM read.digest_head(tap.digest())), true, 'the second one has something to compare with');
SELECT is((SELECT count(*) FROM read.digest_lines(tap.digest(), 3000)), 2::bigint, 'its lines');
SELECT results_eq($$SELECT country, replies, silent_weeks FROM read.digest_countries(tap.digest())$$,
	$$VALUES ('LR', 0::bigint, 1::bigint), ('NP', 2, 0)$$, 'a restricted country is not known to be there');
SELECT results_eq($$SELECT form_id, title, replies, before FROM read.digest_forms(tap.digest())$$,
	$$VALUES ('field-lesson', 'Lesson', 2::bigint, 3::bigint)$$, 'forms');
SELECT results_eq($$SELECT field, value, count, before FROM read.digest_values(tap.digest())$$,
	$$VALUES ('activity', 'oversight', 2::bigint, 2::bigint), ('people', '20', 0, 1), ('phase', 'before', 2, 3)$$, 'figures');
SELECT is((SELECT string_agg(replies::text, ' ') FROM read.digest_trend(tap.digest())), '0 0 0 0 0 1 3 1', 'eight weeks by arrival, oldest first');
SELECT results_eq($$SELECT number, name, answers ->> 'lesson' FROM read.digest_lines(tap.digest(), 3000)$$,
	$$VALUES (3::bigint, NULL::text, 'Words of f-late-commit, signed […].'), (4, NULL, 'Words of f-later, signed […].')$$,
	'no name: hidden, in the words too');
RESET ROLE;
RESET SESSION AUTHORIZATION;
SELECT tap.become('d1');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT is((SELECT comparable FROM read.digest_head(tap.digest())), false, 'the first one has nothing to compare with');
SELECT is((SELECT count(*) FROM read.digest_trend(tap.digest())), 0::bigint, 'no trend');
SELECT results_eq($$SELECT number, name, answers ->> 'lesson' FROM read.digest_lines(tap.digest(), 3000) WHERE sharing = 'open'$$,
	$$VALUES (2::bigint, 'Aminata Kamara', 'Words of f-b, signed Aminata Kamara.')$$, 'open: the name and the words');
SET LOCAL fieldpost.member = '';
SELECT is((SELECT count(*) FROM read.digest_lines(tap.digest(), 3000)), 0::bigint, 'nobody known sees no line');
RESET ROLE;
RESET SESSION AUTHORIZATION;
-- The cleared team: restricted items by number, form and arrival; whole when it takes them by mail.
SELECT tap.become('c1');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT number, withheld, country, name, answers, remarks FROM read.digest_lines(tap.digest(), 3000) WHERE sharing = 'restricted'$$,
	$$VALUES (5::bigint, true, NULL::text, NULL::text, '{}'::jsonb, NULL::text)$$, 'withheld by mail');
SELECT is((SELECT sum(replies) FROM read.digest_forms(tap.digest())), 5::numeric, 'but counted');
SELECT is_empty($$SELECT * FROM read.digest_countries(tap.digest()) WHERE country = 'SS'$$, 'and not told by its country');
SELECT is((SELECT count FROM read.digest_values(tap.digest()) WHERE field = 'phase'), 4::bigint, 'nor by its answers');
SELECT is((SELECT title FROM read.digest_forms(tap.digest())), 'Leçon', 'in the team''s language');
SELECT is((SELECT fields -> 2 ->> 'label' FROM read.digest_forms(tap.digest())), 'Domaine', 'labels too');
SELECT is((SELECT fields -> 3 ->> 'label' FROM read.digest_forms(tap.digest())), 'People', 'else in English');
RESET ROLE;
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.team SET restricted_by_mail = true WHERE name = 'Cleared';
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT withheld, country, name FROM read.digest_lines(tap.digest(), 3000) WHERE sharing = 'restricted'$$,
	$$VALUES (false, 'SS', 'Aminata Kamara')$$, 'whole for those who take it by mail');
SELECT is((SELECT count(*) FROM read.digest_countries(tap.digest()) WHERE country = 'SS'), 1::bigint, 'with its country');
SELECT is((SELECT count FROM read.digest_values(tap.digest()) WHERE field = 'phase'), 5::bigint, 'and its answers');
RESET ROLE;
RESET SESSION AUTHORIZATION;

---- the outbox ----

CREATE TABLE tap.claimed (outbox_id bigint, recipient text, header_id text, attempts bigint);
CREATE TABLE tap.again (LIKE tap.claimed);
GRANT SELECT, INSERT ON tap.claimed, tap.again TO fieldpost_send;
UPDATE fieldpost.digest SET state = 'open' WHERE digest_id = (SELECT id FROM known WHERE name = 'd1');
SELECT api.member_add((SELECT team_id FROM fieldpost.team WHERE name = 'Justice'), 'Paul', 'paul@example.org', 'no-name');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is((SELECT mails FROM api.digest_ready(tap.digest(), '2026-11-09 07:01+00', 'Subject', '{}', 'example.org')), 0::bigint, 'another digest: nothing to do');
RESET SESSION AUTHORIZATION;
SELECT tap.become('d1');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is((SELECT mails FROM api.digest_ready(tap.digest(), '2026-11-09 07:01+00', 'Subject', '{}', 'example.org')), 2::bigint, 'a mail to each member');
SELECT is((SELECT mails FROM api.digest_ready(tap.digest(), '2026-11-09 07:02+00', 'Subject', '{}', 'example.org')), 0::bigint, 'once');
SELECT is((SELECT count(*) FROM api.outbox_turn('2026-11-09 07:00:59+00', 'mail', '{}', '{}', '{}', '{}', '{}', 10)), 0::bigint, 'nothing to send before');
INSERT INTO tap.claimed SELECT outbox_id, recipient, header_id, attempts FROM api.outbox_turn('2026-11-09 07:02+00', 'mail', '{}', '{}', '{}', '{}', '{}', 10);
SELECT is((SELECT array_agg(recipient ORDER BY recipient) FROM tap.claimed), '{clara@example.org,paul@example.org}', 'both are claimed');
SELECT is((SELECT count(DISTINCT header_id) FROM tap.claimed WHERE header_id ~ '^<digest-\d+-\d+\.[0-9a-f]{16}@example\.org>$'), 2::bigint, 'each with its Message-ID');
SELECT lives_ok($$SELECT api.outbox_turn('2026-11-09 07:03+00', 'mail', ARRAY[outbox_id], '{retry}', ARRAY['2026-11-09 07:05+00'::timestamptz], ARRAY['450 later'], '{t}', 0) FROM tap.claimed
	WHERE recipient LIKE 'clara%'$$, 'one is to come again');
SELECT lives_ok($$SELECT api.outbox_turn('2026-11-09 07:03+00', 'mail', ARRAY[outbox_id], '{failed}', ARRAY['2026-11-09 07:03+00'::timestamptz], ARRAY['550 no such user'], '{t}', 0) FROM tap.claimed WHERE recipient LIKE 'paul%'$$, 'one is given up');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT text FROM fieldpost.alarm WHERE kind = 'mail-failed'), 'digest of 2026-11-09 07:01 to paul@example.org was given up: 550 no such user', 'with an alarm');
SELECT is((SELECT state::text FROM fieldpost.digest WHERE digest_id = tap.digest()), 'ready', 'the digest is not through yet');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is((SELECT count(*) FROM api.outbox_turn('2026-11-09 07:04+00', 'mail', '{}', '{}', '{}', '{}', '{}', 10)), 0::bigint, 'not before its time');
INSERT INTO tap.again SELECT outbox_id, recipient, header_id, attempts FROM api.outbox_turn('2026-11-09 07:05+00', 'mail', '{}', '{}', '{}', '{}', '{}', 10);
SELECT results_eq('SELECT header_id, attempts FROM tap.again', $$SELECT header_id, 2::bigint FROM tap.claimed WHERE recipient LIKE 'clara%'$$, 'again: the same Message-ID');
SELECT lives_ok($$SELECT api.outbox_turn('2026-11-09 07:05+00', 'mail', ARRAY[outbox_id], '{sent}', ARRAY['2026-11-09 07:05+00'::timestamptz], ARRAY[''], '{t}', 0) FROM tap.again$$, 'sent');
SELECT lives_ok($$SELECT api.outbox_turn('2026-11-09 07:06+00', 'mail', ARRAY[outbox_id], '{retry}', ARRAY['2026-11-09 07:06+00'::timestamptz], ARRAY['x'], '{t}', 0) FROM tap.again$$, 'what was sent ...');
SELECT is((SELECT count(*) FROM api.outbox_turn('2027-01-01', 'mail', '{}', '{}', '{}', '{}', '{}', 10)), 0::bigint, '... stays sent');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT state::text FROM fieldpost.digest WHERE digest_id = tap.digest()), 'sent', 'and the digest is');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is((SELECT mails FROM api.digest_again((SELECT subscription_id FROM api.subscription_find('Justice') LIMIT 1), '2026-11-10', 'example.org')), 2::bigint, 'once more, on request');
SELECT results_eq($$SELECT state, mails, sent, failed FROM api.digest_list(100) WHERE digest_id = tap.digest()$$, $$VALUES ('ready', 4::bigint, 1::bigint, 1::bigint)$$, 'the list says how it went');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(DISTINCT header_id) FROM fieldpost.outbox WHERE digest_id = tap.digest()), 4::bigint, 'as other mails');
SAVEPOINT erased;
INSERT INTO fieldpost.digest (subscription_id, period_start, period_end, state, opened_at, built_at)
SELECT subscription_id, '2026-11-20', '2026-11-21', 'sent', '2026-11-21', '2026-11-21' FROM fieldpost.digest WHERE digest_id = tap.digest();
SELECT throws_like($$SELECT * FROM api.digest_again((SELECT subscription_id FROM fieldpost.digest WHERE digest_id = tap.digest()), '2026-11-22', 'example.org')$$,
	'%was erased since%', 'not an older one where the last has lost its words');
ROLLBACK TO erased;
UPDATE fieldpost.instance SET confirmed = false;
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT is((SELECT count(*) FROM api.outbox_turn('2027-01-01', 'mail', '{}', '{}', '{}', '{}', '{}', 10)), 0::bigint, 'a restored copy that nobody confirmed sends nothing');
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.instance SET confirmed = true;
-- Suppressed addresses get nothing.
INSERT INTO fieldpost.suppression (address, reason, since) VALUES ('clara@example.org', 'asked', '2026-11-01');
UPDATE fieldpost.digest SET state = 'open' WHERE digest_id = (SELECT id FROM known WHERE name = 'd2');
SELECT is((SELECT mails FROM api.digest_ready((SELECT id FROM known WHERE name = 'd2'), '2026-11-16 07:01+00', 'S', '{}', 'example.org')), 1::bigint,
	'nothing to whom wants none');
-- Once more, when the team is another one by now: nobody gets what is above their own clearance, nor what was withdrawn since.
UPDATE fieldpost.digest SET state = 'open' WHERE digest_id = (SELECT id FROM known WHERE name = 'c1');
SELECT is((SELECT mails FROM api.digest_ready((SELECT id FROM known WHERE name = 'c1'), '2026-11-09 08:01+00', 'S', '{}', 'example.org')), 1::bigint,
	'to the one who is cleared');
SELECT api.member_add((SELECT team_id FROM fieldpost.team WHERE name = 'Cleared'), 'Eve', 'eve@example.org', 'no-name');
SELECT is((SELECT mails FROM api.digest_again((SELECT id FROM known WHERE name = 'cleared'), '2026-11-10', 'example.org')), 1::bigint,
	'once more: not to the one who came later and is not');
SELECT is_empty($$SELECT FROM fieldpost.outbox WHERE recipient = 'eve@example.org'$$, 'who gets nothing of it');
-- Between the making of a mail and its sending, too.
CREATE FUNCTION tap.leaves(whose text) RETURNS bigint LANGUAGE sql AS $$
	SELECT pg_advisory_unlock_all();
	UPDATE fieldpost.outbox SET state = 'waiting', last_error = NULL, next_at = '2026-11-10' WHERE recipient = whose AND kind = 'digest'
		AND state IN ('cancelled', 'sending');
	DELETE FROM fieldpost.alarm WHERE kind = 'digest-withheld';
	SELECT count(*) FROM api.outbox_claim(100, '2026-11-13') c WHERE c.recipient = whose
$$;
SELECT is(tap.leaves('daniel@example.org'), 2::bigint, 'nothing has changed since: both go');
UPDATE fieldpost.member SET clearance = 'no-name' WHERE name = 'Daniel';
SELECT is(tap.leaves('daniel@example.org'), 0::bigint, 'a clearance that was lowered: none goes');
SELECT is((SELECT array_agg(DISTINCT last_error) FROM fieldpost.outbox WHERE recipient = 'daniel@example.org' AND state = 'cancelled'),
	'{"it holds what who it was for may not see (any more)"}', 'and why stands there');
SELECT is((SELECT array_agg(object) FROM fieldpost.alarm WHERE kind = 'digest-withheld'), '{daniel@example.org}', 'loudly');
UPDATE fieldpost.member SET clearance = 'restricted', active = false WHERE name = 'Daniel';
SELECT is(tap.leaves('daniel@example.org'), 0::bigint, 'who was taken off: none goes');
SELECT is_empty($$SELECT FROM fieldpost.alarm WHERE kind = 'digest-withheld'$$, 'as it was meant');
UPDATE fieldpost.member SET active = true WHERE name = 'Daniel';
UPDATE fieldpost.team SET cleared = false WHERE name = 'Cleared';
SELECT is(tap.leaves('daniel@example.org'), 0::bigint, 'a team that is cleared no more: none goes');
UPDATE fieldpost.team SET cleared = true WHERE name = 'Cleared';
SELECT is(tap.leaves('daniel@example.org'), 2::bigint, 'cleared again: both');
CREATE TEMP TABLE shared AS SELECT feedback_id, sharing FROM fieldpost.feedback;
UPDATE fieldpost.feedback SET sharing = 'open' WHERE feedback_id IN (SELECT feedback_id FROM fieldpost.digest_line WHERE digest_id =
	(SELECT id FROM known WHERE name = 'd1'));
SELECT is(tap.leaves('paul@example.org'), 1::bigint, 'a digest with open replies goes');
UPDATE fieldpost.feedback SET sharing = 'restricted' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-a');
SELECT is(tap.leaves('paul@example.org'), 0::bigint, 'a reply in it that was closed since: the kept bytes stay here');
-- Nor what its mail tells more of than it would today, though its readers may read the line.
UPDATE fieldpost.feedback f SET sharing = s.sharing FROM shared s WHERE s.feedback_id = f.feedback_id;
SELECT is(tap.leaves('paul@example.org'), 1::bigint, 'as it was told: it goes');
UPDATE fieldpost.feedback SET sharing = 'no-name' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
SELECT is(tap.leaves('paul@example.org'), 0::bigint, 'who gave their name and takes it back: the kept bytes hold it');
UPDATE fieldpost.feedback SET sharing = 'open' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
UPDATE fieldpost.feedback SET state = 'withdrawn' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
SELECT is(tap.leaves('paul@example.org'), 0::bigint, 'nor what was withdrawn since');
UPDATE fieldpost.feedback SET state = 'new' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
UPDATE fieldpost.feedback SET sharing = 'restricted' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
SELECT is(tap.leaves('daniel@example.org'), 2::bigint, 'restricted since, to a team that takes that by mail');
UPDATE fieldpost.team SET restricted_by_mail = false WHERE name = 'Cleared';
SELECT is(tap.leaves('daniel@example.org'), 0::bigint, 'and to one that does not');
UPDATE fieldpost.team SET restricted_by_mail = true WHERE name = 'Cleared';
-- Closed while the digest was still to be made: it is told as it is then, and goes.
UPDATE fieldpost.digest SET state = 'open' WHERE digest_id = (SELECT id FROM known WHERE name = 'd1');
UPDATE fieldpost.feedback SET sharing = 'no-name' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
SELECT tap.become('d1');
SELECT is(tap.leaves('paul@example.org'), 1::bigint, 'closed before its mail was made: it goes');
UPDATE fieldpost.feedback SET sharing = 'restricted' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-b');
SELECT tap.become('d1');
SELECT is(tap.leaves('paul@example.org'), 1::bigint, 'closed to its readers before: it goes without that line');
SELECT is(tap.lines('d1'), 'f-a 1', 'which was not told');
UPDATE fieldpost.digest SET state = 'ready' WHERE digest_id = (SELECT id FROM known WHERE name = 'd1');
UPDATE fieldpost.feedback f SET sharing = s.sharing FROM shared s WHERE s.feedback_id = f.feedback_id;
SELECT pg_advisory_unlock_all();
UPDATE fieldpost.team SET cleared = false WHERE name = 'Cleared';
SELECT is((SELECT mails FROM api.digest_again((SELECT id FROM known WHERE name = 'cleared'), '2026-11-11', 'example.org')), 0::bigint,
	'nor to anybody of a team that is cleared no more');
UPDATE fieldpost.team SET cleared = true WHERE name = 'Cleared';
UPDATE fieldpost.feedback SET state = 'withdrawn' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-a');
SELECT throws_ok($$SELECT * FROM api.digest_again((SELECT id FROM known WHERE name = 'cleared'), '2026-11-12', 'example.org')$$, 'P0002', NULL,
	'a withdrawn line is not sent again');
UPDATE fieldpost.feedback SET state = 'new' WHERE feedback_id = (SELECT id FROM known WHERE name = 'f-a');
-- A digest that cannot be made: again later, and later still.
UPDATE fieldpost.digest SET state = 'open', opened_at = '2026-11-23 07:00+00' WHERE digest_id = (SELECT id FROM known WHERE name = 'd3');
SELECT tap.become('d3');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT lives_ok($$SELECT api.digest_failed(tap.digest(), '2026-11-23 07:01+00', 'no template')$$, 'it cannot be made');
SELECT is((SELECT count(*) FROM api.digest_due('2026-11-23 07:01:29+00') WHERE digest_id = tap.digest()), 0::bigint, 'not at once');
SELECT is((SELECT count(*) FROM api.digest_due('2026-11-23 07:01:30+00') WHERE digest_id = tap.digest()), 1::bigint, 'after half a minute');
SELECT lives_ok($$SELECT api.digest_failed(tap.digest(), '2026-11-23 07:02+00', 'no template')$$, 'again');
SELECT is((SELECT count(*) FROM api.digest_due('2026-11-23 07:02:59+00') WHERE digest_id = tap.digest()), 0::bigint, 'after a minute');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count FROM fieldpost.alarm WHERE kind = 'digest-failed'), 2::bigint, 'loudly');

SELECT finish();
ROLLBACK;
