-- Review: fixing, filing, dismissing, assigning, notes; that all of it has an author and can be undone until somebody was told.
BEGIN;
SELECT no_plan();

DO $do$ BEGIN
PERFORM api.forms_register('2026-01-01', $$[{"id": "visit", "version": 1, "sha256": "x", "source": "x", "title": {"en": "V"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "C"}, "required": true},
	{"name": "grade", "type": "scale", "number": 2, "label": {"en": "G"}, "min": 1, "max": 5},
	{"name": "lesson", "type": "text", "number": 3, "label": {"en": "L"}},
	{"name": "sharing", "type": "choice", "number": 4, "label": {"en": "S"}, "options": [{"value": "open"}, {"value": "no-name"}, {"value": "restricted"}]}]}]$$);
END $do$;
CREATE FUNCTION tap.message(name text, outcome text, reason text, answers jsonb, errors jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
BEGIN
	SELECT message_ids[1] INTO made FROM api.messages_import((SELECT account_id FROM api.account_open('import', 'import')), '2026-11-10 08:00+00',
		ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[sha256(convert_to(name, 'UTF8'))], ARRAY[length(name)::bigint], ARRAY[false],
		ARRAY['2026-11-10 07:00+00'::timestamptz], ARRAY[0::bigint], ARRAY[length(name)::bigint], convert_to(name, 'UTF8'));
	PERFORM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(jsonb_build_object('message_id', made, 'result', jsonb_build_object('outcome', outcome,
		'reason', reason, 'template', 'visit', 'template_version', 1, 'reference', NULL, 'language', 'en', 'values', answers, 'errors', errors,
		'found', '{}'::jsonb, 'suggestions', '{}'::jsonb, 'provenance', '{}'::jsonb, 'attachments', '[]'::jsonb, 'mail', jsonb_build_object('message_id',
		'<' || name || '@x>', 'from_name', 'Amina', 'from_address', name || '@example.org', 'to', 'f@x', 'subject', 'Re', 'in_reply_to', '', 'references', '',
		'date', 1794300000, 'automatic', false)))));
	RETURN made;
END $$;
CREATE TEMP TABLE known (name text PRIMARY KEY, id bigint);
GRANT SELECT ON known TO PUBLIC;
CREATE FUNCTION tap.now(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT concat_ws(' ', m.state, m.reason, m.assigned_to, f.revision, f.sharing, f.country, r.author, r.reason, r.answers)
	FROM fieldpost.message m LEFT JOIN fieldpost.feedback f USING (message_id)
	LEFT JOIN fieldpost.feedback_revision r ON r.feedback_id = f.feedback_id AND r.revision = f.revision
	WHERE m.message_id = (SELECT id FROM known WHERE name = $1)
$$;
CREATE FUNCTION tap.id(text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM known WHERE name = $1 $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO PUBLIC;
INSERT INTO known VALUES ('wrong', tap.message('wrong', 'review', 'invalid-value', '{"lesson": "Pay them", "sharing": "no-name"}',
	'{"grade": "invalid-value", "country": "missing-required"}'));
INSERT INTO known VALUES ('unknown', tap.message('unknown', 'review', 'no-answers', '{}', '{}'));
UPDATE fieldpost.message SET form_id = NULL, form_version = NULL WHERE message_id = tap.id('unknown');
INSERT INTO known VALUES ('good', tap.message('good', 'filed', NULL, '{"country": "NP", "grade": 3, "sharing": "no-name"}'));

SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT results_eq($$SELECT state, feedback_id, open FROM api.review_file(1, tap.id('wrong'), '2026-11-11', 'anna', '{"grade": 4}', 'she wrote four')$$,
	$$VALUES ('review', NULL::bigint, '["country"]'::jsonb)$$, 'something is still open: it is told');
SELECT is(tap.now('wrong'), 'review invalid-value', 'and nothing was done');
SELECT is((SELECT state FROM api.review_file(2, tap.id('wrong'), '2026-11-11', 'anna', '{"grade": 4, "country": "NP"}', 'she wrote four')), 'filed', 'fixed: filed');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('wrong'), 'filed 2 no-name NP reviewer she wrote four {"grade": 4, "lesson": "Pay them", "country": "NP", "sharing": "no-name"}',
	'the fix is a revision with an author and a reason');
SELECT is((SELECT answers FROM fieldpost.feedback_revision r JOIN fieldpost.feedback f USING (feedback_id) WHERE f.message_id = tap.id('wrong') AND r.revision = 1),
	'{"lesson": "Pay them", "sharing": "no-name"}', 'what the practitioner said stays as the first');
SELECT is((SELECT author::text FROM fieldpost.feedback_revision r JOIN fieldpost.feedback f USING (feedback_id) WHERE f.message_id = tap.id('wrong')
	AND r.revision = 1), 'practitioner', 'under their name');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT results_eq($$SELECT * FROM api.review_undo(0, '2026-11-12', 'anna')$$, $$VALUES (tap.id('wrong'), 'fix')$$, 'undone');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('wrong'), 'review invalid-value', 'it waits again');
