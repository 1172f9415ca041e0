-- Reading anew what is stored: who a revision is by then, and the answers that people set, which it leaves as they are.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

ALTER TYPE revision_author RENAME VALUE 'program' TO 'reparse';

ALTER TABLE feedback_revision ADD COLUMN fixed text[] NOT NULL DEFAULT '{}'; -- fields whose answer here is a reviewer's word
UPDATE feedback_revision r SET fixed = ARRAY(
	SELECT x.field FROM (
		SELECT DISTINCT ON (k.field) k.field, v.author FROM feedback_revision v
		LEFT JOIN feedback_revision b ON b.feedback_id = v.feedback_id AND b.revision = v.revision - 1
		CROSS JOIN LATERAL (SELECT jsonb_object_keys(v.answers || coalesce(b.answers, '{}')) AS field) k
		WHERE v.feedback_id = r.feedback_id AND v.revision <= r.revision AND v.answers -> k.field IS DISTINCT FROM b.answers -> k.field
		ORDER BY k.field, v.revision DESC) x
	WHERE x.author = 'reviewer' ORDER BY x.field)
WHERE EXISTS (SELECT FROM feedback_revision v WHERE v.feedback_id = r.feedback_id AND v.revision <= r.revision AND v.author = 'reviewer');
