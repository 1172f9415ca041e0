-- Confidentiality: names in texts, sensitive reports, roles, and that nobody need think of it.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, pg_catalog, fieldpost;

---- names in words ----

CREATE FUNCTION tap.hide(words text, name text, VARIADIC addresses text[] DEFAULT '{aminata@example.net}') RETURNS text LANGUAGE sql
SET search_path = pg_catalog, fieldpost, pg_temp AS $$
	SELECT fieldpost.without(words, ARRAY[name], addresses)
$$;
SELECT is(tap.hide('I am aminata kamara.', 'Aminata Kamara'), 'I am […].', 'the whole name in any case');
SELECT is(tap.hide('AMINATA  KAMARA', 'Aminata Kamara'), '[…]', 'in capitals');
SELECT is(tap.hide('Ask Kamara or aminata', 'Aminata Kamara'), 'Ask […] or […]', 'its parts');
SELECT is(tap.hide('Kamara, Aminata', 'Aminata Kamara'), '[…], […]', 'the other way round');
SELECT is(tap.hide('@AminataKamara said', 'Aminata Kamara'), '@[…] said', 'written as one');
SELECT is(tap.hide('Kamaras are many, kamarain', 'Aminata Kamara'), 'Kamaras are many, kamarain', 'not a part of a word');
SELECT is(tap.hide('aminata_kamara', 'Aminata Kamara'), '[…]', 'with a line between');
SELECT is(tap.hide('José''s and JOSE and José', 'José Núñez'), '[…]''s and […] and […]', 'with marks, without, and in pieces');
SELECT is(tap.hide('Ask Nunez, Núñez, nuñez', 'Jose Nunez'), 'Ask […], […], […]', 'a name without marks finds one with them');
SELECT is(tap.hide('Sørensen, Sorensen; Wałęsa, Walesa', 'Søren Sørensen Walesa'), '[…], […]; […], […]', 'letters with strokes');
SELECT is(tap.hide('Ludwig van Beethoven came by van', 'Ludwig van Beethoven'), '[…] came by van', 'little words of a name alone are no name');
SELECT is(tap.hide('The field office in the field', 'Field Office Juba'), 'The field office in the field', 'nor are an office''s');
SELECT is(tap.hide('Juba''s roads', 'Field Office Juba'), '[…]''s roads', 'but what names it');
SELECT is(tap.hide('Li and Bo, so bo li', 'Bo Li'), '[…] and […], so […]', 'two letters as they are written');
SELECT is(tap.hide('go to a', 'Go Tomas'), 'go to a', 'not as another word');
SELECT is(tap.hide('Write to Aminata@Example.net', 'A'), 'Write to […]', 'the address');
SELECT is(tap.hide('a.b+c (x) [y] \1', 'a.b+c (x)'), '[…]) [y] \1', 'a name full of signs');
SELECT is(tap.hide('Justice is slow', ''), 'Justice is slow', 'no name, nothing to hide');
SELECT is(tap.hide('Justice is slow', NULL), 'Justice is slow', 'none at all');
SELECT is(tap.hide(NULL, 'Aminata'), NULL, 'no words');
SELECT is(tap.hide('أنا أمينة القاسمي', 'أمينة القاسمي'), 'أنا […]', 'Arabic');
SELECT is(tap.hide('قالت امينه وأمينة وبالقاسمي', 'أمينة القاسمي'), 'قالت […]', 'Arabic: another writing, little words before it');
SELECT is(tap.hide('أَمِينَة', 'أمينة'), '[…]', 'Arabic: with vowels');
SELECT is(tap.hide('सीतालाई भने', 'सीता शर्मा'), '[…]लाई भने', 'Nepali: an ending joined to it');
SELECT is(tap.hide('Ивану и иван', 'Иван Петров'), '[…] и […]', 'Cyrillic: declined');
SELECT is(tap.hide('我叫李小明。', '李小明'), '我叫[…]。', 'no blanks between words');
SELECT is(tap.hide('Call +231 77 123 4567 now', 'A', '+231771234567'), 'Call […] now', 'a number');
SELECT is(tap.hide('Call 0771234567, 077-123-4567 or (077) 123.4567', 'A', '+231771234567'), 'Call […], […] or […]', 'as it is written at home');
SELECT is(tap.hide('०७७१२३४५६७ / ٠٧٧١٢٣٤٥٦٧', 'A', '+231771234567'), '[…] / […]', 'in other digits');
SELECT is(tap.hide('20771234560 people', 'A', '+231771234567'), '20771234560 people', 'another number');
SELECT is(tap.hide('we paid 1234567', 'A', '+231771234567'), 'we paid […]', 'rather too much than too little');
SELECT is(tap.hide('I am aminata.k, @aminata.k', 'A', 'aminata.k@example.org'), 'I am […], @[…]', 'what stands before the @');
SELECT is(tap.hide(repeat('no name here ', 2000), 'Aminata Kamara'), repeat('no name here ', 2000), 'a long text stays as it was');
SELECT is(tap.hide(E'a\u0301 e\u0301', 'Aminata'), E'a\u0301 e\u0301', 'in its own composition');

