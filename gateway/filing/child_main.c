/*
 * filing/child_main: the sandboxed reader itself. It compiles the forms it is handed, shuts itself in, and turns
 * messages into results until its socket ends. See filing.h; the other end is child.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/unicode.h"
#include "filing/filing.h"
#include "filing/sandbox.h"
#include "filing/spawn.h"
#include "pipeline.h"

#define SOURCES_MAX 2000
#define NAMES_MAX 100 /* of servers */

struct reader {
	struct arena *sources; /* of the forms and languages */
	struct arena *message; /* of one message */
	struct parse_source form[SOURCES_MAX], language[SOURCES_MAX];
	size_t form_count, language_count;
	struct view server[NAMES_MAX], border[NAMES_MAX];
	struct mail_trust trust;
	struct forms *forms;
	struct text payload;
	struct request_hint hint; /* of the message that comes next */
	bool hooks; /* tests may plant a fault, see plant_fault() */
	pid_t holder;
};

static int take_source(struct reader *reader, struct parse_source *list, size_t *count, struct error *err)
{
	if (*count == SOURCES_MAX || spawn_take_source(&reader->payload, reader->sources, &list[*count]) < 0)
		return error_set(err, REACH_STOP, "more than %d files of forms or languages", SOURCES_MAX);
	++*count;
	return 0;
}

static int take_name(struct reader *reader, struct view *list, size_t *count, struct error *err)
{
	struct parse_source name;

	if (*count == NAMES_MAX || spawn_take_source(&reader->payload, reader->sources, &name) < 0)
		return error_set(err, REACH_STOP, "more than %d names of servers", NAMES_MAX);
	list[(*count)++] = view_of(name.file);
	return 0;
}

static int take_one(struct reader *reader, enum wire_type type, struct error *err)
{
	switch (type) {
	case WIRE_FORM:
		return take_source(reader, reader->form, &reader->form_count, err);
	case WIRE_LANGUAGE:
		return take_source(reader, reader->language, &reader->language_count, err);
	case WIRE_SERVER:
		return take_name(reader, reader->server, &reader->trust.server_count, err);
	case WIRE_BORDER:
		return take_name(reader, reader->border, &reader->trust.border_count, err);
	default:
		return error_set(err, REACH_STOP, "a frame out of turn");
	}
}

static int start(struct reader *reader, struct error *err)
{
	if (parsers_open(err) < 0)
		return -1;
	if (forms_new(reader->form, reader->form_count, reader->language, reader->language_count, &reader->forms, err) <
		0)
		return -1;
	return sandbox_enter(err);
}

static int set_up(struct reader *reader)
{
	struct error err = ERROR_INIT;
	struct wire_head head;
	int result = 0;

	while (result == 0) {
		if (wire_receive(SPAWN_FD, &head, &reader->payload, 0, &err) < 0)
			return -1;
		if (head.type == WIRE_START)
			break;
		result = take_one(reader, head.type, &err);
	}
	reader->trust.servers = reader->server;
	reader->trust.border = reader->border;
	if (result == 0)
		result = start(reader, &err);
	if (result == 0)
		return wire_send(SPAWN_FD, WIRE_READY, 0, VIEW_NULL, VIEW_NULL, 0, &err);
	wire_send(SPAWN_FD, WIRE_REFUSED, 0, view_of(err.text), VIEW_NULL, 0, NULL);
	return -1;
}

/*
 * With FIELDPOST_TEST_FAULTS in the environment a mail's own header plants a fault, so that the tests can show what
 * the holder and the filter make of it: `X-Test-Fault: crash | hang | socket | exec | open | kill | broken | forged`.
 */
