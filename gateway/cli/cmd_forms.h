/* The parts of `fieldpost forms` that stand in files of their own. */
#ifndef CLI_CMD_FORMS_H
#define CLI_CMD_FORMS_H

#include "cli/cli.h"
#include "parsers/parsers.h"

/* forms check: argv[0] is the first word behind "check". */
int forms_check(struct cli *cli, int argc, char **argv);

/*
 * What the service would send with a form besides the request, in each of its languages: a reminder, and acknowledgements
 * of one reply that was understood and one of which much is open, as text and HTML (cmd_forms_letters.c). Their names
 * begin with the form's id. -1: one cannot be written.
 */
#define FORMS_LETTERS_MAX 8 /* sources of a language */
int forms_letters(struct cli *cli, const struct forms *forms, const struct form *form, const struct clients *clients,
	struct parse_source *out, size_t *count, struct error *err);

#endif
