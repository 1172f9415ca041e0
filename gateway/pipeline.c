/* clang-format off: the map is drawn by hand */
/*
 * pipeline: the one path from bytes to rows.
 *
 *     duty    process                      takes                    leaves
 *     ------  ---------------------------  -----------------------  ---------------------------------------------
 *     intake  intake/  a thread a mailbox  mails on IMAP servers    message, message_raw, sighting; then the
 *                                                                   after-action on the server
 *             intake/  a thread a polled   Telegram, Signal:        delivery, message, message_raw,
 *                      channel, a channel  messages; then media     channel_message; attachment
 *                      with media
 *     parse   filing/  holder: database    messages in `received`   feedback, feedback_revision, attachment;
 *             parsers/ child: shut in      raw bytes                message filed, review, held, ignored, failed;
 *             outreach/ (in the child)     form_conversation        what is said to the person, in the outbox
 *     send    digest/  what is due, built  feedback through `read`  digest, digest_line, outbox
 *             delivery/ outbox to SMTP     outbox                   mails; outbox marked sent
 *                      and to channels                              messages; outbox_part
 *
 * Duties meet only in the database. parse is the only one that reads what strangers wrote, and it does so in
 * pipeline_read(), which holds no more than the bytes and the compiled forms; what comes out of it goes into the
 * database in pipeline_file(), in the transaction that claimed the message: a crash anywhere leaves the message as it
 * was.
 */
/* clang-format on */
#include "pipeline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/share.h"
#include "outreach/outreach.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena
#define SOURCE_FILE_MAX ((size_t)4 * 1024 * 1024)
#define SOURCE_FILES_MAX 1000

/* Of a mail above the size limit only the headers are there: say so, and take no answers from them. */
static void set_over_size(struct result *result)
{
	result->outcome = OUTCOME_REVIEW;
	result->reason = REASON_OVER_SIZE;
	json_object_clear(result->values);
	result->form = NULL;
	result->form_version = 0;
	result->misfit_count = 0;
	result->near_count = 0;
	result->provenance_count = 0;
	result->remarks = VIEW_NULL;
}

void pipeline_read(
	const struct forms *forms, struct arena *arena, const struct pipeline_message *message, struct result *out)
{
	if (message->channel)
		parse_message(forms, arena, message->raw, &message->hint, out);
	else
		parse_mail(forms, arena, message->raw, &message->hint, out);
	if (!message->channel)
		out->envelope.authentication = mail_authentication(arena, message->raw, message->trust);
	if (message->over_size && out->outcome != OUTCOME_IGNORED)
		set_over_size(out);
}

/* What is to be said to who asked for no more: in which language is known when it is filed. */
static json_t *stops_json(const struct forms *forms, enum stops stops)
{
	return json_pack("{s:s, s:o}", "by", stops == STOPS_SUBJECT ? "subject" : "words", "say",
		forms_word_everywhere(forms, "talk_stopped"));
}

json_t *pipeline_read_filing(const struct forms *forms, struct arena *arena, const struct pipeline_message *message)
{
	struct result result;
	json_t *json;

	if (message->talk.len > 0)
		return conversation_read(forms, arena, message->raw, message->talk, &message->hint);
	pipeline_read(forms, arena, message, &result);
	json = result_to_filing(&result);
	if (result.stops != STOPS_NOT && !message->channel)
		json_object_set_new(json, "stops", stops_json(forms, result.stops));
	result_release(&result);
	return json;
}

void pipeline_batch_init(struct pipeline_batch *batch)
{
	text_init(&batch->json, PIPELINE_BATCH_MAX);
	batch->count = 0;
	batch->key = NULL;
}

void pipeline_batch_release(struct pipeline_batch *batch)
{
	text_release(&batch->json);
	batch->count = 0;
}

