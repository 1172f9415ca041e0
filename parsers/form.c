/*
 * parsers/form: the set of forms: loads them (form_load.c), compiles their fields, puts labels and titles into their
 * tables and answers questions about them. See form.h and parsers.h.
 */
#include "parsers/form.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/form_match.h"
#include "parsers/letter.h"
#include "parsers/regex.h"
#include "parsers/request.h"
#include "parsers/value.h"

const char *words_get(const struct words *words, const char *language)
{
	const char *english = NULL;

	for (size_t i = 0; i < words->count; i++) {
		if (language && strcmp(words->list[i].language, language) == 0)
			return words->list[i].text;
		if (strcmp(words->list[i].language, "en") == 0)
			english = words->list[i].text;
	}
	if (english)
		return english;
	return words->count > 0 ? words->list[0].text : NULL;
}

const struct field *form_field(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->field_count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return &form->fields[i];
	return NULL;
}

size_t forms_count(const struct forms *forms)
{
	return forms->count;
}

const struct form *forms_at(const struct forms *forms, size_t index)
{
	return index < forms->count ? &forms->list[index] : NULL;
}

const struct form *forms_get(const struct forms *forms, const char *id, int version)
{
	const struct form *best = NULL;

	for (size_t i = 0; i < forms->count; i++) {
		const struct form *form = &forms->list[i];

		if (strcmp(form->id, id) != 0)
			continue;
		if (version == form->version)
			return form;
		if (version == 0 && (!best || form->version > best->version))
			best = form;
	}
	return best;
}

const char *country_name(const struct forms *forms, const char *code, const char *language)
{
	const char *name = lexicon_country_name(forms->lexicon, code, language);

	return name ? name : code;
}

static void add_words(struct label_table *table, struct arena *arena, const struct words *words,
	const struct form *form, const struct field *field)
{
	for (size_t i = 0; i < words->count; i++)
		label_add(table, arena, words->list[i].text, (struct label_use){form, field, words->list[i].language});
}

static void add_labels(struct forms *forms, const struct form *form)
{
	add_words(forms->titles, forms->arena, &form->title, form, NULL);
	for (size_t i = 0; i < form->field_count; i++)
		add_words(forms->labels, forms->arena, &form->fields[i].label, form, &form->fields[i]);
}

/* The fields are the set's own while it is being built; afterwards nobody changes them. */
static struct field *fields_of(const struct form *form)
{
	return (struct field *)(uintptr_t)form->fields;
}

/* What cannot be compiled is a pattern or options: the error stands there. */
static int compile_error(const struct yaml_node *field, const struct error *why, struct error *err)
{
	const struct yaml_node *pattern = yaml_get(field, "pattern"), *options = yaml_get(field, "options");

	return yaml_error(pattern ? pattern : options ? options : field, err, "%s", why->text);
}

const char *form_warning(const struct form *form)
{
	const struct form_private *private = form->compiled;

	return private->warning;
}

/* A pattern that finds nothing is refused; one that may look for too long is warned of. */
static int check_pattern(
	struct forms *forms, struct form_private *private, const struct yaml_node *node, struct error *err)
{
	struct error why = ERROR_INIT;
	struct regex *regex;
	int rc;

	if (!node || regex_new(view_of(node->scalar), REGEX_UNICODE, &regex, &why) < 0)
		return 0;
	rc = form_check_regex(node, regex, err);
	regex_free(&regex);
	if (rc == 0 && form_regex_is_nested(node->scalar))
		private->warning = form_nested_warning(forms->arena, node);
	return rc;
}

static int compile_fields(struct forms *forms, const struct form *form, struct error *err)
{
	struct form_private *private = form->compiled;
	const struct yaml_node *node = private->fields ? private->fields->first : NULL;
	struct field *fields = fields_of(form);

	for (size_t i = 0; i < form->field_count; i++) {
		struct error why = ERROR_INIT;

		if (value_compile(&fields[i], forms->lexicon, forms->arena, &why) < 0)
			return node ? compile_error(node, &why, err) : error_set(err, REACH_STOP, "%s", why.text);
		if (check_pattern(forms, private, node ? yaml_get(node, "pattern") : NULL, err) < 0)
			return -1;
		node = node ? node->next : NULL;
	}
	return 0;
}

static int add_form(struct forms *forms, const struct parse_source *source, struct error *err)
{
	struct form *form = &forms->list[forms->count];

	/* Counted at once: what a half-read form holds is released as well. */
	forms->count++;
	if (form_load(forms->arena, source, form, err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < forms->count; i++)
		if (strcmp(forms->list[i].id, form->id) == 0 && forms->list[i].version == form->version)
			return error_set(err, REACH_STOP,
				"%s:1:1: version %d of the form \"%s\" is there twice; raise its version", source->file,
				form->version, form->id);
	if (compile_fields(forms, form, err) < 0)
		return -1;
	if (!form_warning(form))
		((struct form_private *)form->compiled)->warning = form_find_warning(forms, form);
	return 0;
}

int forms_new(const struct parse_source *sources, size_t source_count, const struct parse_source *languages,
	size_t language_count, struct forms **out, struct error *err)
{
	struct forms *forms;
	struct arena *arena = arena_new();

	forms = ARENA_NEW(arena, struct forms);
	forms->arena = arena;
	forms->list = ARENA_NEW_N(arena, struct form, source_count);
	forms->labels = label_table_new(arena);
	forms->titles = label_table_new(arena);
	if (lexicon_new(languages, language_count, &forms->lexicon, err) < 0 ||
		letter_load(forms, languages, language_count, err) < 0)
		goto undo;
	for (size_t i = 0; i < source_count; i++)
		if (add_form(forms, &sources[i], err) < 0)
			goto undo;
	for (size_t i = 0; i < forms->count; i++) {
		struct form_private *private = forms->list[i].compiled;

		private->current = forms_get(forms, forms->list[i].id, 0) == &forms->list[i];
		add_labels(forms, &forms->list[i]);
	}
	request_prepare(forms);
	*out = forms;
	return 0;
undo:
	forms_free(&forms);
	return -1;
}

static void release_form(const struct form *form)
{
	struct form_private *private = form->compiled;
	struct field *fields = fields_of(form);

	for (size_t i = 0; i < form->field_count; i++)
		value_release(&fields[i]);
	if (private)
		form_match_free(&private->match);
}

void forms_free(struct forms **forms)
{
	struct arena *arena;

	if (!*forms)
		return;
	for (size_t i = 0; i < (*forms)->count; i++)
		release_form(&(*forms)->list[i]);
	lexicon_free(&(*forms)->lexicon);
	arena = (*forms)->arena;
	*forms = NULL;
	arena_free(&arena);
}
