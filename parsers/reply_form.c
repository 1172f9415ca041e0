/*
 * parsers/reply_form: which form is answered, and in which language. See reply.h.
 *
 * The signs, strongest first: the request that the caller knows of; a title in the subject or the text; the quoted
 * form; a form's own regexes; most distinct labels in the practitioner's own words. Where a sign points at two forms,
 * the next one is asked.
 */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/form_match.h"

#define LANGUAGES_MAX 64

/* The newest version of each form is the one that is read, unless the caller knows which was sent. */
static bool is_current(const struct form *form)
{
	const struct form_private *private = form->compiled;

	return private->current;
}

static const struct form *hinted_form(const struct reply *reply)
{
	if (!reply->hint || !reply->hint->form)
		return NULL;
	return forms_get(reply->forms, reply->hint->form, reply->hint->form_version);
}

/* ---- titles ---- */

/* One form, or the sign that there are several. */
struct choice {
	const struct form *form;
	const char *language;
	bool several;
};

static void choose(struct choice *choice, const struct label *title)
{
	for (size_t i = 0; title && i < title->use_count; i++) {
		const struct label_use *use = &title->uses[i];

		if (!is_current(use->form))
			continue;
		if (choice->form && choice->form != use->form)
			choice->several = true;
		if (!choice->form)
			choice->language = use->language;
		choice->form = use->form;
	}
}

static struct choice form_by_subject(const struct reply *reply)
{
	const struct label_table *titles = reply->forms->titles;
	struct view subject = unicode_fold(reply->arena, reply->envelope->subject);
	const struct label **found;
	size_t count = label_find_all(titles, reply->arena, subject, &found);
	struct choice choice = {0};

	for (size_t i = 0; i < count; i++)
		choose(&choice, found[i]);
	return choice;
}

static const struct label *title_of(const struct reply *reply, size_t line)
{
	struct view text = reply->source[line].text, bare = label_trim(text);

	if (bare.len == text.len)
		return label_find_folded(reply->forms->titles, reply_fold(reply, line));
	return label_find(reply->forms->titles, reply->arena, bare);
}

/* A line that is a title and nothing else: in the own words, or in what they answer. */
static struct choice form_by_title_line(struct reply *reply, int depth)
{
	struct choice choice = {0};
	bool answers = false;

	for (size_t i = 0; i < reply->count; i++) {
		struct reply_line *l = &reply->lines[i];
		const struct label *title;

		answers |= l->hit && l->depth == 0;
		if (l->role != LINE_TEXT || l->hit || l->depth != depth || reply->blocks[l->block].practitioner)
			continue;
		title = title_of(reply, i);
		choose(&choice, title);
		/* Behind the first label it may be an answer. */
		if (title && !answers) {
			l->role = LINE_NOISE;
			l->rule = RULE_TITLE;
		}
	}
	return choice;
}

/* ---- labels ---- */

/* Notes the label's field of each form that has one. The uses of one form stand together; its first counts. */
static void count_uses(const struct reply *reply, const struct label *label, bool **seen, size_t *counts)
{
	for (size_t i = 0; i < label->use_count; i++) {
		const struct label_use *use = &label->uses[i];
		size_t form = (size_t)(use->form - reply->forms->list);

		if (!is_current(use->form) || (i > 0 && label->uses[i - 1].form == use->form))
			continue;
		if (!seen[form])
			seen[form] = ARENA_NEW_N(reply->arena, bool, use->form->field_count + 1);
		counts[form] += !seen[form][use->field->number];
		seen[form][use->field->number] = true;
	}
}

/* How many distinct fields of each form (by its place in the set) carry a label in the own words, or in our requests. */
static size_t *count_fields(const struct reply *reply, bool own)
{
	size_t *counts = ARENA_NEW_N(reply->arena, size_t, reply->forms->count + 1);
	bool **seen = ARENA_NEW_N(reply->arena, bool *, reply->forms->count + 1);

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (l->role == LINE_TEXT && l->hit && l->hit->label &&
			(own ? l->depth == 0 : reply->blocks[l->block].request))
			count_uses(reply, l->hit->label, seen, counts);
	}
	return counts;
}

