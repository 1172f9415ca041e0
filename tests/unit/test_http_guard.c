/* Where a guarded request may go: addresses, URLs. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/http_guard.h"
#include "unit.h"

static const struct {
	const char *address;
	bool public;
} addresses[] = {
	{"149.154.167.220", true},
	{"1.1.1.1", true},
	{"9.255.255.255", true},
	{"11.0.0.0", true},
	{"100.63.255.255", true},
	{"100.128.0.0", true},
	{"126.255.255.255", true},
	{"128.0.0.0", true},
	{"169.253.255.255", true},
	{"169.255.0.0", true},
	{"172.15.255.255", true},
	{"172.32.0.0", true},
	{"192.167.255.255", true},
	{"192.169.0.0", true},
	{"198.17.255.255", true},
	{"198.20.0.0", true},
	{"223.255.255.255", true},
	{"0.0.0.0", false},
	{"0.1.2.3", false},
	{"10.0.0.1", false},
	{"10.255.255.255", false},
	{"100.64.0.0", false},
	{"100.127.255.255", false},
	{"127.0.0.1", false},
	{"127.255.255.255", false},
	{"169.254.169.254", false},
	{"172.16.0.0", false},
	{"172.31.255.255", false},
	{"192.0.0.1", false},
	{"192.0.2.1", false},
	{"192.88.99.1", false},
	{"192.168.1.1", false},
	{"198.18.0.0", false},
	{"198.19.255.255", false},
	{"198.51.100.1", false},
	{"203.0.113.9", false},
	{"224.0.0.1", false},
	{"239.255.255.255", false},
	{"240.0.0.1", false},
	{"255.255.255.255", false},
	{"2001:67c:4e8:f004::9", true},
	{"2606:4700::1111", true},
	{"2a03:2880::1", true},
	{"3ffe::1", true},
	{"64:ff9b::149.154.167.220", true},
	{"::", false},
	{"::1", false},
	{"::127.0.0.1", false},
	{"::ffff:127.0.0.1", false},
	{"::ffff:10.0.0.1", false},
	{"::ffff:149.154.167.220", false},
	{"64:ff9b::10.0.0.1", false},
	{"64:ff9b::127.0.0.1", false},
	{"64:ff9b::169.254.169.254", false},
	{"64:ff9b:1::1", false},
	{"100::1", false},
	{"2001::1", false},
	{"2001:10::1", false},
	{"2001:1ff:ffff::1", false},
	{"2001:db8::1", false},
	{"2002:a00:1::1", false},
	{"2002:9500::1", false},
	{"3fff::1", false},
	{"3fff:fff::1", false},
	{"4000::1", false},
	{"5f00::1", false},
	{"fc00::1", false},
	{"fdff::1", false},
	{"fe80::1", false},
	{"febf::1", false},
	{"fec0::1", false},
	{"ff02::1", false},
	{"ff0e::1", false},
};

static void test_addresses(void **state)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct sockaddr_in in = {.sin_family = AF_INET};
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
		const struct sockaddr *address = (const struct sockaddr *)&in;

		if (inet_pton(AF_INET, addresses[i].address, &in.sin_addr) != 1) {
			assert_int_equal(inet_pton(AF_INET6, addresses[i].address, &in6.sin6_addr), 1);
			address = (const struct sockaddr *)&in6;
		}
		unit_same_number(addresses[i].address, http_guard_public(address), addresses[i].public);
	}
}

static const char *const hosts[] = {"graph.example", "media.example", NULL};
static const char *const stores[] = {".store.example", NULL};

enum { REFUSED, BARE, WHOLE };

static const struct {
	const char *url;
	bool guarded, first;
	int wanted;
} hops[] = {
	{"https://graph.example/a?b", true, true, WHOLE}, {"https://GRAPH.example/a", true, true, WHOLE},
	{"https://media.example:443/a", true, false, WHOLE}, {"https://eu.store.example/a", true, false, BARE},
	{"https://eu.store.example/a", true, true, REFUSED}, /* only a redirect leads there */
	{"https://store.example/a", true, false, REFUSED}, {"https://badstore.example/a", true, false, REFUSED},
	{"https://graph.example.evil.example/", true, true, REFUSED},
	{"https://graph.example@evil.example/", true, true, REFUSED},
	{"https://evil.example/graph.example", true, true, REFUSED},
	{"https://evil.example#graph.example", true, true, REFUSED},
	{"https://evil.example\\@graph.example/", true, true, REFUSED}, {"http://graph.example/", true, true, REFUSED},
	{"https://graph.example:8443/", true, true, REFUSED}, {"https://127.0.0.1/", true, true, REFUSED},
	{"https://[::1]/", true, true, REFUSED}, {"https://0x7f000001/", true, true, REFUSED},
	{"http://127.0.0.1:8080/m", true, true, WHOLE}, /* as configured */
	{"http://127.0.0.1:8081/m", true, true, REFUSED}, {"http://127.0.0.2:8080/m", true, true, REFUSED},
	{"https://127.0.0.1:8080/m", true, true, REFUSED},
	{"http://127.0.0.1:8080@evil.example/", true, false, REFUSED}, {"ftp://graph.example/", true, true, REFUSED},
	{"file:///etc/passwd", true, true, REFUSED}, {"//graph.example/", true, true, REFUSED},
	{"", true, true, REFUSED}, {"https://anything.example:99/", false, true, WHOLE},
	{"http://localhost:1/", false, true, WHOLE}, {"http://[::1]:1/", false, true, WHOLE},
	{"http://anything.example/", false, true, REFUSED},
	{"https://anything.example/", false, false, REFUSED}, /* a redirect of what is not guarded */
};

static void test_hops(void **state)
{
	for (size_t i = 0; i < COUNT(hops); i++) {
		struct http_call call = {.method = "GET",
			.hosts = hops[i].guarded ? hosts : NULL,
			.bare_hosts = stores,
			.origin = "http://127.0.0.1:8080"};
		struct error err = ERROR_INIT;
		struct http_hop hop;
		int got = http_guard_hop(&call, hops[i].url, hops[i].first, &hop, &err) < 0 ? REFUSED
			  : hop.credentials						    ? WHOLE
											    : BARE;

		unit_same_number(hops[i].url, got, hops[i].wanted);
		if (got == REFUSED)
			unit_same_number(hops[i].url, err.reach, REACH_MESSAGE);
	}
}

/* Errors name the host; a path may hold a token. */
static void test_words(void **state)
{
	struct http_call call = {.method = "GET", .hosts = hosts};
	struct error err = ERROR_INIT;
	struct http_hop hop;

	assert_int_equal(http_guard_hop(&call, "https://other.example/bot123:secret/getFile", true, &hop, &err), -1);
	unit_holds("the host", err.text, "other.example");
	assert_null(strstr(err.text, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
