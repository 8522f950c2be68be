/* SPDX-License-Identifier: MIT */
#include "capture/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "exchange/secret.h"

/* One direction of one connection, for the state of its secret_scan. */
struct seen {
	struct seen *next;
	struct conn_id conn;
	uint64_t off[2];
	struct secret_scan scan[2];
};

#define BUCKETS 1024

struct recorder {
	FILE *out;
	struct buf payload;
	uint64_t count;
	int err;
	struct seen *seen[BUCKETS];
};

static void put_le(uint8_t *out, uint64_t v, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

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

static FILE *create(const char *path)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0)
		return stdout;
	/* A link planted in a shared directory must not lead us elsewhere. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || fchmod(fd, 0600) == 0))
		return fdopen(fd, "w");
	close(fd);
	return NULL;
}

int recorder_open(struct recorder **ret, const char *path, struct error *reterr)
{
	struct recorder *r = xcalloc(1, sizeof(*r));
	uint8_t head[RECORD_MAGIC_LEN + 4];

	r->out = create(path);
	if (!r->out) {
		int err = -errno;

		free(r);
		return error_set(reterr, err, "%.200s cannot be written: %s", path, strerror(-err));
	}
	buf_init(&r->payload, RECORD_PAYLOAD_MAX);
	memcpy(head, RECORD_MAGIC, RECORD_MAGIC_LEN);
	put_le(head + RECORD_MAGIC_LEN, RECORD_FORMAT, 4);
	write_all(r, head, sizeof(head));
	*ret = r;
	return 0;
}

static struct seen **place_of(struct recorder *r, const struct conn_id *id)
{
	struct seen **at = &r->seen[(id->tls >> 4 ^ id->gen ^ id->tgid) % BUCKETS];

	while (*at && ((*at)->conn.tls != id->tls || (*at)->conn.gen != id->gen ||
		       (*at)->conn.tgid != id->tgid))
		at = &(*at)->next;
	return at;
}

/* Blanks credentials in the encoded plaintext, which stands at the payload's end. */
static void blank(struct recorder *r, const struct chunk *c)
{
	struct seen **at = place_of(r, &c->conn);

	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->conn = c->conn;
		/* Joined in the middle, maybe of a field's value. */
		for (int d = 0; d < 2; d++)
			if (!(c->flags & CHUNK_FROM_START))
				secret_gap(&(*at)->scan[d]);
		if (!(c->flags & CHUNK_FROM_START))
			(*at)->off[c->dir] = c->off;
	}
	if ((*at)->off[c->dir] != c->off)
		secret_gap(&(*at)->scan[c->dir]);
	(*at)->off[c->dir] = c->off + c->data.len;
	if (r->payload.len >= c->data.len)
		secret_blank(&(*at)->scan[c->dir],
			     (uint8_t *)r->payload.ptr + r->payload.len - c->data.len, c->data.len);
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

int recorder_chunk(struct recorder *r, const struct chunk *c)
{
	buf_reset(&r->payload);
	if (chunk_encode(c, &r->payload) != 0)
		return -EMSGSIZE;
	if (c->kind == CHUNK_DATA && c->data.len)
		blank(r, c);
	else if (c->kind == CHUNK_CLOSE)
		forget(r, &c->conn);
	r->count++;
	return write_record(r, RECORD_CHUNK, buf_span(&r->payload));
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
	buf_done(&r->payload);
	free(r);
	return err;
}
