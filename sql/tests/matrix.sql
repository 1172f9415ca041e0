-- Who sees what: sql/tests/matrix.csv (role, level, object, columns) is the specification, the catalogue is what there is.
--
-- Every function of `api`, every view and function of `read` and `report` that somebody may use has a row for each role that may use it, and
-- no row more; a helper of `api` that nobody calls has one with the role `-`. level: what may come out of it,
--
--   nothing   nobody's words or identity: what is above every clearance answers as what is not there
--   reader    what the member who reads is cleared for: fieldpost.reader_level()
--   whole     everything: the duty or the operator works with it
--
-- columns: those it returns, in this order; `-`: none. report.<form> stands for the view of each form.
BEGIN;
SELECT no_plan();

CREATE TABLE tap.matrix (role text, level text, object text, columns text, PRIMARY KEY (role, object));
\copy tap.matrix FROM 'sql/tests/matrix.csv' CSV HEADER

---------------------------------------------------------------------------------------------------
-- What there is: two persons a level, what they said, and who reads
---------------------------------------------------------------------------------------------------

DO $do$ BEGIN PERFORM api.forms_register('2026-01-01', $$[{"id": "matrix-form", "version": 1, "sha256": "x", "source": "x", "title": {"en": "Matrix"}, "fields": [
	{"name": "country", "type": "country", "number": 1, "label": {"en": "Country"}},
	{"name": "lesson", "type": "text", "number": 2, "label": {"en": "Lesson"}, "digest": "lesson"},
	{"name": "grade", "type": "choice", "number": 3, "label": {"en": "Grade"}, "theme": true, "options": [{"value": "high", "label": {"en": "high"}}]},
	{"name": "sharing", "type": "choice", "number": 4, "label": {"en": "Sharing"}, "options": [{"value": "open"}, {"value": "no-name"},
		{"value": "restricted"}]}]}]$$); END $do$;
CREATE TABLE tap.item (n bigint, level text, word text, feedback bigint, message bigint, contact bigint, line bigint, reference text);
INSERT INTO tap.item SELECT n, level, word, 700000 + n, 800000 + n, 600000 + n, 900000 + n, 'FP-777777777' || n
FROM (VALUES (1, 'open', 'openly'), (2, 'no-name', 'unnamed'), (3, 'restricted', 'restrictedly'), (4, 'review', 'reviewing')) v (n, level, word);

INSERT INTO identity.contact (contact_id, name, country) OVERRIDING SYSTEM VALUE SELECT contact, initcap(word) || 'person Who', 'NP' FROM tap.item;
INSERT INTO identity.contact_address (address, contact_id) SELECT word || '@example.net', contact FROM tap.item;
INSERT INTO fieldpost.message (message_id, account_id, received_at, stored_at, size, identity, raw_sha256, state, reason, form_id, from_name,
	from_address, subject, result) OVERRIDING SYSTEM VALUE
SELECT i.message, a.account_id, '2026-11-03', '2026-11-03', 1, sha256(convert_to(word, 'UTF8')), '', CASE level WHEN 'review' THEN 'review' ELSE 'filed' END
	::fieldpost.message_state, CASE level WHEN 'review' THEN 'invalid-value' END::fieldpost.message_reason, 'matrix-form', initcap(word) || 'person Who',
	word || '@example.net', word || 'subject', CASE level WHEN 'review' THEN jsonb_build_object('values', jsonb_build_object('lesson', word || 'words')) END
FROM tap.item i CROSS JOIN api.account_open('test', 'import') a;
INSERT INTO fieldpost.message_raw SELECT message, convert_to(word || 'words', 'UTF8') FROM tap.item;
INSERT INTO fieldpost.attachment (message_id, part, name, type, size, sha256, bytes)
SELECT message, '2', word || 'file.jpg', 'image/jpeg', 4, '', convert_to(word || 'words', 'UTF8') FROM tap.item;
INSERT INTO fieldpost.request (request_id, reference, contact_id, form_id, form_version, language, country, asked_at) OVERRIDING SYSTEM VALUE
SELECT 500000 + n, reference, contact, 'matrix-form', 1, 'en', 'NP', '2026-11-01' FROM tap.item;
INSERT INTO fieldpost.feedback (feedback_id, message_id, request_id, contact_id, received_at, filed_at, line_number, form_version, sharing, form_id, country,
	language, theme) OVERRIDING SYSTEM VALUE
