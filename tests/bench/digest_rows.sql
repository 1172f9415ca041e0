-- Feedback for measuring: psql -v rows=1000000 -v period=100000 -v until="'2026-11-16 07:00+00'" -f digest_rows.sql
--
-- `period` of them in the week before `until`, the others over the two years before that; two forms of those that ship, 60 countries, three
-- languages, two texts of a few sentences each. The same numbers make the same rows.
SET search_path = pg_catalog, fieldpost, pg_temp;
SET synchronous_commit = off;
SET session_replication_role = replica; -- no triggers: what they settle (names, words to search) is not measured here
SET default_toast_compression = lz4;
INSERT INTO account (name, kind) VALUES ('bench', 'import') ON CONFLICT DO NOTHING;
CREATE TEMP TABLE made AS
SELECT n, CASE WHEN n > :rows - :period THEN :until::timestamptz - interval '1 second' - (:rows - n)::float8 * (interval '7 days' / (:period + 1.0)::float8)
		ELSE :until::timestamptz - interval '7 days 1 second' - (:rows - :period - n)::float8 * (interval '730 days' / (:rows - :period)::float8) END AS at,
	n % 3 = 0 AS progress,
	(ARRAY['AF', 'AL', 'AM', 'AO', 'AZ', 'BA', 'BD', 'BF', 'BI', 'BJ', 'BO', 'BW', 'CD', 'CF', 'CG', 'CI', 'CM', 'CO', 'DJ', 'DZ', 'EC', 'EG', 'ER',
		'ET', 'GA', 'GE', 'GH', 'GM', 'GN', 'GT', 'GW', 'HN', 'HT', 'ID', 'IQ', 'JO', 'KE', 'KH', 'LB', 'LR', 'LS', 'LY', 'MA', 'MD', 'MG',
		'ML', 'MM', 'MR', 'MW', 'MZ', 'NE', 'NG', 'NP', 'RW', 'SL', 'SN', 'SO', 'SS', 'UG', 'YE'])[1 + n * 7919 % 60] AS country,
	(ARRAY['en', 'fr', 'ar'])[1 + n % 3] AS language,
	(ARRAY['open', 'no-name', 'no-name', 'restricted'])[1 + n / 60 % 4]::sharing_level AS sharing,
	(ARRAY['strategy', 'institutions', 'oversight', 'post-conflict', 'cross-cutting'])[1 + n * 17 % 5] AS activity,
	(ARRAY['time', 'funding', 'coordination', 'political-will', 'security'])[1 + n * 13 % 5] AS obstacle,
	format('We trained %s officers to take statements from victims. Two months later %s of them had been posted elsewhere, and nobody had told the '
		'personnel department that the course existed.', n % 90 + 10, n % 9) AS failure,
	format('Sign with personnel before you sign with us. No posting for %s months should be a condition of the course, in writing.', n % 24) AS lesson
FROM generate_series(1::bigint, :rows::bigint) n;
INSERT INTO message (message_id, account_id, received_at, stored_at, size, state, identity, raw_sha256, form_id, language, subject, from_name,
	from_address, settled_at)
OVERRIDING SYSTEM VALUE
SELECT n, (SELECT account_id FROM account WHERE name = 'bench'), at, at, 1000, 'filed', sha256(convert_to('bench ' || n, 'UTF8')), '',
	CASE WHEN progress THEN 'progress-check' ELSE 'field-lesson' END, language, 'Re: Lesson', 'Person ' || n, 'p' || n || '@example.net', at
FROM made;
INSERT INTO feedback (feedback_id, message_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme)
OVERRIDING SYSTEM VALUE
SELECT n, n, at, at, 1, sharing, CASE WHEN progress THEN 'progress-check' ELSE 'field-lesson' END, country, language,
	ARRAY[CASE WHEN progress THEN obstacle ELSE activity END]
FROM made;
INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance)
SELECT n, 1, 'practitioner', n, at, CASE WHEN progress
	THEN jsonb_build_object('country', country, 'programme', 'Programme ' || n % 40, 'date', '2026-11-01', 'progress', n % 5 + 1,
		'people_reached', n % 400, 'obstacles', jsonb_build_array(obstacle), 'support', failure, 'urgent', n % 200 = 0, 'sharing', sharing)
	ELSE jsonb_build_object('country', country, 'programme', 'Programme ' || n % 40, 'phase', (ARRAY['before', 'during', 'after'])[1 + n % 3],
		'activity', jsonb_build_array(activity), 'what_worked', 'Women officers teaching in pairs.', 'what_did_not', failure,
		'lesson', lesson, 'sharing', sharing) END, '{}'
FROM made;
SELECT setval('message_message_id_seq', :rows), setval('feedback_feedback_id_seq', :rows);
ANALYZE message, feedback, feedback_revision;
