/* store/migrate: the SQL files that ship with the program. See migrate_files.h. */
#include "store/migrate_files.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/share.h"
#include "store/migrate.h"

#define PATH_SIZE 4096

static int read_file(struct arena *arena, const char *path, struct view *out, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	char *bytes;
	size_t size;

	if (!file || fstat(fileno(file), &status) < 0 || (size_t)status.st_size > MIGRATE_FILE_MAX) {
		error_set(err, REACH_STOP, "%s cannot be read: %s", path, file ? "too large" : strerror(errno));
		if (file)
			fclose(file);
		return -1;
	}
	bytes = arena_alloc(arena, (size_t)status.st_size + 1);
	size = fread(bytes, 1, (size_t)status.st_size, file);
	fclose(file);
	if (size != (size_t)status.st_size || memchr(bytes, '\0', size))
		return error_set(err, REACH_STOP, "%s cannot be read, or is no SQL file", path);
	*out = (struct view){bytes, size};
	return 0;
}

static void hex(char *out, const unsigned char *digest)
{
	for (int i = 0; i < 32; i++)
		snprintf(out + (ptrdiff_t)i * 2, 3, "%02x", digest[i]);
}

static void hash_files(const struct sql_file *files, size_t count, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	for (size_t i = 0; i < count; i++)
		EVP_DigestUpdate(context, files[i].sql.ptr, files[i].sql.len);
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	hex(out, digest);
}

static int is_sql(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && view_ends(view_of(entry->d_name), VIEW(".sql"));
}

/* All files of a folder in the order of their names, added to the list. */
static int load_folder(
	struct arena *arena, const char *folder, const char *name, struct sql_files *files, struct error *err)
{
	char path[PATH_SIZE];
	struct dirent **entries;
	int count, result = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	count = scandir(path, &entries, is_sql, alphasort);
	if (count < 0)
		return error_set(err, REACH_STOP, "%s cannot be read: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		struct sql_file *file = &files->list[files->count];

		if (result == 0 && files->count < MIGRATE_FILES_MAX) {
			file->name = arena_printf(arena, "%s/%s/%s", folder, name, entries[i]->d_name);
			file->base = arena_strdup(arena, entries[i]->d_name);
			result = read_file(arena, file->name, &file->sql, err);
			files->count++;
		}
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* Migrations are numbered from 1 without a gap. */
static int number(struct sql_files *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		struct sql_file *file = &files->list[i];
		long long version;

		if (view_to_int(view_sub(view_of(file->base), 0, 4), 1, 9999, &version) < 0 || file->base[4] != '_' ||
			version != (long long)i + 1)
			return error_set(err, REACH_STOP, "%s: the name should begin with %04zu_", file->name, i + 1);
		file->version = (int)version;
		hash_files(file, 1, file->sha256);
	}
	return 0;
}

static void files_init(struct arena *arena, struct sql_files *files)
{
	files->list = ARENA_NEW_N(arena, struct sql_file, MIGRATE_FILES_MAX);
	files->count = 0;
}

int sql_schema_load(const struct config *config, struct arena *arena, struct sql_schema *out, struct error *err)
{
	char folder[PATH_SIZE];
	struct sql_schema schema;

	if (share_path(config, "sql", folder, sizeof(folder)) < 0)
		return error_set(err, REACH_STOP, "the SQL files in %s: %s; set share_dir, or install them (`make install`)",
			folder, strerror(errno));
	files_init(arena, &schema.migrations);
	files_init(arena, &schema.functions);
	if (load_folder(arena, folder, "migrations", &schema.migrations, err) < 0 ||
		number(&schema.migrations, err) < 0 || load_folder(arena, folder, "api", &schema.functions, err) < 0 ||
		load_folder(arena, folder, "read", &schema.functions, err) < 0)
		return -1;
	hash_files(schema.functions.list, schema.functions.count, schema.functions_sha256);
	*out = schema;
	return 0;
}
