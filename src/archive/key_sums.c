/* SPDX-License-Identifier: MIT */
/* Calls by the key that they were made with. */
#include "archive/reading_int.h"

struct keys {
	reading_key_fn fn;
	void *arg;
};

static int on_key(void *arg, sqlite3_stmt *q, struct error *reterr)
{
	const struct keys *keys = arg;
	const struct reading_key k = {
		.key = reading_text(q, 0),
		.hint = reading_text(q, 1),
		.provider = reading_text(q, 2),
		.program = reading_text(q, 3),
		.user = reading_text(q, 4),
		.calls = (uint64_t)sqlite3_column_int64(q, 5),
		.no_cost = (uint64_t)sqlite3_column_int64(q, 6),
		.usd = sqlite3_column_double(q, 7),
		.first_ns = sqlite3_column_int64(q, 8),
		.last_ns = sqlite3_column_int64(q, 9),
	};

	keys->fn(keys->arg, &k);
	return 0;
}

int reading_keys(struct reading *r, int64_t since_ns, int64_t until_ns, reading_key_fn fn,
		 void *arg, struct error *reterr)
{
	bool all = since_ns <= 0 && until_ns == INT64_MAX;
	sqlite3_stmt *q = db_query(&r->db, all ? Q_KEYS : Q_KEYS_BETWEEN, reterr);
	struct keys keys = { fn, arg };

	if (!q)
		return reterr->code;
	if (!all) {
		sqlite3_bind_int64(q, 1, since_ns);
		sqlite3_bind_int64(q, 2, until_ns);
	}
	return db_each(&r->db, q, on_key, &keys, reterr);
}
