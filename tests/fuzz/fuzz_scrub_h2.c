/* SPDX-License-Identifier: MIT */
/* First byte: 0 header blocks, 1 frames behind a preface, else a connection, of which bit 2 says
 * that it was seen from the start. Header blocks and a connection come in pieces: two bytes of
 * length, in front of them for the latter a byte of direction, gap and way back.
 *
 * Asserts that it makes no difference how bytes are cut, but for more stars in bodies; and of
 * blocks, by nghttp2's inflater, that what is blanked has the same names, and values that are the
 * same, or stars, or a target's. */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "redact/scrub.h"
#include "tests/fuzz/fuzz.h"

static void check(bool good)
{
	if (!good)
		abort();
}

static uint8_t *copy_of(struct span s)
{
	uint8_t *copy = malloc(s.len ? s.len : 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

/* ---- header blocks ---- */

/* The next field of a block; false where it ends or is refused (then `bad`). */
static bool next_field(nghttp2_hd_inflater *inflater, struct span *s, nghttp2_nv *ret, bool *bad)
{
	for (;;) {
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, ret, &flags, s->ptr, s->len, true);

		*bad = n < 0;
		if (n < 0)
			return false;
		*s = span_from(*s, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			return true;
		if (flags & NGHTTP2_HD_INFLATE_FINAL) {
			nghttp2_hd_inflate_end_headers(inflater);
			return false;
		}
	}
}

static void check_field(const nghttp2_nv *was, const nghttp2_nv *is)
{
	struct span name = span_of(is->name, is->namelen), value = span_of(is->value, is->valuelen);

	check(span_eq(name, span_of(was->name, was->namelen)));
	if (span_caseeq(name, SPAN_LIT(":path")) ||
	    span_eq(value, span_of(was->value, was->valuelen)))
		return;
	for (size_t i = 0; i < value.len; i++)
		check(value.ptr[i] == '*');
}

/* Whether both decode to their end. */
static bool compare(nghttp2_hd_inflater *inflaters[2], struct span was, struct span is)
{
	nghttp2_nv a, b;
	bool bad_a, bad_b, more;

	do {
		bool more_b;

		more = next_field(inflaters[0], &was, &a, &bad_a);
		more_b = next_field(inflaters[1], &is, &b, &bad_b);
		if (bad_a || bad_b)
			return false;
		check(more == more_b);
		if (more)
			check_field(&a, &b);
	} while (more);
	return true;
}

static void run_blocks(struct cursor *c)
{
	struct scrub_hpack whole = { 0 }, bytes = { 0 };
	nghttp2_hd_inflater *inflaters[2];
	bool good = true;

	nghttp2_hd_inflate_new(&inflaters[0]);
	nghttp2_hd_inflate_new(&inflaters[1]);
	while (c->rest.len && !c->bad) {
		size_t len = (size_t)cursor_be(c, 2);
		struct span s = cursor_take(c, len < c->rest.len ? len : c->rest.len);
		uint8_t *a = copy_of(s), *b = copy_of(s);

		scrub_hpack_feed(&whole, a, s.len);
		scrub_hpack_end(&whole);
		for (size_t i = 0; i < s.len; i++)
			scrub_hpack_feed(&bytes, b + i, 1);
		scrub_hpack_end(&bytes);
		check(span_eq(span_of(a, s.len), span_of(b, s.len)));
		good = good && compare(inflaters, s, span_of(a, s.len));
		free(a);
		free(b);
	}
	nghttp2_hd_inflate_del(inflaters[0]);
	nghttp2_hd_inflate_del(inflaters[1]);
}

/* ---- frames ---- */

/* Where a body is cut, more of it may be blanked; digits of a number become others. */
static bool is_alike(uint8_t a, uint8_t b)
{
	return a == b || a == '*' || b == '*' || (a >= '0' && a <= '9' && b >= '0' && b <= '9');
}

static void run_frames(struct span s)
{
	static const struct span preface = SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	struct scrub_h2 whole = { 0 }, bytes = { 0 };
	uint8_t *start = copy_of(preface), *a = copy_of(s), *b = copy_of(s);
	size_t stored = 0;

	check(scrub_h2_feed(&whole, start, preface.len).len == preface.len);
	scrub_h2_feed(&bytes, start, preface.len);
	check(scrub_h2_is(&whole) == H2BLANK_IS_H2);
	stored = scrub_h2_feed(&whole, a, s.len).len;
	check(stored <= s.len);
	for (size_t i = 0; i < stored; i++)
		check(scrub_h2_feed(&bytes, b + i, 1).len == 1);
	for (size_t i = 0; i < stored; i++)
		check(is_alike(a[i], b[i]));
	check(scrub_h2_is(&whole) == scrub_h2_is(&bytes));
	free(start);
	free(a);
	free(b);
}

/* ---- a connection ---- */

static void run_connection(struct cursor *c, bool from_start)
{
	struct scrub blank;
	uint64_t off[2] = { 0 };

	scrub_init(&blank, from_start);
	while (c->rest.len && !c->bad) {
		uint64_t what = cursor_be(c, 1), len = cursor_be(c, 2);
		enum dir d = what & 1 ? DIR_READ : DIR_WRITE;
		struct scrub_h2_part part;
		uint8_t *copy;
		struct span s;

		if (what & 2) {
			off[d] += len;
			continue;
		}
		if (what & 4)
			off[d] -= len < off[d] ? len : off[d];
		s = cursor_take(c, len < c->rest.len ? len : c->rest.len);
		copy = copy_of(s);
		part = scrub_feed(&blank, d, off[d], copy, s.len);
		check(part.at <= s.len && part.len <= s.len - part.at);
		off[d] += s.len;
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = { .rest = span_of(data, size) };
	uint64_t kind = cursor_be(&c, 1);

	if (kind == 0)
		run_blocks(&c);
	else if (kind == 1)
		run_frames(c.rest);
	else
		run_connection(&c, kind & 4);
	return 0;
}
