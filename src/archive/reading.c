/* SPDX-License-Identifier: MIT */
#include "archive/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/reading_int.h"
#include "archive/record.h"
#include "base/xalloc.h"
#include "exchange/json.h"
#include "json/read.h"

/* As ROW_COLUMNS has them. */
enum column {
	C_ID,
	C_KIND,
	C_START,
	C_DURATION,
	C_FIRST_TOKEN,
	C_PID,
	C_PROGRAM,
	C_UID,
	C_CGROUP,
	C_HOST,
	C_METHOD,
	C_TARGET,
	C_PROVIDER,
	C_API,
	C_ASKED,
	C_ANSWERED,
	C_STATUS,
	C_FINISH,
	C_ERROR,
	C_INPUT,
	C_CACHED,
	C_WRITTEN,
	C_OUTPUT,
	C_REASONING,
	C_USD,
	C_COST_SOURCE,
	C_CONVERSATION,
	C_TURN,
	C_SESSION,
	C_TWIN,
	C_SCRIPT,
	C_USER,
	C_CONTAINER,
	C_POD,
	C_UNIT,
	C_TITLE,
	C_FAILED,
	C_AT_LEAST,
	C_SPEND,
	C_RPC_METHOD,
	C_RPC_NAME,
	C_NO_TOKENS,
	C_AGENT_SESSION,
	C_AGENT,
	C_AGENT_KIND,
	C_AGENT_PARENT,
	C_BEGUN_BY,
	C_INFERRED,
	C_FOR_PID,
	C_FOR_PROGRAM,
	C_FOR_USER,
	C_CUT,
	C_DID,
	C_BRANCHED_FROM,
	C_KEY_ID,
	C_KEY_HINT,
	C_ALERTS,
	C_ANCESTORS,
};

/* ---- opening ---- */

static int open_any(struct reading *r, struct error *reterr)
{
	struct error why = { 0 };
	int err = db_open_to_read(&r->db, r->path, &why);

	if (err != -ESTALE) {
		*reterr = why;
		return err;
	}
	if (archive_upgrade(r->path, &why) == 0)
		return db_open_to_read(&r->db, r->path, reterr);
	return error_set(reterr, err,
			 "%s was written by an earlier llm-spy, and cannot be brought up to date: "
			 "%s",
			 r->path, why.text);
}

