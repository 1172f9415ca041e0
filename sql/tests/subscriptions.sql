-- Subscriptions: how often, about whom, who stopped one; corrections, conversations and outcomes; answered of asked.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE known (name text PRIMARY KEY, id bigint);
GRANT SELECT ON known TO PUBLIC;
SELECT api.forms_register('2026-01-01', $f$[{"id": "lesson", "version": 1, "sha256": "x", "source": "x", "title": {"en": "Lesson"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "Country"}},
	{"name": "area", "type": "choices", "number": 2, "label": {"en": "Area"}, "theme": true, "options": [{"value": "oversight", "label": {"en": "oversight"}},
		{"value": "strategy", "label": {"en": "strategy"}}]},
	{"name": "people", "type": "number", "number": 3, "label": {"en": "People"}},
	{"name": "lesson", "type": "text", "number": 4, "label": {"en": "Lesson"}, "digest": "lesson"},
	{"name": "urgent", "type": "yes_no", "number": 5, "label": {"en": "Urgent"}, "digest": "urgent"},
	{"name": "sharing", "type": "choice", "number": 6, "label": {"en": "Sharing"}, "options": [{"value": "open", "label": {"en": "open"}},
		{"value": "no-name", "label": {"en": "no name"}}, {"value": "restricted", "label": {"en": "restricted"}}]}]}]$f$);

---- the moment: daily, monthly ----

