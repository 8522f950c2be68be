/* SPDX-License-Identifier: MIT */
/* A coding is a row: how to begin, what one piece of input becomes, how to end. Several codings in
 * one header form a chain, the last applied undone first. */
#include "http/coding.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>
#ifdef HAVE_BROTLI
#include <brotli/decode.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/xalloc.h"

#define CHAIN_MAX 4
#define PIECE	  (64u << 10)
/* Below this, output says nothing about a bomb: short texts compress absurdly well. */
#define RATIO_FREE (1u << 20)

struct stage;

/* Progress of one call of `step`. */
struct step {
	struct span in; /* what is left; step takes from its front */
	uint8_t *out;
	size_t room;
	size_t made; /* bytes put to out */
};

struct coder {
	const char *name, *alias;
	void *(*new)(void);
	/* 0 goes on, 1 the coded data has ended here, -EPROTO broken. With input it makes
	 * progress: it takes some or fills the room. */
	int (*step)(struct stage *s, struct step *io);
	void (*free)(void *state);
};

struct stage {
	const struct coder *coder;
	void *state;
	bool ended;
	bool any; /* some input was seen */
};

struct coding {
	struct limits *lim;
	struct stage stages[CHAIN_MAX];
	size_t nstages;
	uint64_t in, out;
	int err;
	uint8_t *pieces; /* one output piece for each stage */
};

/* ---- zlib: gzip, and deflate with or without its wrapper ---- */

struct inflater {
	z_stream z;
	bool gzip, raw;
};

static void *inflater_new(bool gzip)
{
	struct inflater *i = xcalloc(1, sizeof(*i));

	i->gzip = gzip;
	if (inflateInit2(&i->z, gzip ? 15 + 16 : 15) != Z_OK) {
		free(i);
		return NULL;
	}
	return i;
}

static void *gzip_new(void)
{
	return inflater_new(true);
}

static void *deflate_new(void)
{
	return inflater_new(false);
}

static void inflater_free(void *state)
{
	struct inflater *i = state;

	if (i)
		inflateEnd(&i->z);
	free(i);
}

static int inflater_step(struct stage *s, struct step *io)
{
	struct inflater *i = s->state;
	int r;

	if (s->ended) {
		/* Another member may follow a gzip member (RFC 1952 section 2.2); other bytes
		 * behind the end are padding. */
		if (!i->gzip || io->in.ptr[0] != 0x1f || inflateReset(&i->z) != Z_OK) {
			io->in.len = 0;
			return 1;
		}
		s->ended = false;
	}
	if (!s->any && !i->gzip && io->in.len && (io->in.ptr[0] & 0x0f) != Z_DEFLATED) {
		/* Some servers send raw deflate under this name. */
		i->raw = true;
		if (inflateReset2(&i->z, -15) != Z_OK)
			return -EPROTO;
	}
	s->any |= io->in.len != 0;
	i->z.next_in = (Bytef *)io->in.ptr;
	i->z.avail_in = (uInt)io->in.len;
	i->z.next_out = io->out;
	i->z.avail_out = (uInt)io->room;
	r = inflate(&i->z, Z_SYNC_FLUSH);
	io->in = span_from(io->in, io->in.len - i->z.avail_in);
	io->made = io->room - i->z.avail_out;
	if (r == Z_STREAM_END)
		return 1;
	return r == Z_OK || r == Z_BUF_ERROR ? 0 : -EPROTO;
}

/* ---- brotli, RFC 7932 ---- */

#ifdef HAVE_BROTLI
static void *br_new(void)
{
	return BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static void br_free(void *state)
{
	if (state)
		BrotliDecoderDestroyInstance(state);
}

static int br_step(struct stage *s, struct step *io)
{
	const uint8_t *in = io->in.ptr;
	BrotliDecoderResult r;
	size_t left = io->in.len, room = io->room;
	uint8_t *out = io->out;

	if (s->ended) {
		io->in.len = 0;
		return 1;
	}
	r = BrotliDecoderDecompressStream(s->state, &left, &in, &room, &out, NULL);
	io->in = span_from(io->in, io->in.len - left);
	io->made = io->room - room;
	if (r == BROTLI_DECODER_RESULT_ERROR)
		return -EPROTO;
	return r == BROTLI_DECODER_RESULT_SUCCESS;
}
#endif

/* ---- zstd, RFC 8878 ---- */

#ifdef HAVE_ZSTD
/* RFC 9659: a window larger than 8 MB is not for HTTP. */
#define ZSTD_WINDOW_LOG 23

static void *zstd_new(void)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();

	if (d)
		ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	return d;
}

