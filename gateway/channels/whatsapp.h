/* WhatsApp: what channels/whatsapp.c takes from whatsapp_send.c. Private to these two. */
#ifndef CHANNELS_WHATSAPP_H
#define CHANNELS_WHATSAPP_H

#include "channels/provider.h"

#define WHATSAPP_TEXT_MAX 4096

int whatsapp_fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media,
	size_t max, struct arena *arena, struct view *bytes_out, struct error *err);
int whatsapp_send(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err);

#endif
