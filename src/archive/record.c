/* SPDX-License-Identifier: MIT */
#include "archive/record.h"

#include <errno.h>

#include "archive/content.h"
#include "exchange/json.h"
#include "json/read.h"

/* What is left of a record, and 0; or -errno. */
static int read_rest(struct db *d, int64_t id, json_t **ret, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_GET_RECORD, reterr);
	struct buf text;
	int err;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, id);
	err = db_step(d, q, reterr);
	if (err == 0)
		return error_set(reterr, -ENOENT, "%s has no exchange %lld", d->path,
				 (long long)id);
	if (err < 0)
		return err;
	buf_init(&text, CONTENT_MAX);
	err = content_unpack(d, column_bytes(q, 2), sqlite3_column_int64(q, 0),
			     sqlite3_column_int64(q, 1), &text, reterr);
	db_done(q);
	if (!err)
		*ret = json_read_own(buf_span(&text));
	buf_done(&text);
	return err;
}

static int read_pieces(struct db *d, int64_t id, struct joiner *j, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_GET_PIECES, reterr);
	struct buf bytes;
	int err = 0;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, id);
	buf_init(&bytes, CONTENT_MAX);
	while (!err && (err = db_step(d, q, reterr)) == 1) {
		buf_reset(&bytes);
		err = content_get(d, sqlite3_column_int64(q, 1), &bytes, reterr);
		if (!err && joiner_add(j, (enum place)sqlite3_column_int(q, 0), buf_span(&bytes)))
			err = error_set(reterr, -EBADMSG, "%s: a piece of exchange %lld is damaged",
					d->path, (long long)id);
	}
	db_done(q);
	buf_done(&bytes);
	return err;
}

json_t *record_read(struct db *d, int64_t id, struct error *reterr)
{
	json_t *record = NULL;
	struct joiner j;
	int err = read_rest(d, id, &record, reterr);

	if (!err && !record)
		err = error_set(reterr, -EBADMSG, "%s: exchange %lld is damaged", d->path,
				(long long)id);
	if (err)
		return NULL;
	joiner_init(&j, record, CONTENT_MAX);
	err = read_pieces(d, id, &j, reterr);
	joiner_done(&j);
	if (!err)
		return record;
	json_decref(record);
	return NULL;
}

struct exchange *record_read_rest(struct db *d, int64_t id, struct error *reterr)
{
	json_t *record = NULL;
	struct exchange *x = NULL;
	int err = read_rest(d, id, &record, reterr);

	/* It counts messages, which are not here. */
	json_object_del(record, "conversation");
	if (!err && record)
		x = exchange_from_json(record, reterr);
	else if (!err)
		error_set(reterr, -EBADMSG, "%s: exchange %lld is damaged", d->path, (long long)id);
	json_decref(record);
	return x;
}
