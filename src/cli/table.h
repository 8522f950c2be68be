/* SPDX-License-Identifier: MIT */
/* A table for people, as JSON lines or as CSV, of the same cells. */
#ifndef SPY_CLI_TABLE_H
#define SPY_CLI_TABLE_H

#include <stdio.h>

#include "base/error.h"
#include "base/span.h"

enum table_form { TABLE_TEXT, TABLE_JSON, TABLE_CSV };

enum cell_kind {
	CELL_NUMBER,
	CELL_TOKENS,
	CELL_USD,
	CELL_DURATION, /* ns */
	CELL_MOMENT,   /* ns since 1970 */
	CELL_TEXT,
};

struct column {
	const char *head; /* for people; NULL: they are not shown it */
	const char *name; /* in JSON and CSV; NULL: it is for people */
	enum cell_kind kind;
	/* Of a text, and of a moment with seconds: columns it has at least where the table is too
	 * wide; 0: it keeps its own. */
	unsigned least;
};

struct table;
/* `columns` ends with one without any name, and outlives the table. */
struct table *table_new(const struct column *columns, enum table_form form);
void table_free(struct table *t); /* accepts NULL */

/* The cells of a row, from left to right. Unknown are COUNT_UNKNOWN, NULL, and what is skipped. */
void table_number(struct table *t, int64_t n);
void table_usd(struct table *t, double usd);
void table_text(struct table *t, const char *text);
void table_span(struct table *t, struct span text);
void table_skip(struct table *t);
/* What people see in place of the last cell. */
void table_shown(struct table *t, const char *text);

/* So many columns of a moment have all but its seconds. */
#define MOMENT_LEAST 11

/* All rows; a text that is too long for `width` ends in "...". */
void table_print(const struct table *t, FILE *out, unsigned width, bool utf8);
size_t table_rows(const struct table *t);
/* The last row stands below a line. */
void table_has_total(struct table *t);

#endif
