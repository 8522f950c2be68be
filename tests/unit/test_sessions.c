/* SPDX-License-Identifier: MIT */
/* TLS sessions with servers: which one is offered to whom, how often, and for how long. */
#include "proxy/sessions.h"

#include "tests/unit/tap.h"

#define SECOND INT64_C(1000000000)
#define BEGUN  (1000 * SECOND)

static const char h2[] = "\x02h2";

static SSL_CTX *ctx;
static struct sessions sessions;

static SSL_SESSION *session_of(unsigned char id)
{
	unsigned char secret[48] = { id };
	SSL_SESSION *s = SSL_SESSION_new();

	SSL_SESSION_set1_id(s, &id, 1);
	SSL_SESSION_set1_master_key(s, secret, sizeof(secret));
	SSL_SESSION_set_protocol_version(s, TLS1_2_VERSION);
	return s;
}

/* The id of what a connection offers, 0: nothing. ids: of the sessions that it gets itself. */
static char connect_to(const char *host, unsigned port, const char *alpn, int64_t now,
		       const char *ids, bool resumed)
{
	SSL *ssl = SSL_new(ctx);
	struct session_use use;
	const unsigned char *got = NULL;
	char offered;
	unsigned len = 0;

	sessions_offer(&sessions, ssl, host, port, span_str(alpn), now, &use);
	if (SSL_get_session(ssl))
		got = SSL_SESSION_get_id(SSL_get_session(ssl), &len);
	offered = (char)(len ? got[0] : 0);
	for (; *ids; ids++) {
		SSL_SESSION *s = session_of((unsigned char)*ids);

		sessions_keep(&sessions, &use, s, resumed);
		SSL_SESSION_free(s);
	}
	session_use_done(&use);
	SSL_free(ssl);
	return offered;
}

static void begin(const char *host, const char *ids)
{
	connect_to(host, 443, h2, BEGUN, ids, false);
}

static char offered_to(const char *host, unsigned port, const char *alpn)
{
	return connect_to(host, port, alpn, BEGUN, "", false);
}

static void test_same(void)
{
	sessions_init(&sessions);
	begin("a.example", "1");
	is_int(offered_to("b.example", 443, h2), 0, "not to another name");
	is_int(offered_to("A.example", 443, h2), 0, "nor to one that is written otherwise");
	is_int(offered_to("a.example", 444, h2), 0, "nor to another port");
	is_int(offered_to("a.example", 443, ""), 0, "nor without ALPN");
	is_int(offered_to("a.example", 443, "\x08http/1.1"), 0, "nor with another ALPN");
	is_int(offered_to("a.example", 443, h2), '1', "to the same");
	is_int(offered_to("a.example", 443, h2), 0, "once");
	begin("a.example", "12");
	is_int(offered_to("a.example", 443, h2), '2', "the newest first");
	is_int(offered_to("a.example", 443, h2), '1', "then the one before");
	sessions_done(&sessions);
}

static void test_age(void)
{
	int64_t last = BEGUN + SESSIONS_MAX_SECONDS * SECOND - 1;

	sessions_init(&sessions);
	begin("a.example", "1");
	is_int(connect_to("a.example", 443, h2, last, "2", true), '1', "before it is too old");
	is_int(connect_to("a.example", 443, h2, last + 1, "", false), 0,
	       "the age of one that came by a resumption counts from the certificate");
	begin("a.example", "1");
	is_int(connect_to("a.example", 443, h2, last, "2", false), '1',
	       "one that a server refused");
	is_int(connect_to("a.example", 443, h2, last + 1, "", false), '2',
	       "gives one that counts from now");
	begin("a.example", "1");
	is_int(connect_to("a.example", 443, h2, BEGUN - 1, "", false), 0, "the clock was set back");
	is_int((long long)sessions.count, 0, "what is too old is dropped");
	sessions_done(&sessions);
}

static size_t kept_of(const char *host)
{
	size_t n = 0;

	while (offered_to(host, 443, h2))
		n++;
	return n;
}

static void test_bounds(void)
{
	char host[32], offer[2000];
	size_t n;

	sessions_init(&sessions);
	begin("a.example", "abcdefghijklmnopqrstuvwxyz");
	is_int((long long)kept_of("a.example"), SESSIONS_OF_ONE_MAX, "so many of one server");
	begin("a.example", "1");
	for (n = 0; n < SESSIONS_MAX; n++) {
		snprintf(host, sizeof(host), "%zu.example", n);
		begin(host, "2");
	}
	is_int((long long)sessions.count, SESSIONS_MAX, "so many in all");
	is_int((long long)kept_of("a.example"), 0, "the oldest leaves");
	is_int((long long)kept_of("0.example"), 1, "the next one stays");
	memset(offer, 'x', sizeof(offer));
	offer[sizeof(offer) - 1] = '\0';
	connect_to("c.example", 443, offer, BEGUN, "1", false);
	is_int(offered_to("c.example", 443, offer), 0, "none with a list that is too long");
	sessions_done(&sessions);
	is_int((long long)sessions.count, 0, "none at the end");
}

int main(void)
{
	ctx = SSL_CTX_new(TLS_client_method());
	test_same();
	test_age();
	test_bounds();
	SSL_CTX_free(ctx);
	return tap_done();
}