CREATE FUNCTION tap.moment(frequency text, weekday integer, hour integer, zone text, now text, steps integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT to_char(api.digest_moment(frequency, weekday, hour, zone, now::timestamptz, steps) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
$$;
SELECT is(tap.moment('daily', 1, 8, 'Europe/Zurich', '2026-11-17 06:59+00'), '2026-11-16 07:00', 'daily: yesterday''s until it is due');
SELECT is(tap.moment('daily', 1, 8, 'Europe/Zurich', '2026-11-17 07:00+00'), '2026-11-17 07:00', 'and today''s from then on');
SELECT is(tap.moment('daily', 1, 2, 'Europe/Zurich', '2026-03-29 12:00+00'), '2026-03-29 01:00', 'an hour that is left out comes an hour later');
SELECT is(tap.moment('daily', 1, 2, 'Europe/Zurich', '2026-03-30 12:00+00', -1), '2026-03-29 01:00', 'and the day after knows it');
SELECT is(tap.moment('daily', 1, 0, 'Pacific/Kiritimati', '2026-11-17 10:00+00'), '2026-11-17 10:00', 'fourteen hours ahead');
SELECT is(tap.moment('daily', 1, 0, 'Pacific/Pago_Pago', '2026-11-17 10:59+00'), '2026-11-16 11:00', 'eleven hours behind');
SELECT is(tap.moment('monthly', 1, 8, 'UTC', '2026-11-02 08:00+00'), '2026-11-02 08:00', 'monthly: the first Monday');
SELECT is(tap.moment('monthly', 1, 8, 'UTC', '2026-11-02 07:59+00'), '2026-10-05 08:00', 'not before');
SELECT is(tap.moment('monthly', 7, 8, 'UTC', '2026-11-30 08:00+00'), '2026-11-01 08:00', 'the first may be a Sunday');
SELECT is(tap.moment('monthly', 1, 8, 'UTC', '2026-12-20 08:00+00', 1), '2027-01-04 08:00', 'the next one may be next year');
SELECT is(tap.moment('monthly', 1, 8, 'Europe/Zurich', '2026-11-02 12:00+00', -1), '2026-10-05 06:00', 'before the clocks went back');

---- teams, regions, filters ----

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT api.regions_keep('[{"name": "western-africa", "code": "011", "countries": ["LR", "SL", "ML"]}, {"name": "ours", "countries": ["NP"]}]');
SELECT lives_ok($$SELECT api.member_add((SELECT team_id FROM api.team_add('Justice', false)), 'Clara', 'clara@example.org', 'no-name'),
	api.member_add((SELECT team_id FROM api.team_add('Justice', false)), 'Paul', 'paul@example.org', 'no-name')$$, 'a team of two');
SELECT throws_like($$SELECT api.subscription_add('Justice', '', '{"regions": ["eastern-africa"]}', 'weekly', 1, 8, 'UTC', 'en', 'send', '2026-11-01')$$,
	'there is no region "eastern-africa"; those there are: ours, western-africa', 'a region that is not there');
SELECT throws_like($$SELECT api.subscription_add('Justice', '', '{"programmes": ["None"]}', 'weekly', 1, 8, 'UTC', 'en', 'send', '2026-11-01')$$,
	'no person is registered under the programme "None"', 'a programme that is not there');
SELECT throws_ok($$SELECT api.subscription_add('Justice', '', '{}', 'hourly', 1, 8, 'UTC', 'en', 'send', '2026-11-01')$$, '23514', NULL, 'a frequency that is none');
RESET SESSION AUTHORIZATION;
INSERT INTO identity.programme (name) VALUES ('Police reform');
INSERT INTO identity.contact (name, country, programme_id, role) SELECT 'Aminata Kamara', 'SL', programme_id, 'trainer' FROM identity.programme;
INSERT INTO known SELECT 'aminata', contact_id FROM identity.contact WHERE name = 'Aminata Kamara';
CREATE FUNCTION tap.takes(filters text, country text, contact bigint DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	SELECT fieldpost.filter_takes((SELECT fieldpost.filter_of(filters::jsonb) OFFSET 0), 'lesson', country, contact, '{}', 'en')
$$;
SELECT ok(tap.takes('{"regions": ["western-africa"]}', 'SL'), 'a country of the region');
SELECT ok(NOT tap.takes('{"regions": ["western-africa"]}', 'NP'), 'one that is not');
SELECT ok(tap.takes('{"regions": ["western-africa"], "countries": ["NP"]}', 'NP'), 'countries beside regions are more countries');
SELECT ok(tap.takes('{"programmes": ["Police reform"]}', 'SL', (SELECT id FROM known WHERE name = 'aminata')), 'somebody of the programme');
SELECT ok(NOT tap.takes('{"programmes": ["Police reform"]}', 'SL', NULL), 'somebody who is not registered');

---- what is due when one was missed ----

INSERT INTO known SELECT 'daily', subscription_id FROM api.subscription_add('Justice', 'daily', '{}', 'daily', 1, 8, 'UTC', 'en', 'send', '2026-11-01 09:00+00');
CREATE FUNCTION tap.due(now text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(to_char(period_start AT TIME ZONE 'UTC', 'MM-DD HH24') || ' to ' || to_char(period_end AT TIME ZONE 'UTC', 'MM-DD HH24')
		|| CASE WHEN late THEN ' late' ELSE '' END, '; ') FROM api.digest_due(now::timestamptz)
$$;
CREATE FUNCTION tap.open(subscription text, period_start text, period_end text) RETURNS bigint LANGUAGE sql AS $$
	SELECT digest_id FROM api.digest_open((SELECT id FROM known WHERE name = subscription), period_start::timestamptz, period_end::timestamptz,
		false, false, period_end::timestamptz)
$$;
SELECT is(tap.due('2026-11-02 08:00+00'), '11-01 08 to 11-02 08', 'daily: the day before');
INSERT INTO known VALUES ('e1', tap.open('daily', '2026-11-01 08:00+00', '2026-11-02 08:00+00'));
UPDATE fieldpost.digest SET state = 'sent';
SELECT is(tap.due('2026-11-03 08:10+00'), '11-02 08 to 11-03 08', 'the next day');
SELECT is(tap.due('2026-11-05 08:10+00'), '11-02 08 to 11-05 08 late', 'two were missed: one for all, marked late although its own hour is just now');
SELECT api.subscription_add('Justice', 'daily', '{}', 'daily', 1, 8, 'UTC', 'en', 'send', '2026-11-04 12:00+00');
SELECT is(tap.due('2026-11-05 08:10+00'), '11-02 08 to 11-05 08', 'after a change of the calendar nothing was missed');

---- corrections ----

CREATE FUNCTION tap.feedback(name text, filed text, level text, person bigint DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	WITH m AS (
		INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256, state, from_name, from_address)
		SELECT a.account_id, filed::timestamptz, filed::timestamptz, 1, sha256(convert_to(name, 'UTF8')), '', 'filed', 'Aminata Kamara', 'aminata@example.net'
		FROM api.account_open('test', 'import') a RETURNING message_id
	), f AS (
		INSERT INTO fieldpost.feedback (message_id, contact_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme)
		SELECT message_id, person, filed::timestamptz, filed::timestamptz, 1, level::fieldpost.sharing_level, 'lesson', 'SL', 'en', '{oversight}' FROM m
		RETURNING feedback_id, message_id
	), r AS (
		INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance)
		SELECT feedback_id, 1, 'practitioner', message_id, filed::timestamptz, jsonb_build_object('country', 'SL', 'area', '["oversight"]'::jsonb,
			'people', 4500, 'lesson', 'I am Aminata Kamara.', 'sharing', level), '{}' FROM f
	)
	INSERT INTO known SELECT name, feedback_id FROM f
$$;
CREATE FUNCTION tap.revise(name text, at text, more jsonb, author text, reason text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, created_at, answers, provenance, reason)
	SELECT f.feedback_id, f.revision + 1, revise.author::fieldpost.revision_author, at::timestamptz, r.answers || more, '{}', revise.reason
	FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) WHERE f.feedback_id = (SELECT id FROM known k WHERE k.name = revise.name);
	UPDATE fieldpost.feedback f SET revision = f.revision + 1, sharing = coalesce(more ->> 'sharing', f.sharing::text)::fieldpost.sharing_level
	WHERE f.feedback_id = (SELECT id FROM known k WHERE k.name = revise.name)
$$;
SELECT tap.feedback('a', '2026-11-02 09:00+00', 'open'), tap.feedback('b', '2026-11-02 10:00+00', 'no-name'), tap.feedback('c', '2026-11-02 11:00+00', 'open');
INSERT INTO known VALUES ('e2', tap.open('daily', '2026-11-02 08:00+00', '2026-11-05 08:00+00'));
UPDATE fieldpost.digest SET state = 'sent';
SELECT tap.revise('a', '2026-11-05 10:00+00', '{"people": 450}', 'practitioner', NULL),
	tap.revise('b', '2026-11-05 11:00+00', '{"lesson": "Ask Kamara."}', 'reviewer', 'As Aminata said.'),
	tap.revise('c', '2026-11-05 12:00+00', '{"sharing": "restricted"}', 'practitioner', NULL);
INSERT INTO known VALUES ('e3', tap.open('daily', '2026-11-05 08:00+00', '2026-11-06 08:00+00'));
SELECT results_eq($$SELECT l.line_number, l.revision_kind, l.revision FROM fieldpost.digest_line l WHERE digest_id = (SELECT id FROM known WHERE name = 'e3') ORDER BY 1$$,
	$$VALUES (1::bigint, 'correction:2', 2), (2::bigint, 'correction:2', 2)$$, 'what changed since it was told; not what is restricted now');
UPDATE fieldpost.digest SET state = 'sent';
SELECT tap.open('daily', '2026-11-06 08:00+00', '2026-11-07 08:00+00');
UPDATE fieldpost.digest SET state = 'sent';
SELECT is((SELECT count(*) FROM fieldpost.digest_line WHERE revision_kind <> 'new'), 2::bigint, 'each correction in one digest');
SELECT tap.revise('a', '2026-11-07 10:00+00', '{"sharing": "no-name"}', 'practitioner', NULL);
INSERT INTO known VALUES ('e5', tap.open('daily', '2026-11-07 08:00+00', '2026-11-08 08:00+00'));
CREATE FUNCTION tap.become(member text) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('fieldpost.member', (SELECT member_id::text FROM fieldpost.member WHERE name = become.member), true)
$$;
SELECT tap.become('Clara');
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT number, field ->> 'name', was, now, author, reason FROM read.digest_corrections((SELECT id FROM known WHERE name = 'e3'))$$,
	$$VALUES (1::bigint, 'people', '4500'::jsonb, '450'::jsonb, 'practitioner', NULL),
		(2::bigint, 'lesson', '"I am […]."'::jsonb, '"Ask […]."'::jsonb, 'reviewer', 'As […] said.')$$, 'was, is, by whom and why; without the name');
SELECT results_eq($$SELECT number, field ->> 'name', was, now FROM read.digest_corrections((SELECT id FROM known WHERE name = 'e5'))$$,
	$$VALUES (1::bigint, 'sharing', '"open"'::jsonb, '"no-name"'::jsonb)$$, 'a level that was tightened, against what was told last');
RESET ROLE;
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.digest SET state = 'sent';

---- conversations and outcomes ----

INSERT INTO fieldpost.conversation (feedback_id, member_id, token, opened_at)
SELECT k.id, (SELECT member_id FROM fieldpost.member WHERE name = 'Clara'), k.name, '2026-11-07 09:00+00' FROM known k WHERE k.name IN ('a', 'b', 'c');
INSERT INTO fieldpost.response (conversation_id, member_id, words, created_at)
SELECT conversation_id, member_id, 'Which court?', '2026-11-07 09:00+00' FROM fieldpost.conversation;
INSERT INTO fieldpost.response (conversation_id, words, created_at)
SELECT c.conversation_id, 'Ask Aminata Kamara in Bo.', '2026-11-07 12:00+00' FROM fieldpost.conversation c WHERE c.token = 'b';
INSERT INTO fieldpost.status_change (feedback_id, state, detail, created_at)
SELECT k.id, 'read', NULL, '2026-11-07 09:00+00' FROM known k WHERE k.name IN ('a', 'b', 'c');
INSERT INTO fieldpost.status_change (feedback_id, state, detail, created_at)
SELECT k.id, 'used', 'SSR-2026-014', '2026-11-07 10:00+00' FROM known k WHERE k.name = 'a';
UPDATE fieldpost.feedback f SET state = 'used' FROM known k WHERE k.name = 'a' AND f.feedback_id = k.id;
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT number, member, words, waiting_days FROM read.digest_conversations((SELECT id FROM known WHERE name = 'e5'), 40)$$,
	$$VALUES (1::bigint, 'Clara', 'Which court?', 0::bigint), (2::bigint, 'Clara', 'Which court?', NULL::bigint), (2::bigint, NULL, 'Ask […] in Bo.', NULL::bigint)$$,
	'what was said; not about what is restricted now');
