/* SPDX-License-Identifier: MIT */
/* Conversations, and the log of what HTTP/1.1 makes of them. In the log: "Q GET /x" a request,
 * "A 200" an answer, "q:..." and "a:..." their bodies, "~n" a gap, then ".", "$", "-" or "!" for
 * each kind of end. "T1 [name=value]" is a trailer. "qw[...]" and "aw[...]" are messages of a
 * WebSocket, "w." its end. */
#include "base/buf.h"
#include "http/http.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

struct log {
	struct buf text;
	int last;	  /* message whose body was written last; bodies are joined */
	const char *role; /* of the traced program, as it was called last */
};

static void put(struct log *l, int key, const char *mark)
{
	if (l->last != key)
		buf_addf(&l->text, "%s%s", l->text.len ? " " : "", mark);
	l->last = key;
}

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct log *l = arg;

	put(l, -1, "");
	if (h->msg == HTTP_REQUEST)
		buf_addf(&l->text, "Q%u %.*s %.*s", (unsigned)id, (int)h->method.len,
			 (const char *)h->method.ptr, (int)h->target.len,
			 (const char *)h->target.ptr);
	else
		buf_addf(&l->text, "A%u %u", (unsigned)id, h->status);
	if (h->cut)
		buf_adds(&l->text, "(cut)");
	l->last = -2;
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	struct log *l = arg;

	put(l, (int)id * 2 + (int)m, m == HTTP_REQUEST ? "q:" : "a:");
	buf_add(&l->text, s);
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct log *l = arg;

	put(l, (int)id * 2 + (int)m, m == HTTP_REQUEST ? "q:" : "a:");
	buf_addf(&l->text, "~%u", (unsigned)nbytes);
}

static void on_end(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why)
{
	struct log *l = arg;

	put(l, -1, "");
	buf_addf(&l->text, "%c%u%c", m == HTTP_REQUEST ? 'q' : 'a', (unsigned)id, ".$-!"[why]);
	l->last = -2;
}

static void on_message(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
		       bool cut)
{
	struct log *l = arg;

	put(l, -1, "");
	buf_addf(&l->text, "%cw%u[%.*s]%s", from == HTTP_REQUEST ? 'q' : 'a', (unsigned)id,
		 (int)s.len, (const char *)s.ptr, cut ? "~" : "");
	l->last = -2;
}

static void on_closed(void *arg, uint64_t id, uint64_t ts_ns)
{
	struct log *l = arg;

	put(l, -1, "");
	buf_addf(&l->text, "w%u.", (unsigned)id);
	l->last = -2;
}

static void on_role(void *arg, bool is_server)
{
	((struct log *)arg)->role = is_server ? "server" : "client";
}

static void on_trailer(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct log *l = arg;

	put(l, -1, "");
	buf_addf(&l->text, "T%u", (unsigned)id);
	for (size_t i = 0; i < h->nfields; i++)
		buf_addf(&l->text, " [%.*s=%.*s]", (int)h->fields[i].name.len,
			 (const char *)h->fields[i].name.ptr, (int)h->fields[i].value.len,
			 (const char *)h->fields[i].value.ptr);
	if (h->cut)
		buf_adds(&l->text, "(cut)");
	l->last = -2;
}

static const struct http_out out = {
	.head = on_head,
	.body = on_body,
	.gap = on_gap,
	.end = on_end,
	.message = on_message,
	.closed = on_closed,
	.role = on_role,
	.trailer = on_trailer,
};

/* A request to speak WebSocket, the answer that agrees, and a masked frame of "hi". */
#define ASK "GET /w HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define AGREE                                                                                      \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\r\n"
#define HI "\x81\x82\x01\x02\x03\x04\x69\x6b"

/* Turns: "> bytes" is sent by the client, "< bytes" by the server, "~>n" and "~<n" are gaps. */
struct row {
	const char *what;
	const char *turns[8];
	const char *want;
	bool from_middle, abrupt;
	unsigned unread;
};

