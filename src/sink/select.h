/* SPDX-License-Identifier: MIT */
/* Which exchanges an output gets: -o NAME,provider=openai,errors=only. Alternatives are the same
 * key again; different keys all have to agree. */
#ifndef SPY_SINK_SELECT_H
#define SPY_SINK_SELECT_H

#include "base/error.h"
#include "exchange/show_mode.h"

struct select_row;

struct select {
	enum show_mode mode;
	struct select_row *rows;
	size_t nrows;
};

void select_done(struct select *s);

/* 1 when it took the setting, 0 when the key is none of its own, -errno when the value is wrong. */
int select_add(struct select *s, const char *key, const char *value, struct error *reterr);
bool select_has(const struct select *s, const struct exchange *x);
/* It asks for what is known at the end only. */
bool select_needs_end(const struct select *s);

#endif
