/* SPDX-License-Identifier: MIT */
/* Shared by the files that write a page. */
#ifndef SPY_SINK_PAGE_INT_H
#define SPY_SINK_PAGE_INT_H

#include "base/safe_text.h"
#include "sink/page.h"

/* Columns of a row where lines are not wrapped. */
#define PAGE_UNWRAPPED 240
/* However many marks combine with a letter. */
#define PAGE_COLUMN_BYTES ((size_t)16)

unsigned page_ellipsis_columns(const struct page *p);
/* How many columns the character at the front takes: a tab leads to the next stop of the text. */
unsigned page_next_char(const struct page *p, struct span s, unsigned column, uint32_t before,
			struct safe_char *ret);
/* How much of s fits in `max` columns. */
struct span page_fitting(const struct page *p, struct span s, unsigned max);

#endif
