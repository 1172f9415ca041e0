/* fieldpost config sample|docs: what the table of options says. See core/config.h. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MAX ((size_t)1024 * 1024)

int cmd_config(struct cli *cli, int argc, char **argv)
{
	TEXT_SCOPED page;
	int rc;

	text_init(&page, PAGE_MAX);
	if (argc == 1 && strcmp(argv[0], "sample") == 0)
		rc = config_sample(&page);
	else if (argc == 1 && strcmp(argv[0], "docs") == 0)
		rc = config_docs(&page);
	else
		return cli_usage(cli, "say sample (a config with every option) or docs (the reference page)");
	if (rc < 0)
		return EX_SOFTWARE;
	fputs(text_string(&page), stdout);
	return EX_OK;
}
