-- Reparse: what is read anew is filed as a revision, or settles what waited; what stays as it was, and why.
BEGIN;
SELECT no_plan();

DO $do$ BEGIN
PERFORM api.forms_register('2026-01-01', $$[{"id": "visit", "version": 1, "sha256": "x", "source": "x", "title": {"en": "V"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "C"}, "required": true},
	{"name": "grade", "type": "scale", "number": 2, "label": {"en": "G"}, "min": 1, "max": 5},
	{"name": "topic", "type": "choices", "number": 3, "label": {"en": "T"}, "theme": true, "options": [{"value": "pay"}, {"value": "law"}]},
	{"name": "lesson", "type": "text", "number": 4, "label": {"en": "L"}},
	{"name": "sharing", "type": "choice", "number": 5, "label": {"en": "S"}, "options": [{"value": "open"}, {"value": "no-name"}, {"value": "restricted"}]}]},
	{"id": "other", "version": 1, "sha256": "y", "source": "y", "title": {"en": "O"}, "fields": [
	{"name": "word", "type": "text", "number": 1, "label": {"en": "W"}}]}]$$);
END $do$;
CREATE FUNCTION tap.result(outcome text, reason text, answers jsonb, errors jsonb DEFAULT '{}', more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('outcome', outcome, 'reason', reason, 'template', 'visit', 'template_version', 1, 'reference', NULL, 'language', 'en',
		'values', answers, 'errors', errors, 'found', '{}'::jsonb, 'suggestions', '{}'::jsonb, 'provenance',
		(SELECT coalesce(jsonb_object_agg(k, '{"raw": "x"}'::jsonb), '{}') FROM jsonb_object_keys(answers) k), 'attachments', '[]'::jsonb,
		'mail', jsonb_build_object('message_id', NULL, 'from_name', 'Amina', 'from_address', 'amina@example.org', 'to', 'f@x', 'subject', 'Re',
		'in_reply_to', '', 'references', '', 'date', 1794300000, 'automatic', false)) || more
$$;
CREATE FUNCTION tap.message(name text, result jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
BEGIN
	SELECT message_ids[1] INTO made FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), '2026-11-10 08:00+00',
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint], ARRAY[false],
		ARRAY['2026-11-10 07:00+00'::timestamptz], ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'));
	PERFORM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(jsonb_build_object('message_id', made, 'result', result)));
	RETURN made;
END $$;
CREATE FUNCTION tap.again(id bigint, result jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', outcome, was, state, changes::text, hint::text) FROM api.reparse_file('2026-11-20', 'anna', jsonb_build_array(jsonb_build_object(
		'message_id', id, 'result', result)), '{}')