SELECT is((SELECT result -> 'errors' FROM fieldpost.message WHERE message_id = tap.id('wrong')), '{"grade": "invalid-value", "country": "missing-required"}',
	'with what is wrong of it');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is_empty($$SELECT * FROM api.review_undo(0, '2026-11-12', 'anna')$$, 'once');
SELECT is((SELECT state FROM api.review_file(3, tap.id('wrong'), '2026-11-11', 'anna', '{"grade": null, "country": "LR"}', 'no grade can be read')), 'filed',
	'a field that is to be no answer');
SELECT throws_like($$SELECT * FROM api.review_file(4, tap.id('wrong'), '2026-11-11', 'anna', '{}', '')$$, 'message % is filed already', 'not filed twice');
SELECT throws_like($$SELECT * FROM api.review_file(4, tap.id('unknown'), '2026-11-11', 'anna', '{"country": "NP"}', 'x')$$, 'message % has no form%',
	'without a form nothing is filed');
SELECT throws_like($$SELECT * FROM api.review_file(4, 999999, '2026-11-11', 'anna', '{}', '')$$, 'there is no message 999999', 'nothing of what is not there');

-- What is filed already.
SELECT is((SELECT state FROM api.review_file(5, tap.id('good'), '2026-11-11', 'ben', '{"grade": 5, "country": "SL", "sharing": "open"}', 'on the phone')), 'filed', 'mended');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('good'), 'filed 2 no-name SL reviewer on the phone {"grade": 5, "country": "SL", "sharing": "open"}', 'a level is not opened by a reviewer');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT lives_ok($$SELECT api.review_file(6, tap.id('good'), '2026-11-11', 'ben', '{"sharing": "restricted"}', 'names a child')$$, 'closed');
RESET SESSION AUTHORIZATION;
SELECT matches(tap.now('good'), '^filed 3 restricted SL', 'it is');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT throws_like($$SELECT api.review_undo(5, '2026-11-12', 'ben')$$, '%was changed since%', 'the last one first');
SELECT lives_ok($$SELECT api.review_undo(6, '2026-11-12', 'ben'); SELECT api.review_undo(5, '2026-11-12', 'ben')$$, 'both undone');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('good'), 'filed 1 no-name NP practitioner {"grade": 3, "country": "NP", "sharing": "no-name"}', 'as it was');

-- Told in a digest: not undone.
INSERT INTO fieldpost.team (team_id, name) OVERRIDING SYSTEM VALUE VALUES (31, 'T');
INSERT INTO fieldpost.subscription (subscription_id, team_id, weekday, hour, zone, language, created_at) OVERRIDING SYSTEM VALUE VALUES (32, 31, 1, 8, 'UTC', 'en', '2026-01-01');
INSERT INTO fieldpost.digest (digest_id, subscription_id, period_start, period_end, opened_at) OVERRIDING SYSTEM VALUE VALUES (33, 32, '2026-11-01', '2026-11-08', '2026-11-08');
INSERT INTO fieldpost.digest_line (digest_id, subscription_id, feedback_id, line_number, revision)
SELECT 33, 32, feedback_id, 1, revision FROM fieldpost.feedback WHERE message_id = tap.id('wrong');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT throws_like($$SELECT api.review_undo(3, '2026-11-12', 'anna')$$, '%was told in a digest%', 'what was told stays');

-- Assign, note, dismiss.
SELECT lives_ok($$SELECT api.review_assign(7, tap.id('unknown'), '2026-11-11', 'anna', 'ben')$$, 'assigned');
SELECT lives_ok($$SELECT api.review_note(8, tap.id('unknown'), '2026-11-11', 'ben', 'asked her to write again')$$, 'a note');
SELECT lives_ok($$SELECT api.review_dismiss(9, tap.id('unknown'), '2026-11-11', 'ben', 'an advertisement')$$, 'dismissed');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('unknown'), 'ignored no-answers ben', 'out of the queue');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT throws_like($$SELECT api.review_dismiss(10, tap.id('good'), '2026-11-11', 'ben', 'x')$$, 'message % is filed: this is for those that are review, held, failed',
	'what is filed is not dismissed');
