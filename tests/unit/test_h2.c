/* SPDX-License-Identifier: MIT */
/* Conversations in HTTP/2, and the log of what becomes of them. Frames are built by hand, header
 * blocks by hand or by nghttp2's deflater. In the log: "Q1 GET /x@host [name=value]" a request,
 * "A1 200" an answer, "q1:..." and "a1:..." their bodies, "~n" a gap, then ".", "$", "-" or "!"
 * for each kind of end. */
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "http/h2_start.h"
#include "http/http.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

/* ---- the log ---- */

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

static void put_span(struct log *l, struct span s)
{
	if (s.len <= 100)
		buf_add(&l->text, s);
	else
		buf_addf(&l->text, "<%zu>", s.len);
}

static void put_fields(struct log *l, const struct http_head *h)
{
	for (size_t i = 0; i < h->nfields; i++) {
		buf_adds(&l->text, i ? "," : " [");
		put_span(l, h->fields[i].name);
		buf_addc(&l->text, '=');
		put_span(l, h->fields[i].value);
	}
	buf_adds(&l->text, h->nfields ? "]" : "");
}

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct log *l = arg;

	put(l, -1, "");
	buf_addf(&l->text, "%c%u ", h->msg == HTTP_REQUEST ? 'Q' : 'A', (unsigned)id);
	if (h->msg == HTTP_REQUEST) {
		put_span(l, h->method);
		buf_addc(&l->text, ' ');
		put_span(l, h->target);
		buf_adds(&l->text, h->authority.len ? "@" : "");
		put_span(l, h->authority);
	} else {
		buf_addf(&l->text, "%u", h->status);
	}
	if (h->has_length)
		buf_addf(&l->text, "(%u)", (unsigned)h->length);
	put_fields(l, h);
	buf_adds(&l->text, h->cut ? "(cut)" : h->unseen ? "(unseen)" : "");
	buf_adds(&l->text, h->version == HTTP_2 ? "" : "(version)");
	l->last = -2;
}

