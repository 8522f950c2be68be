/* SPDX-License-Identifier: MIT */
/* The first records of an order, of any number that come: with a ceiling, no more are kept than
 * twice that. */
#ifndef SPY_VIEW_PAGE_H
#define SPY_VIEW_PAGE_H

#include "view/view.h"

typedef int (*page_order)(const struct exchange *a, const struct exchange *b);
/* Both are complete orders: an id, and after it the order in which they came, decides. */
int page_newest(const struct exchange *a, const struct exchange *b);
int page_by_turn(const struct exchange *a, const struct exchange *b);

struct page;
struct page *page_new(page_order order, size_t max); /* 0: all */
void page_free(struct page *p);			     /* accepts NULL */
void page_add(struct page *p, const struct exchange *x);
int page_each(struct page *p, view_fn fn, void *arg, struct error *reterr);

#endif
