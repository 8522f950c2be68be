/* SPDX-License-Identifier: MIT */
#include "archive/accounts.h"

#include <errno.h>
#include <stdio.h>

#include "archive/record.h"
#include "exchange/account.h"
#include "exchange/json.h"

static void bind_key(sqlite3_stmt *q, const struct exchange *x)
{
	int64_t began = exchange_began_ns(x);
	struct spender of;
	char number[16];

	exchange_spender(x, &of);
	snprintf(number, sizeof(number), "%u", of.uid);
	sqlite3_bind_int64(q, 1, began / ACCOUNTS_QUARTER_NS);
	bind_text(q, 2, x->provider ? x->provider : "");
	bind_text(q, 3, x->model_asked ? x->model_asked : "");
	bind_text(q, 4, x->model_answered ? x->model_answered : "");
	bind_text(q, 5, of.program);
	bind_text(q, 6, of.user ? of.user : number);
	bind_text(q, 7, exchange_container(x) ? exchange_container(x) : "");
}

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

static int add_sum(struct db *d, const struct exchange *x, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_ADD_SPEND, reterr);
	bool failed = exchange_failed(x), open = exchange_tokens_unknown(x);
	struct account a;

	if (!q)
		return reterr->code;
	exchange_account(x, &a);
	bind_key(q, x);
	sqlite3_bind_int(q, 8, failed);
	sqlite3_bind_int(q, 9, x->cost.source == COST_LOCAL);
	sqlite3_bind_int(q, 10, open);
	sqlite3_bind_int(q, 11, !a.priced && (!failed || open));
	sqlite3_bind_int(q, 12, x->cost.partial);
	sqlite3_bind_int(q, 13, a.cached != COUNT_UNKNOWN);
	sqlite3_bind_int64(q, 14, known(a.input));
	sqlite3_bind_int64(q, 15, known(a.cached));
	sqlite3_bind_int64(q, 16, known(a.output));
	sqlite3_bind_int64(q, 17, a.cached != COUNT_UNKNOWN ? known(a.input) : 0);
	sqlite3_bind_double(q, 18, a.usd);
	return db_run(d, q, reterr);
}

int accounts_add(struct db *d, struct answers *a, const struct exchange *x, int64_t *ret_row,
		 struct error *reterr)
{
	sqlite3_stmt *q;
	int err;

	*ret_row = 0;
	if (!exchange_spends(a, x))
		return 0;
	err = add_sum(d, x, reterr);
	q = err ? NULL : db_query(d, Q_FIND_SPEND, reterr);
	if (!q)
		return reterr->code;
	bind_key(q, x);
	err = db_step(d, q, reterr);
	if (err != 1)
		return err ? err : error_set(reterr, -EBADMSG, "%s: a sum is missing", d->path);
	*ret_row = sqlite3_column_int64(q, 0);
	db_done(q);
	return 0;
}

/* ---- what earlier versions stored ---- */

/* What is left of a record without its pieces tells all but what came before an error, and whether
 * a stream that was cut had stated its end. */
static struct exchange *read_call(struct db *d, int64_t id, struct error *reterr)
{
	struct exchange *x = record_read_rest(d, id, reterr);
	json_t *record;

	if (!x || !(exchange_tokens_unknown(x) || (x->error && x->status < 400)))
		return x;
	exchange_unref(x);
	record = record_read(d, id, reterr);
	x = record ? exchange_from_json(record, reterr) : NULL;
	json_decref(record);
	return x;
}

static int account_one(struct db *d, struct answers *a, int64_t id, struct error *reterr)
{
	struct exchange *x = read_call(d, id, reterr);
	sqlite3_stmt *q = x ? db_query(d, Q_SET_ACCOUNT, reterr) : NULL;
	int64_t row = 0;
	int err = q ? accounts_add(d, a, x, &row, reterr) : reterr->code;

	if (!err) {
		sqlite3_bind_int(q, 1, exchange_went_wrong(x));
		sqlite3_bind_int(q, 2, x->cost.partial);
		sqlite3_bind_int64(q, 3, row);
		bind_text(q, 4, x->rpc_method);
		bind_text(q, 5, x->rpc_name);
		sqlite3_bind_int(q, 6, exchange_tokens_unknown(x));
		sqlite3_bind_int64(q, 7, id);
		err = db_run(d, q, reterr);
	}
	exchange_unref(x);
	return err;
}

/* 1: one more; 0: there was none. */
static int account_next(struct db *d, struct answers **a, int64_t *id, int64_t *run,
			struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_NEXT_UNACCOUNTED, reterr);
	int err;
	int64_t of;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, *id);
	err = db_step(d, q, reterr);
	if (err != 1)
		return err;
	*id = sqlite3_column_int64(q, 0);
	of = sqlite3_column_int64(q, 1);
	db_done(q);
	if (of != *run) {
		answers_free(*a);
		*a = answers_new();
		*run = of;
	}
	err = account_one(d, *a, *id, reterr);
	return err ? err : 1;
}

int accounts_add_rest(struct db *d, struct error *reterr)
{
	struct answers *a = NULL;
	int64_t id = 0, run = 0;
	int err = db_number(d, "SELECT 1 FROM exchange WHERE spend IS NULL LIMIT 1", 0) == 0
			  ? 0
			  : db_exec(d, "BEGIN IMMEDIATE", reterr);

	if (err || sqlite3_get_autocommit(d->sql))
		return err;
	do
		err = account_next(d, &a, &id, &run, reterr);
	while (err == 1);
	answers_free(a);
	if (!err)
		err = db_exec(d, "COMMIT", reterr);
	if (err)
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
