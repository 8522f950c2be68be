/* SPDX-License-Identifier: MIT */
/* One call, from the sides that can be chosen: each as rows of text whose only escape sequences are
 * the colours of sink/page.c. */
#ifndef SPY_TOP_TABS_H
#define SPY_TOP_TABS_H

#include "exchange/exchange.h"

enum top_tab {
	TAB_MESSAGES, /* its block, which the conversation writes: what is new in it */
	TAB_TOOLS,
	TAB_REQUEST,
	TAB_RESPONSE,
	TAB_EVENTS,
	TAB_TIMING,
	TAB_RAW,
	TABS,
};
const char *top_tab_name(enum top_tab t);

/* To be freed. */
char *top_tab_text(const struct exchange *x, enum top_tab tab, unsigned width, bool utf8);
/* What the request of `x` says that the one before it did not, and the reverse. */
char *top_diff_text(const struct exchange *before, const struct exchange *x, unsigned width,
		    bool utf8);

#endif
