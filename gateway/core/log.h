/*
 * Log: one line an event, to standard error. Where that is the journal's stream ($JOURNAL_STREAM), systemd's <N>
 * prefix stands for the time. In the format json the fields (`key=value`) are members of one object a line.
 *
 *     log_info("stored", "mailbox=%s count=%zu", name, n);
 *     2026-11-21T18:00:00.123Z info intake stored mailbox=field count=100
 *
 * A line takes its object (mailbox, message id, job) as fields; never a secret, never a body's text. Values that came
 * from outside go through log_value() so that they cannot forge a line. Thread-safe.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "base/error.h"
#include "base/text.h"

#define LOG_LINE_MAX 3500 /* bytes of the fields of a line; more is cut */
#define LOG_VALUE_MAX 200 /* bytes of a quoted value; more is cut and marked "..." */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* duty: "intake", "main", ... (a string that stays). level and format as in the config (NULL: info, text). */
void log_open(const char *duty, const char *level, const char *format);
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* event, then reach=... error="..." and the fields. */
void log_failure(enum log_level level, const char *event, const struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Quotes a value that came from outside: `"it\"s\n"`; control characters, invisible marks and malformed bytes are
 * escaped. The result is one of eight buffers of the thread, used in turn.
 */
const char *log_value(struct view value);

#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_event(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_event(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_DEBUG, __VA_ARGS__)

#endif
