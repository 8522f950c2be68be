/* SPDX-License-Identifier: MIT */
#include "archive/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/json.h"
#include "archive/accounts.h"
#include "archive/content.h"
#include "archive/private_file.h"
#include "archive/record.h"
#include "archive/retain.h"
#include "json/write.h"

/* So much waits at most, and is written together: what a kill can take. */
#define BATCH_COUNT 256
#define BATCH_BYTES ((size_t)16 << 20)
/* So much waits while the file cannot be written. */
#define WAIT_COUNT 4096
#define WAIT_BYTES ((size_t)256 << 20)

struct archive {
	struct db db;
	char *path;
	struct archive_options o;
	int64_t run;
	struct exchange **waiting;
	size_t count, bytes;
	struct retention retention;
	struct answers *answers;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- opening ---- */

/* A version 4 UUID. */
static void make_uuid(char ret[37])
{
	uint8_t b[16] = { 0 };
	size_t at = 0;

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		for (size_t i = 0; i < 8; i++)
			b[i] = (uint8_t)((uint64_t)now_ns() >> 8 * i) ^ (uint8_t)getpid();
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(b); i++)
		at += (size_t)snprintf(ret + at, 37 - at, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

static int add_run(struct archive *s, struct error *reterr)
{
	sqlite3_stmt *q = db_query(&s->db, Q_ADD_RUN, reterr);
	char uuid[37], host[256] = "";
	int err;

	if (!q)
		return reterr->code;
	make_uuid(uuid);
	gethostname(host, sizeof(host) - 1);
	bind_text(q, 1, uuid);
	sqlite3_bind_int64(q, 2, now_ns());
	bind_text(q, 3, host);
	bind_text(q, 4, PACKAGE_VERSION);
	err = db_run(&s->db, q, reterr);
	s->run = sqlite3_last_insert_rowid(s->db.sql);
	return err;
}

/* What earlier versions left out. */
static int complete(struct db *d, struct error *reterr)
{
	int err = content_index_rest(d, reterr);

	return err ? err : accounts_add_rest(d, reterr);
}

int archive_upgrade(const char *path, struct error *reterr)
{
	AUTO_FREE char *real = private_file(path, PRIVATE_AS_IS, reterr);
	struct db d;
	int err = real ? db_open(&d, real, reterr) : reterr->code;

	if (err)
		return err;
	err = complete(&d, reterr);
	db_close(&d);
	return err;
}

int archive_open(struct archive **ret, const char *path, const struct archive_options *o,
		 struct error *reterr)
{
	struct archive *s = xcalloc(1, sizeof(*s));
	int err;

	s->o = *o;
	s->answers = answers_new();
	s->path = private_file(path, o->has_group ? (long)o->group : PRIVATE_NOBODY, reterr);
	err = s->path ? db_open(&s->db, s->path, reterr) : reterr->code;
	if (!err && o->wait_ms)
		sqlite3_busy_timeout(s->db.sql, (int)o->wait_ms);
	if (!err)
		err = complete(&s->db, reterr);
	if (!err)
		err = add_run(s, reterr);
	if (err) {
		archive_free(s);
		return err;
	}
	*ret = s;
	return 0;
}

static void let_go(struct archive *s)
{
	for (size_t i = 0; i < s->count; i++)
		exchange_unref(s->waiting[i]);
	s->count = s->bytes = 0;
}

void archive_free(struct archive *s)
{
	if (!s)
		return;
	let_go(s);
	free(s->waiting);
	db_close(&s->db);
	answers_free(s->answers);
	free(s->path);
	free(s);
}

/* ---- writing ---- */

/* The pieces of one record: its row comes after their contents, and before they refer to it. */
struct piece {
	enum place place;
	size_t position;
	int64_t content;
};

struct pieces {
	struct db *db;
	struct piece *items;
	size_t count;
	struct error *reterr;
};

static int add_piece(void *arg, enum place place, size_t position, enum content_kind kind,
		     struct span bytes)
{
	struct pieces *p = arg;
	struct piece one = { .place = place, .position = position };
	int err = content_put(p->db, kind, bytes, &one.content, p->reterr);

	if (err)
		return err;
	p->items = xgrow(p->items, p->count, sizeof(*p->items));
	p->items[p->count++] = one;
	return 0;
}

static int add_pieces(const struct pieces *p, int64_t exchange)
{
	sqlite3_stmt *q = db_query(p->db, Q_ADD_PIECE, p->reterr);
	int err = q ? 0 : p->reterr->code;

	for (size_t i = 0; i < p->count && !err; i++) {
		sqlite3_bind_int64(q, 1, exchange);
		sqlite3_bind_int(q, 2, p->items[i].place);
		sqlite3_bind_int64(q, 3, (int64_t)p->items[i].position);
		sqlite3_bind_int64(q, 4, p->items[i].content);
		err = db_run(p->db, q, p->reterr);
	}
	return err;
}

static void bind_who(sqlite3_stmt *q, const struct exchange *x)
{
	bind_text(q, 7, exchange_kind_name(x->kind));
	sqlite3_bind_int64(q, 8, x->tgid);
	bind_text(q, 9, x->process);
	sqlite3_bind_int64(q, 10, x->uid);
	sqlite3_bind_int64(q, 11, (int64_t)x->cgroup);
	bind_text(q, 12, x->host);
	bind_text(q, 13, x->method);
	bind_text(q, 14, x->target);
	bind_text(q, 15, x->provider);
	bind_text(q, 16, x->api);
	bind_text(q, 17, x->model_asked);
	bind_text(q, 18, x->model_answered);
}

static void bind_names(sqlite3_stmt *q, const struct exchange *x)
{
	bind_text(q, 39, x->script);
	bind_text(q, 40, x->user);
	bind_text(q, 41, exchange_container(x));
	bind_text(q, 42, x->container.pod);
	bind_text(q, 43, x->container.unit);
	bind_text(q, 44, x->conversation.title);
}

static void bind_account(sqlite3_stmt *q, const struct exchange *x)
{
	struct account a;

	exchange_account(x, &a);
	bind_count(q, 4, a.start_ns);
	bind_count(q, 5, a.duration_ns);
	bind_count(q, 6, a.first_token_ns);
	bind_count(q, 19, a.status);
	bind_text(q, 20, a.finish);
	bind_text(q, 21, a.error_type);
	bind_count(q, 22, a.input);
	bind_count(q, 23, a.cached);
	bind_count(q, 24, a.written);
	bind_count(q, 25, a.output);
	bind_count(q, 26, a.reasoning);
	if (a.priced)
		sqlite3_bind_double(q, 27, a.usd);
	bind_text(q, 28, a.cost_source);
	sqlite3_bind_int(q, 29, exchange_complete(x));
	sqlite3_bind_int64(q, 30, (int64_t)exchange_missing(x));
	bind_text(q, 31, a.conversation);
	bind_count(q, 32, a.turn);
	bind_text(q, 33, x->conversation.session);
	bind_count(q, 34, a.tool_calls);
	bind_count(q, 45, x->counted);
	if (x->twin_of)
		sqlite3_bind_int64(q, 35, (int64_t)x->twin_of);
}

static int add_row(struct archive *s, const struct exchange *x, struct span record,
		   struct error *reterr)
{
	sqlite3_stmt *q = db_query(&s->db, Q_ADD_EXCHANGE, reterr);
	struct packed packed;
	int64_t spend;
	int err = q ? accounts_add(&s->db, s->answers, x, &spend, reterr) : reterr->code;

	if (err)
		return err;
	content_pack(&s->db, &packed, record);
	sqlite3_bind_int64(q, 1, s->run);
	sqlite3_bind_int64(q, 2, (int64_t)x->id);
	sqlite3_bind_int64(q, 3, now_ns());
	bind_who(q, x);
	bind_account(q, x);
	bind_names(q, x);
	sqlite3_bind_int64(q, 36, (int64_t)record.len);
	sqlite3_bind_int(q, 37, packed.coding);
	bind_bytes(q, 38, packed.bytes);
	accounts_bind(q, 46, x, spend);
	err = db_run(&s->db, q, reterr);
	packed_done(&packed);
	return err;
}

/* 1: the record is there already; 0; or -errno. */
static int is_there(struct archive *s, const struct exchange *x, struct error *reterr)
{
	sqlite3_stmt *q = db_query(&s->db, Q_FIND_EXCHANGE, reterr);
	int found;

	if (!q)
		return reterr->code;
	sqlite3_bind_int64(q, 1, s->run);
	sqlite3_bind_int64(q, 2, (int64_t)x->id);
	found = db_step(&s->db, q, reterr);
	if (found == 1)
		db_done(q);
	return found;
}

static int write_one(struct archive *s, const struct exchange *x, struct error *reterr)
{
	struct pieces pieces = { .db = &s->db, .reterr = reterr };
	AUTO_FREE char *rest = NULL;
	json_t *record;
	int err = is_there(s, x, reterr);

	if (err)
		return err == 1 ? 0 : err;
	record = exchange_to_json(x, s->o.bodies ? EXCHANGE_JSON_BODIES : 0);
	err = split_record(record, add_piece, &pieces);
	rest = json_write_text(record);
	if (!err)
		err = add_row(s, x, span_str(rest), reterr);
	if (!err)
		err = add_pieces(&pieces, sqlite3_last_insert_rowid(s->db.sql));
	free(pieces.items);
	json_decref(record);
	return err;
}

/* A record that cannot be stored is left out, and does not keep the others waiting for ever. */
static int try_one(struct archive *s, const struct exchange *x, struct error *reterr)
{
	int err = db_exec(&s->db, "SAVEPOINT one", reterr);

	if (!err)
		err = write_one(s, x, reterr);
	if (err == -E2BIG) {
		log_warn("archive", "exchange %llu is not stored: %s", (unsigned long long)x->id,
			 reterr->text);
		err = db_exec(&s->db, "ROLLBACK TO one", reterr);
	}
	return err ? err : db_exec(&s->db, "RELEASE one", reterr);
}

static int write_waiting(struct archive *s, struct error *reterr)
{
	int err;

	if (!s->count)
		return 0;
	err = db_exec(&s->db, "BEGIN IMMEDIATE", reterr);
	if (err)
		return err;
	for (size_t i = 0; i < s->count && !err; i++)
		err = try_one(s, s->waiting[i], reterr);
	if (!err)
		err = db_exec(&s->db, "COMMIT", reterr);
	if (err)
		sqlite3_exec(s->db.sql, "ROLLBACK", NULL, NULL, NULL);
	else
		let_go(s);
	return err;
}

int archive_add(struct archive *s, const struct exchange *x, struct error *reterr)
{
	int err = 0;

	if (s->count >= BATCH_COUNT || s->bytes >= BATCH_BYTES)
		err = write_waiting(s, reterr);
	if (err && (s->count >= WAIT_COUNT || s->bytes >= WAIT_BYTES))
		return err;
	s->waiting = xgrow(s->waiting, s->count, sizeof(*s->waiting));
	s->waiting[s->count++] = exchange_ref(x);
	s->bytes += exchange_bytes(x);
	return 0;
}

int archive_flush(struct archive *s, struct error *reterr)
{
	return write_waiting(s, reterr);
}

int archive_tick(struct archive *s, struct error *reterr)
{
	int err = write_waiting(s, reterr);

	return err ? err : retain(&s->retention, &s->db, &s->o, now_ns(), reterr);
}

/* ---- reading ---- */

json_t *archive_read(struct archive *s, int64_t id, struct error *reterr)
{
	return record_read(&s->db, id, reterr);
}
