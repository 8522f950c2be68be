/* SPDX-License-Identifier: MIT */
/* What calls have for a word of the filter, and how many have it: for completion. With a ceiling on
 * values, past which the rarest go, so that counts are at least those. Pure. */
#ifndef SPY_VIEW_TERM_VALUES_H
#define SPY_VIEW_TERM_VALUES_H

#include "exchange/exchange.h"

struct term_value {
	const char *text; /* as one would type it */
	size_t calls;	  /* that have it; of an amount, that reach it */
	double number;
	bool begins; /* with what was typed; else that is somewhere in it */
};

struct term_values;
/* Only values with `part` in them, in whatever case; NULL: there is no such word. Both are
 * borrowed. */
struct term_values *term_values_new(const char *word, const char *part);
void term_values_free(struct term_values *v); /* accepts NULL */
void term_values_add(struct term_values *v, const struct exchange *x);
/* Those that begin with the part first, then the most frequent. No more are added then. */
const struct term_value *const *term_values_sorted(struct term_values *v, size_t *ret_count);
bool term_values_left_out(const struct term_values *v);

#endif
