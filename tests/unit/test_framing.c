/* SPDX-License-Identifier: MIT */
#include <zlib.h>

#include "base/buf.h"
#include "http/framing.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

#define SSE   "text/event-stream"
#define LINES "application/x-ndjson"
#define ARRAY NULL
#define AWS   "application/vnd.amazon.eventstream"
#define GRPC  "(gRPC)"

/* A body with gaps: before the bytes at these offsets something is missing. */
struct body {
	struct buf bytes;
	size_t gaps[4], ngaps;
};

static void on_element(void *arg, struct span name, struct span data, bool cut)
{
	struct buf *b = arg;

	buf_addf(b, "[");
	buf_add(b, name);
	buf_addc(b, '|');
	for (size_t i = 0; i < data.len; i++)
		if (data.ptr[i])
			buf_addc(b, (char)data.ptr[i]);
		else
			buf_adds(b, "<NUL>");
	buf_adds(b, cut ? "~]" : "]");
}

static void on_piece(void *arg, struct span s)
{
	framing_feed(arg, s);
}

/* Elements come out as "[name|data]", a cut one as "[name|data~]"; then "(n)" where bytes were
 * passed over, "!n" where the limit was hit. */
static void play(const char *what, const char *media_type, const struct body *in, size_t limit,
		 const char *want)
{
	const struct framing_ops *ops = &framing_json_array;

	if (media_type)
		ops = strcmp(media_type, GRPC) == 0 ? &framing_grpc
						    : framing_find(span_str(media_type));
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct limits lim;
		struct framing *f;
		struct buf got;
		size_t at = 0;

		limits_init(&lim);
		if (limit)
			lim.max[LIMIT_event] = limit;
		buf_init(&got, 1 << 20);
		buf_adds(&got, "");
		f = framing_new(ops, &lim, on_element, &got);
		for (size_t g = 0; g < in->ngaps; at = in->gaps[g++]) {
			cut_feed(way, span_of(in->bytes.ptr + at, in->gaps[g] - at), on_piece, f);
			framing_gap(f);
		}
		cut_feed(way, span_from(buf_span(&in->bytes), at), on_piece, f);
		framing_finish(f);
		if (framing_unread_bytes(f))
			buf_addf(&got, "(%" PRIu64 ")", framing_unread_bytes(f));
		if (lim.hits[LIMIT_event])
			buf_addf(&got, "!%" PRIu64, lim.hits[LIMIT_event]);
		is_str(got.ptr, want, "%s, %s", what, cut_name(way));
		framing_free(f);
		buf_done(&got);
	}
}

static void body_init(struct body *b)
{
	*b = (struct body){ .ngaps = 0 };
	buf_init(&b->bytes, 1 << 20);
}

static void add_gap(struct body *b)
{
	b->gaps[b->ngaps++] = b->bytes.len;
}