SELECT is((SELECT string_agg(concat_ws(' ', actor, action, words), '; ') FROM api.review_history(tap.id('unknown'))),
	'anna assign ben; ben note asked her to write again; ben dismiss an advertisement', 'who did what');
SELECT lives_ok($$SELECT api.review_undo(9, '2026-11-12', 'anna'); SELECT api.review_undo(7, '2026-11-12', 'anna')$$, 'undone, by somebody else too');
RESET SESSION AUTHORIZATION;
SELECT is(tap.now('unknown'), 'review no-answers', 'it waits again, for anybody');

-- What came between is not undone with an older act.
INSERT INTO known VALUES ('moved', tap.message('moved', 'review', 'missing-required', '{"sharing": "open"}', '{"country": "missing-required"}'));
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT lives_ok($$SELECT api.review_assign(20, tap.id('moved'), '2026-11-11', 'anna', 'ben')$$, 'assigned first');
SELECT is((SELECT state FROM api.review_file(21, tap.id('moved'), '2026-11-11', 'anna', '{"country": "NP"}', 'by phone')), 'filed', 'then filed');
SELECT lives_ok($$SELECT api.review_undo(20, '2026-11-12', 'anna')$$, 'the assignment undone');
RESET SESSION AUTHORIZATION;
SELECT matches(tap.now('moved'), '^filed 2 open NP reviewer', 'it stays filed');
INSERT INTO known VALUES ('gone', tap.message('gone', 'review', 'no-answers', '{}'));
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT lives_ok($$SELECT api.review_dismiss(22, tap.id('gone'), '2026-11-11', 'anna', 'x')$$, 'dismissed');
RESET SESSION AUTHORIZATION;
UPDATE fieldpost.message SET state = 'failed' WHERE message_id = tap.id('gone');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT throws_like($$SELECT api.review_undo(22, '2026-11-12', 'anna')$$, 'message % was settled otherwise since%', 'what is not dismissed any more is not undone');
RESET SESSION AUTHORIZATION;

-- A stranger's, where people are registered.
INSERT INTO identity.contact (name) VALUES ('Somebody else');
INSERT INTO known VALUES ('stranger', tap.message('stranger', 'filed', NULL, '{"country": "NP", "sharing": "open"}'));
SELECT is(tap.now('stranger'), 'held unknown-sender', 'held');
SET LOCAL SESSION AUTHORIZATION fieldpost_admin;
SELECT is((SELECT state FROM api.review_file(11, tap.id('stranger'), '2026-11-11', 'anna', '{}', 'a colleague of Amina')), 'filed', 'filed by a person');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT verified FROM fieldpost.feedback WHERE message_id = tap.id('stranger')), false, 'which verifies nobody');

-- A channel's message: whose number it is says the config's channel.
INSERT INTO identity.contact (contact_id, name) OVERRIDING SYSTEM VALUE VALUES (72001, 'Ama');
INSERT INTO identity.contact_address (channel, address, contact_id) VALUES ('phone', '+23277000009', 72001);
INSERT INTO known VALUES ('chat', tap.message('chat', 'review', 'invalid-value', '{"lesson": "Ask them", "country": "SL"}', '{"grade": "invalid-value"}'));
UPDATE fieldpost.message SET channel = 'wa', provider_id = 'w1', identity = NULL WHERE message_id = tap.id('chat');
INSERT INTO fieldpost.channel_message (message_id, delivery_id, sender, reply_to) VALUES (tap.id('chat'), 0, '23277000009', '23277000009');
SELECT is((SELECT state FROM api.review_file(90, tap.id('chat'), '2026-11-11', 'anna', '{"grade": 4}', 'on the phone', '{"wa": {"proves": true, "phone": true}}')),
	'filed', 'a message of a channel is fixed');
SELECT is((SELECT contact_id || ' ' || verification FROM fieldpost.feedback WHERE message_id = tap.id('chat')), '72001 verified', 'as the words of whose number it is');

SELECT ok((SELECT count(*) FROM fieldpost.audit WHERE action LIKE 'review %') >= 12, 'all of it is in the audit');

SELECT finish();
ROLLBACK;
