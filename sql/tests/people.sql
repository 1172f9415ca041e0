-- People: who wrote, what is answered, what becomes of it, and who is told.
BEGIN;
SELECT no_plan();

CREATE FUNCTION tap.field(number integer, name text, type text, required boolean) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('name', name, 'type', type, 'number', number, 'label', jsonb_build_object('en', name), 'required', required, 'options', '[]'::jsonb)
$$;
SELECT lives_ok($$SELECT api.forms_register('2026-01-01', jsonb_build_array(
	jsonb_build_object('id', 'plan', 'version', 1, 'sha256', 'a', 'source', 'x', 'title', '{"en": "Plan"}'::jsonb, 'fields', jsonb_build_array(
		tap.field(1, 'country', 'country', true), tap.field(2, 'done', 'number', true), tap.field(3, 'words', 'text', false))),
	jsonb_build_object('id', 'plan', 'version', 2, 'sha256', 'b', 'source', 'y', 'title', '{"en": "Plan"}'::jsonb, 'fields', jsonb_build_array(
		tap.field(1, 'country', 'country', true), tap.field(2, 'region', 'text', false), tap.field(3, 'done', 'number', true),
		tap.field(4, 'words', 'text', false)))))$$, 'a form in two versions');
CREATE SEQUENCE tap.mail;
-- A mail from that address, read as told; it is filed, and its number comes back.
CREATE FUNCTION tap.mail(address text, auth text, answers jsonb, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint := nextval('tap.mail');
	made bigint;
BEGIN
	INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256)
	SELECT a.account_id, '2026-11-10 08:00+00'::timestamptz + n * interval '1 minute', '2026-11-10 08:00+00', 1, sha256(convert_to('mail ' || n, 'UTF8')), ''
	FROM api.account_open('field', 'imap') a RETURNING message_id INTO made;
	INSERT INTO fieldpost.message_raw VALUES (made, convert_to('mail ' || n, 'UTF8'));
	PERFORM tap.again(made, address, auth, answers, more);
	RETURN made;
END $$;
CREATE FUNCTION tap.again(message bigint, address text, auth text, answers jsonb, more jsonb DEFAULT '{}', hinted boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
	SELECT f.state || coalesce(' ' || f.hint, '') FROM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(jsonb_build_object('message_id', message, 'result',
		jsonb_build_object('outcome', 'filed', 'reason', NULL, 'template', 'plan', 'template_version', 1, 'reference', NULL, 'language', 'en',
			'values', answers, 'errors', '{}'::jsonb, 'found', '{}'::jsonb, 'suggestions', '{}'::jsonb, 'attachments', '[]'::jsonb,
			'provenance', (SELECT coalesce(jsonb_object_agg(key, '{"raw": "x"}'::jsonb), '{}') FROM jsonb_each(answers)),
			'mail', jsonb_build_object('message_id', '<' || message || '@x>', 'from_name', 'N', 'from_address', address, 'to', 'f@x', 'subject', 'Re',
				'in_reply_to', '', 'references', '', 'date', 1794300000, 'automatic', false, 'authentication', auth) || coalesce(more -> 'mail', '{}'))
		|| (more - 'mail')) || CASE WHEN hinted THEN '{"hinted": true}'::jsonb ELSE '{}' END)) f
$$;
CREATE FUNCTION tap.became(message bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', m.state, m.reason, m.verification, f.via, CASE WHEN f.contact_id IS NOT NULL THEN (SELECT c.name FROM identity.contact c
		WHERE c.contact_id = f.contact_id) END, CASE WHEN q.request_id IS NOT NULL THEN q.reference END)
	FROM fieldpost.message m LEFT JOIN fieldpost.feedback f USING (message_id) LEFT JOIN fieldpost.request q ON q.request_id = f.request_id
	WHERE m.message_id = message
$$;
CREATE FUNCTION tap.told(message bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', k.kind, k.address, k.reference, k.said -> 'values', k.said -> 'errors') FROM fieldpost.acknowledgement k WHERE k.message_id = message
$$;
-- Its acknowledgement went out; its Message-ID.
CREATE FUNCTION tap.sent(message bigint) RETURNS text LANGUAGE sql AS $$
	WITH put AS (
		INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at)
		SELECT 'acknowledgement', k.address, '<ack-' || message || '@us>', 'ack ' || message, '', now(), now() FROM fieldpost.acknowledgement k
		WHERE k.message_id = message RETURNING outbox_id, header_id
	), noted AS (UPDATE fieldpost.acknowledgement k SET outbox_id = put.outbox_id FROM put WHERE k.message_id = message)
	SELECT header_id FROM put