/* "~" in the input is a gap. */
static const struct {
	const char *what, *media_type;
	struct span input;
	const char *want;
	size_t limit;
} rows[] = {
	{ "events", SSE, SPAN_LIT("event: a\ndata: 1\n\ndata: 2\n\n"), "[a|1][|2]" },
	{ "all kinds of line end", SSE, SPAN_LIT("data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n"),
	  "[|1][|2][|3]" },
	{ "mixed line ends", SSE, SPAN_LIT("data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\r\n\r"),
	  "[|1\n2\n3][|4]" },
	{ "CR LF CR is two lines", SSE, SPAN_LIT("data: 1\r\n\rdata: 2\n\r"), "[|1][|2]" },
	{ "several data lines", SSE, SPAN_LIT("data: a\ndata:b\ndata:  c\n\n"), "[|a\nb\n c]" },
	{ "data without colon or value", SSE, SPAN_LIT("data\n\ndata\ndata\n\ndata:\n\ndata: \n\n"),
	  "[|][|\n][|][|]" },
	{ "a tab is part of the value", SSE,
	  SPAN_LIT("data:\ta\n\ndata : b\n\n data: c\n\nDATA: d\n\n"), "[|\ta]" },
	{ "comments, ids and unknown fields", SSE,
	  SPAN_LIT(": hi\nid: 3\nretry: 9\nfoo: x\ndatax: z\ndata: y\n\n:\n\n"), "[|y]" },
	{ "no blank line at the end", SSE, SPAN_LIT("data: last"), "[|last]" },
	{ "no blank line at the end, a CR", SSE, SPAN_LIT("event: e\r\ndata: last\r"), "[e|last]" },
	{ "an event without data is none", SSE, SPAN_LIT("event: x\n\ndata: y\n\n"), "[|y]" },
	{ "the last name counts, an empty one is none", SSE,
	  SPAN_LIT("event: a\nevent: b\ndata: 1\n\nevent: c\nevent\ndata: 2\n\n"), "[b|1][|2]" },
	{ "a byte order mark", SSE,
	  SPAN_LIT("\xef\xbb\xbf"
		   "data: y\n\n"),
	  "[|y]" },
	{ "a byte order mark before a blank line", SSE, SPAN_LIT("\xef\xbb\xbf\ndata: y\n\n"),
	  "[|y]" },
	{ "only the first byte order mark is one", SSE,
	  SPAN_LIT("\n\xef\xbb\xbf"
		   "data: x\n\ndata: y\n\n"),
	  "[|y]" },
	{ "no byte order mark behind a gap", SSE,
	  SPAN_LIT("~\n\xef\xbb\xbf"
		   "data: x\n\ndata: y\n\n"),
	  "[|y]" },
	{ "half a byte order mark", SSE,
	  SPAN_LIT("\xef\xbb"
		   "data: x\n\ndata: y\n\n"),
	  "[|y]" },
	{ "NUL bytes", SSE, SPAN_LIT("id: \0\ndata: a\0b\n\0data: c\n\n"), "[|a<NUL>b]" },
	{ "a colon in the value", SSE, SPAN_LIT("data: {\"a\": 1}\n\n"), "[|{\"a\": 1}]" },
	{ "a gap", SSE, SPAN_LIT("data: one\n\ndata: tw~o\n\ndata: 3\n\n"), "[|one][|tw~][|3](1)" },
	{ "a gap before the blank line", SSE, SPAN_LIT("data: one\n~x\n\ndata: 3\n\n"),
	  "[|one~][|3](1)" },
	{ "a gap into an event", SSE, SPAN_LIT("data: one\n\n~torn\ndata: 2\n\ndata: 3\n\n"),
	  "[|one][|2~][|3](4)" },
	{ "a gap between CR and LF", SSE, SPAN_LIT("data: one\r~\n\r\ndata: 2\n\n"),
	  "[|one~][|2]" },
	{ "a gap at the end", SSE, SPAN_LIT("data: one\n\ndata~"), "[|one][|~]" },
	{ "a long line", SSE, SPAN_LIT("data: 0123456789\n\ndata: x\n\n"), "[|01~][|x]!1", 8 },
	{ "a long line that ends the stream", SSE, SPAN_LIT("data: 0123456789"), "[|01~]!1", 8 },
	{ "a line of just the limit", SSE, SPAN_LIT("data: 01\r\n\r\n"), "[|01]", 8 },
	{ "many data lines", SSE,
	  SPAN_LIT("data: a\ndata: b\ndata: c\ndata: d\ndata: e\n\ndata: x\n\n"),
	  "[|a\nb\nc\nd\n~][|x]!1", 8 },
	{ "a long comment cuts no event", SSE, SPAN_LIT(": 0123456789\ndata: x\n\n"), "[|x]!1", 8 },

	{ "lines of JSON", LINES, SPAN_LIT("{\"a\":1}\n\r\n{\"b\":2}\r\n{\"c\":3}"),
	  "[|{\"a\":1}][|{\"b\":2}][|{\"c\":3}]" },
	{ "a lone CR ends no line", LINES, SPAN_LIT("{1}\r{2}\n \t\n\n{3}\r"),
	  "[|{1}\r{2}][|{3}]" },
	{ "a gap between lines", LINES, SPAN_LIT("{1}\n{2~}\n{3}\n"), "[|{1}][|{2~][|{3}](1)" },
	{ "a gap at a line's end", LINES, SPAN_LIT("{1}\n~{2}\n{3}\n"), "[|{1}][|{3}](3)" },
	{ "a line past the limit", LINES, SPAN_LIT("{0123456789}\n{3}\n"), "[|{0123456~][|{3}]!1",
	  8 },

	{ "an array", ARRAY, SPAN_LIT("[{\"a\":1}\n,\r\n{\"b\":[{}]}\n]\n"),
	  "[|{\"a\":1}][|{\"b\":[{}]}]" },
	{ "an empty array", ARRAY, SPAN_LIT(" [ ] "), "" },
	{ "elements of every kind", ARRAY, SPAN_LIT("[1,-2.5e3 , true,null,\"s\",[1,[2]],{}]"),
	  "[|1][|-2.5e3][|true][|null][|\"s\"][|[1,[2]]][|{}]" },
	{ "brackets and quotes in strings", ARRAY,
	  SPAN_LIT("[{\"a\":\"}]\\\"},{\"},\"\\\\\",{\"b\\\"]\":\"\\\\\"}]"),
	  "[|{\"a\":\"}]\\\"},{\"}][|\"\\\\\"][|{\"b\\\"]\":\"\\\\\"}]" },
	{ "a NUL is a byte like others", ARRAY, SPAN_LIT("[\"\0\"]"), "[|\"<NUL>\"]" },
	{ "an object is no array", ARRAY, SPAN_LIT(" {\"a\":[1]}"), "(9)" },
	{ "text is no array", ARRAY, SPAN_LIT("data: [1]\n"), "(8)" },
	{ "nothing", ARRAY, SPAN_LIT(""), "" },
	{ "what follows the array", ARRAY, SPAN_LIT("[1]\n[2]"), "[|1](3)" },
	{ "a bracket too many", ARRAY, SPAN_LIT("[1,},{2}]"), "[|1](6)" },
	{ "the end is missing", ARRAY, SPAN_LIT("[{1},{2"), "[|{1}][|{2~]" },
	{ "the end of a number is missing", ARRAY, SPAN_LIT("[{1},12"), "[|{1}][|12~]" },
	{ "an element past the limit", ARRAY, SPAN_LIT("[{\"0123456789\":[\"]\"]},{3}]"),
	  "[|{\"012345~][|{3}]!1", 8 },
	{ "a number past the limit", ARRAY, SPAN_LIT("[0123456789,1]"), "[|01234567~][|1]!1", 8 },
	{ "a gap in an element", ARRAY, SPAN_LIT("[{1},{2~3}\n,\r\n{4}\n,\r\n{5}]"),
	  "[|{1}][|{2~][|{4}][|{5}](6)" },
	{ "a gap, lines end in LF", ARRAY, SPAN_LIT("[{1~},{2}\n,\n{3}]"),
	  "[|{1~][|{2}~][|{3}](5)" },
	{ "a gap between elements", ARRAY, SPAN_LIT("[{1}~\n,\n{2}\n]\n"), "[|{1}][|{2}](4)" },
	{ "a gap at the beginning", ARRAY, SPAN_LIT("~{1}\n,\n{2}]"), "[|{2}](6)" },
	{ "a border that is not trusted", ARRAY, SPAN_LIT("[{1~},{2},{3}]},{4}]"),
	  "[|{1~][|{2}~][|{3}~][|{4}~](7)" },
	{ "a border inside a string", ARRAY, SPAN_LIT("[{1~},{\"a},{\":\"\"},{\"b\":2}\n,\n{3}]"),
	  "[|{1~][|{\"a},{\":\"\"}~][|{\"b\":2}~][|{3}](6)" },
	{ "an untrusted element without an end", ARRAY,
	  SPAN_LIT("[{1~a\"},{b\":[\n,\n{2}\n,\n{3}]"), "[|{1~][|{b\":[\n,\n~][|{2}][|{3}](4)" },
	{ "a closing bracket behind a gap", ARRAY, SPAN_LIT("[{1~\n,\n{2}]},{3}\n,\n{4}]"),
	  "[|{1~][|{2}][|{3}~][|{4}](8)" },
	{ "a gap behind the end", ARRAY, SPAN_LIT("[1]~{2}\n,\n{3}"), "[|1](7)" },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span rest = rows[i].input;
		struct body b;

		body_init(&b);
		while (rest.len) {
			size_t gap = span_find(rest, '~');

			buf_add(&b.bytes, span_first(rest, gap));
			if (gap < rest.len)
				add_gap(&b);
			rest = span_from(rest, gap + 1);
		}
		play(rows[i].what, rows[i].media_type, &b, rows[i].limit, rows[i].want);
		buf_done(&b.bytes);
	}
}

