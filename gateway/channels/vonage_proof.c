/* channels/vonage_proof: the credentials of Vonage's requests. See vonage.h. */
#include "channels/vonage.h"

#define SECOND INT64_C(1000000)

/* ---- JWT (RFC 7519), HS256 alone ---- */

static json_t *part_json(struct arena *arena, struct view part)
{
	struct view bytes;

	return provider_base64(arena, part, &bytes) < 0 ? NULL : provider_json(arena, bytes, NULL);
}

json_t *vonage_claims(const struct channel *channel, struct arena *arena, struct view token)
{
	struct view rest = token, header, payload;
	PROVIDER_JSON_SCOPED *json = NULL;
	const char *method;

	if (!view_next_field(&rest, '.', &header) || !view_next_field(&rest, '.', &payload))
		return NULL;
	json = part_json(arena, header);
	method = json_string_value(json_object_get(json, "alg"));
	if (!method || strcmp(method, "HS256") != 0)
		return NULL;
	if (!provider_signed(channel, PROVIDER_SHA256, PROVIDER_BASE64URL,
		    view_sub(token, 0, header.len + 1 + payload.len), rest))
		return NULL;
	return part_json(arena, payload);
}

static bool fits(int64_t seconds, int64_t now)
{
	return seconds * SECOND <= now + VONAGE_AHEAD_SECONDS * SECOND &&
	       seconds * SECOND >= now - VONAGE_RETRY_SECONDS * SECOND;
}

bool vonage_bearer_good(
	const struct channel *channel, struct arena *arena, struct view token, struct view body, int64_t now)
{
	PROVIDER_JSON_SCOPED *claims = vonage_claims(channel, arena, token);
	struct view hash = provider_word(arena, provider_find(claims, "payload_hash", NULL));
	int64_t made = provider_number(provider_find(claims, "iat", NULL), 0);
	int64_t ends = provider_number(provider_find(claims, "exp", NULL), INT32_MAX * INT64_C(100));

	/* Without the hash any body could stand behind the token. */
	return claims && made > 0 && made < INT32_MAX * INT64_C(100) && fits(made, now) && ends > now / SECOND &&
	       channel_same_secret(hash, view_of(provider_sha256_hex(arena, body)));
}

/* ---- sig ---- */

int vonage_fields(struct arena *arena, const json_t *json, struct provider_form *out, struct error *err)
{
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, json_object_size(json) + 1);
	const char *key;
	const json_t *value;
	size_t count = 0;

	if (json_object_size(json) > PROVIDER_FIELDS_MAX)
		return error_set(err, REACH_MESSAGE, "more than %d fields", PROVIDER_FIELDS_MAX);
	for (void *i = json_object_iter((json_t *)(uintptr_t)json); i;
		i = json_object_iter_next((json_t *)(uintptr_t)json, i)) {
		key = json_object_iter_key(i);
		value = json_object_iter_value(i);
		if (!json_is_string(value) && !json_is_integer(value))
			continue;
		fields[count].name = view_of(arena_strdup(arena, key));
		fields[count++].value =
			json_is_integer(value)
				? provider_word(arena, value)
				: (struct view){arena_copy(arena, json_string_value(value), json_string_length(value)),
					  json_string_length(value)};
	}
	*out = (struct provider_form){.fields = fields, .count = count};
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct http_field *a = left, *b = right;
	size_t shorter = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = shorter ? memcmp(a->name.ptr, b->name.ptr, shorter) : 0;

	return order ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

/* "&name=value" of all but sig, by name; & and = in a value are written as _. */
static struct view signed_text(struct arena *arena, const struct provider_form *form)
{
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, form->count + 1);
	size_t size = 1, len = 0;
	char *out;

	for (size_t i = 0; i < form->count; i++) {
		fields[i] = form->fields[i];
		size += fields[i].name.len + fields[i].value.len + 2;
	}
	out = arena_alloc(arena, size);
	qsort(fields, form->count, sizeof(*fields), compare);
	for (size_t i = 0; i < form->count; i++) {
		if (view_equal(fields[i].name, VIEW("sig")))
			continue;
		out[len++] = '&';
		memcpy(out + len, fields[i].name.ptr, fields[i].name.len);
		len += fields[i].name.len;
		out[len++] = '=';
		for (size_t c = 0; c < fields[i].value.len; c++)
			out[len++] = strchr("&=", fields[i].value.ptr[c]) && fields[i].value.ptr[c]
					     ? '_'
					     : fields[i].value.ptr[c];
	}
	return (struct view){out, len};
}

/* Lists and objects are not signed: whoever saw one request could add them to it. */
static bool is_flat(json_t *json)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		if (json_is_object(value) || json_is_array(value))
			return false;
	}
	return true;
}

/* In a name & and = stay as they are: one field could be written as two, and two as one. */
static bool names_are_plain(const struct provider_form *form)
{
	for (size_t i = 0; i < form->count; i++)
		if (view_find_char(form->fields[i].name, '&') >= 0 || view_find_char(form->fields[i].name, '=') >= 0)
			return false;
	return true;
}

/* 1: they are there, 0: some of them would not be signed, -1: they cannot be read. */
static int request_fields(struct arena *arena, const struct http_request *request, struct provider_form *out)
{
	bool is_json = view_starts(view_trim(request->body), VIEW("{"));
	PROVIDER_JSON_SCOPED *json = NULL;

	if (view_equal(request->method, VIEW("GET")))
		return provider_form(arena, request->query, out, NULL) < 0 ? -1 : 1;
	if (!is_json)
		return provider_form(arena, request->body, out, NULL) < 0 ? -1 : 1;
	json = provider_json(arena, request->body, NULL);
	if (json && !is_flat(json))
		return 0;
	return !json || vonage_fields(arena, json, out, NULL) < 0 ? -1 : 1;
}

static struct view lower(struct arena *arena, struct view text)
{
	char *out = arena_copy(arena, text.ptr ? text.ptr : "", text.len);

	for (size_t i = 0; i < text.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] + ('a' - 'A'));
	return (struct view){out, text.len};
}

enum channel_verdict vonage_sig(
	const struct channel *channel, struct arena *arena, const struct http_request *request, int64_t now)
{
	static const struct {
		size_t digits;
		enum provider_hash hash;
	} methods[] = {{32, PROVIDER_MD5}, {32, PROVIDER_MD5_PLAIN}, {40, PROVIDER_SHA1}, {64, PROVIDER_SHA256},
		{128, PROVIDER_SHA512}};
	struct provider_form form;
	struct view sig, time, text;
	bool good = false;
	long long seconds;
	int readable;

	readable = request_fields(arena, request, &form);
	if (readable < 0)
		return CHANNEL_MALFORMED;
	if (!readable || !names_are_plain(&form))
		return CHANNEL_FORGED;
	sig = lower(arena, provider_field(&form, "sig"));
	time = provider_field(&form, "timestamp");
	if (time.ptr && (view_to_int(time, 1, INT32_MAX * INT64_C(100), &seconds) < 0 || !fits(seconds, now)))
		return CHANNEL_FORGED;
	text = signed_text(arena, &form);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].digits == sig.len)
			good |= provider_signed(channel, methods[i].hash, PROVIDER_HEX, text, sig);
	return good ? CHANNEL_GENUINE : CHANNEL_FORGED;
}
