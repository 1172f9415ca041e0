/* What makes two deliveries one mail, and what does not. */
#include "store/identity.h"
#include "unit.h"

#include <openssl/evp.h>

#define MAIL "Message-ID: <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\nSubject: one\r\n two\r\n\r\nBody\r\nline\r\n"

struct pair {
	const char *name, *other;
	bool same;
};

static const struct pair pairs[] = {
	{"itself", MAIL, true},
	{"other trace fields", "Received: from x\r\nX-Spam: no\r\n" MAIL, true},
	{"line ends", "Message-ID: <a@b>\nFrom: A <a@b.example>\nDate: Sat, 21 Nov 2026 18:00:00 +0000\nSubject: one\n two\n\nBody\nline\n",
		true},
	{"folded otherwise", "Message-ID:\r\n <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
			     "Subject: one two\r\n\r\nBody\r\nline\r\n", true},
	{"empty lines at the end", MAIL "\r\n\r\n", true},
	{"no line end at the end", "Message-ID: <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
				   "Subject: one\r\n two\r\n\r\nBody\r\nline", true},
	{"other body", "Message-ID: <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
		       "Subject: one\r\n two\r\n\r\nBody\r\nLine\r\n", false},
	{"an empty line within", "Message-ID: <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
				 "Subject: one\r\n two\r\n\r\nBody\r\n\r\nline\r\n", false},
	{"other subject", "Message-ID: <a@b>\r\nFrom: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
			  "Subject: one\r\n\r\nBody\r\nline\r\n", false},
	{"no Message-ID", "From: A <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\nSubject: one\r\n two\r\n\r\nBody\r\nline\r\n",
		false},
	{"values do not run together", "Message-ID: <a@b>A\r\nFrom: <a@b.example>\r\nDate: Sat, 21 Nov 2026 18:00:00 +0000\r\n"
				       "Subject: one\r\n two\r\n\r\nBody\r\nline\r\n", false},
	{"empty", "", false},
};

static void test_pairs(void **state)
{
	unsigned char first[IDENTITY_SIZE], second[IDENTITY_SIZE];

	(void)state;
	identity_of_mail(VIEW(MAIL), first);
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct view other = view_of(pairs[i].other);
		UNIT_SCOPED char *block = unit_heap(other);

		identity_of_mail((struct view){block, other.len}, second);
		unit_same_number(pairs[i].name, memcmp(first, second, IDENTITY_SIZE) == 0, pairs[i].same);
	}
}

/* Longer than the pieces that are hashed at once. */
static void test_long(void **state)
{
	unsigned char first[IDENTITY_SIZE], second[IDENTITY_SIZE];
	const size_t size = 100000;
	char *mail = malloc(size);

	(void)state;
	memset(mail, 'x', size);
	memcpy(mail, "Subject: a\r\n\r\n", 14);
	identity_of_mail((struct view){mail, size}, first);
	mail[size - 1] = 'y';
	identity_of_mail((struct view){mail, size}, second);
	assert_memory_not_equal(first, second, IDENTITY_SIZE);
	free(mail);
}

/* Lines of every length about that of the pieces, beside the hash of the whole: four values, each with a NUL, and the body. */
static void test_pieces(void **state)
{
	static char mail[20000], whole[20000];

	(void)state;
	for (size_t length = 4000; length <= 4200; length++) {
		unsigned char actual[IDENTITY_SIZE], expected[IDENTITY_SIZE];
		size_t len = 2, hashed = 4;

		memcpy(mail, "\r\n", 2);
		memset(whole, 0, hashed);
		for (size_t i = 0; i < 4; i++) {
			size_t part = i == 2 ? length / 2 : length;

			memset(mail + len, 'a' + (int)i, part);
			memcpy(mail + len + part, "\r\n", 2);
			len += part + 2;
			memset(whole + hashed, 'a' + (int)i, part);
			whole[hashed + part] = '\n';
			hashed += part + 1;
		}
		identity_of_mail((struct view){mail, len}, actual);
		EVP_Digest(whole, hashed, expected, NULL, EVP_sha256(), NULL);
		unit_same_number("pieces", memcmp(actual, expected, IDENTITY_SIZE), 0);
	}
}

static void test_oversize(void **state)
{
	unsigned char whole[IDENTITY_SIZE], first[IDENTITY_SIZE], same[IDENTITY_SIZE], other[IDENTITY_SIZE];

	(void)state;
	identity_of_mail(VIEW(MAIL), whole);
	identity_of_oversize(VIEW("Message-ID: <a@b>\r\nFrom: A\r\n\r\n"), 30000000, first);
	identity_of_oversize(VIEW("Received: x\r\nMessage-ID: <a@b>\r\nFrom: A\r\n\r\n"), 30000000, same);
	identity_of_oversize(VIEW("Message-ID: <a@b>\r\nFrom: A\r\n\r\n"), 30000001, other);
	assert_memory_equal(first, same, IDENTITY_SIZE);
	assert_memory_not_equal(first, other, IDENTITY_SIZE);
	assert_memory_not_equal(first, whole, IDENTITY_SIZE);
}

static void test_wire_size(void **state)
{
	(void)state;
	assert_int_equal(identity_wire_size(VIEW("a\r\nb\r\n")), 6);
	assert_int_equal(identity_wire_size(VIEW("a\nb\n")), 6);
	assert_int_equal(identity_wire_size(VIEW("\n")), 2);
	assert_int_equal(identity_wire_size(VIEW("a\r\nb\nc")), 7);
	assert_int_equal(identity_wire_size(VIEW_NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_wire_size),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
