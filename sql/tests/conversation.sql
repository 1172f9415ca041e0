-- Channels' messages on their way to feedback: which are read together and when, edits, conversations, opting out, floods.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = tap, public, fieldpost;

CREATE FUNCTION tap.at(seconds integer) RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2026-11-01 10:00+00'::timestamptz + seconds * interval '1 second' $$;
SELECT account_id AS sms FROM api.channel_open('sms') \gset
SELECT account_id AS bot FROM api.channel_open('bot') \gset

-- A message at a second; its number.
CREATE FUNCTION tap.wrote(channel text, sender text, id text, text text, seconds integer, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
	SELECT message_id FROM api.channel_store(tap.at(seconds), ARRAY[(SELECT account_id FROM account WHERE name = channel)], ARRAY[tap.at(seconds)],
		ARRAY['{}'::bytea], ARRAY['{}'::text], jsonb_build_array(jsonb_build_object('d', 1, 'id', id, 'sender', sender, 'reply_to', 'to-' || sender,
			'name', 'N', 'text', text) || more))
$$;
CREATE FUNCTION tap.claim(seconds integer) RETURNS TABLE (message_id bigint, text text, talk jsonb) LANGUAGE sql AS $$
	SELECT message_id, convert_from(raw, 'UTF8'), talk::jsonb FROM api.parse_claim(tap.at(seconds), 100, 1000000,
		'{"one": {"join": 0}, "sms": {"join": 90, "language": "en"}, "bot": {"join": 90, "form": "trial", "language": "fr"}}', '{stop,arrêt}')
$$;
CREATE FUNCTION tap.result(outcome text, answers jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('outcome', outcome, 'reason', CASE WHEN outcome = 'review' THEN 'missing-required' END, 'template', 'trial',
		'template_version', 1, 'language', 'en', 'values', answers, 'errors', '{}'::jsonb, 'provenance', '{}'::jsonb, 'talk', '{}'::jsonb) || more
$$;
CREATE FUNCTION tap.file(message_id bigint, result jsonb, seconds integer) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(state, ',') FROM api.parse_file(tap.at(seconds), jsonb_build_array(jsonb_build_object('message_id', message_id, 'result', result)))
$$;
CREATE FUNCTION tap.state(id text) RETURNS text LANGUAGE sql AS $$
	SELECT state || coalesce(' ' || reason, '') || coalesce(' with ' || (SELECT h.provider_id FROM message h WHERE h.message_id = c.joined_to), '')
	FROM message m JOIN channel_message c USING (message_id) WHERE provider_id = id
$$;
INSERT INTO form VALUES ('trial');
INSERT INTO form_field VALUES ('trial', 'country', 'country', 1), ('trial', 'lesson', 'text', 2), ('trial', 'sharing', 'choice', 3);
INSERT INTO form_version VALUES ('trial', 1, 'x', 'y', '{"en": "Trial"}', '[{"name": "country", "required": true}, {"name": "lesson", "required": true},
	{"name": "sharing", "required": false, "default": "no-name"}]', 'country', NULL, true, now());

-- Joining.
SELECT tap.wrote('sms', '+1', 'a1', 'Country: Kenya', 0) AS a1 \gset
SELECT tap.wrote('sms', '+1', 'a2', 'Lesson: pay', 60);
SELECT tap.wrote('sms', '+2', 'b1', 'hello', 0) AS b1 \gset
SELECT is_empty('SELECT * FROM tap.claim(80)', 'more may come');
SELECT results_eq('SELECT message_id, text FROM tap.claim(100)', format('VALUES (%s::bigint, ''hello'')', :b1), 'nothing more came');
SELECT is(tap.file(:b1, tap.result('review', '{}'), 100), 'review', 'settled');
SELECT results_eq('SELECT message_id, text FROM tap.claim(150)', format($$VALUES (%s::bigint, E'Country: Kenya\nLesson: pay')$$, :a1), 'two are one text');
SELECT is(tap.file(:a1, tap.result('filed', '{"country": "KE", "lesson": "pay"}'), 150), 'filed', 'it is filed');
SELECT is(tap.state('a1') || ', ' || tap.state('a2'), 'filed, filed with a1', 'on the first of them');
SELECT is((SELECT count(*) FROM feedback), 1::bigint, 'once');
SELECT is((SELECT row(from_name, from_address)::text FROM message WHERE provider_id = 'a1'), '(N,+1)', 'its sender is known');
SELECT ok((SELECT count(*) FROM api.explain((SELECT feedback_id FROM feedback)) WHERE step = 'read with' AND detail LIKE '%Lesson: pay%') = 1,
	'explain shows what it was read with');
SELECT tap.wrote('sms', '+3', 'c' || i, 'c' || i, i * 60) FROM generate_series(0, 10) AS i;
SELECT is((SELECT text FROM tap.claim(601)), 'c0' || string_agg(E'\nc' || i, '' ORDER BY i), 'somebody who goes on writing is read after ten minutes')
FROM generate_series(1, 10) AS i;

SELECT account_id FROM api.channel_open('one');
SELECT tap.wrote('one', '+1', 'o1', 'one', 0) AS o1 \gset
SELECT tap.wrote('one', '+1', 'o2', 'two', 0) AS o2 \gset
SELECT results_eq('SELECT text FROM tap.claim(0) WHERE text LIKE ''%o%''', $$VALUES ('one')$$, 'without a window nothing is joined');
SELECT tap.file(:o1, tap.result('review', '{}'), 0);
SELECT results_eq('SELECT text FROM tap.claim(0) WHERE text LIKE ''%o%''', $$VALUES ('two')$$, 'each comes in its turn');
SELECT tap.file(:o2, tap.result('review', '{}'), 0);

-- Parts.
SELECT tap.wrote('sms', '+4', 'p2', 'ice of peace', 0, '{"part_of": "x", "part": 2, "parts": 3}');
SELECT tap.wrote('sms', '+4', 'p1', 'the pr', 1, '{"part_of": "x", "part": 1, "parts": 3}');
SELECT is_empty('SELECT * FROM tap.claim(300) WHERE text NOT LIKE ''c0%''', 'a text waits for its parts');
SELECT tap.wrote('sms', '+4', 'p3', ' is high', 300, '{"part_of": "x", "part": 3, "parts": 3}');
SELECT results_eq('SELECT text FROM tap.claim(391) WHERE text NOT LIKE ''c0%''', $$VALUES ('the price of peace is high')$$, 'then it is whole, in their order');
SELECT tap.wrote('sms', '+5', 'q1', 'half', 0, '{"part_of": "y", "part": 1, "parts": 2}');
SELECT is_empty('SELECT * FROM tap.claim(599) WHERE text = ''half''', 'a part that does not come');
SELECT results_eq('SELECT text FROM tap.claim(600) WHERE text = ''half''', $$VALUES ('half')$$, 'is waited for ten minutes');

-- Edits.
SELECT tap.wrote('sms', '+6', 'e1', 'Country: Mali', 1000) AS e1 \gset
SELECT tap.wrote('sms', '+6', 'e2', 'Lesson: x', 1001);
SELECT tap.wrote('sms', '+6', 'e1/1', 'Country: Niger', 1002, '{"edits": "e1"}');
SELECT is((SELECT text FROM tap.claim(1100) WHERE message_id = :e1), E'Country: Niger\nLesson: x', 'what was edited while it waited is replaced');
SELECT is(tap.file(:e1, tap.result('filed', '{"country": "NE", "lesson": "x", "sharing": "open"}'), 1100), 'filed', 'filed');
SELECT tap.wrote('sms', '+6', 'e2/1', 'Lesson: y', 1200, '{"edits": "e2"}') AS e3 \gset
SELECT is((SELECT text FROM tap.claim(1201) WHERE message_id = :e3), E'Country: Niger\nLesson: y', 'an edit of what was read is read with the rest, at once');
SELECT is(tap.file(:e3, tap.result('filed', '{"country": "NE", "lesson": "y"}'), 1201), 'filed', 'and filed');
SELECT is((SELECT row(f.revision, f.sharing, r.answers, r.author, r.message_id = :e3)::text FROM feedback f JOIN feedback_revision r USING (feedback_id, revision)
	WHERE f.message_id = :e1), '(2,restricted,"{""lesson"": ""y"", ""country"": ""NE""}",practitioner,t)', 'as a revision');
SELECT is((SELECT count(*) FROM feedback WHERE message_id = :e3), 0::bigint, 'of the same feedback');
SELECT tap.wrote('sms', '+6', 'e2/2', 'Lesson:', 1300, '{"edits": "e2"}') AS e4 \gset
SELECT is((SELECT text FROM tap.claim(1301) WHERE message_id = :e4), E'Country: Niger\nLesson:', 'the last edit counts');
SELECT is(tap.file(:e4, tap.result('review', '{"country": "NE"}'), 1301), 'review', 'one that does not fit is for a person');
SELECT is((SELECT revision FROM feedback WHERE message_id = :e1), 2, 'and changes nothing');
SELECT ok(EXISTS (SELECT FROM api.review_list(1000, '{}') WHERE message_id = :e4), 'who sees it');
SELECT tap.wrote('sms', '+2', 'b1/1', 'Country: Chad', 1400, '{"edits": "b1"}') AS b2 \gset
SELECT is((SELECT text FROM tap.claim(1401) WHERE message_id = :b2), 'Country: Chad', 'an edit of what waits for review');
SELECT is(tap.file(:b2, tap.result('filed', '{"country": "TD"}'), 1401) || ', ' || tap.state('b1'), 'filed, filed with b1/1', 'takes its place');

-- A conversation.
SELECT tap.wrote('bot', '7', 't1', 'bonjour', 2000, '{"language": "fr-FR"}') AS t1 \gset
SELECT is((SELECT talk - 'message' FROM tap.claim(2000) WHERE message_id = :t1), '{"form": "trial", "quiet": false, "fallback": "fr", "language": "fr-FR"}',
	'where a form is asked nothing waits');
SELECT is(tap.file(:t1, tap.result('review', '{}', '{"talk": {"form": "trial", "say": "Pays", "state": {"version": 1, "language": "fr", "asked": "country",
	"again": false, "answers": {}, "rest": {}}}}'), 2000), 'held', 'a conversation begins');
SELECT is(tap.state('t1'), 'held in-conversation', 'the message waits for its end');
SELECT is((SELECT row(channel, recipient, kind, convert_from(body, 'UTF8')::jsonb)::text FROM outbox WHERE dedupe_key = 'talk:' || :t1),
	'(bot,to-7,conversation,"{""text"": ""Pays""}")', 'the question is in the outbox');
SELECT ok(NOT EXISTS (SELECT FROM api.review_list(1000, '{}') WHERE message_id = :t1), 'nobody has to look at it');
SELECT tap.wrote('bot', '7', 't2', 'Mali', 2001) AS t2 \gset
SELECT is((SELECT talk -> 'early' FROM tap.claim(2001) WHERE message_id = :t2), 'true', 'what was written before the question went out');
SELECT count(*) FROM api.outbox_claim(10, tap.at(2001), 'bot');
SELECT tap.wrote('bot', '7', 't3', 'Sahel', 2002) AS t3 \gset
SELECT results_eq(format('SELECT text, talk -> ''early'', talk -> ''state'' ->> ''asked'' FROM tap.claim(2002) WHERE message_id = %s', :t2),
	$$VALUES (E'Mali\nSahel', 'false'::jsonb, 'country')$$, 'an answer, with what was written meanwhile');
SELECT is(tap.file(:t2, tap.result('review', '{}', jsonb_build_object('talk', jsonb_build_object('form', 'trial', 'say', 'Lesson', 'state', jsonb_build_object(
	'version', 1, 'language', 'fr', 'asked', 'lesson', 'again', false, 'answers', '{"country": "ML"}'::jsonb, 'rest',
	jsonb_build_object('provenance', jsonb_build_object('country', jsonb_build_object('message', :t2))))))), 2003), 'held', 'it goes on');
SELECT tap.wrote('bot', '7', 't2/1', 'Niger', 2004, '{"edits": "t2"}') AS t4 \gset
SELECT is((SELECT talk -> 'edits' FROM tap.claim(2004) WHERE message_id = :t4), '"country"', 'an edit names the answer that it changes');
SELECT is(tap.file(:t4, tap.result('filed', '{"country": "NE", "lesson": "x"}', jsonb_build_object('talk', jsonb_build_object('form', 'trial', 'over', 'ended', 'say',
	'Merci', 'state', jsonb_build_object('version', 1, 'language', 'fr', 'asked', '', 'again', false, 'answers', '{"country": "NE"}'::jsonb, 'rest',
	jsonb_build_object('provenance', jsonb_build_object('country', jsonb_build_object('message', :t4, 'edits', :t2))))))), 2005), 'filed', 'it ends and is filed');
SELECT is(string_agg(tap.state(id), ', ' ORDER BY id), 'filed with t2/1, filed with t2/1, filed, filed with t2/1', 'with all its messages')
FROM unnest(ARRAY['t1', 't2', 't2/1', 't3']) AS id;
SELECT is((SELECT count(*) FROM form_conversation WHERE ended_at IS NULL), 0::bigint, 'no conversation is open');
SELECT tap.wrote('bot', '7', 't5', 'Merci', 2006) AS t5 \gset
SELECT is((SELECT talk -> 'quiet' FROM tap.claim(2006) WHERE message_id = :t5), 'true', 'and nothing begins another one at once');
SELECT is(tap.file(:t5, tap.result('review', '{}'), 2006), 'review', 'it is looked at');
SELECT tap.wrote('bot', '7', 't2/2', 'Chad', 2010, '{"edits": "t2"}') AS t6 \gset
SELECT is((SELECT row(talk -> 'edits', talk -> 'ended')::text FROM tap.claim(2010) WHERE message_id = :t6), '("""country""",true)', 'an edit after the end');
SELECT is(tap.file(:t6, tap.result('filed', '{"country": "TD"}', '{"talk": {"patch": true, "say": "Noted"}}'), 2010), 'filed', 'is filed');
SELECT is((SELECT r.answers FROM feedback f JOIN feedback_revision r USING (feedback_id, revision) WHERE f.message_id = :t4), '{"country": "TD", "lesson": "x"}',
	'as a revision of that answer alone');

-- Idle conversations.
SELECT tap.wrote('bot', '8', 'i1', 'hi', 3000) AS i1 \gset
SELECT tap.wrote('bot', '9', 'j1', 'hi', 3000) AS j1 \gset
SELECT count(*) FROM tap.claim(3000);
SELECT tap.file(:i1, tap.result('review', '{}', '{"talk": {"form": "trial", "state": {"version": 1, "language": "fr", "asked": "lesson", "again": false,
	"answers": {"country": "ML"}, "rest": {}}}}'), 3000);
SELECT tap.file(:j1, tap.result('review', '{}', '{"talk": {"form": "trial", "state": {"version": 1, "language": "fr", "asked": "country", "again": false,
	"answers": {}, "rest": {}}}}'), 3000);
