/* SPDX-License-Identifier: MIT */
/* What of a connection's bytes is recorded. In these scripts credentials read "Secret" and all that
 * is to be kept has "Kept" in it; strings are not Huffman-coded, so that both can be searched for.
 * At the end, a conversation in HTTP/2 is recorded and replayed through the whole pipeline. */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "exchange/exchange.h"
#include "pipeline.h"
#include "redact/scrub.h"
#include "source/record.h"
#include "source/replay.h"
#include "tests/unit/cuts.h"
#include "tests/unit/hpackmake.h"
#include "tests/unit/outputs.h"
#include "tests/unit/tap.h"

/* ---- frames ---- */

enum { DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONT };
enum { NONE, END = 1, ACK = 1, ENDH = 4, PAD = 8, PRIO = 32 };

static void frame(struct buf *b, unsigned type, unsigned flags, uint32_t stream,
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

	buf_add(b, span_of(head, sizeof(head)));
	buf_add(b, payload);
}

static void data(struct buf *b, unsigned flags, const char *text)
{
	frame(b, DATA, flags, 1, span_str(text));
}

#define PREFACE SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
/* POST, a field that is kept, one that is not. */
#define BLOCK SPAN_LIT("\x83\x50\4Kept\x57\x06Secret")

/* ---- a connection ---- */

struct spied {
	struct scrub blank;
	enum dir dir;
	uint64_t off[2];
	struct buf out; /* what is recorded; '~' for each byte that is not */
};

static void conn_init(struct spied *c, bool from_start)
{
	*c = (struct spied){ .dir = DIR_WRITE };
	scrub_init(&c->blank, from_start);
	buf_init(&c->out, 1 << 20);
}

static void on_span(void *arg, struct span s)
{
	struct spied *c = arg;
	struct scrub_h2_part part;
	uint8_t *copy = malloc(s.len);

	memcpy(copy, s.ptr, s.len);
	part = scrub_feed(&c->blank, c->dir, c->off[c->dir], copy, s.len);
	c->off[c->dir] += s.len;
	for (size_t i = 0; i < s.len; i++)
		buf_addc(&c->out, i - part.at < part.len ? (char)copy[i] : '~');
	free(copy);
}

static void say(struct spied *c, struct span s)
{
	on_span(c, s);
}

static unsigned count(const struct spied *c, const char *word)
{
	size_t len = strlen(word);
	unsigned n = 0;

	for (size_t i = 0; i + len <= c->out.len; i++)
		n += memcmp(c->out.ptr + i, word, len) == 0;
	return n;
}

/* Ends a script. */
static void expect(struct spied *c, unsigned kept, const char *fmt, const char *how)
{
	is_int(count(c, "Secret"), 0, fmt, how);
	is_int(count(c, "Kept"), kept, "and the rest is kept");
	buf_done(&c->out);
}

/* ---- from the start ---- */

static void test_h2(void)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add(&b, PREFACE);
	frame(&b, SETTINGS, NONE, 0, SPAN_LIT(""));
	frame(&b, HEADERS, ENDH | PAD | PRIO, 1,
	      SPAN_LIT("\3\0\0\0\0\xff\x83\x50\4Kept\x57\x06Secret\0\0\0"));
	data(&b, NONE, "Kept");
	frame(&b, HEADERS, NONE, 3, SPAN_LIT("\x83\x57\x06Sec"));
	frame(&b, CONT, NONE, 3, SPAN_LIT(""));
	frame(&b, CONT, ENDH, 3, SPAN_LIT("ret\x50\4Kept"));
	frame(&b, 0xbb, 0xff, 7, SPAN_LIT("Kept"));
	frame(&b, GOAWAY, NONE, 0, SPAN_LIT("\0\0\0\0\0\0\0\0Kept"));
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct spied c;

		conn_init(&c, true);
		cut_feed(way, buf_span(&b), on_span, &c);
		is_int(count(&c, "~"), 0, "all bytes of a client's are stored, %s", cut_name(way));
		expect(&c, 5, "and it is blanked, %s", cut_name(way));
	}
	buf_reset(&b);
	frame(&b, SETTINGS, NONE, 0, SPAN_LIT("\0\3\0\0\0\144"));
	frame(&b, HEADERS, ENDH, 1, SPAN_LIT("\x88\x77\6Secret\x54\4Kept"));
	frame(&b, PUSH, ENDH | PAD, 1, SPAN_LIT("\1\0\0\0\2\x77\6Secret\x54\4Kept\0"));
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct spied c;

		conn_init(&c, true);
		c.dir = DIR_READ;
		cut_feed(way, buf_span(&b), on_span, &c);
		is_int(count(&c, "~"), 0, "all bytes of a server's are stored, %s", cut_name(way));
		expect(&c, 2, "and it is blanked, %s", cut_name(way));
	}
	buf_done(&b);
}