static const struct row rows[] = {
	{ "a call",
	  { ">POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
	    "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
	  "Q1 POST /a q:abc q1. A1 200 a:ok a1." },
	{ "requests in a pipeline",
	  { ">GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 404 No\r\nContent-Length: "
	    "0\r\n\r\n" },
	  "Q1 GET /1 q1. Q2 GET /2 q2. A1 200 a:x a1. A2 404 a2." },
	{ "chunks, an extension and a trailer",
	  { ">POST /c HTTP/1.1\r\nTransfer-Encoding: "
	    "chunked\r\n\r\n3;n=\"v\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n" },
	  "Q1 POST /c q:abc0123456789 q1. A1 200 a:z a1." },
	{ "a trailer, a fold and lines that are no field, then another answer",
	  { ">GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n"
	    "X-Sum: 1\r\n 2\r\nnone\nx-b:y\n\r\n"
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nw" },
	  "Q1 GET /1 q1. Q2 GET /2 q2. A1 200 a:z T1 [X-Sum=1   2] [x-b=y] a1. A2 200 a:w a2." },
	{ "trailers one after the other, the second of none",
	  { ">GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: b\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	  "Q1 GET /1 q1. Q2 GET /2 q2. A1 200 T1 [a=b] a1. A2 200 a2." },
	{ "a trailer that is cut off",
	  { ">GET / HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n" },
	  "Q1 GET / q1. A1 200 a1-" },
	{ "100 Continue",
	  { ">POST /c HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
	    "<HTTP/1.1 100 Continue\r\n\r\n", ">hi", "<HTTP/1.1 204 No Content\r\n\r\n" },
	  "Q1 POST /c q:hi q1. A1 204 a1." },
	{ "HEAD has no body, whatever its length says",
	  { ">HEAD / HTTP/1.1\r\n\r\n", "<HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
	    ">GET / HTTP/1.1\r\n\r\n", "<HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" },
	  "Q1 HEAD / q1. A1 200 a1. Q2 GET / q2. A2 304 a2." },
	{ "a body that ends with the connection",
	  { ">GET / HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nall" },
	  "Q1 GET / q1. A1 200 a:all a1$" },
	{ "one that is cut off",
	  { ">GET / HTTP/1.1\r\n\r\n", "<HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall" },
	  "Q1 GET / q1. A1 200 a:all a1-" },
	{ "one whose connection was lost from sight",
	  { ">GET / HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nall" },
	  "Q1 GET / q1. A1 200 a:all a1-",
	  .abrupt = true },
	{ "bare line feeds",
	  { ">GET /lf HTTP/1.1\nHost: h\n\n", "<HTTP/1.1 200 OK\nContent-Length: 1\n\n1" },
	  "Q1 GET /lf q1. A1 200 a:1 a1." },
	{ "the answer comes before the request ended",
	  { ">POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab",
	    "<HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", ">cd" },
	  "Q1 POST / q:ab A1 413 a1. q:cd q1." },
	{ "a gap in a body",
	  { ">POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", "~>5", ">yz",
	    "<HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!" },
	  "Q1 POST / q:ab~5yz q1. A1 200 a:! a1." },
	{ "a broken chunk size",
	  { ">GET / HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" },
	  "Q1 GET / q1. A1 200 a1!" },
	{ "a chunk size past 64 bits",
	  { ">GET / HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n" },
	  "Q1 GET / q1. A1 200 a1!" },
	{ "lengths that contradict each other",
	  { ">POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" },
	  "" },
	{ "begun in the middle of an answer",
	  { "<rest of some answer", ">GET /n HTTP/1.1\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1" },
	  "Q1 GET /n q1. A1 200 a:1 a1.",
	  .from_middle = true },
	{ "the server's side of a connection",
	  { "<GET /s HTTP/1.1\r\n\r\n", ">HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ns" },
	  "Q1 GET /s q1. A1 200 a:s a1." },
	{ "an answer that was captured before its request",
	  { ">GET / HTTP/1.1\r\n\r\n", "<HTTP/1.1 204 Ok\r\n\r\n",
	    "<HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\n\r\nx", ">GET /2 HTTP/1.1\r\n\r\n" },
	  "Q1 GET / q1. A1 204 a1. Q2 GET /2 A2 200 a:\n\r\nx a2. q2." },

	{ "a WebSocket",
	  { ">" ASK, "<" AGREE "\x81\x02yo", ">" HI, "<\x01\x01y\x80\x01!" },
	  "Q1 GET /w q1. A1 101 a1. aw1[yo] qw1[hi] aw1[y!] w1." },
	{ "one after other calls",
	  { ">GET / HTTP/1.1\r\n\r\n" ASK,
	    "<HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1" AGREE "\x81\x02yo" },
	  "Q1 GET / q1. Q2 GET /w q2. A1 200 a:1 a1. A2 101 a2. aw2[yo] w2." },
	{ "the client's frames come before the answer",
	  { ">" ASK HI, ">" HI, "<" AGREE, ">" HI },
	  "Q1 GET /w q1. A1 101 a1. qw1[hi] qw1[hi] qw1[hi] w1." },
	{ "with a gap between them",
	  { ">" ASK "\x81\x84\x01\x02\x03\x04\x69", "~>2", "<" AGREE,
	    ">"
	    "\x6d" HI },
	  "Q1 GET /w q1. A1 101 a1. qw1[hi]~ qw1[hi] w1." },
	{ "the answer comes before the request",
	  { ">GET / HTTP/1.1\r\n\r\n", "<HTTP/1.1 204 Ok\r\n\r\n", "<" AGREE "\x81\x02yo",
	    ">" ASK HI },
	  "Q1 GET / q1. A1 204 a1. Q2 GET /w A2 101 a2. q2. aw2[yo] qw2[hi] w2." },
	{ "the request was not seen",
	  { "<" AGREE "\x81\x02yo" },
	  "A1 101 a1. aw1[yo] w1.",
	  .from_middle = true },
	{ "a gap in it",
	  { ">" ASK, "<" AGREE "\x81\x04y", "~<2", "<o" },
	  "Q1 GET /w q1. A1 101 a1. aw1[yo]~ w1." },
	{ "a refusal",
	  { ">" ASK "GET /2 HTTP/1.1\r\n\r\n", "<HTTP/1.1 426 No\r\nContent-Length: 1\r\n\r\n!",
	    "<HTTP/1.1 204 Ok\r\n\r\n" },
	  "Q1 GET /w q1. A1 426 Q2 GET /2 q2. a:! a1. A2 204 a2." },
	{ "frames in spite of a refusal",
	  { ">" ASK HI, "<HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n",
	    ">GET / HTTP/1.1\r\n\r\n" },
	  "Q1 GET /w q1. A1 400 a1. Q2 GET / q2.",
	  .unread = 8 },
	{ "no answer", { ">" ASK HI }, "Q1 GET /w q1.", .unread = 8 },
	{ "an upgrade to something else",
	  { ">GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
	    "<HTTP/1.1 101 Ok\r\nUpgrade: h2c\r\n\r\nabc", ">" HI },
	  "Q1 GET / q1. A1 101 a1.",
	  .unread = 11 },
	{ "a broken frame",
	  { ">" ASK,
	    "<" AGREE "\x83\x01"
	    "a",
	    ">" HI },
	  "Q1 GET /w q1. A1 101 a1. qw1[hi] w1.",
	  .unread = 3 },
};

struct player {
	struct http *http;
	enum dir dir;
};

static void on_piece(void *arg, struct span s)
{
	struct player *p = arg;

	http_feed(p->http, p->dir, 1, s);
}

static void play(const struct row *row, unsigned way)
{
	struct log l = { .last = -1 };
	struct player p;
	struct limits lim;

	limits_init(&lim);
	buf_init(&l.text, 1 << 16);
	p.http = http_new(&lim, !row->from_middle, &out, &l);
	for (size_t i = 0; i < 8 && row->turns[i]; i++) {
		const char *turn = row->turns[i];

		p.dir = turn[turn[0] == '~'] == '>' ? DIR_WRITE : DIR_READ;
		if (turn[0] == '~')
			http_gap(p.http, p.dir, 1, strtoull(turn + 2, NULL, 10));
		else
			cut_feed(way, span_str(turn + 1), on_piece, &p);
	}
	http_close(p.http, 2, !row->abrupt);
	is_str(l.text.len ? l.text.ptr : "", row->want, "%s, %s", row->what, cut_name(way));
	if (row->unread)
		is_int(http_unread_bytes(p.http), row->unread, "%s: bytes not read", row->what);
	http_free(p.http);
	buf_done(&l.text);
}

static void test_opaque(void)
{
	static const char *const others[] = { "\x16\x03\x01 not HTTP at all",
					      "GETTING / HTTQ/1.1\r\n", "SSH-2.0-x\r\n" };

	for (size_t i = 0; i < 3; i++) {
		struct log l = { .last = -1 };
		struct limits lim;
		struct http *h;

		limits_init(&lim);
		buf_init(&l.text, 1 << 16);
		h = http_new(&lim, true, &out, &l);
		http_feed(h, DIR_WRITE, 1, span_str(others[i]));
		http_close(h, 2, true);
		ok(!l.text.len && http_proto(h) != HTTP_PROTO_H1, "other protocol %zu is no HTTP/1",
		   i);
		is_int(http_unread_bytes(h), strlen(others[i]), "and its bytes are counted");
		http_free(h);
		buf_done(&l.text);
	}
}

/* Feeds `begin`, then fields without end. */
static void meet_head_limit(const char *what, enum dir dir, struct span begin)
{
	struct log l = { .last = -1 };
	struct limits lim;
	struct http *h;

	limits_init(&lim);
	lim.max[LIMIT_head] = 100;
	buf_init(&l.text, 1 << 16);
	h = http_new(&lim, true, &out, &l);
	if (dir == DIR_READ)
		http_feed(h, DIR_WRITE, 1, SPAN_LIT("GET / HTTP/1.1\r\n\r\n"));
	http_feed(h, dir, 1, begin);
	for (unsigned i = 0; i < 1000; i++)
		http_feed(h, dir, 1, SPAN_LIT("X-Endless: header\r\n"));
	http_close(h, 2, true);
	ok(lim.hits[LIMIT_head] > 0, "%s meets its limit, which is counted", what);
	http_free(h);
	buf_done(&l.text);
}

static void test_head_limit(void)
{
	meet_head_limit("an endless head", DIR_WRITE, SPAN_LIT("GET / HTTP/1.1\r\n"));
	meet_head_limit("an endless trailer", DIR_READ,
			SPAN_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"));
}

/* Joined in the middle of a WebSocket: whole frames of JSON from the client tell, and the server's
 * are found where a span begins with one. */
static void test_joined(void)
{
	struct log l = { .last = -1 };
	struct limits lim;
	struct http *h;

	limits_init(&lim);
	buf_init(&l.text, 1 << 16);
	h = http_new(&lim, false, &out, &l);
	http_feed(h, DIR_READ, 1, SPAN_LIT("rest of a frame"));
	http_feed(h, DIR_WRITE, 1, SPAN_LIT("and of another"));
	http_feed(h, DIR_WRITE, 1, SPAN_LIT("\x81\x82\x01\x02\x03\x04\x7a\x7f"));
	http_feed(h, DIR_READ, 1, SPAN_LIT("more"));
	http_feed(h, DIR_READ, 1, SPAN_LIT("\x81\x02yo"));
	http_feed(h, DIR_WRITE, 1, SPAN_LIT(HI));
	http_close(h, 2, true);
	is_str(l.text.ptr, "qw1[{}] aw1[yo] qw1[hi] w1.", "a WebSocket joined in the middle");
	is_int(http_unread_bytes(h), 33, "and what came before is counted");
	ok(http_proto(h) == HTTP_PROTO_H1 && !http_protocol_error(h), "it is HTTP/1.1");
	is_str(l.role, "client", "and a client's");
	http_free(h);
	buf_done(&l.text);
}

/* A client that sends without end before it is answered. */
static void test_hold_limit(void)
{
	struct log l = { .last = -1 };
	struct limits lim;
	struct http *h;

	limits_init(&lim);
	lim.max[LIMIT_reorder] = sizeof(HI) - 1;
	buf_init(&l.text, 1 << 16);
	h = http_new(&lim, true, &out, &l);
	http_feed(h, DIR_WRITE, 1, SPAN_LIT(ASK));
	for (unsigned i = 0; i < 3; i++)
		http_feed(h, DIR_WRITE, 1, SPAN_LIT(HI));
	http_feed(h, DIR_READ, 1, SPAN_LIT(AGREE));
	http_feed(h, DIR_WRITE, 1, SPAN_LIT(HI));
	http_close(h, 2, true);
	is_str(l.text.ptr, "Q1 GET /w q1. A1 101 a1. qw1[hi] qw1[hi] w1.",
	       "what is held has a ceiling");
	ok(lim.hits[LIMIT_reorder] == 1 && http_unread_bytes(h) == 16,
	   "which is counted, as is the rest");
	http_free(h);
	buf_done(&l.text);
}

/* Programs write a large request in one go: no byte of it may be lost while it is found out what
 * the connection speaks. */
static void test_long_first_span(void)
{
	struct log l = { 0 };
	struct limits lim;
	struct http *h;
	struct buf all;
	size_t body = 300000;

	limits_init(&lim);
	buf_init(&l.text, 1 << 20);
	buf_init(&all, 1 << 20);
	buf_addf(&all, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", body);
	for (size_t i = 0; i < body; i++)
		buf_addc(&all, 'x');
	h = http_new(&lim, true, &out, &l);
	http_feed(h, DIR_WRITE, 0, buf_span(&all));
	ok(l.text.len > body && memmem(l.text.ptr, l.text.len, "q1.", 3),
	   "a long first span is read to its end");
	is_int(http_unread_bytes(h), 0, "nothing of it is left");
	http_free(h);
	buf_done(&all);
	buf_done(&l.text);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < CUT_WAYS; way++)
			play(&rows[i], way);
	test_opaque();
	test_head_limit();
	test_joined();
	test_hold_limit();
	test_long_first_span();
	return tap_done();
}
