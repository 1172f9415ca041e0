/*
 * intake/poll_spool: files of a provider's answers that are nowhere else any more. See poll.h.
 *
 * state_dir/polled/CHANNEL/TIME.raw, written under another name, synced, renamed, and the folder synced: what has the
 * name is whole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/poll.h"

#define FOLDER "polled"
#define SPOOL_FILE_MAX ((off_t)64 * 1024 * 1024)

static int trouble(const char *what, const char *path, struct error *err)
{
	return error_set(err, REACH_RETRY, "%s cannot be %s: %s", path, what, strerror(errno));
}

static int make_folder(const char *path, struct error *err)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? trouble("made", path, err) : 0;
}

static const char *folder_of(const struct poller *poller)
{
	return arena_printf(poller->round, "%s/" FOLDER "/%s", poller->config->state_dir, poller->settings->name);
}

static int sync_folder(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (fd < 0)
		return trouble("opened", path, err);
	result = fsync(fd) < 0 ? trouble("synced", path, err) : 0;
	close(fd);
	return result;
}

static int write_whole(int fd, struct view bytes, const char *path, struct error *err)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return trouble("written", path, err);
		bytes = view_sub(bytes, (size_t)put, bytes.len);
	}
	return fsync(fd) < 0 ? trouble("synced", path, err) : 0;
}

int poll_spool_ready(const struct poller *poller, struct error *err)
{
	const char *folder = folder_of(poller), *probe = arena_printf(poller->round, "%s/probe", folder);
	int fd, result = 0;

	if (make_folder(arena_printf(poller->round, "%s/" FOLDER, poller->config->state_dir), err) < 0 ||
		make_folder(folder, err) < 0)
		return -1;
	fd = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return trouble("made", probe, err);
	errno = posix_fallocate(fd, 0, POLL_SPOOL_ROOM);
	if (errno)
		result = trouble("written", probe, err);
	close(fd);
	unlink(probe);
	return result;
}

int poll_spool_put(const struct poller *poller, struct view raw, const char **path_out, struct error *err)
{
	const char *folder = folder_of(poller), *path, *draft;
	int fd, result;

	path = arena_printf(poller->round, "%s/%020lld.raw", folder, (long long)clock_now());
	draft = arena_printf(poller->round, "%s.draft", path);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return trouble("made", draft, err);
	result = write_whole(fd, raw, draft, err);
	close(fd);
	if (result == 0 && rename(draft, path) < 0)
		result = trouble("renamed", draft, err);
	if (result == 0)
		result = sync_folder(folder, err);
	*path_out = path;
	return result;
}

static int is_whole(const struct dirent *entry)
{
	return view_ends(view_of(entry->d_name), VIEW(".raw"));
}

static int read_whole(struct arena *arena, const char *path, struct view *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;
	struct stat st = {0};
	size_t len = 0;
	char *bytes;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > SPOOL_FILE_MAX) {
		result = trouble("read", path, err);
		st.st_size = 0;
	}
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	while (result == 0 && len < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + len, (size_t)st.st_size - len);

		if (got <= 0)
			result = trouble("read", path, err);
		else
			len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	*out = (struct view){bytes, len};
	return result;
}

int poll_spool_next(const struct poller *poller, const char **path_out, struct view *raw_out, struct error *err)
{
	const char *folder = folder_of(poller);
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_whole, alphasort);

	if (count < 0)
		return errno == ENOENT ? 0 : trouble("read", folder, err);
	if (count > 0)
		*path_out = arena_printf(poller->round, "%s/%s", folder, entries[0]->d_name);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	if (count == 0)
		return 0;
	return read_whole(poller->round, *path_out, raw_out, err) < 0 ? -1 : 1;
}

void poll_spool_drop(const char *path)
{
	if (unlink(path) < 0)
		log_warning("spool", "file=%s error=%s", path, log_value(view_of(strerror(errno))));
}

void poll_spool_set_aside(const struct poller *poller, const char *path)
{
	const char *aside = arena_printf(poller->round, "%s.unreadable", path);

	if (rename(path, aside) < 0)
		log_warning("spool", "file=%s error=%s", path, log_value(view_of(strerror(errno))));
}