static void put_body(struct log *l, uint64_t id, enum http_msg m)
{
	char mark[32];

	snprintf(mark, sizeof(mark), "%c%u:", m == HTTP_REQUEST ? 'q' : 'a', (unsigned)id);
	put(l, (int)id * 2 + (int)m, mark);
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	struct log *l = arg;

	put_body(l, id, m);
	buf_add(&l->text, s);
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct log *l = arg;

	put_body(l, id, m);
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
	buf_addf(&l->text, "%cw%u[", from == HTTP_REQUEST ? 'q' : 'a', (unsigned)id);
	buf_add(&l->text, s);
	buf_adds(&l->text, cut ? "~]" : "]");
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
	put_fields(l, h);
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

/* ---- the script: what is said, in turns ---- */

enum { TURNS = 64 };
enum who { CLIENT, SERVER };

/* A span as a program reads or writes it, or a gap. */
struct turn {
	enum who who;
	uint64_t gap;
	struct buf bytes;
};

struct script {
	struct turn turns[TURNS];
	size_t count;
	nghttp2_hd_deflater *deflater[2]; /* by enum who */
	struct limits lim;
	bool from_middle, server_traced;
	bool spans_matter; /* is played whole only */
	/* What came of it, the last way it was played. */
	enum http_proto proto;
	bool protocol_error;
	const char *role;
	uint64_t unread;
};

static void say(struct script *s, enum who who, struct span bytes)
{
	struct turn *t = s->count ? &s->turns[s->count - 1] : NULL;

	if (!t || t->who != who || t->gap) {
		t = &s->turns[s->count++];
		*t = (struct turn){ .who = who };
		buf_init(&t->bytes, 8 << 20);
	}
	buf_add(&t->bytes, bytes);
}

/* What is said next is a span of its own. */
static void pause_here(struct script *s, enum who who)
{
	struct turn *t = &s->turns[s->count++];

	*t = (struct turn){ .who = who };
	buf_init(&t->bytes, 8 << 20);
}

static void say_gap(struct script *s, enum who who, uint64_t nbytes)
{
	s->turns[s->count++] = (struct turn){ .who = who, .gap = nbytes };
}

/* The last bytes of the last turn are lost. */
static void lose_last(struct script *s, size_t nbytes)
{
	struct turn *t = &s->turns[s->count - 1];

	t->bytes.len -= nbytes;
	say_gap(s, t->who, nbytes);
}

static void frame(struct script *s, enum who who, unsigned type, unsigned flags, uint32_t stream,
		  struct span payload)
{
	const uint8_t head[9] = { (uint8_t)(payload.len >> 16),
				  (uint8_t)(payload.len >> 8),
				  (uint8_t)payload.len,
				  (uint8_t)type,
				  (uint8_t)flags,
				  (uint8_t)(stream >> 24),
				  (uint8_t)(stream >> 16),
				  (uint8_t)(stream >> 8),
				  (uint8_t)stream };

	say(s, who, span_of(head, sizeof(head)));
	say(s, who, payload);
}

enum { DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONT };
enum { NONE, END = 1, ACK = 1, ENDH = 4, PAD = 8, PRIO = 32 };

static void data(struct script *s, enum who who, uint32_t stream, unsigned flags, const char *text)
{
	frame(s, who, DATA, flags, stream, span_str(text));
}

/* "name value|name value" as the deflater of that side codes it. */
static void deflate(struct script *s, enum who who, const char *fields, struct buf *ret)
{
	nghttp2_nv nv[64] = { 0 };
	size_t n = 0, room;

	for (const char *f = fields; *f; n++) {
		size_t name = strcspn(f, " "), len = strcspn(f, "|");

		nv[n].name = (uint8_t *)f;
		nv[n].namelen = name;
		nv[n].value = (uint8_t *)f + name + 1;
		nv[n].valuelen = len - name - 1;
		f += len + (f[len] == '|');
	}
	room = nghttp2_hd_deflate_bound(s->deflater[who], nv, n);
	buf_init(ret, room);
	ret->ptr = malloc(room + 1);
	ret->cap = room + 1;
	ret->len =
		(size_t)nghttp2_hd_deflate_hd(s->deflater[who], (uint8_t *)ret->ptr, room, nv, n);
}

static void head(struct script *s, enum who who, uint32_t stream, unsigned flags,
		 const char *fields)
{
	struct buf block;

	deflate(s, who, fields, &block);
	frame(s, who, HEADERS, flags | ENDH, stream, buf_span(&block));
	buf_done(&block);
}

#define ASK ":method POST|:scheme https|:path "
#define OK  ":status 200"

static void begin(struct script *s)
{
	say(s, CLIENT, SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	frame(s, CLIENT, SETTINGS, NONE, 0, SPAN_LIT("\0\3\0\0\0\144\0\4\0\1\0\0"));
	frame(s, CLIENT, WINDOW, NONE, 0, SPAN_LIT("\0\1\0\0"));
	frame(s, SERVER, SETTINGS, NONE, 0, SPAN_LIT(""));
	frame(s, SERVER, SETTINGS, ACK, 0, SPAN_LIT(""));
}

static void script_init(struct script *s)
{
	*s = (struct script){ .count = 0 };
	limits_init(&s->lim);
	nghttp2_hd_deflate_new(&s->deflater[CLIENT], 65536);
	nghttp2_hd_deflate_new(&s->deflater[SERVER], 65536);
	nghttp2_hd_deflate_change_table_size(s->deflater[CLIENT], 4096);
	nghttp2_hd_deflate_change_table_size(s->deflater[SERVER], 4096);
}

static void script_done(struct script *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->turns[i].gap)
			buf_done(&s->turns[i].bytes);
	nghttp2_hd_deflate_del(s->deflater[CLIENT]);
	nghttp2_hd_deflate_del(s->deflater[SERVER]);
}

/* What was said so far was said before llm-spy came. */
static void forget(struct script *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->turns[i].gap)
			buf_done(&s->turns[i].bytes);
	s->count = 0;
	s->from_middle = true;
}

/* ---- playing it ---- */

struct player {
	struct http *http;
	enum dir dir;
};

static void on_piece(void *arg, struct span s)
{
	struct player *p = arg;

	http_feed(p->http, p->dir, 1, s);
}

static void play_way(struct script *s, unsigned way, struct log *l)
{
	struct player p = { .http = http_new(&s->lim, !s->from_middle, &out, l) };

	for (size_t i = 0; i < s->count; i++) {
		const struct turn *t = &s->turns[i];

		p.dir = (t->who == CLIENT) != s->server_traced ? DIR_WRITE : DIR_READ;
		if (t->gap)
			http_gap(p.http, p.dir, 1, t->gap);
		else
			cut_feed(way, buf_span(&t->bytes), on_piece, &p);
	}
	http_close(p.http, 2, true);
	s->proto = http_proto(p.http);
	s->protocol_error = http_protocol_error(p.http);
	s->role = l->role;
	s->unread = http_unread_bytes(p.http);
	http_free(p.http);
}

static void play(struct script *s, const char *what, const char *want)
{
	for (unsigned way = 0; way < (s->spans_matter ? 1 : CUT_WAYS); way++) {
		struct log l = { .last = -1 };

		buf_init(&l.text, 1 << 20);
		play_way(s, way, &l);
		is_str(l.text.len ? l.text.ptr : "", want, "%s, %s", what, cut_name(way));
		buf_done(&l.text);
	}
	script_done(s);
}

/* ---- conversations ---- */

