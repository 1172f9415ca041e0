-- A feedback's words as its readers see them. Where the name is not to be known they are without it (fieldpost.feedback_settle()); what was
-- not looked through is not shown. (The views of `report` rest on these: they are replaced.)
SET LOCAL ROLE fieldpost_views;

CREATE OR REPLACE FUNCTION read.shown_answers(answers jsonb, hidden jsonb, sharing fieldpost.sharing_level)
RETURNS jsonb
LANGUAGE sql IMMUTABLE -- no SET: so that it is inlined; its callers set the path
AS $$
	SELECT CASE WHEN sharing <> 'no-name' THEN answers WHEN hidden IS NULL THEN '{}' WHEN hidden ? 'answers' THEN answers || (hidden -> 'answers')
		ELSE answers END
$$;

CREATE OR REPLACE FUNCTION read.shown_remarks(remarks text, hidden jsonb, sharing fieldpost.sharing_level)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
	SELECT CASE WHEN sharing <> 'no-name' THEN remarks WHEN hidden IS NULL THEN NULL WHEN hidden ? 'remarks' THEN hidden ->> 'remarks' ELSE remarks END
$$;

GRANT EXECUTE ON FUNCTION read.shown_answers(jsonb, jsonb, fieldpost.sharing_level), read.shown_remarks(text, jsonb, fieldpost.sharing_level)
	TO fieldpost_owner, fieldpost_reader, fieldpost_analyst;

-- The views of the forms as this program makes them, and the rows of before as it shows them.
SET LOCAL ROLE fieldpost_owner;
DO $$
BEGIN
	PERFORM report.make_view(form_id) FROM fieldpost.form;
	PERFORM set_config('search_path', 'pg_catalog, fieldpost, pg_temp', true);
	PERFORM fieldpost.feedback_settle(f.feedback_id) FROM fieldpost.feedback f
	WHERE NOT EXISTS (SELECT FROM fieldpost.feedback_text t WHERE t.feedback_id = f.feedback_id)
		OR f.sharing = 'no-name' AND EXISTS (SELECT FROM fieldpost.feedback_revision r WHERE r.feedback_id = f.feedback_id AND r.hidden IS NULL);
END $$;
