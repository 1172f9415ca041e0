/*
 * Form match (private to parsers/): a form's own regexes, for mail that was not asked for (partner systems, fixed
 * reports).
 *
 *     match:
 *       subject: '^Incident report'
 *       body: '(?s)^Country: (?<country>.*?)\nWhat happened: (?<lesson>.*)'
 *
 * Named groups are fields of the form; where the form has no `fields:`, each group makes one of type text. All that is
 * given must match. ^ and $ match at every line. regex.h sets the limits, so that no mail can hold up the reader.
 */
#ifndef PARSERS_FORM_MATCH_H
#define PARSERS_FORM_MATCH_H

#include "base/yaml.h"
#include "parsers/parsers.h"

struct form_match;

int form_match_load(struct arena *arena, const struct yaml_node *node, struct form *form, struct form_match **out,
	struct error *err);
void form_match_free(struct form_match **match);

/*
 * found: one view a field of the form, into subject or body, empty where its group took no part. 1: matches; 0: does
 * not; -1: a limit was reached.
 */
int form_match_read(const struct form_match *match, struct view subject, struct view body, struct view *found);

#endif