SELECT is((SELECT count(*) FROM read.digest_conversations((SELECT id FROM known WHERE name = 'e3'), 40)), 0::bigint, 'not before it was said');
SELECT results_eq($$SELECT * FROM read.digest_outcomes((SELECT id FROM known WHERE name = 'e5'))$$,
	$$VALUES (1::bigint, 'used', 'SSR-2026-014'), (2::bigint, 'read', NULL)$$, 'the last word on each line');
SELECT results_eq($$SELECT * FROM read.digest_share((SELECT id FROM known WHERE name = 'e5'))$$, $$VALUES (1::bigint, 2::bigint)$$, 'and how many were used');
SELECT is((SELECT count(*) FROM read.digest_share((SELECT id FROM known WHERE name = 'e3'))), 0::bigint, 'not before it was said');
RESET ROLE;
RESET SESSION AUTHORIZATION;

---- answered of asked ----

INSERT INTO identity.contact (name, country) SELECT 'P' || n, CASE WHEN n <= 4 THEN 'NP' WHEN n <= 6 THEN 'LR' ELSE 'ML' END FROM generate_series(1, 7) n;
INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, country, asked_at, state, answered_at)
SELECT 'FP-777777777' || right(c.name, 1), c.contact_id, 'lesson', 1, 'en', NULL, '2026-11-06', CASE WHEN c.name IN ('P1', 'P5') THEN 'answered'
	WHEN c.name = 'P2' THEN 'bounced' ELSE 'sent' END::fieldpost.request_state, CASE WHEN c.name IN ('P1', 'P5') THEN '2026-11-07 12:00+00'::timestamptz END