---- a feedback ----

DO $do$ BEGIN
PERFORM api.forms_register('2026-01-01', $$[{"id": "plain", "version": 1, "sha256": "x", "source": "x", "title": {"en": "T"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "C"}}, {"name": "lesson", "type": "text", "number": 2, "label": {"en": "L"}},
	{"name": "grade", "type": "choice", "number": 3, "label": {"en": "G"}, "options": [{"value": "hope"}]}]},
	{"id": "abuse", "version": 1, "sensitive": true, "sha256": "x", "source": "x", "title": {"en": "A"}, "fields": [
	{"name": "lesson", "type": "text", "number": 1, "label": {"en": "L"}}]}]$$);
END $do$;
CREATE FUNCTION tap.feedback(form text, lesson text, name text DEFAULT 'Hope Kamara', sharing text DEFAULT 'no-name', contact bigint DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS $$
	WITH m AS (
		INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256, state, form_id, from_name, from_address)
		SELECT account_id, '2026-11-03', '2026-11-03', 1, sha256(convert_to(lesson || random(), 'UTF8')), '', 'filed', form, name, 'hope@example.net'
		FROM api.account_open('test', 'import') RETURNING message_id
	), f AS (
		INSERT INTO fieldpost.feedback (message_id, received_at, filed_at, form_version, sharing, form_id, country, language, contact_id)
		SELECT message_id, '2026-11-03', '2026-11-03', 1, sharing::fieldpost.sharing_level, form, 'NP', 'en', contact FROM m RETURNING *
	), r AS (
		INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
		SELECT feedback_id, 1, 'practitioner', message_id, '2026-11-03', jsonb_build_object('country', 'NP', 'grade', 'hope', 'lesson', lesson), '{}',
			'Remarks of Kamara' FROM f
	)
	SELECT feedback_id FROM f
$$;
CREATE FUNCTION tap.shown(feedback bigint, OUT lesson text, OUT grade text, OUT remarks text) LANGUAGE sql AS $$
	SELECT read.shown_answers(r.answers, r.hidden, f.sharing) ->> 'lesson', read.shown_answers(r.answers, r.hidden, f.sharing) ->> 'grade',
		read.shown_remarks(r.remarks, r.hidden, f.sharing)
	FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) WHERE f.feedback_id = shown.feedback
$$;
CREATE FUNCTION tap.finds(words text) RETURNS bigint[] LANGUAGE sql AS $$
	SELECT array_agg(feedback_id ORDER BY feedback_id) FROM fieldpost.feedback_text WHERE feedback_text.words @@ websearch_to_tsquery('simple', finds.words)
$$;
INSERT INTO identity.contact (contact_id, name, country, role) OVERRIDING SYSTEM VALUE VALUES (71, 'Esperança Conteh', 'NP', 'judge'), (72, 'B', 'NP', 'judge'),
	(73, 'C', 'NP', 'judge'), (74, 'D', 'NP', 'nurse'), (75, 'E', 'LR', 'judge');
CREATE TEMP TABLE made AS SELECT tap.feedback('plain', 'Words of Hope Kamara in hope') AS named, tap.feedback('plain', 'Words of Hope Kamara', sharing => 'open') AS open,
	tap.feedback('plain', 'Esperanca told it', contact => 71) AS known, tap.feedback('abuse', 'He hit her', sharing => 'open') AS abuse;
SELECT results_eq('SELECT * FROM tap.shown((SELECT named FROM made))', $$VALUES ('Words of […] in […]', 'hope', 'Remarks of […]')$$,
	'what is filed is hidden: texts, not what was chosen');
