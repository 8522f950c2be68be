/* SPDX-License-Identifier: MIT */
#include "archive/content.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

/* Of one message, so much can be searched: no more words than a book has. */
#define WORDS_MAX (1 << 20)
#define LEVEL	  3
/* Shorter bytes do not become shorter. */
#define PACKED_MIN 64

void content_pack(struct db *d, struct packed *ret, struct span bytes)
{
	*ret = (struct packed){ .bytes = bytes, .coding = CODING_NONE };
#ifdef HAVE_ZSTD
	size_t bound = ZSTD_compressBound(bytes.len), len;

	if (bytes.len < PACKED_MIN)
		return;
	if (!d->zstd)
		d->zstd = ZSTD_createCCtx();
	ret->room = d->zstd ? malloc(bound) : NULL;
	if (!ret->room)
		return;
	len = ZSTD_compressCCtx(d->zstd, ret->room, bound, bytes.ptr, bytes.len, LEVEL);
	if (!ZSTD_isError(len) && len < bytes.len) {
		ret->bytes = span_of(ret->room, len);
		ret->coding = CODING_ZSTD;
	}
#endif
}

void packed_done(struct packed *p)
{
	free(p->room);
}

#ifdef HAVE_ZSTD
static int unpack_zstd(struct db *d, struct span stored, size_t size, struct buf *out,
		       struct error *reterr)
{
	char *room = malloc(size ? size : 1);
	size_t len = room ? ZSTD_decompress(room, size, stored.ptr, stored.len) : 0;
	int err = 0;

	if (!room || ZSTD_isError(len) || len != size)
		err = error_set(reterr, room ? -EBADMSG : -ENOMEM, "%s: a content is damaged",
				d->path);
	else
		buf_add(out, span_of(room, len));
	free(room);
	return err;
}
#else
static int unpack_zstd(struct db *d, struct span stored, size_t size, struct buf *out,
		       struct error *reterr)
{
	return error_set(
		reterr, -ENOTSUP,
		"%s holds contents that zstd compressed; this llm-spy was built without it",
		d->path);
}
#endif

int content_unpack(struct db *d, struct span stored, int64_t size, int64_t coding, struct buf *out,
		   struct error *reterr)
{
	if (size < 0 || (uint64_t)size > out->max - out->len)
		return error_set(reterr, -EFBIG, "%s: a content is too large", d->path);
	if (coding == CODING_ZSTD)
		return unpack_zstd(d, stored, (size_t)size, out, reterr);
	if (coding != CODING_NONE || stored.len != (uint64_t)size)
		return error_set(reterr, -EBADMSG, "%s: a content is damaged", d->path);
	buf_add(out, stored);
	return 0;
}

/* ---- the text index ---- */

/* Rows of the index are those of contents. It holds no texts, so that a row is taken out of it with
 * the words that went in. */
static int index_words(struct db *d, enum query query, int64_t id, struct span json,
		       struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, query, reterr);
	struct buf words[3];
	int err;

	if (!q)
		return reterr->code;
	for (size_t i = 0; i < 3; i++)
		buf_init(&words[i], WORDS_MAX);
	message_words(json, &words[0], &words[1], &words[2]);
	sqlite3_bind_int64(q, 1, id);
	for (int i = 0; i < 3; i++)
		bind_string(q, i + 2, buf_span(&words[i]));
	err = db_run(d, q, reterr);
	for (size_t i = 0; i < 3; i++)
		buf_done(&words[i]);
	return err;
}

static int index_one(struct db *d, int64_t id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_SET_INDEXED, reterr);
	struct buf json;
	int err;

	if (!q)
		return reterr->code;
	buf_init(&json, CONTENT_MAX);
	err = content_get(d, id, &json, reterr);
	if (!err)
		err = index_words(d, Q_ADD_INDEX, id, buf_span(&json), reterr);
	buf_done(&json);
	if (err)
		return err;
	sqlite3_bind_int64(q, 1, id);
	return db_run(d, q, reterr);
}

