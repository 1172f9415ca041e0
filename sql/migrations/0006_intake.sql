-- Faster intake.
SET LOCAL ROLE fieldpost_owner;

-- Where a message was seen is asked by a person now and then, and sightings lie in the order of their messages: ranges of pages are enough.
DROP INDEX fieldpost.sighting_message;
CREATE INDEX sighting_message ON fieldpost.sighting USING brin (message_id) WITH (pages_per_range = 16);
