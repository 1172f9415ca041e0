/* cli: what every command needs: options, errors, the config. See cli.h. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does the sentence begin with FILE:LINE:COLUMN? */
static bool has_place(const char *sentence)
{
	for (const char *p = strchr(sentence, ':'); p; p = strchr(p + 1, ':')) {
		size_t line = strspn(p + 1, "0123456789"), column;

		if (line == 0 || p[1 + line] != ':')
			continue;
		column = strspn(p + 2 + line, "0123456789");
		if (column > 0 && p[2 + line + column] == ':')
			return true;
	}
	return false;
}

static int exit_status(enum error_reach reach)
{
	switch (reach) {
	case REACH_RETRY:
	case REACH_UNCERTAIN:
		return EX_TEMPFAIL;
	case REACH_MESSAGE:
		return EX_DATAERR;
	case REACH_SOURCE:
		return EX_UNAVAILABLE;
	case REACH_STOP:
		return EX_CONFIG;
	case REACH_NONE:
		break;
	}
	return EX_SOFTWARE;
}

int cli_fail(const struct cli *cli, const struct error *err)
{
	if (has_place(err->text))
		fprintf(stderr, "%s\n", err->text);
	else
		fprintf(stderr, "fieldpost %s: %s\n", cli->command, err->text);
	return exit_status(err->reach);
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	const struct command *command = cli_commands;
	va_list args;

	while (command->name && strcmp(command->name, cli->command) != 0)
		command++;
	fprintf(stderr, "fieldpost %s: ", cli->command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nusage: fieldpost %s%s%s\n", cli->command, command->name && *command->usage ? " " : "",
		command->name ? command->usage : "");
	return EX_USAGE;
}

int cli_config(struct cli *cli, struct config **out, struct error *err)
{
	return config_load(cli->config_path, out, err);
}

static void take_off(int *argc, char **argv, int at, int count)
{
	memmove(argv + at, argv + at + count, (size_t)(*argc - at - count + 1) * sizeof(*argv));
	*argc -= count;
}

const char *cli_option(int *argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = NULL;

		if (strncmp(argv[i], name, len) != 0)
			continue;
		if (argv[i][len] == '=') {
			value = argv[i] + len + 1;
			take_off(argc, argv, i, 1);
		} else if (argv[i][len] == '\0' && i + 1 < *argc) {
			value = argv[i + 1];
			take_off(argc, argv, i, 2);
		}
		if (value)
			return value;
	}
	return NULL;
}

bool cli_flag(int *argc, char **argv, const char *name)
{
	for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], name) == 0) {
			take_off(argc, argv, i, 1);
			return true;
		}
	return false;
}

const char *cli_file_words(void)
{
	return errno == EACCES ? "Permission denied (of the user that Fieldpost runs as)" : strerror(errno);
}

/* Who logs in, for the audit. */
const char *cli_actor(struct arena *arena)
{
	const char *before = getenv("SUDO_USER");
	const struct passwd *user = getpwuid(getuid());

	return arena_printf(arena, "cli:%.100s", before ? before : user ? user->pw_name : "?");
}

int cli_write_file(const char *path, struct view bytes, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t wrote = 0;

	if (fd < 0)
		return error_set(err, REACH_STOP, "%s: %s", path, cli_file_words());
	for (size_t at = 0; at < bytes.len && wrote >= 0; at += wrote > 0 ? (size_t)wrote : 0)
		wrote = write(fd, bytes.ptr + at, bytes.len - at);
	if (close(fd) < 0 || wrote < 0)
		return error_set(err, REACH_STOP, "%s: %s", path, strerror(errno));
	return 0;
}
