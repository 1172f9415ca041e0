/* core/log: one line an event, to standard error. See log.h. */
#include "core/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unicode.h"
#include "core/clock.h"

#define VALUE_BUFFERS 8
#define VALUE_SIZE (LOG_VALUE_MAX * 4 + 8) /* the longest escape, of a byte that is no character, takes four */

static const char *const names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* syslog's */

/* Set once, by log_open(). */
static const char *duty_name = "main";
static _Atomic enum log_level threshold = LOG_INFO;
static bool as_json, for_journal;

/* Is standard error the journal's stream that systemd gave us? It may have been sent elsewhere since. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
		(unsigned long long)status.st_dev == device && (unsigned long long)status.st_ino == inode;
}

void log_open(const char *duty, const char *level, const char *format)
{
	duty_name = duty;
	threshold = LOG_INFO;
	for (size_t i = 0; level && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(level, names[i]) == 0)
			threshold = (enum log_level)i;
	as_json = format && strcmp(format, "json") == 0;
	for_journal = is_journal();
}

/* One line stays one line whatever a field holds; half a character at the end of a line too long goes. */
static void tidy(struct text *fields)
{
	for (size_t i = 0; i < fields->len; i++)
		if ((unsigned char)fields->ptr[i] < 0x20 || fields->ptr[i] == 0x7F)
			fields->ptr[i] = ' ';
	text_cut(fields, view_trim_end(text_view(fields)).len);
	while (fields->full && fields->len > 0 && ((unsigned char)fields->ptr[fields->len - 1] & 0xC0) == 0x80)
		text_cut(fields, fields->len - 1);
	if (fields->full && fields->len > 0 && (unsigned char)fields->ptr[fields->len - 1] >= 0xC0)
		text_cut(fields, fields->len - 1);
}

/* Takes one `key=value` or `key="quoted value"` off the front of the fields. */
static bool take_field(struct view *rest, struct view *key_out, struct view *value_out)
{
	size_t equals = 0, end;

	*rest = view_trim(*rest);
	while (equals < rest->len && rest->ptr[equals] != '=' && rest->ptr[equals] != ' ')
		equals++;
	if (equals == 0 || equals + 1 > rest->len || rest->ptr[equals] != '=')
		return false;
	end = equals + 1;
	if (end < rest->len && rest->ptr[end] == '"') {
		for (end++; end < rest->len && rest->ptr[end] != '"'; end++)
			end += rest->ptr[end] == '\\';
		end = end < rest->len ? end + 1 : rest->len;
	} else {
		while (end < rest->len && rest->ptr[end] != ' ')
			end++;
	}
	*key_out = view_sub(*rest, 0, equals);
	*value_out = view_sub(*rest, equals + 1, end - equals - 1);
	*rest = view_sub(*rest, end, rest->len);
	return true;
}

/* Undoes log_value()'s quotes (\" and \\ only: the other escapes are there to be read). */
static json_t *field_json(struct view value)
{
	TEXT_SCOPED plain;
	json_t *string;

	text_init(&plain, LOG_LINE_MAX);
	if (value.len >= 2 && value.ptr[0] == '"') {
		value = view_sub(value, 1, value.len - 2);
		for (size_t i = 0; i < value.len; i++) {
			if (value.ptr[i] == '\\' && i + 1 < value.len && strchr("\"\\", value.ptr[i + 1]))
				i++;
			text_add_char(&plain, value.ptr[i]);
		}
		value = text_view(&plain);
	}
	string = json_stringn(value.len ? value.ptr : "", value.len);
	return string ? string : json_string("(not UTF-8)");
}

static void add_json(struct text *line, const char *stamp, enum log_level level, const char *event, struct view fields)
{
	json_t *object = json_object();
	struct view key, value;
	char *printed;

	json_object_set_new(object, "time", json_string(stamp));
	json_object_set_new(object, "level", json_string(names[level]));
	json_object_set_new(object, "duty", json_string(duty_name));
	json_object_set_new(object, "event", json_string(event));
	while (take_field(&fields, &key, &value)) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", VIEW_ARGS(key));
		if (!json_object_get(object, name))
			json_object_set_new(object, name, field_json(value));
	}
	if (fields.len > 0)
		json_object_set_new(object, "text", field_json(fields));
	printed = json_dumps(object, JSON_COMPACT);
	text_add_string(line, printed ? printed : "{}");
	free(printed);
	json_decref(object);
}

