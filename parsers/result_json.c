/*
 * parsers/result_json: a result as JSON, once for people and tests (the reply contract), once for filing. See
 * parsers.h.
 */
#include "parsers/mail_report.h"
#include "parsers/order.h"
#include "parsers/parsers.h"

/* Text that is valid UTF-8 by contract; a stray byte must not lose a whole message, so it becomes a question mark. */
static json_t *json_view(struct view v)
{
	json_t *string = json_stringn(v.ptr ? v.ptr : "", v.len);

	return string ? string : json_string("?");
}

static json_t *json_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

static void set_view(json_t *object, const char *key, struct view v)
{
	json_object_set_new(object, key, json_view(v));
}

static json_t *errors_to_json(const struct result *result)
{
	json_t *errors = json_object();

	for (size_t i = 0; i < result->misfit_count; i++)
		json_object_set_new(errors, result->misfits[i].field, json_string(result->misfits[i].error));
	return errors;
}

json_t *result_to_json(const struct result *result)
{
	json_t *json = json_object();

	json_object_set_new(json, "outcome", json_string(outcome_name(result->outcome)));
	json_object_set_new(json, "reason", json_text(reason_name(result->reason)));
	json_object_set_new(json, "template", json_text(result->form));
	json_object_set_new(json, "reference", json_text(result->reference));
	json_object_set_new(json, "language", json_text(result->language));
	json_object_set_new(json, "values", result->values ? json_deep_copy(result->values) : json_object());
	json_object_set_new(json, "errors", errors_to_json(result));
	if (result->remarks.len > 0)
		set_view(json, "remarks", result->remarks);
	return json;
}

static void add_found(json_t *found, json_t *suggestions, const struct misfit *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].found.len > 0)
			set_view(found, list[i].field, list[i].found);
		if (list[i].suggestion.len > 0)
			set_view(suggestions, list[i].field, list[i].suggestion);
	}
}

static void add_misfits(json_t *json, const struct result *result)
{
	json_t *found = json_object(), *suggestions = json_object();

	add_found(found, suggestions, result->misfits, result->misfit_count);
	add_found(found, suggestions, result->near, result->near_count);
	json_object_set_new(json, "found", found);
	json_object_set_new(json, "suggestions", suggestions);
}

static json_t *provenance_to_json(const struct result *result)
{
	json_t *all = json_object();

	for (size_t i = 0; i < result->provenance_count; i++) {
		const struct provenance *from = &result->provenance[i];
		json_t *one = json_object();

		set_view(one, "raw", from->raw);
		json_object_set_new(one, "part", json_string(from->part));
		json_object_set_new(one, "start", json_integer((json_int_t)from->start));
		json_object_set_new(one, "end", json_integer((json_int_t)from->end));
		json_object_set_new(one, "part_start", json_integer((json_int_t)from->part_start));
		json_object_set_new(one, "part_end", json_integer((json_int_t)from->part_end));
		json_object_set_new(all, from->field, one);
	}
	return all;
}

static json_t *hex_to_json(const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	char hex[64];

	for (size_t i = 0; i < count && i < sizeof(hex) / 2; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return json_stringn(hex, 2 * count);
}

static json_t *attachments_to_json(const struct result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->attachment_count; i++) {
		const struct attachment *attachment = &result->attachments[i];
		json_t *one = json_object();

		json_object_set_new(one, "part", json_string(attachment->part));
		set_view(one, "name", attachment->name);
		json_object_set_new(one, "type", json_text(attachment->type));
		json_object_set_new(one, "size", json_integer((json_int_t)attachment->size));
		json_object_set_new(one, "sha256", hex_to_json(attachment->sha256, sizeof(attachment->sha256)));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *envelope_to_json(const struct envelope *envelope)
{
	json_t *mail = json_object();

	set_view(mail, "message_id", envelope->message_id);
	set_view(mail, "from_name", envelope->from_name);
	set_view(mail, "from_address", envelope->from_address);
	if (envelope->from_key.len > 0 && !view_equal(envelope->from_key, envelope->from_address))
		set_view(mail, "from_key", envelope->from_key);
	set_view(mail, "to", envelope->to);
	set_view(mail, "subject", envelope->subject);
	set_view(mail, "in_reply_to", envelope->in_reply_to);
	set_view(mail, "references", envelope->references);
	if (envelope->client.len > 0)
		set_view(mail, "client", envelope->client);
	json_object_set_new(mail, "date", json_integer((json_int_t)envelope->date));
	json_object_set_new(mail, "automatic", json_boolean(envelope->automatic));
	json_object_set_new(mail, "authentication", json_string(authentication_name(envelope->authentication)));
	return mail;
}

static json_t *views_to_json(const struct view *list, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(all, json_view(list[i]));
	return all;
}

static json_t *report_to_json(const struct mail_report *report)
{
	json_t *json = json_object(), *recipients = json_array();

	for (size_t i = 0; i < report->recipient_count; i++) {
		const struct report_recipient *recipient = &report->recipients[i];
		json_t *one = json_object();

		set_view(one, "address", recipient->address);
		set_view(one, "original", recipient->original);
		json_object_set_new(one, "action", json_string(report_action_name(recipient->action)));
		set_view(one, "status", recipient->status);
		set_view(one, "diagnostic", recipient->diagnostic);
		json_array_append_new(recipients, one);
	}
	json_object_set_new(json, "kind", json_string(report_kind_name(report->kind)));
	json_object_set_new(json, "ids", views_to_json(report->ids, report->id_count));
	json_object_set_new(json, "places", views_to_json(report->places, report->place_count));
	json_object_set_new(json, "recipients", recipients);
	return json;
}

static json_t *references_to_json(const struct result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->reference_count; i++)
		json_array_append_new(list, json_string(result->references[i]));
	return list;
}

json_t *result_to_filing(const struct result *result)
{
	json_t *json = result_to_json(result);

	if (result->reference_count > 1)
		json_object_set_new(json, "references", references_to_json(result));
	json_object_set_new(json, "template_version", json_integer(result->form_version));
	add_misfits(json, result);
	json_object_set_new(json, "provenance", provenance_to_json(result));
	json_object_set_new(json, "attachments", attachments_to_json(result));
	json_object_set_new(json, "mail", envelope_to_json(&result->envelope));
	if (result->dropped)
		json_object_set_new(json, "dropped", json_true());
	if (result->report)
		json_object_set_new(json, "report", report_to_json(result->report));
	if (result->orders)
		json_object_set_new(json, "orders", orders_to_json(result->orders));
	return json;
}