static void single(struct script *s)
{
	begin(s);
	/* RFC 7541, appendix C.3.1, by hand. */
	frame(s, CLIENT, HEADERS, END | ENDH, 1, SPAN_LIT("\x82\x86\x84\x41\x0fwww.example.com"));
	frame(s, SERVER, HEADERS, ENDH, 1,
	      SPAN_LIT("\x88\x5c\x01"
		       "2"));
	data(s, SERVER, 1, NONE, "o");
	data(s, SERVER, 1, END, "k");
	play(s, "an exchange",
	     "Q1 GET /@www.example.com q1. A1 200(2) [content-length=2] a1:ok a1.");
	ok(s->proto == HTTP_PROTO_H2 && !s->protocol_error && !s->unread,
	   "all of it was understood");
}

static void interleaved(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, NONE, ASK "/a|host h");
	head(s, CLIENT, 3, NONE, ASK "/b|:authority x|cookie a=1|cookie b=2");
	data(s, CLIENT, 3, NONE, "3-");
	data(s, CLIENT, 1, NONE, "1-");
	data(s, CLIENT, 3, END, "3");
	head(s, SERVER, 3, NONE, OK);
	data(s, SERVER, 3, NONE, "x");
	data(s, CLIENT, 1, END, "1");
	head(s, SERVER, 1, NONE, ":status 429|retry-after 1");
	data(s, SERVER, 3, NONE, "y");
	data(s, SERVER, 1, END, "no");
	data(s, SERVER, 3, END, "");
	play(s, "two streams at once",
	     "Q1 POST /a@h [host=h] Q2 POST /b@x [cookie=a=1,cookie=b=2] q2:3- q1:1- q2:3 q2. "
	     "A2 200 a2:x q1:1 q1. A1 429 [retry-after=1] a2:y a1:no a1. a2.");
}

static void padding(struct script *s)
{
	struct buf block, payload;
	static const uint8_t prio[] = { 3, 0, 0, 0, 0, 15 }; /* length of padding, then PRIORITY */

	begin(s);
	deflate(s, CLIENT, ASK "/p|x-one 1|x-two 2", &block);
	buf_init(&payload, 1000);
	buf_add(&payload, span_of(prio, sizeof(prio)));
	buf_add(&payload, span_first(buf_span(&block), 5));
	buf_add(&payload, SPAN_LIT("\0\0\0"));
	frame(s, CLIENT, HEADERS, PAD | PRIO, 1, buf_span(&payload));
	frame(s, CLIENT, CONT, NONE, 1, SPAN_LIT(""));
	frame(s, CLIENT, CONT, NONE, 1, span_first(span_from(buf_span(&block), 5), 1));
	frame(s, CLIENT, CONT, ENDH, 1, span_from(buf_span(&block), 6));
	frame(s, CLIENT, DATA, PAD, 1, SPAN_LIT("\2ab\0\0"));
	frame(s, CLIENT, DATA, PAD, 1, SPAN_LIT("\3\0\0\0"));
	frame(s, CLIENT, DATA, PAD | END, 1, SPAN_LIT("\0c"));
	head(s, SERVER, 1, END, ":status 204");
	buf_done(&block);
	buf_done(&payload);
	play(s, "padding, PRIORITY and CONTINUATION",
	     "Q1 POST /p [x-one=1,x-two=2] q1:abc q1. A1 204 a1.");
}

static void dynamic_table(struct script *s)
{
	begin(s);
	frame(s, SERVER, SETTINGS, NONE, 0, SPAN_LIT("\0\1\0\1\0\0"));
	nghttp2_hd_deflate_change_table_size(s->deflater[CLIENT], 65536);
	for (uint32_t stream = 1; stream < 7; stream += 2) {
		head(s, CLIENT, stream, END, ASK "/again|:authority api.test|x-mine yes");
		head(s, SERVER, stream, END, ":status 418|x-theirs too");
	}
	play(s, "fields that refer to earlier ones",
	     "Q1 POST /again@api.test [x-mine=yes] q1. A1 418 [x-theirs=too] a1. "
	     "Q2 POST /again@api.test [x-mine=yes] q2. A2 418 [x-theirs=too] a2. "
	     "Q3 POST /again@api.test [x-mine=yes] q3. A3 418 [x-theirs=too] a3.");
}

static void trailers(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	head(s, SERVER, 1, NONE, ":status 100");
	head(s, SERVER, 1, NONE, ":status 103|link x");
	head(s, SERVER, 1, NONE, OK);
	data(s, SERVER, 1, NONE, "body");
	head(s, SERVER, 1, END, "grpc-status 0");
	head(s, CLIENT, 3, NONE, ASK "/2");
	data(s, CLIENT, 3, NONE, "x");
	head(s, CLIENT, 3, END, "x-sum 1");
	head(s, SERVER, 3, END, OK "|grpc-status 5");
	play(s, "interim heads, trailers, and an answer of trailers only",
	     "Q1 POST /1 q1. A1 200 a1:body T1 [grpc-status=0] a1. Q2 POST /2 q2:x q2. A2 200 "
	     "[grpc-status=5] a2.");
}

