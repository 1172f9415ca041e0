/* store/embedded: where the cluster is, which programs run it, how it is made and set up. See embedded_private.h. */
#include "store/embedded_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db_private.h"

extern char **environ;

static const char *const settings =
	"# Written by Fieldpost at every start. Settings of your own go into ../postgresql.conf, which is read last.\n"
	"listen_addresses = ''\n"
	"unix_socket_permissions = 0700\n"
	"cluster_name = 'fieldpost'\n"
	/* 64 readers, 17 of the send duty, 5 of the intake, and room for commands. */
	"max_connections = 120\n"
	"shared_buffers = 128MB\n"
	"max_parallel_workers_per_gather = 0\n"
	"jit = off\n"
	"wal_compression = lz4\n"
	"default_toast_compression = lz4\n"
	"max_wal_size = 2GB\n"
	"min_wal_size = 256MB\n"
	/* A new file of the log is not filled with zeros before it is filled with the log: all commits wait for that. */
	"wal_init_zero = off\n"
	"checkpoint_timeout = 15min\n"
	"timezone = 'UTC'\n"
	"log_timezone = 'UTC'\n"
	"datestyle = 'iso, ymd'\n"
	"lc_messages = 'C.UTF-8'\n"
	"client_encoding = 'UTF8'\n"
	"default_text_search_config = 'pg_catalog.simple'\n"
	/* A file a weekday, begun anew each week: a log that cannot fill the disk by its age. No statement is logged:
	   it could hold a message. */
	"logging_collector = on\n"
	"log_directory = '../log'\n"
	"log_filename = 'postgresql-%a.log'\n"
	"log_file_mode = 0600\n"
	"log_truncate_on_rotation = on\n"
	"log_rotation_age = 1d\n"
	"log_rotation_size = 0\n"
	"log_line_prefix = '%m %u '\n"
	"log_min_messages = warning\n"
	"log_min_error_statement = panic\n"
	"log_error_verbosity = terse\n"
	"log_checkpoints = off\n"
	"log_autovacuum_min_duration = -1\n";

static const char *const logins[] = {"fieldpost_intake", "fieldpost_web", "fieldpost_parse", "fieldpost_send",
	"fieldpost_admin", DB_EMBEDDED_SUPERUSER};

static int path(char *out, const char *folder, const char *name, struct error *err)
{
	int length = snprintf(out, EMBEDDED_PATH_MAX, "%s/%s", folder, name);

	if (length < 0 || length >= EMBEDDED_PATH_MAX)
		return error_set(err, REACH_STOP, "state_dir %s is too long a path: use a shorter one", folder);
	return 0;
}

/* The state folder as an absolute path, whether it exists or not. */
static int absolute_state_dir(const struct config *config, char *out, size_t size)
{
	char cwd[EMBEDDED_PATH_MAX];
	int length;

	if (config->state_dir[0] == '/')
		length = snprintf(out, size, "%s", config->state_dir);
	else if (getcwd(cwd, sizeof(cwd)))
		length = snprintf(out, size, "%s/%s", cwd, config->state_dir);
	else
		return -1;
	return length >= 0 && (size_t)length < size ? 0 : -1;
}

void embedded_socket_dir(const struct config *config, char *buffer, size_t size)
{
	char state[EMBEDDED_PATH_MAX];

	if (absolute_state_dir(config, state, sizeof(state)) < 0)
		state[0] = '\0';
	snprintf(buffer, size, "%s/postgresql/socket", state);
}

bool embedded_made(const struct config *config)
{
	char name[EMBEDDED_PATH_MAX + 64];

	snprintf(name, sizeof(name), "%s/postgresql/data/PG_VERSION", config->state_dir);
	return access(name, F_OK) == 0;
}

static int make_folder(const char *name, mode_t mode, struct error *err)
{
	if (mkdir(name, mode) == 0 || errno == EEXIST)
		return 0;
	return error_set(err, REACH_STOP, "%s cannot be made: %s", name, strerror(errno));
}

/* Makes a folder and those above it. */
static int make_folders(const char *name, struct error *err)
{
	char above[EMBEDDED_PATH_MAX];

	snprintf(above, sizeof(above), "%s", name);
	for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (access(above, F_OK) < 0 && make_folder(above, 0755, err) < 0)
			return -1;
		*slash = '/';
	}
	return make_folder(name, 0700, err);
}

static int check_socket_length(const struct cluster *cluster, struct error *err)
{
	size_t length = strlen(cluster->socket) + strlen("/.s.PGSQL." DB_EMBEDDED_PORT);

	if (length <= EMBEDDED_SOCKET_MAX)
		return 0;
	return error_set(err, REACH_STOP,
		"state_dir is too long: the database's socket under it would have a path of %zu bytes, and %d are "
		"possible. "
		"Use a shorter state_dir (%zu bytes less)",
		length, EMBEDDED_SOCKET_MAX, length - EMBEDDED_SOCKET_MAX);
}

