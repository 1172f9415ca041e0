/* intake/import_store: mails out of files into the database, as the duty would have taken them in. See intake.h. */
#include "core/clock.h"
#include "intake/batch.h"
#include "store/identity.h"
#include "intake/import.h"
#include "intake/intake.h"
#include "parsers/parsers.h"

struct sink {
	const struct config *config;
	struct batches *batches;
	struct intake_imported *counts;
};

static int take(void *context, const struct import_mail *mail, struct error *err)
{
	struct sink *sink = context;
	struct batch_mail taken = {
		.size = identity_wire_size(mail->raw),
		.received = mail->received,
		.raw = mail->raw,
	};

	sink->counts->read++;
	if (taken.size > sink->config->limits.message_bytes) {
		struct mail_outline outline;

		mail_outline(mail->raw, &outline);
		taken.oversize = true;
		taken.raw = view_sub(mail->raw, 0, outline.body < PARSE_HEADER_MAX ? outline.body : PARSE_HEADER_MAX);
		sink->counts->oversize++;
	}
	return batches_add(sink->batches, &taken, err);
}

static int import_into(
	struct sink *sink, struct database *database, const char *account, const char *path, struct error *err)
{
	struct record_account record = {.name = account, .kind = "import"};
	struct error later = ERROR_INIT;
	int result;

	if (database_run(database, record_account, &record, err) < 0)
		return -1;
	batches_begin(sink->batches, 0, record.account_id);
	result = import_path(path, clock_now(), take, sink, err);
	/* What was read before a file that cannot be read is kept. */
	if ((result == 0 || err->reach == REACH_MESSAGE) && batches_flush(sink->batches, &later) < 0) {
		*err = later;
		result = -1;
	}
	sink->counts->stored += batches_stored(sink->batches);
	sink->counts->fresh += batches_fresh(sink->batches);
	return result;
}

int intake_import(const struct config *config, struct db *db, const char *account, const char *path,
	struct intake_imported *counts, struct error *err)
{
	struct sink sink = {.config = config, .counts = counts};
	struct database *database;
	int result;

	if (database_borrow(db, &database, err) < 0)
		return -1;
	sink.batches = batches_new(config, database);
	result = sink.batches ? import_into(&sink, database, account, path, err)
			      : error_set(err, REACH_RETRY, "out of memory");
	batches_free(&sink.batches);
	database_free(&database);
	return result;
}