$$;

-- Nobody is registered: all is filed, and told once a day to who is not known for sure.
SELECT tap.mail('Free@Example.org', 'none', '{"country": "SL", "done": 1}') AS free \gset
SELECT is(tap.became(:free), 'filed unverified', 'while nobody is registered all is filed, unverified');
SELECT is(tap.told(:free), 'understood free@example.org {"done": 1, "country": "SL"} {}', 'and told');
SELECT tap.mail('free@example.org', 'none', '{"country": "SL", "done": 2}') AS free \gset
SELECT is(tap.told(:free), NULL, 'once a day who does not authenticate');
SELECT tap.mail('free@example.org', 'pass', '{"country": "SL", "done": 3}') AS free \gset
SELECT is(tap.told(:free), 'understood free@example.org {"done": 3, "country": "SL"} {}', 'each time who does');
SELECT tap.mail('free@example.org', 'fail', '{"country": "SL", "done": 4}') AS free \gset
SELECT is(tap.became(:free), 'filed failed', 'what its domain denies is marked');
SELECT is(tap.told(:free), NULL, 'and never answered');
SELECT tap.mail('free@example.org', 'pass', '{"country": "SL", "done": 5}', '{"mail": {"automatic": true}}') AS free \gset
SELECT is(tap.told(:free), NULL, 'nor is a machine');

-- Two people, one of them asked.
INSERT INTO identity.contact (name, country) VALUES ('Ada', 'SL'), ('Ben', 'NP'), ('Mute', 'NP');
INSERT INTO identity.contact_address (channel, address, contact_id) SELECT v.channel, v.address, c.contact_id
FROM (VALUES ('mail', 'ada@who.example', 'Ada'), ('mail', 'ada@home.example', 'Ada'), ('mail', 'ben@who.example', 'Ben'), ('phone', '+23277000001', 'Ada'),
	('field-telegram', '4711', 'Ben'), ('mail', 'kim@who.example', 'Mute')) v (channel, address, name) JOIN identity.contact c USING (name);
UPDATE identity.contact SET no_acknowledgement = true WHERE name = 'Mute';
INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, country, asked_at, state, header_id)
SELECT 'FP-AAAAAAAAAA', contact_id, 'plan', 1, 'en', 'ML', '2026-11-01', 'sent', '<ask-1@us>' FROM identity.contact WHERE name = 'Ada';

SELECT tap.mail('ADA@who.example', 'pass', '{"done": 1}', '{"reference": "FP-AAAAAAAAAA"}') AS ada \gset
SELECT is(tap.became(:ada), 'filed verified Ada FP-AAAAAAAAAA', 'who was asked answers');
SELECT is((SELECT country FROM fieldpost.feedback WHERE message_id = :ada), 'ML', 'under the country that was asked');
SELECT is(tap.told(:ada), 'understood ada@who.example FP-AAAAAAAAAA {"done": 1} {}', 'and is told');
SELECT is((SELECT state::text FROM fieldpost.request), 'answered', 'the request is answered');
UPDATE fieldpost.request SET state = 'sent', answered_at = NULL;
SELECT tap.mail('ada@home.example', 'none', '{"country": "SL", "done": 2}', '{"reference": "FP-AAAAAAAAAA"}') AS ada \gset
SELECT is(tap.became(:ada), 'filed unverified Ada FP-AAAAAAAAAA', 'from another address of theirs, by nobody''s word');
UPDATE fieldpost.request SET state = 'sent', answered_at = NULL;
SELECT tap.mail('ada@who.example', 'fail', '{"country": "SL", "done": 666}', '{"reference": "FP-AAAAAAAAAA"}') AS forged \gset
SELECT is(tap.became(:forged), 'filed failed FP-AAAAAAAAAA', 'a forged sender is filed by itself, as nobody''s');
SELECT is((SELECT state::text FROM fieldpost.request), 'sent', 'and stops no reminder');
SELECT tap.mail('eve@evil.example', 'pass', '{"country": "SL", "done": 7}', '{"reference": "FP-AAAAAAAAAA"}') AS eve \gset
SELECT is(tap.became(:eve), 'filed unverified forwarded-request FP-AAAAAAAAAA', 'a stolen reference: by itself, unverified, via a forwarded request');
SELECT is(tap.told(:eve), NULL, 'told to nobody');
SELECT is((SELECT state::text FROM fieldpost.request), 'sent', 'the request is not answered');
SELECT tap.mail('ben@who.example', 'pass', '{"country": "SL", "done": 7}', '{"reference": "FP-AAAAAAAAAA"}') AS ben \gset
SELECT is(tap.became(:ben), 'filed unverified forwarded-request Ben FP-AAAAAAAAAA', 'a colleague: their own, and unverified');
SELECT tap.mail(U&'\212Aim@who.example', 'pass', '{"country": "SL", "done": 7}') AS kelvin \gset
SELECT is(tap.became(:kelvin), 'held unknown-sender unverified', 'a letter that becomes ASCII in lower case makes nobody of it');
SELECT tap.mail('kim@who.example', 'pass', '{"country": "SL", "done": 7}') AS mute \gset
SELECT is(tap.became(:mute) || coalesce(tap.told(:mute), ''), 'filed verified Mute', 'who wants no acknowledgement gets none');