$$;
CREATE FUNCTION tap.now(id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT concat_ws(' ', m.state, m.reason, f.revision, f.sharing, f.country, f.theme::text, r.author, r.answers, r.remarks)
	FROM fieldpost.message m LEFT JOIN fieldpost.feedback f USING (message_id)
	LEFT JOIN fieldpost.feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision WHERE m.message_id = id
$$;
CREATE TEMP TABLE known AS SELECT name, tap.message(name, result) AS id FROM (VALUES
	('good', tap.result('filed', NULL, '{"country": "NP", "grade": 3, "lesson": "I am Amina", "sharing": "no-name"}')),
	('open', tap.result('filed', NULL, '{"country": "NP", "sharing": "open"}')),
	('waits', tap.result('review', 'invalid-value', '{"country": "NP", "sharing": "open"}', '{"grade": "invalid-value"}')),
	('bounce', tap.result('ignored', 'bounce', '{}'))) t (name, result);
GRANT SELECT ON known TO PUBLIC;
CREATE FUNCTION tap.id(text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM known WHERE name = $1 $$;
CREATE FUNCTION tap.both(one jsonb, two jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', outcome, was, state) FROM api.reparse_file('2026-11-20', 'anna', jsonb_build_array(
		jsonb_build_object('message_id', tap.id('second'), 'hinted', true, 'result', two), jsonb_build_object('message_id', tap.id('first'), 'result', one)), '{}')
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO PUBLIC;

-- What is claimed.
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is((SELECT string_agg(concat_ws(' ', unit - tap.id('good'), message_id = unit, convert_from(raw, 'UTF8'), source), ', ' ORDER BY unit) FROM api.reparse_claim(0, 100, 1000000, '{}')),
	'0 t good mail, 1 t open mail, 2 t waits mail', 'what is filed or waits, not what is no reply');
SELECT is((SELECT count(*) FROM api.reparse_claim(0, 100, 1, '{}')), 1::bigint, 'one in any case');
SELECT results_eq($$SELECT unit FROM api.reparse_claim(0, 100, 1000000, '{"states": ["review"], "forms": ["visit"], "since": "2026-11-10"}')$$,
	$$VALUES (tap.id('waits'))$$, 'by what is wanted');
SELECT is_empty($$SELECT FROM api.reparse_claim(0, 100, 1000000, '{"forms": ["other"]}')$$, 'of no other form');
SELECT is_empty(format($$SELECT FROM api.reparse_claim(%s, 100, 1000000, '{}')$$, tap.id('waits')), 'nothing behind the last');

-- Filed.
SELECT is(tap.again(tap.id('good'), tap.result('filed', NULL, '{"country": "NP", "grade": 3, "lesson": "I am Amina", "sharing": "no-name"}')),
	'same filed filed []', 'what reads as before is the same');
SELECT is(tap.again(tap.id('good'), tap.result('filed', NULL, '{"country": "LR", "grade": 4, "topic": ["pay"], "lesson": "Amina says", "sharing": "open"}',
	'{}', '{"remarks": "Thanks, Amina"}')), 'changed filed filed [{"now": "LR", "was": "NP", "field": "country"}, {"now": 4, "was": 3, "field": "grade"}, '
	'{"now": "[…] says", "was": "I am […]", "field": "lesson"}, {"now": "open", "was": "no-name", "field": "sharing"}, '
	'{"now": ["pay"], "was": null, "field": "topic"}, {"now": "Thanks, […]", "was": null, "field": ""}]', 'what reads otherwise is told, without the name');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now(tap.id('good')), 'filed 2 no-name LR {pay} reparse {"grade": 4, "topic": ["pay"], "lesson": "Amina says", "country": "LR", "sharing": "open"} Thanks, Amina',
	'and is a revision; the level stays as closed as it was');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is(tap.again(tap.id('open'), tap.result('filed', NULL, '{"country": "NP", "sharing": "restricted"}')),
	'changed filed filed [{"field": "sharing"}]', 'what becomes restricted is not told');
SELECT is(tap.again(tap.id('open'), tap.result('review', 'missing-required', '{"grade": 2}', '{"country": "missing-required", "sharing": "invalid-value"}')),
	'changed filed filed [{"field": "grade"}]', 'what is not understood any more stays');
SELECT is(tap.again(tap.id('open'), '{"template": "other", "template_version": 1, "outcome": "filed", "values": {"word": "x"}}'),
	'another form filed filed []', 'another form: a person decides');
SELECT is(tap.again(tap.id('open'), tap.result('review', 'no-answers', '{}', '{}', '{"template": null}')), 'not understood filed filed []', 'no form: as it was');
SELECT is(tap.again(tap.id('open'), tap.result('ignored', 'auto-reply', '{}')), 'not understood filed filed []', 'no reply: as it was');
SELECT is(tap.again(tap.id('open'), tap.result('filed', NULL, '{"country": "SL", "sharing": "open"}', '{}', '{"template_version": 7}')),
	'refused filed filed []', 'a version that nobody knows is refused');

-- A person's word.
SELECT lives_ok($$SELECT api.review_file(1, tap.id('good'), '2026-11-11', 'ben', '{"grade": 5, "topic": null}', 'on the phone')$$, 'a person sets two answers');
SELECT is(tap.again(tap.id('good'), tap.result('filed', NULL, '{"country": "LR", "grade": 1, "topic": ["law"], "lesson": "Amina says", "sharing": "open"}')),
	'same filed filed []', 'they stay, and the remarks with them');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT fixed FROM fieldpost.feedback_revision r JOIN fieldpost.feedback f USING (feedback_id) WHERE f.message_id = tap.id('good') AND r.revision = 3),
	'{grade,topic}', 'which the revision knows');
SET LOCAL search_path = pg_catalog, fieldpost, tap, pg_temp;
SELECT ok(fieldpost.feedback_revise('2026-11-12', (SELECT f FROM fieldpost.feedback f WHERE message_id = tap.id('good')), 999,
	tap.result('filed', NULL, '{"grade": 2}'), false, 'mended') = 4, 'its practitioner writes again');
SET LOCAL search_path = tap, public;
SELECT is((SELECT fixed FROM fieldpost.feedback_revision r JOIN fieldpost.feedback f USING (feedback_id, revision) WHERE f.message_id = tap.id('good')),
	'{topic}', 'until its practitioner answers that field again');

-- What waits.
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is(tap.again(tap.id('waits'), tap.result('review', 'invalid-value', '{"country": "NP", "sharing": "open"}', '{"grade": "invalid-value"}')),
	'same review review []', 'the same as before');
