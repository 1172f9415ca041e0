/* store/db: opening connections: the embedded server's socket, or database.url with TLS that is checked. See db.h. */
#include "store/db_private.h"

#include <stdio.h>

#include "store/embedded.h"

#define SOCKET_DIR_SIZE 4096
#define PARAMETERS_MAX 24
#define SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

struct parameters {
	const char *keywords[PARAMETERS_MAX];
	const char *values[PARAMETERS_MAX];
	int count;
};

/* The last one given of a keyword counts; room for the NULL at the end stays. */
static void put(struct parameters *parameters, const char *keyword, const char *value)
{
	if (!value || parameters->count >= PARAMETERS_MAX - 1)
		return;
	parameters->keywords[parameters->count] = keyword;
	parameters->values[parameters->count] = value;
	parameters->count++;
}

/* A server that went away without a word is noticed within a minute or so. */
static void put_defaults(struct parameters *parameters, const char *application)
{
	put(parameters, "connect_timeout", "10");
	put(parameters, "keepalives_idle", "30");
	put(parameters, "keepalives_interval", "10");
	put(parameters, "keepalives_count", "3");
	put(parameters, "tcp_user_timeout", "60000");
	put(parameters, "target_session_attrs", "read-write");
	put(parameters, "application_name", application);
}

static const char *info_value(const PQconninfoOption *info, const char *keyword)
{
	for (; info->keyword; info++)
		if (strcmp(info->keyword, keyword) == 0)
			return info->val && info->val[0] ? info->val : NULL;
	return NULL;
}

static bool host_is_local(struct view host)
{
	char name[64];

	if (host.len == 0 || host.ptr[0] == '/' || host.ptr[0] == '@')
		return true;
	snprintf(name, sizeof(name), "%.*s", VIEW_ARGS(host));
	return config_host_is_loopback(name);
}

/* Are all the hosts named (several are separated by commas) this machine? */
static bool hosts_are_local(const char *hosts)
{
	struct view rest = view_of(hosts), host;

	while (view_next_field(&rest, ',', &host))
		if (!host_is_local(host))
			return false;
	return true;
}

/* Is it this machine for certain? Where the URL names none, libpq's environment or a service file may. */
static bool is_local(const PQconninfoOption *info)
{
	const char *host = info_value(info, "host"), *address = info_value(info, "hostaddr");

	return (host || address) && hosts_are_local(host) && hosts_are_local(address);
}

/* Beyond this machine the server's certificate and name are checked, whatever the URL says. (A socket in the file system
 * has no TLS, and libpq asks for none there.) */
static int put_url(struct parameters *parameters, const struct config *config, struct error *err)
{
	char *text = NULL;
	PQconninfoOption *info = PQconninfoParse(config->database.url, &text);
	const char *ca_file = config->tls.ca_file ? config->tls.ca_file : SYSTEM_CA_FILE;

	if (!info) {
		/* libpq's words may hold the URL and so a password. */
		PQfreemem(text);
		return error_set(err, REACH_STOP,
			"database.url is not a connection string: write "
			"postgresql://HOST/DATABASE or host=HOST dbname=DATABASE");
	}
	put(parameters, "dbname", config->database.url);
	if (!is_local(info)) {
		put(parameters, "sslmode", "verify-full");
		if (!info_value(info, "sslrootcert"))
			put(parameters, "sslrootcert", ca_file);
	}
	PQconninfoFree(info);
	put(parameters, "client_encoding", "UTF8");
	return 0;
}

static void put_embedded(struct parameters *parameters, const char *socket_dir, const char *database)
{
	put(parameters, "host", socket_dir);
	put(parameters, "hostaddr", ""); /* else the environment's */
	put(parameters, "port", DB_EMBEDDED_PORT);
	put(parameters, "dbname", database);
	put(parameters, "client_encoding", "UTF8");
}

static int connect_with(struct parameters *parameters, struct db **out, struct error *err)
{
	struct db *db;

	parameters->keywords[parameters->count] = NULL;
	parameters->values[parameters->count] = NULL;
	db = db_adopt(PQconnectdbParams(parameters->keywords, parameters->values, 1));
	if (!db_healthy(db)) {
		db_failure(db, NULL, "connecting", err);
		db_close(&db);
		return -1;
	}
	*out = db;
	return 0;
}

static int connect_url(const struct config *config, const char *login, struct db **out, struct error *err)
{
	struct parameters parameters = {.count = 0};
	struct arena *arena = arena_new();
	struct view password = VIEW_NULL;
	int result = -1;

	put_defaults(&parameters, login ? login : "fieldpost");
	if (put_url(&parameters, config, err) < 0)
		goto done;
	if (login) {
		const struct config_secret *secret = &config->database.password;

		put(&parameters, "user", login);
		if ((secret->file || secret->credential || secret->command) &&
			config_secret(secret, arena, &password, err) < 0)
			goto done;
		if (password.len)
			put(&parameters, "password", arena_copy(arena, password.ptr, password.len));
	}
	result = connect_with(&parameters, out, err);
done:
	if (password.len)
		explicit_bzero((char *)(uintptr_t)password.ptr, password.len);
	arena_free(&arena);
	return result;
}

static int connect_embedded(
	const struct config *config, const char *login, const char *database, struct db **out, struct error *err)
{
	struct parameters parameters = {.count = 0};
	char socket_dir[SOCKET_DIR_SIZE];

	embedded_socket_dir(config, socket_dir, sizeof(socket_dir));
	put_defaults(&parameters, login);
	put_embedded(&parameters, socket_dir, database);
	put(&parameters, "user", login);
	return connect_with(&parameters, out, err);
}

int db_open(const struct config *config, const char *login, struct db **out, struct error *err)
{
	if (config->database.url)
		return connect_url(config, login, out, err);
	return connect_embedded(config, login, DB_EMBEDDED_NAME, out, err);
}

int db_open_maintenance(const struct config *config, const char *database, struct db **out, struct error *err)
{
	if (config->database.url)
		return connect_url(config, NULL, out, err);
	return connect_embedded(config, DB_EMBEDDED_SUPERUSER, database, out, err);
}

enum db_answer db_ping(const char *socket_dir)
{
	struct parameters parameters = {.count = 0};

	put_embedded(&parameters, socket_dir, "postgres");
	put(&parameters, "user", DB_EMBEDDED_SUPERUSER);
	put(&parameters, "connect_timeout", "5");
	parameters.keywords[parameters.count] = NULL;
	parameters.values[parameters.count] = NULL;
	switch (PQpingParams(parameters.keywords, parameters.values, 0)) {
	case PQPING_OK:
		return DB_ANSWER_READY;
	case PQPING_REJECT:
		return DB_ANSWER_NOT_YET;
	default:
		return DB_ANSWER_NONE;
	}
}