static void resets(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/cancelled");
	head(s, SERVER, 1, NONE, OK);
	data(s, SERVER, 1, NONE, "so far");
	frame(s, CLIENT, RST, NONE, 1, SPAN_LIT("\0\0\0\10"));
	data(s, SERVER, 1, END, "under way");
	head(s, CLIENT, 3, NONE, ASK "/too-large");
	data(s, CLIENT, 3, NONE, "abc");
	head(s, SERVER, 3, END, ":status 413");
	frame(s, SERVER, RST, NONE, 3, SPAN_LIT("\0\0\0\0"));
	data(s, CLIENT, 3, END, "under way");
	head(s, CLIENT, 5, END, ASK "/refused");
	frame(s, SERVER, RST, NONE, 5, SPAN_LIT("\0\0\0\7"));
	frame(s, SERVER, RST, NONE, 5, SPAN_LIT("\0\0\0\7"));
	play(s, "streams that are reset",
	     "Q1 POST /cancelled q1. A1 200 a1:so far a1- Q2 POST /too-large q2:abc A2 413 a2. q2- "
	     "Q3 POST /refused q3. a3-");
	is_int(s->unread, 18, "what was under way is counted");
}

static void goaway(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	head(s, CLIENT, 3, END, ASK "/3");
	head(s, CLIENT, 5, NONE, ASK "/5");
	frame(s, SERVER, GOAWAY, NONE, 0, SPAN_LIT("\0\0\0\1\0\0\0\0bye"));
	head(s, SERVER, 1, NONE, OK);
	data(s, SERVER, 1, END, "served");
	play(s, "GOAWAY ends what is not taken up",
	     "Q1 POST /1 q1. Q2 POST /3 q2. Q3 POST /5 a2- q3- a3- A1 200 a1:served a1.");
}

static void close_midway(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, NONE, ASK "/1");
	data(s, CLIENT, 1, NONE, "a");
	head(s, CLIENT, 3, END, ASK "/3");
	head(s, SERVER, 3, NONE, OK);
	data(s, SERVER, 3, NONE, "b");
	play(s, "the connection ends first", "Q1 POST /1 q1:a Q2 POST /3 q2. A2 200 a2:b q1- a2-");
}

static void other_frames(struct script *s)
{
	char big[20001] = { 0 };
	char want[20100];

	memset(big, 'x', 20000);
	begin(s);
	frame(s, CLIENT, SETTINGS, NONE, 0, SPAN_LIT("\0\5\0\0\200\0"));
	frame(s, CLIENT, PING, NONE, 0, SPAN_LIT("12345678"));
	head(s, CLIENT, 1, END, ASK "/1");
	frame(s, CLIENT, PRIORITY, NONE, 1, SPAN_LIT("\0\0\0\0\1"));
	frame(s, CLIENT, 0x10, NONE, 0, SPAN_LIT("\0\0\0\1u=1"));
	head(s, SERVER, 1, NONE, OK);
	frame(s, SERVER, PING, ACK, 0, SPAN_LIT("12345678"));
	frame(s, SERVER, 0xbb, 0xff, 77, SPAN_LIT("grease"));
	data(s, SERVER, 1, NONE, big);
	for (int i = 0; i < 1000; i++)
		data(s, SERVER, 1, NONE, "");
	data(s, SERVER, 1, END, "");
	snprintf(want, sizeof(want), "Q1 POST /1 q1. A1 200 a1:%s a1.", big);
	play(s, "frames of other kinds, larger and empty ones", want);
	ok(!s->protocol_error && !s->unread, "and nothing is left over");
}

