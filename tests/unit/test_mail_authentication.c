/* Unit tests of parsers/mail_authentication: whom a mail is from for sure, and every way of pretending it. */
#include "tests/unit/unit.h"

#include "base/unicode.h"
#include "parsers/parsers.h"

static struct arena *arena;

static int before(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	arena = arena_new();
	return parsers_open(&err);
}

static int after(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

#define MX "mx.example.org"
#define OURS "Received: from mail.who.example (mail.who.example [192.0.2.1])\r\n\tby " MX " (Postfix) with ESMTPS id 1;\r\n\tSun, 1 Nov 2026 00:00:00 +0000\r\n"
#define INNER "Received: from " MX " by store.example.org with LMTP id 2; Sun, 1 Nov 2026 00:00:01 +0000\r\n"
#define FOREIGN "Received: from laptop by mail.who.example with ESMTPSA id 3; Sun, 1 Nov 2026 00:00:00 +0000\r\n"
#define FROM "From: Ada <ada@who.example>\r\n"
#define RESULTS "Authentication-Results: " MX "; "
#define GOOD RESULTS "dmarc=pass (p=none) header.from=who.example\r\n"
#define REST "Subject: Re: FP-7K3M9QXA2D\r\n\r\nAuthentication-Results: " MX "; dmarc=pass header.from=who.example\r\n"

struct authentication_case {
	const char *name, *head;
	enum authentication above, border; /* nothing may stand above the results; the border's Received may */
};

#define NONE AUTHENTICATION_NONE
#define PASS AUTHENTICATION_PASS
#define FAIL AUTHENTICATION_FAIL

static const struct authentication_case cases[] = {
	/* what our server says, on top or right below its own Received field */
	{"on top", GOOD OURS FOREIGN FROM, PASS, PASS},
	{"below our Received", OURS GOOD FOREIGN FROM, NONE, PASS},
	{"below two of ours", INNER OURS GOOD FOREIGN FROM, NONE, PASS},
	{"between two of ours", INNER GOOD OURS FOREIGN FROM, NONE, PASS},
	{"no Received at all", GOOD FROM, PASS, PASS},
	{"nobody says anything", OURS FOREIGN FROM, NONE, NONE},

	/* what the sender wrote */
	{"below a foreign Received", OURS FOREIGN GOOD FROM, NONE, NONE},
	{"of another server", OURS "Authentication-Results: mx.evil.example; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"of a name that begins like ours", "Authentication-Results: " MX ".evil.example; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"of a name that ends like ours", "Authentication-Results: x" MX "; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"our name in a comment", "Authentication-Results: evil.example (" MX "); dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"forged below ours that failed", OURS RESULTS "dmarc=fail header.from=who.example\r\n" GOOD FOREIGN FROM, NONE, FAIL},
	{"forged below ours that says nothing", OURS RESULTS "none\r\n" GOOD FOREIGN FROM, NONE, NONE},
	{"forged below ours on top", RESULTS "spf=none smtp.mailfrom=evil.example\r\n" OURS GOOD FROM, NONE, NONE},
	{"forged with a forged Received", RESULTS "dmarc=none header.from=who.example\r\n" OURS GOOD OURS FOREIGN FROM, NONE, NONE},
	{"forged below ours that is broken", OURS RESULTS "spf=pass (a smtp.mailfrom=x\r\n" GOOD FROM, NONE, NONE},
	{"in the body", OURS FROM, NONE, NONE},
	{"an Authentication-Results-Original", "Authentication-Results-Original: " MX "; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"ARC's", "ARC-Authentication-Results: i=1; " MX "; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"our name as HELO", "Received: from " MX " by evil.example; x\r\n" GOOD FROM, NONE, NONE},
	{"by in a comment", "Received: from x (by " MX ") by evil.example; x\r\n" GOOD FROM, NONE, NONE},
	{"folded over a bare CR", OURS "X: a\rAuthentication-Results: " MX "; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},

	/* the field's words */
	{"a version", "Authentication-Results: " MX " 1; dmarc=pass header.from=who.example\r\n" FROM, PASS, PASS},
	{"any case, no blanks", "authentication-results:MX.Example.ORG;DMARC=Pass header.From=WHO.Example\r\n" FROM, PASS, PASS},
	{"comments everywhere", "Authentication-Results: (a (b)) " MX " (c); (d) dmarc (e) = (f) pass (g=h; i) header.from (j) = (k) who.example (l)\r\n" FROM, PASS, PASS},
	{"folded", "Authentication-Results: " MX ";\r\n\tdkim=none;\r\n dmarc=pass\r\n\theader.from=who.example\r\n" FROM, PASS, PASS},
	{"reason in quotes", RESULTS "dmarc=pass reason=\"a; dmarc=fail\" header.from=who.example\r\n" FROM, PASS, PASS},
	{"a method's version", RESULTS "dmarc/1=pass header.from=who.example;\r\n" FROM, PASS, PASS},
	{"pass in a comment only", RESULTS "dmarc=none (dmarc=pass header.from=who.example)\r\n" FROM, NONE, NONE},
	{"a comment that never ends", RESULTS "dmarc=pass header.from=who.example (\r\n" FROM, NONE, NONE},
	{"a quote that never ends", RESULTS "dmarc=pass header.from=who.example; spf=pass smtp.mailfrom=\"x\r\n" FROM, NONE, NONE},
	{"a local part that looks like a result", RESULTS "spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=who.example; y\"@evil.example\r\n" FROM, NONE, NONE},
	{"a local part that ends the comment", RESULTS "spf=pass (domain of \"x); dmarc=pass header.from=who.example; z=(\"@evil.example); dmarc=fail header.from=who.example\r\n" FROM, FAIL, FAIL},
	{"a local part that swallows the truth", RESULTS "spf=fail (domain of \"a(\"@evil.example) smtp.mailfrom=evil.example; dmarc=fail header.from=who.example\r\n" FROM, FAIL, FAIL},
	{"a local part that passes and the truth", RESULTS "spf=pass (domain of \"x); dmarc=pass header.from=who.example; (y\"@evil.example); dmarc=fail header.from=who.example\r\n" FROM, FAIL, FAIL},
	{"two that differ", RESULTS "dmarc=pass header.from=who.example; dmarc=pass header.from=evil.example\r\n" FROM, NONE, NONE},
	{"without a value", RESULTS "dmarc= ; dmarc=pass header.from=who.example\r\n" FROM, NONE, NONE},
	{"no results", "Authentication-Results: " MX "\r\n" FROM, NONE, NONE},
	{"nothing at all", "Authentication-Results:\r\n" FROM, NONE, NONE},

	/* of whom it is said */
	{"DMARC of another domain", RESULTS "dmarc=pass header.from=evil.example\r\n" FROM, NONE, NONE},
	{"DMARC of no domain", RESULTS "dmarc=pass\r\n" FROM, NONE, NONE},
	{"DMARC failed, DKIM passed", RESULTS "dkim=pass header.d=who.example; dmarc=fail header.from=who.example\r\n" FROM, FAIL, FAIL},
	{"no policy, DKIM passed", RESULTS "dkim=pass header.d=who.example; dmarc=none header.from=who.example\r\n" FROM, PASS, PASS},
	{"DKIM of an error in DMARC", RESULTS "dkim=pass header.d=who.example; dmarc=temperror header.from=who.example\r\n" FROM, NONE, NONE},
	{"DKIM of the domain", RESULTS "dkim=pass header.d=who.example header.s=s1 header.b=abc\r\n" FROM, PASS, PASS},
	{"DKIM by its identity", RESULTS "dkim=pass header.i=@who.example\r\n" FROM, PASS, PASS},
	{"DKIM of another domain", RESULTS "dkim=pass header.d=list.example\r\n" FROM, NONE, NONE},
	{"DKIM of a domain below", RESULTS "dkim=pass header.d=evil.who.example\r\n" FROM, NONE, NONE},
	{"DKIM of a domain above", RESULTS "dkim=pass header.d=who.example\r\nFrom: ada@sl.who.example\r\n", PASS, PASS},
	{"DKIM of a name that ends alike", RESULTS "dkim=pass header.d=ho.example\r\n" FROM, NONE, NONE},
	{"DKIM of a top-level domain", RESULTS "dkim=pass header.d=example\r\n" FROM, NONE, NONE},
	{"DKIM failed", RESULTS "dkim=fail header.d=who.example\r\n" FROM, NONE, NONE},
	{"one of two signatures", RESULTS "dkim=fail header.d=list.example; dkim=pass header.d=who.example\r\n" FROM, PASS, PASS},
	{"SPF of the domain", RESULTS "spf=pass (ok) smtp.mailfrom=ada@who.example\r\n" FROM, PASS, PASS},
	{"SPF of another domain", RESULTS "spf=pass smtp.mailfrom=bounce@evil.example\r\n" FROM, NONE, NONE},
	{"SPF of the HELO alone", RESULTS "spf=pass smtp.helo=who.example\r\n" FROM, NONE, NONE},
	{"SPF failed on the way", RESULTS "spf=fail smtp.mailfrom=ada@who.example\r\n" FROM, NONE, NONE},
	{"SPF and DKIM failed", RESULTS "spf=fail smtp.mailfrom=ada@who.example; dkim=fail header.d=who.example\r\n" FROM, FAIL, FAIL},
	{"a letter alike in the domain", RESULTS "dmarc=pass header.from=xn--wh-jbc.example\r\n" FROM, NONE, NONE},
	{"letters other than ASCII", RESULTS "dmarc=pass header.from=xn--bcher-kva.example\r\nFrom: ada@b\xC3\xBC" "cher.example\r\n", PASS, PASS},
	{"a local part with other letters", RESULTS "dmarc=pass header.from=who.example\r\nFrom: \xC3\xA4" "da@who.example\r\n", PASS, PASS},

	/* From itself */
	{"bare", GOOD "From: ada@who.example\r\n", PASS, PASS},
	{"bare with a comment", GOOD "From: ada@who.example (Ada, \\) <x@y>)\r\n", PASS, PASS},
	{"another address as the name", GOOD "From: \"<boss@who.example>\" <ada@who.example>\r\n", PASS, PASS},
	{"another address as the name, bare", GOOD "From: boss@evil.example <ada@who.example>\r\n", PASS, PASS},
	{"two From fields", GOOD FROM "From: <eve@evil.example>\r\n", NONE, NONE},
	{"two From fields, one with a blank", GOOD FROM "From : <eve@evil.example>\r\n", NONE, NONE},
	{"two addresses", GOOD "From: <ada@who.example>, <eve@evil.example>\r\n", NONE, NONE},
	{"two addresses, no comma", GOOD "From: <ada@who.example> <eve@evil.example>\r\n", NONE, NONE},
	{"two addresses, DMARC failed", RESULTS "dmarc=fail header.from=who.example\r\nFrom: <ada@who.example>, <eve@evil.example>\r\n", FAIL, FAIL},
	{"a quoted local part, DMARC failed", RESULTS "dmarc=fail header.from=who.example\r\nFrom: <\"ada\"@who.example>\r\n", FAIL, FAIL},
	{"a group", GOOD "From: All: ada@who.example;\r\n", NONE, NONE},
	{"a route", GOOD "From: <@evil.example:ada@who.example>\r\n", NONE, NONE},
	{"a quoted local part", GOOD "From: <\"ada\"@who.example>\r\n", NONE, NONE},
	{"two at signs", GOOD "From: <eve@evil.example@who.example>\r\n", NONE, NONE},
	{"a blank inside", GOOD "From: <a da@who.example>\r\n", NONE, NONE},
	{"a comment inside", GOOD "From: <ada(x)@who.example>\r\n", NONE, NONE},
	{"no address", GOOD "From: Ada\r\n", NONE, NONE},
	{"empty", GOOD "From:\r\n", NONE, NONE},
	{"none", GOOD, NONE, NONE},
	{"only a Sender", GOOD "Sender: ada@who.example\r\n", NONE, NONE},
	{"Reply-To is nobody", RESULTS "dmarc=pass header.from=evil.example\r\nFrom: eve@evil.example\r\nReply-To: ada@who.example\r\n", PASS, PASS},
};

static enum authentication read(const char *head, const struct mail_trust *trust)
{
	struct view raw = view_of(arena_printf(arena, "%s" REST, head));
	UNIT_SCOPED char *block = unit_heap(raw);

	return mail_authentication(arena, (struct view){block, raw.len}, trust);
}

static void test_cases(void **state)
{
	static const struct view servers[] = {{MX, sizeof(MX) - 1}}, border[] = {{MX, sizeof(MX) - 1}, {"store.*", 7}};
	struct mail_trust plain = {servers, 1, NULL, 0}, behind = {servers, 1, border, 2};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unit_same(cases[i].name, view_of(authentication_name(read(cases[i].head, &plain))),
			view_of(authentication_name(cases[i].above)));
		unit_same(arena_printf(arena, "%s (border)", cases[i].name),
			view_of(authentication_name(read(cases[i].head, &behind))),
			view_of(authentication_name(cases[i].border)));
	}
}

/* Nobody is believed unless the config says so. */
static void test_no_trust(void **state)
{
	static const struct view border[] = {{MX, sizeof(MX) - 1}};
	struct mail_trust nobody = {NULL, 0, border, 1};

	(void)state;
	assert_int_equal(read(GOOD OURS FROM, &nobody), AUTHENTICATION_NONE);
	assert_int_equal(read(GOOD OURS FROM, NULL), AUTHENTICATION_NONE);
}

/* Exchange Online names no server; its hops stand above the results. */
static void test_exchange(void **state)
{
	static const struct view servers[] = {{"-", 1}}, border[] = {{"*.outlook.com", 13}};
	struct mail_trust trust = {servers, 1, border, 1};
	static const char hop[] = "Received: from AM6.mail.protection.outlook.com (2603:10a6::1) by DB8.eurprd.prod.outlook.com; x\r\n";
	static const char results[] = "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=who.example; "
				      "dkim=pass (signature was verified)\r\n header.d=who.example;dmarc=pass action=none\r\n "
				      "header.from=who.example;compauth=pass reason=100\r\n";

	(void)state;
	assert_int_equal(read(arena_printf(arena, "%s%s%s", hop, results, FROM), &trust), AUTHENTICATION_PASS);
	assert_int_equal(read(arena_printf(arena, "%sAuthentication-Results: evil.example; dmarc=pass header.from=who.example\r\n%s",
		hop, FROM), &trust), AUTHENTICATION_NONE);
}

static void test_gmail(void **state)
{
	static const struct view servers[] = {{"mx.google.com", 13}}, border[] = {{"2002:a*", 7}, {"mx.google.com", 13}};
	struct mail_trust trust = {servers, 1, border, 2};

	(void)state;
	assert_int_equal(read("Delivered-To: x@gmail.com\r\nReceived: by 2002:a05:7010:1::1 with SMTP id a1csp1; Sun\r\n"
			      "X-Received: by 2002:a05:600c:1::1 with SMTP id b2; Sun\r\n"
			      "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=evil.example\r\n"
			      "Received: from mail.who.example (mail.who.example. [192.0.2.1])\r\n        by mx.google.com with ESMTPS id c3\r\n"
			      "        for <x@gmail.com>\r\nReceived-SPF: pass (google.com: domain of ada@who.example)\r\n"
			      "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@who.example header.s=s header.b=AbC;\r\n"
			      "       spf=pass (google.com: domain of ada@who.example designates 192.0.2.1 as permitted sender) "
			      "smtp.mailfrom=ada@who.example;\r\n       dmarc=pass (p=QUARANTINE sp=NONE dis=NONE) header.from=who.example\r\n"
			      FOREIGN FROM, &trust), AUTHENTICATION_PASS);
}

/* Cut anywhere, nothing is read beyond the end; and what has lost its end never passes for more than the whole. */
static void test_cut(void **state)
{
	static const struct view servers[] = {{MX, sizeof(MX) - 1}};
	struct mail_trust trust = {servers, 1, NULL, 0};
	struct view raw = VIEW(RESULTS "spf=pass (a\\) \"b\" (c)) smtp.mailfrom=\"x\\\"y\"@evil.example; dmarc=fail header.from=who.example\r\n"
				       FROM "\r\n");

	(void)state;
	for (size_t length = 0; length <= raw.len; length++) {
		struct view cut = view_sub(raw, 0, length);
		UNIT_SCOPED char *block = unit_heap(cut);

		assert_int_not_equal(mail_authentication(arena, (struct view){block, cut.len}, &trust), AUTHENTICATION_PASS);
	}
}

static void test_key(void **state)
{
	static const char *const pairs[][2] = {
		{"Ada@Who.EXAMPLE", "Ada@who.example"},
		{"ada@b\xC3\xBC" "cher.example", "ada@xn--bcher-kva.example"},
		{"ada@who.example.", "ada@who.example"},
		{"\xE2\x84\xAA" "im@who.example", "\xE2\x84\xAA" "im@who.example"}, /* KELVIN SIGN stays what it is */
		{"ada", "ada"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		unit_same(pairs[i][0], mail_address_key(arena, view_of(pairs[i][0])), view_of(pairs[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_trust),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_gmail),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, before, after);
}
