/* SPDX-License-Identifier: MIT */
/* What a request asks for, as all lists and sums take it. */
#ifndef SPY_WEB_QUERY_H
#define SPY_WEB_QUERY_H

#include "view/book_query.h"
#include "web/web_int.h"

struct web_query {
	struct book_query book;
	struct select select;
	struct terms *terms;
};

/* Of the parameters q, since, until, session, conversation, and of a page sort, desc, offset,
 * limit. 0, or -EINVAL with a reason; done is called in any case. Texts are borrowed from the
 * request. */
int web_query_read(struct web_query *q, const struct request *r, struct error *reterr);
/* The same where the answer is to be made now: -EAGAIN: records have to be searched before, and the
 * request is asked once more then (search.c). */
int web_query_ready(struct web_query *q, const struct request *r, struct error *reterr);
void web_query_done(struct web_query *q);

#endif
