/* cli/people_list: see people_list.h. */
#include "cli/people_list.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/unicode.h"
#include "base/unicode_region.h"
#include "delivery/delivery.h"
#include "parsers/parsers.h"

enum cell_kind {
	CELL_TEXT,
	CELL_NAME,
	CELL_KEY,
	CELL_KIND,
	CELL_COUNTRY,
	CELL_LANGUAGE,
	CELL_ZONE,
	CELL_MAIL,
	CELL_PHONE,
	CELL_CHANNEL,
	CELL_FLAG
};

static const struct column {
	const char *name;
	enum cell_kind kind;
} columns[] = {
	{"key", CELL_KEY},
	{"kind", CELL_KIND},
	{"name", CELL_NAME},
	{"role", CELL_TEXT},
	{"organisation", CELL_TEXT},
	{"programme", CELL_TEXT},
	{"country", CELL_COUNTRY},
	{"language", CELL_LANGUAGE},
	{"zone", CELL_ZONE},
	{"mail", CELL_MAIL},
	{"phone", CELL_PHONE},
	{"channel", CELL_CHANNEL},
	{"no_acknowledgement", CELL_FLAG},
	{"no_content", CELL_FLAG},
	{"neutral", CELL_FLAG},
	{"paused", CELL_FLAG},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct reading {
	struct arena *arena;
	const struct config *config;
	json_t *regions;
	const struct column *order[CSV_CELLS_MAX]; /* NULL: a column that is not known */
	size_t order_count, line;
	struct people_list *list;
	struct people_error **last;
	bool wrong; /* something of this row is */
};

static void add_error(struct reading *r, const char *column, const char *text)
{
	struct people_error *error = ARENA_NEW(r->arena, struct people_error);

	*error = (struct people_error){r->line, column, text, NULL};
	*r->last = error;
	r->last = &error->next;
	r->list->error_count++;
	r->wrong = true;
}

/* ---- words ---- */

static bool is_hidden(uint32_t code)
{
	return code < 32 || (code >= 127 && code < 160) || (code >= 0x202A && code <= 0x202E) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xFFFD;
}

/* One line of letters that can be seen; what a spreadsheet would take for a formula is no word of a person. */
static bool is_word(struct reading *r, const char *column, struct view text)
{
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code))
		if (is_hidden(code)) {
			add_error(r, column, "it holds a character that cannot be seen; type it anew");
			return false;
		}
	if (unicode_length(text) > PEOPLE_NAME_MAX) {
		add_error(r, column, arena_printf(r->arena, "it is longer than %d letters", PEOPLE_NAME_MAX));
		return false;
	}
	if (view_find_char(VIEW("=+-@"), text.ptr[0]) >= 0) {
		add_error(r, column, arena_printf(r->arena, "it begins with %c, as a formula does", text.ptr[0]));
		return false;
	}
	return true;
}

static bool has_letter(struct view text)
{
	uint32_t code;

	for (size_t at = 0; unicode_next(text, &at, &code);)
		if (unicode_is_letter(code))
			return true;
	return false;
}

static bool holds_break(struct view cell)
{
	return view_find_char(cell, '\n') >= 0 || view_find_char(cell, '\r') >= 0;
}

static const char *shown(struct reading *r, struct view text)
{
	return arena_printf(r->arena, "%.*s", VIEW_ARGS(view_sub(text, 0, 60)));
}

static bool is_letters(struct view text, char from, char to, size_t least, size_t most)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < from || text.ptr[i] > to)
			return false;
	return text.len >= least && text.len <= most;
}

static json_t *read_kind(struct reading *r, const char *column, struct view text)
{
	if (view_equal_nocase(text, VIEW("practitioner")) || view_equal_nocase(text, VIEW("staff")))
		return json_string(view_equal_nocase(text, VIEW("staff")) ? "staff" : "practitioner");
	add_error(r, column, arena_printf(r->arena, "%s is neither practitioner nor staff", shown(r, text)));
	return NULL;
}

static json_t *read_country(struct reading *r, const char *column, struct view text)
{
	char code[3] = "";

	for (size_t i = 0; i < text.len && text.len == 2; i++)
		code[i] = (char)(text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? text.ptr[i] - 'a' + 'A' : text.ptr[i]);
	if (code[0] && json_object_get(r->regions, code))
		return json_string(code);
	add_error(r, column,
		arena_printf(r->arena, "%s is no country; give its two letters, as in NP for Nepal", shown(r, text)));
	return NULL;
}

static json_t *read_language(struct reading *r, const char *column, struct view text)
{
	if (is_letters(text, 'a', 'z', 2, 3))
		return json_stringn(text.ptr, text.len);
	add_error(r, column,
		arena_printf(r->arena, "%s is no language; give its code in small letters, as in ne for Nepali",
			shown(r, text)));
	return NULL;
}

