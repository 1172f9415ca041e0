-- Filing: forms, results to feedback, held, ignored, failed; the readers' view of it.
BEGIN;
SELECT no_plan();

CREATE FUNCTION tap.form(version integer, extra jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_array(jsonb_build_object('id', 'field-lesson', 'version', version, 'sha256', 'x', 'source', 'id: field-lesson',
		'title', '{"en": "Lesson"}'::jsonb, 'fields', $f$[
		{"name": "country", "type": "country", "number": 1, "label": {"en": "Country"}, "required": true, "theme": false, "options": []},
		{"name": "activity", "type": "choices", "number": 2, "label": {"en": "Area"}, "required": false, "theme": true,
			"options": [{"value": "oversight", "label": {"en": "oversight"}}, {"value": "strategy", "label": {"en": "strategy"}}]},
		{"name": "usefulness", "type": "scale", "number": 3, "label": {"en": "Useful"}, "min": 1, "max": 5, "options": []},
		{"name": "lesson", "type": "text", "number": 4, "label": {"en": "Lesson"}, "options": []},
		{"name": "sharing", "type": "choice", "number": 5, "label": {"en": "Sharing"}, "options": [{"value": "open"}, {"value": "no-name"},
			{"value": "restricted"}]}]$f$::jsonb || extra))
$$;
-- A message in the state `received`; returns its number.
CREATE FUNCTION tap.message(name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT message_ids[1] FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), '2026-11-10 08:00+00',
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint], ARRAY[false],
		ARRAY['2026-11-10 07:00+00'::timestamptz], ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'))