-- By In-Reply-To and References.
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 8}', '{"mail": {"in_reply_to": "<ask-1@us>"}}') AS ada \gset
SELECT is(tap.became(:ada), 'filed verified Ada FP-AAAAAAAAAA', 'found by In-Reply-To');
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 9}', '{"mail": {"references": "<x@y>\t<ask-1@us> <z@w>"}}') AS ada \gset
SELECT is(tap.became(:ada), 'filed verified Ada FP-AAAAAAAAAA', 'by References');
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 10}', '{"reference": "FP-0000000000", "references": ["FP-0000000000", "FP-AAAAAAAAAA"]}') AS ada \gset
SELECT is(tap.became(:ada), 'filed verified Ada FP-AAAAAAAAAA', 'by the second reference, when the first is none of ours');
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 11}', '{"reference": "FP-0000000000"}') AS ada \gset
SELECT is(tap.became(:ada) || (SELECT ', ' || note || coalesce(reference, ', none') FROM fieldpost.message WHERE message_id = :ada),
	'filed verified Ada, it names the reference FP-0000000000, which was never sent, none', 'a reference that was never sent counts as none, and is noted');
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 12}', jsonb_build_object('mail', jsonb_build_object('references',
	repeat('<' || repeat('x', 300) || '> ', 1000), 'in_reply_to', repeat('<', 5000)))) AS ada \gset
SELECT is(tap.became(:ada), 'filed verified Ada', 'headers full of nonsense are no error');

-- Strangers.
SELECT tap.mail('who@else.example', 'pass', '{"country": "SL", "done": 1}') AS stranger \gset
SELECT is(tap.became(:stranger) || ', ' || tap.told(:stranger), 'held unknown-sender unverified, who-are-you who@else.example', 'a stranger is held, and asked');
SELECT is((SELECT count(*) FROM api.acknowledgement_put('2026-11-10 09:00+00', :stranger, 'x', 'x')), 1::bigint, 'the question is on its way');
SELECT tap.mail('who@else.example', 'pass', '{"country": "SL", "done": 2}') AS again \gset
SELECT is(tap.became(:again) || coalesce(tap.told(:again), ''), 'held unknown-sender unverified', 'once');
SELECT tap.mail('ada@who.example', 'fail', '{"country": "SL", "done": 2}') AS forged \gset
SELECT is(tap.became(:forged) || coalesce(tap.told(:forged), ''), 'held unknown-sender failed', 'a forged sender without a reference is a stranger, and not told');

-- Known at last: what was held is filed, and answered, though its sender was asked before.
SELECT is((SELECT released FROM api.people_import('2026-11-10 12:00+00', 'x', '[{"line": 2, "name": "Who", "mail": ["who@else.example"]}]', '{}', false)), 2::bigint, 'released');
SELECT is(tap.became(:stranger) || ', ' || split_part(tap.told(:stranger), ' {', 1), 'filed verified Who, understood who@else.example', 'the one that was asked of is answered');
SELECT is(tap.became(:again) || ', ' || split_part(tap.told(:again), ' {', 1), 'filed verified Who, understood who@else.example', 'and the other one');
SELECT is((SELECT count(*) FROM api.acknowledgement_put('2026-11-10 12:01+00', :stranger, 'y', 'x')), 1::bigint, 'in a mail of its own');
SELECT is((SELECT count(DISTINCT header_id) FROM fieldpost.outbox WHERE dedupe_key LIKE 'acknowledgement ' || :stranger || '%'), 2::bigint, 'beside the question');
SELECT is_empty(format($$SELECT FROM api.acknowledgement_put('2026-11-10 12:02+00', %s, 'y', 'x')$$, :stranger), 'once');