static json_t *read_flag(struct reading *r, const char *column, struct view text)
{
	static const char *const yes[] = {"yes", "true", "1", "y", "x", NULL}, *const no[] = {"no", "false", "0", "n",
										       "", NULL};

	for (size_t i = 0; yes[i]; i++)
		if (view_equal_nocase(text, view_of(yes[i])))
			return json_true();
	for (size_t i = 0; no[i]; i++)
		if (view_equal_nocase(text, view_of(no[i])))
			return json_false();
	add_error(r, column, arena_printf(r->arena, "%s is neither yes nor no", shown(r, text)));
	return NULL;
}

/* ---- addresses ---- */

static json_t *read_mail(struct reading *r, const char *column, struct view text)
{
	const char *address = arena_copy(r->arena, text.ptr, text.len);
	struct error err = ERROR_INIT;
	struct view key;

	if (delivery_address_check(address, &err) < 0) {
		add_error(r, column, arena_printf(r->arena, "%s: %s", shown(r, text), err.text));
		return NULL;
	}
	key = mail_address_key(r->arena, view_of(address));
	return json_stringn(key.ptr, key.len);
}

static json_t *read_phone(struct reading *r, const char *column, struct view text)
{
	char digits[24] = "+";
	size_t len = 1, at = view_starts(text, VIEW("+")) ? 1 : 0;

	if (view_starts(text, VIEW("00")))
		at = 2;
	for (size_t i = at; i < text.len && at > 0 && len < sizeof(digits) - 1; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			digits[len++] = text.ptr[i];
		else if (view_find_char(VIEW("-./()"), text.ptr[i]) < 0)
			len = sizeof(digits);
	}
	if (len >= 9 && len <= 16 && digits[1] != '0')
		return json_stringn(digits, len);
	add_error(r, column,
		arena_printf(
			r->arena, "%s is no number; write it with its country, as in +23276123456", shown(r, text)));
	return NULL;
}

static json_t *read_channel(struct reading *r, const char *column, struct view text)
{
	ptrdiff_t colon = view_find_char(text, ':');
	struct view name = view_sub(text, 0, colon < 0 ? text.len : (size_t)colon);

	if (colon < 1 || (size_t)colon + 1 == text.len) {
		add_error(r, column,
			arena_printf(r->arena, "%s is no channel and address; write NAME:ADDRESS", shown(r, text)));
		return NULL;
	}
	for (size_t i = 0; i < r->config->channel_count; i++)
		if (view_equal(name, view_of(r->config->channels[i].name)))
			return json_pack("{s:s%, s:s%}", "name", name.ptr, name.len, "address", text.ptr + colon + 1,
				text.len - (size_t)colon - 1);
	add_error(r, column, arena_printf(r->arena, "the config has no channel %s", shown(r, name)));
	return NULL;
}

/* Numbers are written with blanks in them: there a blank parts nothing. */
static bool parts(char c, enum cell_kind kind)
{
	return c == ';' || c == '|' || c == '\n' || (kind != CELL_PHONE && (c == ' ' || c == ','));
}

static struct view without_blanks(struct arena *arena, struct view text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != ' ')
			out[len++] = text.ptr[i];
	return (struct view){out, len};
}

static json_t *read_addresses(struct reading *r, const struct column *column, struct view text)
{
	json_t *list = json_array(), *one;

	while (text.len > 0) {
		size_t len = 0;
		struct view word;

		while (len < text.len && !parts(text.ptr[len], column->kind))
			len++;
		word = without_blanks(r->arena, view_sub(text, 0, len));
		text = view_sub(text, len + 1, SIZE_MAX);
		if (word.len == 0)
			continue;
		if (column->kind == CELL_MAIL)
			one = read_mail(r, column->name, word);
		else
			one = column->kind == CELL_PHONE ? read_phone(r, column->name, word)
							 : read_channel(r, column->name, word);
		if (one)
			json_array_append_new(list, one);
	}
	return list;
}

/* ---- rows ---- */

/* NULL: it is wrong, and that was said. */
static json_t *read_cell(struct reading *r, const struct column *column, struct view cell)
{
	bool is_address = column->kind == CELL_MAIL || column->kind == CELL_PHONE || column->kind == CELL_CHANNEL;
	struct view text;

	if (!unicode_valid(cell)) {
		add_error(r, column->name, "it is not UTF-8; save the file as CSV UTF-8");
		return NULL;
	}
	text = unicode_squeeze(r->arena, unicode_nfc(r->arena, cell));
	if (!is_address && holds_break(view_trim(cell))) {
		add_error(r, column->name, "it holds a line break");
		return NULL;
	}
	if (column->kind == CELL_FLAG)
		return read_flag(r, column->name, text);
	if (is_address)
		return read_addresses(r, column, unicode_ascii_digits(r->arena, text));
	if (text.len == 0)
		return json_null();
	if (!is_word(r, column->name, text))
		return NULL;
	if (column->kind == CELL_NAME && !has_letter(text)) {
		add_error(r, column->name, "there is no letter in it");
		return NULL;
	}
	if (column->kind == CELL_KIND)
		return read_kind(r, column->name, text);
	if (column->kind == CELL_COUNTRY)
		return read_country(r, column->name, text);
	if (column->kind == CELL_LANGUAGE)
		return read_language(r, column->name, text);
	return json_stringn(text.ptr, text.len);
}

