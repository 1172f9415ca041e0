/* core/spool: a folder of files that must not get lost. See spool.h. */
#include "core/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "fieldpost-spool 1"
#define NAME_SIZE 40
#define DIGITS 19	    /* of a number: all names are equally long, so that they sort */
#define FIRST_LINE_SIZE 128 /* MAGIC, two lengths, the SHA-256 in hexadecimal */
#define HASH_HEX 64
#define PROBE "probe.draft"

struct spool {
	pthread_mutex_t mutex;
	int folder_fd, aside_fd;
	size_t bytes, bytes_max, count;
	int64_t last;
	bool broken; /* the last write failed */
};

/* ---- names ---- */

static void name_of(int64_t number, const char *suffix, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%0*lld%s", DIGITS, (long long)number, suffix);
}

/* The number of a whole entry's name; -1: it is none. */
static int64_t number_of(const char *name)
{
	long long number;

	if (strlen(name) != DIGITS || strspn(name, "0123456789") != DIGITS)
		return -1;
	return view_to_int(view_of(name), 0, INT64_MAX, &number) < 0 ? -1 : number;
}

/* ---- opening ---- */

static int open_folder(int at, const char *path, int *fd_out, struct error *err)
{
	if (mkdirat(at, path, 0700) < 0 && errno != EEXIST)
		return error_set(err, REACH_RETRY, "the spool %s cannot be made: %s", path, strerror(errno));
	*fd_out = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_out < 0 || fchmod(*fd_out, 0700) < 0)
		return error_set(err, REACH_RETRY, "the spool %s cannot be opened: %s", path, strerror(errno));
	return 0;
}

static DIR *list_folder(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

/* Bytes that lie aside; people take them away, so it is counted anew each time. */
static size_t bytes_aside(struct spool *spool)
{
	DIR *folder = list_folder(spool->aside_fd);
	struct dirent *entry;
	struct stat state;
	size_t bytes = 0;

	while (folder && (entry = readdir(folder)))
		if (fstatat(spool->aside_fd, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(state.st_mode))
			bytes += (size_t)state.st_size;
	if (folder)
		closedir(folder);
	return bytes;
}

/* Counts what is there. What has no whole name was never safe, and nobody was told that it is. */
static int take_stock(struct spool *spool, struct error *err)
{
	DIR *folder = list_folder(spool->folder_fd);
	struct dirent *entry;
	struct stat state;

	if (!folder)
		return error_set(err, REACH_RETRY, "the spool cannot be listed: %s", strerror(errno));
	while ((entry = readdir(folder))) {
		int64_t number = number_of(entry->d_name);

		if (fstatat(spool->folder_fd, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(state.st_mode))
			continue;
		if (number < 0) {
			unlinkat(spool->folder_fd, entry->d_name, 0);
			continue;
		}
		spool->count++;
		spool->bytes += (size_t)state.st_size;
		if (number > spool->last)
			spool->last = number;
	}
	closedir(folder);
	return 0;
}

int spool_open(const char *folder, size_t bytes_max, struct spool **out, struct error *err)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		return error_set(err, REACH_RETRY, "out of memory");
	pthread_mutex_init(&spool->mutex, NULL);
	spool->folder_fd = spool->aside_fd = -1;
	spool->bytes_max = bytes_max;
	if (open_folder(AT_FDCWD, folder, &spool->folder_fd, err) < 0 ||
		open_folder(spool->folder_fd, "aside", &spool->aside_fd, err) < 0 || take_stock(spool, err) < 0) {
		spool_close(&spool);
		return -1;
	}
	*out = spool;
	return 0;
}

void spool_close(struct spool **spool)
{
	if (!*spool)
		return;
	if ((*spool)->folder_fd >= 0)
		close((*spool)->folder_fd);
	if ((*spool)->aside_fd >= 0)
		close((*spool)->aside_fd);
	pthread_mutex_destroy(&(*spool)->mutex);
	free(*spool);
	*spool = NULL;
}

size_t spool_count(struct spool *spool)
{
	size_t count;

	pthread_mutex_lock(&spool->mutex);
	count = spool->count;
	pthread_mutex_unlock(&spool->mutex);
	return count;
}

int64_t spool_last(struct spool *spool)
{
	int64_t last;

	pthread_mutex_lock(&spool->mutex);
	last = spool->last;
	pthread_mutex_unlock(&spool->mutex);
	return last;
}

bool spool_usable(struct spool *spool)
{
	bool usable;

	pthread_mutex_lock(&spool->mutex);
	usable = !spool->broken && spool->bytes < spool->bytes_max;
	pthread_mutex_unlock(&spool->mutex);
	return usable;
}

/* ---- writing ---- */

static void hash_of(struct view about, struct view bytes, char hex[HASH_HEX + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL) ||
		!EVP_DigestUpdate(context, about.ptr, about.len) ||
		!EVP_DigestUpdate(context, bytes.ptr ? bytes.ptr : "", bytes.len) ||
		!EVP_DigestFinal_ex(context, digest, NULL))
		exit(71); /* out of memory */
	EVP_MD_CTX_free(context);
	for (int i = 0; i < HASH_HEX / 2; i++)
		snprintf(hex + (ptrdiff_t)i * 2, 3, "%02x", digest[i]);
}

static int write_all(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes = view_sub(bytes, (size_t)n, bytes.len);
	}
	return 0;
}

