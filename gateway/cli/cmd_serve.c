/*
 * fieldpost serve: the service. One table of duties; the supervisor (core/process.h) runs each in a process of its own,
 * once the database is there. `serve --duty NAME --index N` is how it starts them, `serve --reader` how the parse duty
 * starts its sandboxed child, `serve --prover` how it has a form proven; nobody else says that.
 */
#include "cli/commands.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "core/log.h"
#include "core/process.h"
#include "delivery/delivery.h"
#include "filing/filing.h"
#include "intake/intake.h"
#include "parsers/parsers.h"
#include "store/embedded.h"
#include "store/migrate.h"
#include "web/web.h"

static const struct duty *const duties[] = {
	&intake_duty,
	&web_duty,
	&parse_duty,
	&send_duty,
	NULL,
};

/* ---- the ground: the database, at the schema this program knows ---- */

struct ground {
	struct embedded *embedded; /* NULL with database.url */
};

static void ground_close(void **ground_at)
{
	struct ground *ground = *ground_at;

	embedded_release(&ground->embedded);
	free(ground);
	*ground_at = NULL;
}

/* The private database is ours to upgrade; one that is shared is upgraded by `fieldpost db upgrade`. */
static int ground_prepare(const struct config *config, struct ground *ground, struct error *err)
{
	int applied = 0;

	if (config->database.url)
		return migrate_check(config, err);
	if (embedded_hold(config, &ground->embedded, err) < 0 || migrate_run(config, &applied, err) < 0)
		return -1;
	if (applied > 0)
		log_info("database-upgraded", "migrations=%d", applied);
	return 0;
}

static int ground_open(const struct config *config, void **ground_out, struct error *err)
{
	struct ground *ground = calloc(1, sizeof(*ground));
	void *handle = ground;

	if (!ground)
		exit(EX_OSERR);
	if (ground_prepare(config, ground, err) < 0) {
		ground_close(&handle);
		return -1;
	}
	*ground_out = ground;
	return 0;
}

static bool ground_good(void *handle)
{
	const struct ground *ground = handle;

	return !ground->embedded || embedded_running(ground->embedded);
}

/* Forms and channels that cannot be used are found before a duty begins with them. */
static int check(const struct config *config, struct error *err)
{
	struct forms *forms = NULL;

	if (channels_check(config, err) < 0)
		return -1;
	if (cli_forms(config, NULL, &forms, err) < 0)
		return -1;
	for (size_t i = 0; i < forms_count(forms); i++)
		if (form_warning(forms_at(forms, i)))
			log_warning("form", "form=%s warning=\"%s\"", forms_at(forms, i)->id,
				form_warning(forms_at(forms, i)));
	forms_free(&forms);
	return 0;
}

/* ---- the command ---- */

static const struct duty *find_duty(struct view name)
{
	for (size_t i = 0; duties[i]; i++)
		if (view_equal(view_of(duties[i]->name), name))
			return duties[i];
	return NULL;
}

static int check_only(const struct cli *cli, const char *only)
{
	struct view rest = view_of(only), name;

	while (view_next_field(&rest, ',', &name))
		if (!find_duty(view_trim(name)))
			return cli_usage(cli, "there is no duty \"%.*s\"", VIEW_ARGS(name));
	return EX_OK;
}

static int run_duty(const struct cli *cli, const char *name, const char *index_text)
{
	const struct duty *duty = find_duty(view_of(name));
	long long index = 0;

	if (!duty || view_to_int(view_of(index_text), 0, PROCESS_DUTIES_MAX, &index) < 0)
		return cli_usage(cli, "there is no duty \"%s\"", name);
	return process_duty(duty, (int)index, cli->config_path);
}

int cmd_serve(struct cli *cli, int argc, char **argv)
{
	const char *duty = cli_option(&argc, argv, "--duty"), *index = cli_option(&argc, argv, "--index");
	struct service service = {
		.duties = duties,
		.only = cli_option(&argc, argv, "--only"),
		.config_path = cli->config_path,
		.check = check,
		.ground_open = ground_open,
		.ground_good = ground_good,
		.ground_close = ground_close,
	};
	struct error err = ERROR_INIT;

	if (cli_flag(&argc, argv, "--reader"))
		return filing_child_main();
	if (cli_flag(&argc, argv, "--prover"))
		return filing_prover_main();
	if (argc > 0)
		return cli_usage(cli, "what is \"%s\"?", argv[0]);
	if (duty)
		return run_duty(cli, duty, index ? index : "0");
	if (service.only && check_only(cli, service.only) != EX_OK)
		return EX_USAGE;
	return process_supervise(&service, &err) < 0 ? cli_fail(cli, &err) : EX_OK;
}
