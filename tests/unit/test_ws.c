/* SPDX-License-Identifier: MIT */
/* Frames made by hand and by zlib, and the log of the messages in them: "q[text]" from the client,
 * "a[text]" from the server, "~" behind one that is cut, "." the end, "|" where the connection
 * was closed. */
#include <zlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/ws.h"
#include "http/ws_frame.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

#define SHOWN_MAX 60

static void on_message(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
		       bool cut)
{
	struct buf *log = arg;

	buf_addf(log, "%s%c[", log->len ? " " : "", from == HTTP_REQUEST ? 'q' : 'a');
	if (s.len > SHOWN_MAX)
		buf_addf(log, "%zu bytes", s.len);
	else
		buf_add(log, s);
	buf_adds(log, cut ? "]~" : "]");
}

static void on_closed(void *arg, uint64_t id, uint64_t ts_ns)
{
	buf_adds(arg, ((struct buf *)arg)->len ? " ." : ".");
}

static const struct http_out out = { .message = on_message, .closed = on_closed };

/* ---- making frames ---- */

static const uint8_t key[] = { 0x37, 0xfa, 0x21, 0x3d };

static void add_frame(struct buf *b, uint8_t first, bool masked, struct span payload)
{
	uint8_t mask = masked ? 0x80 : 0;

	buf_addc(b, (char)first);
	if (payload.len < 126) {
		buf_addc(b, (char)(mask | payload.len));
	} else {
		size_t nbytes = payload.len < 65536 ? 2 : 8;

		buf_addc(b, (char)(mask | (nbytes == 2 ? 126 : 127)));
		for (size_t i = nbytes; i > 0; i--)
			buf_addc(b, (char)((uint64_t)payload.len >> 8 * (i - 1)));
	}
	if (masked)
		buf_add(b, span_of(key, sizeof(key)));
	for (size_t i = 0; i < payload.len; i++)
		buf_addc(b, (char)(payload.ptr[i] ^ (masked ? key[i & 3] : 0)));
}

static void add_hex(struct buf *b, struct span hex)
{
	for (size_t i = 0; i + 1 < hex.len; i += 2) {
		char pair[3] = { (char)hex.ptr[i], (char)hex.ptr[i + 1], 0 };

		buf_addc(b, (char)strtoul(pair, NULL, 16));
	}
}

/* "T:text" a text frame, "t" one that goes on; "C" and "c" its continuation; "B" binary; "P", "O",
 * "X": ping, pong, close; "R" the text alone. "m" before it: masked. "x*300": that often. */
static void add_described(struct buf *b, struct span s)
{
	static const char kinds[] = "TtCcBPOX";
	static const uint8_t firsts[] = { 0x81, 0x01, 0x80, 0x00, 0x82, 0x89, 0x8a, 0x88 };
	bool masked = s.ptr[0] == 'm';
	char kind = (char)s.ptr[masked];
	struct span text = span_from(s, masked + 2u);
	size_t star = span_find(text, '*');
	struct buf payload;

	buf_init(&payload, 1 << 20);
	for (unsigned long n =
		     star < text.len ? strtoul((const char *)text.ptr + star + 1, NULL, 10) : 1;
	     n; n--)
		buf_add(&payload, span_first(text, star));
	if (kind == 'R')
		buf_add(b, buf_span(&payload));
	else
		add_frame(b, firsts[strchr(kinds, kind) - kinds], masked, buf_span(&payload));
	buf_done(&payload);
}

/* ---- playing ---- */

struct player {
	struct ws *ws;
	enum http_msg from;
	struct limits lim;
	struct buf log;
};

static void player_init(struct player *p, const struct ws_setup *setup)
{
	limits_init(&p->lim);
	buf_init(&p->log, 1 << 20);
	p->ws = ws_new(&p->lim, setup, &out, &p->log, 1);
}

static void player_done(struct player *p)
{
	ws_free(p->ws);
	buf_done(&p->log);
}

static void finish(struct player *p)
{
	buf_adds(&p->log, p->log.len ? " |" : "|");
	ws_close(p->ws, 2);
}

static void on_piece(void *arg, struct span s)
{
	struct player *p = arg;

	ws_feed(p->ws, p->from, 1, s);
}

static void feed(struct player *p, unsigned way, enum http_msg from, struct buf *b)
{
	p->from = from;
	cut_feed(way, buf_span(b), on_piece, p);
	buf_reset(b);
}

