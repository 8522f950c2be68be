/* SPDX-License-Identifier: MIT */
#include "source/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <zlib.h>

#include "source/record.h"

#define PIECE (64u << 10)

void replay_init(struct replay *r)
{
	*r = (struct replay){ 0 };
	buf_init(&r->in, RECORD_PAYLOAD_MAX + RECORD_HEAD_LEN + PIECE);
}

void replay_done(struct replay *r)
{
	buf_done(&r->in);
}

static int damaged(const struct replay *r, size_t at, const char *what, struct error *reterr)
{
	return error_set(reterr, -EPROTO, "the recording is damaged at byte %" PRIu64 ": %s",
			 r->off + at, what);
}

/* Length of the file's header; 0: more bytes are needed. */
static int read_head(struct replay *r, struct span s, size_t *ret_len, struct error *reterr)
{
	struct cursor c = { .rest = span_from(s, RECORD_MAGIC_LEN) };
	size_t known = s.len < RECORD_MAGIC_LEN ? s.len : RECORD_MAGIC_LEN;
	uint64_t format;

	*ret_len = 0;
	if (memcmp(s.ptr, RECORD_MAGIC, known) != 0)
		return error_set(reterr, -EPROTO, "this is not a recording of llm-spy");
	if (s.len < RECORD_MAGIC_LEN + 4)
		return 0;
	format = cursor_le(&c, 4);
	if (format != RECORD_FORMAT)
		return error_set(reterr, -EPROTO,
				 "the recording has format %u but this llm-spy reads format %d: "
				 "use the version that made it",
				 (unsigned)format, RECORD_FORMAT);
	r->begun = true;
	*ret_len = RECORD_MAGIC_LEN + 4;
	return 0;
}

static int on_payload(struct replay *r, size_t at, uint64_t type, struct span payload, chunk_fn fn,
		      void *arg, struct error *reterr)
{
	struct cursor c = { .rest = payload };
	struct chunk chunk;

	if (r->ended)
		return damaged(r, at, "data follows its end", reterr);
	if (type == RECORD_END) {
		r->ended = true;
		if (cursor_le(&c, 8) != r->count || c.bad)
			return damaged(r, at, "records are missing", reterr);
		return 0;
	}
	if (type != RECORD_CHUNK || chunk_decode(payload, &chunk) != 0)
		return damaged(r, at, "unknown record type", reterr);
	r->count++;
	if (chunk.ts_ns > r->last_ns)
		r->last_ns = chunk.ts_ns;
	return fn(arg, &chunk);
}

/* Reads one record at `at` of `s`; *ret_len 0: more bytes are needed. */
static int read_record(struct replay *r, struct span s, size_t at, size_t *ret_len, chunk_fn fn,
		       void *arg, struct error *reterr)
{
	struct cursor c = { .rest = span_from(s, at) };
	uint64_t type = cursor_le(&c, 1), zero = cursor_le(&c, 3);
	uint64_t len = cursor_le(&c, 4), crc = cursor_le(&c, 4);
	struct span payload;

	*ret_len = 0;
	if (c.bad)
		return 0;
	if (zero || len > RECORD_PAYLOAD_MAX)
		return damaged(r, at, "invalid record header", reterr);
	if (c.rest.len < len)
		return 0;
	payload = span_first(c.rest, (size_t)len);
	if (crc32(0, payload.ptr, (uInt)payload.len) != crc)
		return damaged(r, at, "checksum mismatch", reterr);
	*ret_len = RECORD_HEAD_LEN + (size_t)len;
	return on_payload(r, at, type, payload, fn, arg, reterr);
}

/* Reads all complete records. */
static int read_records(struct replay *r, chunk_fn fn, void *arg, struct error *reterr)
{
	struct span s = buf_span(&r->in);
	size_t at = 0, len = 1;
	int err = 0;

	if (!r->begun && s.len) {
		err = read_head(r, s, &len, reterr);
		at = len;
	}
	while (!err && r->begun && len) {
		err = read_record(r, s, at, &len, fn, arg, reterr);
		at += err ? 0 : len;
	}
	buf_drop(&r->in, at);
	r->off += at;
	return err;
}

int replay_feed(struct replay *r, struct span s, chunk_fn fn, void *arg, struct error *reterr)
{
	int err = 0;

	while (s.len && !err) {
		struct span piece = span_first(s, PIECE);

		buf_add(&r->in, piece);
		err = read_records(r, fn, arg, reterr);
		s = span_from(s, piece.len);
	}
	return err;
}

int replay_finish(const struct replay *r, struct error *reterr)
{
	if (!r->begun && !r->in.len)
		return error_set(reterr, -EPROTO, "the recording is empty");
	if (!r->begun)
		return error_set(reterr, -EPROTO, "this is not a recording of llm-spy");
	if (r->in.len)
		return damaged(r, 0, "it ends in the middle of a record", reterr);
	if (!r->ended)
		return damaged(r, 0, "its end is missing; everything it holds was shown", reterr);
	return 0;
}

int replay_file(const char *path, chunk_fn fn, void *arg, struct error *reterr)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	uint8_t piece[PIECE];
	struct replay r;
	size_t n;
	int err = 0;

	if (!f)
		return error_set(reterr, -errno, "cannot read %.200s: %s", path, strerror(errno));
	replay_init(&r);
	while (!err && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		err = replay_feed(&r, span_of(piece, n), fn, arg, reterr);
	if (!err && ferror(f))
		err = error_set(reterr, -EIO, "cannot read %.200s", path);
	if (!err)
		err = replay_finish(&r, reterr);
	replay_done(&r);
	if (f != stdin)
		fclose(f);
	return err;
}
