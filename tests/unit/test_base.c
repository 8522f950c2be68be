/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "tests/unit/tap.h"

static void test_sizes(void)
{
	static const struct {
		const char *text;
		long long want; /* -1: refused */
	} rows[] = {
		{ "1", 1 },	   { "64K", 65536 },	   { "64k", 65536 },
		{ "2M", 2 << 20 }, { "1G", 1 << 30 },	   { "0", -1 },
		{ "", -1 },	   { "-1", -1 },	   { "K", -1 },
		{ "1KB", -1 },	   { " 1", -1 },	   { "99999999999999999999", -1 },
		{ "1.5M", -1 },	   { "17179869184G", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t got = 0;
		int err = size_parse(rows[i].text, &got);

		is_int(err ? -1 : (long long)got, rows[i].want, "size \"%s\"", rows[i].text);
	}
}

static void test_limits(void)
{
	struct limits l;

	limits_init(&l);
	is_int(limits_set(&l, "body=1M"), 0, "a limit is set");
	is_int(l.max[LIMIT_body], 1 << 20, "to what was said");
	ok(limits_set(&l, "nonsense=1") < 0 && limits_set(&l, "body") < 0 &&
		   limits_set(&l, "body=0") < 0,
	   "an unknown name, a missing and a zero value are refused");
}

static void test_buf(void)
{
	AUTO_FREE char *taken = NULL;
	struct buf b;

	buf_init(&b, 5);
	is_int(buf_adds(&b, "abc"), 0, "fits");
	ok(buf_adds(&b, "def") < 0 && b.full, "what does not fit is refused and remembered");
	is_str(b.ptr, "abcde", "the part that fits is kept");
	buf_drop(&b, 2);
	is_str(b.ptr, "cde", "bytes are dropped at the front");
	taken = buf_take(&b);
	is_str(taken, "cde", "and handed out");
	is_int(b.len, 0, "the buffer is empty then");
	buf_done(&b);
}

static void test_cursor(void)
{
	struct cursor c = { .rest = SPAN_LIT("\x01\x02\x03\x04\x05") };

	is_int(cursor_be(&c, 2), 0x0102, "big endian");
	is_int(cursor_le(&c, 2), 0x0403, "little endian");
	ok(cursor_be(&c, 2) == 0 && c.bad && c.rest.len == 0, "a read past the end fails for good");
}

static void test_utf8(void)
{
	static const struct {
		const char *bytes, *fixed;
		size_t whole;
	} rows[] = {
		{ "a", "a", 1 },
		{ "\xc3\xa9", "\xc3\xa9", 2 },
		{ "\xf0\x9f\x92\xac", "\xf0\x9f\x92\xac", 4 },
		{ "x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd", 1 },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd", 2 },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
		{ "\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span s = span_str(rows[i].bytes);
		struct buf b;

		buf_init(&b, 100);
		ok(utf8_valid(s) == !utf8_fix(s, &b), "row %zu: valid and unchanged are one", i);
		is_str(b.ptr, rows[i].fixed, "row %zu: repaired", i);
		is_int(utf8_whole(s), rows[i].whole, "row %zu: without a cut character", i);
		buf_done(&b);
	}
	is_int(utf8_begin(SPAN_LIT("a\xc3\xa9z"), 1), 1, "a character begins there");
	is_int(utf8_begin(SPAN_LIT("a\xc3\xa9z"), 2), 3, "behind one that is cut");
	is_int(utf8_begin(SPAN_LIT("a\xc3\xa9"), 2), 3, "none does any more");
}

static void test_path_name(void)
{
	is_str(path_name("/usr/bin/curl"), "curl", "the last part of a path");
	is_str(path_name("curl"), "curl", "all of it where there is one part");
	is_str(path_name("/usr/"), "", "nothing where it ends in a slash");
}

struct heard {
	struct buf text;
	unsigned warnings;
};

static void hear(void *arg, enum log_kind kind, struct span lines)
{
	struct heard *h = arg;

	h->warnings += kind == LOG_WARNING;
	buf_add(&h->text, lines);
}

static void test_log(void)
{
	struct heard h = { 0 };

	buf_init(&h.text, 4096);
	log_set_sink(hear, &h);
	log_say("a \"%s\"", "b\x1b");
	log_warn("room", "c");
	log_debug("room", "not asked for");
	log_lines(span_str("d\n"));
	log_set_sink(NULL, NULL);
	buf_addc(&h.text, '\0');
	is_str((const char *)h.text.ptr, "llm-spy: a \"b\\x1b\"\nllm-spy: warning: room: c\nd\n",
	       "messages go to a sink");
	is_int(h.warnings, 1, "which knows of what kind they are");
	buf_done(&h.text);
}

int main(void)
{
	test_log();
	test_sizes();
	test_limits();
	test_buf();
	test_cursor();
	test_utf8();
	test_path_name();
	return tap_done();
}
