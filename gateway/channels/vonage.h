/* Vonage: what channels/vonage.c takes from vonage_proof.c. Private to these two and their test. */
#ifndef CHANNELS_VONAGE_H
#define CHANNELS_VONAGE_H

#include "channels/provider.h"

#define VONAGE_RETRY_SECONDS 90000 /* it tries for 24 hours */
#define VONAGE_AHEAD_SECONDS 300   /* that its clock may be ahead of ours */

/* A JWT by HS256 under one of the secrets: its claims (a new reference), or NULL. */
json_t *vonage_claims(const struct channel *channel, struct arena *arena, struct view token);
/* Such a token whose payload_hash is the body's, and whose times fit. now: microseconds since 1970. */
bool vonage_bearer_good(
	const struct channel *channel, struct arena *arena, struct view token, struct view body, int64_t now);
/*
 * The parameter `sig` of the SMS API, by HMAC with MD5, SHA-1, SHA-256 or SHA-512, or the MD5 of text and secret: its length says
 * which. Genuine, forged, or malformed: what it would stand in cannot be read.
 */
enum channel_verdict vonage_sig(
	const struct channel *channel, struct arena *arena, const struct http_request *request, int64_t now);
/* The members of an object that are strings or numbers, as the fields of a form. */
int vonage_fields(struct arena *arena, const json_t *json, struct provider_form *out, struct error *err);

#endif
