/* delivery/mail_sender: rows of the outbox to the SMTP server. See sender.h, which has the loop; smtp.c says how each
 * went. */
#include "core/log.h"
#include "delivery/mail_encode.h"
#include "delivery/sender.h"
#include "delivery/smtp.h"

struct mail_sender {
	struct sender sender;
	struct smtp *smtp;
	struct text mail; /* of the row at hand */
};

struct mail_senders {
	struct outbox *outbox;
	size_t count;
	struct mail_sender list[];
};

static void drop(void *private)
{
	struct mail_sender *sender = private;

	smtp_close(&sender->smtp);
}

/* "bounces+TOKEN@domain"; without such an address bounces go to the sender's. */
static int return_path(
	const struct config_smtp *settings, const struct outbox_slot *slot, struct view *out, struct error *err)
{
	const char *address = settings->bounce_address;
	const char *at = address ? strchr(address, '@') : NULL;
	struct view path = view_of(settings->from_address);

	if (at)
		path = view_of(arena_printf(slot->arena, "%.*s+%s%s", (int)(at - address), address, slot->row.token, at));
	if (mail_address(slot->arena, path, out, err) == 0)
		return 0;
	err->reach = REACH_STOP; /* the config's, not this mail's */
	return error_prefix(err, at ? "smtp.bounce_address" : "smtp.from_address");
}

static int send_row(void *private, const struct outbox_slot *slot, struct sending *sending, struct error *err)
{
	struct mail_sender *sender = private;
	const struct config *config = outbox_config(sender->sender.outbox);
	const struct outbox_row *row = &slot->row;
	struct outgoing mail = {
		.kind = row->kind, .header_id = row->header_id, .date = row->created_at, .to_address = row->recipient};
	struct view from, to;

	text_reset(&sender->mail);
	if (delivery_mail_of_body(config, row->body, &mail, &sender->mail, err) ||
		mail_address(slot->arena, row->recipient, &to, err) || return_path(&config->smtp, slot, &from, err))
		return -1;
	if (!sender->smtp && smtp_open(config, outbox_context(sender->sender.outbox), &sender->smtp, err))
		return -1;
	if (smtp_send(sender->smtp, from, to, text_view(&sender->mail), err) == 0)
		return 0;
	sending->refused = smtp_refused(sender->smtp);
	return -1;
}

static const struct sender_kind kind = {.alarm = "smtp", .send = send_row, .drop = drop, .fragile = true};

int mail_senders_new(struct duty_context *context, struct mail_senders **out, struct error *err)
{
	const struct config_smtp *settings = &context->config->smtp;
	size_t count = settings->host ? (size_t)settings->connections : 0;
	struct mail_senders *senders = calloc(1, sizeof(*senders) + count * sizeof(struct mail_sender));

	if (!senders)
		return error_set(err, REACH_RETRY, "out of memory");
	*out = senders;
	if (count == 0) {
		log_warning("smtp", "error=\"smtp.host is not set: what is in the outbox stays there\"");
		return 0;
	}
	senders->outbox = outbox_new(context, "mail", settings->rate_per_minute);
	if (!senders->outbox)
		return error_set(err, REACH_RETRY, "out of memory");
	for (; senders->count < count; senders->count++) {
		struct mail_sender *one = &senders->list[senders->count];

		one->sender = (struct sender){
			.kind = &kind, .private = one, .outbox = senders->outbox, .alarm_object = "server"};
		text_init(&one->mail, MAIL_BYTES_MAX);
		if (outbox_slot_open(senders->outbox, &one->sender.slot, err))
			return -1;
	}
	return 0;
}

void mail_senders_free(struct mail_senders **senders)
{
	if (!*senders)
		return;
	for (size_t i = 0; i < (*senders)->count; i++) {
		outbox_slot_close((*senders)->outbox, &(*senders)->list[i].sender.slot);
		text_release(&(*senders)->list[i].mail);
	}
	outbox_free(&(*senders)->outbox);
	free(*senders);
	*senders = NULL;
}

size_t mail_senders_count(const struct mail_senders *senders)
{
	return senders->count;
}

struct sender *mail_senders_get(struct mail_senders *senders, size_t index)
{
	return &senders->list[index].sender;
}
