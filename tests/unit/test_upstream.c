/* SPDX-License-Identifier: MIT */
/* The proxy behind ours: what its URL says, which servers are reached without it, and the talk. */
#include "proxy/upstream.h"

#include "tests/unit/tap.h"

static const struct {
	const char *url;
	enum upstream_kind kind; /* UPSTREAM_NONE: it is none that can be used */
	const char *host;
	unsigned port;
	const char *user, *password;
} urls[] = {
	{ "http://proxy.corp:3128", UPSTREAM_HTTP, "proxy.corp", 3128 },
	{ "http://proxy.corp:3128/", UPSTREAM_HTTP, "proxy.corp", 3128 },
	{ "proxy.corp:3128", UPSTREAM_HTTP, "proxy.corp", 3128 },
	{ "HTTP://proxy.corp", UPSTREAM_HTTP, "proxy.corp", 8080 },
	{ "http://[::1]:3128", UPSTREAM_HTTP, "::1", 3128 },
	{ "socks5://proxy.corp", UPSTREAM_SOCKS, "proxy.corp", 1080 },
	{ "socks5h://proxy.corp:9050", UPSTREAM_SOCKS, "proxy.corp", 9050 },
	{ "http://me:se%40cr%3aet@proxy.corp:3128", UPSTREAM_HTTP, "proxy.corp", 3128, "me",
	  "se@cr:et" },
	{ "http://me@proxy.corp:3128", UPSTREAM_HTTP, "proxy.corp", 3128, "me", "" },
	{ "http://me:a@b@proxy.corp:3128", UPSTREAM_HTTP, "proxy.corp", 3128, "me", "a@b" },
	{ "https://proxy.corp:3128", UPSTREAM_NONE },
	{ "http://", UPSTREAM_NONE },
	{ "http://proxy.corp:0", UPSTREAM_NONE },
	{ "http://a%00b@proxy.corp", UPSTREAM_NONE },
	{ "", UPSTREAM_NONE },
};

static const struct {
	const char *list, *host;
	unsigned port;
	bool excepted;
} exceptions[] = {
	{ NULL, "api.example", 443, false },
	{ "", "api.example", 443, false },
	{ "*", "api.example", 443, true },
	{ "api.example", "API.example", 443, true },
	{ "example", "api.example", 443, true },
	{ ".example", "api.example", 443, true },
	{ "*.example", "api.example", 443, true },
	{ "ample", "api.example", 443, false },
	{ "other, api.example ", "api.example", 443, true },
	{ "api.example:8443", "api.example", 443, false },
	{ "api.example:443", "api.example", 443, true },
	{ "10.0.0.0/8", "10.200.3.4", 443, true },
	{ "10.0.0.0/8", "11.0.0.1", 443, false },
	{ "10.64.0.0/10", "10.127.0.1", 443, true },
	{ "10.64.0.0/10", "10.128.0.1", 443, false },
	{ "10.0.0.0/33", "10.0.0.0", 443, false },
	{ "0.0.0.0/0", "1.2.3.4", 443, true },
	{ "10.0.0.0/8", "10.example", 443, false },
	{ "127.0.0.1", "127.0.0.1", 443, true },
	{ "::1", "::1", 443, true },
	{ "[::1]", "::1", 443, true },
	{ "2001:db8::/32", "2001:db8:1::5", 443, true },
	{ "2001:db8::/32", "2001:db9::5", 443, false },
};

struct talk_case {
	const char *what;
	enum upstream_kind kind;
	bool has_user;
	struct span in;
	bool stands;
	size_t left; /* bytes behind what it answered */
	unsigned status;
};

#define IN(s) SPAN_LIT(s)

