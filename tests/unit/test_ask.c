/* SPDX-License-Identifier: MIT */
/* What clients ask a proxy for. */
#include "proxy/ask.h"

#include "tests/unit/tap.h"

struct ask_case {
	const char *what, *in;
	int used; /* 0: incomplete; -1: refused */
	const char *host;
	unsigned port;
	const char *head; /* NULL: no request to pass on */
	const char *fixed;
};

static const struct ask_case cases[] = {
	{ "CONNECT", "CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 45, "api.example",
	  443 },
	{ "CONNECT to an address", "CONNECT [::1]:8443 HTTP/1.1\r\n\r\n", 31, "::1", 8443 },
	{ "CONNECT without a port", "CONNECT api.example HTTP/1.1\r\n\r\n", -1 },
	{ "CONNECT to port 0", "CONNECT a:0 HTTP/1.1\r\n\r\n", -1 },
	{ "CONNECT to a port past the last", "CONNECT a:65536 HTTP/1.1\r\n\r\n", -1 },
	{ "CONNECT to no host", "CONNECT :443 HTTP/1.1\r\n\r\n", -1 },
	{ "CONNECT, a bracket too few", "CONNECT [::1:443 HTTP/1.1\r\n\r\n", -1 },
	{ "a head that goes on", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n", 0 },
	{ "an absolute URL",
	  "GET http://a.example/p?q=1 HTTP/1.1\r\nHost: a.example\r\nProxy-Connection: "
	  "keep-alive\r\n"
	  "Proxy-Authorization: Basic eDp5\r\nConnection: keep-alive\r\nA: b\r\n\r\n",
	  0, "a.example", 80,
	  "GET /p?q=1 HTTP/1.1\r\nHost: a.example\r\nA: b\r\nConnection: close\r\n\r\n" },
	{ "an absolute URL with a port and no path", "GET http://a:81 HTTP/1.1\r\n\r\n", 0, "a", 81,
	  "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" },
	{ "an absolute URL with a query and no path", "GET http://a?x HTTP/1.1\r\n\r\n", 0, "a", 80,
	  "GET /?x HTTP/1.1\r\nConnection: close\r\n\r\n" },
	{ "a WebSocket in absolute form keeps its Connection",
	  "GET http://a/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 0, "a", 80,
	  "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" },
	{ "a relative target", "GET / HTTP/1.1\r\n\r\n", -1 },
	{ "another scheme", "GET https://a/ HTTP/1.1\r\n\r\n", -1 },
	{ "another version", "GET http://a/ HTTP/2\r\n\r\n", -1 },
	{ "for a fixed server",
	  "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 2\r\n\r\n", 0,
	  "api.example", 443,
	  "POST /v1/messages HTTP/1.1\r\nContent-Length: 2\r\nHost: api.example\r\n"
	  "Connection: close\r\n\r\n",
	  .fixed = "api.example" },
	{ "CONNECT where the server is fixed", "CONNECT a:443 HTTP/1.1\r\n\r\n", -1,
	  .fixed = "api.example" },
};

static void check(const struct ask_case *c)
{
	struct span in = span_str(c->in), reply;
	struct ask a;
	int used;

	ask_init(&a);
	used = ask_read(in, c->fixed, 443, &a, &reply);
	is_int(used, c->head ? (long long)in.len : c->used, "%s: how much of it was read", c->what);
	if (c->host) {
		ok(strcmp(a.host, c->host) == 0 && a.port == c->port, "%s: host and port", c->what);
		ok(!reply.len, "%s: nothing is answered yet", c->what);
	} else {
		ok(!a.host[0], "%s: no host", c->what);
		ok((reply.len > 0) == (c->used < 0), "%s: an answer where it is refused", c->what);
	}
	if (c->head)
		ok(span_eq(buf_span(&a.head), span_str(c->head)), "%s: what the server gets",
		   c->what);
	ask_done(&a);
	/* One byte at a time: no more is taken than belongs to it, and nothing is known before. */
	ask_init(&a);
	for (size_t i = 1; c->host && i < in.len; i++)
		if (ask_read(span_first(in, i), c->fixed, 443, &a, &reply) != 0 ||
		    ask_take(span_first(in, i), span_from(in, i)) != in.len - i) {
			ok(false, "%s: cut after %zu bytes", c->what, i);
			break;
		}
	ask_done(&a);
}

static void test_socks(void)
{
	static const uint8_t hello[] = { 5, 2, 0, 2 }, name[] = { 5, 1, 0, 3, 1, 'a', 1, 187 },
			     v4[] = { 5, 1, 0, 1, 127, 0, 0, 1, 0, 80 },
			     v6[] = { 5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0,
				      0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80 },
			     udp[] = { 5, 3, 0, 1, 127, 0, 0, 1, 0, 80 };
	static const struct {
		struct span in;
		const char *host; /* NULL: refused */
		unsigned port;
	} asks[] = { { { name, sizeof(name) }, "a", 443 },
		     { { v4, sizeof(v4) }, "127.0.0.1", 80 },
		     { { v6, sizeof(v6) }, "::1", 80 },
		     { { udp, sizeof(udp) }, NULL, 0 } };

	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		struct span reply;
		struct ask a;
		int used;

		ask_init(&a);
		is_int(ask_read(span_of(hello, 3), NULL, 0, &a, &reply), 0,
		       "SOCKS: half a greeting");
		is_int(ask_read(span_of(hello, 4), NULL, 0, &a, &reply), 4, "SOCKS: a greeting");
		ok(reply.len == 2 && reply.ptr[1] == 0 && !a.host[0],
		   "SOCKS: no password is needed");
		for (size_t n = 1; n < asks[i].in.len; n++)
			if (ask_read(span_first(asks[i].in, n), NULL, 0, &a, &reply) != 0)
				ok(false, "SOCKS: %zu bytes are no request", n);
		used = ask_read(asks[i].in, NULL, 0, &a, &reply);
		is_int(used, asks[i].host ? (long long)asks[i].in.len : -1, "SOCKS: a request");
		ok(asks[i].host ? strcmp(a.host, asks[i].host) == 0 && a.port == asks[i].port
				: !a.host[0] && reply.len == 10,
		   "SOCKS: %s", asks[i].host ? asks[i].host : "what is not CONNECT is refused");
		ask_done(&a);
	}
}

static void test_take(void)
{
	is_int(ask_take(span_str("CONNECT a:1 HTTP/1.1\r\n\r"), span_str("\n\x16\x03")), 1,
	       "TLS right behind a head is left alone");
	is_int(ask_take(span_str(""), span_str("A\r\n\r\nB")), 5, "so is all that follows one");
	is_int(ask_take(span_str("\r\n"), span_str("\r\nB")), 2, "whose end came in two pieces");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
	test_socks();
	test_take();
	return tap_done();
}