static int write_file(struct spool *spool, const char *name, struct view line, struct view about, struct view bytes)
{
	int fd = openat(spool->folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result, reason;

	if (fd < 0)
		return -1;
	result = write_all(fd, line) < 0 || write_all(fd, about) < 0 || write_all(fd, bytes) < 0 || fsync(fd) < 0 ? -1
														  : 0;
	reason = errno;
	if (close(fd) < 0 && result == 0)
		return -1;
	errno = reason;
	return result;
}

/* Room for it is taken before it is written. */
static int reserve(struct spool *spool, size_t size, struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&spool->mutex);
	if (spool->bytes + size > spool->bytes_max)
		result = error_set(err, REACH_RETRY, "the spool is full: %zu bytes", spool->bytes);
	else
		spool->bytes += size;
	pthread_mutex_unlock(&spool->mutex);
	return result;
}

static void settle(struct spool *spool, int64_t number, size_t size, bool written)
{
	pthread_mutex_lock(&spool->mutex);
	spool->broken = !written;
	if (written) {
		spool->count++;
		if (number > spool->last)
			spool->last = number;
	} else {
		spool->bytes -= size;
	}
	pthread_mutex_unlock(&spool->mutex);
}

int spool_write(struct spool *spool, int64_t number, struct view about, struct view bytes, struct error *err)
{
	char name[NAME_SIZE], draft[NAME_SIZE], hash[HASH_HEX + 1], line[FIRST_LINE_SIZE];
	size_t size;

	hash_of(about, bytes, hash);
	snprintf(line, sizeof(line), MAGIC " %zu %zu %s\n", about.len, bytes.len, hash);
	size = strlen(line) + about.len + bytes.len;
	name_of(number, "", name);
	name_of(number, ".draft", draft);
	if (reserve(spool, size, err) < 0)
		return -1;
	if (write_file(spool, draft, view_of(line), about, bytes) < 0 ||
		renameat(spool->folder_fd, draft, spool->folder_fd, name) < 0) {
		error_set(err, REACH_RETRY, "the spool cannot be written: %s", strerror(errno));
		unlinkat(spool->folder_fd, draft, 0);
		settle(spool, number, size, false);
		return -1;
	}
	settle(spool, number, size, true);
	return 0;
}

void spool_probe(struct spool *spool)
{
	static const char nothing[4096];
	struct view bytes = {nothing, sizeof(nothing)};
	bool broken;

	pthread_mutex_lock(&spool->mutex);
	broken = spool->broken;
	pthread_mutex_unlock(&spool->mutex);
	if (!broken)
		return;
	broken = write_file(spool, PROBE, bytes, VIEW(""), VIEW("")) < 0;
	unlinkat(spool->folder_fd, PROBE, 0);
	pthread_mutex_lock(&spool->mutex);
	spool->broken = broken;
	pthread_mutex_unlock(&spool->mutex);
}

int spool_sync(struct spool *spool, struct error *err)
{
	if (fsync(spool->folder_fd) == 0)
		return 0;
	return error_set(err, REACH_RETRY, "the spool's folder cannot be synced: %s", strerror(errno));
}

/* ---- reading ---- */

/* Puts a number among the lowest ones, which stand in order. */
static void insert(int64_t *numbers, size_t *count, size_t max, int64_t number)
{
	size_t at = *count;

	if (*count == max && number > numbers[max - 1])
		return;
	if (*count < max)
		++*count;
	else
		at = max - 1;
	for (; at > 0 && numbers[at - 1] > number; at--)
		numbers[at] = numbers[at - 1];
	numbers[at] = number;
}