/* "> ..." one span from the client, "< ..." from the server: frames joined by "+", or "!" and
 * bytes in hex. "~>9", "~<9": a gap. */
static void play_turn(struct player *p, unsigned way, struct span turn)
{
	bool gap = turn.ptr[0] == '~';
	enum http_msg from = turn.ptr[gap] == '>' ? HTTP_REQUEST : HTTP_RESPONSE;
	struct span rest = span_from(turn, 1);
	struct buf b;

	if (gap) {
		ws_gap(p->ws, from, 1, strtoull((const char *)turn.ptr + 2, NULL, 10));
		return;
	}
	buf_init(&b, 1 << 20);
	if (rest.ptr[0] == '!')
		add_hex(&b, span_from(rest, 1));
	else
		while (rest.len) {
			struct span one = span_first(rest, span_find(rest, '+'));

			add_described(&b, one);
			rest = span_from(rest, one.len + 1);
		}
	feed(p, way, from, &b);
	buf_done(&b);
}

struct row {
	const char *what, *extensions, *turns, *want;
	unsigned unread;
	bool protocol_error;
	bool spans; /* it depends on where spans begin */
};

#define DEFLATE	     "permessage-deflate"
#define HELLO	     "c107f248cdc9c90700" /* these four: RFC 7692 section 7.2.3 */
#define HELLO_AGAIN  "c105f200110000"
#define HELLO_FINAL  "c108f348cdc9c9070000"
#define HELLO_BLOCKS "c10df24805000000ffffcac9c90700"