static void test_long_name(void)
{
	struct buf want;
	struct body b;

	body_init(&b);
	buf_init(&want, 1 << 10);
	buf_addf(&b.bytes, "event: %0300d\ndata: x\n\nevent: a\ndata: y\n\n", 0);
	buf_addf(&want, "[%0256d|x~][a|y]", 0);
	play("a name too long is cut, and said so", SSE, &b, 0, want.ptr);
	buf_done(&b.bytes);
	buf_done(&want);
}

/* ---- JSON array: nesting ---- */

static void add_times(struct buf *b, char c, size_t n)
{
	while (n--)
		buf_addc(b, c);
}

static void test_nesting(void)
{
	struct buf want;
	struct body b;

	body_init(&b);
	buf_init(&want, 1 << 12);
	buf_adds(&b.bytes, "[");
	add_times(&b.bytes, '[', 512);
	add_times(&b.bytes, ']', 512);
	buf_adds(&b.bytes, ",");
	add_times(&b.bytes, '[', 600);
	buf_adds(&b.bytes, "\"]\"");
	add_times(&b.bytes, ']', 600);
	buf_adds(&b.bytes, ",{}]");
	buf_adds(&want, "[|");
	add_times(&want, '[', 512);
	add_times(&want, ']', 512);
	buf_adds(&want, "][|");
	add_times(&want, '[', 512);
	buf_adds(&want, "~][|{}]");
	play("nesting has a ceiling", ARRAY, &b, 0, want.ptr);
	buf_done(&b.bytes);
	buf_done(&want);
}

