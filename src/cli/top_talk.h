/* SPDX-License-Identifier: MIT */
/* What one agent said: its calls at the left, the chosen one at the right as a block. */
#ifndef SPY_CLI_TOP_TALK_H
#define SPY_CLI_TOP_TALK_H

#include "cli/kept.h"
#include "cli/top_screen.h"
#include "view/sessions.h"

/* 0: the person goes back; 1: a signal came, or the terminal is gone; -errno with a reason: it
 * cannot be read. */
int top_talk_run(struct kept *k, struct top_screen *screen, const struct session *row,
		 struct error *reterr);

#endif
