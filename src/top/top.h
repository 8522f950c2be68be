/* SPDX-License-Identifier: MIT */
/* `llm-spy top`, of what was kept (top_run of cli/kept.h) or while it traces itself. */
#ifndef SPY_TOP_TOP_H
#define SPY_TOP_TOP_H

#include "top/view.h"

/* Whether there is a terminal to draw on, and its keys are for us. */
bool top_can_draw(void);
/* A line for each agent whenever something of it has changed, for a pipe, a terminal that cannot be
 * drawn on, or one that is read aloud; until it has to stop. */
int top_print_changes(const struct top_source *s, struct error *reterr);

#endif