/* One span holds more than is ever held while the protocol is not known. */
static void large_first_span(struct script *s)
{
	struct buf want;
	char part[16001] = { 0 };

	memset(part, 'p', 16000);
	buf_init(&want, 1 << 20);
	buf_adds(&want, "Q1 POST /large q1:");
	say(s, CLIENT, SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	frame(s, CLIENT, SETTINGS, NONE, 0, SPAN_LIT(""));
	head(s, CLIENT, 1, NONE, ASK "/large");
	for (int i = 0; i < 8; i++) {
		data(s, CLIENT, 1, i == 7 ? END : NONE, part);
		buf_adds(&want, part);
	}
	buf_adds(&want, " q1.");
	play(s, "a large first span", want.ptr);
	is_int(s->unread, 0, "is all understood");
	buf_done(&want);
}

static void extended_connect(struct script *s)
{
	begin(s);
	frame(s, SERVER, SETTINGS, NONE, 0, SPAN_LIT("\0\10\0\0\0\1"));
	head(s, CLIENT, 1, NONE,
	     ":method CONNECT|:protocol websocket|:scheme https|:path /chat|"
	     ":authority h|sec-websocket-version 13");
	head(s, SERVER, 1, NONE, OK);
	data(s, CLIENT, 1, NONE, "\x81\x84\x01\x01\x01\x01qhof"); /* "ping", masked with ones */
	data(s, SERVER, 1, NONE, "\x81\x04pong");
	data(s, CLIENT, 1, END, "");
	data(s, SERVER, 1, END, "");
	head(s, CLIENT, 3, NONE, ":method CONNECT|:authority far:443");
	play(s, "extended CONNECT, and a plain one",
	     "Q1 CONNECT /chat@h [:protocol=websocket,sec-websocket-version=13] A1 200 qw1[ping] "
	     "aw1[pong] w1. Q2 CONNECT far:443@far:443 q2-");
}

static void pushed(struct script *s)
{
	struct buf block, payload;

	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	deflate(s, SERVER, ":method GET|:path /pushed|x-table entry", &block);
	buf_init(&payload, 1000);
	buf_add(&payload, SPAN_LIT("\0\0\0\2"));
	buf_add(&payload, buf_span(&block));
	frame(s, SERVER, PUSH, ENDH, 1, buf_span(&payload));
	buf_done(&block);
	buf_done(&payload);
	head(s, SERVER, 2, NONE, OK "|x-table entry");
	data(s, SERVER, 2, END, "unasked");
	head(s, SERVER, 1, END, OK "|x-table entry");
	play(s, "a pushed stream is passed over", "Q1 POST /1 q1. A1 200 [x-table=entry] a1.");
}

static void late_request(struct script *s)
{
	begin(s);
	head(s, SERVER, 1, NONE, OK);
	data(s, SERVER, 1, END, "early");
	head(s, CLIENT, 1, END, ASK "/late");
	play(s, "an answer that was captured before its request",
	     "Q1 POST /late q1. A1 200 a1:early a1.");
}

static void server_first(struct script *s)
{
	frame(s, SERVER, SETTINGS, NONE, 0, SPAN_LIT("\0\3\0\0\0\144"));
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	head(s, SERVER, 1, END, OK);
	s->server_traced = true;
	play(s, "a server, which begins before its client", "Q1 POST /1 q1. A1 200 a1.");
	ok(s->proto == HTTP_PROTO_H2, "is known as HTTP/2");
	is_str(s->role, "server", "and as a server");
}

/* ---- bytes are missing ---- */

static void gap_in_data(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, NONE, ASK "/1");
	data(s, CLIENT, 1, NONE, "0123456789");
	lose_last(s, 4);
	frame(s, CLIENT, DATA, PAD, 1, SPAN_LIT("\3abc\0\0\0"));
	lose_last(s, 5);
	data(s, CLIENT, 1, NONE, "ABCDE");
	lose_last(s, 4);
	say(s, CLIENT, SPAN_LIT(""));
	data(s, CLIENT, 1, END, "Z");
	head(s, SERVER, 1, END, OK);
	play(s, "gaps inside DATA", "Q1 POST /1 q1:012345~4a~2A~4Z q1. A1 200 a1.");
}

static void gap_past_data(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	head(s, CLIENT, 3, END, ASK "/3");
	head(s, SERVER, 1, NONE, OK);
	head(s, SERVER, 3, NONE, OK);
	data(s, SERVER, 3, NONE, "three");
	data(s, SERVER, 1, NONE, "0123456789");
	lose_last(s, 4);
	s->turns[s->count - 1].gap += 100;
	say(s, SERVER, SPAN_LIT("rest of a frame"));
	pause_here(s, SERVER);
	data(s, SERVER, 1, NONE, "after");
	data(s, SERVER, 1, END, "!");
	data(s, SERVER, 3, END, "");
	play(s, "a gap that goes past a frame's end",
	     "Q1 POST /1 q1. Q2 POST /3 q2. A1 200 A2 200 a2:three a1:012345~4~0after! a1. "
	     "a2:~0 a2.");
	is_int(s->unread, 15, "and the bytes before the next frame are counted");
}

static void gap_in_head(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1|x-lost field");
	lose_last(s, 3);
	head(s, CLIENT, 3, END, ASK "/3|x-lost field|x-new 1");
	head(s, CLIENT, 5, END, ASK "/5|x-lost field|x-new 1");
	head(s, SERVER, 1, END, OK);
	play(s, "a gap in a header block: later fields that refer to lost ones are left out",
	     "Q1 POST /1(cut) q1. Q2 POST /3 [x-new=1](cut) q2. Q3 POST /5 [x-new=1](cut) q3. "
	     "A1 200 a1.");
}