static void write_line(enum log_level level, const char *event, struct text *fields)
{
	char stamp[CLOCK_TEXT_SIZE];
	ssize_t written;
	TEXT_SCOPED line;

	text_init(&line, 2 * LOG_LINE_MAX);
	tidy(fields);
	clock_format(clock_now(), stamp);
	if (for_journal)
		text_add_format(&line, "<%d>", priorities[level]);
	if (as_json) {
		add_json(&line, stamp, level, event, text_view(fields));
	} else {
		/* The journal has the time already. */
		if (!for_journal)
			text_add_format(&line, "%s ", stamp);
		text_add_format(&line, "%s %s %s", names[level], duty_name, event);
		if (fields->len > 0)
			text_add_char(&line, ' ');
		text_add_view(&line, text_view(fields));
	}
	text_add_char(&line, '\n');
	/* One call a line, so that lines of several threads and duties do not mix. */
	do
		written = write(STDERR_FILENO, line.ptr, line.len);
	while (written < 0 && errno == EINTR);
}

static void __attribute__((format(printf, 2, 0))) add_fields(struct text *fields, const char *format, va_list args)
{
	char *printed = NULL;
	int length = vasprintf(&printed, format, args);

	if (length < 0)
		return;
	text_add(fields, printed, (size_t)length);
	free(printed);
}

/* One character of a value, or its escape. */
static void quote_code(struct text *out, struct view raw, uint32_t code)
{
	if (code == '"' || code == '\\')
		text_add_format(out, "\\%c", (char)code);
	else if (code == '\n')
		text_add_string(out, "\\n");
	else if (code == '\r')
		text_add_string(out, "\\r");
	else if (code == '\t')
		text_add_string(out, "\\t");
	else if (code < 0x20 || code == 0x7F || !unicode_valid(raw))
		for (size_t i = 0; i < raw.len; i++)
			text_add_format(out, "\\x%02X", (unsigned char)raw.ptr[i]);
	else if ((code >= 0x80 && code < 0xA0) || (code != ' ' && code != 0xA0 && unicode_is_space(code)) ||
		unicode_is_invisible(code))
		text_add_format(out, "\\u%04X", code);
	else
		text_add_view(out, raw);
}

static void quote(struct text *out, struct view value, size_t maximum)
{
	size_t at = 0, from = 0;
	uint32_t code;

	text_add_char(out, '"');
	while (unicode_next(value, &at, &code) && at <= maximum) {
		quote_code(out, view_sub(value, from, at - from), code);
		from = at;
	}
	text_add_string(out, from < value.len ? "...\"" : "\"");
}

const char *log_value(struct view value)
{
	static _Thread_local char buffers[VALUE_BUFFERS][VALUE_SIZE];
	static _Thread_local unsigned next;
	char *buffer = buffers[next++ % VALUE_BUFFERS];
	TEXT_SCOPED quoted;

	text_init(&quoted, VALUE_SIZE);
	quote(&quoted, value, LOG_VALUE_MAX);
	snprintf(buffer, VALUE_SIZE, "%s", text_string(&quoted));
	return buffer;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	int saved = errno;
	TEXT_SCOPED fields = {0};
	va_list args;

	if (level > threshold)
		return;
	text_init(&fields, LOG_LINE_MAX);
	va_start(args, format);
	add_fields(&fields, format, args);
	va_end(args);
	write_line(level, event, &fields);
	errno = saved;
}

void log_failure(enum log_level level, const char *event, const struct error *err, const char *format, ...)
{
	int saved = errno;
	TEXT_SCOPED fields = {0};
	va_list args;

	if (level > threshold)
		return;
	text_init(&fields, LOG_LINE_MAX);
	text_add_format(&fields, "reach=%s error=", error_reach_name(err->reach));
	quote(&fields, view_of(err->text), ERROR_TEXT_MAX);
	text_add_char(&fields, ' ');
	errno = saved; /* for %m */
	va_start(args, format);
	add_fields(&fields, format, args);
	va_end(args);
	write_line(level, event, &fields);
	errno = saved;
}
