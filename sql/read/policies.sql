-- Who reads what: row-level security on the tables that readers' views rest on.
--
-- The views belong to fieldpost_views, whom these policies bind; the tables' owner, and so the functions of api, are not. Every policy
-- asks one function, which level the reader may see. Nobody known: no level, no row.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = pg_catalog, fieldpost, pg_temp;

-- The member who reads: for an analyst the one with that login; where the send duty or a command works for a member, the one that the
-- transaction names. Nobody else can name one.
CREATE OR REPLACE FUNCTION fieldpost.reader()
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp -- planned once a connection
AS $$
BEGIN
	RETURN (SELECT m.member_id FROM member m
		WHERE m.active AND CASE WHEN session_user IN ('fieldpost_send', 'fieldpost_admin')
			THEN m.member_id = substring(current_setting('fieldpost.member', true) FROM '^[0-9]+$')::bigint
			ELSE m.login = session_user END);
END $$;

-- The most closed level that the reader may see. Restricted needs both, a member and a team that are cleared. A command of the person at the
-- machine reads for no member ('operator': as they all may; 'operator-restricted': that too, and it is noted who asked).
CREATE OR REPLACE FUNCTION fieldpost.reader_level()
RETURNS sharing_level
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
BEGIN
	RETURN (SELECT CASE WHEN t.cleared THEN m.clearance ELSE least(m.clearance, 'no-name') END
	FROM member m JOIN team t USING (team_id) WHERE m.member_id = fieldpost.reader()
	UNION ALL
	SELECT CASE current_setting('fieldpost.member', true) WHEN 'operator' THEN 'no-name' WHEN 'operator-restricted' THEN 'restricted' END::sharing_level
	WHERE session_user = 'fieldpost_admin' AND current_setting('fieldpost.member', true) LIKE 'operator%');
END $$;

GRANT EXECUTE ON FUNCTION fieldpost.reader(), fieldpost.reader_level()
	TO fieldpost_views, fieldpost_reader, fieldpost_analyst;

ALTER TABLE fieldpost.feedback ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.feedback;
CREATE POLICY reader ON fieldpost.feedback FOR SELECT TO fieldpost_views
	USING (sharing <= (SELECT fieldpost.reader_level()));

ALTER TABLE fieldpost.feedback_revision ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.feedback_revision;
CREATE POLICY reader ON fieldpost.feedback_revision FOR SELECT TO fieldpost_views
	USING (EXISTS (SELECT FROM fieldpost.feedback f WHERE f.feedback_id = feedback_revision.feedback_id));

-- Of a filed message what its feedback allows; of the others that they are there, and why they wait.
ALTER TABLE fieldpost.message ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.message;
CREATE POLICY reader ON fieldpost.message FOR SELECT TO fieldpost_views
	USING ((SELECT fieldpost.reader_level()) IS NOT NULL AND (state <> 'filed' OR EXISTS (
		SELECT FROM fieldpost.feedback f WHERE f.message_id = message.message_id)));

-- What was said about a feedback, and what became of it, as the feedback itself.
ALTER TABLE fieldpost.conversation ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.conversation;
CREATE POLICY reader ON fieldpost.conversation FOR SELECT TO fieldpost_views
	USING (EXISTS (SELECT FROM fieldpost.feedback f WHERE f.feedback_id = conversation.feedback_id));

ALTER TABLE fieldpost.response ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.response;
CREATE POLICY reader ON fieldpost.response FOR SELECT TO fieldpost_views
	USING (EXISTS (SELECT FROM fieldpost.conversation c WHERE c.conversation_id = response.conversation_id));

ALTER TABLE fieldpost.status_change ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.status_change;
CREATE POLICY reader ON fieldpost.status_change FOR SELECT TO fieldpost_views
	USING (EXISTS (SELECT FROM fieldpost.feedback f WHERE f.feedback_id = status_change.feedback_id));

ALTER TABLE fieldpost.attachment ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reader ON fieldpost.attachment;
CREATE POLICY reader ON fieldpost.attachment FOR SELECT TO fieldpost_views
	USING (EXISTS (SELECT FROM fieldpost.feedback f WHERE f.message_id = attachment.message_id));

-- Who is at work: an analyst by their login; through a command the person at the machine, and for whom.
CREATE OR REPLACE FUNCTION fieldpost.actor()
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	SELECT CASE WHEN session_user = 'fieldpost_admin' THEN concat_ws(' for ', 'command:' || coalesce(nullif(current_setting('fieldpost.actor', true), ''), '?'),
		(SELECT m.address FROM member m WHERE m.member_id = reader())) ELSE session_user::text END
$$;

-- Notes that restricted items were read.
CREATE OR REPLACE FUNCTION fieldpost.note_read(what text, restricted bigint[])
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, fieldpost, pg_temp
AS $$
	INSERT INTO audit (at, actor, action, object, detail)
	SELECT clock_timestamp(), actor(), 'read', 'feedback ' || f, jsonb_build_object('by', what) FROM unnest(restricted) f
$$;
GRANT EXECUTE ON FUNCTION fieldpost.note_read(text, bigint[]) TO fieldpost_views;
