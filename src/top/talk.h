/* SPDX-License-Identifier: MIT */
/* What one agent said: its calls at the left, the chosen one at the right, from one of its sides.
 */
#ifndef SPY_TOP_TALK_H
#define SPY_TOP_TALK_H

#include "top/view_int.h"

/* id: the call that is chosen at first; 0: the last one. 0: the person goes back; 1: the person
 * ends all, a signal came, or the terminal is gone; -errno with a reason: it cannot be read. */
int top_talk_run(struct top_view *v, const struct session *row, uint64_t id, struct error *reterr);

#endif
