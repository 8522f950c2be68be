/* SPDX-License-Identifier: MIT */
/* How many tokens models take, as the table of prices says, asked once for each of them. */
#ifndef SPY_TOP_WINDOWS_H
#define SPY_TOP_WINDOWS_H

#include "base/error.h"
#include "view/sessions.h"

struct top_windows;
/* prices: a file that overrides the table, or NULL. NULL with a reason where it cannot be read. */
struct top_windows *top_windows_new(const char *prices, struct error *reterr);
void top_windows_free(struct top_windows *w); /* accepts NULL */
/* Of the model that answered last. 0: not known; or the model has taken more, so it is no limit. */
int64_t top_window_of(struct top_windows *w, const struct session *r);

#endif