static bool is_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (view_trim(row->cells[i]).len > 0)
			return false;
	return true;
}

static void read_row(struct reading *r, const struct csv_row *row)
{
	json_t *person = json_pack("{s:I}", "line", (json_int_t)row->line);

	r->line = row->line;
	r->wrong = false;
	if (row->broken)
		add_error(r, "", row->broken);
	else if (row->count != r->order_count)
		add_error(r, "",
			arena_printf(r->arena, "it has %zu cells, and the first line %zu", row->count, r->order_count));
	for (size_t i = 0; i < row->count && !row->broken && row->count == r->order_count; i++) {
		json_t *value = r->order[i] ? read_cell(r, r->order[i], row->cells[i]) : NULL;

		if (value)
			json_object_set_new(person, r->order[i]->name, value);
	}
	if (!r->wrong)
		json_array_append(r->list->people, person);
	json_decref(person);
}

static void read_names(struct reading *r, const struct csv_row *row)
{
	r->line = row->line;
	if (row->broken)
		add_error(r, "", row->broken);
	for (size_t i = 0; i < row->count; i++) {
		struct view name = view_trim(row->cells[i]);

		for (size_t j = 0; j < COLUMNS; j++)
			if (view_equal_nocase(name, view_of(columns[j].name)))
				r->order[i] = &columns[j];
		for (size_t j = 0; j < i; j++)
			if (r->order[i] && r->order[j] == r->order[i])
				add_error(r, r->order[i]->name, "the column is there twice");
		if (!r->order[i])
			add_error(r, unicode_valid(name) ? shown(r, name) : "?",
				"there is no such column; the columns are key, kind, name, role, organisation, "
				"programme, "
				"country, language, zone, mail, phone, channel, no_acknowledgement, no_content, "
				"neutral, paused");
	}
	r->order_count = r->list->error_count > 0 ? 0 : row->count;
}

/* As Excel saves "Unicode text": with its mark, or with a NUL beside every letter of the columns' names. */
static bool is_utf16(struct view bytes)
{
	return view_starts(bytes, VIEW("\xFF\xFE")) || view_starts(bytes, VIEW("\xFE\xFF")) ||
	       (bytes.len >= 4 && (bytes.ptr[0] == '\0') != (bytes.ptr[1] == '\0') &&
		       (bytes.ptr[2] == '\0') == (bytes.ptr[0] == '\0') && (bytes.ptr[3] == '\0') == (bytes.ptr[1] == '\0'));
}

void people_list_read(struct arena *arena, const struct config *config, struct view bytes, struct people_list *out)
{
	struct reading r = {.arena = arena, .config = config, .list = out, .regions = unicode_regions()};
	struct csv_row row;
	struct csv csv;

	*out = (struct people_list){.people = json_array()};
	r.last = &out->errors;
	csv_init(&csv, bytes);
	r.line = 1;
	if (is_utf16(bytes))
		add_error(&r, "", "it is UTF-16; save the file as CSV UTF-8");
	else if (csv_next(&csv, arena, &row))
		read_names(&r, &row);
	else
		add_error(&r, "", "the file is empty");
	/* With a first line that is wrong every row would be. */
	while (r.order_count > 0 && csv_next(&csv, arena, &row))
		if (!is_empty(&row))
			read_row(&r, &row);
	json_decref(r.regions);
}

/* ---- the other way ---- */

static struct view cell_of(const json_t *value, struct text *scratch)
{
	const json_t *one;
	size_t i;

	if (json_is_boolean(value))
		return json_is_true(value) ? VIEW("yes") : VIEW("no");
	if (!json_is_array(value))
		return view_of(json_string_value(value));
	text_reset(scratch);
	json_array_foreach(value, i, one)
	{
		if (i > 0)
			text_add_char(scratch, ';');
		if (json_is_object(one))
			text_add_format(scratch, "%s:", json_string_value(json_object_get(one, "name")));
		text_add_string(
			scratch, json_string_value(json_is_object(one) ? json_object_get(one, "address") : one));
	}
	return text_view(scratch);
}

void people_list_add(struct text *out, const json_t *person)
{
	TEXT_SCOPED scratch;

	text_init(&scratch, PEOPLE_LIST_BYTES_MAX);
	for (size_t i = 0; i < COLUMNS; i++)
		csv_add(out,
			person ? cell_of(json_object_get(person, columns[i].name), &scratch) : view_of(columns[i].name),
			i == 0);
	text_add_string(out, "\r\n");
}
