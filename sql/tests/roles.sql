-- Roles: no login reads a table, each executes only its own functions, nothing is for everybody, owners are who they should be.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE login (name text);
INSERT INTO login VALUES ('fieldpost_intake'), ('fieldpost_web'), ('fieldpost_parse'), ('fieldpost_send'), ('fieldpost_admin');

SELECT is((SELECT count(*) FROM pg_roles r JOIN login l ON r.rolname = l.name WHERE r.rolcanlogin AND NOT r.rolinherit AND NOT r.rolsuper
	AND NOT r.rolcreaterole AND NOT r.rolcreatedb AND NOT r.rolbypassrls), 5::bigint, 'five plain logins that inherit nothing');
SELECT is((SELECT count(*) FROM pg_roles WHERE rolname IN ('fieldpost_owner', 'fieldpost_views', 'fieldpost_reader', 'fieldpost_analyst')
	AND NOT rolcanlogin AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole), 4::bigint, 'four roles that nobody logs in as');

SELECT is_empty($$SELECT l.name, c.oid::regclass FROM login l CROSS JOIN pg_class c
	WHERE c.relnamespace IN ('fieldpost'::regnamespace, 'identity'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'S')
	AND (CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(l.name, c.oid, 'USAGE, SELECT, UPDATE')
		ELSE has_table_privilege(l.name, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
			OR has_any_column_privilege(l.name, c.oid, 'SELECT, INSERT, UPDATE') END)$$,
	'no login touches a table');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('fieldpost'::regnamespace, 'identity'::regnamespace)
	AND c.relkind = 'r' AND (has_table_privilege('fieldpost_reader', c.oid, 'SELECT') OR has_table_privilege('fieldpost_analyst', c.oid, 'SELECT')
		OR has_any_column_privilege('fieldpost_reader', c.oid, 'SELECT') OR has_any_column_privilege('fieldpost_analyst', c.oid, 'SELECT'))$$,
	'nor does a reader');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('fieldpost'::regnamespace, 'identity'::regnamespace)
	AND c.relkind = 'r' AND has_table_privilege('fieldpost_views', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')$$,
	'the views'' owner writes nothing');

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
	WHERE p.pronamespace IN ('api'::regnamespace, 'read'::regnamespace, 'report'::regnamespace, 'fieldpost'::regnamespace,
		'identity'::regnamespace) AND a.grantee = 0$$, 'no function is for everybody');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p CROSS JOIN login l
	WHERE p.pronamespace = 'api'::regnamespace AND has_function_privilege(l.name, p.oid, 'EXECUTE')
	AND (NOT p.prosecdef OR p.proowner <> 'fieldpost_owner'::regrole
		OR NOT ('search_path=pg_catalog, fieldpost, pg_temp' = ANY (p.proconfig)))$$,
	'what a login calls runs as the owner on a fixed search path');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('read'::regnamespace, 'report'::regnamespace)
	AND c.relowner <> 'fieldpost_views'::regrole$$, 'what readers see belongs to the views'' owner');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.relowner = 'fieldpost_views'::regrole$$,
	'who owns no table');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace IN ('fieldpost'::regnamespace, 'identity'::regnamespace)
	AND c.relkind IN ('r', 'S') AND c.relowner <> 'fieldpost_owner'::regrole$$, 'tables belong to the owner');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relname IN ('feedback', 'feedback_revision', 'message')
	AND c.relnamespace = 'fieldpost'::regnamespace AND NOT c.relrowsecurity$$, 'what readers'' views rest on has policies');

-- What each login may call: matrix.sql.
SET LOCAL SESSION AUTHORIZATION fieldpost_send;
SELECT throws_ok('SELECT * FROM fieldpost.feedback', '42501', NULL, 'no table from the send duty');
SELECT throws_ok('SET ROLE fieldpost_owner', '42501', NULL, 'which cannot become the owner');
SELECT lives_ok('SET LOCAL ROLE fieldpost_reader', 'but a reader');
RESET ROLE;
SET LOCAL SESSION AUTHORIZATION fieldpost_parse;
SELECT throws_ok('SET ROLE fieldpost_reader', '42501', NULL, 'which the parse duty cannot');
SELECT throws_ok('SELECT * FROM api.message_raw(1)', '42501', NULL, 'nor read any message');
RESET SESSION AUTHORIZATION;

SELECT finish();
ROLLBACK;
