/* SPDX-License-Identifier: MIT */
/* What the keys do, on a screen of any size. */
#ifndef SPY_TOP_HELP_H
#define SPY_TOP_HELP_H

#include "top/screen.h"

struct top_help {
	const char *keys, *what; /* keys: "" where it is not about any */
};

/* From a row on; rows that do not fit are another page. Returns where that begins, 0: there is
 * none. */
size_t top_help_draw(const struct top_screen *screen, const struct top_help *list, size_t count,
		     size_t from);

#endif
