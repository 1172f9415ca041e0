-- Analysts: the search, one feedback, the rows of an export; that reading restricted items is noted.
BEGIN;
SELECT no_plan();

DO $do$ BEGIN
PERFORM api.forms_register('2026-01-01', $$[{"id": "plain", "version": 1, "sha256": "x", "source": "x", "title": {"en": "Plain"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "Country"}}, {"name": "lesson", "type": "text", "number": 2, "label": {"en": "Lesson"}},
	{"name": "grade", "type": "choice", "number": 3, "label": {"en": "Grade"}, "theme": true, "options": [{"value": "hope"}]}]}]$$);
END $do$;
CREATE FUNCTION tap.feedback(id bigint, lesson text, sharing text, country text, arrived text, contact bigint DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO fieldpost.message (message_id, account_id, received_at, stored_at, size, identity, raw_sha256, state, form_id, from_name, from_address)
	OVERRIDING SYSTEM VALUE
	SELECT id, account_id, arrived::timestamptz, '2026-11-03', 1, sha256(convert_to(id::text, 'UTF8')), '', 'filed', 'plain', 'Hope Kamara', 'hope@example.net'
	FROM api.account_open('test', 'import');
	INSERT INTO fieldpost.feedback (feedback_id, message_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme, contact_id, line_number)
	OVERRIDING SYSTEM VALUE
	VALUES (id, id, arrived::timestamptz, '2026-11-03', 1, sharing::fieldpost.sharing_level, 'plain', country, 'en', '{hope}', contact, id + 1000);
	INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
	VALUES (id, 1, 'practitioner', id, '2026-11-03', jsonb_build_object('country', country, 'grade', 'hope', 'lesson', lesson), '{}', 'Ask Kamara');
	INSERT INTO fieldpost.attachment (message_id, part, name, type, size, sha256) VALUES (id, '2', 'kamara.jpg', 'image/jpeg', 10, '');
$$;
INSERT INTO identity.contact (contact_id, name, country, role) OVERRIDING SYSTEM VALUE SELECT 70 + n, 'N' || n, 'NP', CASE n WHEN 4 THEN 'nurse' ELSE 'judge' END
FROM generate_series(1, 4) n;
INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, asked_at)
SELECT 'FP-777777777' || n, 70 + n, 'plain', 1, 'en', '2026-11-01' FROM generate_series(1, 4) n;
SELECT tap.feedback(11, 'The bribes of the court, paid in the yard', 'open', 'NP', '2026-10-01', 71);
SELECT tap.feedback(12, 'Des pots-de-vin au tribunal, élève', 'no-name', 'SN', '2026-10-02', 74);
SELECT tap.feedback(13, 'Bribes were paid to the court', 'restricted', 'NP', '2026-10-03');
INSERT INTO fieldpost.team (team_id, name, cleared) OVERRIDING SYSTEM VALUE VALUES (31, 'Cleared', true);
INSERT INTO fieldpost.member (team_id, name, address, login, clearance) VALUES (31, 'A', 'a@example.org', 'tap_open', 'open'),
	(31, 'B', 'b@example.org', 'tap_no_name', 'no-name'), (31, 'C', 'c@example.org', 'tap_restricted', 'restricted');
CREATE ROLE tap_open LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_no_name LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_restricted LOGIN IN ROLE fieldpost_analyst;
CREATE FUNCTION tap.finds(words text, filters jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(feedback_id::text, ' '), 'nothing') FROM read.search(words, filters, 10)
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO PUBLIC;

