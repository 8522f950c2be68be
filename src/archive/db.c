/* SPDX-License-Identifier: MIT */
#include "archive/db.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "exchange/exchange.h"

/* In the file's header: "llsp". */
#define APPLICATION_ID 0x6c6c7370
/* Another writer locks the file for as long as one batch takes. */
#define WAIT_MS	     10000
#define READ_WAIT_MS 2000
/* Checking every page of a larger file would take seconds. */
#define CHECKED_MAX (256ll << 20)

static const char *const query_texts[] = {
#define QUERY(id, text) text,
#include "archive/queries.def"
#undef QUERY
};

static const char *const migrations[] = {
#define MIGRATION(version, text) text,
#include "archive/migrations.def"
#undef MIGRATION
};
#define SCHEMA_VERSION ((int64_t)(sizeof(migrations) / sizeof(*migrations)))

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

int db_fail(struct db *d, struct error *reterr)
{
	int code = sqlite3_errcode(d->sql);

	if ((code & 0xff) == SQLITE_BUSY)
		return error_set(reterr, -EBUSY, "%s is locked by another program", d->path);
	/* Which of these SQLite says of a full disk depends on the file that it was writing. */
	if ((code & 0xff) == SQLITE_FULL || sqlite3_system_errno(d->sql) == ENOSPC)
		return error_set(reterr, -ENOSPC, "%s: %s", d->path, strerror(ENOSPC));
	return error_set(reterr, errno_of(code), "%s: %s", d->path, sqlite3_errmsg(d->sql));
}

int db_exec(struct db *d, const char *text, struct error *reterr)
{
	return sqlite3_exec(d->sql, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(d, reterr);
}

sqlite3_stmt *db_query(struct db *d, enum query q, struct error *reterr)
{
	if (!d->stmts[q] &&
	    sqlite3_prepare_v3(d->sql, query_texts[q], -1, SQLITE_PREPARE_PERSISTENT, &d->stmts[q],
			       NULL) != SQLITE_OK)
		db_fail(d, reterr);
	return d->stmts[q];
}

void db_done(sqlite3_stmt *q)
{
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
}

int db_step(struct db *d, sqlite3_stmt *q, struct error *reterr)
{
	int code = sqlite3_step(q);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE) {
		db_done(q);
		return 0;
	}
	db_fail(d, reterr);
	db_done(q);
	return reterr->code;
}

int db_run(struct db *d, sqlite3_stmt *q, struct error *reterr)
{
	int err = db_step(d, q, reterr);

	if (err == 1)
		db_done(q);
	return err < 0 ? err : 0;
}

