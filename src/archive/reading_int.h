/* SPDX-License-Identifier: MIT */
/* What the files that read an archive share. */
#ifndef SPY_ARCHIVE_READING_INT_H
#define SPY_ARCHIVE_READING_INT_H

#include "archive/db.h"
#include "archive/reading.h"

struct reading {
	struct db db;
	char *path;
};

struct row_fn {
	reading_fn fn;
	void *arg;
};

/* "" for NULL; as long as the row. */
const char *reading_text(sqlite3_stmt *q, int at);

/* A db_row_fn with a struct row_fn: what a row of ROW_COLUMNS tells. */
int reading_row(void *arg, sqlite3_stmt *q, struct error *reterr);

#endif
