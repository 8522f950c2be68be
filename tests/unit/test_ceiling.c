/* SPDX-License-Identifier: MIT */
/* Bodies without an end, and small ones that become large: what they make the process grow by. Each
 * runs in a child of its own, whose peak of memory is its own too. Default limits. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#ifdef HAVE_BROTLIENC
#include <brotli/encode.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/buf.h"
#include "http/coding.h"
#include "http/framing.h"
#include "pipeline.h"
#include "tests/unit/tap.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#define MIB	   (1ul << 20)
#define GROWTH_MAX (64 * MIB)
#define PIECE	   (64ul << 10)
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TOTAL (128 * MIB)
/* Freed memory is to count as freed. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}
#else
#define TOTAL (1024 * MIB)
#endif
/* What a bomb becomes where nothing stops it: more than the limit `decoded`. */
#define BOMB (320 * MIB)

/* Shared with the child that fills it. */
struct outcome {
	size_t growth;
	uint64_t elements, cut, largest, out, hits[LIMIT_COUNT];
	int err, again;
};

typedef void (*work_fn)(struct outcome *o, const void *arg);

static size_t peak(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (size_t)r.ru_maxrss * 1024;
}

static struct outcome in_child(work_fn work, const void *arg)
{
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct outcome o;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		size_t before = peak();

		work(shared, arg);
		shared->growth = peak() - before;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		shared->growth = SIZE_MAX;
	o = *shared;
	munmap(shared, sizeof(*shared));
	return o;
}

static void is_bounded(const struct outcome *o, const char *what)
{
	ok(o->growth < GROWTH_MAX, "%s: grew by %zu KiB, %lu at most", what, o->growth / 1024,
	   GROWTH_MAX / 1024);
}

/* ---- the measure itself ---- */

static void take_memory(struct outcome *o, const void *arg)
{
	volatile char *p = malloc(GROWTH_MAX + MIB);

	for (size_t at = 0; at < GROWTH_MAX + MIB; at += 4096)
		p[at] = 1;
	free((void *)p);
}

/* ---- framings ---- */

/* `head`, then pieces filled with `unit` (a power of two long), then `tail`; again and again with
 * each `period` pieces, or once when that is 0. */
struct endless {
	const char *what, *media_type; /* NULL: a JSON array */
	struct span head, unit, tail;
	size_t period;
	uint64_t elements, cut, largest, hits; /* what is to come out */
};

static void on_element(void *arg, struct span name, struct span data, bool cut)
{
	struct outcome *o = arg;

	o->elements++;
	o->cut += cut;
	if (o->largest < data.len)
		o->largest = data.len;
}

static void feed_endless(struct outcome *o, const void *arg)
{
	const struct endless *e = arg;
	size_t period = e->period ? e->period : TOTAL / PIECE;
	static uint8_t piece[PIECE];
	struct limits lim;
	struct framing *f;

	for (size_t at = 0; at < PIECE; at++)
		piece[at] = e->unit.ptr[at % e->unit.len];
	limits_init(&lim);
	f = framing_new(e->media_type ? framing_find(span_str(e->media_type)) : &framing_json_array,
			&lim, on_element, o);
	for (size_t n = 0; n < TOTAL / PIECE; n++) {
		if (n % period == 0)
			framing_feed(f, e->head);
		framing_feed(f, span_of(piece, PIECE));
		if (n % period == period - 1)
			framing_feed(f, e->tail);
	}
	framing_finish(f);
	framing_free(f);
	memcpy(o->hits, lim.hits, sizeof(o->hits));
}

static void test_endless(const struct endless *e)
{
	struct outcome o = in_child(feed_endless, e);

	is_bounded(&o, e->what);
	ok(o.elements == e->elements && o.cut == e->cut && o.largest == e->largest &&
		   o.hits[LIMIT_event] == e->hits,
	   "%s: %" PRIu64 " elements, %" PRIu64 " cut, %" PRIu64 " bytes at most, %" PRIu64
	   " times the limit",
	   e->what, o.elements, o.cut, o.largest, o.hits[LIMIT_event]);
}

#define EVENT_MAX  (16 * MIB) /* the limit's default */
#define LINE_OF_62 "data: abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdef"
#define MESSAGE	   (64 * MIB)

