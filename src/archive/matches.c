/* SPDX-License-Identifier: MIT */
/* Exchanges by what they say. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "archive/reading_int.h"
#include "base/xalloc.h"

struct matches {
	struct reading *r;
	struct row_fn rows;
	void *seen; /* int64_t, by tsearch */
	bool enough;
};

static int by_number(const void *a, const void *b)
{
	const int64_t *m = a, *n = b;

	return *m < *n ? -1 : *m > *n;
}

/* Several messages of one exchange may have the text. */
static bool is_new(struct matches *m, int64_t id)
{
	int64_t *key;

	if (tfind(&id, &m->seen, by_number))
		return false;
	key = xmalloc(sizeof(*key));
	*key = id;
	tsearch(key, &m->seen, by_number);
	return true;
}

static int on_exchange(void *arg, sqlite3_stmt *q, struct error *reterr)
{
	struct matches *m = arg;
	int64_t id = sqlite3_column_int64(q, 0);
	sqlite3_stmt *row = is_new(m, id) ? db_query(&m->r->db, Q_ONE_ROW, reterr) : NULL;
	int err;

	if (!row)
		return 0;
	sqlite3_bind_int64(row, 1, id);
	err = db_step(&m->r->db, row, reterr);
	if (err == 1) {
		err = reading_row(&m->rows, row, reterr);
		db_done(row);
	}
	m->enough |= err == 1;
	return err;
}

static int on_match(void *arg, sqlite3_stmt *q, struct error *reterr)
{
	struct matches *m = arg;
	sqlite3_stmt *first = db_query(&m->r->db, Q_FIRST_WITH, reterr);
	int err;

	if (!first)
		return reterr->code;
	sqlite3_bind_int64(first, 1, sqlite3_column_int64(q, 0));
	err = db_each(&m->r->db, first, on_exchange, m, reterr);
	return err ? err : m->enough;
}

/* The words one after another, the last of which may go on. */
static char *phrase(const char *text)
{
	struct buf b;

	buf_init(&b, 2 * strlen(text) + 8);
	buf_addc(&b, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(&b, '"');
		buf_addc(&b, *text);
	}
	buf_adds(&b, "\" *");
	return buf_take(&b);
}

int reading_matches(struct reading *r, const char *text, reading_fn fn, void *arg,
		    struct error *reterr)
{
	struct matches m = { .r = r, .rows = { fn, arg } };
	AUTO_FREE char *words = phrase(text);
	sqlite3_stmt *q;
	int err;

	if (!r->db.has_index)
		return error_set(reterr, -ENOTSUP, "%s has no index of texts", r->path);
	q = db_query(&r->db, Q_MATCHES, reterr);
	if (!q)
		return reterr->code;
	bind_text(q, 1, words);
	err = db_each(&r->db, q, on_match, &m, reterr);
	tdestroy(m.seen, free);
	return err;
}
