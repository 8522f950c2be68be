/* SPDX-License-Identifier: MIT */
/* `llm-spy top` on a terminal. */
#ifndef SPY_CLI_TOP_VIEW_H
#define SPY_CLI_TOP_VIEW_H

#include "cli/kept.h"

/* When this day began, ns since 1970. */
int64_t top_today(void);
/* Until the person ends it. -ENOTSUP without a reason: this terminal cannot be drawn on. */
int top_view_run(struct kept *k, struct error *reterr);

#endif
