/* net/tls_words: why a handshake failed. See tls_words.h. */
#include "net/tls_words.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"

#define NAMES_MAX 200 /* bytes of the names told */

const char *tls_words_library(void)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

	return reason ? reason : "no reason given";
}

/* What a certificate says of itself was written by others: only plain ASCII goes on. */
static void add_plain(struct text *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_add_char(out, data[i] > 0x20 && data[i] < 0x7F ? data[i] : '?');
}

static void add_name(struct text *out, const GENERAL_NAME *name)
{
	char address[INET6_ADDRSTRLEN];
	const ASN1_STRING *value;
	int kind;

	value = GENERAL_NAME_get0_value(name, &kind);
	if (kind != GEN_DNS && kind != GEN_IPADD)
		return;
	if (out->len)
		text_add_string(out, ", ");
	if (kind == GEN_DNS)
		add_plain(out, (const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	else if (inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), address,
			 sizeof(address)))
		text_add_string(out, address);
}

/* The host names and addresses that the certificate is for. */
static void add_names(struct text *out, const X509 *certificate)
{
	GENERAL_NAMES *names = certificate ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
		add_name(out, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	if (!out->len)
		text_add_string(out, "no name");
}

static void add_date(struct text *out, const ASN1_TIME *date)
{
	struct tm tm;
	char words[32];

	if (!date || ASN1_TIME_to_tm(date, &tm) != 1)
		return;
	strftime(words, sizeof(words), "%Y-%m-%d %H:%M UTC", &tm);
	text_add_string(out, words);
}

/* The common name, or the organisation, of who signed it. */
static void add_issuer(struct text *out, const X509 *certificate)
{
	const X509_NAME *name = certificate ? X509_get_issuer_name(certificate) : NULL;
	int at = name ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
	const ASN1_STRING *value;

	if (at < 0 && name)
		at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
	if (at < 0) {
		text_add_string(out, "nobody named");
		return;
	}
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	for (int i = 0; i < ASN1_STRING_length(value); i++) {
		unsigned char c = ASN1_STRING_get0_data(value)[i];

		text_add_char(out, c >= 0x20 && c < 0x7F ? (char)c : '?');
	}
}

void tls_words_certificate(long code, const X509 *certificate, const char *host, struct error *err)
{
	TEXT_SCOPED detail;

	text_init(&detail, NAMES_MAX);
	switch (code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		add_names(&detail, certificate);
		error_set(err, REACH_SOURCE,
			"the certificate of %s is for another host name (%s): name the host as its certificate does",
			host, text_string(&detail));
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		add_date(&detail, certificate ? X509_get0_notAfter(certificate) : NULL);
		error_set(err, REACH_SOURCE, "the certificate of %s has expired (%s): its server needs a new one", host,
			text_string(&detail));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		add_date(&detail, certificate ? X509_get0_notBefore(certificate) : NULL);
		error_set(err, REACH_SOURCE, "the certificate of %s is not valid before %s: look at both clocks", host,
			text_string(&detail));
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		error_set(err, REACH_SOURCE,
			"the certificate of %s is self-signed: trust it by naming it in tls.ca_file", host);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		add_issuer(&detail, certificate);
		error_set(err, REACH_SOURCE,
			"the certificate of %s was signed by an unknown authority (%s): name that authority in "
			"tls.ca_file",
			host, text_string(&detail));
		break;
	default:
		error_set(err, REACH_SOURCE, "the certificate of %s is refused: %s", host,
			X509_verify_cert_error_string(code));
	}
}

bool tls_words_handshake(const char *host, struct error *err)
{
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_HTTP_REQUEST:
		error_set(err, REACH_SOURCE, "%s speaks no TLS on this port: is it the one for STARTTLS?", host);
		return true;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		error_set(err, REACH_SOURCE, "%s offers only TLS older than 1.2", host);
		return true;
	default:
		return false;
	}
}
