/* filing/prover_main: the prover itself: `fieldpost serve --prover`, its socket on descriptor 3. See prover.h. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "filing/filing.h"
#include "filing/prover.h"
#include "filing/spawn.h"

#define SOURCES_MAX 2000
#define NICENESS 10
#define KINDS (WIRE_QUOTED + 1)

struct proving {
	struct arena *arena;
	struct parse_source list[KINDS][SOURCES_MAX]; /* by the type of their frames */
	size_t count[KINDS];
	struct text payload;
	const char *id;
	int version;
	struct forms *forms;
	struct clients *clients;
};

static int take(struct proving *p, unsigned type, struct error *err)
{
	if (type >= KINDS || p->count[type] == SOURCES_MAX ||
		spawn_take_source(&p->payload, p->arena, &p->list[type][p->count[type]]) < 0)
		return error_set(err, REACH_STOP, "more than %d files", SOURCES_MAX);
	p->count[type]++;
	return 0;
}

/* "FORM VERSION" */
static int take_wish(struct proving *p, struct error *err)
{
	struct view rest = text_view(&p->payload), id;
	long long version;

	view_next_field(&rest, ' ', &id);
	if (view_to_int(rest, 1, INT32_MAX, &version) < 0)
		return error_set(err, REACH_STOP, "no form was named");
	p->id = arena_copy(p->arena, id.ptr, id.len);
	p->version = (int)version;
	return 0;
}

static int receive(struct proving *p, struct error *err)
{
	struct wire_head head;

	for (;;) {
		if (wire_receive(SPAWN_FD, &head, &p->payload, 0, err) < 0)
			return -1;
		if (head.type == WIRE_PROVE)
			return take_wish(p, err);
		if (take(p, head.type, err) < 0)
			return -1;
	}
}

static int load(struct proving *p, struct error *err)
{
	if (parsers_open(err) < 0)
		return -1;
	if (forms_new(p->list[WIRE_FORM], p->count[WIRE_FORM], p->list[WIRE_LANGUAGE], p->count[WIRE_LANGUAGE],
		    &p->forms, err) < 0)
		return -1;
	return clients_new(p->list[WIRE_CLIENT], p->count[WIRE_CLIENT], p->list[WIRE_LANGUAGE], p->count[WIRE_LANGUAGE],
		&p->clients, err);
}

static int answer(struct proving *p, const struct form *form)
{
	struct proof proof = {0};
	const char *words;
	json_t *verdict;
	char *text;
	int sent;

	form_prove(p->forms, form, p->clients, p->arena, 1, &proof);
	form_prove_quoted(p->forms, form, p->clients, p->list[WIRE_QUOTED], p->count[WIRE_QUOTED], p->arena, 1, &proof);
	words = proof.kept > 0 ? proof_failure_words(p->arena, &proof.failures[0]) : NULL;
	if (proof.failure_count > 1)
		words = arena_printf(p->arena, "%s; and %zu more: see `fieldpost forms check --form %s`", words,
			proof.failure_count - 1, form->id);
	verdict = json_pack("{s:b, s:I, s:s?}", "proven", proof.failure_count == 0, "replies",
		(json_int_t)proof.replies, "words", words);
	text = verdict ? json_dumps(verdict, JSON_COMPACT) : NULL;
	if (!text)
		abort();
	sent = wire_send(SPAWN_FD, WIRE_RESULT, 0, view_of(text), VIEW_NULL, 0, NULL);
	free(text);
	json_decref(verdict);
	return sent;
}

int filing_prover_main(void)
{
	struct proving *p = calloc(1, sizeof(*p));
	const struct rlimit limit = {PROVER_SECONDS, PROVER_SECONDS};
	struct error err = ERROR_INIT;
	const struct form *form = NULL;
	int status = EX_CONFIG;

	if (!p)
		return EX_OSERR;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, NICENESS);
	setrlimit(RLIMIT_CPU, &limit);
	p->arena = arena_new();
	text_init(&p->payload, WIRE_PAYLOAD_MAX);
	if (receive(p, &err) == 0 && load(p, &err) == 0) {
		form = forms_get(p->forms, p->id, p->version);
		if (form)
			status = answer(p, form) < 0 ? EX_IOERR : EX_OK;
		else
			error_set(&err, REACH_STOP, "there is no form %s version %d", p->id, p->version);
	}
	if (status == EX_CONFIG)
		wire_send(SPAWN_FD, WIRE_REFUSED, 0, view_of(err.text), VIEW_NULL, 0, NULL);
	clients_free(&p->clients);
	forms_free(&p->forms);
	text_release(&p->payload);
	arena_free(&p->arena);
	free(p);
	return status;
}
