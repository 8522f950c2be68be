/* SPDX-License-Identifier: MIT */
#include "archive/retain.h"

#include "base/log.h"
#include "archive/content.h"

/* Exchanges that are removed at a time. */
#define BATCH 200
/* Batches of one call: what is left over is for the next. */
#define BATCHES 50
/* Of the index, merged at a time: some megabytes. */
#define MERGE_PAGES 1000

/* Bytes of the file that are in use. Free pages are used again, or given back. */
static int64_t used_bytes(struct db *d)
{
	int64_t pages = db_number(d, "PRAGMA page_count", 0);
	int64_t unused = db_number(d, "PRAGMA freelist_count", 0);

	return (pages - unused) * db_number(d, "PRAGMA page_size", 0);
}

/* 1 with the row of the oldest that is not pinned and was stored before; 0; or -errno. */
static int oldest(struct db *d, int64_t before_ns, int64_t *ret_id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_OLDEST, reterr);
	int found;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, before_ns);
	found = db_step(d, q, reterr);
	if (found != 1)
		return found;
	*ret_id = sqlite3_column_int64(q, 0);
	db_done(q);
	return 1;
}

/* 1: one content of the exchange, and what else of it was there, is gone; 0: there was none. */
static int drop_piece(struct db *d, int64_t id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_PIECE_OF, reterr);
	sqlite3_stmt *drop = q ? db_query(d, Q_DROP_PIECES, reterr) : NULL;
	int64_t content;
	int err;

	if (!drop)
		return reterr->code;
	sqlite3_bind_int64(q, 1, id);
	err = db_step(d, q, reterr);
	if (err != 1)
		return err;
	content = sqlite3_column_int64(q, 0);
	db_done(q);
	sqlite3_bind_int64(drop, 1, id);
	sqlite3_bind_int64(drop, 2, content);
	err = db_run(d, drop, reterr);
	if (!err)
		err = content_drop(d, content, reterr);
	return err ? err : 1;
}

static int drop_exchange(struct db *d, int64_t id, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_DROP_EXCHANGE, reterr);
	int err = q ? 1 : reterr->code;

	while (err == 1)
		err = drop_piece(d, id, reterr);
	if (err)
		return err;
	sqlite3_bind_int64(q, 1, id);
	return db_run(d, q, reterr);
}

/* How many were removed; or -errno. */
static int drop_before(struct db *d, int64_t before_ns, int max, struct error *reterr)
{
	int n = 0, err = 0;
	int64_t id;

	while (n < max && (err = oldest(d, before_ns, &id, reterr)) == 1) {
		err = drop_exchange(d, id, reterr);
		if (err)
			break;
		n++;
	}
	return err < 0 ? err : n;
}

/* Removed texts leave marks in the index, which takes less room only when its segments are merged.
 * 1: there is more to merge; 0; or -errno. */
static int merge_index(struct retention *r, struct db *d, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_MERGE_INDEX, reterr);
	int before = sqlite3_total_changes(d->sql);
	int err;

	if (!q)
		return reterr->code;
	/* A negative number begins to merge all segments, a positive one goes on. */
	sqlite3_bind_int(q, 1, r->merging ? MERGE_PAGES : -MERGE_PAGES);
	err = db_run(d, q, reterr);
	if (err)
		return err;
	r->merging = sqlite3_total_changes(d->sql) - before >= 2;
	return r->merging;
}

static int drop_batch(struct db *d, int64_t before_ns, int max, struct error *reterr)
{
	int n, err = db_exec(d, "BEGIN IMMEDIATE", reterr);

	if (err)
		return err;
	n = drop_before(d, before_ns, max, reterr);
	err = n < 0 ? n : 0;
	if (!err)
		err = db_exec(d, "COMMIT", reterr);
	if (err)
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return err ? err : n;
}

static int warn_once(struct retention *r, struct db *d)
{
	if (!r->warned)
		log_warn("archive", "%s is larger than max-size, and all that it holds is pinned",
			 d->path);
	r->warned = true;
	return 0;
}

static int by_age(struct db *d, int64_t before_ns, struct error *reterr)
{
	int64_t id;
	int n = 1;

	/* Only with something to remove is the file locked for it. */
	for (int i = 0; i < BATCHES && n > 0; i++) {
		n = oldest(d, before_ns, &id, reterr);
		if (n > 0)
			n = drop_batch(d, before_ns, BATCH, reterr);
	}
	return n < 0 ? n : 0;
}

/* What is no longer needed is given back first: the index's marks, then free pages. 1: that did
 * something; 0: exchanges have to go; or -errno. */
static int tidy(struct retention *r, struct db *d, struct error *reterr)
{
	int more;

	if (!r->marks || !d->has_index)
		return 0;
	more = merge_index(r, d, reterr);
	if (more >= 0)
		r->marks = more;
	return more < 0 ? more : 1;
}

static int by_size(struct retention *r, struct db *d, int64_t max, struct error *reterr)
{
	int n = 1;

	if (used_bytes(d) <= max) {
		r->warned = false;
		return 0;
	}
	/* A tenth more than what is too much, so that it is not done again at once. */
	for (int i = 0; i < BATCHES && n > 0 && used_bytes(d) > max - max / 10; i++) {
		/* Of few exchanges few, so that a small file is not emptied by one batch. */
		int64_t share = db_number(d, "SELECT count(*) FROM exchange", 0) / 20 + 1;

		n = tidy(r, d, reterr);
		if (n)
			continue;
		n = drop_batch(d, INT64_MAX, share < BATCH ? (int)share : BATCH, reterr);
		r->marks |= n > 0;
	}
	return n ? (n < 0 ? n : 0) : warn_once(r, d);
}

/* Shortens the file, when a tenth of it is unused. */
static int shorten(struct db *d, struct error *reterr)
{
	int64_t pages = db_number(d, "PRAGMA page_count", 0);

	if (db_number(d, "PRAGMA freelist_count", 0) <= pages / 10)
		return 0;
	return db_exec(d, "PRAGMA incremental_vacuum(10000)", reterr);
}

int retain(struct retention *r, struct db *d, const struct archive_options *o, int64_t now_ns,
	   struct error *reterr)
{
	int err = o->keep_ns ? by_age(d, now_ns - o->keep_ns, reterr) : 0;

	if (!err && o->max_size)
		err = by_size(r, d, (int64_t)o->max_size, reterr);
	return err ? err : shorten(d, reterr);
}