$$;
CREATE FUNCTION tap.result(outcome text, answers jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('outcome', outcome, 'reason', NULL, 'template', 'field-lesson', 'template_version', 1, 'reference', NULL,
		'language', 'en', 'values', answers, 'errors', '{}'::jsonb, 'found', '{}'::jsonb, 'suggestions', '{}'::jsonb,
		'provenance', '{"lesson": {"raw": "Pay them", "part": "1", "start": 10, "end": 18, "part_start": 200, "part_end": 400}}'::jsonb,
		'attachments', '[]'::jsonb, 'mail', '{"message_id": "<1@x>", "from_name": "Aminata Kamara", "from_address": "Aminata@Example.org",
			"to": "f@x", "subject": "Re: Lesson", "in_reply_to": "", "references": "", "date": 1794300000, "automatic": false}'::jsonb) || more
$$;
-- Files one message; returns its state.
CREATE FUNCTION tap.file(message bigint, result jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT state FROM api.parse_file('2026-11-10 09:00+00',
		jsonb_build_array(jsonb_build_object('message_id', message, 'result', result)))
$$;

-- Forms.
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT results_eq($$SELECT * FROM api.forms_register('2026-11-01', tap.form(1))$$, $$VALUES ('field-lesson', 1::bigint, true)$$,
	'a form is registered');
SELECT results_eq($$SELECT * FROM api.forms_register('2026-11-02', tap.form(1))$$, $$VALUES ('field-lesson', 1::bigint, false)$$,
	'again: it is known');
SELECT lives_ok($$SELECT api.forms_register('2026-11-02', jsonb_set(tap.form(1), '{0,fields,3,label}', '{"en": "The lesson"}'))$$,
	'a label may be mended');
SELECT throws_like($$SELECT api.forms_register('2026-11-02', jsonb_set(tap.form(1), '{0,fields,3,type}', '"line"'))$$,
	'form field-lesson, field lesson: it was of type text and cannot become line%', 'a type cannot change');
SELECT throws_like($$SELECT api.forms_register('2026-11-02', jsonb_set(tap.form(2), '{0,fields,3,type}', '"number"'))$$,
	'form field-lesson, field lesson: it was of type text%', 'in no later version either');
SELECT throws_like($$SELECT api.forms_register('2026-11-02', jsonb_set(tap.form(1), '{0,fields,2,max}', '10'))$$,
	'form field-lesson: version 1 was used with other fields%', 'a version that was used keeps its meaning');
RESET SESSION AUTHORIZATION;
SELECT has_view('report'::name, 'field_lesson'::name, 'it has a view');
SELECT view_owner_is('report', 'field_lesson', 'fieldpost_views', 'of the owner of views');
SELECT col_type_is('report', 'field_lesson', 'usefulness', 'bigint', 'a scale is a number there');
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT lives_ok($$SELECT api.forms_register('2026-11-03',
	tap.form(2, '[{"name": "met_on", "type": "date", "number": 6, "label": {"en": "Date"}, "options": []}]'))$$, 'a later version with one more field');

-- Which versions are in force.
RESET SESSION AUTHORIZATION;
CREATE FUNCTION tap.weigh(form jsonb, sha text, listed boolean, against text DEFAULT 'now') RETURNS text LANGUAGE sql AS $$
	SELECT verdict || coalesce(': ' || words, '') || CASE WHEN kept THEN ', kept' ELSE '' END || coalesce(', older ' || older_version, '')
	FROM api.forms_weigh(jsonb_build_array(form -> 0 || jsonb_build_object('sha256', sha, 'listed', listed)), against)
$$;
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT is(tap.weigh(tap.form(1), 'x', false), 'unproven, kept, older 2', 'what was in force stays, though it was never proven');
SELECT is(tap.weigh(tap.form(1), 'y', false), 'unproven, older 2', 'a changed file waits for its proof');
SELECT is(tap.weigh(tap.form(3), 'y', true), 'proven, older 2', 'unless it is in a list of proven ones');
SELECT is(tap.weigh(jsonb_set(tap.form(3), '{0,id}', '"other"'), 'z', false), 'unproven', 'a new form has none before it');
SELECT is(tap.weigh(jsonb_set(tap.form(3), '{0,fields,3,type}', '"line"'), 'y', true),
	'refused: form field-lesson, field lesson: it was of type text and cannot become line: give the new field another name, older 2',
	'a field of another type is refused, whatever was proven');
SELECT lives_ok($$SELECT api.form_proved('2026-11-03', 'y', 'field-lesson', 3, false, 'now', 'mend it', 7)$$, 'a proof that failed');
SELECT is(tap.weigh(tap.form(3), 'y', false), 'failed: mend it, older 2', 'keeps the form out');
SELECT is(tap.weigh(tap.form(3), 'y', false, 'later'), 'unproven: mend it, older 2', 'until what it was proven with has changed');
SELECT lives_ok($$SELECT api.form_proved('2026-11-04', 'y', 'field-lesson', 3, true, 'later', NULL, 9)$$, 'one that passed');
SELECT is(tap.weigh(tap.form(3), 'y', false, 'much later'), 'proven, older 2', 'counts for good');
SELECT lives_ok($$SELECT api.forms_alarms('2026-11-04', '[{"form": "a", "text": "one"}, {"form": "b", "text": "two"}]'),
	api.forms_alarms('2026-11-05', '[{"form": "b", "text": "two"}]')$$, 'alarms of forms');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT results_eq($$SELECT object, text, count FROM api.alarms_open() WHERE kind = 'form'$$, $$VALUES ('b', 'two', 1::bigint)$$,
	'the ones that are over are cleared, the same one is not counted again');
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT lives_ok($$SELECT api.forms_alarms('2026-11-06', '[]')$$, 'none is left');
RESET SESSION AUTHORIZATION;
SELECT col_type_is('report', 'field_lesson', 'met_on', 'date', 'the view has one more column');
SELECT is((SELECT has_sharing::text || ' ' || country_field || ' ' || theme_field FROM fieldpost.form_version WHERE version = 1),
	'true country activity', 'what the version is asked about its fields');

-- Filing.
SELECT tap.message('one') AS one, tap.message('two') AS two, tap.message('three') AS three \gset
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT results_eq($$SELECT message_id, encode(raw, 'escape'), oversize, source, attempts FROM api.parse_claim('2026-11-10 09:00+00', 2, 1000, '{}', '{}')$$,
	format($$VALUES (%s::bigint, 'one', false, 'import', 0::bigint), (%s, 'two', false, 'import', 0)$$, :one, :two), 'the oldest are claimed');
SELECT results_eq($$SELECT count(*) FROM api.parse_claim('2026-11-10 09:00+00', 100, 6, '{}', '{}') UNION ALL SELECT count(*) FROM api.parse_claim('2026-11-10 09:00+00', 100, 5, '{}', '{}')$$, 'VALUES (2::bigint), (1)',
	'up to a number of bytes');
SELECT is((SELECT count(*) FROM api.parse_claim('2026-11-10 09:00+00', 100, 0, '{}', '{}')), 1::bigint, 'one in any case');
SELECT is(tap.file(:one, tap.result('filed', '{"country": "SL", "activity": ["oversight", "strategy"], "usefulness": 4, "lesson": "Pay them", "sharing": "open"}',
	'{"remarks": "Thank you", "attachments": [{"part": "2", "name": "a.pdf", "type": "application/pdf", "size": 3, "sha256": "00ff"}]}')),
	'filed', 'a message is filed');
SELECT is(tap.file(:one, tap.result('filed', '{"country": "ML"}')), NULL, 'filed again: nothing happens');
SELECT is((SELECT count(*) FROM api.parse_claim('2026-11-10 09:00+00', 100, 1000, '{}', '{}')), 2::bigint, 'and it is claimed no more');
RESET SESSION AUTHORIZATION;
SELECT results_eq($$SELECT country, theme, sharing::text, language, verified, written_at, filed_at, received_at FROM fieldpost.feedback$$,
	$$VALUES ('SL', ARRAY['oversight', 'strategy'], 'open', 'en', false, to_timestamp(1794300000), '2026-11-10 09:00+00'::timestamptz,
		'2026-11-10 07:00+00'::timestamptz)$$, 'the feedback');
SELECT results_eq($$SELECT revision, author::text, answers ->> 'lesson', provenance -> 'lesson' ->> 'raw', remarks FROM fieldpost.feedback_revision$$,
	$$VALUES (1, 'practitioner', 'Pay them', 'Pay them', 'Thank you')$$, 'its revision');
SELECT results_eq($$SELECT part, name, size, sha256 FROM fieldpost.attachment$$, $$VALUES ('2', 'a.pdf', 3::bigint, '\x00ff'::bytea)$$, 'its attachment');
SELECT results_eq($$SELECT state::text, from_address, from_name, subject, form_id, form_version, result FROM fieldpost.message WHERE message_id = $$ || :one,
	$$VALUES ('filed', 'aminata@example.org', 'Aminata Kamara', 'Re: Lesson', 'field-lesson', 1, NULL::jsonb)$$, 'the message');

SELECT results_eq(format($$SELECT message_id, state FROM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(
	jsonb_build_object('message_id', %s, 'result', tap.result('review', '{}', '{"reason": "no-answers", "template": null, "template_version": 0}')),
	jsonb_build_object('message_id', %s, 'result', tap.result('ignored', '{}', '{"reason": "auto-reply"}'))))$$, :two, :three),
	format($$VALUES (%s::bigint, 'review'), (%s, 'ignored')$$, :two, :three), 'review and ignored in one batch');
SELECT results_eq($$SELECT message_id, reason, form FROM api.review_list(10, '{}')$$, format($$VALUES (%s::bigint, 'no-answers', NULL)$$, :two),
	'the one is in the review list');
SELECT is((SELECT result FROM fieldpost.message WHERE message_id = :three), NULL, 'of the other nothing is kept but its bytes');

-- Sharing: what is not clear is for the fewest.
SELECT is(fieldpost.sharing_of(true, '{"sharing": "open"}')::text, 'open', 'sharing as answered');
SELECT is(fieldpost.sharing_of(true, '{}')::text, 'restricted', 'asked and not understood: restricted');
SELECT is(fieldpost.sharing_of(false, '{}')::text, 'no-name', 'not asked: no name');

-- What cannot be filed fails alone.
SELECT tap.message('four') AS four, tap.message('five') AS five, tap.message('six') AS six \gset
SELECT results_eq(format($$SELECT message_id, state FROM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(
	jsonb_build_object('message_id', %s, 'result', tap.result('filed', '{"country": "SL"}')),
	jsonb_build_object('message_id', %s, 'result', tap.result('filed', '{"country": "SL"}', '{"template_version": 99}')),
	jsonb_build_object('message_id', %s, 'result', tap.result('filed', '{"country": "ML", "sharing": "restricted"}'))))$$, :four, :five, :six),
	format($$VALUES (%s::bigint, 'filed'), (%s, 'failed'), (%s, 'filed')$$, :four, :five, :six), 'a version that nobody registered fails alone');