static const struct row rows[] = {
	{ "text", "", "<!810548656c6c6f >!818537fa213d7f9f4d5158", "a[Hello] q[Hello] | ." },
	{ "its own bit says whether a frame is masked", "", "<mT:hi >T:yo >mT:so",
	  "a[hi] q[yo] q[so] | ." },
	{ "frames that share a span", "", ">mT:a+mP:b+mB:c <T:d+T:e", "q[a] q[c] a[d] a[e] | ." },
	{ "all forms of length", "", "<T:x*125 <T:x*126 >mT:y*65535 <T:x*65536 <B:x",
	  "a[125 bytes] a[126 bytes] q[65535 bytes] a[65536 bytes] a[x] | ." },
	{ "a length in more bytes than it takes", "", "<!817e000161 <!817f000000000000000162",
	  "a[a] a[b] | ." },
	{ "fragments, with control frames between them", "",
	  "<t:ab <P:1+c:cd <O:2 <C:ef >mt:x >mP: >mC:y", "a[abcdef] q[xy] | ." },
	{ "empty messages", "", "<T: <t: <c: <C: <B:", "a[] a[] a[] | ." },
	{ "close frames both ways", "", ">mT:a >mX:bye <T:b <X:bye <T:c", "q[a] a[b] . |",
	  .unread = 3 },
	{ "a close frame one way", "", ">mX: <T:a >mT:b", "a[a] | .", .unread = 7 },
	{ "a close frame between fragments", "", "<t:ab <X:", "a[ab]~ | ." },
	{ "an end in the middle", "", "<!810a6162 >!8185", "| a[ab]~ .", .unread = 2 },
	{ "a reserved opcode", "", "<T:a <!830161 >T:b", "a[a] q[b] | .", .unread = 3,
	  .protocol_error = true },
	{ "a reserved control opcode", "", "<!8b00 <T:a", "| .", .unread = 5,
	  .protocol_error = true },
	{ "a reserved bit", "", "<!c10161 >T:b", "q[b] | .", .unread = 3, .protocol_error = true },
	{ "a bit that compression does not use", DEFLATE, "<!a10161", "| .", .unread = 3,
	  .protocol_error = true },
	{ "a compressed continuation", DEFLATE, "<!4103f248cd <!c004c9c90700", "a[He]~ | .",
	  .unread = 6, .protocol_error = true },
	{ "a compressed control frame", DEFLATE, "<!c90161", "| .", .unread = 3,
	  .protocol_error = true },
	{ "a bit that an unknown extension may use", "x-new", "<T:a <!a10161 >T:b", "a[a] q[b] | .",
	  .unread = 3 },
	{ "a length past 63 bits", "", "<!817f8000000000000000", "| .", .unread = 10,
	  .protocol_error = true },
	{ "a length of 63 bits", "", "<!817f7fffffffffffffff6162", "| a[ab]~ ." },
	{ "a control frame in fragments", "", "<!0900", "| .", .unread = 2,
	  .protocol_error = true },
	{ "a long control frame", "", "<!897e007e", "| .", .unread = 4, .protocol_error = true },
	{ "a continuation of nothing", "", "<C:a", "| .", .unread = 3, .protocol_error = true },
	{ "a message inside another", "", "<t:a <T:b", "a[a]~ | .", .unread = 3,
	  .protocol_error = true },

	{ "a gap in a payload", "", "<!810a6162 ~<5 <!636465 <T:ok", "a[abcde]~ a[ok] | ." },
	{ "a gap in a masked payload", "", ">!818737fa213d5698 ~>2 >!529c46 >mT:ok",
	  "q[abefg]~ q[ok] | ." },
	{ "a gap up to the end of a payload", "", "<!810a6162 ~<8 <T:ok", "a[ab]~ a[ok] | ." },
	{ "a gap in a ping", "", "<t:a <!890461 ~<3 <C:b", "a[ab] | ." },
	{ "a gap past a payload", "", "<!810a6162 ~<20 <T:ok", "a[ab]~ a[ok] | .", .spans = true },
	{ "a gap between frames", "", "<T:a ~<9 <T:b", "a[a] a[b] | .", .spans = true },
	{ "a gap of unknown length", "", "<T:a ~<0 <!616263 <T:b+P:c", "a[a] a[b] | .", .unread = 3,
	  .spans = true },
	{ "a gap in a header", "", "<!81 ~<9 <T:b", "a[b] | .", .unread = 1, .spans = true },
	{ "a gap between fragments", "", "<t:ab ~<7 <P: <C:ef <T:g", "a[abef]~ a[g] | .",
	  .spans = true },
	{ "a gap that holds the last fragment", "", "<t:ab ~<7 <T:g <T:h", "a[ab]~ a[g] a[h] | .",
	  .spans = true },
	{ "a gap that holds the first fragment", "", "<T:a ~<7 <C:ef <T:g", "a[a] a[ef]~ a[g] | .",
	  .spans = true },
	{ "behind a gap, JSON that goes past its span", "", "<T:a ~<9 <!81077b22 <!6122 <!3a317d",
	  "a[a] a[{\"a\":1}] | .", .spans = true },
	{ "behind a gap, what may be anything", "", "<T:a ~<9 <!810a6162 <T:b", "a[a] a[b] | .",
	  .unread = 4, .spans = true },
	{ "behind a gap, a header on its own", "", "<T:a ~<9 <!8103 <R:abc", "a[a] a[abc] | .",
	  .spans = true },
	{ "behind a gap, half a header", "", "<T:a ~<9 <!817e <!007e <R:x*126",
	  "a[a] a[126 bytes] | .", .spans = true },
	{ "behind a gap, masked as before", "", ">mT:a ~>9 >T:b >mT:c", "q[a] q[c] | .",
	  .unread = 3, .spans = true },
	{ "behind a gap, a wrong guess", "", "<T:a ~<9 <!8103 <!616263b301 <T:c",
	  "a[a] a[abc] a[c] | .", .unread = 2, .spans = true },
	{ "a gap behind the close frame", "", "<X: ~<9 <T:b", "| .", .unread = 3 },

	{ "compressed", DEFLATE, "<!" HELLO " <!" HELLO_AGAIN " <!" HELLO_BLOCKS,
	  "a[Hello] a[Hello] a[Hello] | ." },
	{ "compressed, in fragments", DEFLATE, "<!4103f248cd <P:x <!8004c9c90700", "a[Hello] | ." },
	{ "compressed, both directions on their own", DEFLATE,
	  "<!" HELLO " >!" HELLO_AGAIN " >!" HELLO " >!" HELLO_AGAIN,
	  "a[Hello] q[H]~ q[Hello] q[Hello] | ." },
	{ "a block that is stored", DEFLATE, "<!c10b000500faff48656c6c6f00", "a[Hello] | ." },
	{ "a last block, which the window outlives", DEFLATE, "<!" HELLO_FINAL " <!" HELLO_AGAIN,
	  "a[Hello] a[Hello] | ." },
	{ "a last block with nothing behind it", DEFLATE, "<!c107f348cdc9c90700 <!" HELLO_AGAIN,
	  "a[Hello] a[Hello] | ." },
	{ "empty messages, compressed", DEFLATE, "<!" HELLO " <!c10100 <!c100 <!" HELLO_AGAIN,
	  "a[Hello] a[] a[] a[Hello] | ." },
	{ "messages that are not compressed", DEFLATE, "<!" HELLO " <T:Howdy <!" HELLO_AGAIN,
	  "a[Hello] a[Howdy] a[Hello] | ." },
	{ "the server begins anew", DEFLATE "; server_no_context_takeover",
	  "<!" HELLO " <!" HELLO_AGAIN " <!" HELLO, "a[Hello] a[H]~ a[Hello] | ." },
	{ "the client does", DEFLATE "; client_no_context_takeover",
	  "<!" HELLO " <!" HELLO_AGAIN " >!" HELLO " >!" HELLO_AGAIN,
	  "a[Hello] a[Hello] q[Hello] q[H]~ | ." },
	{ "what does not inflate", DEFLATE, "<!c103ffffff <!" HELLO " <!" HELLO_AGAIN,
	  "a[]~ a[Hello] a[Hello] | .", .unread = 3 },
	{ "data that is broken off", DEFLATE, "<!c104f248cdc9 <!" HELLO, "a[Hel]~ a[Hello] | ." },
	{ "a gap in what is compressed", DEFLATE,
	  "<!" HELLO " <!c107f248 ~<2 <!c90700 <!" HELLO_AGAIN " <!" HELLO " <!" HELLO_AGAIN,
	  "a[Hello] a[H]~ a[H]~ a[Hello] a[Hello] | ." },
	{ "a gap before any of it", DEFLATE, "<!c107 ~<2 <!cdc9c90700 <!" HELLO,
	  "a[]~ a[Hello] | .", .unread = 5 },
	{ "a gap between compressed messages", DEFLATE,
	  "<!" HELLO " ~<9 <!" HELLO_AGAIN " <!" HELLO, "a[Hello] a[H]~ a[Hello] | .",
	  .spans = true },
};