-- Word for word again.
SELECT tap.mail('ben@who.example', 'pass', '{"country": "NP", "done": 3}') AS one \gset
SELECT tap.mail('ben@who.example', 'pass', '{"country": "NP", "done": 3}') AS two \gset
SELECT tap.mail('ben@who.example', 'pass', '{"country": "NP", "done": 3}') AS three \gset
SELECT is(tap.became(:two) || ', ' || tap.told(:two), 'ignored duplicate, duplicate ben@who.example', 'said again: a duplicate');
SELECT is(tap.became(:three) || coalesce(tap.told(:three), ''), 'ignored duplicate', 'of which they hear once');
SELECT tap.mail('ben@who.example', 'pass', '{"country": "NP", "done": 3}', '{"attachments": [{"part": "2", "name": "a", "type": "image/png", "size": 1, "sha256": "00"}]}') AS four \gset
SELECT is(tap.became(:four), 'filed verified Ben', 'with a new photo it is none');
SELECT tap.mail('ben@who.example', 'pass', '{"country": "NP", "done": 3}', '{"remarks": "More"}') AS five \gset
SELECT is(tap.became(:five), 'filed verified Ben', 'nor with other words');
-- The same in one batch: mails from these addresses with these remarks; what became of each.
CREATE FUNCTION tap.at_once(done integer, addresses text[], remarks text[] DEFAULT '{}') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	batch jsonb;
	made bigint[];
BEGIN
	WITH put AS (
		INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity)
		SELECT o.account_id, '2026-11-10 08:30+00', '2026-11-10 08:30+00', 1, sha256(convert_to(done || ' at once ' || a.n, 'UTF8'))
		FROM api.account_open('field', 'imap') o, unnest(addresses) WITH ORDINALITY AS a (address, n) ORDER BY a.n RETURNING message_id
	) SELECT array_agg(message_id ORDER BY message_id) INTO made FROM put;
	SELECT jsonb_agg(jsonb_build_object('message_id', made[n], 'hinted', true, 'result', jsonb_build_object('outcome', 'filed', 'template', 'plan',
		'template_version', 1, 'values', jsonb_build_object('country', 'SL', 'done', done), 'remarks', remarks[n], 'errors', '{}'::jsonb, 'provenance', '{}'::jsonb,
		'attachments', '[]'::jsonb, 'mail', jsonb_build_object('from_address', address, 'authentication', 'pass'))) ORDER BY n) INTO batch
	FROM unnest(addresses) WITH ORDINALITY AS a (address, n);
	PERFORM api.parse_file('2026-11-10 09:00+00', batch);
	RETURN ARRAY(SELECT tap.became(m) FROM unnest(made) WITH ORDINALITY AS t (m, n) ORDER BY n);
END $$;
SELECT is(tap.at_once(70, '{ada@who.example,ada@home.example,ben@who.example}'), '{filed verified Ada,ignored duplicate,filed verified Ben}',
	'together: one person''s two addresses say it twice, two persons once each');
SELECT is(tap.at_once(71, array_fill('ben@who.example'::text, ARRAY[5]), '{x,y,NULL,x,NULL}'),
	'{filed verified Ben,filed verified Ben,filed verified Ben,ignored duplicate,ignored duplicate}', 'together with other words and with the same');
SELECT is((SELECT array_agg(DISTINCT b) FROM unnest((tap.at_once(72, array_fill('ben@who.example'::text, ARRAY[100])))[2:]) b), '{ignored duplicate}', 'a hundred at once');

-- Mending: what was open is given, by a reply to the acknowledgement or without.
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL"}', '{"outcome": "review", "reason": "missing-required", "errors": {"done": "missing-required", "words": "invalid-value"},
	"reference": "FP-AAAAAAAAAA"}') AS open \gset