static void gap_in_grid(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, NONE, ASK "/1");
	data(s, CLIENT, 1, NONE, "abc");
	lose_last(s, 7);
	say(s, CLIENT, SPAN_LIT("xyz"));
	pause_here(s, CLIENT);
	head(s, CLIENT, 5, END, ASK "/5");
	data(s, CLIENT, 1, END, "def");
	head(s, SERVER, 3, END, OK);
	head(s, SERVER, 5, END, OK);
	play(s, "a gap in a frame's header",
	     "Q1 POST /1 Q2 POST /5 q2. q1:~0def q1. A3 200 a3. A2 200 a2.");
}

/* Bytes of a block go missing with the grid. */
static void gap_from_block(struct script *s)
{
	struct buf block;

	begin(s);
	deflate(s, CLIENT, ASK "/1|x-a 1|x-b 2", &block);
	frame(s, CLIENT, HEADERS, END, 1, span_first(buf_span(&block), block.len - 4));
	say_gap(s, CLIENT, 200);
	head(s, CLIENT, 7, END, ":method GET|:scheme https|:path /7");
	buf_done(&block);
	play(s, "a gap between a block's frames", "Q1 POST /1 [x-a=1](cut) q1. Q2 GET /7 q2.");
}

/* What looked like the beginning of a frame was none; the next span is one. */
static void gap_then_noise(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	say_gap(s, CLIENT, 50);
	say(s, CLIENT, SPAN_LIT("\0\1\2"));
	pause_here(s, CLIENT);
	head(s, CLIENT, 5, END, ":method GET|:path /5");
	s->spans_matter = true;
	play(s, "noise behind a gap", "Q1 POST /1 q1. Q2 GET /5 q2.");
	is_int(s->unread, 3, "is counted");
}

/* ---- joined in the middle ---- */

static void joined_body(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1");
	head(s, SERVER, 1, NONE, OK);
	forget(s);
	say(s, SERVER, SPAN_LIT("the rest of some frame"));
	pause_here(s, SERVER);
	data(s, SERVER, 1, NONE, "data: 1");
	pause_here(s, SERVER);
	data(s, SERVER, 1, NONE, "data: 2");
	head(s, SERVER, 1, END, "x-trailer 1");
	head(s, CLIENT, 3, END, ":method GET|:path /3");
	head(s, SERVER, 3, END, ":status 204");
	play(s, "joined in the middle of a body",
	     "a1:~0data: 1data: 2 T1 [x-trailer=1] a1. Q2 GET /3 q2. A2 204 a2.");
	ok(s->proto == HTTP_PROTO_H2, "it is HTTP/2");
	is_str(s->role, "client", "and a client");
}

static void joined_table(struct script *s)
{
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1|:authority api.test|x-old 1");
	forget(s);
	head(s, CLIENT, 3, END, ASK "/3|:authority api.test|x-old 1|x-old 2|x-new 3");
	head(s, CLIENT, 5, END, ASK "/3|:authority api.test|x-old 1|x-old 2|x-new 3");
	head(s, CLIENT, 7, END, ":method GET|:scheme https|:path /|x-new 3");
	play(s, "joined: what refers to unseen fields is left out, and nothing else",
	     "Q1 POST /3 [x-new=3](unseen) q1. Q2 POST /3 [x-new=3](unseen) q2. Q3 GET / [x-new=3] "
	     "q3.");
}

static void joined_server(struct script *s)
{
	forget(s);
	s->server_traced = true;
	data(s, SERVER, 1, NONE, "unknown");
	pause_here(s, SERVER);
	head(s, CLIENT, 3, END, ":method GET|:path /3");
	head(s, SERVER, 3, NONE, OK);
	data(s, SERVER, 3, END, "three");
	data(s, SERVER, 1, END, "one");
	play(s, "joined: a server is found out by the first head",
	     "q1:~0unknown q1- Q2 GET /3 q2. A2 200 a2:three a2. a3:~0one a3.");
	is_str(s->role, "server", "and known as one");
}

static void joined_reset(struct script *s)
{
	begin(s);
	forget(s);
	head(s, CLIENT, 3, END, ":method GET|:path /3");
	head(s, SERVER, 3, NONE, OK);
	frame(s, CLIENT, RST, NONE, 3, SPAN_LIT("\0\0\0\10"));
	data(s, SERVER, 3, END, "under way");
	play(s, "joined: a stream that was reset stays so", "Q1 GET /3 q1. A1 200 a1-");
	is_int(s->unread, 9, "and what was under way is counted");
}

static void joined_preface(struct script *s)
{
	s->from_middle = true;
	begin(s);
	head(s, CLIENT, 1, END, ASK "/1|:authority a");
	head(s, CLIENT, 3, END, ASK "/1|:authority a");
	head(s, SERVER, 1, END, OK);
	play(s, "not known to be whole, but with a preface",
	     "Q1 POST /1@a q1. Q2 POST /1@a q2. A1 200 a1.");
}