static void zstd_free(void *state)
{
	ZSTD_freeDCtx(state);
}

static int zstd_step(struct stage *s, struct step *io)
{
	ZSTD_inBuffer in = { io->in.ptr, io->in.len, 0 };
	ZSTD_outBuffer out = { io->out, io->room, 0 };
	size_t r = ZSTD_decompressStream(s->state, &out, &in);

	io->in = span_from(io->in, in.pos);
	io->made = out.pos;
	if (ZSTD_isError(r))
		return -EPROTO;
	return r == 0; /* another frame may follow */
}
#endif

static const struct coder coders[] = {
	{ .name = "gzip",
	  .alias = "x-gzip",
	  .new = gzip_new,
	  .step = inflater_step,
	  .free = inflater_free },
	{ .name = "deflate", .new = deflate_new, .step = inflater_step, .free = inflater_free },
#ifdef HAVE_BROTLI
	{ .name = "br", .new = br_new, .step = br_step, .free = br_free },
#endif
#ifdef HAVE_ZSTD
	{ .name = "zstd", .new = zstd_new, .step = zstd_step, .free = zstd_free },
#endif
};

static const struct coder *coder_find(struct span name)
{
	for (size_t i = 0; i < sizeof(coders) / sizeof(*coders); i++)
		if (span_caseeq(name, span_str(coders[i].name)) ||
		    (coders[i].alias && span_caseeq(name, span_str(coders[i].alias))))
			return &coders[i];
	return NULL;
}

/* Adds one name of the list; false when it cannot be undone. */
static bool add_stage(struct coding *c, struct span name)
{
	const struct coder *coder = coder_find(name);
	struct stage *s;

	if (!name.len || span_caseeq(name, SPAN_LIT("identity")))
		return true;
	if (!coder || c->nstages == CHAIN_MAX)
		return false;
	s = &c->stages[c->nstages++];
	s->coder = coder;
	s->state = coder->new ();
	return s->state != NULL;
}

struct coding *coding_new(struct span names, struct limits *lim)
{
	struct coding *c = xcalloc(1, sizeof(*c));
	bool good = true;

	c->lim = lim;
	while (names.len && good) {
		struct span one = span_first(names, span_find(names, ','));

		good = add_stage(c, span_trim(one));
		names = span_from(names, one.len + 1);
	}
	if (!good) {
		coding_free(c);
		return NULL;
	}
	if (c->nstages)
		c->pieces = xmalloc(c->nstages * PIECE);
	return c;
}

void coding_free(struct coding *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nstages; i++)
		c->stages[i].coder->free(c->stages[i].state);
	free(c->pieces);
	free(c);
}

static bool too_much(struct coding *c)
{
	if (c->out > c->lim->max[LIMIT_decoded]) {
		limit_hit(c->lim, LIMIT_decoded);
		return true;
	}
	if (c->out > RATIO_FREE && c->out / c->lim->max[LIMIT_inflate_ratio] > c->in) {
		limit_hit(c->lim, LIMIT_inflate_ratio);
		return true;
	}
	return false;
}

/* Stage `n` counted from the last applied; past the first applied stands the caller. The depth is
 * CHAIN_MAX at most. */
static int feed_stage(struct coding *c, size_t n, struct span s, coding_fn fn, void *arg)
{
	struct stage *stage;
	struct step io = { .in = s };
	int r = 0;

	if (n == c->nstages) {
		c->out += s.len;
		if (too_much(c))
			return -ENOBUFS;
		fn(arg, s);
		return 0;
	}
	stage = &c->stages[c->nstages - 1 - n];
	io.out = c->pieces + n * PIECE;
	do {
		io.room = PIECE;
		io.made = 0;
		r = stage->coder->step(stage, &io);
		if (io.made) {
			int err = feed_stage(c, n + 1, span_of(io.out, io.made), fn, arg);

			if (err < 0)
				return err;
		}
		stage->ended = r == 1;
	} while (r >= 0 && (io.in.len || (r == 0 && io.made == PIECE)));
	return r < 0 ? r : 0;
}

int coding_feed(struct coding *c, struct span s, coding_fn fn, void *arg)
{
	if (c->err || !s.len)
		return c->err;
	c->in += s.len;
	c->err = feed_stage(c, 0, s, fn, arg);
	return c->err;
}

bool coding_complete(const struct coding *c)
{
	for (size_t i = 0; i < c->nstages; i++)
		if (!c->stages[i].ended)
			return false;
	return !c->err;
}