SELECT is(tap.became(:open), 'review missing-required verified', 'an answer is missing and one is wrong');
SELECT is(tap.told(:open), 'open ada@who.example FP-AAAAAAAAAA {"country": "SL"} {"done": "missing-required", "words": "invalid-value"}', 'both are named');
SELECT tap.sent(:open) AS ack \gset
SELECT tap.mail('eve@evil.example', 'pass', '{"done": 666}', jsonb_build_object('outcome', 'review', 'reason', 'missing-required', 'errors', '{"country": "missing-required"}'::jsonb,
	'reference', 'FP-AAAAAAAAAA', 'mail', jsonb_build_object('in_reply_to', :'ack'))) AS eve \gset
SELECT is(tap.became(:eve) || coalesce(tap.told(:eve), ''), 'review missing-required unverified', 'somebody else who answers our acknowledgement mends nothing');
SELECT tap.mail('ada@who.example', 'none', '{"done": 666}', jsonb_build_object('outcome', 'review', 'reason', 'missing-required', 'errors', '{"country": "missing-required"}'::jsonb,
	'mail', jsonb_build_object('in_reply_to', :'ack'))) AS forged \gset
SELECT is((SELECT continues FROM fieldpost.message WHERE message_id = :forged), NULL, 'nor does who is not known for sure mend what is verified');
SELECT tap.mail('ada@who.example', 'pass', '{"done": 6}', jsonb_build_object('outcome', 'review', 'reason', 'missing-required', 'errors', '{"country": "missing-required"}'::jsonb,
	'mail', jsonb_build_object('in_reply_to', :'ack'))) AS half \gset
SELECT is(tap.became(:half) || ', ' || tap.told(:half), 'review missing-required verified, open ada@who.example FP-AAAAAAAAAA {"done": 6} {"words": "invalid-value"}',
	'half of it: the rest stays open, and only its own words are repeated');
SELECT ok(NOT EXISTS (SELECT FROM api.review_list(100, '{}') WHERE message_id = :half) AND EXISTS (SELECT FROM api.review_list(100, '{}') WHERE message_id = :open),
	'a person looks at one of the two');
SELECT tap.mail('ada@who.example', 'pass', '{"words": "Pay them"}', '{"outcome": "review", "reason": "missing-required", "errors": {"country": "missing-required", "done": "missing-required"},
	"reference": "FP-AAAAAAAAAA"}') AS rest \gset
SELECT is(tap.became(:open) || ', ' || tap.became(:half) || ', ' || tap.became(:rest), 'filed verified Ada FP-AAAAAAAAAA, filed verified, filed verified',
	'only what was open, in a mail of its own: all three are filed');
SELECT results_eq(format('SELECT r.revision, r.message_id, r.answers FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id) WHERE f.message_id = %s ORDER BY 1', :open),
	format($$VALUES (1, %s::bigint, '{"done": 6, "country": "SL"}'::jsonb), (2, %s, '{"done": 6, "words": "Pay them", "country": "SL"}')$$, :open, :rest), 'as one feedback, revised');
SELECT is(tap.told(:rest), 'understood ada@who.example FP-AAAAAAAAAA {"words": "Pay them"} {}', 'and they hear of this message alone');
SELECT tap.sent(:rest) AS ack \gset
SELECT tap.mail('ada@who.example', 'pass', '{"done": 60}', jsonb_build_object('outcome', 'review', 'reason', 'missing-required', 'errors', '{"country": "missing-required"}'::jsonb,
	'mail', jsonb_build_object('in_reply_to', :'ack', 'references', '<ask-1@us>'))) AS change \gset
SELECT is((SELECT r.answers ->> 'done' || ' ' || r.revision FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) WHERE f.message_id = :open),
	'60 3', 'a reply to an acknowledgement changes what it says, the rest stays');
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 61}', '{"reference": "FP-AAAAAAAAAA"}') AS full \gset
SELECT is((SELECT count(*) FROM fieldpost.feedback f WHERE f.message_id = :full), 1::bigint, 'a whole reply to the request is a second feedback');