/* The major version that made the data; 0: there are none yet. */
static int data_version(const struct cluster *cluster)
{
	char name[EMBEDDED_PATH_MAX + 16];
	int version = 0;
	FILE *file;

	snprintf(name, sizeof(name), "%s/PG_VERSION", cluster->data);
	file = fopen(name, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &version) != 1)
		version = 0;
	fclose(file);
	return version;
}

static bool holds_postgres(const char *folder)
{
	char name[EMBEDDED_PATH_MAX + 16];

	snprintf(name, sizeof(name), "%s/postgres", folder);
	if (access(name, X_OK) != 0)
		return false;
	snprintf(name, sizeof(name), "%s/initdb", folder);
	return access(name, X_OK) == 0;
}

/* The newest version installed of at least `wanted` (or exactly that one), into cluster->programs. */
static bool find_installed(struct cluster *cluster, int wanted, bool exactly)
{
	int best = 0;
	glob_t found;

	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int version = 0;

		if (sscanf(found.gl_pathv[i], "/usr/lib/postgresql/%d/bin", &version) != 1 || version < wanted ||
			version <= best || (exactly && version != wanted) || !holds_postgres(found.gl_pathv[i]))
			continue;
		best = version;
		snprintf(cluster->programs, sizeof(cluster->programs), "%s", found.gl_pathv[i]);
	}
	globfree(&found);
	return best > 0;
}

static int find_programs(struct cluster *cluster, struct error *err)
{
	const char *given = getenv("PG_BINDIR");
	int made_by = data_version(cluster);

	if (given && given[0]) {
		snprintf(cluster->programs, sizeof(cluster->programs), "%s", given);
		if (holds_postgres(cluster->programs))
			return 0;
		return error_set(err, REACH_STOP, "PG_BINDIR=%s holds no initdb and postgres", given);
	}
	if (find_installed(cluster, made_by ? made_by : EMBEDDED_VERSION_MIN, made_by != 0))
		return 0;
	if (made_by)
		return error_set(err, REACH_STOP,
			"the database under %s was made by PostgreSQL %d, which is not installed: apt-get install "
			"postgresql-%d",
			cluster->base, made_by, made_by);
	return error_set(err, REACH_STOP,
		"PostgreSQL %d or newer is not installed: apt-get install postgresql, "
		"or set PG_BINDIR, or name a server in database.url",
		EMBEDDED_VERSION_MIN);
}

int cluster_locate(const struct config *config, struct cluster *out, struct error *err)
{
	char state[EMBEDDED_PATH_MAX];
	struct cluster cluster = {.base = ""};

	if (absolute_state_dir(config, state, sizeof(state)) < 0)
		return error_set(err, REACH_STOP, "state_dir %s is too long a path", config->state_dir);
	snprintf(cluster.state, sizeof(cluster.state), "%s", state);
	if (path(cluster.base, state, "postgresql", err) < 0 || path(cluster.data, cluster.base, "data", err) < 0 ||
		path(cluster.socket, cluster.base, "socket", err) < 0 ||
		path(cluster.log, cluster.base, "log", err) < 0)
		return -1;
	if (check_socket_length(&cluster, err) < 0)
		return -1;
	*out = cluster;
	return 0;
}

int cluster_prepare(struct cluster *cluster, struct error *err)
{
	if (make_folders(cluster->state, err) < 0 || make_folder(cluster->base, 0700, err) < 0 ||
		make_folder(cluster->socket, 0700, err) < 0 || make_folder(cluster->log, 0700, err) < 0)
		return -1;
	return find_programs(cluster, err);
}

/* ---- making it ---- */

