/* SPDX-License-Identifier: MIT */
/* What is typed to find rows: words as -o has them (provider=openai errors=only), which select
 * calls, and any other text, which is looked for in rows. */
#ifndef SPY_TOP_FILTER_H
#define SPY_TOP_FILTER_H

#include "select/select.h"

struct top_filter {
	struct select select;
	char *text; /* "": none */
};

/* 0, or -EINVAL with what is wrong; then nothing is to be freed. */
int top_filter_read(struct top_filter *f, const char *typed, struct error *reterr);
void top_filter_done(struct top_filter *f);

#endif