int reading_open(struct reading **ret, const char *path, struct error *reterr)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	int err;

	r->path = xstrdup(path);
	err = open_any(r, reterr);
	if (err) {
		free(r->path);
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void reading_free(struct reading *r)
{
	if (!r)
		return;
	db_close(&r->db);
	free(r->path);
	free(r);
}

/* ---- rows ---- */

static const char *label(struct exchange *x, sqlite3_stmt *q, int at)
{
	const char *text = (const char *)sqlite3_column_text(q, at);

	return text ? exchange_own(x, text) : NULL;
}

/* The number of a name in an enum; `otherwise` where it has none. */
static unsigned number_of(sqlite3_stmt *q, int at, const char *(*name)(unsigned), unsigned last,
			  unsigned otherwise)
{
	const char *text = (const char *)sqlite3_column_text(q, at);

	for (unsigned i = 0; text && i <= last; i++)
		if (strcmp(name(i), text) == 0)
			return i;
	return otherwise;
}

static const char *kind_name(unsigned k)
{
	return exchange_kind_name((enum exchange_kind)k);
}

static const char *source_name(unsigned s)
{
	return cost_source_name((enum cost_source)s);
}

static const char *finish_word(unsigned f)
{
	return finish_name((enum finish)f);
}

/* All times count from an own beginning; what is not known of them stays 0. */
static void read_times(struct exchange *x, sqlite3_stmt *q)
{
	int64_t start = column_count(q, C_START), took = column_count(q, C_DURATION);
	int64_t first = column_count(q, C_FIRST_TOKEN);

	if (start <= 0)
		return;
	x->wall_offset = start - 1;
	x->t.request_first = 1;
	if (took >= 0)
		x->t.response_last = 1 + (uint64_t)took;
	if (first >= 0)
		x->t.first_token = 1 + (uint64_t)first;
	x->stream = first >= 0;
}

static void read_who(struct exchange *x, sqlite3_stmt *q)
{
	x->tgid = (uint32_t)sqlite3_column_int64(q, C_PID);
	x->process = column_text(q, C_PROGRAM);
	x->script = column_text(q, C_SCRIPT);
	x->uid = (uint32_t)sqlite3_column_int64(q, C_UID);
	x->user = column_text(q, C_USER);
	x->cgroup = (uint64_t)sqlite3_column_int64(q, C_CGROUP);
	x->container.name = column_text(q, C_CONTAINER);
	x->container.pod = column_text(q, C_POD);
	x->container.unit = column_text(q, C_UNIT);
	ancestors_read(column_bytes(q, C_ANCESTORS), &x->ancestors);
	x->made_for.tgid = (uint32_t)sqlite3_column_int64(q, C_FOR_PID);
	x->made_for.program = column_text(q, C_FOR_PROGRAM);
	x->made_for.user = column_text(q, C_FOR_USER);
}

static void copy_id(char ret[17], sqlite3_stmt *q, int at)
{
	const char *id = (const char *)sqlite3_column_text(q, at);

	if (id)
		snprintf(ret, 17, "%s", id);
}

static void read_agent(struct exchange *x, sqlite3_stmt *q)
{
	x->agent.session = column_text(q, C_AGENT_SESSION);
	x->agent.id = column_text(q, C_AGENT);
	x->agent.kind = column_text(q, C_AGENT_KIND);
	x->agent.parent = column_text(q, C_AGENT_PARENT);
	copy_id(x->agent.parent_conversation, q, C_BEGUN_BY);
	x->agent.inferred = sqlite3_column_int(q, C_INFERRED);
}

static void read_end(struct exchange *x, sqlite3_stmt *q)
{
	int cut = sqlite3_column_int(q, C_CUT);
	bool failed = sqlite3_column_int(q, C_FAILED);

	x->response_seen = cut < 2;
	x->response_partial = cut == 1;
	x->rpc_failed = failed && x->kind != EXCHANGE_LLM;
	x->did = column_text(q, C_DID);
	/* It may have no type. */
	if (sqlite3_column_type(q, C_ERROR) != SQLITE_NULL ||
	    (failed && !x->rpc_failed && cut < 2 && x->status < 400)) {
		x->error = xcalloc(1, sizeof(*x->error));
		x->error->type = column_text(q, C_ERROR);
	}
}

static void read_call(struct exchange *x, sqlite3_stmt *q)
{
	x->kind = (enum exchange_kind)number_of(q, C_KIND, kind_name, EXCHANGE_HTTP, EXCHANGE_HTTP);
	x->host = column_text(q, C_HOST);
	x->method = column_text(q, C_METHOD);
	x->target = column_text(q, C_TARGET);
	x->rpc_method = column_text(q, C_RPC_METHOD);
	x->rpc_name = column_text(q, C_RPC_NAME);
	x->provider = label(x, q, C_PROVIDER);
	x->api = label(x, q, C_API);
	x->model_asked = column_text(q, C_ASKED);
	x->model_answered = column_text(q, C_ANSWERED);
	x->status = (unsigned)sqlite3_column_int64(q, C_STATUS);
	x->twin_of = (uint64_t)sqlite3_column_int64(q, C_TWIN);
	x->request_seen = true;
	read_end(x, q);
}

static void read_usage(struct exchange *x, sqlite3_stmt *q)
{
	x->usage.input = column_count(q, C_INPUT);
	x->usage.cached_read = column_count(q, C_CACHED);
	x->usage.cache_write_5m = column_count(q, C_WRITTEN);
	x->usage.output = column_count(q, C_OUTPUT);
	x->usage.reasoning = column_count(q, C_REASONING);
	x->cost.source = (enum cost_source)number_of(q, C_COST_SOURCE, source_name, COST_LOCAL,
						     COST_UNKNOWN);
	x->cost.usd = sqlite3_column_double(q, C_USD);
	x->cost.partial = sqlite3_column_int(q, C_AT_LEAST);
	x->tokens = sqlite3_column_int(q, C_NO_TOKENS) ? TOKENS_UNKNOWN : TOKENS_KNOWN;
}

static void read_talk(struct exchange *x, sqlite3_stmt *q)
{
	copy_id(x->conversation.id, q, C_CONVERSATION);
	copy_id(x->conversation.parent, q, C_BRANCHED_FROM);
	x->conversation.turn = (unsigned)sqlite3_column_int64(q, C_TURN);
	x->conversation.title = column_text(q, C_TITLE);
	x->conversation.session = column_text(q, C_SESSION);
	x->choices = xgrow(NULL, 0, sizeof(*x->choices));
	x->nchoices = 1;
	x->choices[0].finish =
		(enum finish)number_of(q, C_FINISH, finish_word, FINISH_OTHER, FINISH_NONE);
}

static void read_told(struct exchange *x, sqlite3_stmt *q)
{
	struct span text = column_bytes(q, C_ALERTS);
	json_t *alerts = text.len ? json_read_own(text) : NULL;

	copy_id(x->key.id, q, C_KEY_ID);
	x->key.hint = label(x, q, C_KEY_HINT);
	json_to_alerts(alerts, &x->alerts);
	json_decref(alerts);
}

int reading_row(void *arg, sqlite3_stmt *q, struct error *reterr)
{
	const struct row_fn *r = arg;
	struct exchange *x = exchange_new((uint64_t)sqlite3_column_int64(q, C_ID), 1);
	int err;

	read_call(x, q);
	read_times(x, q);
	read_who(x, q);
	read_agent(x, q);
	read_usage(x, q);
	read_talk(x, q);
	read_told(x, q);
	err = r->fn(r->arg, x, sqlite3_column_int64(q, C_SPEND) > 0, reterr);
	exchange_unref(x);
	return err;
}

static bool is_by_id(const struct reading_query *q)
{
	return q->after || q->by_id;
}

/* The statement of a query, with its values. */
static sqlite3_stmt *statement(struct db *d, const struct reading_query *of, struct error *reterr)
{
	enum query which = of->id	      ? Q_ONE_ROW
			   : of->number	      ? Q_OF_NUMBER
			   : is_by_id(of)     ? Q_LATER
			   : of->conversation ? Q_OF_CONVERSATION
			   : of->failed	      ? Q_NEWEST_FAILED
			   : of->tools	      ? Q_NEWEST_TOOLS
			   : of->alerted      ? Q_NEWEST_ALERTED
			   : of->oldest_first ? Q_OLDEST_FIRST
					      : Q_NEWEST;
	sqlite3_stmt *q = db_query(d, which, reterr);

	if (!q)
		return NULL;
	if (of->id || of->number || is_by_id(of)) {
		sqlite3_bind_int64(q, 1,
				   (int64_t)(of->id	  ? of->id
					     : of->number ? of->number
							  : of->after));
	} else if (of->conversation) {
		bind_text(q, 1, of->conversation);
		bind_text(q, 2, of->conversation);
	} else {
		sqlite3_bind_int64(q, 1, of->since_ns);
		sqlite3_bind_int64(q, 2, of->until_ns);
	}
	return q;
}

/* Whether those without a time belong to it. */
static bool has_timeless(const struct reading_query *q)
{
	return !q->id && !q->number && !is_by_id(q) && !q->conversation && !q->failed &&
	       !q->tools && !q->alerted && q->since_ns <= 0 && q->until_ns == INT64_MAX;
}

struct counted_rows {
	struct row_fn rows;
	bool enough;
};

static int until_enough(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	struct counted_rows *c = arg;
	int err = c->rows.fn(c->rows.arg, x, spends, reterr);

	c->enough |= err == 1;
	return err;
}

int reading_rows(struct reading *r, const struct reading_query *q, reading_fn fn, void *arg,
		 struct error *reterr)
{
	struct counted_rows c = { .rows = { fn, arg } };
	struct row_fn rows = { until_enough, &c };
	sqlite3_stmt *s = statement(&r->db, q, reterr);
	int err = s ? db_each(&r->db, s, reading_row, &rows, reterr) : reterr->code;

	if (err || c.enough || !has_timeless(q))
		return err;
	s = db_query(&r->db, Q_TIMELESS, reterr);
	return s ? db_each(&r->db, s, reading_row, &rows, reterr) : reterr->code;
}

/* ---- whole records ---- */

/* It names its client's record by a number of its run. */
static int set_twin(struct db *d, struct exchange *x, struct error *reterr)
{
	sqlite3_stmt *q = x->twin_of ? db_query(d, Q_ROW_OF_NUMBER, reterr) : NULL;
	int err;

	if (!q)
		return x->twin_of ? reterr->code : 0;
	sqlite3_bind_int64(q, 1, (int64_t)x->id);
	err = db_step(d, q, reterr);
	if (err == 1) {
		x->twin_of = (uint64_t)sqlite3_column_int64(q, 0);
		db_done(q);
	}
	return err < 0 ? err : 0;
}

struct exchange *reading_whole(struct reading *r, uint64_t id, struct error *reterr)
{
	json_t *record = id <= INT64_MAX ? record_read(&r->db, (int64_t)id, reterr) : NULL;
	struct exchange *x = NULL;

	if (record)
		x = exchange_from_json(record, reterr);
	else if (id > INT64_MAX)
		error_set(reterr, -ENOENT, "%s has no exchange %llu", r->path,
			  (unsigned long long)id);
	json_decref(record);
	if (!x)
		return NULL;
	x->id = id;
	if (set_twin(&r->db, x, reterr) == 0)
		return x;
	exchange_unref(x);
	return NULL;
}

/* ---- sums ---- */

struct sums {
	reading_sum_fn fn;
	void *arg;
};

const char *reading_text(sqlite3_stmt *q, int at)
{
	const char *text = (const char *)sqlite3_column_text(q, at);

	return text ? text : "";
}

static int on_sum(void *arg, sqlite3_stmt *q, struct error *reterr)
{
	const struct sums *s = arg;
	struct reading_sum sum = {
		.quarter = sqlite3_column_int64(q, 0),
		.conversation = reading_text(q, 1),
		.title = reading_text(q, 2),
		.provider = reading_text(q, 3),
		.asked = reading_text(q, 4),
		.answered = reading_text(q, 5),
		.program = reading_text(q, 6),
		.user = reading_text(q, 7),
		.container = reading_text(q, 8),
		.uid = (uint32_t)sqlite3_column_int64(q, 9),
		.owner = reading_text(q, 10),
		.input = sqlite3_column_int64(q, 18),
		.cached = sqlite3_column_int64(q, 19),
		.output = sqlite3_column_int64(q, 20),
		.cache_input = sqlite3_column_int64(q, 21),
		.usd = sqlite3_column_double(q, 22) / 1e12,
	};
	uint64_t *const counts[] = { &sum.calls,   &sum.failed,	  &sum.free,	   &sum.no_tokens,
				     &sum.no_cost, &sum.at_least, &sum.known_cache };

	for (int i = 0; i < 7; i++)
		*counts[i] = (uint64_t)sqlite3_column_int64(q, 11 + i);
	s->fn(s->arg, &sum);
	return 0;
}

int reading_sums(struct reading *r, enum sums_of of, int64_t since, int64_t until,
		 reading_sum_fn fn, void *arg, struct error *reterr)
{
	sqlite3_stmt *q = db_query(&r->db, of == SUMS_OF_TALKS ? Q_TALK_SUMS : Q_SUMS, reterr);
	struct sums s = { fn, arg };

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, since);
	sqlite3_bind_int64(q, 2, until);
	return db_each(&r->db, q, on_sum, &s, reterr);
}