SET LOCAL SESSION AUTHORIZATION tap_no_name;
SELECT is(tap.finds('court'), '11', 'a word');
SELECT is(tap.finds('COURT bribes'), '11', 'several, in any case');
SELECT is(tap.finds('eleve'), '12', 'without the marks');
SELECT is(tap.finds('brib*'), '11', 'the beginning of a word');
SELECT is(tap.finds('brib* -yard'), 'nothing', 'a word that must not be there');
SELECT is(tap.finds('"the yard"'), '11', 'in a row');
SELECT is(tap.finds('"yard the"'), 'nothing', 'in this row');
SELECT is(tap.finds('kamara'), '11', 'a name, of whom it is given');
SELECT is(tap.finds('hope'), 'nothing', 'what was chosen is no text');
SELECT is(tap.finds(''), '12 11', 'no words: the newest');
SELECT is(tap.finds('''); DROP TABLE x; --*:&|!('), 'nothing', 'signs are only signs');
SELECT is(tap.finds('', '{"countries": ["NP"]}'), '11', 'by country');
SELECT is(tap.finds('', '{"themes": ["hope"], "languages": ["en"], "forms": ["plain"]}'), '12 11', 'by theme, language, form');
SELECT is(tap.finds('', '{"since": "2026-10-02"}'), '12', 'from a day');
SELECT is(tap.finds('', '{"until": "2026-10-02"}'), '11', 'to a day');
SELECT is((SELECT excerpt FROM read.search('tribunal', '{}', 1)), 'Des pots-de-vin au »tribunal«, élève / Ask […]', 'an excerpt, without the name');
SELECT is((SELECT name FROM read.search('tribunal', '{}', 1)), NULL, 'nor in its column');
SELECT is((SELECT count(*) FROM read.search('', '{}', 1)), 1::bigint, 'as many as asked for');
SELECT results_eq('SELECT feedback_id, name, role, attachments ->> 0 FROM read.feedback_show(1011)',
	$$VALUES (11::bigint, 'Hope Kamara', 'judge', '{"name": "kamara.jpg", "part": "2", "size": 10, "type": "image/jpeg"}')$$, 'one feedback, by its line''s number');
SELECT results_eq('SELECT feedback_id, name, role, remarks, attachments ->> 0 FROM read.feedback_show(12)',
	$$VALUES (12::bigint, NULL, NULL, 'Ask […]', '{"name": null, "part": "2", "size": 10, "type": "image/jpeg"}')$$,
	'of whom no name is given: none in texts and files, and no role that one person has');
SELECT is_empty('SELECT * FROM read.feedback_show(13)', 'what is above the clearance is not there');
SELECT is_empty('SELECT * FROM read.feedback_show(99)', 'as what is not there');
SELECT results_eq($$SELECT feedback_id, name, answers ->> 'lesson' FROM read.feedback_rows('plain', '{}', 0, 10)$$,
	$$VALUES (11::bigint, 'Hope Kamara', 'The bribes of the court, paid in the yard'), (12, NULL, 'Des pots-de-vin au tribunal, élève')$$, 'the rows of an export');
SELECT results_eq($$SELECT feedback_id FROM read.feedback_rows('plain', '{}', 0, 1)$$, 'VALUES (11::bigint)', 'by pages');
SELECT results_eq($$SELECT feedback_id FROM read.feedback_rows('plain', '{}', 11, 1)$$, 'VALUES (12::bigint)', 'the next');
SELECT is((SELECT string_agg(form_id || ' ' || title, ' ') FROM read.forms('en')), 'plain Plain', 'the forms');
SET LOCAL SESSION AUTHORIZATION tap_open;
SELECT is(tap.finds(''), '11', 'cleared for what is open');
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT * FROM fieldpost.audit', 'none of this was restricted');
SET LOCAL SESSION AUTHORIZATION tap_restricted;
SELECT is(tap.finds('court'), '13 11', 'cleared');
SELECT is((SELECT count(*) FROM read.feedback_show(13)), 1::bigint, 'shown');
SELECT is((SELECT count(*) FROM read.feedback_rows('plain', '{}', 0, 10)), 3::bigint, 'and exported');
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT actor, action, object, detail FROM fieldpost.audit ORDER BY audit_id', $$VALUES ('tap_restricted', 'read', 'feedback 13', '{"by": "search"}'::jsonb),
	('tap_restricted', 'read', 'feedback 13', '{"by": "feedback show"}'), ('tap_restricted', 'read', 'feedback 13', '{"by": "export"}')$$, 'and each is noted');

---- a command, for nobody and for a member ----

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SET LOCAL fieldpost.actor = 'anna';
SET LOCAL ROLE fieldpost_reader;
SELECT is(tap.finds('court'), 'nothing', 'a command that does not say for whom');
SET LOCAL fieldpost.member = 'operator';
SELECT is(tap.finds('court'), '11', 'for the person at the machine: nothing restricted');
SET LOCAL fieldpost.member = 'operator-restricted';
SELECT is(tap.finds('court'), '13 11', 'unless asked for');
RESET ROLE;
RESET SESSION AUTHORIZATION;
SELECT is((SELECT actor FROM fieldpost.audit ORDER BY audit_id DESC LIMIT 1), 'command:anna', 'which is noted');
SELECT set_config('fieldpost.member', (SELECT member_id::text FROM fieldpost.member WHERE login = 'tap_restricted'), true);
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SET LOCAL ROLE fieldpost_reader;
SELECT is((SELECT count(*) FROM read.feedback_show(13)), 1::bigint, 'for a member');
RESET ROLE;
RESET SESSION AUTHORIZATION;
SELECT is((SELECT actor FROM fieldpost.audit ORDER BY audit_id DESC LIMIT 1), 'command:anna for c@example.org', 'with their name');
-- Nobody else can say for whom they read.
SET LOCAL SESSION AUTHORIZATION tap_open;
SET LOCAL fieldpost.member = 'operator-restricted';
SELECT is(tap.finds('court'), '11', 'an analyst stays who they are');

RESET SESSION AUTHORIZATION;
SELECT finish();
ROLLBACK;