/* ---- hostile ---- */

static void header_bomb(struct script *s)
{
	struct buf block;

	s->lim.max[LIMIT_head] = 8192;
	begin(s);
	/* A field of 3000 bytes enters the table; then it is referred to, by one byte each. */
	buf_init(&block, 10000);
	buf_add(&block, SPAN_LIT("\x83\x87\x84\x40\x01x\x7f\xb9\x16"));
	for (int i = 0; i < 3000; i++)
		buf_addc(&block, 'v');
	for (int i = 0; i < 5000; i++)
		buf_addc(&block, '\xbe');
	frame(s, CLIENT, HEADERS, ENDH | END, 1, buf_span(&block));
	frame(s, CLIENT, HEADERS, ENDH | END, 3, SPAN_LIT("\x83\x87\x84\xbe"));
	buf_done(&block);
	play(s, "a header bomb", "Q1 POST / [x=<3000>,x=<3000>](cut) q1. Q2 POST / [x=<3000>] q2.");
	is_int(s->lim.hits[LIMIT_head], CUT_WAYS, "meets its limit, which is counted");
}

static void broken_block(struct script *s)
{
	begin(s);
	frame(s, CLIENT, HEADERS, ENDH | END, 1, SPAN_LIT("\x83\x87\x84\xff\xff\xff\xff\xff\x0f"));
	frame(s, CLIENT, HEADERS, ENDH | END, 3, SPAN_LIT("\x83\x87\x84\x40\x01n\x01v"));
	frame(s, CLIENT, HEADERS, ENDH | END, 5, SPAN_LIT("\x83\x87\x84\x10\x01n\x03\r\na"));
	frame(s, CLIENT, HEADERS, ENDH | END, 7, SPAN_LIT("\x83\x87\x84\x40"));
	frame(s, CLIENT, HEADERS, ENDH | END, 9, SPAN_LIT("\x87\x84"));
	play(s, "blocks that are malformed",
	     "Q1 POST /(cut) q1. Q2 POST / [n=v] q2. Q3 POST /(cut) q3. Q4 POST /(cut) q4. "
	     "Q5  /(cut) q5.");
}

static void oversized(struct script *s)
{
	char big[20001] = { 0 };

	memset(big, 'x', 20000);
	begin(s);
	head(s, CLIENT, 1, NONE, ASK "/1");
	data(s, CLIENT, 1, NONE, big);
	play(s, "a frame larger than allowed", "Q1 POST /1 q1!");
	ok(s->protocol_error && s->unread > 19000, "ends the connection, and the rest is counted");
}

