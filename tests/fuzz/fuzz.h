/*
 * Fuzz: what the targets share. A target is one file, fuzz_<name>.c, with libFuzzer's two functions; it reads its input and
 * asks whether all that is said of the result holds. tests/fuzz/run builds and runs them; replay.c runs the committed inputs
 * through the same functions in `make test`.
 *
 * Everything is found from the top of the tree. What does not hold ends the process (fuzz_fail), as a bad access does.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>

#include "parsers/mail.h"
#include "parsers/parsers.h"

#define FUZZ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold, and ends. */
_Noreturn void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define FUZZ_HOLDS(condition, ...) ((condition) ? (void)0 : fuzz_fail(__VA_ARGS__))

/* Takes the first byte off the input, as a number below `below`; 0 when there is none left. */
unsigned fuzz_choose(struct view *input, unsigned below);
/* One input in sixteen is read twice: always the same ones. */
bool fuzz_twice(struct view input);
/* The whole file, in an arena that is never freed. */
struct view fuzz_file(const char *path);
/* The shipped forms with those of the cases (a type, a regex that they lack) and the shipped languages, compiled; once. */
const struct forms *fuzz_forms(void);

/* What every reader of a part's lines relies on. */
void fuzz_check_part(const struct mail_part *part);
/* A typed value is of its field's type and within its limits. */
void fuzz_check_value(const struct field *field, json_t *value);
/* The result of a message with these text parts keeps the reply contract. */
void fuzz_check_result(const struct forms *forms, const struct result *result, const struct mail_part *parts, size_t count);
/* Two readings of one message say the same. */
void fuzz_check_same(const struct result *one, const struct result *other);
/* Reads a mail, or a channel's message, with all these checks, and what is told of its lines (parse_trace). The result is the caller's (result_release). */
void fuzz_read_mail(const struct forms *forms, struct arena *arena, struct view raw, const struct request_hint *hint,
	struct result *out);
void fuzz_read_message(const struct forms *forms, struct arena *arena, struct view text, const struct request_hint *hint,
	struct result *out);

#endif
