/*
 * parsers/form_warnings: what is no error but surely not meant: a text that people are sent and that lacks a language of
 * the title, a second theme, a field "sharing" that does not say how a reply may be shared. See form.h.
 */
#include "parsers/form.h"

#include <string.h>

struct warnings {
	const struct forms *forms;
	const struct form *form;
	const char *first; /* in words; NULL: none yet */
	size_t count;
};

static void found(struct warnings *warnings, const struct yaml_node *at, const char *what)
{
	if (warnings->count++ == 0)
		warnings->first = arena_printf(warnings->forms->arena, "%s:%d:%d: %s", at->file, at->line, at->column, what);
}

static bool titled(const struct form *form, const char *language)
{
	for (size_t i = 0; i < form->title.count; i++)
		if (strcmp(form->title.list[i].language, language) == 0)
			return true;
	return false;
}

/* A text by language that is sent: `what` it is, for people. */
static void look_at(struct warnings *warnings, const struct yaml_node *texts, const char *what)
{
	struct arena *arena = warnings->forms->arena;

	for (size_t i = 0; texts && i < warnings->form->title.count; i++) {
		const char *language = warnings->form->title.list[i].language;

		if (!yaml_get(texts, language))
			found(warnings, texts,
				arena_printf(arena,
					"the %s has no \"%s\", a language of the title; another language's stands there",
					what, language));
	}
	for (const struct yaml_node *text = texts ? texts->first : NULL; text; text = text->next)
		if (!titled(warnings->form, text->key))
			found(warnings, text,
				arena_printf(arena, "\"%s\" is no language of the title: nobody is asked in it",
					text->key));
}

static bool has_words(const struct forms *forms, const char *language)
{
	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++)
		if (strcmp(lexicon_language(forms->lexicon, i), language) == 0)
			return true;
	return false;
}

static void look_for_words(struct warnings *warnings, const struct yaml_node *at)
{
	for (size_t i = 0; i < warnings->form->title.count; i++)
		if (!has_words(warnings->forms, warnings->form->title.list[i].language))
			found(warnings, at,
				arena_printf(warnings->forms->arena,
					"no file of languages has the words of \"%s\": its requests are English around "
					"the labels",
					warnings->form->title.list[i].language));
}

/* Only the first theme groups the lines of a digest. */
static void look_at_theme(struct warnings *warnings, const struct yaml_node *field, const struct field *one)
{
	for (const struct field *other = warnings->form->fields; one->theme && other < one; other++)
		if (other->theme) {
			found(warnings, yaml_get(field, "theme"),
				arena_printf(warnings->forms->arena, "the field \"%s\" is the theme already: this one is not",
					other->name));
			return;
		}
}

static bool is_level(const char *value)
{
	return strcmp(value, "open") == 0 || strcmp(value, "no-name") == 0 || strcmp(value, "restricted") == 0;
}

/* How a reply may be shared is the answer to the field of that name: what is none of the levels is the strictest. */
static void look_at_sharing(struct warnings *warnings, const struct yaml_node *field, const struct field *one)
{
	bool good = one->type == FIELD_CHOICE;

	if (strcmp(one->name, "sharing") != 0)
		return;
	for (size_t i = 0; i < one->option_count; i++)
		good = good && is_level(one->options[i].value);
	if (!good)
		found(warnings, field,
			"the field \"sharing\" is no choice of open, no-name and restricted: a reply with another "
			"answer is restricted");
}

static void look_at_texts(struct warnings *warnings, const struct yaml_node *field)
{
	const struct yaml_node *options = yaml_get(field, "options");

	if (!yaml_get(field, "label"))
		return; /* never asked: found by a regex */
	look_at(warnings, yaml_get(field, "label"), "label");
	look_at(warnings, yaml_get(field, "hint"), "hint");
	for (const struct yaml_node *option = options ? options->first : NULL; option; option = option->next)
		look_at(warnings, yaml_get(option, "label"), "option's label");
}

const char *form_find_warning(const struct forms *forms, const struct form *form)
{
	const struct form_private *private = form->compiled;
	const struct yaml_node *field = private->fields ? private->fields->first : NULL;
	struct warnings warnings = {.forms = forms, .form = form};

	if (field && yaml_get(field, "label"))
		look_for_words(&warnings, yaml_get(field, "label"));
	for (const struct field *one = form->fields; field; field = field->next, one++) {
		look_at_texts(&warnings, field);
		look_at_theme(&warnings, field, one);
		look_at_sharing(&warnings, field, one);
	}
	if (warnings.count > 1)
		return arena_printf(forms->arena, "%s; and %zu more", warnings.first, warnings.count - 1);
	return warnings.first;
}