SELECT count(*) FROM tap.claim(3000 + 86400 * 13);
SELECT is(tap.state('i1') || ', ' || tap.state('j1'), 'held in-conversation, held in-conversation', 'they may go on after days');
SELECT count(*) FROM tap.claim(3001 + 86400 * 14);
SELECT is(tap.state('i1') || ', ' || tap.state('j1'), 'review missing-required, ignored no-answers', 'after two weeks a person looks at what was answered');
SELECT is((SELECT result -> 'values' FROM message WHERE message_id = :i1), '{"country": "ML", "sharing": "no-name"}', 'which is there');

-- Opting out.
SELECT tap.wrote('sms', '+10', 's0', 'Country: Peru', 4000);
SELECT tap.wrote('sms', '+10', 's1', E'Arrêt.\n', 4001) AS s1 \gset
INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
VALUES ('acknowledgement', 'sms', 'to-+10', 'k1', 'k1', '{}', tap.at(4000), tap.at(4000));
SELECT results_eq(format('SELECT text FROM tap.claim(4001) WHERE message_id = %s', :s1), $$VALUES (E'Arrêt.\n')$$, 'a word that stops us is read at once, by itself');
SELECT is(tap.file(:s1, tap.result('ignored', '{}', '{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 4001), 'ignored', 'it is no answer');
SELECT is((SELECT state::text FROM outbox WHERE header_id = 'k1'), 'cancelled', 'what waited is not sent');
SELECT results_eq($$SELECT kind FROM api.outbox_claim(10, tap.at(4002), 'sms')$$, $$VALUES ('stopped')$$, 'but for one confirmation');
INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at)
VALUES ('acknowledgement', 'sms', 'to-+10', 'k2', 'k2', '{}', tap.at(4000), tap.at(4000));
SELECT is_empty($$SELECT * FROM api.outbox_claim(10, tap.at(4002), 'sms') WHERE header_id = 'k2'$$, 'nothing more goes out');
SELECT tap.wrote('sms', '+10', 's2', 'STOP', 4003) AS s2 \gset
SELECT count(*) FROM tap.claim(4003);
SELECT tap.file(:s2, tap.result('ignored', '{}', '{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 4003);
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'stopped'), 1::bigint, 'it is confirmed once');
SELECT tap.file((SELECT message_id FROM tap.claim(4100) WHERE text = 'Country: Peru'), tap.result('review', '{}'), 4100);
SELECT is((SELECT count(*) FROM suppression), 2::bigint, 'what was written before changes nothing');
SELECT tap.wrote('sms', '+10', 's3', 'Hello again', 4200) AS s3 \gset
SELECT count(*) FROM tap.claim(4300);
SELECT tap.file(:s3, tap.result('review', '{}'), 4300);
SELECT is((SELECT count(*) FROM suppression), 0::bigint, 'until they write again');
SELECT is((SELECT state::text FROM outbox WHERE header_id = 'k2'), 'cancelled', 'and what was put there meanwhile does not come late');

-- Floods.
SELECT count(tap.wrote('sms', '+11', 'f' || i, 'f' || i, 5000)) FROM generate_series(1, 70) AS i;
SELECT is((SELECT cardinality(string_to_array(text, E'\n')) FROM tap.claim(5100) WHERE text LIKE 'f1%'), 60, 'as much is read as a person writes in an hour');
SELECT is((SELECT count(*) FROM message WHERE reason = 'flood' AND state = 'ignored'), 10::bigint, 'the rest is kept and not read');
SELECT is((SELECT count(*) FROM alarm WHERE kind = 'flood'), 1::bigint, 'with an alarm');
SELECT tap.wrote('sms', '+11', 'f71', 'stop', 5101) AS f71 \gset
SELECT ok(EXISTS (SELECT FROM tap.claim(5102) WHERE message_id = :f71), 'a stop is heard all the same');

-- A flood holds up nobody: what is too much is set aside before anything of it is ripe.
SELECT count(tap.wrote('sms', '+13', 'g' || i, 'g' || i, 7000)) FROM generate_series(1, 1100) AS i;
SELECT tap.wrote('bot', '14', 'h1', 'bonjour', 7001) AS h1 \gset
SELECT count(*) FROM tap.claim(7002);
SELECT is((SELECT count(*) FROM message WHERE provider_id LIKE 'g%' AND state = 'received'), 60::bigint, 'what is too much does not wait');
SELECT ok(EXISTS (SELECT FROM tap.claim(7003) WHERE message_id = :h1), 'behind a thousand that wait another channel is read at once');
SELECT tap.file(:h1, tap.result('review', '{}'), 7003);
SELECT count(tap.wrote('sms', '+15', 'k' || i, 'stop', 7100)) FROM generate_series(1, 80) AS i;
SELECT is((SELECT array_agg(text) FROM tap.claim(7101) WHERE text LIKE 'stop%' AND message_id <> :f71), '{stop}', 'many stops are one');
SELECT tap.file((SELECT max(message_id) FROM message WHERE provider_id LIKE 'k%'), tap.result('ignored', '{}',
	'{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 7101);
SELECT is((SELECT count(*) FROM message WHERE provider_id LIKE 'k%' AND state = 'received'), 0::bigint, 'and all are settled with it');
SELECT is((SELECT count(*) FROM outbox WHERE recipient = 'to-+15'), 1::bigint, 'confirmed once');

-- The last word counts.
SELECT tap.wrote('bot', '16', 'l1', 'stop', 7200) AS l1 \gset
SELECT tap.claim(7200);
SELECT tap.file(:l1, tap.result('ignored', '{}', '{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 7200);
SELECT tap.wrote('bot', '16', 'l2', 'hello', 7201) AS l2 \gset
SELECT tap.wrote('bot', '16', 'l3', 'stop', 7202) AS l3 \gset
SELECT is((SELECT message_id FROM tap.claim(7203) WHERE message_id IN (:l2, :l3)), :l3::bigint, 'a stop is read before what was written before it');
SELECT tap.file(:l3, tap.result('ignored', '{}', '{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 7203);
SELECT tap.claim(7204);
SELECT tap.file(:l2, tap.result('review', '{}'), 7204);
SELECT is((SELECT count(*) FROM suppression WHERE address = '16'), 1::bigint, 'who wrote and then stopped again is stopped');

-- Others in the same room.
SELECT tap.wrote('bot', 'ann', 'm1', 'hello', 7300, '{"reply_to": "room"}') AS m1 \gset
SELECT tap.wrote('bot', 'eve', 'm2', 'hello', 7300, '{"reply_to": "room"}') AS m2 \gset
SELECT tap.claim(7300);
SELECT tap.file(id, tap.result('review', '{}', '{"talk": {"form": "trial", "say": "Country", "state": {"version": 1, "language": "fr", "asked": "country",
	"again": false, "answers": {}, "rest": {}}}}'), 7300) FROM unnest(ARRAY[:m1, :m2]) AS id;
SELECT tap.wrote('bot', 'eve', 'm3', 'stop', 7301, '{"reply_to": "room"}') AS m3 \gset
SELECT tap.claim(7301);
SELECT tap.file(:m3, tap.result('ignored', '{}', '{"reason": "stopped", "talk": {"word": "stop", "say": "Bye"}}'), 7301);
SELECT is((SELECT string_agg(state::text, ', ' ORDER BY outbox_id) FROM outbox WHERE dedupe_key IN ('talk:' || :m1, 'talk:' || :m2)), 'waiting, cancelled',
	'who stops us in a room takes the questions from nobody else there');
SELECT is((SELECT array_agg(address) FROM suppression WHERE address IN ('eve', 'room')), '{eve}', 'and is alone in being stopped');
SELECT is((SELECT count(*) FROM api.outbox_claim(10, tap.at(7302), 'bot') WHERE recipient = 'room'), 2::bigint, 'the others are asked');
SELECT tap.wrote('bot', 'ann', 'n1', 'Country: Mali', 7310, '{"reply_to": "room"}') AS n1 \gset
SELECT tap.claim(7311);
SELECT tap.file(:n1, tap.result('filed', '{"country": "ML", "lesson": "x"}'), 7311);
SELECT tap.wrote('bot', 'eve', 'n1/1', 'Country: Niger', 7312, '{"edits": "n1", "reply_to": "room"}') AS n2 \gset
SELECT is((SELECT row(text, talk ? 'edits')::text FROM tap.claim(7313) WHERE message_id = :n2), '("Country: Niger",f)', 'what somebody else wrote cannot be edited');
SELECT tap.file(:n2, tap.result('filed', '{"country": "NE", "lesson": "x"}'), 7313);
SELECT is((SELECT revision FROM feedback WHERE message_id = :n1), 1, 'and stays as it was');

-- A message that kills the reader.
SELECT tap.wrote('sms', '+12', 'x1', 'bad', 6000) AS x1 \gset
SELECT tap.wrote('sms', '+12', 'x2', 'worse', 6000);
SELECT count(*) FROM tap.claim(6100);
SELECT api.parse_attempt(tap.at(6100), :x1, 'signal 11', 1);
SELECT is(tap.state('x1') || ', ' || tap.state('x2'), 'failed crashed, failed crashed with x1', 'fails with what it was read with');
SELECT is((SELECT count(*) FROM message m WHERE state = 'received' AND stored_at < tap.at(4200) AND EXISTS (SELECT FROM channel_message c WHERE c.message_id = m.message_id
	AND c.joined_to IS NULL AND m.provider_id ~ '^[abetijs]')), 0::bigint, 'nothing that was settled is left');
SELECT * FROM finish();
ROLLBACK;