SELECT is((SELECT count(*) FROM api.alarms_open() WHERE kind = 'message-failed' AND object = 'message ' || :five), 1::bigint, 'with an alarm');
SELECT tap.message('seven') AS seven \gset
SELECT results_eq(format($$SELECT * FROM api.parse_attempt('2026-11-10 09:00+00', %s, 'signal 11', 3)$$, :seven), $$VALUES (1::bigint, 'received')$$, 'first attempt');
SELECT results_eq(format($$SELECT * FROM api.parse_attempt('2026-11-10 09:00+00', %s, 'signal 11', 3)$$, :seven), $$VALUES (2::bigint, 'received')$$, 'second');
SELECT results_eq(format($$SELECT * FROM api.parse_attempt('2026-11-10 09:00+00', %s, 'signal 11', 3)$$, :seven), $$VALUES (3::bigint, 'failed')$$, 'third: failed');
SELECT is((SELECT sum(messages) FROM api.status_counts()), (SELECT stored::numeric FROM api.status_totals(now())), 'stored is the sum of the six states');
SELECT is((SELECT count(*) FROM api.status_counts()), 6::bigint, 'which are always six');

-- People are registered: a stranger is held, somebody we asked is not.
INSERT INTO identity.contact (name, country) VALUES ('Clerk', 'NP');
INSERT INTO identity.contact_address (address, contact_id) SELECT 'clerk@example.org', contact_id FROM identity.contact;
INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, country, asked_at)
	SELECT 'FP-7K3M9QXA2D', contact_id, 'field-lesson', 1, 'en', 'NP', '2026-11-01' FROM identity.contact;