SELECT feedback, message, 500000 + n, contact, '2026-11-03', '2026-11-03', line, 1, level::fieldpost.sharing_level, 'matrix-form', 'NP', 'en', '{high}'
FROM tap.item WHERE level <> 'review';
INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance, remarks)
SELECT feedback, 1, 'practitioner', message, '2026-11-03', jsonb_build_object('country', 'NP', 'grade', 'high', 'lesson', word || 'words, '
	|| initcap(word) || 'person Who <' || word || '@example.net>'), '{}', word || 'words' FROM tap.item WHERE level <> 'review';

-- Who reads: a member of each clearance in a team that is cleared, and one in a team that is not.
INSERT INTO fieldpost.team (team_id, name, cleared, restricted_by_mail) OVERRIDING SYSTEM VALUE VALUES (300001, 'Cleared', true, true), (300002, 'Plain', false, false);
INSERT INTO fieldpost.member (member_id, team_id, name, address, login, clearance) OVERRIDING SYSTEM VALUE VALUES
	(400001, 300001, 'A', 'a@example.org', 'tap_open', 'open'), (400002, 300001, 'B', 'b@example.org', 'tap_no_name', 'no-name'),
	(400003, 300001, 'C', 'c@example.org', 'tap_restricted', 'restricted'), (400004, 300002, 'D', 'd@example.org', 'tap_plain', 'restricted');
CREATE ROLE tap_open LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_no_name LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_restricted LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_plain LOGIN IN ROLE fieldpost_analyst;
CREATE ROLE tap_nobody LOGIN IN ROLE fieldpost_analyst;
INSERT INTO fieldpost.subscription (subscription_id, team_id, weekday, hour, zone, language, created_at) OVERRIDING SYSTEM VALUE VALUES
	(200001, 300001, 1, 8, 'UTC', 'en', '2026-01-01'), (200002, 300002, 1, 8, 'UTC', 'en', '2026-01-01');
INSERT INTO fieldpost.digest (digest_id, subscription_id, period_start, period_end, opened_at, state) OVERRIDING SYSTEM VALUE
SELECT subscription_id - 100000, subscription_id, '2026-11-01', '2026-11-08', '2026-11-08', 'open' FROM fieldpost.subscription;
INSERT INTO fieldpost.digest_line (digest_id, subscription_id, feedback_id, line_number)
SELECT s.subscription_id - 100000, s.subscription_id, i.feedback, i.line FROM fieldpost.subscription s, tap.item i WHERE i.level <> 'review';

---------------------------------------------------------------------------------------------------
-- The catalogue beside the matrix
---------------------------------------------------------------------------------------------------