int content_index_rest(struct db *d, struct error *reterr)
{
	sqlite3_stmt *q = d->has_index ? db_query(d, Q_NEXT_UNINDEXED, reterr) : NULL;
	int64_t id = 0;
	int err = 0;

	if (!q)
		return d->has_index ? reterr->code : 0;
	while (!err) {
		sqlite3_bind_int64(q, 1, id);
		err = db_step(d, q, reterr);
		if (err != 1)
			return err;
		id = sqlite3_column_int64(q, 0);
		db_done(q);
		err = index_one(d, id, reterr);
	}
	return err;
}

/* ---- contents ---- */

static void digest(struct span bytes, uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, bytes.len, bytes.ptr);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}

static int add(struct db *d, enum content_kind kind, struct span bytes, struct span sha256,
	       int64_t *ret_id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_ADD_CONTENT, reterr);
	bool indexed = d->has_index && kind == CONTENT_MESSAGE;
	struct packed packed;
	int err;

	if (!q)
		return reterr->code;
	content_pack(d, &packed, bytes);
	bind_bytes(q, 1, sha256);
	sqlite3_bind_int(q, 2, kind);
	sqlite3_bind_int64(q, 3, (int64_t)bytes.len);
	sqlite3_bind_int(q, 4, packed.coding);
	bind_bytes(q, 5, packed.bytes);
	sqlite3_bind_int(q, 6, indexed);
	err = db_run(d, q, reterr);
	packed_done(&packed);
	if (err)
		return err;
	*ret_id = sqlite3_last_insert_rowid(d->sql);
	return indexed ? index_words(d, Q_ADD_INDEX, *ret_id, bytes, reterr) : 0;
}

int content_put(struct db *d, enum content_kind kind, struct span bytes, int64_t *ret_id,
		struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_FIND_CONTENT, reterr);
	uint8_t sha256[SHA256_DIGEST_SIZE];
	int found;

	if (!q)
		return reterr->code;
	digest(bytes, sha256);
	bind_bytes(q, 1, span_of(sha256, sizeof(sha256)));
	sqlite3_bind_int(q, 2, kind);
	found = db_step(d, q, reterr);
	if (found == 0)
		return add(d, kind, bytes, span_of(sha256, sizeof(sha256)), ret_id, reterr);
	if (found < 0)
		return found;
	*ret_id = sqlite3_column_int64(q, 0);
	db_done(q);
	return 0;
}

int content_get(struct db *d, int64_t id, struct buf *out, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_GET_CONTENT, reterr);
	int err;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, id);
	err = db_step(d, q, reterr);
	if (err == 0)
		return error_set(reterr, -EBADMSG, "%s: a content is missing", d->path);
	if (err < 0)
		return err;
	err = content_unpack(d, column_bytes(q, 2), sqlite3_column_int64(q, 0),
			     sqlite3_column_int64(q, 1), out, reterr);
	db_done(q);
	return err;
}

static int drop_index(struct db *d, int64_t id, struct error *reterr)
{
	struct buf json;
	int err;

	buf_init(&json, CONTENT_MAX);
	err = content_get(d, id, &json, reterr);
	if (!err)
		err = index_words(d, Q_DROP_INDEX, id, buf_span(&json), reterr);
	buf_done(&json);
	return err;
}

/* 1: it is in the index; 0; or -errno. */
static int is_indexed(struct db *d, int64_t id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_IS_INDEXED, reterr);
	int found;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, id);
	found = db_step(d, q, reterr);
	if (found == 1)
		db_done(q);
	return found;
}

int content_drop(struct db *d, int64_t id, struct error *reterr)
{
	sqlite3_stmt *used = db_query(d, Q_HAS_PIECE, reterr);
	sqlite3_stmt *q = used ? db_query(d, Q_DROP_CONTENT, reterr) : NULL;
	int err;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(used, 1, id);
	err = db_step(d, used, reterr);
	if (err == 1)
		db_done(used);
	if (err)
		return err == 1 ? 0 : err;
	err = is_indexed(d, id, reterr);
	if (err == 1)
		err = drop_index(d, id, reterr);
	if (err)
		return err;
	sqlite3_bind_int64(q, 1, id);
	return db_run(d, q, reterr);
}