SELECT is(tap.again(tap.id('waits'), tap.result('review', 'invalid-value', '{"country": "LR", "sharing": "open"}', '{"grade": "invalid-value"}')),
	'settled review review [{"field": "country"}]', 'it waits with what is understood now');
SELECT is(tap.again(tap.id('waits'), tap.result('filed', NULL, '{"country": "LR", "grade": 3, "sharing": "open"}')),
	'settled review filed [{"now": 3, "was": null, "field": "grade"}]', 'or is filed');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now(tap.id('waits')), 'filed 1 open LR {} practitioner {"grade": 3, "country": "LR", "sharing": "open"}', 'as its practitioner wrote it');

-- One that was completed: both are read, and what the second says counts.
INSERT INTO known VALUES ('first', tap.message('first', tap.result('review', 'missing-required', '{"grade": 3, "sharing": "open"}', '{"country": "missing-required"}'))),
	('second', tap.message('second', tap.result('review', 'missing-required', '{"lesson": "x"}', '{"country": "missing-required"}')));
UPDATE fieldpost.message SET continues = tap.id('first') WHERE message_id = tap.id('second');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is((SELECT string_agg(concat_ws(' ', unit - tap.id('first'), message_id - unit, hint ->> 'form'), ', ' ORDER BY message_id)
	FROM api.reparse_claim(0, 100, 1000000, '{"states": ["review"]}')), '0 0, 0 1 visit', 'one unit, the second read with the form of the first');
SELECT is(tap.again(tap.id('first'), tap.result('filed', NULL, '{"country": "NP"}')), 'unread review review []', 'not without the second');
SELECT is(tap.both(tap.result('review', 'missing-required', '{"grade": 3, "sharing": "open"}', '{"country": "missing-required"}'), tap.result('review',
	'no-answers', '{}', '{}', '{"template": "other"}')), 'not understood review review', 'of two forms they are no unit');
SELECT is(tap.both(tap.result('review', 'missing-required', '{"grade": 3, "sharing": "open"}', '{"country": "missing-required"}'), tap.result('filed',
	NULL, '{"country": "NP", "grade": 4}', '{}', '{"remarks": "sorry"}')), 'settled review filed', 'together they are whole');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now(tap.id('first')), 'filed 1 open NP {} practitioner {"grade": 4, "country": "NP", "sharing": "open"} sorry', 'filed as one');
SELECT is(tap.now(tap.id('second')), 'filed', 'the second with it');

-- Another one of the same sender that waits is not completed by one that is read again.
INSERT INTO known VALUES ('later', tap.message('later', tap.result('review', 'missing-required', '{"lesson": "y", "sharing": "open"}', '{"country": "missing-required", "grade": "invalid-value"}')));
INSERT INTO known VALUES ('early', tap.message('early', tap.result('review', 'no-template', '{}', '{}', '{"template": null, "template_version": 0}')));
INSERT INTO fieldpost.acknowledgement (message_id, kind, form_id, form_version, channel, address, made_at)
VALUES (tap.id('later'), 'open', 'visit', 1, 'mail', 'amina@example.org', '2026-11-11');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is(tap.again(tap.id('early'), tap.result('filed', NULL, '{"country": "NP", "grade": 1}')), 'settled review filed [{"field": "country"}, {"field": "grade"}]', 'filed by itself');
RESET SESSION AUTHORIZATION;
SELECT matches(tap.now(tap.id('later')), '^review missing-required', 'the other one waits');

-- Held, failed.
DELETE FROM fieldpost.acknowledgement;
INSERT INTO identity.contact (name) VALUES ('Somebody else');
INSERT INTO known VALUES ('stranger', tap.message('stranger', tap.result('filed', NULL, '{"country": "NP", "sharing": "open"}')));
INSERT INTO known VALUES ('broken', tap.message('broken', tap.result('filed', NULL, '{"country": "NP"}')));
UPDATE fieldpost.message SET state = 'failed', reason = 'crashed', attempts = 3 WHERE message_id = tap.id('broken');
SELECT api.alarm_raise('2026-11-11', 'message-failed', 'message ' || tap.id('broken'), 'it crashed');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is(tap.again(tap.id('stranger'), tap.result('filed', NULL, '{"country": "NP", "sharing": "open"}')), 'same held held []', 'a stranger stays one');
SELECT is(tap.again(tap.id('broken'), tap.result('filed', NULL, '{"country": "NP"}')), 'settled failed held []', 'what failed is settled as if it came now');
SELECT is_empty($$SELECT FROM api.alarms_open() WHERE kind = 'message-failed'$$, 'and its alarm is over');

SELECT finish();
ROLLBACK;
