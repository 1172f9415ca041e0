-- Intake: accounts, folders, messages stored once, sightings, after-actions, sources that fail.
BEGIN;
SELECT no_plan();

CREATE FUNCTION tap.hash(text) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(convert_to($1, 'UTF8')) $$;
CREATE FUNCTION tap.store(folder bigint, uids bigint[], names text[]) RETURNS TABLE (uid bigint, message_id bigint, fresh boolean)
LANGUAGE sql AS $$
	SELECT t.uid, t.message_id, t.fresh_id IS NOT NULL
	FROM (
		SELECT array_agg(tap.hash(n) ORDER BY o) AS hashes, array_agg(length(n)::bigint ORDER BY o) AS sizes,
			array_agg(false) AS oversize, array_agg('2026-10-31 09:00+00'::timestamptz) AS received,
			array_agg(start ORDER BY o) AS starts, convert_to(string_agg(n, '' ORDER BY o), 'UTF8') AS raws
		FROM (SELECT n, o, sum(length(n)) OVER (ORDER BY o)::bigint - length(n) AS start
			FROM unnest(names) WITH ORDINALITY AS u (n, o)) m
	) a, api.messages_store(folder, '2026-11-01 10:00+00', uids, a.hashes, a.hashes, a.sizes, a.oversize, a.received, a.starts, a.sizes,
		a.raws) s, unnest(uids, s.message_ids, s.fresh_ids) AS t (uid, message_id, fresh_id)
$$;

SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT is((SELECT account_id FROM api.account_open('field', 'imap')), (SELECT account_id FROM api.account_open('field', 'imap')),
	'an account is opened once');
SELECT account_id AS account FROM api.account_open('field', 'imap') \gset
SELECT isnt((SELECT account_id FROM api.account_open('field', 'import')), :account::bigint, 'an account of another kind is another one');

SELECT folder_id AS folder FROM api.folder_open(:account, 'INBOX', 7, '2026-11-01 09:00+00') \gset
SELECT results_eq(format('SELECT * FROM api.folder_open(%s, ''INBOX'', 7, ''2026-11-01 09:01+00'')', :account),
	format('VALUES (%s::bigint, 0::bigint, false)', :folder), 'a folder is opened again as it was');

SELECT results_eq(format('SELECT uid, fresh FROM tap.store(%s, ARRAY[1, 2, 5], ARRAY[''a'', ''b'', ''c''])', :folder),
	'VALUES (1::bigint, true), (2, true), (5, true)', 'three new mails');
SELECT results_eq(format('SELECT uid, fresh FROM tap.store(%s, ARRAY[1, 2, 5], ARRAY[''a'', ''b'', ''c''])', :folder),
	'VALUES (1::bigint, false), (2, false), (5, false)', 'stored again: nothing new');
SELECT ok(tap.hash('b') < tap.hash('a') AND tap.hash('a') > tap.hash('c')
	AND array_agg(message_id ORDER BY uid) = array_agg(message_id ORDER BY message_id),
	'ids are in the order of the mails, which is not that of the identities')
FROM tap.store(:folder, ARRAY[1, 2, 5], ARRAY['a', 'b', 'c']);
SELECT results_eq(format('SELECT uid, fresh FROM tap.store(%s, ARRAY[6, 7, 8], ARRAY[''d'', ''d'', ''a''])', :folder),
	'VALUES (6::bigint, true), (7, false), (8, false)', 'one mail twice in a batch is one message, the first sighting is fresh');
SELECT results_eq(format('SELECT count(DISTINCT message_id) FROM tap.store(%s, ARRAY[6, 7], ARRAY[''d'', ''d''])', :folder),
	'VALUES (1::bigint)', 'both are of the same message');
SELECT is((SELECT last_uid FROM api.folder_open(:account, 'INBOX', 7, '2026-11-01 09:02+00')), 8::bigint, 'the cursor moved');
SELECT lives_ok(format('SELECT tap.store(%s, ARRAY[3], ARRAY[''e''])', :folder), 'a gap is filled later');
SELECT is((SELECT last_uid FROM api.folder_open(:account, 'INBOX', 7, '2026-11-01 09:02+00')), 8::bigint,
	'the cursor never goes back');
SELECT results_eq(format('SELECT uid FROM api.uids_unseen(%s, ARRAY[1, 4, 8, 9])', :folder), 'VALUES (4::bigint), (9)',
	'what has no sighting is unseen');
SELECT throws_like(format('SELECT tap.store(%s, ARRAY[1], ARRAY[''x''])', :folder + 100), 'folder % is not known',
	'a folder that is not there');