static void test_others(void)
{
	static const struct span rows[] = {
		SPAN_LIT("PUT /x?key=Secret HTTP/1.1\r\nx-api-key: Secret\r\n\r\nKept"),
		SPAN_LIT("PRI * HTTP/1.1\r\nx-api-key: Secret\r\n\r\nKept"),
		SPAN_LIT("HTTP/1.1 200 OK\r\nset-cookie: Secret\r\n\r\nKept"),
		SPAN_LIT("\0\0\x12\4\0\0\0\0\1Kept"), /* SETTINGS, but of a stream */
		SPAN_LIT("\0\0\0\1\0\0\0\0\1Kept"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < CUT_WAYS; way++) {
			struct spied c;

			conn_init(&c, true);
			cut_feed(way, rows[i], on_span, &c);
			is_int(count(&c, "~"), 0, "row %zu is no HTTP/2, %s", i, cut_name(way));
			expect(&c, 1, "and is blanked as lines, %s", cut_name(way));
		}
}

/* ---- bytes that are missing ---- */

static void begin(struct spied *c)
{
	struct buf b;

	conn_init(c, true);
	buf_init(&b, 1000);
	buf_add(&b, PREFACE);
	frame(&b, SETTINGS, NONE, 0, SPAN_LIT(""));
	say(c, buf_span(&b));
	buf_done(&b);
}

/* All but the last bytes, which are lost. */
static void say_cut(struct spied *c, struct buf *b, size_t lost)
{
	say(c, span_first(buf_span(b), b->len - lost));
	c->off[c->dir] += lost;
	buf_reset(b);
}

static void test_gaps(void)
{
	struct spied c;
	struct buf b;

	buf_init(&b, 1 << 16);
	begin(&c);
	data(&b, NONE, "Kept, and what is lost");
	say_cut(&c, &b, 10);
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say_cut(&c, &b, 0);
	expect(&c, 2, "a gap inside of DATA%s", "");

	begin(&c);
	frame(&b, HEADERS, ENDH, 1, SPAN_LIT("\x83\x50\x0cKeptlost\x57\x06Secret"));
	say(&c, span_first(buf_span(&b), 16));
	c.off[DIR_WRITE] += 6;
	say(&c, span_from(buf_span(&b), 22));
	is_int(count(&c, "\x80"), 6, "the rest of the block is refused by decoders");
	buf_reset(&b);
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say_cut(&c, &b, 0);
	expect(&c, 2, "a gap inside of a header block%s", "");

	begin(&c);
	frame(&b, HEADERS, ENDH | PAD, 1, SPAN_LIT("\1\x57\x06Secret\0"));
	say(&c, span_first(buf_span(&b), 9));
	c.off[DIR_WRITE] += 1;
	say(&c, span_from(buf_span(&b), 10));
	is_int(count(&c, "\x80"), 9, "a block with padding of unknown length likewise");
	buf_reset(&b);
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say_cut(&c, &b, 0);
	expect(&c, 1, "a gap where padding is told%s", "");
	buf_done(&b);
}

static void test_lost_frames(void)
{
	struct spied c;
	struct buf b;

	buf_init(&b, 1 << 16);
	begin(&c);
	data(&b, NONE, "lost");
	say_cut(&c, &b, 8);
	say(&c, SPAN_LIT("\x57\x06Secret: no frame begins here, so not stored"));
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say_cut(&c, &b, 0);
	expect(&c, 1, "a gap from frame to frame%s", "");

	/* Header and payload in writes of their own: the second header makes the first sure. */
	begin(&c);
	c.off[DIR_WRITE] += 100;
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say(&c, span_first(buf_span(&b), 9));
	say(&c, span_from(buf_span(&b), 9));
	buf_reset(&b);
	frame(&b, HEADERS, ENDH, 5, BLOCK);
	say(&c, span_first(buf_span(&b), 9));
	say(&c, span_from(buf_span(&b), 9));
	buf_reset(&b);
	is_int(count(&c, "~"), 9 + 15, "the frame that is not sure is not stored");
	expect(&c, 1, "frames in two writes, behind a gap%s", "");
	buf_done(&b);
}

static void test_found_frames(void)
{
	struct spied c;
	struct buf b, block;

	buf_init(&b, 1 << 16);
	buf_init(&block, 1000);
	/* In one span, but cut in the second frame. */
	begin(&c);
	c.off[DIR_WRITE] += 100;
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	data(&b, NONE, "Kept, Kept");
	say(&c, span_first(buf_span(&b), b.len - 3));
	say(&c, span_from(buf_span(&b), b.len - 3));
	buf_reset(&b);
	is_int(count(&c, "~"), 0, "two headers in a span are sure");
	expect(&c, 3, "frames cut, behind a gap%s", "");

	/* Names by index are not known behind a gap, even if they were. */
	begin(&c);
	make_field(&block, true, 0, "te", SPAN_LIT("Kept"), false);
	frame(&b, HEADERS, ENDH, 1, buf_span(&block));
	say_cut(&c, &b, 0);
	buf_reset(&block);
	make_field(&block, false, 62, "", SPAN_LIT("Kept"), false);
	frame(&b, HEADERS, ENDH, 3, buf_span(&block));
	say_cut(&c, &b, 0);
	c.off[DIR_WRITE] += 100;
	buf_reset(&block);
	make_field(&block, false, 62, "", SPAN_LIT("Secret"), false);
	frame(&b, HEADERS, ENDH, 5, buf_span(&block));
	say_cut(&c, &b, 0);
	expect(&c, 2, "the table behind a gap%s", "");
	buf_done(&b);
	buf_done(&block);
}

static void test_order(void)
{
	struct spied c;
	struct buf b;

	buf_init(&b, 1 << 16);
	begin(&c);
	frame(&b, HEADERS, ENDH, 1, BLOCK);
	c.off[DIR_WRITE] += 5;
	say(&c, span_from(buf_span(&b), 5));
	c.off[DIR_WRITE] -= b.len;
	say(&c, span_first(buf_span(&b), 5));
	expect(&c, 0, "a span that comes late%s", "");

	/* A rule is broken: what broke it is stored, nothing behind it is. */
	begin(&c);
	buf_reset(&b);
	frame(&b, HEADERS, NONE, 1, BLOCK);
	frame(&b, DATA, NONE, 1, SPAN_LIT("Secret"));
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say(&c, buf_span(&b));
	is_int(count(&c, "~"), 6 + 9 + 15, "broken framing ends what is stored of a span");
	expect(&c, 1, "a header block that is interrupted%s", "");
	buf_done(&b);
}

/* ---- joined in the middle ---- */

static void test_joined(void)
{
	static const char ws[] = "\x81\x8d\0\0\0\0{\"a\": \"Kept\"}";
	struct spied c;

	conn_init(&c, false);
	c.off[DIR_WRITE] = 12345;
	say(&c, SPAN_LIT("rest: Secret\r\nx-api-key: Secret\r\n\r\n"));
	say(&c, SPAN_LIT("POST /Kept?key=Secret HTTP/1.1\r\nx-api-key: Secret\r\n\r\nKept"));
	c.dir = DIR_READ;
	c.off[DIR_READ] = 5;
	say(&c, SPAN_LIT("Secret\r\nKept"));
	say(&c, SPAN_LIT("HTTP/1.1 200 Kept\r\nset-cookie: Secret\r\n"));
	expect(&c, 4, "joined: HTTP/1.1%s", "");

	conn_init(&c, false);
	say(&c, SPAN_LIT("Secret"));
	say(&c, span_of(ws, sizeof(ws) - 1));
	c.dir = DIR_READ;
	say(&c, SPAN_LIT("\x81\4Kept"));
	expect(&c, 2, "joined: a WebSocket%s", "");
}

static void test_joined_h2(void)
{
	struct spied c;
	struct buf b;

	buf_init(&b, 1 << 16);
	conn_init(&c, false);
	c.off[DIR_WRITE] = 12345;
	say(&c, SPAN_LIT("\x57\x06Secret"));
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	say(&c, buf_span(&b));
	c.dir = DIR_READ;
	say(&c, SPAN_LIT("\x57\x06Secret\r\nSecret"));
	say(&c, buf_span(&b));
	expect(&c, 2, "joined: HTTP/2%s", "");

	/* A piece of a body looks like HTTP/1.1. */
	conn_init(&c, false);
	c.dir = DIR_READ;
	say(&c, SPAN_LIT("HTTP/1.1 200 OK is how\r\nKept"));
	say(&c, buf_span(&b));
	c.dir = DIR_WRITE;
	say(&c, SPAN_LIT("\x57\x06Secret\r\nSecret"));
	expect(&c, 2, "joined: HTTP/2 at the second look%s", "");
	buf_done(&b);
}

static void test_no_beginning(void)
{
	struct spied c;
	struct buf b;

	buf_init(&b, 1 << 16);
	frame(&b, HEADERS, ENDH, 3, BLOCK);
	/* The first bytes of one direction are missing, the other tells what it is. */
	conn_init(&c, true);
	say(&c, PREFACE);
	c.dir = DIR_READ;
	c.off[DIR_READ] = 50;
	say(&c, SPAN_LIT("\x77\x06Secret\r\nSecret"));
	say(&c, buf_span(&b));
	expect(&c, 1, "HTTP/2 with a beginning that is missing%s", "");
	conn_init(&c, true);
	say(&c, SPAN_LIT("GET / HTTP/1.1\r\n\r\n"));
	c.dir = DIR_READ;
	c.off[DIR_READ] = 50;
	say(&c, SPAN_LIT("Secret\r\nKept"));
	expect(&c, 1, "HTTP/1.1 with a beginning that is missing%s", "");
	buf_done(&b);
}

/* ---- recorded and replayed ---- */

struct turn {
	enum dir dir;
	struct buf bytes;
};

static void head(struct buf *b, nghttp2_hd_deflater *deflater, uint32_t stream, unsigned flags,
		 const char *const (*fields)[2])
{
	nghttp2_nv nv[32] = { 0 };
	uint8_t block[4096];
	size_t n = 0;
	ssize_t len;

	for (; fields[n][0]; n++)
		nv[n] = (nghttp2_nv){ (uint8_t *)fields[n][0], (uint8_t *)fields[n][1],
				      strlen(fields[n][0]), strlen(fields[n][1]), 0 };
	len = nghttp2_hd_deflate_hd(deflater, block, sizeof(block), nv, n);
	frame(b, HEADERS, flags | ENDH, stream, span_of(block, len > 0 ? (size_t)len : 0));
}

static const char *const request_fields[][2] = {
	{ ":method", "POST" },
	{ ":scheme", "https" },
	{ ":authority", "api.openai.com" },
	{ ":path", "/v1/chat/completions?a=b&key=sk-Secret0123" },
	{ "authorization", "Bearer sk-Secret0123456789" },
	{ "content-type", "application/json" },
	{ "x-stainless-lang", "python" },
	{ "x-of-our-own", "Secret! and more" },
	{ NULL, NULL },
};

static const char *const answer_fields[][2] = {
	{ ":status", "200" },
	{ "content-type", "text/event-stream" },
	{ "x-request-id", "req_123" },
	{ "set-cookie", "__cf_bm=Secret0123456789; HttpOnly" },
	{ NULL, NULL },
};

#define REQUEST                                                                                    \
	"{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"      \
	"\"hi\"}]}"
#define ANSWER                                                                                     \
	"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\","          \
	"\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"},"                             \
	"\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

