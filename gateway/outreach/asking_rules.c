/* outreach/asking_rules: the config and a query as the database takes them. See asking.h. */
#include "outreach/asking.h"

#include <string.h>
#include <strings.h>

#include "base/unicode_region.h"

const char *const asking_letters[] = {
	"request", "reminder", "acknowledgement", "short", "needs", "value", "duplicate", "who-are-you", "too-large", "date",
	"answer", "order", "outcomes", "outcomes-title", NULL};

/* Those that write to numbers; WhatsApp takes no words of ours from who did not write within a day. */
static bool writes_to_numbers(const struct config_channel *channel)
{
	static const char *const kinds[] = {"signal", "twilio", "africastalking", "vonage"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(channel->kind, kinds[i]) == 0)
			return true;
	return false;
}

#define WHATSAPP_HOURS 23 /* it is a day, from their message; ours takes a while to get there */

json_t *asking_rules(const struct config *config)
{
	json_t *channels = json_array(), *phone = json_null(), *windows = json_object();

	for (size_t i = 0; i < config->channel_count; i++) {
		json_array_append_new(channels, json_string(config->channels[i].name));
		if (strcmp(config->channels[i].kind, "whatsapp") == 0)
			json_object_set_new(windows, config->channels[i].name, json_integer(WHATSAPP_HOURS));
		if (json_is_null(phone) && writes_to_numbers(&config->channels[i]))
			phone = json_string(config->channels[i].name);
	}
	return json_pack("{s:s,s:i,s:i,s:b,s:i,s:i,s:o,s:o,s:o,s:o}", "zone", config->asking.zone, "from", config->asking.hour_from,
		"to", config->asking.hour_to, "working_days", (int)config->asking.working_days, "reminders",
		config->asking.reminders, "days", config->asking.reminder_days, "channels", channels, "phone", phone, "windows",
		windows, "places", unicode_regions());
}

static const struct {
	const char *word, *key;
} conditions[] = {
	{"country", "countries"},
	{"programme", "programmes"},
	{"organisation", "organisations"},
	{"role", "roles"},
	{"language", "languages"},
	{"address", "addresses"},
};

static const char *key_of(struct view word)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (view_equal_nocase(word, view_of(conditions[i].word)))
			return conditions[i].key;
	return NULL;
}

static int add_condition(json_t *people, struct view condition, struct error *err)
{
	ptrdiff_t sign = view_find_char(condition, '=');
	struct view word = view_trim(view_sub(condition, 0, sign < 0 ? 0 : (size_t)sign));
	struct view values = sign < 0 ? VIEW_NULL : view_sub(condition, (size_t)sign + 1, condition.len), value;
	const char *key = key_of(word);
	json_t *list;

	if (!key)
		return error_set(err, REACH_MESSAGE,
			"\"%.*s\": say all, or country=, programme=, organisation=, role=, language= or address=, and what",
			VIEW_ARGS(view_trim(condition)));
	list = json_object_get(people, key);
	if (!list) {
		list = json_array();
		json_object_set_new(people, key, list);
	}
	while (view_next_field(&values, ',', &value)) {
		value = view_trim(value);
		if (value.len > 0)
			json_array_append_new(list, json_stringn(value.ptr, value.len));
	}
	if (json_array_size(list) == 0)
		return error_set(err, REACH_MESSAGE, "%.*s= without a value", VIEW_ARGS(word));
	return 0;
}

int asking_query(const char *query, json_t **people_out, struct error *err)
{
	struct view rest = view_trim(view_of(query)), condition;
	json_t *people;

	if (rest.len == 0)
		return error_set(err, REACH_MESSAGE, "say whom to ask: all, or conditions such as country=NP");
	people = json_object();
	if (!view_equal_nocase(rest, VIEW("all")))
		while (view_next_field(&rest, ';', &condition)) {
			if (view_trim(condition).len == 0)
				continue;
			if (add_condition(people, condition, err) < 0) {
				json_decref(people);
				return -1;
			}
		}
	*people_out = people;
	return 0;
}