FROM identity.contact c WHERE c.name LIKE 'P_';
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT country, asked, answered, not_reached FROM read.digest_countries((SELECT id FROM known WHERE name = 'e5'))$$,
	$$VALUES ('NP', 4::bigint, 1::bigint, 1::bigint), (NULL, 3::bigint, 1::bigint, 0::bigint)$$, 'countries with fewer than three people asked stand together');
SELECT is((SELECT asked FROM read.digest_countries((SELECT id FROM known WHERE name = 'e2')) WHERE country = 'SL'), 0::bigint, 'before anybody was asked by name');
RESET ROLE;
RESET SESSION AUTHORIZATION;

---- stopping one ----

INSERT INTO known SELECT 'weekly', subscription_id FROM api.subscription_add('Justice', 'weekly', '{}', 'weekly', 1, 8, 'UTC', 'fr', 'send', '2026-11-01 09:00+00');
UPDATE identity.contact SET role = CASE WHEN name IN ('P1', 'P2', 'P3') THEN 'judge' ELSE 'clerk' END WHERE name LIKE 'P_';
SELECT tap.feedback('r' || name, '2026-11-05 08:00+00', 'no-name', contact_id) FROM identity.contact WHERE name IN ('P1', 'P4') ORDER BY name;
INSERT INTO known VALUES ('w1', tap.open('weekly', '2026-11-02 08:00+00', '2026-11-09 08:00+00'));
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT role, count(*) FROM read.digest_lines((SELECT id FROM known WHERE name = 'w1'), 3000) WHERE received = '2026-11-05 08:00+00' GROUP BY 1$$,
	$$VALUES ('judge', 1::bigint), (NULL, 1::bigint)$$, 'a role that three of a country have is told, one that is a person is not');
