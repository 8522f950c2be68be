/* SPDX-License-Identifier: MIT */
/* Whether two requests ask the same: method, path, query in any order, and body, JSON as values in
 * any order of members; without what is volatile (volatile.def). Pure. */
#ifndef SPY_VIEW_MATCH_H
#define SPY_VIEW_MATCH_H

#include "base/buf.h"
#include "base/limits.h"

/* Borrowed, with credentials masked. */
struct match_request {
	struct span method, target;
	struct span type; /* its Content-Type, with parameters */
	struct span body;
};

/* What is kept of a request to find it again. */
struct match {
	uint8_t digest[32]; /* the same for all that ask the same */
	uint8_t place[32];  /* of method and path alone */
	uint64_t *values;   /* hashes of the body's values, sorted */
	size_t count;
	uint64_t query; /* hash of the query */
};

/* lim: what JSON may take (json/read.h); a body past that counts as bytes. */
void match_init(struct match *m, const struct match_request *r, struct limits *lim);
void match_done(struct match *m);
/* Same method and path, whatever query and body. */
bool match_same_place(const struct match *a, const struct match *b);
bool match_same_query(const struct match *a, const struct match *b);
/* How much of both bodies is the same, in thousandths. */
unsigned match_likeness(const struct match *a, const struct match *b);
/* Appends where the one that was asked first differs from the recorded one, and how: a sentence
 * without its end. Nothing where it does not differ. */
void match_difference(const struct match_request *asked, const struct match_request *recorded,
		      struct limits *lim, struct buf *out);

#endif
