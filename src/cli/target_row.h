/* SPDX-License-Identifier: MIT */
/* One row of `llm-spy targets`, as JSON (target_json.c) or text (target_text.c). */
#ifndef SPY_CLI_TARGET_ROW_H
#define SPY_CLI_TARGET_ROW_H

#include <stdio.h>

#include "discover/coverage.h"
#include "report/process_stats.h"

/* One line: what can be seen of a process, and what tracers have seen. */
struct target_row {
	const struct coverage *c; /* NULL: it has ended */
	pid_t pid;		  /* 0: several */
	uint64_t processes;	  /* how many */
	const char *program, *status, *reason, *remedy;
	const struct process_row *seen; /* NULL: nobody looks at it */
};

void target_print_json(FILE *out, const struct target_row *r);

/* Where what is known of a process begins, on this terminal. */
unsigned target_detail_column(void);
void target_print_head(FILE *out, unsigned column);
void target_print_text(FILE *out, unsigned column, const struct target_row *r);

#endif
