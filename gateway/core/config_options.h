/*
 * Config options: the table behind core/config. Private to core/config*.c; everybody else includes core/config.h.
 *
 * A section is a mapping of the file (the first, without a name, is its top level); a list section is a sequence of
 * such mappings. A row names where its value goes: an offset into struct config, or into one item of a list section.
 */
#ifndef CORE_CONFIG_OPTIONS_H
#define CORE_CONFIG_OPTIONS_H

#include "base/yaml.h"
#include "core/config.h"

#define CONFIG_BYTES_MAX ((size_t)1024 * 1024) /* of the file */

enum config_kind {
	KIND_STRING,  /* const char * */
	KIND_NAME,    /* const char *: letters, digits, . _ -, at most 64 */
	KIND_ADDRESS, /* const char *: a mail address */
	KIND_PATH,    /* const char *: made absolute, relative to the file's folder */
	KIND_WORD,    /* const char *: one of `words` */
	KIND_INT,     /* int */
	KIND_SIZE,    /* size_t: bytes, "25 MiB" */
	KIND_BOOL,    /* bool */
	KIND_TLS,     /* enum config_tls */
	KIND_AFTER,   /* struct config_after */
	KIND_SECRET,  /* struct config_secret */
	KIND_LIST,    /* const char **, size_t behind it at `count_offset` */
	KIND_POINTER, /* const char *: a JSON pointer (RFC 6901) */
};

enum { PART_INTAKE = 1, PART_WEB = 2, PART_PARSE = 4, PART_SEND = 8, PART_ALL = 15 };

struct config_section {
	const char *name; /* "" for the top level */
	bool list;
	unsigned parts;   /* the duties that get it */
	const char *help;
	const char *one;  /* of a list: what one item is called, and an example of its name */
	const char *example;
	size_t items_offset, count_offset, item_size; /* of a list: its array and number in struct config */
};

struct config_option {
	const char *section, *name;
	enum config_kind kind;
	size_t offset, count_offset;
	const char *fallback; /* the default as it would be written; NULL: none */
	const char *example;  /* shown where there is no default */
	const char *computed; /* the default in words when it depends on something else */
	long long min, max;   /* KIND_INT, KIND_SIZE */
	const char *const *words;
	bool reloadable;      /* SIGHUP is enough; else a restart */
	bool required;        /* in each item of a list section */
	unsigned parts;       /* the duties that get it; 0: those of its section */
	const char *help;
};

extern const struct config_section config_sections[]; /* ends with a NULL name */
extern const struct config_option config_options[];   /* in the order of the file; ends with a NULL name */

const struct config_option *config_option_find(const char *section, const char *name);
/* The nearest name of a section ("" also knows the sections) or NULL when none is near. */
const char *config_nearest(const char *section, const char *name);

/* Reads one value into `base` (a struct config or an item). directory: what relative paths stand under. */
int config_value_load(const struct config_option *option, const struct yaml_node *node, const char *directory,
	struct arena *arena, void *base, struct error *err);
/* Puts the default of every option of the section into base. */
void config_value_defaults(const char *section, struct arena *arena, void *base);
/* Writes the value as YAML that config_value_load() takes; false when there is none. */
bool config_value_print(const struct config_option *option, const void *base, struct text *out);
/* A KIND_SECRET. */
int config_secret_load(const struct config_option *option, const struct yaml_node *node, const char *directory,
	struct arena *arena, struct config_secret *out, struct error *err);
const char *config_path_absolute(struct arena *arena, const char *directory, const char *path);

/* Fills the defaults that depend on other values and checks what one row cannot. root: the file's tree. */
int config_check(struct config *config, const struct yaml_node *root, struct error *err);
/* Its parts about the listener and the channels. */
int config_check_web(const struct config *config, const struct yaml_node *root, struct error *err);
int config_check_channels(const struct config *config, const struct yaml_node *root, struct error *err);
/* When people are asked, and the requests of the calendar. */
int config_check_asking(const struct config *config, const struct yaml_node *root, struct error *err);
/* Fills what the provider of a login says of itself, and checks the logins. */
int config_check_oauth(struct config *config, const struct yaml_node *root, struct error *err);
/* A password or a login of that name, never both. example: of the password's place. */
int config_check_login(const struct config *config, const struct yaml_node *mapping, const char *oauth,
	const struct config_secret *password, const char *example, struct error *err);
/* https, or http to this machine; with no login, query and fragment in it. */
bool config_url_is_safe(const char *url);

#endif
