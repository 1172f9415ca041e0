-- What waits is looked up a channel each, so that none waits behind another; who shares a place that is answered to.
SET LOCAL ROLE fieldpost_owner;
SET LOCAL search_path = fieldpost, pg_catalog;

DROP INDEX message_received_channel;
CREATE INDEX message_received_channel ON message (channel, message_id) WHERE state = 'received' AND channel IS NOT NULL;
CREATE INDEX channel_message_place ON channel_message (reply_to, sender) WHERE reply_to <> sender;
