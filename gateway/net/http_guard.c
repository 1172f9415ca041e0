/* net/http_guard: where a guarded request may go. See http_guard.h. */
#include "net/http_guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>

#define HTTPS_PORT 443

/* ---- addresses ---- */

/* What is not of the public internet (IANA IPv4 Special-Purpose Address Registry; multicast; reserved). */
static const struct {
	uint32_t network;
	int bits;
} special[] = {
	{0x00000000, 8},  /* 0.0.0.0/8: this network */
	{0x0a000000, 8},  /* 10.0.0.0/8: private */
	{0x64400000, 10}, /* 100.64.0.0/10: shared, behind a carrier's translation */
	{0x7f000000, 8},  /* 127.0.0.0/8: loopback */
	{0xa9fe0000, 16}, /* 169.254.0.0/16: link-local, the clouds' metadata */
	{0xac100000, 12}, /* 172.16.0.0/12: private */
	{0xc0000000, 24}, /* 192.0.0.0/24: protocol assignments */
	{0xc0000200, 24}, /* 192.0.2.0/24: documentation */
	{0xc0586300, 24}, /* 192.88.99.0/24: 6to4 relays, given up */
	{0xc0a80000, 16}, /* 192.168.0.0/16: private */
	{0xc6120000, 15}, /* 198.18.0.0/15: benchmarks */
	{0xc6336400, 24}, /* 198.51.100.0/24: documentation */
	{0xcb007100, 24}, /* 203.0.113.0/24: documentation */
	{0xe0000000, 4},  /* 224.0.0.0/4: multicast */
	{0xf0000000, 4},  /* 240.0.0.0/4: reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if ((address ^ special[i].network) >> (32 - special[i].bits) == 0)
			return false;
	return true;
}

static uint32_t number_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Only 2000::/3 is given out; in it some blocks are not networks of anybody. 64:ff9b::/96 is IPv4 seen through NAT64.
 */
static bool is_public6(const unsigned char *bytes)
{
	static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	uint32_t head = number_at(bytes);

	if (memcmp(bytes, nat64, sizeof(nat64)) == 0)
		return is_public4(number_at(bytes + 12));
	if (head >> 29 != 1)
		return false;
	return head >> 9 != 0x20010000 >> 9 /* 2001::/23: protocol assignments, Teredo */ &&
	       head != 0x20010db8 /* documentation */ && head >> 16 != 0x2002 /* 6to4 */ &&
	       head >> 12 != 0x3fff0 /* 3fff::/20: documentation */;
}

bool http_guard_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return is_public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}

bool http_guard_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

/* ---- URLs ---- */

struct parts {
	char host[HTTP_HOST_MAX];
	bool plain;
	int port;
};

static void free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static bool part(CURLU *url, CURLUPart what, unsigned flags, char *out, size_t size)
{
	char *text = NULL;
	bool fits;

	if (curl_url_get(url, what, &text, flags) != CURLUE_OK)
		return false;
	fits = strlen(text) < size;
	if (fits)
		snprintf(out, size, "%s", text);
	curl_free(text);
	return fits;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

/* As libcurl reads it, so that nothing is looked at in one way and gone to in another. */
static bool take_apart(const char *text, struct parts *out)
{
	__attribute__((cleanup(free_url))) CURLU *url = curl_url();
	char scheme[16], port[8];
	size_t len;
	long long number;

	if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK)
		return false;
	if (!part(url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
		!part(url, CURLUPART_HOST, 0, out->host, sizeof(out->host)) ||
		!part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) ||
		view_to_int(view_of(port), 1, 65535, &number) < 0)
		return false;
	out->plain = strcmp(scheme, "http") == 0;
	out->port = (int)number;
	lower(out->host);
	len = strlen(out->host);
	if (len > 2 && out->host[0] == '[') {
		memmove(out->host, out->host + 1, len - 2);
		out->host[len - 2] = '\0';
	}
	return out->plain || strcmp(scheme, "https") == 0;
}

/* An entry that begins with a dot stands for every name under it. */
static bool is_listed(const char *const *hosts, const char *host)
{
	for (; hosts && *hosts; hosts++) {
		if (strcmp(*hosts, host) == 0)
			return true;
		if (**hosts == '.' && view_ends(view_of(host), view_of(*hosts)))
			return true;
	}
	return false;
}

static bool is_origin(const struct http_call *call, const struct parts *parts)
{
	struct parts origin;

	return call->origin && take_apart(call->origin, &origin) && strcmp(origin.host, parts->host) == 0 &&
	       origin.port == parts->port && origin.plain == parts->plain;
}

static int refuse_plain(const struct parts *parts, struct error *err)
{
	if (!parts->plain || config_host_is_loopback(parts->host))
		return 0;
	return error_set(
		err, REACH_MESSAGE, "http://%s is refused: without TLS only loopback is spoken to", parts->host);
}

int http_guard_hop(const struct http_call *call, const char *url, bool first, struct http_hop *out, struct error *err)
{
	struct parts parts;
	bool trusted;

	if (!take_apart(url, &parts))
		return error_set(err, REACH_MESSAGE, "%s is no URL of http or https",
			first ? "the address" : "what a redirect names");
	trusted = (!call->hosts && first) || is_origin(call, &parts);
	*out = (struct http_hop){.plain = parts.plain, .guarded = !trusted, .credentials = true};
	snprintf(out->host, sizeof(out->host), "%s", parts.host);
	if (trusted)
		return refuse_plain(&parts, err);
	if (parts.plain || parts.port != HTTPS_PORT)
		return error_set(
			err, REACH_MESSAGE, "%s is refused: only https on port %d is gone to", parts.host, HTTPS_PORT);
	if (is_listed(call->hosts, parts.host))
		return 0;
	out->credentials = false;
	if (!first && is_listed(call->bare_hosts, parts.host))
		return 0;
	return error_set(err, REACH_MESSAGE, "%s is refused: it is none of the provider's hosts", parts.host);
}