static bool read_setup(const char *extensions, struct ws_setup *ret)
{
	struct http_field fields[] = { { SPAN_LIT("Upgrade"), SPAN_LIT("WebSocket") },
				       { SPAN_LIT("Sec-WebSocket-Extensions"),
					 span_str(extensions) } };
	struct http_head head = {
		.version = HTTP_1_1, .status = 101, .fields = fields, .nfields = 2
	};

	return ws_setup_read(&head, ret);
}

static void play(const struct row *row, unsigned way)
{
	struct span rest = span_str(row->turns);
	struct ws_setup setup;
	struct player p;

	read_setup(row->extensions, &setup);
	player_init(&p, &setup);
	while (rest.len) {
		struct span turn = span_first(rest, span_find(rest, ' '));

		play_turn(&p, way, turn);
		rest = span_from(rest, turn.len + 1);
	}
	finish(&p);
	is_str(p.log.ptr, row->want, "%s, %s", row->what, cut_name(way));
	is_int(ws_unread_bytes(p.ws), row->unread, "%s: bytes not read", row->what);
	ok(ws_protocol_error(p.ws) == row->protocol_error, "%s: %sa protocol error", row->what,
	   row->protocol_error ? "" : "not ");
	player_done(&p);
}

/* ---- compression by zlib ---- */

/* One message as a sender makes it, in frames of at most `size` bytes with a ping behind each. */
static void add_deflated(struct buf *b, z_stream *z, bool masked, struct span text, size_t size)
{
	uint8_t *packed = xmalloc(deflateBound(z, text.len) + 64);
	struct span rest;
	uint8_t first = 0x41;

	z->next_in = (Bytef *)text.ptr;
	z->avail_in = (uInt)text.len;
	z->next_out = packed;
	z->avail_out = (uInt)deflateBound(z, text.len) + 64;
	deflate(z, Z_SYNC_FLUSH);
	rest = span_of(packed, (size_t)(z->next_out - packed) - 4);
	do {
		struct span part = span_first(rest, size);

		rest = span_from(rest, part.len);
		add_frame(b, rest.len ? first : first | 0x80, masked, part);
		add_frame(b, 0x89, masked, SPAN_LIT("ping"));
		first = 0;
	} while (rest.len);
	free(packed);
}

