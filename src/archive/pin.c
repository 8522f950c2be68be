/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "archive/db.h"
#include "archive/private_file.h"
#include "archive/reading.h"
#include "base/xalloc.h"

static int set_pin(struct db *d, uint64_t id, bool pin, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_SET_PIN, reterr);
	int err;

	if (!q)
		return reterr->code;
	sqlite3_bind_int(q, 1, pin);
	sqlite3_bind_int64(q, 2, (int64_t)id);
	err = db_run(d, q, reterr);
	if (!err && sqlite3_changes(d->sql) == 0)
		err = error_set(reterr, -ENOENT, "%s has no exchange %llu", d->path,
				(unsigned long long)id);
	return err;
}

int reading_pin(const char *path, uint64_t id, bool pin, struct error *reterr)
{
	AUTO_FREE char *real = private_file(path, PRIVATE_AS_IS, reterr);
	struct db d;
	int err = real ? db_open(&d, real, reterr) : reterr->code;

	if (err)
		return err;
	err = set_pin(&d, id, pin, reterr);
	db_close(&d);
	return err;
}