/* What the reader found that may be a token is one of ours, or nothing: who reads strangers' bytes has no key. */
static const char *tokens_of(const struct pipeline_batch *batch, struct view filing_json, struct arena *arena)
{
	const char *list = "";
	json_t *json, *one;
	size_t i;

	if (!batch->key || view_find(filing_json, VIEW("\"tokens\":[\"ft")) < 0)
		return "";
	json = json_loadb(filing_json.ptr, filing_json.len, 0, NULL);
	json_array_foreach(json_object_get(json_object_get(json, "orders"), "tokens"), i, one)
	{
		struct answer_token token;

		if (answer_token_read(batch->key, view_of(json_string_value(one)), &token))
			list = arena_printf(arena, "%s%s[\"%c\",%lld,%lld]", list, *list ? "," : "", token.kind,
				(long long)token.first, (long long)token.second);
	}
	json_decref(json);
	return *list ? arena_printf(arena, ",\"tokens\":[%s]", list) : "";
}

static int batch_add(struct pipeline_batch *batch, int64_t message_id, struct view filing_json, const char *more)
{
	ARENA_SCOPED *arena = arena_new();
	size_t before = batch->json.len;

	text_add_format(&batch->json, "%s{\"message_id\":%lld%s%s,\"result\":", batch->count ? "," : "[",
		(long long)message_id, more, tokens_of(batch, filing_json, arena));
	text_add_view(&batch->json, filing_json);
	text_add_string(&batch->json, "}");
	if (!batch->json.full && batch->json.len < PIPELINE_BATCH_MAX) {
		batch->count++;
		return 0;
	}
	batch->json.full = false;
	text_cut(&batch->json, before);
	return -1;
}

int pipeline_batch_add(struct pipeline_batch *batch, int64_t message_id, struct view filing_json)
{
	return batch_add(batch, message_id, filing_json, "");
}

int pipeline_batch_add_hinted(struct pipeline_batch *batch, int64_t message_id, struct view filing_json)
{
	return batch_add(batch, message_id, filing_json, ",\"hinted\":true");
}

static struct request_hint read_hint(const struct db_rows *rows, size_t row, struct arena *arena)
{
	struct view text = db_get_view(rows, row, "hint");
	json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
	const char *form = json_string_value(json_object_get(json, "form"));
	const char *reference = json_string_value(json_object_get(json, "reference"));
	struct request_hint hint = {
		.form = form ? arena_strdup(arena, form) : NULL,
		.form_version = (int)json_integer_value(json_object_get(json, "version")),
		.reference = reference ? arena_strdup(arena, reference) : NULL,
	};

	json_decref(json);
	return hint;
}

static void take_filed(const struct db_rows *rows, struct arena *arena, struct pipeline_filed *out)
{
	struct pipeline_again *again = ARENA_NEW_N(arena, struct pipeline_again, db_count(rows) + 1);

	*out = (struct pipeline_filed){.again = again};
	for (size_t row = 0; row < db_count(rows); row++)
		if (!db_is_null(rows, row, "hint"))
			again[out->again_count++] = (struct pipeline_again){
				db_get_int(rows, row, "message_id"), read_hint(rows, row, arena)};
}

int pipeline_file(struct db *db, int64_t now, struct pipeline_batch *batch, const json_t *channels, struct arena *arena,
	struct pipeline_filed *out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	*out = (struct pipeline_filed){0};
	if (batch->count == 0)
		return 0;
	text_add_string(&batch->json, "]");
	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_json_text(&args, text_view(&batch->json));
	db_arg_json(&args, channels);
	result = db_call(db, "api.parse_file", &args, &rows, err);
	text_reset(&batch->json);
	batch->count = 0;
	if (result == 0)
		take_filed(rows, arena, out);
	return result;
}

static int read_whole(int fd, struct arena *arena, struct parse_source *source, struct error *err)
{
	struct stat st;
	char *bytes;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return error_set(err, REACH_STOP, "%s: %s", source->file, strerror(errno));
	if ((size_t)st.st_size > SOURCE_FILE_MAX)
		return error_set(err, REACH_STOP, "%s: larger than %zu bytes", source->file, SOURCE_FILE_MAX);
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + len, (size_t)st.st_size - len);

		if (got < 0)
			return error_set(err, REACH_STOP, "%s: %s", source->file, strerror(errno));
		if (got == 0)
			break;
		len += (size_t)got;
	}
	source->bytes = (struct view){bytes, len};
	return 0;
}

