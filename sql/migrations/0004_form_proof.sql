-- The proofs of forms: whether what is sent can be answered (fieldpost forms check). A form that was not proven does not come into force.
SET LOCAL ROLE fieldpost_owner;

CREATE TABLE fieldpost.form_proof (
	sha256 text PRIMARY KEY,             -- of the form's file
	form_id text NOT NULL,
	version integer NOT NULL,
	passed boolean NOT NULL,
	against text NOT NULL,               -- SHA-256 of what it was proven with: a proof that failed counts for that alone
	words text,                          -- what is to be mended; null when it passed
	replies bigint NOT NULL,             -- that were written and read back
	proved_at timestamptz NOT NULL
);