static const struct talk_case talks[] = {
	{ "a tunnel", UPSTREAM_HTTP, false, IN("HTTP/1.1 200 OK\r\nA: b\r\n\r\nSSH-2"), true, 5,
	  200 },
	{ "100 first", UPSTREAM_HTTP, false,
	  IN("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\n"), true, 0, 200 },
	{ "407", UPSTREAM_HTTP, false, IN("HTTP/1.1 407 Who?\r\n\r\n"), false, 0, 407 },
	{ "no HTTP", UPSTREAM_HTTP, false, IN("220 mail.example\r\n\r\n"), false, 0, 0 },
	{ "SOCKS", UPSTREAM_SOCKS, false,
	  IN("\5\0"
	     "\5\0\0\1\1\2\3\4\0\5"
	     "xy"),
	  true, 2, 0 },
	{ "SOCKS, a name in its answer", UPSTREAM_SOCKS, false,
	  IN("\5\0"
	     "\5\0\0\3\1a\0\5"),
	  true, 0, 0 },
	{ "SOCKS with a user", UPSTREAM_SOCKS, true,
	  IN("\5\2"
	     "\1\0"
	     "\5\0\0\1\1\2\3\4\0\5"),
	  true, 0, 0 },
	{ "SOCKS, the user is wrong", UPSTREAM_SOCKS, true,
	  IN("\5\2"
	     "\1\1"),
	  false, 0, 1 },
	{ "SOCKS that wants a user", UPSTREAM_SOCKS, false, IN("\5\2"), false, 0, 2 },
	{ "SOCKS, refused", UPSTREAM_SOCKS, false,
	  IN("\5\0"
	     "\5\5\0\1\0\0\0\0\0\0"),
	  false, 0, 5 },
};

/* step: how many bytes come at a time. */
static void run_talk(const struct talk_case *c, size_t step)
{
	struct upstream u = { .kind = c->kind, .has_user = c->has_user, .user = "u" };
	struct upstream_talk t = { 0 };
	struct span rest = c->in;
	bool stands = false;
	struct buf out, had;
	int used = 0;

	buf_init(&out, 4096);
	buf_init(&had, 4096);
	while (rest.len && used >= 0 && !stands) {
		size_t n = upstream_take(&u, &t, buf_span(&had), span_first(rest, step));

		buf_add(&had, span_first(rest, n));
		rest = span_from(rest, n);
		used = upstream_answer(&u, "api.example", 443, &t, buf_span(&had), &out, &stands);
		if (used > 0)
			buf_drop(&had, (size_t)used);
	}
	ok(stands == c->stands && t.status == c->status, "%s, %zu bytes at a time", c->what, step);
	ok(!stands || (rest.len == c->left && !had.len), "%s: what follows is not read", c->what);
	buf_done(&had);
	buf_done(&out);
}

static void test_asked(void)
{
	struct upstream u = {
		.kind = UPSTREAM_HTTP, .has_user = true, .user = "me", .password = "secret"
	};
	struct buf out;

	buf_init(&out, 4096);
	upstream_begin(&u, "::1", 443, &out);
	ok(span_eq(buf_span(&out), SPAN_LIT("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
					    "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n")),
	   "CONNECT with credentials");
	buf_reset(&out);
	upstream_head(&u, "a.example", 80, SPAN_LIT("GET /p HTTP/1.1\r\nHost: a.example\r\n\r\n"),
		      &out);
	ok(span_eq(buf_span(&out),
		   SPAN_LIT("GET http://a.example:80/p HTTP/1.1\r\n"
			    "Proxy-Authorization: Basic bWU6c2VjcmV0\r\nHost: a.example\r\n\r\n")),
	   "a request with the whole URL");
	buf_done(&out);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct upstream u;
		bool is = upstream_read(span_str(urls[i].url), &u);

		ok(is == (urls[i].kind != UPSTREAM_NONE) &&
			   (!is || (u.kind == urls[i].kind && u.port == urls[i].port &&
				    strcmp(u.host, urls[i].host) == 0)),
		   "the URL '%s'", urls[i].url);
		ok(!is || (u.has_user == (urls[i].user != NULL) &&
			   (!u.has_user || (strcmp(u.user, urls[i].user) == 0 &&
					    strcmp(u.password, urls[i].password) == 0))),
		   "who, in '%s'", urls[i].url);
	}
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(*exceptions); i++)
		ok(upstream_excepts(exceptions[i].list, exceptions[i].host, exceptions[i].port) ==
			   exceptions[i].excepted,
		   "'%s' and %s", exceptions[i].list ? exceptions[i].list : "(none)",
		   exceptions[i].host);
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		run_talk(&talks[i], 1);
		run_talk(&talks[i], 4096);
	}
	test_asked();
	return tap_done();
}