-- The version that was sent.
INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256)
SELECT account_id, '2026-11-10', '2026-11-10', 1, sha256('old'), '' FROM api.account_open('field', 'imap');
SELECT message_id AS old FROM fieldpost.message WHERE identity = sha256('old') \gset
SELECT is(tap.again(:old, 'ada@who.example', 'pass', '{"country": "SL", "region": "3"}', '{"template_version": 2, "reference": "FP-AAAAAAAAAA"}', false),
	'received {"form": "plan", "version": 1, "reference": "FP-AAAAAAAAAA"}', 'read with another version than was sent: to be read again');
SELECT is(tap.again(:old, 'ada@who.example', 'pass', '{"country": "SL", "done": 3}', '{"reference": "FP-AAAAAAAAAA"}'), 'filed', 'read so, it is filed');
SELECT set_eq($$SELECT form_id || ' ' || version FROM api.forms_sent('2026-11-10')$$, ARRAY['plan 1'], 'old versions that were sent are known');

-- Channels.
CREATE FUNCTION tap.text(channel text, sender text, proves boolean, phone boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
	n bigint := nextval('tap.mail');
BEGIN
	INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, channel, provider_id, raw_sha256)
	SELECT account_id, '2026-11-10 08:00+00', '2026-11-10 08:00+00', 1, channel, n::text, '' FROM api.channel_open(channel) RETURNING message_id INTO made;
	INSERT INTO fieldpost.message_raw VALUES (made, 'x');
	INSERT INTO fieldpost.channel_message (message_id, delivery_id, sender, reply_to) VALUES (made, 0, sender, 'chat ' || sender);
	PERFORM api.parse_file('2026-11-10 09:00+00', jsonb_build_array(jsonb_build_object('message_id', made, 'result', jsonb_build_object('outcome', 'filed',
		'template', 'plan', 'template_version', 1, 'values', jsonb_build_object('country', 'SL', 'done', n), 'errors', '{}'::jsonb, 'provenance', '{}'::jsonb,
		'attachments', '[]'::jsonb, 'mail', '{}'::jsonb, 'talk', '{}'::jsonb))),
		jsonb_build_object(channel, jsonb_build_object('proves', proves, 'phone', phone)));
	RETURN concat_ws(', ', tap.became(made), (SELECT k.kind || ' ' || k.channel || ' ' || k.address FROM fieldpost.acknowledgement k WHERE k.message_id = made));
END $$;
SELECT is(tap.text('field-telegram', '4711', true, false), 'filed verified Ben, understood field-telegram chat 4711', 'a channel''s person is known by its id there');
SELECT is(tap.text('other-telegram', '4711', true, false), 'held unknown-sender unverified, who-are-you other-telegram chat 4711', 'in that channel alone');
SELECT is(tap.text('whatsapp', '23277000001', true, true), 'filed verified Ada, understood whatsapp chat 23277000001', 'by their number wherever numbers write');
SELECT is(tap.text('sms', 'whatsapp:+23277000001', false, true), 'filed unverified Ada, understood sms chat whatsapp:+23277000001', 'not for sure where senders can be forged');
SELECT is(tap.text('field-telegram', '23277000001', true, false), 'held unknown-sender unverified, who-are-you field-telegram chat 23277000001', 'an id is no number');

-- Old mails, and those that were imported, are told to nobody.
DELETE FROM fieldpost.answer_given; -- so many a day to one
SELECT tap.mail('ada@who.example', 'pass', '{"country": "SL", "done": 100}') AS now \gset
SELECT isnt(tap.told(:now), NULL, 'what comes now is told');
INSERT INTO fieldpost.message (account_id, received_at, stored_at, size, identity, raw_sha256)
SELECT account_id, timestamptz '2026-11-01', timestamptz '2026-11-10', 1, sha256('late'), ''::bytea FROM api.account_open('field', 'imap') UNION ALL
SELECT account_id, timestamptz '2026-11-10', timestamptz '2026-11-10', 1, sha256('file'), ''::bytea FROM api.account_open('import', 'import');
SELECT is(tap.again(m.message_id, 'ada@who.example', 'pass', jsonb_build_object('country', 'SL', 'done', m.message_id)), 'filed', 'filed late') FROM fieldpost.message m
	WHERE identity IN (sha256('late'), sha256('file'));
SELECT is_empty($$SELECT FROM fieldpost.acknowledgement k JOIN fieldpost.message m USING (message_id) WHERE m.identity IN (sha256('late'), sha256('file'))$$,
	'what came long ago, or out of a file, is not');

SELECT finish();
ROLLBACK;