/* ---- event stream ---- */

enum { STRING = 7 };

static void add_be(struct buf *b, uint64_t v, unsigned nbytes)
{
	while (nbytes--)
		buf_addc(b, (char)(v >> 8 * nbytes));
}

static void add_header(struct buf *b, const char *name, int type, struct span value)
{
	buf_addc(b, (char)strlen(name));
	buf_adds(b, name);
	buf_addc(b, (char)type);
	if (type == 6 || type == STRING)
		add_be(b, value.len, 2);
	buf_add(b, value);
}

static uint32_t crc_of(const struct buf *b, size_t from)
{
	return (uint32_t)crc32(0, (const Bytef *)b->ptr + from, (uInt)(b->len - from));
}

static void add_prelude(struct buf *b, uint64_t total, uint64_t nheaders)
{
	size_t from = b->len;

	add_be(b, total, 4);
	add_be(b, nheaders, 4);
	add_be(b, crc_of(b, from), 4);
}

static void add_raw(struct buf *b, struct span headers, struct span payload)
{
	size_t from = b->len;

	add_prelude(b, 16 + headers.len + payload.len, headers.len);
	buf_add(b, headers);
	buf_add(b, payload);
	add_be(b, crc_of(b, from), 4);
}

/* With a type of one letter and a payload of three this is 35 bytes. */
enum { EVENT_LEN = 35 };

static void add_event(struct buf *b, const char *type, const char *payload)
{
	struct buf h;

	buf_init(&h, 1 << 16);
	add_header(&h, ":event-type", STRING, span_str(type));
	add_raw(b, buf_span(&h), span_str(payload));
	buf_done(&h);
}

static void add_failure(struct buf *b, const char *kind, const char *key, const char *type,
			struct span message, const char *payload)
{
	struct buf h;

	buf_init(&h, 1 << 16);
	add_header(&h, key, STRING, span_str(type));
	add_header(&h, ":message-type", STRING, span_str(kind));
	if (message.ptr)
		add_header(&h, ":error-message", STRING, message);
	add_raw(b, buf_span(&h), span_str(payload));
	buf_done(&h);
}

