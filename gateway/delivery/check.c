/* delivery/check: is the SMTP server there, trusted and open to us; may mail go to an address? See delivery.h. */
#include "delivery/delivery.h"
#include "delivery/mail_encode.h"
#include "delivery/smtp.h"

int delivery_check(const struct config *config, struct error *err)
{
	struct smtp *smtp;
	int result;

	if (smtp_open(config, NULL, &smtp, err))
		return -1;
	result = smtp_check(smtp, err);
	smtp_close(&smtp);
	return result;
}

int delivery_address_check(const char *address, struct error *err)
{
	struct arena *arena = arena_new();
	struct view bare;
	int result = mail_address(arena, view_of(address), &bare, err);

	arena_free(&arena);
	return result;
}