RESET ROLE;
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.feedback f SET received_at = '2026-11-08 20:00+00', request_id = q.request_id FROM fieldpost.request q
WHERE f.feedback_id = (SELECT id FROM known WHERE name = 'rP1') AND q.contact_id = f.contact_id;
UPDATE fieldpost.digest SET state = 'sent' WHERE digest_id <> (SELECT id FROM known WHERE name = 'w1');
INSERT INTO known VALUES ('w2', tap.open('weekly', '2026-11-09 08:00+00', '2026-11-16 08:00+00'));
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT results_eq($$SELECT asked, answered, days FROM read.digest_trend((SELECT id FROM known WHERE name = 'w2')) OFFSET 6$$,
	$$VALUES (7::bigint, 2::bigint, 3::bigint), (5::bigint, 0::bigint, NULL)$$, 'who was asked and answered in each week, and after how many days');
RESET ROLE;
SELECT is((SELECT mails FROM api.digest_ready((SELECT id FROM known WHERE name = 'w1'), '2026-11-09 08:00+00', 'S',
	'{"html": "https://fieldpost.example.org/u/{{unsubscribe}}"}', 'example.org')), 2::bigint, 'two mails');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION tap.token(address text) RETURNS text LANGUAGE sql AS $$
	SELECT substring(convert_from(body, 'UTF8') FROM '/u/([0-9a-f]{32})"') FROM fieldpost.outbox WHERE recipient = address ORDER BY outbox_id DESC LIMIT 1
$$;
SELECT isnt(tap.token('clara@example.org'), tap.token('paul@example.org'), 'each with a token of their own');
SELECT is((SELECT count(*) FROM fieldpost.digest WHERE strpos(convert_from(rendered, 'UTF8'), '{{unsubscribe}}') > 0), 1::bigint, 'the kept bytes hold its place');
SELECT set_config('tap.token', tap.token('clara@example.org'), true);
SET LOCAL SESSION AUTHORIZATION fieldpost_web;
SELECT is((SELECT known FROM api.unsubscribe('2026-11-09 09:00+00', '00000000000000000000000000000000')), false, 'a token that is none');
SELECT is((SELECT known FROM api.unsubscribe('2026-11-09 09:00+00', upper(current_setting('tap.token')))), true, 'stopped');
SELECT is((SELECT known FROM api.unsubscribe('2026-11-09 09:01+00', current_setting('tap.token'))), true, 'again: the same');
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT recipient, state::text FROM fieldpost.outbox WHERE digest_id = (SELECT id FROM known WHERE name = 'w1') ORDER BY 1$$,
	$$VALUES ('clara@example.org', 'cancelled'), ('paul@example.org', 'waiting')$$, 'what had not gone out stays here');