static void test_deflate(bool takeover, unsigned way)
{
	struct ws_setup setup = { .deflate = true, .no_takeover = { !takeover, !takeover } };
	struct player p;
	struct buf b;
	z_stream z = { 0 };

	player_init(&p, &setup);
	buf_init(&b, 1 << 20);
	deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	for (unsigned i = 0; i < 4; i++) {
		AUTO_FREE char *text =
			xasprintf("{\"type\":\"response.output_text.delta\",\"n\":%u}", i);

		add_deflated(&b, &z, true, span_str(text), 1 + 7 * i);
		if (!takeover)
			deflateReset(&z);
	}
	feed(&p, way, HTTP_REQUEST, &b);
	finish(&p);
	is_str(p.log.ptr,
	       "q[{\"type\":\"response.output_text.delta\",\"n\":0}] "
	       "q[{\"type\":\"response.output_text.delta\",\"n\":1}] "
	       "q[{\"type\":\"response.output_text.delta\",\"n\":2}] "
	       "q[{\"type\":\"response.output_text.delta\",\"n\":3}] | .",
	       "messages deflated with %s window, %s", takeover ? "one" : "a new", cut_name(way));
	deflateEnd(&z);
	buf_done(&b);
	player_done(&p);
}

struct process_stats {
	size_t len, count, cut;
	bool good; /* nothing but zeroes and the text "after" */
};

static void on_seen(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
		    bool cut)
{
	struct process_stats *seen = arg;

	seen->count++;
	seen->cut += cut;
	seen->len = s.len > seen->len ? s.len : seen->len;
	seen->good = span_eq(s, SPAN_LIT("after"));
}

/* 8 MiB of zeroes, then a short text that uses the same window. */
static void play_bomb(struct limits *lim, struct process_stats *ret, unsigned way)
{
	static const struct http_out seen_out = { .message = on_seen };
	struct ws_setup setup = { .deflate = true };
	void *zeroes = xcalloc(1, 8 << 20);
	struct player p = { .ws = ws_new(lim, &setup, &seen_out, ret, 1) };
	z_stream z = { 0 };
	struct buf b;

	*ret = (struct process_stats){ 0 };
	buf_init(&b, 1 << 20);
	deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	add_deflated(&b, &z, false, span_of(zeroes, 8 << 20), 1 << 20);
	add_deflated(&b, &z, false, SPAN_LIT("after"), 100);
	feed(&p, way, HTTP_RESPONSE, &b);
	ws_close(p.ws, 2);
	deflateEnd(&z);
	buf_done(&b);
	free(zeroes);
	ws_free(p.ws);
}

static void test_bombs(unsigned way)
{
	struct limits lim;
	struct process_stats seen;

	limits_init(&lim);
	lim.max[LIMIT_event] = 100000;
	play_bomb(&lim, &seen, way);
	ok(seen.len == 100000 && seen.cut == 1 && lim.hits[LIMIT_event] == 1,
	   "a bomb is cut at the ceiling, %s", cut_name(way));
	ok(seen.count == 2 && seen.good, "and what follows it is read all the same");
	limits_init(&lim);
	lim.max[LIMIT_inflate_ratio] = 10;
	play_bomb(&lim, &seen, way);
	ok(seen.len > 1 << 20 && seen.len < 2 << 20 && lim.hits[LIMIT_inflate_ratio] == 1,
	   "a bomb is cut for its ratio, %s", cut_name(way));
	limits_init(&lim);
	lim.max[LIMIT_decoded] = 2 << 20;
	play_bomb(&lim, &seen, way);
	ok(seen.len > 1 << 20 && seen.len < 3 << 20 && lim.hits[LIMIT_decoded] == 1,
	   "a bomb is cut for its length, %s", cut_name(way));
}

static void test_ceiling(unsigned way)
{
	struct ws_setup setup = { 0 };
	struct player p;

	limits_init(&p.lim);
	p.lim.max[LIMIT_event] = 8;
	buf_init(&p.log, 1 << 16);
	p.ws = ws_new(&p.lim, &setup, &out, &p.log, 1);
	play_turn(&p, way, SPAN_LIT("<t:abcdef+C:ghijkl"));
	play_turn(&p, way, SPAN_LIT(">mT:abcdefgh"));
	finish(&p);
	is_str(p.log.ptr, "a[abcdefgh]~ q[abcdefgh] | .", "a message past the ceiling is cut, %s",
	       cut_name(way));
	is_int(p.lim.hits[LIMIT_event], 1, "and counted");
	player_done(&p);
}

/* ---- the handshake ---- */

