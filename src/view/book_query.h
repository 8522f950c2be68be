/* SPDX-License-Identifier: MIT */
/* Which entries of a book are asked for, and in which order. Pure. */
#ifndef SPY_VIEW_BOOK_QUERY_H
#define SPY_VIEW_BOOK_QUERY_H

#include "select/select.h"
#include "select/terms.h"
#include "view/book.h"
#include "view/book_texts.h"

enum book_order {
	BOOK_BY_BEGAN,
	BOOK_BY_DURATION,
	BOOK_BY_FIRST_TOKEN,
	BOOK_BY_INPUT,
	BOOK_BY_OUTPUT,
	BOOK_BY_USD,
	BOOK_BY_STATUS,
	BOOK_BY_MODEL,
	BOOK_BY_PROGRAM,
	BOOK_BY_USER,
	BOOK_ORDERS,
};
const char *book_order_name(enum book_order o);

/* A zeroed one asks for all that its client's record does not tell of, too, by when they began. */
struct book_query {
	const struct select *select; /* NULL: all */
	const struct terms *terms;   /* NULL: all; its texts are looked up in `texts` */
	struct book_texts *texts;
	const char *session;	  /* key of its row (view/sessions.h); NULL: all */
	const char *conversation; /* its id; NULL: all */
	bool calls;		  /* only those that count in sums */

	/* Of a page: */
	enum book_order order;
	bool descending;
	size_t offset, max;
};

/* Searches the next record that `q` asks for and whose texts were not searched yet, which may take
 * some milliseconds; fn NULL: it only tells. *at: 0 at first. False: there is none, so that the
 * answer would be whole. */
bool book_search(const struct book *b, const struct book_query *q, size_t *at, book_whole_fn fn,
		 void *arg);

/* Whether a record that is in no book is asked for, as far as facts tell: it has no texts. */
bool book_query_has(const struct book_query *q, const struct exchange *x);

typedef void (*book_fn)(void *arg, const struct book_entry *e);
/* Each, by its id. */
void book_each(const struct book *b, const struct book_query *q, book_fn fn, void *arg);
/* Those of a page. What is not known comes last; an id decides between equal ones. How many there
 * are in all. */
size_t book_page(const struct book *b, const struct book_query *q, book_fn fn, void *arg);

#endif
