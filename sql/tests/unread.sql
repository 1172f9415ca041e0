-- Too many replies that are not read: an alarm and a line to the teams, once, until there were fewer.
BEGIN;
SELECT no_plan();
DO $do$ BEGIN
PERFORM api.forms_register('2026-01-01', $$[{"id": "visit", "version": 1, "sha256": "x", "source": "x", "title": {"en": "Visit", "fr": "Visite"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "C"}, "required": true}]}]$$);
END $do$;
CREATE FUNCTION tap.message(name text, outcome text, client text, at timestamptz, template text DEFAULT 'visit') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
BEGIN
	SELECT message_ids[1] INTO made FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), at,
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint], ARRAY[false],
		ARRAY[at], ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'));
	PERFORM api.parse_file(at, jsonb_build_array(jsonb_build_object('message_id', made, 'result', jsonb_build_object('outcome', outcome,
		'reason', CASE outcome WHEN 'review' THEN 'no-answers' END, 'template', template, 'template_version', 1, 'reference', NULL, 'language', 'en',
		'values', CASE outcome WHEN 'filed' THEN '{"country": "NP"}'::jsonb ELSE '{}' END, 'errors', '{}'::jsonb, 'provenance', '{}'::jsonb,
		'attachments', '[]'::jsonb, 'mail', jsonb_build_object('message_id', '<' || name || '@x>', 'from_name', 'A', 'from_address', name || '@example.org',
		'client', client, 'date', 1794300000, 'automatic', false)))));
END $$;
CREATE FUNCTION tap.alarms() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(object || ': ' || text || ' (' || count || ')', '; ' ORDER BY object) FROM fieldpost.alarm WHERE kind = 'unread' AND cleared_at IS NULL
$$;
SELECT tap.message('good' || n, 'filed', 'gmail', '2026-11-10') FROM generate_series(1, 7) n \g /dev/null
SELECT tap.message('bad' || n, 'review', 'apple mail', '2026-11-10') FROM generate_series(1, 2) n \g /dev/null
SELECT tap.message('spam' || n, 'review', 'bulk', '2026-11-10', NULL) FROM generate_series(1, 20) n \g /dev/null
SELECT is(tap.alarms(), NULL, 'no alarm');
SELECT api.unread_check('2026-11-11', 25);
SELECT is(tap.alarms(), NULL, 'of nine replies a share says nothing; what is no reply does not count');
SELECT tap.message('bad3', 'review', 'apple mail', '2026-11-10') \g /dev/null
SELECT api.unread_check('2026-11-11', 30);
SELECT is(tap.alarms(), NULL, 'three of ten are not more than 30 percent');
SELECT api.unread_check('2026-11-11', 25);
SELECT is(tap.alarms(), 'form visit: 3 of 10 replies within 7 days wait for a person (the form visit): `fieldpost review list` says why (1)', 'but more than 25');
SELECT tap.message('worse' || n, 'review', 'apple mail', '2026-11-11') FROM generate_series(1, 8) n \g /dev/null
SELECT api.unread_check('2026-11-12', 25);
SELECT is((SELECT string_agg(object || ' ' || count, ', ' ORDER BY object) FROM fieldpost.alarm WHERE kind = 'unread' AND cleared_at IS NULL),
	'client apple mail 1, form visit 1', 'a client too; what is known is not told again');
SELECT is((SELECT concat_ws(' of ', unread, total) FROM fieldpost.unread_share WHERE kind = 'form'), '11 of 18', 'its figures are those of now');

-- In the digest in whose time it began.
INSERT INTO fieldpost.team (team_id, name) OVERRIDING SYSTEM VALUE VALUES (31, 'T');
INSERT INTO fieldpost.member (member_id, team_id, name, address) OVERRIDING SYSTEM VALUE VALUES (41, 31, 'M', 'm@x');
INSERT INTO fieldpost.subscription (subscription_id, team_id, name, filters, weekday, hour, zone, language, created_at) OVERRIDING SYSTEM VALUE VALUES
	(32, 31, '', '{}', 1, 8, 'UTC', 'fr', '2026-01-01'), (33, 31, 'other', '{"forms": ["other"]}', 1, 8, 'UTC', 'en', '2026-01-01');
INSERT INTO fieldpost.digest (digest_id, subscription_id, period_start, period_end, opened_at) OVERRIDING SYSTEM VALUE VALUES
	(51, 32, '2026-11-02', '2026-11-09', '2026-11-09'), (52, 32, '2026-11-09', '2026-11-16', '2026-11-16'), (53, 32, '2026-11-16', '2026-11-23', '2026-11-23'),
	(54, 33, '2026-11-09', '2026-11-16', '2026-11-16');
CREATE FUNCTION tap.told(digest bigint) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', name, unread, total), ', ' ORDER BY kind DESC) FROM read.digest_unread(digest)
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO PUBLIC;
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT set_config('fieldpost.member', '41', true) \g /dev/null
SET LOCAL ROLE fieldpost_reader;
SELECT is(tap.told(51), NULL, 'not before');
SELECT is(tap.told(52), 'Visite 11 18, apple mail 11 11', 'then, in the team''s language');
SELECT is(tap.told(53), NULL, 'and not again');
SELECT is(tap.told(54), 'apple mail 11 11', 'a team that reads another form is not told of this one');
RESET SESSION AUTHORIZATION;

-- Fewer: over. More again: told again.
SELECT api.unread_check('2026-11-13', 90);
SELECT is(tap.alarms() ~ 'form', false, 'fewer: the alarm is over');
SELECT api.unread_check('2026-11-13', 25);
SELECT is((SELECT count(*) FROM fieldpost.alarm WHERE kind = 'unread' AND object = 'form visit'), 2::bigint, 'more again: another one');
SELECT api.unread_check('2026-11-25', 25);
SELECT is(tap.alarms(), NULL, 'after a week without any');
SELECT is_empty('SELECT FROM fieldpost.unread_share', 'nothing is kept');
SELECT api.unread_check('2026-11-12', 0);
SELECT is(tap.alarms(), NULL, 'nor is there when nobody wants it');
SELECT finish();
ROLLBACK;
