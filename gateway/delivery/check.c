/* delivery/check: is the SMTP server there, trusted and open to us? For `fieldpost check`. See delivery.h. */
#include "delivery/delivery.h"
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
