/* intake/probe: is a mailbox all right? Looks and changes nothing. See intake.h. */
#include "intake/imap.h"
#include "intake/intake.h"

static int look_at_folders(
	struct imap *imap, const struct config_mailbox *mailbox, struct text *found, struct error *err)
{
	static const char *const capabilities[] = {"IDLE", "MOVE", "UIDPLUS"};
	const char *before = "; ";

	for (size_t i = 0; i < mailbox->folder_count; i++) {
		struct imap_folder folder;

		if (imap_select(imap, mailbox->folders[i], false, &folder, err) < 0)
			return -1;
		text_add_format(found, "%s%s %u mails", i ? ", " : "", mailbox->folders[i], folder.mails);
	}
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (!imap_can(imap, capabilities[i]))
			continue;
		text_add_format(found, "%s%s", before, capabilities[i]);
		before = ", ";
	}
	return 0;
}

int intake_probe(
	const struct config *config, const struct config_mailbox *mailbox, struct text *found, struct error *err)
{
	struct oauth *oauth = NULL;
	struct tls_client *tls;
	struct imap *imap;
	int result;

	if (tls_client_new(config->tls.ca_file, &tls, err) < 0)
		return -1;
	result = mailbox->oauth ? oauth_new(config, NULL, &oauth, err) : 0;
	if (result == 0)
		result = imap_open(config, mailbox, tls, oauth, -1, &imap, err);
	if (result == 0) {
		result = look_at_folders(imap, mailbox, found, err);
		imap_close(&imap);
	}
	oauth_free(&oauth);
	tls_client_free(&tls);
	return result;
}