SELECT results_eq('SELECT * FROM tap.shown((SELECT open FROM made))', $$VALUES ('Words of Hope Kamara', 'hope', 'Remarks of Kamara')$$, 'who wants to be named is');
SELECT is((SELECT lesson FROM tap.shown((SELECT known FROM made))), '[…] told it', 'by the name that is registered too');
SELECT is((SELECT hidden FROM fieldpost.feedback_revision WHERE feedback_id = (SELECT open FROM made)), NULL, 'nothing is looked for where nothing is to be hidden');
SELECT is(tap.finds('kamara'), ARRAY[(SELECT open FROM made), (SELECT abuse FROM made)], 'a hidden name is not found');
SELECT is(tap.finds('words'), ARRAY[(SELECT named FROM made), (SELECT open FROM made)], 'the words are');
-- Nor by guessing: what a team may not write back is told to them.
SELECT ok(NOT words_repeat('So these are words of Hope Kamara in hope?', words_of_feedback((SELECT named FROM made))), 'a hidden name is guessed, and nothing says so');
SELECT ok(words_repeat(E'So:\nwords of Hope Kamara', words_of_feedback((SELECT open FROM made))), 'an open one stands in the words');
-- Nobody need think of it.
UPDATE fieldpost.feedback SET sharing = 'no-name' WHERE feedback_id = (SELECT open FROM made);
SELECT is((SELECT lesson FROM tap.shown((SELECT open FROM made))), 'Words of […]', 'a level that is tightened');
INSERT INTO identity.contact_address (channel, address, contact_id) VALUES ('phone', '+9779841234567', 71);
UPDATE fieldpost.feedback_revision SET answers = answers || '{"lesson": "Call 9841234567 or Hope or Moussa"}' WHERE feedback_id = (SELECT known FROM made);
SELECT is((SELECT lesson FROM tap.shown((SELECT known FROM made))), 'Call […] or […] or Moussa', 'words that are mended');
UPDATE identity.contact SET name = 'Moussa Conteh' WHERE contact_id = 71;
SELECT is((SELECT lesson FROM tap.shown((SELECT known FROM made))), 'Call […] or […] or […]', 'a name that is learned later');
UPDATE fieldpost.feedback_revision SET hidden = NULL WHERE feedback_id = (SELECT named FROM made);
SELECT results_eq('SELECT * FROM tap.shown((SELECT named FROM made))', 'VALUES (NULL::text, NULL::text, NULL::text)', 'what was not looked through is not shown');
SELECT is(fieldpost.words_shown((SELECT known FROM made), 'Dear Moussa'), 'Dear […]', 'words about a feedback');

---- sensitive ----

SELECT results_eq($$SELECT sharing::text, sensitive FROM fieldpost.feedback WHERE feedback_id = (SELECT abuse FROM made)$$, $$VALUES ('restricted', 'the form')$$,
	'a form that is sensitive: for the cleared');
UPDATE fieldpost.feedback SET sharing = 'open' WHERE feedback_id = (SELECT abuse FROM made);
SELECT is((SELECT sharing::text FROM fieldpost.feedback WHERE feedback_id = (SELECT abuse FROM made)), 'restricted', 'and it stays so');
INSERT INTO made (named) SELECT tap.feedback('plain', 'A child was RAPED there');
SELECT is((SELECT fresh FROM api.sensitive_words(ARRAY['rape', 'viol', 'torturé'])), 3::bigint, 'a list of words');
SELECT is((SELECT fresh FROM api.sensitive_words(ARRAY['rape', 'viol', 'torturé'])), 0::bigint, 'again');
SELECT results_eq($$SELECT sharing::text, sensitive FROM fieldpost.feedback WHERE feedback_id = (SELECT max(named) FROM made)$$,
	$$VALUES ('restricted', 'the word "rape"')$$, 'looks through what is filed');
CREATE TEMP TABLE later AS SELECT tap.feedback('plain', 'On a TORTURE un homme') AS a, tap.feedback('plain', 'The grapes of the garden') AS b;
SELECT is((SELECT string_agg(sharing::text, ' ' ORDER BY feedback_id) FROM fieldpost.feedback WHERE feedback_id IN (SELECT unnest(ARRAY[a, b]) FROM later)), 'restricted no-name',
	'and what comes: whatever the case and the marks, from the beginning of a word');
UPDATE fieldpost.feedback_revision SET remarks = 'victime de violence' WHERE feedback_id = (SELECT b FROM later);
SELECT is((SELECT sensitive FROM fieldpost.feedback WHERE feedback_id = (SELECT b FROM later)), 'the word "viol"', 'what is mended too');

---- roles ----

INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, asked_at)
SELECT 'FP-777777777' || n, 70 + n, 'plain', 1, 'en', '2026-11-01' FROM generate_series(1, 4) n;
SELECT results_eq('SELECT contact_id, role FROM fieldpost.role_shown ORDER BY 1', $$VALUES (71::bigint, 'judge'), (72, 'judge'), (73, 'judge')$$,
	'a role is told where three people of it are asked, nowhere else');

---- who read what ----

SELECT is(fieldpost.actor(), session_user::text, 'a login is who it is');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SET LOCAL fieldpost.actor = 'anna';
SELECT is((SELECT count(*) FROM api.audit_list('', '2000-01-01', 10)), 0::bigint, 'nothing was read');
RESET SESSION AUTHORIZATION;

SELECT finish();
ROLLBACK;