static void no_h2_answer(struct script *s)
{
	say(s, CLIENT, SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	frame(s, CLIENT, SETTINGS, NONE, 0, SPAN_LIT(""));
	head(s, CLIENT, 1, END, ASK "/1");
	say(s, SERVER, SPAN_LIT("HTTP/1.1 400 Bad Request\r\n\r\n"));
	play(s, "an answer in HTTP/1.1", "Q1 POST /1 q1.");
	ok(s->protocol_error, "is none");
}

static void order_broken(struct script *s)
{
	begin(s);
	frame(s, CLIENT, HEADERS, NONE, 1, SPAN_LIT("\x83\x87\x84"));
	data(s, CLIENT, 1, END, "no CONTINUATION");
	play(s, "a block that is interrupted", "");
	ok(s->protocol_error, "ends the connection");
}

static void continuation_flood(struct script *s)
{
	begin(s);
	frame(s, CLIENT, HEADERS, NONE, 1, SPAN_LIT("\x83\x87\x84"));
	for (int i = 0; i < 2000; i++)
		frame(s, CLIENT, CONT, NONE, 1, SPAN_LIT(""));
	play(s, "endless CONTINUATION", "");
	ok(s->protocol_error && s->lim.hits[LIMIT_head], "ends the connection");
}

static void stream_flood(struct script *s)
{
	s->lim.max[LIMIT_streams] = 2;
	begin(s);
	for (uint32_t stream = 1; stream < 9; stream += 2)
		head(s, CLIENT, stream, NONE, ASK "/");
	data(s, CLIENT, 1, NONE, "late");
	data(s, CLIENT, 7, END, "x");
	play(s, "too many streams",
	     "Q1 POST / Q2 POST / q1- a1- Q3 POST / q2- a2- Q4 POST / q4:x q4. q3-");
	is_int(s->lim.hits[LIMIT_streams], 2 * CUT_WAYS, "the limit is counted");
}

/* ---- the detector ---- */

static void test_start(void)
{
	static const struct {
		struct span bytes;
		enum h2_start want;
		const char *what;
	} rows[] = {
		{ SPAN_LIT("PRI"), H2_START_MORE, "the beginning of a preface" },
		{ SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0"), H2_START_PREFACE, "a preface" },
		{ SPAN_LIT("PRI * HTTP/2.0\r\n\r\nXX"), H2_START_NO, "no preface" },
		{ SPAN_LIT("\0\0\4\10\0\0\0\0\1\0\0\1\0"), H2_START_FRAMES, "WINDOW_UPDATE" },
		{ SPAN_LIT("\0\0\4\10\0\0\0\0\1\0\0\1\0\0\0\4\10"), H2_START_MORE,
		  "and part of another" },
		{ SPAN_LIT("\0\0\4\10\0\0\0\0\1\0\0\1\0abcdefghi"), H2_START_NO, "and no frame" },
		{ SPAN_LIT("\0\0\2\0\0\0\0\0\1xy"), H2_START_FRAMES, "DATA" },
		{ SPAN_LIT("\0\0\2\0\0\0\0\0\1x"), H2_START_MORE, "part of it" },
		{ SPAN_LIT("\0\0\2\0\0\0\0\0\2xy"), H2_START_NO, "DATA of a pushed stream" },
		{ SPAN_LIT("\0\0\2\0\2\0\0\0\1xy"), H2_START_NO, "an unknown flag" },
		{ SPAN_LIT("\0\0\2\0\0\200\0\0\1xy"), H2_START_NO, "the reserved bit" },
		{ SPAN_LIT("\0\0\0\0\0\0\0\0\1"), H2_START_MORE, "an empty frame says little" },
		{ SPAN_LIT("\0\0\0\0\0\0\0\0\0"), H2_START_NO, "zeroes" },
		{ SPAN_LIT("\0\0\5\3\0\0\0\0\1abcde"), H2_START_NO, "RST_STREAM too long" },
		{ SPAN_LIT("\0\0\2\11\4\0\0\0\1xy"), H2_START_NO, "CONTINUATION of nothing" },
		{ SPAN_LIT("\0\101\0\0\0\0\0\0\1xy"), H2_START_NO, "more than 16384 bytes" },
		{ SPAN_LIT("GET / HTTP/1.1\r\n"), H2_START_NO, "HTTP/1.1" },
		{ SPAN_LIT("\x16\3\1\2\0\1\0\1\xfc\3\3"), H2_START_NO, "TLS in TLS" },
		{ SPAN_LIT("\0\0\0\51\0\3\0\0user\0me\0"), H2_START_NO, "PostgreSQL" },
		{ SPAN_LIT("\0\0\0\52\0\22\0\3\0\0\0\1"), H2_START_NO, "Kafka" },
		{ SPAN_LIT("\0\36\1\2\1\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1"), H2_START_NO,
		  "DNS" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(h2_start(rows[i].bytes), rows[i].want, "start: %s", rows[i].what);
}

/* Joined in the middle of something else: chance bytes, and counters as many protocols have. */
static void test_others(void)
{
	uint32_t chance = 1, wrong = 0;

	for (unsigned i = 0; i < 200000; i++) {
		uint8_t bytes[32];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			chance = chance * 1664525 + 1013904223;
			/* Mostly small values and zeroes. */
			bytes[k] = 0;
			if (chance >> 30 == 1)
				bytes[k] = (chance >> 16) & (i % 2 ? 15 : 7);
		}
		wrong += h2_start(span_of(bytes, sizeof(bytes))) == H2_START_FRAMES;
	}
	ok(wrong <= 20, "of 200000 spans of small numbers, %u look like frames", wrong);
	wrong = 0;
	for (unsigned i = 0; i < 2000000; i++) {
		uint8_t bytes[32];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			chance = chance * 1664525 + 1013904223;
			bytes[k] = (uint8_t)(chance >> 24);
		}
		wrong += h2_start(span_of(bytes, sizeof(bytes))) == H2_START_FRAMES;
	}
	is_int(wrong, 0, "and of two million spans of chance bytes, none");
}

int main(void)
{
	static void (*const all[])(struct script * s) = {
		single,
		interleaved,
		padding,
		dynamic_table,
		trailers,
		resets,
		goaway,
		close_midway,
		other_frames,
		large_first_span,
		extended_connect,
		pushed,
		late_request,
		server_first,
		gap_in_data,
		gap_past_data,
		gap_in_head,
		gap_in_grid,
		gap_from_block,
		gap_then_noise,
		joined_body,
		joined_table,
		joined_server,
		joined_reset,
		joined_preface,
		header_bomb,
		broken_block,
		oversized,
		no_h2_answer,
		order_broken,
		continuation_flood,
		stream_flood,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct script s;

		script_init(&s);
		all[i](&s);
	}
	test_start();
	test_others();
	return tap_done();
}
