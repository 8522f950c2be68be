/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "http/framing.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

/* Elements as "[name|data]", a cut one as "[name|data~]"; "~" in the input is a gap. */
static const struct {
	const char *what, *media_type, *input, *want;
} rows[] = {
	{ "events", "text/event-stream", "event: a\ndata: 1\n\ndata: 2\n\n", "[a|1][|2]" },
	{ "all kinds of line end", "text/event-stream", "data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n", "[|1][|2][|3]" },
	{ "several data lines", "text/event-stream", "data: a\ndata:b\ndata:  c\n\n", "[|a\nb\n c]" },
	{ "comments, ids and unknown fields", "text/event-stream", ": hi\nid: 3\nretry: 9\nfoo: x\ndata: y\n\n:\n\n", "[|y]" },
	{ "no blank line at the end", "text/event-stream", "data: last", "[|last]" },
	{ "an event without data is none", "text/event-stream", "event: x\n\ndata: y\n\n", "[|y]" },
	{ "a byte order mark", "text/event-stream", "\xef\xbb\xbf" "data: y\n\n", "[|y]" },
	{ "a gap", "text/event-stream", "data: one\n\ndata: tw~o\n\ndata: 3\n\n", "[|one][|tw~][|3]" },
	{ "lines of JSON", "application/x-ndjson", "{\"a\":1}\n\r\n{\"b\":2}\r\n{\"c\":3}", "[|{\"a\":1}][|{\"b\":2}][|{\"c\":3}]" },
	{ "a gap between lines", "application/x-ndjson", "{1}\n{2~}\n{3}\n", "[|{1}][|{2~][|{3}]" },
};

static int on_element(void *arg, struct span name, struct span data, bool cut)
{
	struct buf *b = arg;

	return buf_addf(b, "[%.*s|%.*s%s]", (int)name.len, (const char *)name.ptr, (int)data.len,
			(const char *)data.ptr, cut ? "~" : "");
}

static void on_piece(void *arg, struct span s)
{
	framing_feed(arg, s);
}

static void play(size_t i, unsigned way)
{
	struct span rest = span_str(rows[i].input);
	struct limits lim;
	struct framing *f;
	struct buf got;

	limits_init(&lim);
	buf_init(&got, 1 << 16);
	f = framing_new(framing_find(span_str(rows[i].media_type)), &lim, on_element, &got);
	while (rest.len) {
		size_t gap = span_find(rest, '~');

		cut_feed(way, span_first(rest, gap), on_piece, f);
		if (gap < rest.len)
			framing_gap(f);
		rest = span_from(rest, gap + 1);
	}
	framing_finish(f);
	is_str(got.ptr, rows[i].want, "%s, %s", rows[i].what, cut_name(way));
	framing_free(f);
	buf_done(&got);
}

static void test_limit(void)
{
	struct limits lim;
	struct framing *f;
	struct buf got;

	limits_init(&lim);
	lim.max[LIMIT_event] = 64;
	buf_init(&got, 1 << 16);
	f = framing_new(framing_find(SPAN_LIT("text/event-stream")), &lim, on_element, &got);
	framing_feed(f, SPAN_LIT("data: "));
	for (unsigned i = 0; i < 1000; i++)
		framing_feed(f, SPAN_LIT("0123456789"));
	framing_feed(f, SPAN_LIT("\n\ndata: x\n\n"));
	framing_finish(f);
	ok(strstr(got.ptr, "~][|x]") && got.len < 200 && lim.hits[LIMIT_event],
	   "an endless event is cut, said so, and does not harm the next");
	framing_free(f);
	buf_done(&got);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < CUT_WAYS; way++)
			play(i, way);
	ok(!framing_find(SPAN_LIT("application/json")), "JSON is no stream");
	test_limit();
	return tap_done();
}
