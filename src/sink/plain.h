/* SPDX-License-Identifier: MIT */
/* Traffic as text in a file that people open: line ends and tabs stay, control characters and those
 * that hide or reorder text are escaped. */
#ifndef SPY_SINK_PLAIN_H
#define SPY_SINK_PLAIN_H

#include "base/safe_text.h"

/* The character at the front of `s`, which is not empty, as safe_text_next has it; "\r\n" is one
 * line end. */
void plain_next(struct span s, uint32_t before, struct safe_char *ret);
/* The first `lines` lines; 0: all. *ret_more: how many lines follow. */
struct span plain_lines(struct span s, unsigned lines, size_t *ret_more);

#endif