/* Three calls on one connection, so that later heads refer to earlier ones. */
static void make_turns(struct turn turns[6])
{
	nghttp2_hd_deflater *ask, *answer;

	nghttp2_hd_deflate_new(&ask, 4096);
	nghttp2_hd_deflate_new(&answer, 4096);
	for (uint32_t i = 0; i < 6; i++) {
		struct buf *b = &turns[i].bytes;
		uint32_t stream = i / 2 * 2 + 1;

		turns[i].dir = i % 2 ? DIR_READ : DIR_WRITE;
		buf_init(b, 1 << 16);
		if (i == 0)
			buf_add(b, PREFACE);
		if (i < 2)
			frame(b, SETTINGS, NONE, 0, SPAN_LIT(""));
		head(b, i % 2 ? answer : ask, stream, NONE, i % 2 ? answer_fields : request_fields);
		frame(b, DATA, END, stream, i % 2 ? SPAN_LIT(ANSWER) : SPAN_LIT(REQUEST));
	}
	nghttp2_hd_deflate_del(ask);
	nghttp2_hd_deflate_del(answer);
}

struct player {
	chunk_fn fn;
	void *arg;
	struct chunk chunk;
};

static void play_piece(void *arg, struct span s)
{
	struct player *p = arg;

	p->chunk.data = s;
	p->fn(p->arg, &p->chunk);
	p->chunk.off += s.len;
}

