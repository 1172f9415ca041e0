/* filing/register: the forms as the database keeps them. See register.h. */
#include "filing/register.h"

#include "core/log.h"

static json_t *words_json(const struct words *words)
{
	json_t *object = json_object();

	for (size_t i = 0; i < words->count; i++)
		json_object_set_new(object, words->list[i].language, json_string(words->list[i].text));
	return object;
}

static json_t *options_json(const struct field *field)
{
	json_t *list = json_array();

	for (size_t i = 0; i < field->option_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}", "value", field->options[i].value, "label",
						    words_json(&field->options[i].label)));
	return list;
}

static json_t *field_json(const struct field *field)
{
	json_t *object = json_pack("{s:s, s:s, s:i, s:o, s:b, s:b, s:o, s:s?, s:s?}", "name", field->name, "type",
		field_type_name(field->type), "number", field->number, "label", words_json(&field->label), "required",
		(int)field->required, "theme", (int)field->theme, "options", options_json(field), "digest",
		field->digest, "default", field->fallback);

	if (field->has_min)
		json_object_set_new(object, "min", json_integer(field->min));
	if (field->has_max)
		json_object_set_new(object, "max", json_integer(field->max));
	return object;
}

/* The file a form came from is kept with it: what was sent can always be shown again. */
json_t *register_form_json(const struct form *form, struct view source)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < form->field_count; i++)
		json_array_append_new(fields, field_json(&form->fields[i]));
	return json_pack("{s:s, s:i, s:s, s:s%, s:o, s:b, s:o}", "id", form->id, "version", form->version, "sha256",
		form->source_sha256, "source", source.ptr, source.len, "title", words_json(&form->title), "sensitive",
		(int)form->sensitive, "fields", fields);
}

static int send_forms(struct db *db, const struct pipeline_sources *sources, const struct forms *forms, int64_t now,
	struct arena *arena, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	json_t *list = json_array();
	struct db_args args;
	int result;

	for (size_t i = 0; i < forms_count(forms); i++)
		json_array_append_new(list, register_form_json(forms_at(forms, i), sources->forms[i].bytes));
	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_json(&args, list);
	result = db_call(db, "api.forms_register", &args, &rows, err);
	json_decref(list);
	for (size_t i = 0; result == 0 && i < db_count(rows); i++)
		if (db_get_bool(rows, i, "fresh"))
			log_info("form", "form=%s version=%lld new=yes", db_get_string(rows, i, "form_id"),
				(long long)db_get_int(rows, i, "version"));
	return result;
}

int register_sensitive(struct db *db, const struct config *config, struct arena *arena, struct error *err)
{
	struct view *words = ARENA_NEW_N(arena, struct view, config->parse.sensitive_word_count + 1);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	for (size_t i = 0; i < config->parse.sensitive_word_count; i++)
		words[i] = view_of(config->parse.sensitive_words[i]);
	db_args_init(&args, arena);
	db_arg_text_array(&args, words, config->parse.sensitive_word_count);
	if (db_call(db, "api.sensitive_words", &args, &rows, err) < 0)
		return -1;
	if (db_get_int(rows, 0, "fresh") > 0)
		log_info("sensitive", "words=%zu new=%lld", config->parse.sensitive_word_count,
			(long long)db_get_int(rows, 0, "fresh"));
	return 0;
}

struct stop_taker {
	struct arena *arena;
	struct register_stops *stops;
};

static void take_stop(void *context, const char *word)
{
	struct stop_taker *taker = context;

	if (taker->stops->count < REGISTER_STOPS_MAX)
		taker->stops->list[taker->stops->count++] = view_of(arena_strdup(taker->arena, word));
}

int register_forms(struct db *db, const struct pipeline_sources *sources, int64_t now, struct arena *arena,
	struct register_stops *stops_out, struct error *err)
{
	struct stop_taker taker = {arena, stops_out};
	struct arena *scratch = arena_new();
	struct forms *forms = NULL;
	int result = -1;

	stops_out->count = 0;
	if (parsers_open(err) == 0 && forms_new(sources->forms, sources->form_count, sources->languages,
					      sources->language_count, &forms, err) == 0) {
		forms_stop_words(forms, take_stop, &taker);
		result = send_forms(db, sources, forms, now, scratch, err);
	}
	forms_free(&forms);
	arena_free(&scratch);
	return result;
}