/* Runs a program of PostgreSQL with its output in a file of the log folder; its exit status, -1 if it did not run. */
static int run_program(const struct cluster *cluster, char *const *argv, const char *output)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (errno != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The last line of a file that says anything. */
static void last_line(const char *name, char *buffer, size_t size)
{
	char line[512];
	FILE *file = fopen(name, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (view_trim(view_of(line)).len > 0)
			snprintf(buffer, size, "%.*s", VIEW_ARGS(view_trim(view_of(line))));
	fclose(file);
}

static void remove_tree(const char *folder)
{
	char name[PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
		if (unlink(name) < 0 && (errno == EISDIR || errno == EPERM))
			remove_tree(name);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* A cluster is made beside its place and moved there whole: one that is half made is never taken for a real one. */
int cluster_make(const struct cluster *cluster, struct error *err)
{
	char initdb[EMBEDDED_PATH_MAX + 16], fresh[EMBEDDED_PATH_MAX + 16], output[EMBEDDED_PATH_MAX + 16];
	char user[] = "--username=" DB_EMBEDDED_SUPERUSER;
	char words[256] = "no words";
	int status;

	if (data_version(cluster) > 0)
		return 0;
	snprintf(initdb, sizeof(initdb), "%s/initdb", cluster->programs);
	snprintf(fresh, sizeof(fresh), "%s/data.new", cluster->base);
	snprintf(output, sizeof(output), "%s/initdb.log", cluster->log);
	remove_tree(fresh);
	char *argv[] = {initdb, (char[]){"--auth=peer"}, (char[]){"--encoding=UTF8"}, (char[]){"--locale=C.UTF-8"},
		(char[]){"--data-checksums"}, (char[]){"--no-instructions"}, user, (char[]){"-D"}, fresh, NULL};
	status = run_program(cluster, argv, output);
	if (status != 0) {
		last_line(output, words, sizeof(words));
		return error_set(err, REACH_STOP, "initdb failed (%d): %s (all of it in %s)", status, words, output);
	}
	if (rename(fresh, cluster->data) < 0)
		return error_set(
			err, REACH_STOP, "%s cannot be moved to %s: %s", fresh, cluster->data, strerror(errno));
	return 0;
}

/* ---- settings ---- */

static int write_file(const struct cluster *cluster, const char *name, const struct text *content, struct error *err)
{
	char fresh[EMBEDDED_PATH_MAX + 32], final[EMBEDDED_PATH_MAX + 32];
	FILE *file;
	bool good;

	snprintf(final, sizeof(final), "%s/%s", cluster->data, name);
	snprintf(fresh, sizeof(fresh), "%s/%s.new", cluster->data, name);
	file = fopen(fresh, "we");
	good = file && fchmod(fileno(file), 0600) == 0 && fwrite(content->ptr, 1, content->len, file) == content->len &&
	       fflush(file) == 0 && fsync(fileno(file)) == 0;
	if (file && fclose(file) != 0)
		good = false;
	if (!good || rename(fresh, final) < 0)
		return error_set(err, REACH_RETRY, "%s cannot be written: %s", final, strerror(errno));
	return 0;
}

/* A folder as a list of one: double quotes within single ones, each in its own way of escaping. */
static void add_folder(struct text *text, const char *value)
{
	text_add_string(text, "'\"");
	for (; *value; value++) {
		if (strchr("'\\\"", *value))
			text_add_char(text, *value);
		text_add_char(text, *value);
	}
	text_add_string(text, "\"'");
}

/* The service's user, and root (who may do anything anyway), may be each of the logins; nobody else reaches the socket.
 */
static void add_ident(struct text *text, const char *user)
{
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		text_add_format(text, "fieldpost \"%s\" %s\n", user, logins[i]);
		if (strcmp(user, "root") != 0)
			text_add_format(text, "fieldpost root %s\n", logins[i]);
	}
}

int cluster_configure(const struct cluster *cluster, struct error *err)
{
	const struct passwd *user = getpwuid(geteuid());
	TEXT_SCOPED text = {0};

	if (!user)
		return error_set(err, REACH_STOP,
			"user %u has no name on this machine (/etc/passwd): PostgreSQL needs one", (unsigned)geteuid());
	text_init(&text, 64 * 1024);
	add_ident(&text, user->pw_name);
	if (write_file(cluster, "pg_ident.conf", &text, err) < 0)
		return -1;
	text_reset(&text);
	text_add_string(&text, "local all all peer map=fieldpost\nlocal replication all peer map=fieldpost\n");
	if (write_file(cluster, "pg_hba.conf", &text, err) < 0)
		return -1;
	text_reset(&text);
	text_add_string(&text, settings);
	text_add_string(&text, "unix_socket_directories = ");
	add_folder(&text, cluster->socket);
	text_add_string(&text, "\ninclude_if_exists = '../postgresql.conf'\n");
	return write_file(cluster, "postgresql.conf", &text, err);
}

/* The log that was written to last: the server's own, or what it said before it had one. */
void cluster_last_words(const struct cluster *cluster, char *buffer, size_t size)
{
	char pattern[EMBEDDED_PATH_MAX + 16];
	struct stat newest = {.st_mtime = 0}, status;
	const char *name = NULL;
	glob_t found;

	snprintf(buffer, size, "no words");
	snprintf(pattern, sizeof(pattern), "%s/*.log", cluster->log);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (stat(found.gl_pathv[i], &status) < 0 || status.st_size == 0 || status.st_mtime < newest.st_mtime)
			continue;
		newest = status;
		name = found.gl_pathv[i];
	}
	if (name)
		last_line(name, buffer, size);
	globfree(&found);
}
