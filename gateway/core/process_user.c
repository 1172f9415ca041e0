/* core/process_user: root becomes the user `fieldpost`. See process.h. */
#include "core/process.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE_USER "fieldpost"

/* Makes the folder and those above it. */
static int make_folder(const char *path, struct error *err)
{
	char *copy = strdup(path);
	int rc = copy ? 0 : -1;

	for (char *slash = copy ? strchr(copy + 1, '/') : NULL; rc == 0 && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			rc = -1;
		*slash = '/';
	}
	if (rc == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		rc = -1;
	free(copy);
	if (rc == 0)
		return 0;
	return error_set(err, REACH_STOP, "the state folder %s cannot be made: %s", path, strerror(errno));
}

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool empty = folder != NULL;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			empty = false;
	if (folder)
		closedir(folder);
	return empty;
}

/* Root's own empty folder is handed over; a folder with somebody else's things in it is not touched. */
static int give_folder(const char *path, const struct passwd *user, struct error *err)
{
	struct stat state;

	if (make_folder(path, err) < 0)
		return -1;
	if (stat(path, &state) < 0)
		return error_set(err, REACH_STOP, "the state folder %s: %s", path, strerror(errno));
	if (state.st_uid == user->pw_uid)
		return 0;
	if (state.st_uid == 0 && is_empty(path) && chown(path, user->pw_uid, user->pw_gid) == 0)
		return 0;
	return error_set(err, REACH_STOP, "the state folder %s is not the user %s's; say `chown -R %s: %s`", path,
		user->pw_name, user->pw_name, path);
}

static int become_user(const struct passwd *user, struct error *err)
{
	if (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || initgroups(user->pw_name, user->pw_gid) < 0 ||
		setuid(user->pw_uid) < 0)
		return error_set(
			err, REACH_STOP, "root could not become the user %s: %s", user->pw_name, strerror(errno));
	if (setuid(0) == 0) /* for ever */
		return error_set(err, REACH_STOP, "root could not be given up");
	prctl(PR_SET_DUMPABLE, 1); /* else /proc/self, and with it the program for the duties, is out of reach */
	return 0;
}

int process_drop_root(const struct config *config, struct error *err)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return 0;
	user = getpwnam(SERVICE_USER);
	if (!user)
		return error_set(err, REACH_STOP,
			"Fieldpost and its PostgreSQL do not run as root; make the user for it (`useradd --system "
			"--home-dir /var/lib/fieldpost --shell /usr/sbin/nologin " SERVICE_USER "`) or run it as an "
			"ordinary user");
	if (user->pw_uid == 0)
		return error_set(
			err, REACH_STOP, "the user " SERVICE_USER " is root itself; give it a number of its own");
	if (give_folder(config->state_dir, user, err) < 0 || become_user(user, err) < 0)
		return -1;
	setenv("HOME", config->state_dir, 1);
	setenv("USER", SERVICE_USER, 1);
	setenv("LOGNAME", SERVICE_USER, 1);
	return 0;
}
