/* filing/force: which of the folder's forms are in force. See force.h. */
#include "filing/force.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "filing/register.h"

/* ---- the rules ---- */

static void digest_sources(EVP_MD_CTX *context, const struct parse_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t len = sources[i].bytes.len; /* so that two files cannot stand for one */

		EVP_DigestUpdate(context, &len, sizeof(len));
		EVP_DigestUpdate(context, sources[i].bytes.ptr ? sources[i].bytes.ptr : "", sources[i].bytes.len);
	}
}

static const char *digest_rules(
	const struct pipeline_sources *folder, const struct pipeline_clients *clients, struct arena *arena)
{
	static const char program[] = FIELDPOST_VERSION;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const char *hex = "";

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, program, sizeof(program));
	digest_sources(context, folder->languages, folder->language_count);
	digest_sources(context, clients->clients, clients->client_count);
	digest_sources(context, clients->texts, clients->text_count);
	EVP_DigestFinal_ex(context, sum, &len);
	EVP_MD_CTX_free(context);
	for (unsigned i = 0; i < len; i++)
		hex = arena_printf(arena, "%s%02x", hex, sum[i]);
	return hex;
}

int force_rules_load(const struct config *config, const struct pipeline_sources *folder, struct arena *arena,
	struct force_rules *out, struct error *err)
{
	if (pipeline_clients_load(config, NULL, arena, &out->clients, err) < 0 ||
		pipeline_proven_load(config, arena, &out->listed, err) < 0)
		return -1;
	out->against = digest_rules(folder, &out->clients, arena);
	return 0;
}

/* ---- weighing ---- */

struct weighing {
	const struct pipeline_sources *folder;
	const struct forms *forms;  /* of the folder, in its order */
	const struct db_rows *rows; /* a row a form */
	struct arena *arena;
	struct force *force;
	bool older; /* versions that the database keeps may stand in */
	bool mixed; /* one does */
};

static int ask(struct db *db, const struct weighing *w, const struct force_rules *rules, struct db_rows **rows_out,
	struct error *err)
{
	json_t *list = json_array();
	struct db_args args;
	int result;

	for (size_t i = 0; i < forms_count(w->forms); i++) {
		const struct form *form = forms_at(w->forms, i);
		json_t *json = register_form_json(form, w->folder->forms[i].bytes);

		json_object_set_new(
			json, "listed", json_boolean(pipeline_is_proven(rules->listed, form->source_sha256)));
		json_array_append_new(list, json);
	}
	db_args_init(&args, w->arena);
	db_arg_json(&args, list);
	db_arg_string(&args, rules->against);
	result = db_call(db, "api.forms_weigh", &args, rows_out, err);
	json_decref(list);
	return result;
}

static bool verdict_is(const struct weighing *w, size_t row, const char *verdict)
{
	return strcmp(db_get_string(w->rows, row, "verdict"), verdict) == 0;
}

static bool comes_into_force(const struct weighing *w, size_t row)
{
	return verdict_is(w, row, "proven") || db_get_bool(w->rows, row, "kept");
}

/* Is that version among what the folder itself brings into force? */
static bool is_there(const struct weighing *w, const char *id, int64_t version)
{
	for (size_t i = 0; i < forms_count(w->forms); i++) {
		const struct form *form = forms_at(w->forms, i);

		if (strcmp(form->id, id) == 0 && form->version == version && comes_into_force(w, i))
			return true;
	}
	return false;
}

static bool has_older(const struct weighing *w, size_t row)
{
	return w->older && !db_is_null(w->rows, row, "older_version");
}

static void add_source(struct weighing *w, const char *file, struct view bytes)
{
	w->force->sources.forms[w->force->sources.form_count++] = (struct parse_source){file, bytes};
}

/* The version that stays in force while this one is not. Two files of one form need it but once. */
static void add_older(struct weighing *w, size_t row, const struct form *form)
{
	int64_t version = db_get_int(w->rows, row, "older_version");
	struct view source = db_get_view(w->rows, row, "older_source");
	const char *file =
		arena_printf(w->arena, "%s version %lld, as the database keeps it", form->id, (long long)version);

	if (!has_older(w, row) || is_there(w, form->id, version))
		return;
	for (size_t i = 0; i < w->force->sources.form_count; i++)
		if (strcmp(w->force->sources.forms[i].file, file) == 0)
			return;
	w->mixed = true;
	add_source(w, file, (struct view){arena_copy(w->arena, source.ptr, source.len), source.len});
}

static void add_alarm(struct weighing *w, size_t row, const struct form *form)
{
	const char *stays = "no version of it is in force";

	if (db_get_bool(w->rows, row, "kept"))
		stays = "it stays in force as it was";
	else if (has_older(w, row))
		stays = arena_printf(w->arena, "version %lld stays in force until it is mended",
			(long long)db_get_int(w->rows, row, "older_version"));
	json_array_append_new(
		w->force->alarms, json_pack("{s:s, s:s}", "form", form->id, "text",
					  arena_printf(w->arena, "%s version %d: %s; %s", form->id, form->version,
						  db_get_string(w->rows, row, "words"), stays)));
}

static void add_pending(struct weighing *w, size_t row, const struct form *form)
{
	struct force *force = w->force;

	if (!force->pending.id)
		force->pending = (struct force_pending){
			arena_strdup(w->arena, form->id), arena_strdup(w->arena, form->source_sha256), form->version};
	force->must_wait |= !comes_into_force(w, row) && !has_older(w, row);
}

