/* cli/queue: which stored messages a command is about. See queue.h. */
#include "cli/queue.h"

#include <string.h>

#define MESSAGES_MAX 10000

void queue_list(json_t *wanted, const char *key, const char *option, int *argc, char **argv)
{
	const char *value;

	while ((value = cli_option(argc, argv, option))) {
		if (!json_object_get(wanted, key))
			json_object_set_new(wanted, key, json_array());
		json_array_append_new(json_object_get(wanted, key), json_string(value));
	}
}

static bool is_day(const char *text)
{
	return strlen(text) == 10 && strspn(text, "0123456789-") == 10 && text[4] == '-' && text[7] == '-';
}

int queue_day(struct cli *cli, json_t *wanted, const char *key, const char *option, int *argc, char **argv)
{
	const char *value = cli_option(argc, argv, option);

	if (!value)
		return EX_OK;
	if (!is_day(value))
		return cli_usage(cli, "%s is a day like 2026-03-31", option);
	json_object_set_new(wanted, key, json_string(value));
	return EX_OK;
}

static int check_states(struct cli *cli, const json_t *states)
{
	static const char *const known[] = {"filed", "review", "held", "failed", NULL};
	const json_t *state;
	size_t i, k;

	json_array_foreach(states, i, state)
	{
		for (k = 0; known[k] && strcmp(known[k], json_string_value(state)) != 0; k++)
			;
		if (!known[k])
			return cli_usage(cli, "--state is filed, review, held or failed");
	}
	return EX_OK;
}

int queue_options(struct cli *cli, int *argc, char **argv, json_t *wanted)
{
	const char *assigned = cli_option(argc, argv, "--assigned");

	queue_list(wanted, "states", "--state", argc, argv);
	queue_list(wanted, "reasons", "--why", argc, argv);
	queue_list(wanted, "forms", "--form", argc, argv);
	queue_list(wanted, "languages", "--language", argc, argv);
	if (assigned)
		json_object_set_new(wanted, "assigned", json_string(assigned));
	if (check_states(cli, json_object_get(wanted, "states")) || queue_day(cli, wanted, "since", "--since", argc, argv))
		return EX_USAGE;
	return queue_day(cli, wanted, "until", "--until", argc, argv);
}

int queue_messages(struct cli *cli, int argc, char **argv, json_t *wanted)
{
	json_t *list = json_array();
	long long number;

	if (argc > 0)
		json_object_set(wanted, "messages", list);
	for (int i = 0; i < argc; i++) {
		if (view_to_int(view_of(argv[i]), 1, INT64_MAX, &number) < 0) {
			json_decref(list);
			return cli_usage(cli, "\"%s\" is no message's number", argv[i]);
		}
		json_array_append_new(list, json_integer(number));
	}
	json_decref(list);
	return argc > MESSAGES_MAX ? cli_usage(cli, "at most %d messages at once", MESSAGES_MAX) : EX_OK;
}