int64_t db_number(struct db *d, const char *text, int64_t otherwise)
{
	sqlite3_stmt *q = NULL;
	int64_t n = otherwise;

	if (sqlite3_prepare_v2(d->sql, text, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

void bind_text(sqlite3_stmt *q, int at, const char *s)
{
	if (s)
		sqlite3_bind_text(q, at, s, -1, SQLITE_TRANSIENT);
}

void bind_count(sqlite3_stmt *q, int at, int64_t n)
{
	if (n != COUNT_UNKNOWN)
		sqlite3_bind_int64(q, at, n);
}

void bind_bytes(sqlite3_stmt *q, int at, struct span s)
{
	sqlite3_bind_blob64(q, at, s.len ? (const void *)s.ptr : "", s.len, SQLITE_STATIC);
}

void bind_string(sqlite3_stmt *q, int at, struct span s)
{
	sqlite3_bind_text64(q, at, s.len ? (const char *)s.ptr : "", s.len, SQLITE_STATIC,
			    SQLITE_UTF8);
}

struct span column_bytes(sqlite3_stmt *q, int at)
{
	const void *ptr = sqlite3_column_blob(q, at);

	return span_of(ptr, ptr ? (size_t)sqlite3_column_bytes(q, at) : 0);
}

char *column_text(sqlite3_stmt *q, int at)
{
	const char *text = (const char *)sqlite3_column_text(q, at);

	return text ? xstrdup(text) : NULL;
}

int64_t column_count(sqlite3_stmt *q, int at)
{
	return sqlite3_column_type(q, at) == SQLITE_NULL ? COUNT_UNKNOWN
							 : sqlite3_column_int64(q, at);
}

int db_each(struct db *d, sqlite3_stmt *q, db_row_fn fn, void *arg, struct error *reterr)
{
	int err = 0;

	while (!err && (err = db_step(d, q, reterr)) == 1)
		err = fn(arg, q, reterr);
	db_done(q);
	return err == 1 ? 0 : err;
}

/* ---- opening ---- */

static int migrate(struct db *d, int64_t from, struct error *reterr)
{
	char pragma[64];
	int err = 0;

	if (from == SCHEMA_VERSION)
		return 0;
	if (from > 0)
		log_debug("archive", "%s is brought from schema %d to %d", d->path, (int)from,
			  (int)SCHEMA_VERSION);
	for (int64_t v = from; v < SCHEMA_VERSION && !err; v++)
		err = db_exec(d, migrations[v], reterr);
	snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, (int)SCHEMA_VERSION);
	return err ? err : db_exec(d, pragma, reterr);
}

/* The schema's version, 0 of an empty file; or -errno for a file that is not ours to change. */
static int64_t check_version(struct db *d, struct error *reterr)
{
	int64_t id = db_number(d, "PRAGMA application_id", -1);
	int64_t version = id < 0 ? -1 : db_number(d, "PRAGMA user_version", -1);
	/* A schema of several pages may be damaged where the header is not. */
	int64_t tables = version < 0 ? -1 : db_number(d, "SELECT count(*) FROM sqlite_master", -1);

	if (tables < 0)
		return db_fail(d, reterr);
	if (id == 0 && version == 0 && tables == 0)
		return 0;
	if (id != APPLICATION_ID || version < 1)
		return error_set(reterr, -EBADMSG, "%s is a database of another program", d->path);
	if (version > SCHEMA_VERSION)
		return error_set(reterr, -ENOTSUP,
				 "%s was written by a newer llm-spy: its schema is %d, this one "
				 "knows %d",
				 d->path, (int)version, (int)SCHEMA_VERSION);
	return version;
}

static int make_index(struct db *d, struct error *reterr)
{
	d->has_index =
		db_number(d, "SELECT count(*) FROM sqlite_master WHERE name = 'search'", 0) > 0;
	if (sqlite3_compileoption_used("ENABLE_FTS5")) {
		if (!d->has_index &&
		    db_exec(d,
			    "CREATE VIRTUAL TABLE search USING fts5(said, thought, "
			    "tools, content='')",
			    reterr) != 0)
			return reterr->code;
		d->has_index = true;
		return 0;
	}
	if (d->has_index)
		return error_set(reterr, -ENOTSUP,
				 "%s has a text index, and this host's SQLite lacks FTS5", d->path);
	log_warn("archive",
		 "this host's SQLite lacks FTS5: what %s holds cannot be searched by its text",
		 d->path);
	return 0;
}

static int check_pages(struct db *d, struct error *reterr)
{
	int64_t size = db_number(d, "PRAGMA page_count", 0) * db_number(d, "PRAGMA page_size", 0);
	sqlite3_stmt *q = NULL;
	const char *said = NULL;
	int err = 0;

	if (size > CHECKED_MAX)
		return 0;
	if (sqlite3_prepare_v2(d->sql, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW)
		err = db_fail(d, reterr);
	else
		said = (const char *)sqlite3_column_text(q, 0);
	if (!err && (!said || strcmp(said, "ok") != 0))
		err = error_set(reterr, -EBADMSG, "%s is damaged: %.200s", d->path,
				said ? said : "no answer");
	sqlite3_finalize(q);
	return err;
}

static int upgrade(struct db *d, struct error *reterr)
{
	int64_t version;
	int err = db_exec(d, "BEGIN IMMEDIATE", reterr);

	if (err)
		return err;
	/* Once more: another llm-spy may have done it meanwhile. */
	version = check_version(d, reterr);
	err = version < 0 ? (int)version : migrate(d, version, reterr);
	if (!err)
		err = make_index(d, reterr);
	if (!err)
		err = db_exec(d, "COMMIT", reterr);
	if (err)
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static int set_up(struct db *d, struct error *reterr)
{
	/* auto_vacuum counts before there is a table only. */
	static const char pragmas[] = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; "
				      "PRAGMA cell_size_check = ON;"
				      "PRAGMA journal_size_limit = 67108864";
	int64_t version;
	int err;

	sqlite3_busy_timeout(d->sql, WAIT_MS);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	version = check_version(d, reterr);
	if (version < 0)
		return (int)version;
	err = version ? check_pages(d, reterr) : 0;
	if (!err)
		err = db_exec(d, pragmas, reterr);
	return err ? err : upgrade(d, reterr);
}

int db_open(struct db *d, const char *path, struct error *reterr)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	int err;

	*d = (struct db){ .path = path };
	if (sqlite3_open_v2(path, &d->sql, flags, NULL) != SQLITE_OK)
		err = db_fail(d, reterr);
	else
		err = set_up(d, reterr);
	if (err)
		db_close(d);
	return err;
}

/* ---- for reading ---- */

static int set_up_to_read(struct db *d, struct error *reterr)
{
	static const char pragmas[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
				      "PRAGMA query_only = ON; PRAGMA cache_size = -65536";
	int64_t version;

	sqlite3_busy_timeout(d->sql, READ_WAIT_MS);
	sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	version = check_version(d, reterr);
	if (version < 0)
		return (int)version;
	/* Or whoever brought it up to date did not come to the end. */
	if (version < SCHEMA_VERSION ||
	    db_number(d, "SELECT 1 FROM exchange WHERE key_id IS NULL LIMIT 1", 0) == 1)
		return error_set(reterr, -ESTALE, "%s is of an earlier llm-spy", d->path);
	d->has_index =
		sqlite3_compileoption_used("ENABLE_FTS5") &&
		db_number(d, "SELECT count(*) FROM sqlite_master WHERE name = 'search'", 0) > 0;
	return db_exec(d, pragmas, reterr);
}

/* "file:PATH?immutable=1": for who may not write to the directory, where SQLite would make files
 * beside it. Nobody has it open for writing, or these were there. */
static char *unchanging(const char *path)
{
	struct buf uri;

	buf_init(&uri, 3 * strlen(path) + 64);
	buf_adds(&uri, "file:");
	for (const char *c = path; *c; c++)
		if (strchr("%?#", *c))
			buf_addf(&uri, "%%%02x", (unsigned)(unsigned char)*c);
		else
			buf_addc(&uri, *c);
	buf_adds(&uri, "?immutable=1");
	return buf_take(&uri);
}

static int try_to_read(struct db *d, const char *name, int flags, struct error *reterr)
{
	int err;

	flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(name, &d->sql, flags, NULL) != SQLITE_OK)
		err = db_fail(d, reterr);
	else
		err = set_up_to_read(d, reterr);
	if (err)
		db_close(d);
	return err;
}

int db_open_to_read(struct db *d, const char *path, struct error *reterr)
{
	AUTO_FREE char *log = xasprintf("%s-wal", path), *uri = unchanging(path);
	struct error first, second;
	int err;

	*d = (struct db){ .path = path };
	err = try_to_read(d, path, 0, &first);
	if ((err == -EIO || err == -EACCES) && access(log, F_OK) != 0 &&
	    try_to_read(d, uri, SQLITE_OPEN_URI, &second) == 0)
		return 0;
	if (err)
		*reterr = first;
	return err;
}

void db_close(struct db *d)
{
	for (size_t i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(d->stmts[i]);
	memset(d->stmts, 0, sizeof(d->stmts));
	sqlite3_close(d->sql);
	d->sql = NULL;
#ifdef HAVE_ZSTD
	ZSTD_freeCCtx(d->zstd);
	d->zstd = NULL;
#endif
}