SELECT tap.message('eight') AS eight, tap.message('nine') AS nine, tap.message('ten') AS ten, tap.message('eleven') AS eleven \gset
SELECT is(tap.file(:eight, tap.result('filed', '{"country": "SL"}')), 'held', 'a stranger''s reply is held');
SELECT is((SELECT reason FROM api.review_show(:eight)), 'unknown-sender', 'and says why');
SELECT is((SELECT answers FROM api.review_show(:eight)), '{"country": "SL"}'::jsonb, 'with what was understood');
SELECT is(tap.file(:nine, tap.result('filed', '{}', '{"reference": "FP-7K3M9QXA2D"}')), 'filed', 'with a reference that we sent it is filed');
SELECT results_eq(format('SELECT country, verified, contact_id IS NULL FROM fieldpost.feedback WHERE message_id = %s', :nine),
	$$VALUES (NULL, false, true)$$, 'of nobody known, not verified, from no country: somebody else was asked');
SELECT is(tap.file(:ten, jsonb_set(jsonb_set(tap.result('filed', '{}', '{"reference": "FP-7K3M9QXA2D"}'), '{mail,from_address}',
	'"Clerk@Example.org"'), '{mail,authentication}', '"pass"')), 'filed', 'from the one who was asked');
SELECT is((SELECT country FROM fieldpost.feedback WHERE message_id = :ten), 'NP', 'it is from the country that was asked');
SELECT is((SELECT verified FROM fieldpost.feedback WHERE message_id = :ten), true, 'it is verified');
SELECT is((SELECT state::text FROM fieldpost.request), 'answered', 'the request is answered');
SELECT is(tap.file(:eleven, jsonb_set(tap.result('filed', '{}', '{"reference": "FP-0000000000"}'), '{mail,from_address}', '"x@example.org"')), 'held',
	'a reference that we never sent helps nobody');

-- From a feedback to the bytes.
SELECT results_eq(format($$SELECT step FROM api.explain((SELECT feedback_id FROM fieldpost.feedback WHERE message_id = %s))$$, :one),
	$$VALUES ('feedback'), ('revision'), ('answer'), ('answer'), ('answer'), ('answer'), ('answer'), ('message'), ('attachment'), ('raw')$$, 'explain goes from a feedback to its bytes');