static void decide(struct weighing *w, size_t row)
{
	const struct form *form = forms_at(w->forms, row);

	if (verdict_is(w, row, "unproven"))
		add_pending(w, row, form);
	else if (!verdict_is(w, row, "proven"))
		add_alarm(w, row, form);
	if (comes_into_force(w, row))
		add_source(w, w->folder->forms[row].file, w->folder->forms[row].bytes);
	else
		add_older(w, row, form);
}

/* Do the forms in force compile together? A version of old may have been made for an older program. */
static bool compiles(const struct force *force)
{
	const struct pipeline_sources *s = &force->sources;
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;
	bool well = forms_new(s->forms, s->form_count, s->languages, s->language_count, &forms, &err) == 0;

	forms_free(&forms);
	return well;
}

static void decide_all(struct weighing *w)
{
	struct force *force = w->force;

	for (int pass = 0; pass < 2; pass++) {
		force_release(force);
		*force = (struct force){.alarms = json_array()};
		force->sources.languages = w->folder->languages;
		force->sources.language_count = w->folder->language_count;
		force->sources.trust = w->folder->trust;
		force->sources.forms = ARENA_NEW_N(w->arena, struct parse_source, w->folder->form_count + 1);
		w->older = pass == 0;
		w->mixed = false;
		for (size_t i = 0; i < forms_count(w->forms); i++)
			decide(w, i);
		if (!w->mixed || compiles(force))
			return;
	}
}

/* ---- what was sent ---- */

/* Does a newer version of that form come into force? (An older one, or a form that is no more, would bring it back.) */
static bool is_replaced(const struct forms *forms, const char *id, int64_t version)
{
	const struct form *form = forms_get(forms, id, 0);

	return form && form->version > version && !forms_get(forms, id, (int)version);
}

/* Old versions that were sent stand beside the ones in force: only what names them is read with them. */
static void add_sent(const struct forms *forms, const struct db_rows *rows, struct arena *arena, struct force *force)
{
	struct pipeline_sources *s = &force->sources;
	struct parse_source *list = ARENA_NEW_N(arena, struct parse_source, s->form_count + FORCE_SENT_MAX);
	struct parse_source *before = s->forms;
	size_t count = s->form_count;

	for (size_t i = 0; i < count; i++)
		list[i] = before[i];
	s->forms = list;
	for (size_t row = 0; row < db_count(rows) && s->form_count < count + FORCE_SENT_MAX; row++) {
		const char *id = db_get_string(rows, row, "form_id");
		int64_t version = db_get_int(rows, row, "version");
		struct view source = db_get_view(rows, row, "source");

		if (!is_replaced(forms, id, version))
			continue;
		list[s->form_count++] = (struct parse_source){
			arena_printf(arena, "%s version %lld, as it was sent", id, (long long)version),
			(struct view){arena_copy(arena, source.ptr, source.len), source.len}};
	}
	if (s->form_count == count || compiles(force))
		return;
	log_warning("form", "old_versions=%zu: they do not compile beside the forms in force, and are left out",
		s->form_count - count);
	s->form_count = count;
}

static int find_sent(struct db *db, int64_t now, struct arena *arena, struct force *force, struct error *err)
{
	const struct pipeline_sources *s = &force->sources;
	DB_ROWS_SCOPED *rows = NULL;
	struct forms *forms = NULL;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, now);
	if (db_call(db, "api.forms_sent", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return 0;
	if (forms_new(s->forms, s->form_count, s->languages, s->language_count, &forms, err) < 0)
		return -1;
	add_sent(forms, rows, arena, force);
	forms_free(&forms);
	return 0;
}

int force_find(struct db *db, const struct pipeline_sources *folder, const struct force_rules *rules,
	struct arena *arena, struct force *out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct forms *forms = NULL;
	struct weighing w = {.folder = folder, .arena = arena, .force = out};
	int result = -1;

	*out = (struct force){0};
	if (parsers_open(err) < 0 || forms_new(folder->forms, folder->form_count, folder->languages,
					     folder->language_count, &forms, err) < 0)
		return -1;
	w.forms = forms;
	if (ask(db, &w, rules, &rows, err) == 0) {
		w.rows = rows;
		decide_all(&w);
		result = find_sent(db, clock_now(), arena, out, err);
	}
	forms_free(&forms);
	return result;
}

void force_release(struct force *force)
{
	json_decref(force->alarms);
	force->alarms = NULL;
}

/* ---- telling and keeping ---- */

int force_tell(struct db *db, int64_t now, const struct force *force, struct arena *arena, struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_json(&args, force->alarms);
	return db_call(db, "api.forms_alarms", &args, NULL, err);
}

int force_record(struct db *db, int64_t now, const struct force_pending *form, const json_t *verdict,
	const struct force_rules *rules, struct arena *arena, struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_string(&args, form->sha256);
	db_arg_string(&args, form->id);
	db_arg_int(&args, form->version);
	db_arg_bool(&args, json_is_true(json_object_get(verdict, "proven")));
	db_arg_string(&args, rules->against);
	db_arg_string(&args, json_string_value(json_object_get(verdict, "words")));
	db_arg_int(&args, json_integer_value(json_object_get(verdict, "replies")));
	return db_call(db, "api.form_proved", &args, NULL, err);
}
