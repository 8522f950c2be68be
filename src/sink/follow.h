/* SPDX-License-Identifier: MIT */
/* Calls as rows that are written as soon as they are whole, each after the number of its call, so
 * that those of several calls can stand between one another. */
#ifndef SPY_SINK_FOLLOW_H
#define SPY_SINK_FOLLOW_H

#include <stdio.h>

#include "sink/block.h"

struct follow;
struct follow *follow_new(FILE *out);
void follow_free(struct follow *f); /* accepts NULL */

/* Whether rows of x were written. */
bool follow_has(const struct follow *f, const struct exchange *x);
void follow_request(struct follow *f, const struct block_style *s, const struct history *h,
		    const struct exchange *x);
void follow_delta(struct follow *f, const struct block_style *s, const struct history *h,
		  const struct exchange *x, const struct exchange_delta *d);
/* What is left; all of it where nothing was written before, or pieces were left out. */
void follow_end(struct follow *f, const struct block_style *s, const struct history *h,
		const struct exchange *x);
void follow_superseded(struct follow *f, const struct block_style *s, const struct exchange *x);

#endif
