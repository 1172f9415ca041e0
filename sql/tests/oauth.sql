-- OAuth: tokens replace the version that they were made from and no other; a lost answer is known; failures are shared.
BEGIN;
SELECT no_plan();

-- a name's row, as the C code sees it
CREATE FUNCTION tap.login(text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', version, changes, coalesce(convert_from(refresh, 'UTF8'), '-'), coalesce(convert_from(access, 'UTF8'), '-'),
		CASE WHEN asked_at IS NULL THEN 'quiet' ELSE 'asked ' || to_char(asked_at AT TIME ZONE 'UTC', 'HH24:MI') END, coalesce(class, 'well'),
		failures)
	FROM fieldpost.oauth_token WHERE name = $1
$$;
CREATE FUNCTION tap.at(text) RETURNS timestamptz LANGUAGE sql AS $$ SELECT ('2026-11-21T' || $1 || ':00Z')::timestamptz $$;
CREATE FUNCTION tap.save(made_from bigint, refresh text, access text, rotates boolean) RETURNS bigint LANGUAGE sql AS $$
	SELECT version FROM api.oauth_save('a', made_from, refresh::bytea, access::bytea, tap.at('11:00'), tap.at('12:00'), NULL, rotates,
		tap.at('10:00'))
$$;

SELECT is_empty($$SELECT * FROM api.oauth_get('a')$$, 'nothing is known of a new one');
SELECT api.oauth_asking('a', 0, tap.at('09:00'));
SELECT is(tap.login('a'), '0 0 - - asked 09:00 well 0', 'a request is noted before it goes out');
SELECT api.oauth_asking('a', 0, tap.at('09:30'));
SELECT is(tap.login('a'), '0 0 - - asked 09:00 well 0', 'an earlier one that has no answer stays');
SELECT is(tap.save(0, 'R1', 'A1', true), 1::bigint, 'tokens are kept');
SELECT is(tap.login('a'), '1 1 R1 A1 quiet well 0', 'and the answer is known');
SELECT is(tap.save(0, 'R1', 'A1', true), 1::bigint, 'the same again is no change');
SELECT is(tap.save(0, 'Rx', 'Ax', true), NULL::bigint, 'tokens made from an older version are not kept');
SELECT is(tap.login('a'), '1 1 R1 A1 quiet well 0', 'and change nothing');
SELECT api.oauth_asking('a', 0, tap.at('10:30'));
SELECT is(tap.login('a'), '1 1 R1 A1 quiet well 0', 'who did not see the last outcome notes nothing');
SELECT is(tap.save(1, NULL, 'A2', false), 2::bigint, 'an answer without a refresh token');
SELECT is(tap.login('a'), '2 2 R1 A2 quiet well 0', 'leaves the one that is there');

SELECT api.oauth_asking('a', 2, tap.at('10:40'));
SELECT api.oauth_failed('a', 'retry', 'HTTP 500', false, tap.at('10:41'), tap.at('10:40'));
SELECT is(tap.login('a'), '2 3 R1 A2 asked 10:40 retry 1', 'a failure without an answer leaves the question open');
SELECT is((SELECT text FROM api.alarms_open() WHERE kind = 'oauth' AND object = 'a'), 'HTTP 500', 'the first failure is an alarm');
SELECT api.oauth_failed('a', 'login', 'invalid_grant', true, tap.at('11:41'), tap.at('10:42'));
SELECT is(tap.login('a'), '2 4 R1 A2 quiet login 2', 'an answer closes it');
SELECT is(tap.save(2, 'R3', 'A3', true), 3::bigint, 'new tokens end the failure');
SELECT is(tap.login('a'), '3 5 R3 A3 quiet well 0', 'in the row');
SELECT is_empty($$SELECT * FROM api.alarms_open() WHERE kind LIKE 'oauth%'$$, 'and the alarm');

SELECT api.oauth_failed('b', 'login', 'nobody has logged in', true, tap.at('11:41'), tap.at('10:42'));
SELECT is(tap.login('b'), '0 1 - - quiet login 1', 'a failure of one that nobody asked for');
SELECT is((SELECT version FROM api.oauth_logged_in('b', 'cli:root', 'R', 'A', tap.at('11:00'), tap.at('12:00'), NULL, tap.at('10:50'))), 1::bigint,
	'a login');
SELECT is(tap.login('b'), '1 2 R A quiet well 0', 'ends it');
SELECT results_eq($$SELECT actor, action, object FROM fieldpost.audit WHERE object = 'b'$$, $$VALUES ('cli:root', 'oauth-login', 'b')$$,
	'and is in the audit');
SELECT results_eq($$SELECT name, has_refresh FROM api.status_oauth()$$, $$VALUES ('a', true), ('b', true)$$, 'the status shows both');

SELECT * FROM finish();
ROLLBACK;