SELECT results_eq(format('SELECT * FROM api.messages_store(%s, now(), ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'', '''')',
	:folder), 'VALUES (0::bigint, ''{}''::bigint[], ''{}''::bigint[])', 'an empty batch');
SELECT lives_ok('SELECT api.messages_ready()', 'a connection is made ready');

SELECT api.alarm_raise('2026-11-02', 'mail-unreadable', 'field/' || folder || '/7/12', 'x') FROM unnest(ARRAY['INBOX', 'INBOX/Sub']) folder;
SELECT folder_id AS renewed, changed, last_uid FROM api.folder_open(:account, 'INBOX', 8, '2026-11-02 09:00+00') \gset
RESET SESSION AUTHORIZATION;
SELECT is((SELECT array_agg(object) FROM api.alarms_open() WHERE kind = 'mail-unreadable'), ARRAY['field/INBOX/Sub/7/12'],
	'what could not be fetched from it is an alarm again when it is tried again');
DELETE FROM fieldpost.alarm;
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT ok(:'changed'::boolean AND :last_uid = 0 AND :renewed <> :folder, 'another UIDVALIDITY: a folder without a cursor');
SELECT results_eq(format('SELECT uid, fresh FROM tap.store(%s, ARRAY[1, 2], ARRAY[''a'', ''b''])', :renewed),
	'VALUES (1::bigint, false), (2, false)', 'scanned again after it: sightings, no new message');

SELECT account_id AS import FROM api.account_open('import', 'import') \gset
SELECT results_eq(format('SELECT s.fresh, t.ordinal, t.fresh_id IS NOT NULL FROM (SELECT ARRAY[tap.hash(''a''), tap.hash(''z''), '
	'tap.hash(''z'')] AS hashes) h, api.messages_import(%s, now(), h.hashes, h.hashes, ARRAY[1, 1, 1], ARRAY[false, false, false], '
	'ARRAY[now(), now(), NULL], ARRAY[0, 1, 2], ARRAY[1, 1, 1], ''azz'') s, unnest(s.fresh_ids) WITH ORDINALITY AS t (fresh_id, ordinal)',
	:import), 'VALUES (1::bigint, 1::bigint, false), (1, 2, true), (1, 3, false)', 'import: known, new, the same again');

-- After-actions wait for an outcome.
SELECT is_empty(format('SELECT * FROM api.after_due(%s, ''2026-11-02 10:00+00'', 100)', :folder), 'nothing is due before an outcome');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM fieldpost.message), 6::bigint, 'six messages in all');
SELECT is((SELECT count(*) FROM fieldpost.message_raw r JOIN fieldpost.message m USING (message_id)
	WHERE m.raw_sha256 = sha256(r.raw) AND m.identity = sha256(r.raw)), 6::bigint, 'each with its own bytes and their hash');
SELECT is((SELECT count(*) FROM fieldpost.sighting), 9::bigint, 'nine sightings');
SAVEPOINT unhashed;
UPDATE fieldpost.message SET raw_sha256 = NULL;
SELECT ok(bool_and(s.sha256 = encode(sha256(r.raw), 'hex')), 'who asks for a hash that was not given is told it from the bytes')
FROM fieldpost.message_raw r, api.review_show(r.message_id) s;
ROLLBACK TO unhashed;
UPDATE fieldpost.message SET state = 'filed' WHERE identity = tap.hash('a');
UPDATE fieldpost.message SET state = 'failed' WHERE identity = tap.hash('b');
UPDATE fieldpost.message SET state = 'ignored' WHERE identity = tap.hash('d');
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT results_eq(format('SELECT uid, state, attempts FROM api.after_due(%s, ''2026-11-02 10:00+00'', 100)', :folder),
	'VALUES (1::bigint, ''filed'', 0::bigint), (6, ''ignored'', 0), (7, ''ignored'', 0), (8, ''filed'', 0)',
	'due: every sighting of a message with an outcome, and of none that failed');
SELECT results_eq(format('SELECT uid FROM api.after_due(%s, ''2026-11-02 10:00+00'', 2)', :folder), 'VALUES (1::bigint), (6)',
	'no more than asked for');
SELECT api.after_failed(:folder, ARRAY[1, 6]::bigint[], 'NO', '2026-11-02 10:05+00', '2026-11-02 10:00+00');
SELECT api.after_done(:folder, ARRAY[7]::bigint[], '2026-11-02 10:00+00');
SELECT results_eq(format('SELECT uid FROM api.after_due(%s, ''2026-11-02 10:04:59+00'', 100)', :folder), 'VALUES (8::bigint)',
	'done is done, failed waits');
SELECT results_eq(format('SELECT uid, attempts FROM api.after_due(%s, ''2026-11-02 10:05+00'', 100)', :folder),
	'VALUES (1::bigint, 1::bigint), (6, 1), (8, 0)', 'failed is due again at its time');

-- Where nothing is done with mails none waits; once something is, all do.
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT account_id AS still FROM api.account_open('still', 'imap') \gset
SELECT folder_id AS calm FROM api.folder_open(:still, 'Calm', 1, '2026-11-01 09:00+00', false) \gset
SELECT tap.store(:calm, ARRAY[1, 2]::bigint[], ARRAY['a', 'd']);
SELECT tap.store(:calm, ARRAY[3]::bigint[], ARRAY['calm alone']);
SELECT is_empty(format('SELECT * FROM api.after_due(%s, ''2026-11-02 10:00+00'', 100)', :calm), 'a folder without an after-action: none is due');
SELECT last_uid FROM api.folder_open(:still, 'Calm', 1, '2026-11-01 10:00+00', true);
SELECT results_eq(format('SELECT uid FROM api.after_due(%s, ''2026-11-02 10:00+00'', 100)', :calm), 'VALUES (1::bigint), (2)',
	'opened with one: those that have an outcome are due');
SELECT tap.store(:calm, ARRAY[4]::bigint[], ARRAY['d']);
SELECT api.after_done(:calm, ARRAY[1]::bigint[], '2026-11-02 10:00+00');
SELECT last_uid FROM api.folder_open(:still, 'Calm', 1, '2026-11-01 11:00+00', false);
SELECT last_uid FROM api.folder_open(:still, 'Calm', 1, '2026-11-01 12:00+00', true);
SELECT results_eq(format('SELECT uid FROM api.after_due(%s, ''2026-11-02 10:00+00'', 100)', :calm), 'VALUES (2::bigint), (4)',
	'so are those that come later; what is done stays done');

-- A source that fails.
SELECT api.source_failed(:account, '2026-11-02 11:00+00', 'source', 'connection refused', '2026-11-02 11:01+00');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM api.alarms_open()), 0::bigint, 'a short failure is no alarm');
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT api.source_failed(:account, '2026-11-02 11:15+00', 'source', 'connection refused', '2026-11-02 11:20+00');
SELECT api.source_failed(:account, '2026-11-02 11:20+00', 'source', 'connection refused again', '2026-11-02 11:30+00');
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT kind, object, text, since, count FROM api.alarms_open()',
	$$VALUES ('source', 'field', 'connection refused again', '2026-11-02 11:15+00'::timestamptz, 2::bigint)$$,
	'a quarter of an hour is one alarm, which counts');
SELECT results_eq($$SELECT failing_since, error, reach, next_at FROM api.status_sources('2026-11-02 11:21+00') WHERE folder = 'INBOX'$$,
	$$VALUES ('2026-11-02 11:00+00'::timestamptz, 'connection refused again', 'source', '2026-11-02 11:30+00'::timestamptz)$$,
	'the status tells since when, why and when next');
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT api.source_ok(:account, '2026-11-02 11:30+00', 'INBOX', 3);
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM api.alarms_open()), 0::bigint, 'it is cleared when the source is well again');
SELECT results_eq($$SELECT last_ok, failing_since, error, messages, backlog FROM api.status_sources('2026-11-02 11:31+00')
	WHERE account = 'field' AND kind = 'imap'$$,
	$$VALUES ('2026-11-02 11:30+00'::timestamptz, NULL::timestamptz, NULL::text, 5::bigint, 3::bigint)$$,
	'and the status says so: messages over all UIDVALIDITYs');
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT api.source_failed(:account, '2026-11-02 12:00+00', 'stop', 'the password is wrong', '2026-11-02 13:00+00');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT text FROM api.alarms_open()), 'the password is wrong', 'what needs an operator is an alarm at once');

-- Leases.
SET LOCAL SESSION AUTHORIZATION fieldpost_intake;
SELECT is((SELECT fence FROM api.lease_take('field', 'a', 60, '2026-11-02 10:00+00')), 1::bigint, 'a lease is taken');
SELECT is_empty($$SELECT * FROM api.lease_take('field', 'b', 60, '2026-11-02 10:00:59+00')$$, 'nobody else gets it');
SELECT is((SELECT fence FROM api.lease_take('field', 'a', 60, '2026-11-02 10:00:50+00')), 1::bigint, 'it is renewed under its fence');
SELECT is((SELECT fence FROM api.lease_take('field', 'b', 60, '2026-11-02 10:01:50+00')), 2::bigint, 'when it ran out it changes hands');
SELECT api.lease_drop('field', 'a');
SELECT is_empty($$SELECT * FROM api.lease_take('field', 'a', 60, '2026-11-02 10:02+00')$$, 'who lost it cannot drop it');
SELECT api.lease_drop('field', 'b');
SELECT is((SELECT fence FROM api.lease_take('field', 'a', 60, '2026-11-02 10:02+00')), 3::bigint, 'dropped, it is free, and the fence grew');
RESET SESSION AUTHORIZATION;

SELECT finish();
ROLLBACK;