static void test_framings(void)
{
	/* 16 bytes around a payload of MESSAGE; the checksum at the end is never looked at. */
	uint8_t prelude[12] = { 4, 0, 0, 16 };
	uint32_t crc = (uint32_t)crc32(0, prelude, 8);
	const struct endless rows[] = {
		{ "one endless line of an event", "text/event-stream", SPAN_LIT("data: "),
		  SPAN_LIT("a"), .elements = 1, .cut = 1, .largest = EVENT_MAX - 6, .hits = 1 },
		{ "endless data lines of one event", "text/event-stream",
		  .unit = SPAN_LIT(LINE_OF_62 "k\n"), .elements = 1, .cut = 1, .largest = EVENT_MAX,
		  .hits = 1 },
		{ "endless small events", "text/event-stream", .unit = SPAN_LIT(LINE_OF_62 "\n\n"),
		  .elements = TOTAL / 64, .largest = 56 },
		{ "an endless line of JSON", "application/x-ndjson", .unit = SPAN_LIT("a"),
		  .elements = 1, .cut = 1, .largest = EVENT_MAX, .hits = 1 },
		{ "endless huge messages", "application/vnd.amazon.eventstream",
		  span_of(prelude, 12), SPAN_LIT("a"), SPAN_LIT("\0\0\0\0"),
		  .period = MESSAGE / PIECE, .elements = TOTAL / MESSAGE, .cut = TOTAL / MESSAGE,
		  .largest = EVENT_MAX, .hits = TOTAL / MESSAGE },
		{ "an endless element of an array", NULL, SPAN_LIT("[["), SPAN_LIT("{\"a\":1},"),
		  .elements = 1, .cut = 1, .largest = EVENT_MAX, .hits = 1 },
		{ "endless nesting in an array", NULL, .unit = SPAN_LIT("["), .elements = 1,
		  .cut = 1, .largest = 512 },
	};

	for (size_t i = 0; i < 4; i++)
		prelude[8 + i] = (uint8_t)(crc >> (24 - 8 * i));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		test_endless(&rows[i]);
}

/* ---- codings ---- */

struct bomb {
	const char *coding;
	struct buf bytes;
	size_t ratio; /* the limit: its default, or so high that only `decoded` is left */
};

static void on_out(void *arg, struct span s)
{
	((struct outcome *)arg)->out += s.len;
}

static void feed_bomb(struct outcome *o, const void *arg)
{
	const struct bomb *b = arg;
	struct span rest = buf_span(&b->bytes);
	struct coding *c;
	struct limits lim;

	limits_init(&lim);
	lim.max[LIMIT_inflate_ratio] = b->ratio;
	c = coding_new(span_str(b->coding), &lim);
	while (rest.len && !o->err) {
		o->err = coding_feed(c, span_first(rest, PIECE), on_out, o);
		rest = span_from(rest, PIECE);
	}
	o->again = coding_feed(c, buf_span(&b->bytes), on_out, o);
	coding_free(c);
	memcpy(o->hits, lim.hits, sizeof(o->hits));
}

static void test_bomb(struct bomb *b)
{
	struct limits lim;
	struct outcome o;
	char what[128];

	limits_init(&lim);
	for (int ratio = 1; ratio >= 0; ratio--) {
		b->ratio = ratio ? lim.max[LIMIT_inflate_ratio] : SIZE_MAX;
		o = in_child(feed_bomb, b);
		snprintf(what, sizeof(what), "%s bomb of %zu bytes, %s", b->coding, b->bytes.len,
			 ratio ? "default limits" : "no limit of ratio");
		is_bounded(&o, what);
		ok(o.err == -ENOBUFS && o.again == -ENOBUFS && o.out <= lim.max[LIMIT_decoded] &&
			   o.hits[LIMIT_decoded] + o.hits[LIMIT_inflate_ratio] == 1 &&
			   (ratio || o.hits[LIMIT_decoded]),
		   "%s: stopped after %" PRIu64 " MiB", what, o.out >> 20);
	}
	buf_done(&b->bytes);
}

static const uint8_t zeroes[PIECE];