static void plant_fault(const struct reader *reader, struct view raw)
{
	char *const argv[] = {(char[]){"true"}, NULL};
	struct view head = view_sub(raw, 0, 4096);
	ptrdiff_t at = view_find(head, VIEW("X-Test-Fault: "));
	struct view fault;

	if (at < 0)
		return;
	fault = view_sub(head, (size_t)at + 14, 8);
	if (view_starts(fault, VIEW("crash")))
		raise(SIGSEGV);
	while (view_starts(fault, VIEW("hang")))
		continue;
	if (view_starts(fault, VIEW("socket")))
		close(socket(AF_INET, SOCK_STREAM, 0));
	if (view_starts(fault, VIEW("exec")))
		execv("/bin/true", argv);
	if (view_starts(fault, VIEW("kill")))
		tgkill(reader->holder, reader->holder, SIGKILL);
	/* An answer that is no JSON, and one that speaks for another message as well. */
	if (view_starts(fault, VIEW("broken")))
		wire_send(SPAWN_FD, WIRE_RESULT, 0, VIEW("{\"outcome\":\"\\u0000\"}"), VIEW_NULL, 0, NULL);
	if (view_starts(fault, VIEW("forged")))
		wire_send(SPAWN_FD, WIRE_RESULT, 0, VIEW("{\"outcome\":\"ignored\"}},{\"message_id\":1,\"result\":{}"),
			VIEW_NULL, 0, NULL);
	/* A file that opens is the fault; one that is refused leaves the message to be read as it is. */
	if (view_starts(fault, VIEW("open")) && open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		abort();
}

/* Splits what comes before the text of a channel's message off. */
static void take_talk(struct pipeline_message *message)
{
	ptrdiff_t end = view_find_char(message->raw, '\0');

	if (end < 0)
		abort();
	message->channel = true;
	message->talk = view_sub(message->raw, 0, (size_t)end);
	message->raw = view_sub(message->raw, (size_t)end + 1, message->raw.len);
}

/* It lives as long as what is made of the message. */
static void take_hint(struct reader *reader)
{
	struct view rest = text_view(&reader->payload), reference = VIEW_NULL, form = VIEW_NULL, version = VIEW_NULL;
	long long number = 0;

	if (!view_next_line(&rest, &reference) || !view_next_line(&rest, &form) || !view_next_line(&rest, &version) ||
		view_to_int(version, 0, INT32_MAX, &number) < 0)
		abort();
	reader->hint.reference = reference.len ? arena_copy(reader->message, reference.ptr, reference.len) : NULL;
	reader->hint.form = arena_copy(reader->message, form.ptr, form.len);
	reader->hint.form_version = (int)number;
}

static int answer(struct reader *reader, const struct wire_head *head)
{
	struct pipeline_message message = {
		.raw = text_view(&reader->payload),
		.channel = head->type == WIRE_MESSAGE,
		.over_size = (head->flags & WIRE_OVER_SIZE) != 0,
		.trust = &reader->trust,
		.hint = reader->hint,
	};
	json_t *json;
	char *text;
	int sent;

	if (head->type == WIRE_TALK)
		take_talk(&message);
	if (reader->hooks)
		plant_fault(reader, message.raw);
	json = pipeline_read_filing(reader->forms, reader->message, &message);
	text = json_dumps(json, JSON_COMPACT);
	if (!text)
		abort();
	sent = wire_send(SPAWN_FD, WIRE_RESULT, 0, view_of(text), VIEW_NULL, 0, NULL);
	free(text);
	json_decref(json);
	reader->hint = (struct request_hint){0};
	arena_reset(reader->message);
	return sent;
}

int filing_child_main(void)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	struct wire_head head;

	if (!reader)
		return EX_OSERR;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* the holder ends it: a stop lets the message at hand be filed */
	signal(SIGINT, SIG_IGN);
	reader->hooks = getenv("FIELDPOST_TEST_FAULTS") != NULL;
	reader->holder = getppid();
	reader->sources = arena_new();
	reader->message = arena_new();
	text_init(&reader->payload, WIRE_PAYLOAD_MAX);
	if (set_up(reader) < 0)
		return EX_CONFIG;
	while (wire_receive(SPAWN_FD, &head, &reader->payload, 0, NULL) == 0) {
		if (head.type == WIRE_HINT)
			take_hint(reader);
		else if (answer(reader, &head) < 0)
			break;
	}
	text_release(&reader->payload);
	forms_free(&reader->forms);
	arena_free(&reader->message);
	arena_free(&reader->sources);
	free(reader);
	return EX_OK;
}
