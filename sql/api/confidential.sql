-- Confidentiality: what of a feedback is not to be known, and who read what.
--
-- Whose level is `no-name`, their name, addresses and numbers are taken out of every text when it is stored (feedback_revision.hidden), and
-- again whenever more becomes known of them, a level changes or a revision comes: triggers below. Whoever writes these rows need not
-- think of it. What readers see comes through read.shown_answers() and read.shown_remarks().
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

---------------------------------------------------------------------------------------------------
-- Names in texts
---------------------------------------------------------------------------------------------------

-- A text for comparing: no case, no marks over or under letters, one form of letters and digits that are written in several.
CREATE OR REPLACE FUNCTION fieldpost.fold(words text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT translate(lower(regexp_replace(normalize(words, NFKD),
			'[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0640\u200b-\u200f\u00ad\ufe0f]', '', 'g')),
		'øłđħıةىیکٱ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९', 'oldhiهييكا012345678901234567890123456789')
$$;

-- A folded word as a regular expression of the ways in which it may be written (the text in NFD, case ignored).
CREATE OR REPLACE FUNCTION fieldpost.any_writing(folded text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT string_agg(CASE c
			WHEN 'o' THEN '[oø]' WHEN 'l' THEN '[lł]' WHEN 'd' THEN '[dđ]' WHEN 'h' THEN '[hħ]' WHEN 'i' THEN '[iıİ]'
			WHEN 'ه' THEN '[هة]' WHEN 'ي' THEN '[يىی]' WHEN 'ك' THEN '[كک]' WHEN 'ا' THEN '[اٱ]'
			ELSE CASE WHEN c ~ '[0-9]' THEN '[' || c || chr(1632 + c::integer) || chr(1776 + c::integer) || chr(2406 + c::integer) || ']'
				WHEN c ~ '[[:alnum:]]' THEN c ELSE regexp_replace(c, '([[:punct:]])', '\\\1') END
		END || '[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0640\u200b-\u200f\u00ad\ufe0f]*', '' ORDER BY n)
	FROM regexp_split_to_table(folded, '') WITH ORDINALITY AS t (c, n)
$$;

-- Parts of names that are no names, and words of offices that write under their own: alone they say nothing.
CREATE OR REPLACE FUNCTION fieldpost.is_no_name(folded text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
	SELECT folded = ANY (ARRAY['al', 'el', 'de', 'da', 'di', 'do', 'du', 'la', 'le', 'of', 'in', 'on', 'at', 'to', 'an', 'or', 'no', 'so', 'my',
		'me', 'we', 'us', 'is', 'it', 'as', 'by', 'st', 'dr', 'mr', 'ms', 'the', 'and', 'for', 'von', 'van', 'der', 'den', 'del', 'des', 'les', 'las',
		'los', 'dos', 'bin', 'ibn', 'abu', 'mrs', 'miss', 'sir', 'prof', 'field', 'office', 'team', 'unit', 'project', 'programme', 'program',
		'mission', 'ministry', 'police', 'justice', 'court', 'prison', 'region', 'country', 'department', 'section', 'service', 'services',
		'support', 'feedback', 'info', 'contact', 'admin', 'mail', 'email', 'director', 'officer', 'manager', 'advisor', 'adviser', 'bureau',
		'equipe', 'projet', 'ministere', 'oficina', 'equipo', 'proyecto', 'ministerio', 'escritorio', 'projeto', 'مكتب', 'وزارة', 'فريق', 'مشروع'])
$$;

-- What of a person can stand in a text: `words` the folded texts to look for first (cheaply), `pattern` what is then replaced.
CREATE OR REPLACE FUNCTION fieldpost.traces(names text[], addresses text[])
RETURNS TABLE (word text, pattern text)
LANGUAGE sql IMMUTABLE
AS $$
	WITH name AS (
		SELECT DISTINCT btrim(fold(n)) AS folded, n AS written FROM unnest(names) n WHERE n ~ '[[:alpha:]]' AND n !~ '@'
	), part AS (
		SELECT DISTINCT p AS folded FROM name, regexp_split_to_table(folded, '[^[:alnum:]''’ʼ-]+|--+') p
	), piece AS (
		SELECT folded FROM part UNION SELECT regexp_split_to_table(folded, '[''’ʼ-]+') FROM part
		UNION SELECT substr(folded, 3) FROM part WHERE folded ~ '^ال...'
	), address AS (
		SELECT DISTINCT fold(btrim(a)) AS folded FROM unnest(addresses) a WHERE length(btrim(a)) >= 5
	), word AS (
		SELECT folded FROM piece WHERE length(folded) >= 3 AND NOT is_no_name(folded) AND folded !~ '^[0-9]+$'
		UNION SELECT folded FROM piece WHERE length(folded) = 2 AND NOT is_no_name(folded) AND folded ~ '[^ -~]' -- 李明, नि
		UNION SELECT split_part(folded, '@', 1) FROM address WHERE folded ~ '^[^@]{5,}@' AND NOT is_no_name(split_part(folded, '@', 1))
		UNION SELECT folded FROM address WHERE folded !~ '^\+?[0-9 ()./-]+$'
	), number AS (
		SELECT DISTINCT right(regexp_replace(folded, '[^0-9]', '', 'g'), 7) AS digits FROM address
		WHERE folded ~ '^\+?[0-9 ()./-]+$' AND length(regexp_replace(folded, '[^0-9]', '', 'g')) >= 7
	)
	-- The whole name first, with what stands between its parts.
	SELECT (regexp_match(n.folded, '[[:alnum:]]+'))[1],
		'(?<![[:alnum:]])' || (SELECT string_agg(any_writing(p), '[^[:alnum:]]{0,3}' ORDER BY i)
			FROM regexp_split_to_table(n.folded, '[^[:alnum:]]+') WITH ORDINALITY t (p, i) WHERE p <> '') || '(?![[:alnum:]])'
	FROM name n WHERE n.folded ~ '[[:alnum:]][^[:alnum:]]+[[:alnum:]]'
	UNION ALL
	SELECT w.folded, CASE
		WHEN w.folded ~ '[ء-ي]' THEN '(?<![[:alnum:]])(?:[وفبلك]{0,2}(?:ال)?|و?لل)' || any_writing(w.folded) -- little words are joined before it
		WHEN w.folded ~ '[Ѐ-ӿ]' THEN '(?<![[:alnum:]])' || any_writing(w.folded) || '[[:alpha:]]{0,3}(?![[:alnum:]])'
		WHEN w.folded ~ '[^ -~]' AND w.folded !~ '[a-zà-ɏͰ-Ͽ]' THEN any_writing(w.folded) -- endings are joined to it, or no blanks stand between words
		ELSE '(?<![[:alnum:]])' || any_writing(w.folded) || '(?![[:alnum:]])' END
	FROM word w
	UNION ALL
	SELECT NULL, '(?<![0-9])[+(]*(?:[0-9٠-٩۰-۹०-९][[:space:]()./-]{0,3}){0,8}' || (SELECT string_agg(any_writing(d), '[[:space:]()./-]{0,3}' ORDER BY i)
		FROM regexp_split_to_table(n.digits, '') WITH ORDINALITY t (d, i)) || '(?![0-9])'
	FROM number n
$$;

-- Words without a person's names, addresses and numbers.
CREATE OR REPLACE FUNCTION fieldpost.without(words text, names text[], addresses text[])
RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
	folded text := fold(words);
	digits text := regexp_replace(folded, '[^0-9]', '', 'g');
	hidden text;
	short text;
	trace record;
BEGIN
	FOR trace IN SELECT t.word, t.pattern FROM traces(without.names, without.addresses) t ORDER BY length(t.pattern) DESC LOOP
		IF (trace.word IS NULL AND length(digits) >= 7) OR strpos(folded, trace.word) > 0 THEN
			hidden := regexp_replace(coalesce(hidden, normalize(words, NFD)), trace.pattern, '[…]', 'gi');
		END IF;
	END LOOP;
	-- Two letters are a name only as they are written in it.
	FOR short IN SELECT DISTINCT p FROM unnest(without.names) n, regexp_split_to_table(normalize(n, NFC), '[^[:alpha:]]+') p
		WHERE length(p) = 2 AND p ~ '^[[:upper:]]' AND NOT is_no_name(fold(p)) LOOP
		IF strpos(words, short) > 0 THEN
			hidden := regexp_replace(coalesce(hidden, normalize(words, NFD)), '(?<![[:alnum:]])' || normalize(short, NFD) || '(?![[:alnum:]])', '[…]', 'g');
		END IF;
	END LOOP;
	hidden := regexp_replace(hidden, '\[…\]([[:space:]._-]*\[…\])+', '[…]', 'g');
	RETURN coalesce(normalize(hidden, NFC), words);
END $$;

---------------------------------------------------------------------------------------------------
-- A feedback as it is shown
---------------------------------------------------------------------------------------------------

-- Everything that is known of who wrote a feedback: by the messages it came by, by what is registered.
CREATE OR REPLACE FUNCTION fieldpost.known_of(feedback_id bigint, OUT names text[], OUT addresses text[])
LANGUAGE sql STABLE
AS $$
	WITH heard AS (
		SELECT f.contact_id, f.message_id FROM feedback f WHERE f.feedback_id = known_of.feedback_id
		UNION SELECT f.contact_id, r.message_id FROM feedback_revision r JOIN feedback f USING (feedback_id)
		WHERE r.feedback_id = known_of.feedback_id AND r.message_id IS NOT NULL
	), known AS (
		SELECT m.from_name AS name, m.from_address AS address FROM heard h JOIN message m USING (message_id)
		UNION SELECT c.sender_name, c.sender FROM heard h JOIN channel_message c USING (message_id)
		UNION SELECT NULL, c.reply_to FROM heard h JOIN channel_message c USING (message_id)
		UNION SELECT p.name, NULL FROM heard h JOIN identity.contact p USING (contact_id)
		UNION SELECT NULL, a.address FROM heard h JOIN identity.contact_address a USING (contact_id)
	)
	SELECT array_agg(DISTINCT k.name) FILTER (WHERE btrim(k.name) <> ''), array_agg(DISTINCT k.address) FILTER (WHERE btrim(k.address) <> '') FROM known k
$$;

-- Words about a feedback (an answer to it, a note) as they may be shown to its readers: without the name, where it is not to be known.
CREATE OR REPLACE FUNCTION fieldpost.words_shown(feedback_id bigint, words text)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT CASE WHEN f.sharing = 'no-name' THEN without(words_shown.words, k.names, k.addresses) ELSE words_shown.words END
	FROM feedback f CROSS JOIN LATERAL known_of(f.feedback_id) k WHERE f.feedback_id = words_shown.feedback_id
$$;

GRANT EXECUTE ON FUNCTION fieldpost.words_shown(bigint, text) TO fieldpost_views;

-- The texts of answers, not their codes and numbers.
CREATE OR REPLACE FUNCTION fieldpost.texts_of(form_id text, answers jsonb)
RETURNS TABLE (field text, words text)
LANGUAGE sql STABLE
AS $$
	SELECT a.key, a.value #>> '{}' FROM jsonb_each(answers) a
	LEFT JOIN form_field k ON k.form_id = texts_of.form_id AND k.name = a.key
	WHERE jsonb_typeof(a.value) = 'string' AND coalesce(k.type, 'text') IN ('line', 'text', 'pattern')
$$;

-- The first of the sensitive words that stands in the texts; null: none does. (A word of the list also begins longer ones.)
CREATE OR REPLACE FUNCTION fieldpost.sensitive_in(words text)
RETURNS text
LANGUAGE sql STABLE
AS $$
	SELECT 'the word "' || w.word || '"' FROM (SELECT fold(sensitive_in.words) AS folded OFFSET 0) t JOIN sensitive_word w ON strpos(t.folded, w.folded) > 0
	WHERE t.folded ~ ('(?<![[:alnum:]])' || regexp_replace(w.folded, '([[:punct:]])', '\\\1', 'g')) ORDER BY w.word LIMIT 1
$$;

-- Makes a feedback's rows right for those who read them: what is sensitive, what is hidden, what is searched.
CREATE OR REPLACE FUNCTION fieldpost.feedback_settle(feedback_id bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
	f feedback;
	known record;
	why text;
BEGIN
	SELECT * INTO f FROM feedback WHERE feedback_id = feedback_settle.feedback_id;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF f.sensitive IS NULL AND EXISTS (SELECT FROM sensitive_word) THEN
		SELECT sensitive_in(concat_ws(E'\n', r.remarks, (SELECT string_agg(t.words, E'\n') FROM texts_of(f.form_id, r.answers) t))) INTO why
		FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision;
		IF why IS NOT NULL THEN
			UPDATE feedback SET sensitive = why, sharing = 'restricted' WHERE feedback_id = f.feedback_id RETURNING * INTO f;
		END IF;
	END IF;
	IF f.sharing = 'no-name' THEN
		SELECT * INTO known FROM known_of(f.feedback_id);
		UPDATE feedback_revision r SET hidden = h.hidden
		FROM feedback_revision v CROSS JOIN LATERAL (
			SELECT jsonb_strip_nulls(jsonb_build_object('answers', (
					SELECT jsonb_object_agg(t.field, w.words) FROM texts_of(f.form_id, v.answers) t
					CROSS JOIN LATERAL (SELECT without(t.words, known.names, known.addresses) AS words OFFSET 0) w WHERE w.words <> t.words),
				'remarks', nullif(without(v.remarks, known.names, known.addresses), v.remarks))) AS hidden OFFSET 0) h
		WHERE v.feedback_id = f.feedback_id AND r.feedback_id = v.feedback_id AND r.revision = v.revision AND r.hidden IS DISTINCT FROM h.hidden;
	END IF;
	INSERT INTO feedback_text AS t (feedback_id, words)
	SELECT f.feedback_id, to_tsvector('simple', left(fold(concat_ws(E'\n', read.shown_remarks(r.remarks, r.hidden, f.sharing), (SELECT string_agg(t.words, E'\n')
		FROM texts_of(f.form_id, read.shown_answers(r.answers, r.hidden, f.sharing)) t))), 200000))
	FROM feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.revision = f.revision
	ON CONFLICT (feedback_id) DO UPDATE SET words = excluded.words WHERE t.words <> excluded.words;
END $$;

CREATE OR REPLACE FUNCTION fieldpost.feedback_guard()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM form_version v WHERE v.form_id = NEW.form_id AND v.version = NEW.form_version AND v.sensitive) THEN
		NEW.sensitive := 'the form';
	END IF;
	IF NEW.sensitive IS NOT NULL THEN
		NEW.sharing := 'restricted';
	END IF;
	RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION fieldpost.feedback_settles()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM feedback_settle(NEW.feedback_id);
	RETURN NULL;
END $$;

-- More is known of a person: their texts are looked through again.
CREATE OR REPLACE FUNCTION fieldpost.contact_settles()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM feedback_settle(f.feedback_id) FROM feedback f WHERE f.contact_id = NEW.contact_id;
	RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS guard ON fieldpost.feedback;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OF sharing, sensitive ON fieldpost.feedback
	FOR EACH ROW EXECUTE FUNCTION fieldpost.feedback_guard();
DROP TRIGGER IF EXISTS settle ON fieldpost.feedback;
CREATE TRIGGER settle AFTER UPDATE OF revision, sharing, contact_id, message_id ON fieldpost.feedback FOR EACH ROW
	WHEN ((OLD.revision, OLD.sharing, OLD.contact_id, OLD.message_id) IS DISTINCT FROM (NEW.revision, NEW.sharing, NEW.contact_id, NEW.message_id))
	EXECUTE FUNCTION fieldpost.feedback_settles();
DROP TRIGGER IF EXISTS settle ON fieldpost.feedback_revision;
CREATE TRIGGER settle AFTER INSERT OR UPDATE OF answers, remarks ON fieldpost.feedback_revision
	FOR EACH ROW EXECUTE FUNCTION fieldpost.feedback_settles();
DROP TRIGGER IF EXISTS settle ON identity.contact;
CREATE TRIGGER settle AFTER UPDATE OF name ON identity.contact FOR EACH ROW
	WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION fieldpost.contact_settles();
DROP TRIGGER IF EXISTS settle ON identity.contact_address;
CREATE TRIGGER settle AFTER INSERT OR UPDATE OF address, contact_id ON identity.contact_address
	FOR EACH ROW EXECUTE FUNCTION fieldpost.contact_settles();

-- The list of words that make a report sensitive, as the config has it. What is filed already is looked through when a word is new.
CREATE FUNCTION api.sensitive_words(words text[])
RETURNS TABLE (fresh bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('fieldpost.sensitive_words', 0));
	DELETE FROM sensitive_word w WHERE w.word <> ALL (sensitive_words.words);
	INSERT INTO sensitive_word (word, folded)
	SELECT DISTINCT w, btrim(fold(w)) FROM unnest(sensitive_words.words) w WHERE btrim(fold(w)) <> '' ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS fresh = ROW_COUNT;
	IF fresh > 0 THEN
		PERFORM feedback_settle(f.feedback_id) FROM feedback f WHERE f.sensitive IS NULL;
	END IF;
	RETURN NEXT;
END $$;

---------------------------------------------------------------------------------------------------
-- Who a person is to readers; who read what
---------------------------------------------------------------------------------------------------

-- How many people of a role are asked in a country.
CREATE OR REPLACE VIEW fieldpost.role_asked AS
SELECT c.role, c.country, count(*) AS people FROM identity.contact c
WHERE c.role IS NOT NULL AND EXISTS (SELECT FROM fieldpost.request q WHERE q.contact_id = c.contact_id)
GROUP BY c.role, c.country;

-- The role under which a person's words are shown: of a few it would be a name. Null: "practitioner".
CREATE OR REPLACE VIEW fieldpost.role_shown AS
SELECT c.contact_id, c.role FROM identity.contact c JOIN fieldpost.role_asked a ON a.role = c.role AND a.country IS NOT DISTINCT FROM c.country
WHERE a.people >= 3;
GRANT SELECT ON fieldpost.role_shown TO fieldpost_views;

CREATE FUNCTION api.audit_list(object text, since timestamptz, maximum bigint)
RETURNS TABLE (at timestamptz, actor text, action text, object text, detail jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT a.at, a.actor, a.action, a.object, a.detail FROM audit a
	WHERE (audit_list.object = '' OR a.object = audit_list.object) AND a.at >= audit_list.since ORDER BY a.audit_id DESC LIMIT audit_list.maximum
$$;

GRANT EXECUTE ON FUNCTION api.sensitive_words(text[]) TO fieldpost_parse;
GRANT EXECUTE ON FUNCTION api.audit_list(text, timestamptz, bigint) TO fieldpost_admin;

---------------------------------------------------------------------------------------------------
-- Saved filters; for whom a command reads
---------------------------------------------------------------------------------------------------

CREATE FUNCTION api.filter_save(now timestamptz, name text, words text, filters jsonb, actor text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO saved_filter (name, words, filters, made_by, made_at)
	VALUES (filter_save.name, filter_save.words, filter_save.filters, filter_save.actor, filter_save.now)
	ON CONFLICT (name) DO UPDATE SET words = excluded.words, filters = excluded.filters, made_by = excluded.made_by, made_at = excluded.made_at
$$;

-- One by its name, or all ('').
CREATE FUNCTION api.filter_list(name text)
RETURNS TABLE (name text, words text, filters jsonb, made_by text, made_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT f.name, f.words, f.filters, f.made_by, f.made_at FROM saved_filter f WHERE filter_list.name IN ('', f.name) ORDER BY f.name
$$;

CREATE FUNCTION api.filter_remove(name text)
RETURNS TABLE (removed bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	WITH gone AS (DELETE FROM saved_filter f WHERE f.name = filter_remove.name RETURNING 1) SELECT count(*) FROM gone
$$;

-- The member of an address; of several teams the membership that may see least.
CREATE FUNCTION api.member_reading(address text)
RETURNS TABLE (member_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT m.member_id FROM member m JOIN team t USING (team_id) WHERE m.active AND lower(m.address) = lower(member_reading.address)
	ORDER BY t.cleared, m.clearance, m.member_id LIMIT 1
$$;

-- The bytes of a channel's file; a mail's stand in its raw.
CREATE FUNCTION api.attachment_bytes(message_id bigint, part text)
RETURNS TABLE (bytes bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT note_message_seen('attachment', attachment_bytes.message_id);
	SELECT a.bytes FROM attachment a WHERE a.message_id = attachment_bytes.message_id AND a.part = attachment_bytes.part
$$;

GRANT EXECUTE ON FUNCTION api.filter_save(timestamptz, text, text, jsonb, text), api.filter_list(text), api.filter_remove(text),
	api.member_reading(text), api.attachment_bytes(bigint, text) TO fieldpost_admin;