SELECT ok(EXISTS (SELECT FROM api.explain((SELECT feedback_id FROM fieldpost.feedback WHERE message_id = :one))
	WHERE detail LIKE 'lesson = Pay them <- "Pay them" (part 1, characters 10-18%bytes 200-400%'), 'and tells where an answer stood');
SELECT is_empty('SELECT * FROM api.explain(999999)', 'an unknown number explains nothing');

-- Readers.
INSERT INTO fieldpost.team (name, cleared) VALUES ('cleared', true), ('other', false);
INSERT INTO fieldpost.member (team_id, name, address, clearance) SELECT team_id, name, name || '@x', 'restricted' FROM fieldpost.team;
INSERT INTO fieldpost.member (team_id, name, address) SELECT team_id, 'plain', 'plain@x' FROM fieldpost.team WHERE cleared;
SELECT member_id AS cleared FROM fieldpost.member WHERE name = 'cleared' \gset
SELECT member_id AS other FROM fieldpost.member WHERE name = 'other' \gset
SELECT member_id AS plain FROM fieldpost.member WHERE name = 'plain' \gset
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SET LOCAL ROLE fieldpost_reader;
SELECT is((SELECT count(*) FROM report.field_lesson), 0::bigint, 'without a member nothing is seen');
SELECT set_config('fieldpost.member', :'cleared', true) \gset
-- one (open), six and four (restricted: four left sharing open), nine, ten
SELECT is((SELECT count(*) FROM report.field_lesson), 5::bigint, 'a cleared member of a cleared team sees all');
SELECT results_eq('SELECT country, activity, usefulness, feedback_from FROM report.field_lesson WHERE feedback_sharing = ''open''',
	$$VALUES ('SL', 'oversight, strategy', 4::bigint, 'Aminata Kamara')$$, 'typed columns');
SELECT set_config('fieldpost.member', :'other', true) \gset
SELECT is((SELECT count(*) FROM report.field_lesson), 1::bigint, 'a member of a team that is not cleared sees nothing restricted');
SELECT set_config('fieldpost.member', :'plain', true) \gset
SELECT is((SELECT count(*) FROM report.field_lesson), 1::bigint, 'nor one without clearance in a cleared team');
RESET ROLE;
RESET SESSION AUTHORIZATION;
SELECT set_config('fieldpost.member', :'cleared', true) \gset
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT throws_ok('SELECT * FROM report.field_lesson', '42501', NULL, 'a duty that does not read has no view');
RESET SESSION AUTHORIZATION;
CREATE ROLE analyst LOGIN IN ROLE fieldpost_analyst;
SET LOCAL SESSION AUTHORIZATION analyst;
SELECT is((SELECT count(*) FROM report.field_lesson), 0::bigint, 'an analyst cannot name a member');
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.member SET login = 'analyst' WHERE member_id = :other;
SET LOCAL SESSION AUTHORIZATION analyst;
SELECT is((SELECT count(*) FROM report.field_lesson), 1::bigint, 'but is one by login');
RESET SESSION AUTHORIZATION;
-- No name: neither in its own column nor where the words hold it.
UPDATE fieldpost.feedback_revision SET answers = answers || '{"lesson": "Ask Kamara"}', remarks = 'Aminata Kamara, aminata@example.org'
WHERE feedback_id = (SELECT feedback_id FROM fieldpost.feedback WHERE sharing = 'open');
UPDATE fieldpost.feedback SET sharing = 'no-name' WHERE sharing = 'open';
SET LOCAL SESSION AUTHORIZATION analyst;
SELECT results_eq($$SELECT country, lesson, feedback_from, feedback_remarks FROM report.field_lesson WHERE feedback_sharing = 'no-name'$$,
	$$VALUES ('SL', 'Ask […]', NULL::text, '[…], […]')$$, 'a name is hidden in the words as well');
RESET SESSION AUTHORIZATION;

SELECT finish();
ROLLBACK;