static void test_messages(void)
{
	static const char zeroes[16];
	struct body b;
	struct buf h;

	body_init(&b);
	/* The smallest message, as the format's own documents give its bytes. */
	buf_add(&b.bytes, SPAN_LIT("\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"));
	buf_init(&h, 1 << 16);
	for (int type = 0; type < 10; type++) {
		static const uint8_t sizes[] = { 0, 0, 1, 2, 4, 8, 16, 3, 8, 16 };

		add_header(&h, "x", type, span_of(zeroes, sizes[type]));
	}
	add_header(&h, ":event-type", 8, span_of(zeroes, 8));
	add_header(&h, ":event-type", STRING, SPAN_LIT("chunk"));
	add_header(&h, ":event-type", 6, SPAN_LIT("bytes are no name"));
	add_raw(&b.bytes, buf_span(&h), SPAN_LIT("{\"a\0\":1}"));
	add_event(&b.bytes, "last", "");
	play("messages, headers of all types", AWS, &b, 0, "[|][chunk|{\"a<NUL>\":1}][last|]");
	buf_done(&h);
	buf_done(&b.bytes);
}

static void test_failures(void)
{
	struct body b;

	body_init(&b);
	add_failure(&b.bytes, "event", ":event-type", "e", span_of(NULL, 0), "{1}");
	add_failure(&b.bytes, "exception", ":exception-type", "throttled", span_of(NULL, 0), "{2}");
	add_failure(&b.bytes, "error", ":error-code", "500", SPAN_LIT("a \"b\"\\\n\xc3\xa4\xff\0"),
		    "");
	add_failure(&b.bytes, "error", ":error-code", "501", SPAN_LIT("not this"), "{3}");
	add_failure(&b.bytes, "error", ":error-code", "502", span_of(NULL, 0), "");
	add_failure(&b.bytes, "exception", ":event-type", "e", span_of(NULL, 0), "");
	play("exceptions and errors", AWS, &b, 0,
	     "[e|{1}][!throttled|{2}]"
	     "[!500|{\"message\": \"a \\u0022b\\u0022\\u005c\\u000a\xc3\xa4\xef\xbf\xbd\\u0000\"}]"
	     "[!501|{3}][!502|{\"message\": \"\"}][!|]");
	buf_done(&b.bytes);
}

static void test_checksums(void)
{
	struct body b;

	body_init(&b);
	add_event(&b.bytes, "a", "{1}");
	b.bytes.ptr[b.bytes.len - 5] = '?';
	add_event(&b.bytes, "b", "{2}");
	play("a wrong checksum of the message", AWS, &b, 0, "[a|{1?~][b|{2}]");
	b.bytes.ptr[9] ^= 1;
	add_event(&b.bytes, "c", "{3}");
	play("a wrong checksum of the prelude", AWS, &b, 0, "[b|{2}~][c|{3}](35)");
	b.bytes.ptr[EVENT_LEN + 3] ^= 1;
	play("two of them in a row", AWS, &b, 0, "[c|{3}~](70)");
	b.bytes.ptr[2 * EVENT_LEN] ^= 1;
	play("no message at all", AWS, &b, 0, "(105)");
	buf_done(&b.bytes);

	body_init(&b);
	buf_adds(&b.bytes, "<html>");
	add_event(&b.bytes, "a", "{1}");
	add_event(&b.bytes, "b", "{2}");
	play("something in front", AWS, &b, 0, "[a|{1}~][b|{2}](6)");
	buf_done(&b.bytes);

	body_init(&b);
	add_prelude(&b.bytes, 15, 0);
	add_prelude(&b.bytes, 0, 0);
	add_prelude(&b.bytes, 40, 25);
	add_prelude(&b.bytes, 20, UINT32_MAX);
	add_event(&b.bytes, "a", "{1}");
	play("lengths that cannot be", AWS, &b, 0, "[a|{1}~](48)");
	buf_done(&b.bytes);
}

