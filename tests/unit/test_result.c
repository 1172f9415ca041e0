/* Results as JSON: the contract's, and what filing needs besides. */
#include "tests/unit/unit.h"

#include "parsers/parsers.h"

static const struct misfit misfits[] = {
	{"country", "invalid-value", {"Congo", 5}, {"Congo-Kinshasa", 14}},
	{"lesson", "missing-required", {NULL, 0}, {NULL, 0}},
};

static const struct provenance places[] = {
	{"programme", {"Police", 6}, "1.2", 10, 16, 400, 900},
};

static const struct attachment attachments[] = {
	{"2", {"plan.pdf", 8}, "application/pdf", 1234, {0xDE, 0xAD, [31] = 0x01}},
};

static struct result sample(void)
{
	struct result result = {
		.outcome = OUTCOME_REVIEW,
		.reason = REASON_INVALID_VALUE,
		.form = "field-lesson",
		.form_version = 3,
		.reference = "FP-7K3M9QXA2D",
		.language = "fr",
		.values = json_pack("{s:s, s:[s, s], s:b, s:i}", "programme", "Police", "activity", "oversight",
			"strategy", "urgent", 1, "progress", 4),
		.remarks = VIEW("La route est coupée."),
		.misfits = misfits,
		.misfit_count = COUNT(misfits),
		.provenance = places,
		.provenance_count = COUNT(places),
		.attachments = attachments,
		.attachment_count = COUNT(attachments),
	};

	result.envelope.from_address = VIEW("mary@example.org");
	result.envelope.date = 1794000000;
	result.envelope.automatic = true;
	return result;
}

static void check_json(json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_SORT_KEYS);

	unit_same("json", view_of(text), view_of(expected));
	free(text);
	json_decref(json);
}

static void test_contract(void **state)
{
	struct result result = sample();

	check_json(result_to_json(&result),
		"{\"errors\": {\"country\": \"invalid-value\", \"lesson\": \"missing-required\"}, \"language\": "
		"\"fr\", "
		"\"outcome\": \"review\", \"reason\": \"invalid-value\", \"reference\": \"FP-7K3M9QXA2D\", "
		"\"remarks\": \"La route est coupée.\", \"template\": \"field-lesson\", \"values\": "
		"{\"activity\": [\"oversight\", \"strategy\"], \"programme\": \"Police\", \"progress\": 4, \"urgent\": "
		"true}}");
	result_release(&result);
	assert_null(result.values);
	result_release(&result);
}

static void test_nothing(void **state)
{
	struct result result = {.outcome = OUTCOME_IGNORED, .reason = REASON_BOUNCE};

	check_json(result_to_json(&result),
		"{\"errors\": {}, \"language\": null, \"outcome\": \"ignored\", \"reason\": \"bounce\", "
		"\"reference\": null, \"template\": null, \"values\": {}}");
}

static void test_filing(void **state)
{
	struct result result = sample();
	json_t *json = result_to_filing(&result), *one;

	assert_int_equal(json_integer_value(json_object_get(json, "template_version")), 3);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "found"), "country")), "Congo");
	assert_null(json_object_get(json_object_get(json, "found"), "lesson"));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "suggestions"), "country")), "Congo-Kinshasa");
	one = json_object_get(json_object_get(json, "provenance"), "programme");
	assert_string_equal(json_string_value(json_object_get(one, "raw")), "Police");
	assert_string_equal(json_string_value(json_object_get(one, "part")), "1.2");
	assert_int_equal(json_integer_value(json_object_get(one, "start")), 10);
	assert_int_equal(json_integer_value(json_object_get(one, "part_end")), 900);
	one = json_array_get(json_object_get(json, "attachments"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "plan.pdf");
	assert_string_equal(json_string_value(json_object_get(one, "sha256")),
		"dead000000000000000000000000000000000000000000000000000000000001");
	one = json_object_get(json, "mail");
	assert_string_equal(json_string_value(json_object_get(one, "from_address")), "mary@example.org");
	assert_string_equal(json_string_value(json_object_get(one, "subject")), "");
	assert_true(json_is_true(json_object_get(one, "automatic")));
	json_decref(json);
	result_release(&result);
}

/* The names are the contract's, and the order of the reasons is its order. */
static void test_names(void **state)
{
	static const char *const reasons[] = {NULL, "over-size", "unreadable", "bounce", "auto-reply", "forwarded",
		"over-limit", "no-template", "no-answers", "invalid-value", "missing-required"};

	assert_string_equal(outcome_name(OUTCOME_FILED), "filed");
	assert_string_equal(outcome_name(OUTCOME_REVIEW), "review");
	assert_string_equal(outcome_name(OUTCOME_IGNORED), "ignored");
	assert_null(reason_name(REASON_NONE));
	for (size_t i = 1; i < COUNT(reasons); i++)
		assert_string_equal(reason_name((enum reason)i), reasons[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_filing),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