/* Gives the conversation to `fn`. */
static void play(struct turn turns[6], unsigned way, chunk_fn fn, void *arg)
{
	struct player p = { .fn = fn, .arg = arg };
	uint64_t off[2] = { 0 };

	for (size_t i = 0; i < 6; i++) {
		p.chunk = (struct chunk){ .kind = CHUNK_DATA,
					  .dir = turns[i].dir,
					  .flags = CHUNK_FROM_START,
					  .conn = { 7, 1, 1 },
					  .ts_ns = 1000000 * (i + 1),
					  .off = off[turns[i].dir],
					  .comm = "tester" };
		cut_feed(way, buf_span(&turns[i].bytes), play_piece, &p);
		off[turns[i].dir] = p.chunk.off;
	}
	p.chunk.kind = CHUNK_CLOSE;
	p.chunk.data = span_of(NULL, 0);
	p.chunk.totals[0] = off[0];
	p.chunk.totals[1] = off[1];
	fn(arg, &p.chunk);
}

static int to_recorder(void *arg, const struct chunk *c)
{
	return recorder_chunk(arg, c);
}

/* The recording of the conversation. */
static void record(struct turn turns[6], unsigned way, struct buf *ret)
{
	char path[] = "/tmp/llm-spy-test-XXXXXX", bytes[4096];
	struct recorder *r = NULL;
	struct error err;
	size_t len;
	FILE *f;

	close(mkstemp(path));
	recorder_open(&r, path, true, &err);
	play(turns, way, to_recorder, r);
	is_int(recorder_close(r), 0, "recorded, %s", cut_name(way));
	f = fopen(path, "rb");
	while ((len = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(ret, span_of(bytes, len));
	fclose(f);
	unlink(path);
}

/* What jsonl writes of the conversation, or of its recording. The caller frees it. */
static char *show(struct turn turns[6], unsigned way, const struct buf *recording)
{
	struct outputs outputs;
	struct limits lim;
	struct pipeline *p;
	struct replay r;
	struct error err;

	ok(outputs_open(&outputs, "jsonl", ",show=all,bodies=yes"), "an output opens");
	limits_init(&lim);
	p = pipeline_new(&lim);
	pipeline_observe(p, &fanout_observer, outputs.fanout);
	if (recording) {
		replay_init(&r);
		is_int(replay_feed(&r, buf_span(recording), pipeline_chunk, p, &err), 0,
		       "replayed");
		replay_done(&r);
	} else {
		play(turns, way, pipeline_chunk, p);
	}
	pipeline_finish(p, UINT64_MAX);
	pipeline_free(p);
	return outputs_close(&outputs);
}

/* Masks what a recording masks in another way: to stars of a length of their own. */
static void mask_headers(json_t *list)
{
	static const char *const masked[] = { "authorization", "set-cookie", "x-of-our-own" };
	json_t *pair;
	size_t i;

	json_array_foreach(list, i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));

		for (size_t k = 0; k < 3; k++)
			if (strcmp(name, masked[k]) == 0)
				json_array_set_new(pair, 1, json_string("masked"));
	}
}