static void test_bad_headers(void)
{
	static const struct span bad[] = {
		SPAN_LIT("\0\7\0\0"), /* no name */
		SPAN_LIT("\x05"
			 "abc"), /* a name past the end */
		SPAN_LIT("\x01"
			 "a"), /* no type */
		SPAN_LIT("\x01"
			 "a\x0a"), /* an unknown type */
		SPAN_LIT("\x01"
			 "a\x07\0"), /* half a length */
		SPAN_LIT("\x01"
			 "a\x06\xff\xff"
			 "b"), /* a value past the end */
		SPAN_LIT("\x01"
			 "a\x09"
			 "123456789012345"),
	};
	struct body b;
	struct buf h;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		body_init(&b);
		buf_init(&h, 1 << 16);
		add_header(&h, ":event-type", STRING, SPAN_LIT("e"));
		buf_add(&h, bad[i]);
		add_raw(&b.bytes, buf_span(&h), SPAN_LIT("{1}"));
		add_event(&b.bytes, "f", "{2}");
		play("malformed headers", AWS, &b, 0, "[e|{1}~][f|{2}]");
		buf_done(&h);
		buf_done(&b.bytes);
	}
}

static void test_event_gaps(void)
{
	struct body b;

	body_init(&b);
	add_event(&b.bytes, "a", "{1}");
	b.bytes.len -= 6;
	add_gap(&b);
	buf_adds(&b.bytes, "torn");
	add_event(&b.bytes, "b", "{2}");
	add_gap(&b);
	add_event(&b.bytes, "c", "{3}");
	b.bytes.len = EVENT_LEN - 6 + 4 + EVENT_LEN + 8;
	add_gap(&b);
	add_event(&b.bytes, "d", "{4}");
	play("gaps in, between and before messages", AWS, &b, 0, "[a|{~][b|{2}][d|{4}](12)");
	b.bytes.len -= 10;
	play("an end in the middle", AWS, &b, 0, "[a|{~][b|{2}][|~](12)");
	buf_done(&b.bytes);

	body_init(&b);
	add_event(&b.bytes, "a", "{1}");
	b.bytes.len -= 12;
	play("an end in a header", AWS, &b, 0, "[|~]");
	b.bytes.len = 11;
	play("an end in a prelude", AWS, &b, 0, "(11)");
	buf_done(&b.bytes);
}

static void test_event_limit(void)
{
	struct body b;

	body_init(&b);
	add_event(&b.bytes, "a", "{0123456789012345678901234567890}");
	add_event(&b.bytes, "b", "{2}");
	play("a message past the limit", AWS, &b, 20, "[a|{012~][b|{2}]!1");
	play("headers past the limit", AWS, &b, 10, "[|~][|~]!2");
	buf_done(&b.bytes);
}

static void grpc_message(struct body *b, uint8_t flags, uint8_t len, const char *bytes)
{
	uint8_t prefix[] = { flags, 0, 0, 0, len };

	buf_add(&b->bytes, span_of(prefix, sizeof(prefix)));
	buf_add(&b->bytes, span_str(bytes));
}

static void test_grpc(void)
{
	struct body b;

	body_init(&b);
	grpc_message(&b, 0, 3, "abc");
	grpc_message(&b, 1, 2, "zz");
	grpc_message(&b, 0, 0, "");
	play("messages of gRPC", GRPC, &b, 0, "[|abc][coded|zz][|]");
	grpc_message(&b, 0, 5, "abc");
	play("the last one cut", GRPC, &b, 0, "[|abc][coded|zz][|][|abc~]");
	buf_done(&b.bytes);

	body_init(&b);
	grpc_message(&b, 0, 6, "abcdef");
	grpc_message(&b, 0, 2, "gh");
	play("one past the limit", GRPC, &b, 4, "[|abcd~][|gh]!1");
	buf_add(&b.bytes, span_of("\0\0", 2));
	play("the beginning of one", GRPC, &b, 0, "[|abcdef][|gh](2)");
	buf_done(&b.bytes);

	body_init(&b);
	grpc_message(&b, 0, 6, "abc");
	add_gap(&b);
	grpc_message(&b, 0, 2, "gh");
	play("behind a gap nothing is found", GRPC, &b, 0, "[|abc~](7)");
	buf_done(&b.bytes);
}

int main(void)
{
	test_rows();
	test_long_name();
	test_nesting();
	test_messages();
	test_failures();
	test_checksums();
	test_bad_headers();
	test_event_gaps();
	test_event_limit();
	test_grpc();
	ok(!framing_find(SPAN_LIT("application/json")), "JSON is no stream");
	ok(framing_find(SPAN_LIT("Application/Vnd.Amazon.EventStream")) != NULL,
	   "an event stream is one");
	return tap_done();
}
