/* SPDX-License-Identifier: MIT */
/* The rows of `llm-spy targets`: collected, put in order, and written as JSON (target_json.c) or as
 * a table (target_text.c). */
#ifndef SPY_CLI_TARGET_ROW_H
#define SPY_CLI_TARGET_ROW_H

#include <stdio.h>

#include "discover/coverage.h"
#include "report/process_stats.h"

/* A process, or several that have ended: what can be seen of it, and what tracers have seen. */
struct target_row {
	const struct coverage *c; /* NULL: it has ended */
	pid_t pid;		  /* 0: several */
	uint64_t processes;	  /* how many */
	const char *program, *status, *reason, *remedy;
	const struct process_row *seen; /* NULL: nobody looks at it */
	/* NULL: not known, or there is none. */
	const char *user, *script;
	const char *container, *pod, *unit; /* the container's name, else its id */
};

struct target_rows;
struct target_rows *target_rows_new(void);
void target_rows_free(struct target_rows *t);
/* Copies all but from->c, which is taken and must have been allocated. */
void target_rows_add(struct target_rows *t, const struct target_row *from);
/* Those that talked last come first, then those that cannot be seen; what has ended comes last.
 * *ret_count: how many. */
const struct target_row *target_rows_sorted(struct target_rows *t, size_t *ret_count);

void target_print_json(FILE *out, const struct target_row *r);

struct target_table {
	FILE *out;
	unsigned width; /* columns; 0: lines are as long as they get */
	bool utf8, wide;
	bool counted; /* a tracer runs: calls and bytes are known */
	uint64_t now_ns;
};

/* A line for each row, and what the table has no room for: why some cannot be seen. */
void target_print_table(const struct target_table *t, const struct target_row *rows, size_t count);

#endif
