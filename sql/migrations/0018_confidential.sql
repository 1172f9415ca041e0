-- What readers are shown of somebody who is not to be named, what is sensitive, and what is searched.

-- Our queries are short: compiling them costs more than they do. (The private server has it off for all.)
ALTER ROLE fieldpost_intake SET jit = off;
ALTER ROLE fieldpost_web SET jit = off;
ALTER ROLE fieldpost_parse SET jit = off;
ALTER ROLE fieldpost_send SET jit = off;
ALTER ROLE fieldpost_admin SET jit = off;

SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

-- What the text itself says of its author is replaced when it is stored, and not when it is read: {"answers": {field: text}, "remarks": text}
-- holds just the texts that differ. Null: it was not looked for; then nothing is shown.
ALTER TABLE feedback_revision ADD COLUMN hidden jsonb;

ALTER TABLE form_version ADD COLUMN sensitive boolean NOT NULL DEFAULT false; -- what answers it is for the cleared alone
ALTER TABLE feedback ADD COLUMN sensitive text; -- why it is: the form, or the word that it holds; it is restricted then
CREATE TABLE sensitive_word (
	word text PRIMARY KEY,
	folded text NOT NULL
);

-- The words of each feedback as it is shown: a name that is hidden is not found.
CREATE TABLE feedback_text (
	feedback_id bigint PRIMARY KEY REFERENCES feedback ON DELETE CASCADE,
	words tsvector NOT NULL
);
CREATE INDEX feedback_text_words ON feedback_text USING gin (words);

CREATE INDEX audit_object ON audit (object, at);

-- What is looked for again and again, under a name.
CREATE TABLE saved_filter (
	name text PRIMARY KEY,
	words text NOT NULL,
	filters jsonb NOT NULL,
	made_by text NOT NULL,
	made_at timestamptz NOT NULL
);