/* The records, made comparable; how many there are. */
static size_t plain(const char *text, struct buf *ret)
{
	size_t n = 0;

	for (; *text; text += strcspn(text, "\n") + 1, n++) {
		json_t *record = json_loadb(text, strcspn(text, "\n"), 0, NULL);
		json_t *http = json_object_get(record, "http");
		char *one;

		mask_headers(json_object_get(http, "request_headers"));
		mask_headers(json_object_get(http, "response_headers"));
		one = json_dumps(record, JSON_SORT_KEYS);
		buf_addf(ret, "%s\n", one);
		free(one);
		json_decref(record);
	}
	return n;
}

static void test_replay(void)
{
	struct turn turns[6];

	make_turns(turns);
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct buf recording, want, got;
		char *live, *again;

		buf_init(&recording, 16 << 20);
		buf_init(&want, 1 << 20);
		buf_init(&got, 1 << 20);
		live = show(turns, way, NULL);
		record(turns, way, &recording);
		again = show(turns, way, &recording);
		is_int(plain(live, &want), 3, "three calls");
		plain(again, &got);
		ok(strstr(live, "req_123") && strstr(live, "hello") && strstr(live, "?a=b&key=***"),
		   "with all that is asserted");
		is_str(got.ptr, want.ptr, "a replay says the same");
		ok(!strstr(again, "Secret"), "but for the header fields");
		free(live);
		free(again);
		buf_done(&recording);
		buf_done(&want);
		buf_done(&got);
	}
	for (size_t i = 0; i < 6; i++)
		buf_done(&turns[i].bytes);
}

int main(void)
{
	make_codes((struct huffman){ 0 }, 0, 0);
	test_h2();
	test_others();
	test_gaps();
	test_lost_frames();
	test_found_frames();
	test_order();
	test_joined();
	test_joined_h2();
	test_no_beginning();
	test_replay();
	return tap_done();
}
