/* web/delivery_mail: requests that brought a mail: it is stored as any other mail, under its identity. See delivery.h.
 */
#include "core/clock.h"
#include "store/identity.h"
#include "parsers/parsers.h"
#include "web/delivery.h"

struct columns {
	int64_t *accounts, *received, *sizes;
	struct view *nonces, *identities, *raws;
	bool *oversize;
};

/* A mail over limits.message_bytes is kept as elsewhere: its header alone. */
static void add_mail(struct columns *columns, size_t at, struct view raw, size_t max, unsigned char *identity)
{
	uint64_t size = identity_wire_size(raw);

	columns->sizes[at] = (int64_t)size;
	columns->oversize[at] = size > max;
	columns->identities[at] = (struct view){(char *)identity, IDENTITY_SIZE};
	columns->raws[at] = raw;
	if (columns->oversize[at]) {
		struct mail_outline outline;

		mail_outline(raw, &outline);
		columns->raws[at] = view_sub(raw, 0, outline.body < PARSE_HEADER_MAX ? outline.body : PARSE_HEADER_MAX);
		identity_of_oversize(columns->raws[at], size, identity);
	} else {
		identity_of_mail(raw, identity);
	}
}

static void fill(struct columns *columns, struct delivery *const *deliveries, size_t count, struct arena *arena)
{
	columns->accounts = ARENA_NEW_N(arena, int64_t, count);
	columns->received = ARENA_NEW_N(arena, int64_t, count);
	columns->sizes = ARENA_NEW_N(arena, int64_t, count);
	columns->nonces = ARENA_NEW_N(arena, struct view, count);
	columns->identities = ARENA_NEW_N(arena, struct view, count);
	columns->raws = ARENA_NEW_N(arena, struct view, count);
	columns->oversize = ARENA_NEW_N(arena, bool, count);
	for (size_t i = 0; i < count; i++) {
		const struct delivery *delivery = deliveries[i];

		columns->accounts[i] = atomic_load(&delivery->hook->account_id);
		columns->received[i] = delivery->received_at;
		columns->nonces[i] = delivery->batch.nonce.len > 0 ? delivery->batch.nonce : VIEW_NULL;
		add_mail(columns, i, delivery->batch.mail, delivery->hook->mail_max, arena_alloc(arena, IDENTITY_SIZE));
	}
}

static void take_results(struct delivery *const *deliveries, size_t count, const struct db_rows *rows)
{
	for (size_t row = 0; row < db_count(rows); row++) {
		int64_t at = db_get_int(rows, row, "delivery");

		if (at < 1 || (size_t)at > count)
			continue;
		deliveries[at - 1]->fresh = db_get_bool(rows, row, "fresh");
		deliveries[at - 1]->replayed = db_get_bool(rows, row, "replayed");
		deliveries[at - 1]->known = !db_is_null(rows, row, "message_id");
	}
}

int delivery_store_mails(
	struct db *db, struct delivery *const *deliveries, size_t count, struct arena *arena, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct columns columns;
	struct db_args args;

	fill(&columns, deliveries, count, arena);
	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_int_array(&args, columns.accounts, count);
	db_arg_time_array(&args, columns.received, count);
	db_arg_text_array(&args, columns.nonces, count);
	db_arg_bytes_array(&args, columns.identities, count);
	db_arg_int_array(&args, columns.sizes, count);
	db_arg_bool_array(&args, columns.oversize, count);
	db_arg_bytes_array(&args, columns.raws, count);
	if (db_send(db, "api.channel_mails", &args, err) < 0 || db_receive(db, &rows, err) < 0)
		return -1;
	take_results(deliveries, count, rows);
	return 0;
}
