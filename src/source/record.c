/* SPDX-License-Identifier: MIT */
#include "source/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "redact/scrub.h"

struct seen {
	struct seen *next;
	struct conn_id conn;
	struct scrub blank;
};

#define BUCKETS 1024

struct recorder {
	FILE *out;
	struct buf plain;   /* of the current chunk, scrubbed */
	struct buf payload; /* of the current record */
	uint64_t count;
	int err;
	struct seen *seen[BUCKETS];
};

static int write_all(struct recorder *r, const void *p, size_t len)
{
	if (!r->err && fwrite(p, 1, len, r->out) != len)
		r->err = errno ? -errno : -EIO;
	return r->err;
}

static int write_record(struct recorder *r, enum record_type type, struct span payload)
{
	uint8_t head[RECORD_HEAD_LEN] = { (uint8_t)type };

	put_le(head + 4, payload.len, 4);
	put_le(head + 8, crc32(0, payload.ptr, (uInt)payload.len), 4);
	write_all(r, head, sizeof(head));
	return write_all(r, payload.ptr, payload.len);
}

/* NULL with reterr filled when it cannot be written. */
static FILE *create(const char *path, bool force, struct error *reterr)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return stdout;
	fd = file_create_private(path, force, reterr);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

int recorder_open(struct recorder **ret, const char *path, bool force, struct error *reterr)
{
	FILE *out = create(path, force, reterr);
	uint8_t head[RECORD_MAGIC_LEN + 4];
	struct recorder *r;

	if (!out)
		return reterr->code;
	r = xcalloc(1, sizeof(*r));
	r->out = out;
	buf_init(&r->plain, RECORD_PAYLOAD_MAX);
	buf_init(&r->payload, RECORD_PAYLOAD_MAX);
	memcpy(head, RECORD_MAGIC, RECORD_MAGIC_LEN);
	put_le(head + RECORD_MAGIC_LEN, RECORD_FORMAT, 4);
	write_all(r, head, sizeof(head));
	*ret = r;
	return 0;
}

static struct seen **place_of(struct recorder *r, const struct conn_id *id)
{
	struct seen **at = &r->seen[(id->object >> 4 ^ id->first_seen_ns ^ id->tgid) % BUCKETS];

	while (*at &&
	       ((*at)->conn.object != id->object ||
		(*at)->conn.first_seen_ns != id->first_seen_ns || (*at)->conn.tgid != id->tgid))
		at = &(*at)->next;
	return at;
}

/* Scrubs credentials in the plaintext; returns the part that may be stored. */
static struct scrub_h2_part blank(struct recorder *r, const struct chunk *c)
{
	struct seen **at = place_of(r, &c->conn);

	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->conn = c->conn;
		scrub_init(&(*at)->blank, c->flags & CHUNK_FROM_START);
	}
	return scrub_feed(&(*at)->blank, c->dir, c->off, (uint8_t *)r->plain.ptr, r->plain.len);
}

static void forget(struct recorder *r, const struct conn_id *id)
{
	struct seen **at = place_of(r, id);
	struct seen *gone = *at;

	if (gone) {
		*at = gone->next;
		free(gone);
	}
}

static int write_chunk(struct recorder *r, const struct chunk *c)
{
	buf_reset(&r->payload);
	if (chunk_encode(c, &r->payload) != 0)
		return -EMSGSIZE;
	r->count++;
	return write_record(r, RECORD_CHUNK, buf_span(&r->payload));
}

/* Writes `len` bytes of the chunk from `at` on: their content in `plain`, or as missing. */
static int write_part(struct recorder *r, const struct chunk *c, size_t at, size_t len, bool stored)
{
	struct chunk part = *c;

	if (!len)
		return 0;
	part.off += at;
	part.io_off += (uint32_t)at;
	part.data = span_of(NULL, 0);
	if (stored) {
		part.data = span_first(span_from(buf_span(&r->plain), at), len);
	} else {
		part.flags |= CHUNK_MISSING;
		part.missing = (uint32_t)len;
	}
	return write_chunk(r, &part);
}

/* Bytes that may be a credential are stored as not captured, so a replay counts and locates them as
 * missing. */
static int write_data(struct recorder *r, const struct chunk *c)
{
	size_t len = c->data.len, end;
	struct scrub_h2_part part;
	int err;

	buf_reset(&r->plain);
	if (buf_add(&r->plain, c->data) != 0)
		return -EMSGSIZE;
	part = blank(r, c);
	end = part.len ? part.at + part.len : 0;
	err = part.len ? write_part(r, c, 0, part.at, false) : 0;
	err = err ? err : write_part(r, c, part.at, part.len, true);
	return err ? err : write_part(r, c, end, len - end, false);
}

/* Command lines were masked when they were read, if it was by this program. */
static int write_text(struct recorder *r, const struct chunk *c)
{
	struct redact_stream text;
	struct chunk blanked = *c;

	buf_reset(&r->plain);
	if (buf_add(&r->plain, c->data) != 0)
		return -EMSGSIZE;
	redact_stream_init(&text, REDACT_TEXT);
	redact_stream_blank(&text, (uint8_t *)r->plain.ptr, r->plain.len);
	blanked.data = buf_span(&r->plain);
	return write_chunk(r, &blanked);
}

int recorder_chunk(struct recorder *r, const struct chunk *c)
{
	if (c->kind == CHUNK_PROC)
		return write_text(r, c);
	if (c->kind == CHUNK_DATA && c->data.len)
		return write_data(r, c);
	if (c->kind == CHUNK_CLOSE)
		forget(r, &c->conn);
	return write_chunk(r, c);
}

int recorder_close(struct recorder *r)
{
	uint8_t count[8];
	int err;

	if (!r)
		return 0;
	put_le(count, r->count, sizeof(count));
	write_record(r, RECORD_END, span_of(count, sizeof(count)));
	if ((r->out == stdout ? fflush(r->out) : fclose(r->out)) != 0 && !r->err)
		r->err = -errno;
	err = r->err;
	for (size_t i = 0; i < BUCKETS; i++)
		while (r->seen[i])
			forget(r, &r->seen[i]->conn);
	buf_done(&r->plain);
	buf_done(&r->payload);
	free(r);
	return err;
}
