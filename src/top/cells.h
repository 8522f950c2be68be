/* SPDX-License-Identifier: MIT */
/* The cells of a row of `llm-spy top`, as text that is not made safe yet. */
#ifndef SPY_TOP_CELLS_H
#define SPY_TOP_CELLS_H

#include "top/windows.h"

enum top_column {
#define COLUMN(id, head, left, least, spare, shown, help) T_##id,
#include "top/columns.def"
#undef COLUMN
	TOP_COLUMNS
};

struct top_column_info {
	const char *head, *help;
	bool left, shown;
	unsigned least, spare;
};
extern const struct top_column_info top_columns[TOP_COLUMNS];

/* What cells depend on besides the row. */
struct top_moment {
	bool follows;		     /* it is known what goes on: what was last is some time ago */
	int64_t now_ns;		     /* since 1970 */
	uint64_t monotonic_ns;	     /* the same by the clock of records; 0: theirs is another */
	struct top_windows *windows; /* NULL: of no model */
};

/* The caller frees it. */
char *top_cell(const struct session *r, enum top_column column, const struct top_moment *now,
	       bool utf8);
/* Tokens that came so far of a call under way, nearly: its answer has not told them. */
uint64_t top_streamed_tokens(const struct registry_row *row);

#endif