/* window: 15 zlib, 31 gzip. */
static void add_zlib(struct buf *out, int window)
{
	z_stream z = { 0 };
	uint8_t room[4096];
	int r = Z_OK;

	deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
	while (r != Z_STREAM_END) {
		if (!z.avail_in && z.total_in < BOMB) {
			z.next_in = (Bytef *)zeroes;
			z.avail_in = PIECE;
		}
		z.next_out = room;
		z.avail_out = sizeof(room);
		r = deflate(&z, z.avail_in ? Z_NO_FLUSH : Z_FINISH);
		buf_add(out, span_of(room, sizeof(room) - z.avail_out));
	}
	deflateEnd(&z);
}

static void test_zlib(void)
{
	static const struct {
		const char *coding;
		int window;
	} rows[] = { { "gzip", 31 }, { "deflate", 15 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bomb b = { .coding = rows[i].coding };

		buf_init(&b.bytes, 4 * MIB);
		add_zlib(&b.bytes, rows[i].window);
		test_bomb(&b);
	}
}

#ifdef HAVE_BROTLIENC
static void test_br(void)
{
	BrotliEncoderState *enc = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	struct bomb b = { .coding = "br" };

	buf_init(&b.bytes, 4 * MIB);
	BrotliEncoderSetParameter(enc, BROTLI_PARAM_QUALITY, 2);
	for (size_t done = 0; !BrotliEncoderIsFinished(enc);) {
		size_t in = done < BOMB ? PIECE : 0, before = in, room = 0, len = 0;
		const uint8_t *next = zeroes, *out;

		BrotliEncoderCompressStream(enc,
					    in ? BROTLI_OPERATION_PROCESS : BROTLI_OPERATION_FINISH,
					    &in, &next, &room, NULL, NULL);
		done += before - in;
		out = BrotliEncoderTakeOutput(enc, &len);
		buf_add(&b.bytes, span_of(out, len));
	}
	BrotliEncoderDestroyInstance(enc);
	test_bomb(&b);
}
#endif

#ifdef HAVE_ZSTD
static void test_zstd(void)
{
	ZSTD_CCtx *enc = ZSTD_createCCtx();
	struct bomb b = { .coding = "zstd" };
	uint8_t room[4096];
	size_t left = 1;

	buf_init(&b.bytes, 4 * MIB);
	for (size_t done = 0; left || done < BOMB;) {
		ZSTD_inBuffer in = { zeroes, done < BOMB ? PIECE : 0, 0 };
		ZSTD_outBuffer out = { room, sizeof(room), 0 };

		left = ZSTD_compressStream2(enc, &out, &in, in.size ? ZSTD_e_continue : ZSTD_e_end);
		done += in.pos;
		buf_add(&b.bytes, span_of(room, out.pos));
	}
	ZSTD_freeCCtx(enc);
	test_bomb(&b);
}
#endif

/* ---- whole connections, through the pipeline ---- */

/* What is kept of one body and of one event, here: so that a leak shows against it. */
#define KEPT (4 * MIB)

struct endless_conn {
	const char *what;
	struct span asked, answered; /* the beginnings */
	/* Appends the nth piece of the answer. */
	void (*more)(struct buf *out, uint64_t n);
	size_t total;
};

static void on_end(void *arg, struct exchange *x)
{
	struct outcome *o = arg;

	o->elements++;
	o->out += x->response_body.wire;
}

static const struct observer observer = { .superseded = on_end, .ended = on_end };

static void feed_conn(struct outcome *o, const void *arg)
{
	const struct endless_conn *e = arg;
	struct chunk c = { .kind = CHUNK_DATA,
			   .flags = CHUNK_FROM_START,
			   .conn = { .tgid = 7, .object = 1, .first_seen_ns = 1 },
			   .tid = 7,
			   .ts_ns = 1000,
			   .comm = "tester",
			   .dir = DIR_WRITE,
			   .data = e->asked };
	struct pipeline *p;
	struct limits lim;
	struct buf piece;

	limits_init(&lim);
	lim.max[LIMIT_body] = lim.max[LIMIT_event] = KEPT;
	buf_init(&piece, 2 * PIECE);
	p = pipeline_new(&lim);
	pipeline_observe(p, &observer, o);
	pipeline_chunk(p, &c);
	c.dir = DIR_READ;
	c.data = e->answered;
	pipeline_chunk(p, &c);
	for (uint64_t n = 0; c.off < e->total; n++) {
		c.off += c.data.len;
		c.ts_ns++;
		buf_reset(&piece);
		e->more(&piece, n);
		c.data = buf_span(&piece);
		pipeline_chunk(p, &c);
	}
	pipeline_finish(p, c.ts_ns);
	pipeline_free(p);
	buf_done(&piece);
	memcpy(o->hits, lim.hits, sizeof(o->hits));
}

static void more_letters(struct buf *out, uint64_t n)
{
	static char letters[PIECE];

	memset(letters, 'a', sizeof(letters));
	buf_add(out, span_of(letters, sizeof(letters)));
}

static void more_deltas(struct buf *out, uint64_t n)
{
	char text[4000];

	memset(text, 'b', sizeof(text));
	while (out->len + 5000 < PIECE) {
		buf_adds(out,
			 "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"");
		buf_add(out, span_of(text, sizeof(text)));
		buf_adds(out, "\"}}]}\n\n");
	}
}

static void frame(struct buf *out, unsigned type, unsigned flags, uint32_t stream, size_t len)
{
	const uint8_t head[9] = {
		(uint8_t)(len >> 16),	 (uint8_t)(len >> 8),	 (uint8_t)len,
		(uint8_t)type,		 (uint8_t)flags,	 (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream
	};

	buf_add(out, span_of(head, 9));
}

static void more_data(struct buf *out, uint64_t n)
{
	for (int i = 0; i < 4; i++) {
		frame(out, 0, 0, 1, 16000);
		buf_add(out, span_of(zeroes, 16000));
	}
}

/* One answer after the other to requests that were never made. */
static void more_streams(struct buf *out, uint64_t n)
{
	for (uint32_t i = 0; i < 2000; i++) {
		frame(out, 1, 4, ((uint32_t)n * 2000 + i) * 2 + 3, 17);
		buf_add(out, SPAN_LIT("\x88\x00\x05x-abc\x07"
				      "1234567"
				      "\x88"));
	}
}

static void more_pings(struct buf *out, uint64_t n)
{
	while (out->len + 17 < PIECE) {
		frame(out, 6, 0, 0, 8);
		buf_add(out, SPAN_LIT("12345678"));
	}
}

static void more_messages(struct buf *out, uint64_t n)
{
	static const char text[] = "{\"type\":\"response.output_text.delta\",\"delta\":\"";
	char filler[1000];

	memset(filler, 'c', sizeof(filler));
	while (out->len + 1200 < PIECE) {
		size_t len = sizeof(text) - 1 + sizeof(filler) + 2;
		const uint8_t head[4] = { 0x81, 126, (uint8_t)(len >> 8), (uint8_t)len };

		buf_add(out, span_of(head, 4));
		buf_adds(out, text);
		buf_add(out, span_of(filler, sizeof(filler)));
		buf_adds(out, "\"}");
	}
}

#define ASK	  "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
#define H2_ASK	  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\3\1\5\0\0\0\1\x83\x86\x84"
#define H2_ANSWER "\0\0\0\4\0\0\0\0\0\0\0\1\1\4\0\0\0\1\x88"
#define WS_ASK                                                                                     \
	"GET /v1/responses HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: "                \
	"websocket\r\n\r\n"
#define WS_ANSWER                                                                                  \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void test_connections(void)
{
	static const struct endless_conn rows[] = {
		{ "an endless body", SPAN_LIT(ASK), SPAN_LIT("HTTP/1.1 200 OK\r\n\r\n"),
		  more_letters, TOTAL },
		{ "an endless head", SPAN_LIT(ASK), SPAN_LIT("HTTP/1.1 200 OK\r\nA: "),
		  more_letters, TOTAL },
		{ "an endless stream of a model's answer", SPAN_LIT(ASK),
		  SPAN_LIT("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
		  more_deltas, TOTAL },
		{ "endless DATA", SPAN_LIT(H2_ASK), SPAN_LIT(H2_ANSWER), more_data, TOTAL },
		{ "endless streams", SPAN_LIT(H2_ASK), SPAN_LIT(H2_ANSWER), more_streams,
		  TOTAL / 128 },
		{ "endless PING", SPAN_LIT(H2_ASK), SPAN_LIT(H2_ANSWER), more_pings, TOTAL },
		{ "an endless message of a WebSocket", SPAN_LIT(WS_ASK),
		  SPAN_LIT(WS_ANSWER "\x81\x7f\0\1\0\0\0\0\0\0"), more_letters, TOTAL },
		{ "endless messages of a WebSocket", SPAN_LIT(WS_ASK), SPAN_LIT(WS_ANSWER),
		  more_messages, TOTAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outcome o = in_child(feed_conn, &rows[i]);

		is_bounded(&o, rows[i].what);
		ok(o.elements > 0, "%s: shown, as %" PRIu64 " exchanges with %" PRIu64 " MiB",
		   rows[i].what, o.elements, o.out >> 20);
	}
}

/* ---- JSON that becomes large when it is read ---- */

/* `unit` again and again between `head` and `tail` makes a text; several make a body or row of
 * messages. */
struct json_bomb {
	const char *what;
	void (*wrap)(struct buf *out, struct span text); /* into an element; NULL: a whole body */
	const char *media_type;
	bool asked; /* it is the request */
	struct span head, unit, tail;
	size_t elements;
	enum limit limit; /* that is to be reached */
};

/* Bodies and what is read of them; so far under GROWTH_MAX as buffers may take. */
#define READ_MAX (16 * MIB)
#define JSON_LEN (3 * MIB)

static void wrap_sse(struct buf *out, struct span text)
{
	buf_adds(out, "data: ");
	buf_add(out, text);
	buf_adds(out, "\n\n");
}

static void wrap_line(struct buf *out, struct span text)
{
	buf_add(out, text);
	buf_addc(out, '\n');
}

static void add_be(struct buf *out, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(out, (char)(v >> shift));
}

static void wrap_aws(struct buf *out, struct span text)
{
	static const char fields[] = "\x0b:event-type\x07\0\x11"
				     "contentBlockDelta"
				     "\x0d:message-type\x07\0\x05"
				     "event";
	size_t at = out->len, len = sizeof(fields) - 1;

	add_be(out, (uint32_t)(16 + len + text.len));
	add_be(out, (uint32_t)len);
	add_be(out, (uint32_t)crc32(0, (const Bytef *)out->ptr + at, 8));
	buf_add(out, span_of(fields, len));
	buf_add(out, text);
	add_be(out, (uint32_t)crc32(0, (const Bytef *)out->ptr + at, (uInt)(out->len - at)));
}

static void wrap_message(struct buf *out, struct span text)
{
	buf_add(out, SPAN_LIT("\x81\x7f\0\0\0\0"));
	add_be(out, (uint32_t)text.len);
	buf_add(out, text);
}

static void wrap_data(struct buf *out, struct span text)
{
	for (; text.len; text = span_from(text, 16000)) {
		frame(out, 0, text.len <= 16000, 1, text.len < 16000 ? text.len : 16000);
		buf_add(out, span_first(text, 16000));
	}
}

static void add_text(const struct json_bomb *b, struct buf *out)
{
	struct buf text;

	buf_init(&text, JSON_LEN + PIECE);
	buf_add(&text, b->head);
	while (text.len < JSON_LEN)
		buf_add(&text, b->unit);
	buf_add(&text, b->tail);
	for (size_t i = 0; i < b->elements; i++) {
		if (b->wrap)
			b->wrap(out, buf_span(&text));
		else
			buf_add(out, buf_span(&text));
	}
	buf_done(&text);
}

static void gzip(struct span in, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)in.ptr, .avail_in = (uInt)in.len };
	uint8_t room[4096];
	int r = Z_OK;

	deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	while (r != Z_STREAM_END) {
		z.next_out = room;
		z.avail_out = sizeof(room);
		r = deflate(&z, Z_FINISH);
		buf_add(out, span_of(room, sizeof(room) - z.avail_out));
	}
	deflateEnd(&z);
}

static void add_http(struct buf *out, const char *start, const char *media_type, struct span body)
{
	struct buf packed;

	buf_init(&packed, MIB);
	gzip(body, &packed);
	buf_addf(out,
		 "%s\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		 start, media_type, packed.len);
	buf_add(out, buf_span(&packed));
	buf_done(&packed);
}

static const char *path_of(const struct json_bomb *b)
{
	if (b->wrap == wrap_aws)
		return "/model/m/converse-stream";
	return b->wrap == wrap_line ? "/api/chat" : "/v1/chat/completions";
}

/* Both directions of the connection. */
static void add_bytes(const struct json_bomb *b, struct buf *asked, struct buf *answered)
{
	static const struct span small = SPAN_LIT("{\"model\":\"m\",\"messages\":[]}");
	struct buf body;
	char start[128];

	buf_init(&body, 64 * MIB);
	add_text(b, &body);
	if (b->wrap == wrap_message || b->wrap == wrap_data) {
		bool ws = b->wrap == wrap_message;

		buf_add(asked, ws ? SPAN_LIT(WS_ASK) : SPAN_LIT(H2_ASK));
		buf_add(answered, ws ? SPAN_LIT(WS_ANSWER) : SPAN_LIT(H2_ANSWER));
		buf_add(answered, buf_span(&body));
	} else {
		snprintf(start, sizeof(start), "POST %s HTTP/1.1\r\nHost: h", path_of(b));
		add_http(asked, start, b->asked ? b->media_type : "application/json",
			 b->asked ? buf_span(&body) : small);
		add_http(answered, "HTTP/1.1 200 OK", b->asked ? "application/json" : b->media_type,
			 b->asked ? SPAN_LIT("{}") : buf_span(&body));
	}
	buf_done(&body);
}

static void on_read(void *arg, struct exchange *x)
{
	struct outcome *o = arg;

	o->elements++;
	o->cut += !exchange_complete(x) && (x->request_partial || x->response_partial);
}

static const struct observer json_out = { .superseded = on_read, .ended = on_read };

static void feed_all(struct pipeline *p, struct chunk *c, enum dir dir, struct span rest)
{
	c->dir = dir;
	for (c->off = 0; rest.len; rest = span_from(rest, PIECE)) {
		c->data = span_first(rest, PIECE);
		c->ts_ns++;
		pipeline_chunk(p, c);
		c->off += c->data.len;
	}
}

static void feed_json(struct outcome *o, const void *arg)
{
	struct chunk c = { .kind = CHUNK_DATA,
			   .flags = CHUNK_FROM_START,
			   .conn = { .tgid = 7, .object = 1, .first_seen_ns = 1 },
			   .tid = 7,
			   .ts_ns = 1000,
			   .comm = "tester" };
	struct buf asked, answered;
	struct limits lim;
	struct pipeline *p;

	limits_init(&lim);
	if (((const struct json_bomb *)arg)->limit != LIMIT_json_ratio)
		lim.max[LIMIT_memory] = READ_MAX;
	buf_init(&asked, 64 * MIB);
	buf_init(&answered, 64 * MIB);
	add_bytes(arg, &asked, &answered);
	p = pipeline_new(&lim);
	pipeline_observe(p, &json_out, o);
	feed_all(p, &c, DIR_WRITE, buf_span(&asked));
	feed_all(p, &c, DIR_READ, buf_span(&answered));
	pipeline_finish(p, c.ts_ns);
	pipeline_free(p);
	o->out = lim.memory;
	memcpy(o->hits, lim.hits, sizeof(o->hits));
	buf_done(&asked);
	buf_done(&answered);
}

#define CHAT	 "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"x\":["
#define CHUNK	 "{\"object\":\"chat.completion.chunk\",\"choices\":[],\"x\":["
#define LINE	 "{\"model\":\"m\",\"created_at\":\"\",\"done\":false,\"x\":["
#define DELTA	 "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\"},\"x\":["
#define MESSAGE_ "{\"type\":\"response.output_text.delta\",\"delta\":\"a\",\"x\":["
#define JSON	 "application/json"
#define ARRAYS	 .unit = SPAN_LIT("[],"), .tail = SPAN_LIT("[]]}")
#define FORM	 "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"

static void test_json(void)
{
	static const struct json_bomb rows[] = {
		{ "arrays in an answer", NULL, JSON, false, SPAN_LIT(CHUNK), ARRAYS, .elements = 1,
		  .limit = LIMIT_memory },
		{ "objects in an answer", NULL, JSON, false, SPAN_LIT(CHUNK), SPAN_LIT("{},"),
		  SPAN_LIT("0]}"), 1, LIMIT_memory },
		{ "members in an answer", NULL, JSON, false, SPAN_LIT(CHUNK),
		  SPAN_LIT("{\"a\":{},\"b\":{}},"), SPAN_LIT("0]}"), 1, LIMIT_memory },
		{ "numbers in an answer", NULL, JSON, false, SPAN_LIT(CHUNK), SPAN_LIT("1,"),
		  SPAN_LIT("1]}"), 1, LIMIT_memory },
		{ "texts in an answer", NULL, JSON, false, SPAN_LIT(CHUNK), SPAN_LIT("\"\","),
		  SPAN_LIT("1]}"), 1, LIMIT_memory },
		{ "nesting in an answer", NULL, JSON, false, SPAN_LIT(CHUNK "["), SPAN_LIT("["),
		  SPAN_LIT(""), 1, LIMIT_json_depth },
		{ "arrays in a request", NULL, JSON, true, SPAN_LIT(CHAT), ARRAYS, .elements = 1,
		  .limit = LIMIT_memory },
		{ "messages in a request", NULL, JSON, true,
		  SPAN_LIT("{\"model\":\"m\",\"messages\":[{\"role\":\"user\"},"), SPAN_LIT("{},"),
		  SPAN_LIT("{}]}"), 1, LIMIT_memory },
		{ "contents in a request", NULL, JSON, true,
		  SPAN_LIT("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["),
		  SPAN_LIT("0,"), SPAN_LIT("0]}]}"), 1, LIMIT_parts },
		{ "fields of a form", NULL, "multipart/form-data; boundary=x", true, SPAN_LIT(FORM),
		  SPAN_LIT(FORM), SPAN_LIT("--x--\r\n"), 1, LIMIT_memory },
		{ "arrays in an answer, with the memory of a host", NULL, JSON, false,
		  SPAN_LIT(CHUNK), ARRAYS, .elements = 1, .limit = LIMIT_json_ratio },
		{ "objects in a request, with the memory of a host", NULL, JSON, true,
		  SPAN_LIT(CHAT), SPAN_LIT("{\"a\":{\"a\":{}}},"), SPAN_LIT("0]}"), 1,
		  LIMIT_json_ratio },
		{ "zeroes in events, with the memory of a host", wrap_sse, "text/event-stream",
		  false, SPAN_LIT(CHUNK), SPAN_LIT("0,"), SPAN_LIT("0]}"), 4, LIMIT_json_ratio },
		{ "arrays in events", wrap_sse, "text/event-stream", false, SPAN_LIT(CHUNK), ARRAYS,
		  .elements = 4, .limit = LIMIT_memory },
		{ "arrays in lines", wrap_line, "application/x-ndjson", false, SPAN_LIT(LINE),
		  ARRAYS, .elements = 4, .limit = LIMIT_memory },
		{ "arrays in messages of Amazon's", wrap_aws, "application/vnd.amazon.eventstream",
		  false, SPAN_LIT(DELTA), ARRAYS, .elements = 4, .limit = LIMIT_memory },
		{ "arrays in messages of a WebSocket", wrap_message, NULL, false,
		  SPAN_LIT(MESSAGE_), ARRAYS, .elements = 4, .limit = LIMIT_memory },
		{ "arrays in HTTP/2", wrap_data, NULL, false, SPAN_LIT(CHUNK), ARRAYS,
		  .elements = 1, .limit = LIMIT_memory },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct outcome o = in_child(feed_json, &rows[i]);

		is_bounded(&o, rows[i].what);
		ok(o.cut > 0 && o.hits[rows[i].limit] > 0,
		   "%s: %" PRIu64 " of %" PRIu64 " incomplete, %" PRIu64 " times the limit %s",
		   rows[i].what, o.cut, o.elements, o.hits[rows[i].limit],
		   limit_infos[rows[i].limit].name);
		is_int((long long)o.out, 0, "%s: all memory is given back", rows[i].what);
	}
}

int main(void)
{
	struct outcome o = in_child(take_memory, NULL);

	ok(o.growth > GROWTH_MAX && o.growth < 2 * GROWTH_MAX,
	   "the measure sees %lu KiB that are taken: %zu", (GROWTH_MAX + MIB) / 1024,
	   o.growth / 1024);
	test_framings();
	test_connections();
	test_json();
	test_zlib();
#ifdef HAVE_BROTLIENC
	test_br();
#endif
#ifdef HAVE_ZSTD
	test_zstd();
#endif
	return tap_done();
}
