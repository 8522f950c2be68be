/* SPDX-License-Identifier: MIT */
#include "source/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/xalloc.h"
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

static int not_ours(struct error *reterr)
{
	return error_set(reterr, -EPROTO,
			 "this is not a recording of llm-spy; an archive or jsonl is read by "
			 "subcommands, as llm-spy log -r FILE");
}

/* Length of the file's header; 0: more bytes are needed. */
static int read_head(struct replay *r, struct span s, size_t *ret_len, struct error *reterr)
{
	struct cursor c = { .rest = span_from(s, RECORD_MAGIC_LEN) };
	size_t known = s.len < RECORD_MAGIC_LEN ? s.len : RECORD_MAGIC_LEN;
	uint64_t format;

	*ret_len = 0;
	if (memcmp(s.ptr, RECORD_MAGIC, known) != 0)
		return not_ours(reterr);
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
		return not_ours(reterr);
	if (r->in.len)
		return damaged(r, 0, "it ends in the middle of a record", reterr);
	if (!r->ended)
		return damaged(r, 0, "its end is missing; everything it holds was shown", reterr);
	return 0;
}

/* ---- a file as a source ---- */

struct replay_file {
	struct source source; /* first */
	struct replay replay;
	int fd;
	bool owned;
	chunk_fn fn;
	void *arg;
	char path[256]; /* for messages */
	struct error error;
};

static size_t file_pollfds(const struct source *s, struct pollfd *fds, size_t max)
{
	if (max)
		fds[0] = (struct pollfd){ .fd = ((const struct replay_file *)s)->fd,
					  .events = POLLIN };
	return 1;
}

static int file_service(struct source *s, size_t budget)
{
	struct replay_file *f = (struct replay_file *)s;
	uint8_t piece[PIECE];
	ssize_t n = 1;
	int err = 0;

	for (size_t done = 0; !err && n > 0 && done < budget; done += (size_t)n) {
		n = read(f->fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			return 0;
		if (n < 0)
			return error_set(&f->error, -errno, "cannot read %s: %s", f->path,
					 strerror(errno));
		err = n ? replay_feed(&f->replay, span_of(piece, (size_t)n), f->fn, f->arg,
				      &f->error)
			: replay_finish(&f->replay, &f->error);
	}
	return err ? err : n == 0;
}

/* A replay that is ended early has nothing left to pass on. */
static int file_finish(struct source *s)
{
	return 0;
}

static uint64_t file_count(const struct source *s)
{
	return ((const struct replay_file *)s)->replay.count;
}

static const struct source_ops file_ops = {
	.name = "replay",
	.pollfds = file_pollfds,
	.service = file_service,
	.finish = file_finish,
	.count = file_count,
};

int replay_file_open(struct replay_file **ret, const char *path, chunk_fn fn, void *arg,
		     struct error *reterr)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct replay_file *f;

	if (fd < 0)
		return error_set(reterr, -errno, "cannot read %.200s: %s", path, strerror(errno));
	f = xcalloc(1, sizeof(*f));
	*f = (struct replay_file){
		.source = { &file_ops }, .fd = fd, .owned = !standard, .fn = fn, .arg = arg
	};
	snprintf(f->path, sizeof(f->path), "%s", path);
	replay_init(&f->replay);
	*ret = f;
	return 0;
}

void replay_file_free(struct replay_file *f)
{
	if (!f)
		return;
	replay_done(&f->replay);
	if (f->owned)
		close(f->fd);
	free(f);
}

struct source *replay_file_source(struct replay_file *f)
{
	return &f->source;
}

const struct error *replay_file_error(const struct replay_file *f)
{
	return &f->error;
}

int replay_file_all(const char *path, chunk_fn fn, void *arg, struct error *reterr)
{
	struct replay_file *f;
	int err = replay_file_open(&f, path, fn, arg, reterr);

	if (err)
		return err;
	while (!err)
		err = file_service(&f->source, SIZE_MAX);
	*reterr = f->error;
	replay_file_free(f);
	return err > 0 ? 0 : err;
}
