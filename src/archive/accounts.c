/* SPDX-License-Identifier: MIT */
#include "archive/accounts.h"

#include <errno.h>
#include <stdio.h>

#include "archive/reading.h"
#include "archive/record.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/did.h"
#include "exchange/json.h"
#include "json/write.h"

/* To bring more than these up to date takes seconds. */
#define MANY 20000

static void bind_key(sqlite3_stmt *q, const struct exchange *x)
{
	int64_t began = exchange_began_ns(x);
	struct spender of;

	exchange_spender(x, &of);
	sqlite3_bind_int64(q, 1, began / SUMS_QUARTER_NS);
	bind_text(q, 2, x->provider ? x->provider : "");
	bind_text(q, 3, x->model_asked ? x->model_asked : "");
	bind_text(q, 4, x->model_answered ? x->model_answered : "");
	bind_text(q, 5, of.program);
	bind_text(q, 6, spender_user(&of));
	bind_text(q, 7, exchange_container(x) ? exchange_container(x) : "");
	sqlite3_bind_int64(q, 8, x->uid);
	bind_text(q, 9, x->user ? x->user : "");
}

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

/* From failed to pico_usd, `at` the first of them. */
static void bind_sums(sqlite3_stmt *q, int at, const struct exchange *x)
{
	bool failed = exchange_failed(x), open = exchange_tokens_unknown(x);
	struct account a;

	exchange_account(x, &a);
	sqlite3_bind_int(q, at++, failed);
	sqlite3_bind_int(q, at++, x->cost.source == COST_LOCAL);
	sqlite3_bind_int(q, at++, open);
	sqlite3_bind_int(q, at++, !a.priced && (!failed || open));
	sqlite3_bind_int(q, at++, x->cost.partial);
	sqlite3_bind_int(q, at++, a.cached != COUNT_UNKNOWN);
	sqlite3_bind_int64(q, at++, known(a.input));
	sqlite3_bind_int64(q, at++, known(a.cached));
	sqlite3_bind_int64(q, at++, known(a.output));
	sqlite3_bind_int64(q, at++, a.cached != COUNT_UNKNOWN ? known(a.input) : 0);
	sqlite3_bind_double(q, at, a.usd);
}

static int add_sum(struct db *d, const struct exchange *x, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_ADD_SPEND, reterr);

	if (!q)
		return reterr->code;
	bind_key(q, x);
	bind_sums(q, 10, x);
	return db_run(d, q, reterr);
}

