/* SPDX-License-Identifier: MIT */
/* The database file: opening, versions, statements. */
#ifndef SPY_ARCHIVE_DB_H
#define SPY_ARCHIVE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

/* What is read of a row without its record. */
#define ROW_COLUMNS                                                                                \
	"id, kind, start_ns, duration_ns, first_token_ns, pid, program, uid, cgroup, "             \
	"host, method, target, provider, api, model_asked, model_answered, status, "               \
	"finish, error_type, input, cached, written, output, reasoning, usd, "                     \
	"cost_source, conversation, turn, session, twin_of, script, user, container, "             \
	"pod, unit, title, failed, at_least, spend, rpc_method, rpc_name, no_tokens, "             \
	"agent_session, agent, agent_kind, agent_parent, begun_by, inferred, for_pid, "            \
	"for_program, for_user, cut, did, branched_from, key_id, key_hint, alerts, ancestors"

/* Prepared when first used, and kept. */
enum query {
#define QUERY(id, text) Q_##id,
#include "archive/queries.def"
#undef QUERY
	QUERY_COUNT
};

struct db {
	sqlite3 *sql;
	const char *path;
	sqlite3_stmt *stmts[QUERY_COUNT];
	bool has_index; /* the text index is there */
	void *zstd;	/* compressor, made when first needed */
};

/* 0, or -errno with a reason that names the file. `path` has to outlive the database. */
int db_open(struct db *d, const char *path, struct error *reterr);
/* The same for reading alone, whoever may write it. -ESTALE: it is of an earlier version. */
int db_open_to_read(struct db *d, const char *path, struct error *reterr);
void db_close(struct db *d);

int db_exec(struct db *d, const char *text, struct error *reterr);
/* A statement with its values still to be bound. NULL with a reason. */
sqlite3_stmt *db_query(struct db *d, enum query q, struct error *reterr);
/* Runs a statement that has at most one row: 1 if it has one, which can be read until db_done; 0;
 * or -errno with a reason. */
int db_step(struct db *d, sqlite3_stmt *q, struct error *reterr);
void db_done(sqlite3_stmt *q);
/* Runs a statement for what it does, and ends it. */
int db_run(struct db *d, sqlite3_stmt *q, struct error *reterr);
/* Why the last call failed. */
int db_fail(struct db *d, struct error *reterr);
/* Runs a statement with rows: fn returns 0 to go on, 1 when it has enough, or -errno. 0 or -errno.
 */
typedef int (*db_row_fn)(void *arg, sqlite3_stmt *q, struct error *reterr);
int db_each(struct db *d, sqlite3_stmt *q, db_row_fn fn, void *arg, struct error *reterr);
/* The first column of the first row; `otherwise` where there is none. */
int64_t db_number(struct db *d, const char *text, int64_t otherwise);

void bind_text(sqlite3_stmt *q, int at, const char *s);	  /* NULL: null */
void bind_count(sqlite3_stmt *q, int at, int64_t n);	  /* COUNT_UNKNOWN: null */
void bind_bytes(sqlite3_stmt *q, int at, struct span s);  /* borrowed until the statement ends */
void bind_string(sqlite3_stmt *q, int at, struct span s); /* the same, as text */
struct span column_bytes(sqlite3_stmt *q, int at);	  /* valid until the next step */
char *column_text(sqlite3_stmt *q, int at);		  /* a copy; NULL for null */
int64_t column_count(sqlite3_stmt *q, int at);		  /* COUNT_UNKNOWN for null */

#endif
