/* SPDX-License-Identifier: MIT */
/* The two handshakes. The client's stands still at its ClientHello until the server's is done: so
 * the server sees what the client offers, and the client gets what the server chose, or fails as it
 * would have failed. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/tunnel_int.h"

/* ---- the ClientHello ---- */

static void set_name(struct tunnel *t, SSL *ssl)
{
	const unsigned char *s;
	size_t len, off = 5; /* lengths of list and name, type */

	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &s, &len) == 1 && len > off &&
	    s[2] == TLSEXT_NAMETYPE_host_name && len - off < sizeof(t->name) &&
	    !memchr(s + off, 0, len - off)) {
		memcpy(t->name, s + off, len - off);
		t->name[len - off] = '\0';
	}
}

static void set_offered(struct tunnel *t, SSL *ssl)
{
	const unsigned char *s;
	size_t len;

	buf_reset(&t->offered);
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &s,
				      &len) == 1 &&
	    len > 2)
		buf_add(&t->offered, span_of(s + 2, len - 2));
}

int tunnel_on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tunnel *t = SSL_get_app_data(ssl);

	if (t->step == STEP_HELLO) {
		set_name(t, ssl);
		set_offered(t, ssl);
		return SSL_CLIENT_HELLO_RETRY;
	}
	if (!t->refused && authority_use(t->proxy->authority, ssl, t->name))
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = t->refused ? SSL_AD_BAD_CERTIFICATE : SSL_AD_INTERNAL_ERROR;
	return SSL_CLIENT_HELLO_ERROR;
}

int tunnel_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
		   const unsigned char *in, unsigned inlen, void *arg)
{
	const struct tunnel *t = SSL_get_app_data(ssl);
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	if (t->pump.side[SERVER].ssl)
		SSL_get0_alpn_selected(t->pump.side[SERVER].ssl, &chosen, &len);
	if (!len)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	*outlen = (unsigned char)len;
	return SSL_TLSEXT_ERR_OK;
}

static bool set_verified_name(SSL *ssl, const char *name)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

bool tunnel_begin_server_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];

	s->ssl = SSL_new(t->proxy->servers);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 || !SSL_set_app_data(s->ssl, t) ||
	    !set_verified_name(s->ssl, t->name))
		return false;
	sessions_offer(&t->proxy->sessions, s->ssl, t->name, t->ask.port, buf_span(&t->offered),
		       wall_ns(), &t->session);
	return !t->offered.len || SSL_set_alpn_protos(s->ssl, (const unsigned char *)t->offered.ptr,
						      (unsigned)t->offered.len) == 0;
}

static void keep_session(struct tunnel *t, SSL *ssl, SSL_SESSION *session)
{
	if (SSL_get_verify_result(ssl) == X509_V_OK)
		sessions_keep(&t->proxy->sessions, &t->session, session, SSL_session_reused(ssl));
}

int tunnel_on_session(SSL *ssl, SSL_SESSION *session)
{
	keep_session(SSL_get_app_data(ssl), ssl, session);
	return 0; /* it remains OpenSSL's */
}

/* Of TLS 1.2 a session may be used again, and OpenSSL tells of no new one. */
static void keep_resumed(struct tunnel *t, SSL *ssl)
{
	if (SSL_session_reused(ssl) && SSL_version(ssl) < TLS1_3_VERSION)
		keep_session(t, ssl, SSL_get_session(ssl));
}

void tunnel_hello(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];
	int ret;

	ERR_clear_error();
	ret = SSL_accept(s->ssl);
	if (ret != 1 && SSL_get_error(s->ssl, ret) == SSL_ERROR_WANT_CLIENT_HELLO_CB) {
		side_wait(s, false, false);
		if (!tunnel_begin_server_tls(t)) {
			tunnel_end(t, true);
			return;
		}
		t->step = STEP_SERVER_TLS;
		tunnel_advance(t);
	} else if (ret == 1 || !side_wait_tls(s, ret)) {
		tunnel_end(t, true);
	}
}

static const char *why_not(SSL *ssl)
{
	long verdict = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (verdict != X509_V_OK)
		return X509_verify_cert_error_string(verdict);
	return reason ? reason : "the server closed the connection";
}

void tunnel_server_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];
	int ret;

	ERR_clear_error();
	ret = SSL_connect(s->ssl);
	if (ret != 1 && side_wait_tls(s, ret))
		return;
	side_wait(s, false, false);
	if (ret != 1) {
		log_say("%s: no TLS with %s: %s; the program's connection fails as well",
			tunnel_program(t), t->name, why_not(s->ssl));
		t->refused = true;
	} else {
		keep_resumed(t, s->ssl);
	}
	if (t->ask.kind == ASK_ABSOLUTE) {
		if (t->refused) {
			tunnel_answer(t, ask_refused(ASK_ABSOLUTE));
			tunnel_end(t, false);
			return;
		}
		tunnel_pump(t, true, false);
	} else {
		t->step = STEP_CLIENT_TLS;
	}
	tunnel_advance(t);
}

/* Alerts by which a client says that it does not accept who signed. Of TLS 1.3 and older alike. */
static bool is_refusal(unsigned long error)
{
	switch (ERR_GET_REASON(error)) {
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return true;
	default:
		return false;
	}
}

void tunnel_client_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];
	int ret;

	ERR_clear_error();
	ret = SSL_accept(s->ssl);
	if (ret == 1) {
		tunnel_pump(t, true, false);
		tunnel_advance(t);
		return;
	}
	if (side_wait_tls(s, ret))
		return;
	if (!t->refused && is_refusal(ERR_peek_error())) {
		log_say("%s does not accept the proxy's certificate for %s: this connection fails, "
			"later ones pass through unread; llm-spy ca trust-help says how to change "
			"that",
			tunnel_program(t), t->name);
		pinned_add(&t->proxy->pinned, tunnel_program(t), t->name);
	}
	tunnel_end(t, false);
}