static int is_yaml(const struct dirent *entry)
{
	struct view name = view_of(entry->d_name);

	return entry->d_name[0] != '.' && (view_ends(name, VIEW(".yaml")) || view_ends(name, VIEW(".yml")));
}

static int is_template(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && view_ends(view_of(entry->d_name), VIEW(".mustache"));
}

static int is_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int is_mail_text(const struct dirent *entry)
{
	struct view name = view_of(entry->d_name);

	return entry->d_name[0] != '.' && (view_ends(name, VIEW(".txt")) || view_ends(name, VIEW(".html")));
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

/* The files of a folder that `wanted` picks, in the order of their names. */
static int load_folder(const char *folder, int (*wanted)(const struct dirent *entry), struct arena *arena,
	struct parse_source **out, size_t *count_out, struct error *err)
{
	struct dirent **entries = NULL;
	struct parse_source *sources;
	int count = scandir(folder, &entries, wanted, alphasort), result = 0;

	if (count < 0)
		return error_set(err, REACH_STOP, "%s: %s", folder, strerror(errno));
	if (count > SOURCE_FILES_MAX)
		result = error_set(err, REACH_STOP, "%s: more than %d files", folder, SOURCE_FILES_MAX);
	sources = ARENA_NEW_N(arena, struct parse_source, (size_t)count + 1);
	for (int i = 0; i < count && result == 0; i++) {
		int fd;

		sources[i].file = arena_printf(arena, "%s/%s", folder, entries[i]->d_name);
		fd = open(sources[i].file, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			result = error_set(err, REACH_STOP, "%s: %s", sources[i].file, strerror(errno));
			break;
		}
		result = read_whole(fd, arena, &sources[i], err);
		close(fd);
	}
	free_entries(entries, count);
	if (result < 0)
		return -1;
	*out = sources;
	*count_out = (size_t)count;
	return 0;
}

/* The folder of that name that ships with the program. */
static int shared_folder(
	const struct config *config, const char *name, struct arena *arena, const char **out, struct error *err)
{
	char path[4096];

	if (share_path(config, name, path, sizeof(path)) < 0)
		return error_set(err, REACH_STOP, "the %s in %s: %s; set %s, or install them (`make install`)", name,
			path, strerror(errno), strcmp(name, "forms") == 0 ? "forms_dir" : "share_dir");
	*out = arena_strdup(arena, path);
	return 0;
}

int pipeline_folder_load(const struct config *config, const char *folder, const char *name, struct arena *arena,
	struct parse_source **out, size_t *count_out, struct error *err)
{
	if (!folder && shared_folder(config, name, arena, &folder, err) < 0)
		return -1;
	return load_folder(folder, is_yaml, arena, out, count_out, err);
}

int pipeline_clients_load(const struct config *config, const char *folder, struct arena *arena,
	struct pipeline_clients *out, struct error *err)
{
	const char *quoted;

	if (!folder && shared_folder(config, "clients", arena, &folder, err) < 0)
		return -1;
	*out = (struct pipeline_clients){0};
	if (load_folder(folder, is_yaml, arena, &out->clients, &out->client_count, err) < 0)
		return -1;
	quoted = arena_printf(arena, "%s/quoted", folder);
	if (access(quoted, F_OK) < 0)
		return 0;
	return load_folder(quoted, is_mail_text, arena, &out->texts, &out->text_count, err);
}

static int is_proven_list(const struct dirent *entry)
{
	return strcmp(entry->d_name, "proven") == 0;
}

int pipeline_proven_load(const struct config *config, struct arena *arena, struct view *out, struct error *err)
{
	const char *folders[2] = {config ? config->forms_dir : NULL, NULL}, *all = "";
	struct parse_source *lists;
	size_t count;
	char path[4096];

	if (share_path(config, "forms", path, sizeof(path)) == 0)
		folders[1] = path;
	for (size_t i = 0; i < 2; i++) {
		if (!folders[i])
			continue;
		if (load_folder(folders[i], is_proven_list, arena, &lists, &count, err) < 0)
			return -1;
		if (count > 0)
			all = arena_printf(arena, "%s%.*s\n", all, VIEW_ARGS(lists[0].bytes));
	}
	*out = view_of(all);
	return 0;
}

bool pipeline_is_proven(struct view lists, const char *sha256)
{
	struct view line, first;

	while (view_next_line(&lists, &line)) {
		line = view_trim(line);
		if (view_next_field(&line, ' ', &first) && view_equal(first, view_of(sha256)))
			return true;
	}
	return false;
}

static void add_sources(
	struct arena *arena, struct parse_source **list, size_t *count, const struct parse_source *more, size_t more_count)
{
	struct parse_source *grown = ARENA_NEW_N(arena, struct parse_source, *count + more_count + 1);

	for (size_t i = 0; i < *count; i++)
		grown[i] = (*list)[i];
	for (size_t i = 0; i < more_count; i++)
		grown[*count + i] = more[i];
	*list = grown;
	*count += more_count;
}

/* The templates of letters, a folder a language: they stand among the languages. Without them forms are asked in the words of the
 * languages, and nothing else is written: `fieldpost check` says so. */
static int add_letters(
	const struct config *config, struct arena *arena, struct pipeline_sources *out, struct error *err)
{
	struct dirent **entries = NULL;
	const char *folder;
	char mail[4096];
	int count, result = 0;

	if (share_path(config, "mail", mail, sizeof(mail)) < 0)
		return 0;
	folder = arena_printf(arena, "%s/letters", mail);
	if (access(folder, F_OK) < 0)
		return 0;
	count = scandir(folder, &entries, is_folder, alphasort);
	if (count < 0)
		return error_set(err, REACH_STOP, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < count && result == 0; i++) {
		struct parse_source *letters;
		size_t found;

		result = load_folder(arena_printf(arena, "%s/%s", folder, entries[i]->d_name), is_template, arena, &letters,
			&found, err);
		if (result == 0)
			add_sources(arena, &out->languages, &out->language_count, letters, found);
	}
	free_entries(entries, count);
	return result;
}

/* Kinds of channels whose provider vouches for who writes; the senders of text messages can be forged. */
static const char *const proving_kinds[] = {"telegram", "whatsapp", "signal", "matrix", NULL};
/* Kinds that name a person by a telephone number. */
static const char *const phone_kinds[] = {"whatsapp", "signal", "twilio", "vonage", "africastalking", NULL};

static bool is_among(const char *word, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

json_t *pipeline_channels(const struct config *config)
{
	json_t *all = json_object();

	for (size_t i = 0; i < config->channel_count; i++) {
		const struct config_channel *channel = &config->channels[i];
		json_t *one = json_pack("{s:i, s:s}", "join", channel->join_seconds, "language", channel->language);

		json_object_set_new(one, "proves", json_boolean(is_among(channel->kind, proving_kinds)));
		json_object_set_new(one, "phone", json_boolean(is_among(channel->kind, phone_kinds)));
		if (channel->form)
			json_object_set_new(one, "form", json_string(channel->form));
		json_object_set_new(all, channel->name, one);
	}
	return all;
}

static const struct view *views_of(const char *const *list, size_t count, struct arena *arena)
{
	struct view *views = ARENA_NEW_N(arena, struct view, count + 1);

	for (size_t i = 0; i < count; i++)
		views[i] = view_of(arena_strdup(arena, list[i]));
	return views;
}

void pipeline_trust(const struct config *config, struct arena *arena, struct mail_trust *out)
{
	*out = (struct mail_trust){0};
	if (!config)
		return;
	out->servers = views_of(config->mail.authserv_id, config->mail.authserv_id_count, arena);
	out->server_count = config->mail.authserv_id_count;
	out->border = views_of(config->mail.border, config->mail.border_count, arena);
	out->border_count = config->mail.border_count;
}

int pipeline_sources_load(
	const struct config *config, struct arena *arena, struct pipeline_sources *out, struct error *err)
{
	const char *folder = config ? config->forms_dir : NULL;

	if (pipeline_folder_load(config, folder, "forms", arena, &out->forms, &out->form_count, err) < 0)
		return -1;
	pipeline_trust(config, arena, &out->trust);
	if (pipeline_folder_load(config, NULL, "languages", arena, &out->languages, &out->language_count, err) < 0)
		return -1;
	return add_letters(config, arena, out, err);
}
