/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <zlib.h>

#include "base/buf.h"
#include "http/coding.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"
#ifdef HAVE_BROTLIENC
#include <brotli/encode.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

struct undo {
	struct coding *c;
	struct buf out;
	int err;
};

static void on_out(void *arg, struct span s)
{
	struct undo *u = arg;

	buf_add(&u->out, s);
}

static void on_piece(void *arg, struct span s)
{
	struct undo *u = arg;
	int err = coding_feed(u->c, s, on_out, u);

	if (err && !u->err)
		u->err = err;
}

static struct span plain(void)
{
	static char text[40000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i / 7) % 26);
	return span_of(text, sizeof(text));
}

/* window: 15 zlib, 31 gzip, -15 raw. */
static void add_zlib(struct buf *out, struct span s, int window)
{
	z_stream z = { 0 };
	uint8_t *room = malloc(s.len + 1000);

	deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (uint8_t *)s.ptr;
	z.avail_in = (unsigned)s.len;
	z.next_out = room;
	z.avail_out = (unsigned)s.len + 1000;
	deflate(&z, Z_FINISH);
	buf_add(out, span_of(room, z.total_out));
	deflateEnd(&z);
	free(room);
}

static void check(const char *name, struct span coded, struct span want)
{
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct undo u = { 0 };
		struct limits lim;

		limits_init(&lim);
		buf_init(&u.out, 1 << 20);
		u.c = coding_new(span_str(name), &lim);
		cut_feed(way, coded, on_piece, &u);
		ok(u.c && !u.err && span_eq(buf_span(&u.out), want) && coding_complete(u.c),
		   "%s, %s", name, cut_name(way));
		coding_free(u.c);
		buf_done(&u.out);
	}
}

static void test_zlib(void)
{
	static const struct {
		const char *name;
		int window;
	} rows[] = { { "gzip", 31 },
		     { "x-gzip", 31 },
		     { "GZIP", 31 },
		     { "deflate", 15 },
		     { "deflate", -15 } };
	struct buf b, twice;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&b, 1 << 20);
		add_zlib(&b, plain(), rows[i].window);
		check(rows[i].name, buf_span(&b), plain());
		buf_done(&b);
	}
	buf_init(&b, 1 << 20);
	buf_init(&twice, 1 << 20);
	add_zlib(&b, SPAN_LIT("one "), 31);
	add_zlib(&b, SPAN_LIT("two"), 31);
	check("gzip", buf_span(&b), SPAN_LIT("one two"));
	add_zlib(&twice, buf_span(&b), 15);
	check("gzip, deflate", buf_span(&twice), SPAN_LIT("one two"));
	buf_done(&b);
	buf_done(&twice);
	check("", SPAN_LIT("as it is"), SPAN_LIT("as it is"));
	check("identity", SPAN_LIT("as it is"), SPAN_LIT("as it is"));
}

static void test_others(void)
{
	struct span s = plain();
	uint8_t *room = malloc(s.len + 1000);
	size_t len = 0;

#ifdef HAVE_BROTLIENC
	len = s.len + 1000;
	BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, s.len, s.ptr, &len, room);
	check("br", span_of(room, len), s);
#endif
#ifdef HAVE_ZSTD
	len = ZSTD_compress(room, s.len + 1000, s.ptr, s.len, 3);
	check("zstd", span_of(room, len), s);
#endif
	(void)len;
	free(room);
}

static void test_hostile(void)
{
	struct undo u = { 0 };
	struct limits lim;
	struct buf bomb;
	char *zeroes = calloc(1, 8 << 20);

	buf_init(&bomb, 1 << 20);
	add_zlib(&bomb, span_of(zeroes, 8 << 20), 31);
	free(zeroes);
	limits_init(&lim);
	lim.max[LIMIT_decoded] = 1 << 20;
	buf_init(&u.out, 64 << 20);
	u.c = coding_new(SPAN_LIT("gzip"), &lim);
	cut_feed(CUT_WHOLE, buf_span(&bomb), on_piece, &u);
	ok(u.err == -ENOBUFS && u.out.len <= (1 << 20) + 65536,
	   "a bomb stops at the ceiling (%zu bytes)", u.out.len);
	coding_free(u.c);

	u.err = 0;
	u.c = coding_new(SPAN_LIT("gzip"), &lim);
	cut_feed(CUT_WHOLE, SPAN_LIT("this is no gzip"), on_piece, &u);
	is_int(u.err, -EPROTO, "what is no gzip is an error");
	coding_free(u.c);
	ok(!coding_new(SPAN_LIT("rot13"), &lim), "an unknown coding is said");
	buf_done(&u.out);
	buf_done(&bomb);
}

int main(void)
{
	test_zlib();
	test_others();
	test_hostile();
	return tap_done();
}