int spool_list(struct spool *spool, int64_t *numbers_out, size_t max, struct error *err)
{
	DIR *folder = list_folder(spool->folder_fd);
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		return error_set(err, REACH_RETRY, "the spool cannot be listed: %s", strerror(errno));
	while ((entry = readdir(folder))) {
		int64_t number = number_of(entry->d_name);

		if (number >= 0)
			insert(numbers_out, &count, max, number);
	}
	closedir(folder);
	return (int)count;
}

/* All of a file; -1 when it cannot be read. */
static int read_file(struct spool *spool, const char *name, struct arena *arena, struct view *out)
{
	/* (O_NONBLOCK: not for ever at a pipe that has such a name.) */
	int fd = openat(spool->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), reason;
	struct stat state;
	size_t len = 0;
	ssize_t n = 1;
	char *bytes;

	if (fd < 0 || fstat(fd, &state) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	bytes = arena_alloc(arena, (size_t)state.st_size + 1);
	while (n != 0 && len < (size_t)state.st_size) {
		n = read(fd, bytes + len, (size_t)state.st_size - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	reason = errno;
	close(fd);
	errno = reason;
	*out = (struct view){bytes, len};
	return n < 0 ? -1 : 0;
}

/* Is it the machine that is short of something? Then there is nothing wrong with the file. */
static bool is_passing(int reason)
{
	return reason == EMFILE || reason == ENFILE || reason == ENOMEM;
}

/* Takes the next word of the first line as a length. */
static bool take_length(struct view *line, size_t *out)
{
	struct view word;
	long long value;

	if (!view_next_field(line, ' ', &word) || view_to_int(word, 0, INT64_MAX, &value) < 0)
		return false;
	*out = (size_t)value;
	return true;
}

int spool_read(struct spool *spool, int64_t number, struct arena *arena, struct view *about_out, struct view *bytes_out,
	struct error *err)
{
	char name[NAME_SIZE], hash[HASH_HEX + 1];
	struct view file, line, magic = VIEW(MAGIC " "), about, bytes;
	size_t about_len, bytes_len;

	name_of(number, "", name);
	if (read_file(spool, name, arena, &file) < 0)
		return error_set(err, is_passing(errno) ? REACH_RETRY : REACH_MESSAGE, "%s cannot be read: %s", name,
			strerror(errno));
	if (!view_next_line(&file, &line) || !view_starts(line, magic))
		return error_set(err, REACH_MESSAGE, "%s is no entry of a spool", name);
	line = view_sub(line, magic.len, line.len);
	if (!take_length(&line, &about_len) || !take_length(&line, &bytes_len) || about_len > file.len ||
		bytes_len != file.len - about_len)
		return error_set(err, REACH_MESSAGE, "%s is not whole", name);
	about = view_sub(file, 0, about_len);
	bytes = view_sub(file, about_len, bytes_len);
	hash_of(about, bytes, hash);
	if (!view_equal(line, view_of(hash)))
		return error_set(err, REACH_MESSAGE, "%s is damaged", name);
	*about_out = about;
	*bytes_out = bytes;
	return 0;
}

/* An entry is gone: its size is free again. */
static void forget(struct spool *spool, size_t size)
{
	pthread_mutex_lock(&spool->mutex);
	spool->bytes -= size < spool->bytes ? size : spool->bytes;
	spool->count -= spool->count > 0;
	pthread_mutex_unlock(&spool->mutex);
}

void spool_remove(struct spool *spool, int64_t number)
{
	char name[NAME_SIZE];
	struct stat state = {0};

	name_of(number, "", name);
	if (fstatat(spool->folder_fd, name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
		unlinkat(spool->folder_fd, name, 0) == 0)
		forget(spool, (size_t)state.st_size);
}

int spool_set_aside(struct spool *spool, int64_t number, struct error *err)
{
	char name[NAME_SIZE];
	struct stat state = {0};

	name_of(number, "", name);
	if (fstatat(spool->folder_fd, name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
		bytes_aside(spool) + (size_t)state.st_size > spool->bytes_max)
		return error_set(err, REACH_RETRY,
			"%s cannot be set aside: the spool's folder `aside` is full: look at what lies there and "
			"remove it",
			name);
	if (fstatat(spool->folder_fd, name, &state, AT_SYMLINK_NOFOLLOW) < 0 ||
		renameat(spool->folder_fd, name, spool->aside_fd, name) < 0)
		return error_set(err, REACH_RETRY, "%s cannot be set aside: %s", name, strerror(errno));
	fsync(spool->aside_fd);
	forget(spool, (size_t)state.st_size);
	return 0;
}
