/* intake/import: mails out of files. See import.h; mbox files are taken apart in mbox.c. */
#include "intake/import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct import {
	int64_t now;
	import_taker *take;
	void *context;
};

static int cannot_read(const char *path, struct error *err)
{
	return error_set(err, REACH_MESSAGE, "%s: %s%s", path, strerror(errno),
		errno == EACCES ? " (of the user that Fieldpost runs as)" : "");
}

/* ---- one file's bytes ---- */

static int take_mbox(const struct import *import, struct view bytes, struct error *err)
{
	struct arena *arena = arena_new();
	struct import_mail mail;
	int result = 0;

	while (result == 0 && import_next_mail(&bytes, arena, &mail)) {
		if (!mail.received)
			mail.received = import->now;
		result = import->take(import->context, &mail, err);
		arena_reset(arena);
	}
	arena_free(&arena);
	return result;
}

static int take_one(const struct import *import, struct view bytes, int64_t received, struct error *err)
{
	struct import_mail mail = {.raw = bytes, .received = received};
	struct view rest = bytes, line;
	int64_t time;

	/* A delivery program may have put its envelope line before the mail. */
	if (view_next_line(&rest, &line) && import_is_envelope(line, &time)) {
		mail.raw = rest;
		mail.received = time;
	}
	return import->take(import->context, &mail, err);
}

static bool is_mbox(const char *path, struct view bytes)
{
	struct view line;
	int64_t ignored;

	return !view_ends(view_of(path), VIEW(".eml")) && view_next_line(&bytes, &line) &&
	       import_is_envelope(line, &ignored);
}

/* received 0: the file's time. */
static int take_file(
	const struct import *import, const char *path, int64_t received, bool maybe_mbox, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat state;
	struct view bytes = VIEW_NULL;
	int result;

	if (fd < 0)
		return cannot_read(path, err);
	if (fstat(fd, &state) < 0 || !S_ISREG(state.st_mode) || (size_t)state.st_size > IMPORT_FILE_MAX) {
		close(fd);
		return error_set(err, REACH_MESSAGE, "%s: is no file of mails, or larger than 8 GiB", path);
	}
	if (state.st_size > 0)
		bytes = (struct view){
			mmap(NULL, (size_t)state.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (size_t)state.st_size};
	close(fd);
	if (bytes.ptr == MAP_FAILED)
		return cannot_read(path, err);
	if (!bytes.len)
		return error_set(err, REACH_MESSAGE, "%s: is empty", path);
	if (maybe_mbox && is_mbox(path, bytes))
		result = take_mbox(import, bytes, err);
	else
		result = take_one(import, bytes, received ? received : (int64_t)state.st_mtime * 1000000, err);
	munmap((void *)(uintptr_t)bytes.ptr, bytes.len);
	return result;
}

/* ---- folders ---- */

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int is_eml(const struct dirent *entry)
{
	return is_visible(entry) && view_ends(view_of(entry->d_name), VIEW(".eml"));
}

/* A Maildir name begins with the second of its delivery. */
static int64_t time_in_name(const char *name)
{
	struct view rest = view_of(name), first;
	long long seconds;

	if (!view_next_field(&rest, '.', &first) || view_to_int(first, 1, 9999999999LL, &seconds) < 0)
		return 0;
	return seconds * 1000000;
}

static int take_entry(
	const struct import *import, const char *folder, const char *name, bool maildir, struct error *err)
{
	char *path = NULL;
	int result;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_set(err, REACH_RETRY, "out of memory");
	result = take_file(import, path, maildir ? time_in_name(name) : 0, false, err);
	free(path);
	return result;
}

/* A file that cannot be read does not keep the others from it; the first such one is the error. */
static int take_folder(const struct import *import, const char *path, int (*wanted)(const struct dirent *),
	bool maildir, struct error *err)
{
	struct error first = ERROR_INIT;
	struct dirent **entries;
	int count = scandir(path, &entries, wanted, alphasort);
	bool going = true;

	if (count < 0)
		return cannot_read(path, err);
	for (int i = 0; i < count; i++) {
		struct error failure = ERROR_INIT;

		if (going && take_entry(import, path, entries[i]->d_name, maildir, &failure) < 0) {
			going = failure.reach == REACH_MESSAGE;
			if (!going || first.reach == REACH_NONE)
				first = failure;
		}
		free(entries[i]);
	}
	free(entries);
	if (first.reach == REACH_NONE)
		return 0;
	*err = first;
	return -1;
}

static int take_maildir(const struct import *import, const char *path, struct error *err)
{
	static const char *const parts[] = {"cur", "new"};
	int result = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *folder = NULL;

		if (result < 0 && err->reach != REACH_MESSAGE)
			break;
		if (asprintf(&folder, "%s/%s", path, parts[i]) < 0)
			return error_set(err, REACH_RETRY, "out of memory");
		result = take_folder(import, folder, is_visible, true, err) < 0 ? -1 : result;
		free(folder);
	}
	return result;
}

static bool is_maildir(const char *path)
{
	char *cur = NULL, *new = NULL;
	bool is;

	is = asprintf(&cur, "%s/cur", path) >= 0 && asprintf(&new, "%s/new", path) >= 0 && access(cur, F_OK) == 0 &&
	     access(new, F_OK) == 0;
	free(cur);
	free(new);
	return is;
}

static int take_stdin(const struct import *import, struct error *err)
{
	struct text bytes;
	char piece[65536];
	ssize_t n;
	int result;

	text_init(&bytes, IMPORT_STDIN_MAX);
	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		text_add(&bytes, piece, (size_t)n);
	if (n < 0)
		result = cannot_read("standard input", err);
	else if (bytes.full)
		result = error_set(err, REACH_MESSAGE, "standard input: the mail is larger than 256 MiB");
	else if (!bytes.len)
		result = error_set(err, REACH_MESSAGE, "standard input: is empty");
	else
		result = take_one(import, text_view(&bytes), import->now, err);
	text_release(&bytes);
	return result;
}

int import_path(const char *path, int64_t now, import_taker *take, void *context, struct error *err)
{
	const struct import import = {.now = now, .take = take, .context = context};
	struct stat state;

	if (strcmp(path, "-") == 0)
		return take_stdin(&import, err);
	if (stat(path, &state) < 0)
		return cannot_read(path, err);
	if (!S_ISDIR(state.st_mode))
		return take_file(&import, path, 0, true, err);
	if (is_maildir(path))
		return take_maildir(&import, path, err);
	return take_folder(&import, path, is_eml, false, err);
}
