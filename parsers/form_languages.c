/* parsers/form_languages: is everything that people are sent there in each language of the title? See form.h. */
#include "parsers/form.h"

#include <string.h>

struct gaps {
	const struct forms *forms;
	const struct form *form;
	const char *first; /* in words; NULL: none yet */
	size_t count;
};

static void found(struct gaps *gaps, const struct yaml_node *at, const char *what)
{
	if (gaps->count++ == 0)
		gaps->first = arena_printf(gaps->forms->arena, "%s:%d:%d: %s", at->file, at->line, at->column, what);
}

static bool titled(const struct form *form, const char *language)
{
	for (size_t i = 0; i < form->title.count; i++)
		if (strcmp(form->title.list[i].language, language) == 0)
			return true;
	return false;
}

/* A text by language that is sent: `what` it is, for people. */
static void look_at(struct gaps *gaps, const struct yaml_node *texts, const char *what)
{
	struct arena *arena = gaps->forms->arena;

	for (size_t i = 0; texts && i < gaps->form->title.count; i++) {
		const char *language = gaps->form->title.list[i].language;

		if (!yaml_get(texts, language))
			found(gaps, texts,
				arena_printf(arena,
					"the %s has no \"%s\", a language of the title; another language's stands there",
					what, language));
	}
	for (const struct yaml_node *text = texts ? texts->first : NULL; text; text = text->next)
		if (!titled(gaps->form, text->key))
			found(gaps, text,
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

static void look_for_words(struct gaps *gaps, const struct yaml_node *at)
{
	for (size_t i = 0; i < gaps->form->title.count; i++)
		if (!has_words(gaps->forms, gaps->form->title.list[i].language))
			found(gaps, at,
				arena_printf(gaps->forms->arena,
					"no file of languages has the words of \"%s\": its requests are English around "
					"the labels",
					gaps->form->title.list[i].language));
}

const char *form_language_warning(const struct forms *forms, const struct form *form)
{
	const struct form_private *private = form->compiled;
	struct gaps gaps = {.forms = forms, .form = form};

	for (const struct yaml_node *field = private->fields ? private->fields->first : NULL; field;
		field = field->next) {
		const struct yaml_node *options = yaml_get(field, "options");

		if (!yaml_get(field, "label"))
			continue; /* never asked: found by a regex */
		if (field == private->fields->first)
			look_for_words(&gaps, yaml_get(field, "label"));
		look_at(&gaps, yaml_get(field, "label"), "label");
		look_at(&gaps, yaml_get(field, "hint"), "hint");
		for (const struct yaml_node *option = options ? options->first : NULL; option; option = option->next)
			look_at(&gaps, yaml_get(option, "label"), "option's label");
	}
	return gaps.count > 1 ? arena_printf(forms->arena, "%s; and %zu more", gaps.first, gaps.count - 1) : gaps.first;
}