static int add_talk(struct db *d, const struct exchange *x, struct error *reterr)
{
	sqlite3_stmt *q = db_query(d, Q_ADD_TALK, reterr);

	if (!q)
		return reterr->code;
	bind_text(q, 1, x->conversation.id);
	sqlite3_bind_int64(q, 2, exchange_began_ns(x) / SUMS_QUARTER_NS);
	bind_text(q, 3, x->conversation.title ? x->conversation.title : "");
	bind_sums(q, 4, x);
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
	if (!err)
		err = add_talk(d, x, reterr);
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

/* Whether it has all of its answer, a part, or none. */
static int cut_of(const struct exchange *x)
{
	bool cut = x->response_partial || x->response_body.state == BODY_CUT;

	return x->response_seen ? cut : 2;
}

static int bind_agent(sqlite3_stmt *q, int at, const struct exchange *x)
{
	const struct agent *a = &x->agent;

	bind_text(q, at++, a->session);
	bind_text(q, at++, agent_name(a));
	bind_text(q, at++, a->kind);
	bind_text(q, at++, a->parent);
	bind_text(q, at++, a->parent_conversation[0] ? a->parent_conversation : NULL);
	sqlite3_bind_int(q, at++, a->inferred);
	if (x->made_for.tgid)
		sqlite3_bind_int64(q, at, x->made_for.tgid);
	bind_text(q, at + 1, x->made_for.program);
	bind_text(q, at + 2, x->made_for.user);
	return at + 3;
}

/* Those of version 8, from key_id to ancestors; what comes after them is at the place returned. */
static int bind_rest(sqlite3_stmt *q, int at, const struct exchange *x)
{
	json_t *alerts = x->alerts.count ? json_of_alerts(&x->alerts) : NULL;
	AUTO_FREE char *text = alerts ? json_write_text(alerts) : NULL;
	struct buf ancestors;

	json_decref(alerts);
	buf_init(&ancestors, 256);
	ancestors_write(&x->ancestors, &ancestors);
	/* NULL is what nobody has looked for yet. */
	bind_text(q, at++, x->key.id);
	bind_text(q, at++, x->key.hint);
	bind_text(q, at++, text);
	bind_text(q, at++, ancestors.ptr);
	buf_done(&ancestors);
	return at;
}

void accounts_bind(sqlite3_stmt *q, int at, const struct exchange *x, int64_t row)
{
	AUTO_FREE char *did = x->kind == EXCHANGE_LLM ? exchange_did(x) : NULL;

	sqlite3_bind_int(q, at++, exchange_went_wrong(x));
	sqlite3_bind_int(q, at++, x->cost.partial);
	sqlite3_bind_int64(q, at++, row);
	bind_text(q, at++, x->rpc_method);
	bind_text(q, at++, x->rpc_name);
	sqlite3_bind_int(q, at++, exchange_tokens_unknown(x));
	at = bind_agent(q, at, x);
	sqlite3_bind_int(q, at++, cut_of(x));
	bind_text(q, at++, did);
	bind_text(q, at++, x->conversation.parent[0] ? x->conversation.parent : NULL);
	bind_rest(q, at, x);
}

/* ---- what earlier versions stored ---- */

/* What is left of a record without its pieces tells all but what came before an error, whether a
 * stream that was cut had stated its end, and what the answer did. */
static struct exchange *read_call(struct db *d, int64_t id, struct error *reterr)
{
	struct exchange *x = record_read_rest(d, id, reterr);
	json_t *record;

	if (!x || x->kind != EXCHANGE_LLM)
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
		accounts_bind(q, 1, x, row);
		sqlite3_bind_int64(q, 23, id);
		err = db_run(d, q, reterr);
	}
	exchange_unref(x);
	return err;
}

/* Of a row that has all but what version 8 added. A record that cannot be read tells nothing, and
 * keeps nobody from the others. */
static int complete_one(struct db *d, int64_t id, struct error *reterr)
{
	struct exchange *x = record_read_rest(d, id, reterr);
	sqlite3_stmt *q = db_query(d, Q_SET_REST, reterr);
	int err = q ? 0 : reterr->code;

	if (!x)
		x = exchange_new((uint64_t)id, 1);
	if (q) {
		sqlite3_bind_int64(q, bind_rest(q, 1, x), id);
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
	int64_t of;
	bool all;
	int err;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, *id);
	err = db_step(d, q, reterr);
	if (err != 1)
		return err;
	*id = sqlite3_column_int64(q, 0);
	of = sqlite3_column_int64(q, 1);
	all = sqlite3_column_int(q, 2);
	db_done(q);
	if (of != *run) {
		answers_free(*a);
		*a = answers_new();
		*run = of;
	}
	err = all ? account_one(d, *a, *id, reterr) : complete_one(d, *id, reterr);
	return err ? err : 1;
}

/* Some 0.1 ms each. */
static void say_how_many(struct db *d)
{
	int64_t count = db_number(d, "SELECT count(*) FROM exchange WHERE key_id IS NULL", 0);

	if (count >= MANY)
		log_say("%s was written by an earlier llm-spy: its %lld exchanges are read once",
			d->path, (long long)count);
}

int accounts_add_rest(struct db *d, struct error *reterr)
{
	struct answers *a = NULL;
	int64_t id = 0, run = 0;
	int err = db_number(d, "SELECT 1 FROM exchange WHERE key_id IS NULL LIMIT 1", 0) == 0
			  ? 0
			  : db_exec(d, "BEGIN IMMEDIATE", reterr);

	if (err || sqlite3_get_autocommit(d->sql))
		return err;
	say_how_many(d);
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