SELECT is((SELECT array_agg(name) FROM fieldpost.digest_members((SELECT id FROM known WHERE name = 'weekly'))), '{Paul}', 'the others get it');
SELECT is((SELECT count(*) FROM fieldpost.digest_members((SELECT id FROM known WHERE name = 'daily'))), 2::bigint, 'the other digest goes on');
SELECT is((SELECT count(*) FROM fieldpost.audit WHERE action = 'unsubscribe'), 1::bigint, 'it is on record');
SELECT api.member_add((SELECT team_id FROM fieldpost.team), 'Clara', 'clara@example.org', 'no-name');
SELECT is((SELECT count(*) FROM fieldpost.digest_members((SELECT id FROM known WHERE name = 'weekly'))), 2::bigint, 'an operator who adds her again brings it back');

-- By mail: with the token in the subject, or as a reply to it from the address that it went to.
CREATE FUNCTION tap.asked(subject text, sender text, reply_to text, stops boolean) RETURNS text LANGUAGE sql AS $$
	SELECT fieldpost.digest_token_of(jsonb_strip_nulls(jsonb_build_object('mail', jsonb_build_object('subject', subject, 'from_address', sender,
		'in_reply_to', (SELECT header_id FROM fieldpost.outbox WHERE recipient = reply_to LIMIT 1)), 'stops', CASE WHEN stops THEN '{"by": "words"}'::jsonb END)))
$$;
SELECT is(tap.asked('Unsubscribe ' || tap.token('paul@example.org'), 'x@example.net', NULL, false), tap.token('paul@example.org'), 'the mail that the header makes');
SELECT is(tap.asked('I unsubscribe ' || tap.token('paul@example.org'), 'x@example.net', NULL, false), NULL, 'not a subject that only holds it');
SELECT is(tap.asked('Re: digest', 'Paul@example.org', 'paul@example.org', true), tap.token('paul@example.org'), 'a reply with the word');
SELECT is(tap.asked('Re: digest', 'paul@example.org', 'paul@example.org', false), NULL, 'a reply with other words');
SELECT is(tap.asked('Re: digest', 'eve@example.org', 'paul@example.org', true), NULL, 'a reply by somebody else');
SELECT is(tap.asked('stop', 'paul@example.org', NULL, true), NULL, 'a mail that answers none');

---- taking away ----

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT throws_like($$SELECT api.member_remove('2026-11-10', 'Justice', 'eve@example.org')$$, 'no team "Justice" has a member%', 'nobody of that address');
SELECT lives_ok($$SELECT api.member_remove('2026-11-10', 'Justice', 'Paul@example.org')$$, 'a member');
SELECT throws_like($$SELECT api.subscription_remove('2026-11-10', 'Justice', 'yearly')$$, 'the team "Justice" has no subscription%', 'no subscription of that name');
SELECT lives_ok($$SELECT api.subscription_remove('2026-11-10', 'Justice', 'daily')$$, 'a subscription');
SELECT is((SELECT string_agg(subscription, ' ') FROM api.team_list('2026-11-10')), 'weekly', 'the other one stays');
SELECT throws_like($$SELECT * FROM api.team_remove('2026-11-10', 'Justise')$$, 'there is no team "Justise"', 'no team of that name');
SELECT results_eq($$SELECT * FROM api.team_remove('2026-11-10', 'Justice')$$, $$VALUES (2::bigint, 2::bigint)$$, 'a team, with all it had');
SELECT is_empty($$SELECT * FROM api.team_list('2026-11-10')$$, 'it is gone');

RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT * FROM api.digest_due('2026-12-31')$$, 'nothing is due');
SELECT is((SELECT count(*) FROM fieldpost.outbox WHERE state = 'waiting'), 0::bigint, 'nothing goes out');
SELECT is((SELECT count(*) FROM fieldpost.feedback WHERE line_number IS NOT NULL), 5::bigint, 'the lines keep their numbers');

---- alarms ----

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT api.alarm_raise('2026-11-10', 'mail-failed', 'x', 'x was given up');
SELECT results_eq($$SELECT c.* FROM api.alarms_open() a CROSS JOIN LATERAL api.alarm_clear_number('2026-11-11', a.alarm_id) c$$, $$VALUES ('mail-failed', 'x')$$, 'an alarm is cleared');
SELECT is_empty($$SELECT * FROM api.alarms_open()$$, 'and gone');
SELECT is_empty($$SELECT * FROM api.alarm_clear_number('2026-11-11', 1)$$, 'once');
RESET SESSION AUTHORIZATION;

SELECT finish();
ROLLBACK;