static void test_extensions(void)
{
	static const struct {
		const char *value;
		struct ws_setup want;
	} values[] = {
		{ "", { 0 } },
		{ "permessage-deflate", { .deflate = true } },
		{ "Permessage-Deflate ; client_max_window_bits = 12", { .deflate = true } },
		{ "permessage-deflate;server_max_window_bits=\"10\";client_no_context_takeover",
		  { .deflate = true, .no_takeover = { true, false } } },
		{ "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		  { .deflate = true, .no_takeover = { true, true } } },
		{ "x; y=\"permessage-deflate, a\\\";b\", permessage-deflate",
		  { .deflate = true, .unknown = true } },
		{ "x; server_no_context_takeover , ,permessage-deflate",
		  { .deflate = true, .unknown = true } },
		{ "permessage-deflate, permessage-deflate; server_no_context_takeover",
		  { .deflate = true } },
		{ "permessage-deflate; z=\"unclosed, client_no_context_takeover\\",
		  { .deflate = true } },
		{ "x-webkit-deflate-frame", { .unknown = true } },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const struct ws_setup *want = &values[i].want;
		struct ws_setup got;

		ok(read_setup(values[i].value, &got) && got.deflate == want->deflate &&
			   got.unknown == want->unknown &&
			   got.no_takeover[0] == want->no_takeover[0] &&
			   got.no_takeover[1] == want->no_takeover[1],
		   "extensions: %s", values[i].value);
	}
}

static void test_handshake(void)
{
	struct http_field upgrade[] = { { SPAN_LIT("UPGRADE"), SPAN_LIT("h2c, webSOCKET") } };
	struct http_field other[] = { { SPAN_LIT("Upgrade"), SPAN_LIT("websocket2") } };
	struct http_head head = {
		.version = HTTP_1_1, .status = 101, .fields = upgrade, .nfields = 1
	};
	struct ws_setup setup;

	ok(ws_setup_read(&head, &setup) && ws_is_named(&head),
	   "101 and websocket, in any case, open one");
	head.status = 200;
	ok(!ws_setup_read(&head, &setup), "200 does not");
	head = (struct http_head){
		.version = HTTP_1_1, .status = 101, .fields = other, .nfields = 1
	};
	ok(!ws_setup_read(&head, &setup), "nor does another protocol");
	head = (struct http_head){ .version = HTTP_2, .status = 200 };
	ok(ws_setup_read(&head, &setup), "over HTTP/2, 200 does");
}

static void test_joined(void)
{
	static const struct {
		const char *frames, *what;
		bool want;
	} spans[] = {
		{ ">mT:{\"a\":1}", "a masked frame of JSON", true },
		{ ">mT:{}+mT:{\"b\":2}", "two of them", true },
		{ ">T:{}", "one that is not masked", false },
		{ ">mT:[]", "one of something else", false },
		{ ">mT:", "an empty one", false },
		{ ">mT:{}+mP:", "one and a ping", false },
		{ ">mT:{}+R:x", "one and a byte more", false },
		{ ">mT:{\xff}", "one that is not UTF-8", false },
		{ ">mB:{}", "a binary one", false },
		{ ">mt:{}", "a fragment", false },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		struct span rest = span_from(span_str(spans[i].frames), 1);
		struct ws_setup setup;
		struct buf b;

		buf_init(&b, 1 << 16);
		while (rest.len) {
			struct span one = span_first(rest, span_find(rest, '+'));

			add_described(&b, one);
			rest = span_from(rest, one.len + 1);
		}
		ok(ws_is_joined(buf_span(&b), &setup) == spans[i].want, "%s %s a WebSocket",
		   spans[i].what, spans[i].want ? "is taken for" : "is not enough for");
		ok(!spans[i].want || !ws_is_joined(span_first(buf_span(&b), b.len - 1), &setup),
		   "and less of it is not enough");
		buf_done(&b);
	}
}

static void test_no_callbacks(void)
{
	static const struct http_out none = { 0 };
	struct ws_setup setup = { 0 };
	struct limits lim;
	struct ws *w;

	limits_init(&lim);
	w = ws_new(&lim, &setup, &none, NULL, 1);
	ws_feed(w, HTTP_RESPONSE, 1, SPAN_LIT("\x81\x02hi\x88"));
	ws_close(w, 2);
	is_int((long)ws_unread_bytes(w), 1, "without callbacks a frame is read all the same");
	ws_free(w);
	ws_free(NULL);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < (rows[i].spans ? CUT_BYTES : CUT_WAYS); way++)
			play(&rows[i], way);
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		test_deflate(true, way);
		test_deflate(false, way);
		test_bombs(way);
		test_ceiling(way);
	}
	test_extensions();
	test_handshake();
	test_joined();
	test_no_callbacks();
	return tap_done();
}