-- What can be used, by its name here, how it is called, and its columns.
CREATE TABLE tap.object AS
SELECT p.oid AS id, true AS is_function, 'api' = n.nspname AS in_api, n.nspname || '.' || p.proname AS object, p.oid::regprocedure::text AS called,
	coalesce((SELECT string_agg(a.name, ' ' ORDER BY a.n) FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY a (name, mode, n) WHERE a.mode IN ('t', 'o')),
		CASE WHEN p.prorettype = 'void'::regtype THEN '-' ELSE p.proname::text END) AS columns
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('api', 'read', 'report')
UNION ALL
SELECT c.oid, false, false, CASE n.nspname WHEN 'report' THEN 'report.<form>' ELSE n.nspname || '.' || c.relname END, c.oid::regclass::text,
	(SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		AND (n.nspname <> 'report' OR a.attname LIKE 'feedback\_%'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('read', 'report') AND c.relkind IN ('v', 'm', 'r', 'f', 'p');

CREATE TABLE tap.there AS
SELECT DISTINCT r.role, o.object, o.columns FROM tap.object o CROSS JOIN (VALUES ('fieldpost_intake'), ('fieldpost_web'), ('fieldpost_parse'), ('fieldpost_send'),
	('fieldpost_admin'), ('fieldpost_reader'), ('fieldpost_analyst')) r (role)
WHERE CASE WHEN o.is_function THEN has_function_privilege(r.role, o.id, 'EXECUTE') ELSE has_table_privilege(r.role, o.id, 'SELECT') END;
INSERT INTO tap.there SELECT DISTINCT '-', o.object, o.columns FROM tap.object o
WHERE o.in_api AND NOT EXISTS (SELECT FROM tap.there t WHERE t.object = o.object);

SELECT is((SELECT string_agg(format(E'\n   add a row for %s to sql/tests/matrix.csv: %s,%s,%s,%s', object, role, CASE role WHEN '-' THEN '-' ELSE 'nothing|reader|whole' END,
	object, columns), '' ORDER BY object, role) FROM tap.there t WHERE NOT EXISTS (SELECT FROM tap.matrix m WHERE m.role = t.role AND m.object = t.object)),
	NULL, 'what can be used stands in the matrix');
SELECT is((SELECT string_agg(format(E'\n   take the row "%s ... %s" out of sql/tests/matrix.csv', role, object), '' ORDER BY object, role) FROM tap.matrix m
	WHERE NOT EXISTS (SELECT FROM tap.there t WHERE m.role = t.role AND m.object = t.object)), NULL, 'and what stands in the matrix is there');
SELECT is((SELECT string_agg(format(E'\n   %s returns: %s', t.object, t.columns), '') FROM tap.there t JOIN tap.matrix m USING (role, object)
	WHERE m.columns <> t.columns), NULL, 'with these columns');
SELECT is((SELECT string_agg(role || ' ' || object || ' ' || level, ', ') FROM tap.matrix WHERE level NOT IN ('nothing', 'reader', 'whole', '-')
	OR (level = '-') <> (role = '-') OR (level = 'whole' AND role IN ('fieldpost_reader', 'fieldpost_analyst'))), NULL,
	'a level is one of these words, and no reader sees the whole');
SELECT is((SELECT string_agg(object || ' (' || count || ')', ', ') FROM (SELECT object, count(*) FROM tap.object WHERE in_api GROUP BY object) o WHERE count > 1), NULL,
	'no two functions of api share a name');

---------------------------------------------------------------------------------------------------
-- Called
---------------------------------------------------------------------------------------------------

-- A call of the object with one number and one text wherever it takes the key of something.
CREATE FUNCTION tap.call(object tap.object, number bigint, word text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN NOT (object).is_function THEN (object).called ELSE (SELECT format('%s(%s)', p.oid::regproc, string_agg(CASE
		WHEN a.type IN ('bigint'::regtype, 'integer'::regtype) AND a.name ~ '(^|_)(id|number)$' THEN number::text
		WHEN a.type = 'bigint'::regtype AND a.name = 'after' THEN '0'
		WHEN a.type IN ('bigint'::regtype, 'integer'::regtype) THEN '3'
		WHEN a.type = 'bigint[]'::regtype THEN format('ARRAY[%s]::bigint[]', number)
		WHEN a.type = 'text'::regtype AND a.name = 'form_id' AND NOT (object).in_api THEN quote_literal('matrix-form')
		WHEN a.type = 'text'::regtype AND a.name = 'zone' THEN quote_literal('UTC')
		WHEN a.type = 'text'::regtype THEN quote_literal(word)
		WHEN a.type = 'text[]'::regtype THEN format('ARRAY[%L]', word)
		WHEN a.type = 'timestamptz'::regtype THEN '''2026-11-08 12:00+00''::timestamptz'
		WHEN a.type = 'timestamptz[]'::regtype THEN '''{2026-11-08}''::timestamptz[]'
		WHEN a.type = 'boolean'::regtype THEN 'false'
		WHEN a.type = 'jsonb'::regtype THEN CASE WHEN a.name ~ 's$|batch' AND a.name NOT IN ('filters', 'headers', 'answers', 'options', 'channels', 'counts')
			THEN '''[]''::jsonb' ELSE '''{}''::jsonb' END
		WHEN a.type::regtype::text LIKE 'fieldpost.%' THEN 'NULL'
		ELSE format('NULL::%s', a.type::regtype) END, ', ' ORDER BY a.n) FILTER (WHERE a.n IS NOT NULL))
		FROM pg_proc p LEFT JOIN LATERAL (SELECT t.type, p.proargnames[t.n] AS name, t.n FROM unnest(p.proargtypes) WITH ORDINALITY t (type, n)) a ON true
		WHERE p.oid = (object).id GROUP BY p.oid) END
$$;

-- What comes of a call: its rows, or its error; of what it did, nothing stays.
CREATE FUNCTION tap.outcome(login text, member bigint, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
	more text;
BEGIN
	IF login LIKE 'fieldpost\_%' AND member IS NULL THEN -- who makes new rows: with the same numbers each time
		PERFORM setval(c.oid::regclass, 1000) FROM pg_class c WHERE c.relkind = 'S'
			AND c.relnamespace IN ('fieldpost'::regnamespace, 'identity'::regnamespace);
	END IF;
	IF member IS NOT NULL THEN
		PERFORM set_config('fieldpost.member', member::text, true);
	END IF;
	EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
	IF member IS NOT NULL THEN
		SET LOCAL ROLE fieldpost_reader;
	END IF;
	EXECUTE format('SELECT coalesce(string_agg(t::text, E''\n''), ''no row'') FROM %s AS t', call) INTO found;
	RAISE SQLSTATE 'TAP00' USING MESSAGE = found;
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS more = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || SQLERRM || more;
END $$;

-- What must not stand in what a reader of that level gets; null: anything. Who is not to be named is so to everybody.
CREATE FUNCTION tap.secrets(most fieldpost.sharing_level) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(s, '|') FROM (
		SELECT i.word || 'words' FROM tap.item i WHERE most IS NULL OR i.level = 'review' OR nullif(i.level, 'review')::fieldpost.sharing_level > most
		UNION SELECT unnest(ARRAY[i.word || 'person', i.word || '@example', i.word || 'file', i.word || 'subject']) FROM tap.item i
		WHERE most IS NULL OR i.level IN ('no-name', 'review') OR i.level = 'restricted' AND most < 'restricted') w (s)
$$;
CREATE FUNCTION tap.leaks(outcome text, secrets text) RETURNS boolean LANGUAGE sql AS $$
	SELECT outcome ~* secrets OR outcome ~ (SELECT string_agg(encode(convert_to(s, 'UTF8'), 'hex'), '|') FROM regexp_split_to_table(secrets, '\|') s)
$$;
SELECT ok(tap.leaks('x RestrictedlyPERSON', tap.secrets('no-name')) AND tap.leaks('\x' || encode('reviewingwords', 'hex'), tap.secrets('restricted'))
	AND NOT tap.leaks('restrictedlywords openlyperson', tap.secrets('restricted')), 'a leak would be seen');

-- What was asked for stands in many an error: it tells nothing.
CREATE FUNCTION tap.plain(outcome text, number bigint, word text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(replace(outcome, word, '#'), number::text, '#')
$$;

-- A function that a login may not call says so, whatever it is asked for.
CREATE TABLE tap.refused AS
SELECT l.login, o.object, tap.outcome(l.login, NULL, tap.call(o, i.feedback, i.reference)) AS outcome
FROM tap.object o CROSS JOIN (VALUES ('fieldpost_intake'), ('fieldpost_web'), ('fieldpost_parse'), ('fieldpost_send'), ('fieldpost_admin'), ('tap_restricted')) l (login)
JOIN tap.item i ON i.level = 'restricted'
WHERE o.object NOT LIKE 'report.<%' AND NOT EXISTS (SELECT FROM tap.matrix m WHERE m.object = o.object
	AND m.role IN (l.login, CASE l.login WHEN 'tap_restricted' THEN 'fieldpost_analyst' END));
SELECT is((SELECT string_agg(format(E'\n   %s as %s: %s', object, login, outcome), '') FROM tap.refused WHERE outcome NOT LIKE '42501 permission denied for %'), NULL,
	'a login calls nothing but its own');

-- The keys of what is restricted or in review, and a key of nothing.
CREATE TABLE tap.probe AS SELECT k.number, k.word FROM tap.item i CROSS JOIN LATERAL (VALUES (i.feedback, i.reference), (i.message, i.word || '@example.net'),
	(i.line, i.line::text), (i.contact, initcap(i.word) || 'person Who'), (500000 + i.n, (500000 + i.n)::text)) k (number, word) WHERE i.level IN ('restricted', 'review');
CREATE TABLE tap.asked AS
WITH asked AS MATERIALIZED (
	SELECT DISTINCT ON (m.role, c.call) m.role, o.object, c.call, p.number, p.word
	FROM tap.matrix m JOIN tap.object o USING (object) CROSS JOIN (SELECT * FROM tap.probe UNION ALL SELECT 999999999, 'nothing') p
	CROSS JOIN LATERAL (SELECT tap.call(o, p.number, p.word) AS call) c
	WHERE m.level = 'nothing' AND o.in_api ORDER BY m.role, c.call, p.number DESC
), answered AS MATERIALIZED (
	SELECT a.*, tap.plain(tap.outcome(a.role, NULL, a.call), a.number, a.word) AS answer FROM asked a
)
SELECT a.role, a.object, a.call, a.answer, n.answer AS nothing FROM answered a JOIN answered n USING (role, object) WHERE a.number <> 999999999 AND n.number = 999999999;
SELECT is((SELECT string_agg(DISTINCT format(E'\n   %s as %s: %s, and for what is not there: %s', call, role, answer, nothing), '') FROM tap.asked WHERE answer <> nothing), NULL,
	'level nothing: what is above every clearance answers as what is not there');
SELECT is((SELECT string_agg(DISTINCT format(E'\n   %s as %s: %s', call, role, answer), '') FROM tap.asked WHERE tap.leaks(answer, tap.secrets(NULL))), NULL,
	'and no word or name comes out');
SELECT is((SELECT string_agg(DISTINCT E'\n   ' || call || ': ' || answer, '') FROM tap.asked WHERE answer ~ '^42(883|725|804|601|846)'), NULL, 'each was really called');

-- Readers: each clearance, in the digest's transaction and as an analyst.
CREATE TABLE tap.reader (role text, login text, member bigint, level fieldpost.sharing_level);
INSERT INTO tap.reader SELECT 'fieldpost_analyst', login, NULL, level::fieldpost.sharing_level FROM (VALUES ('tap_open', 'open'), ('tap_no_name', 'no-name'),
	('tap_restricted', 'restricted'), ('tap_plain', 'no-name'), ('tap_nobody', NULL)) v (login, level);
INSERT INTO tap.reader SELECT 'fieldpost_reader', 'fieldpost_send', member, level::fieldpost.sharing_level FROM (VALUES (400001, 'open'), (400002, 'no-name'),
	(400003, 'restricted'), (400004, 'no-name'), (999999999, NULL)) v (member, level);
CREATE TABLE tap.seen AS
WITH asked AS MATERIALIZED (
SELECT DISTINCT ON (r.login, r.member, c.call) r.*, o.object, p.number, p.word, c.call
FROM tap.matrix m JOIN tap.object o USING (object) JOIN tap.reader r USING (role)
CROSS JOIN (SELECT number, word FROM tap.probe UNION SELECT feedback, word || 'words' FROM tap.item UNION SELECT line, 'nothing' FROM tap.item
	UNION SELECT digest_id, 'words' FROM fieldpost.digest UNION SELECT 999999999, 'nothing') p
CROSS JOIN LATERAL (SELECT tap.call(o, p.number, p.word) AS call) c ORDER BY r.login, r.member, c.call, p.number DESC)
SELECT a.*, tap.plain(tap.outcome(a.login, a.member, a.call), a.number, a.word) AS answer FROM asked a;
SELECT is((SELECT string_agg(DISTINCT format(E'\n   %s as %s (%s): %s', call, coalesce(member::text, login), level, answer), '') FROM tap.seen
	WHERE tap.leaks(answer, tap.secrets(level))), NULL, 'a reader sees nothing above their clearance');
SELECT is((SELECT string_agg(DISTINCT E'\n   ' || call || ': ' || answer, '') FROM tap.seen WHERE answer ~ '^42'), NULL, 'each was really read');
SELECT is((SELECT string_agg(DISTINCT format(E'\n   %s as %s: %s, and for what is not there: %s', s.call, coalesce(s.member::text, s.login), s.answer, n.answer), '')
	FROM tap.seen s JOIN tap.item i ON s.number IN (i.feedback, i.message, i.line, i.contact, 500000 + i.n) AND s.call NOT LIKE '%words%'
	JOIN tap.seen n ON n.object = s.object AND n.login = s.login AND n.member IS NOT DISTINCT FROM s.member AND n.number = 999999999
	WHERE (i.level = 'review' OR i.level = 'restricted' AND coalesce(s.level, 'open') < 'restricted') AND s.answer <> n.answer
		AND s.object NOT IN (SELECT o.object FROM tap.object o JOIN pg_proc p ON p.oid = o.id WHERE p.provolatile = 'i')), NULL,
	'and asks for what is above it as for what is not there');
SELECT ok((SELECT bool_or(answer LIKE '%restrictedlywords%') FROM tap.seen WHERE level = 'restricted') AND
	(SELECT bool_or(answer LIKE '%unnamedwords%') FROM tap.seen WHERE level = 'no-name'), 'what they are cleared for is there');

SELECT finish();
ROLLBACK;
