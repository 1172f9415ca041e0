-- Where nothing is done with a mailbox's mails after they were dealt with, no mail waits for it: a fifth fewer index entries for each.
SET LOCAL ROLE fieldpost_owner;

ALTER TABLE fieldpost.folder ADD COLUMN acts boolean NOT NULL DEFAULT true;
-- NULL: nothing is to be done.
ALTER TABLE fieldpost.sighting ALTER after_state DROP NOT NULL, ALTER after_state DROP DEFAULT;

-- To hash all bytes once more, beside what makes a mail's identity, took the intake a tenth of its time: whoever asks for it is told it from
-- the bytes.
ALTER TABLE fieldpost.message ALTER raw_sha256 DROP NOT NULL;