static const struct form *form_by_labels(const struct reply *reply, bool own)
{
	const size_t *counts = count_fields(reply, own);
	const struct form *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < forms_count(reply->forms); i++) {
		if (counts[i] == 0 || counts[i] < most)
			continue;
		best = counts[i] == most ? NULL : forms_at(reply->forms, i);
		most = counts[i];
	}
	return best;
}

/* ---- a form's own regexes ---- */

static int match_parts(struct reply *reply, const struct form *form, const struct form_match *match, struct view *found)
{
	int matches = 0;

	for (size_t i = 0; i < reply->part_count && matches == 0; i++) {
		memset(found, 0, form->field_count * sizeof(*found));
		matches = form_match_read(match, reply->envelope->subject, reply->parts[i]->text, found);
	}
	return matches;
}

static const struct form *form_by_regex(struct reply *reply)
{
	const struct form *only = NULL;

	for (size_t i = 0; i < forms_count(reply->forms); i++) {
		const struct form *form = forms_at(reply->forms, i);
		const struct form_private *private = form->compiled;
		struct view *found;
		int matches;

		if (!private->match || !is_current(form))
			continue;
		found = ARENA_NEW_N(reply->arena, struct view, form->field_count);
		matches = match_parts(reply, form, private->match, found);
		reply->over_limit |= matches < 0;
		if (matches <= 0)
			continue;
		if (only)
			return NULL;
		only = form;
		reply->matched = found;
	}
	return only;
}

/* ---- the choice ---- */

static bool settle(struct reply *reply, struct choice choice, const char *sign)
{
	if (!choice.form || choice.several)
		return false;
	reply->form = choice.form;
	reply->sign = sign;
	reply->title_language = choice.language;
	return true;
}

/* A form that is known by its title may still be one that is read by its regexes. */
static void match_known(struct reply *reply)
{
	const struct form_private *private = reply->form->compiled;
	struct view *found;
	int matches;

	if (!private->match || reply->matched)
		return;
	found = ARENA_NEW_N(reply->arena, struct view, reply->form->field_count);
	matches = match_parts(reply, reply->form, private->match, found);
	reply->over_limit |= matches < 0;
	if (matches > 0)
		reply->matched = found;
}

static bool settle_form(struct reply *reply, const struct form *form, const char *sign)
{
	return settle(reply, (struct choice){.form = form}, sign);
}

void reply_choose_form(struct reply *reply)
{
	struct choice own = form_by_title_line(reply, 0), quoted = form_by_title_line(reply, 1);
	struct choice subject = form_by_subject(reply);

	if (settle_form(reply, hinted_form(reply), "the request that it answers"))
		reply->title_language = subject.language;
	else if (!settle(reply, subject, "its title in the subject") &&
		 !settle(reply, own, "its title in the own words") &&
		 !settle(reply, quoted, "its title in what is answered"))
		settle_form(reply, form_by_labels(reply, false), "the labels of what is answered");
	if (!reply->form)
		settle_form(reply, form_by_regex(reply), "its own regexes");
	if (!reply->form) {
		reply->matched = NULL;
		settle_form(reply, form_by_labels(reply, true), "the labels in the own words");
	}
	if (reply->form)
		match_known(reply);
}

/* ---- the language ---- */

struct tally {
	const char *language;
	size_t count;
};

static void add_use(struct tally *tallies, size_t *count, const char *language)
{
	size_t i = 0;

	while (i < *count && strcmp(tallies[i].language, language) != 0)
		i++;
	if (i == LANGUAGES_MAX)
		return;
	if (i == *count)
		tallies[(*count)++] = (struct tally){language, 0};
	tallies[i].count++;
}

const char *reply_language(const struct reply *reply, bool own, const char *or_else)
{
	struct tally tallies[LANGUAGES_MAX], best = {or_else, 0};
	size_t count = 0;

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (!l->field || l->number_only || (l->depth == 0) != own)
			continue;
		for (size_t k = 0; k < l->hit->label->use_count; k++)
			if (l->hit->label->uses[k].form == reply->form)
				add_use(tallies, &count, l->hit->label->uses[k].language);
	}
	for (size_t i = 0; i < count; i++)
		if (tallies[i].count > best.count ||
			(tallies[i].count == best.count && or_else && strcmp(tallies[i].language, or_else) == 0))
			best = tallies[i];
	return best.language;
}
