/* SPDX-License-Identifier: MIT */
#include "web/query.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "web/search.h"

#define LIMIT_MAX 500
#define LIMIT	  100

static int read_times(struct web_query *q, const struct request *r, struct error *reterr)
{
	static const char *const words[] = { "since", "until" };
	int err = 0;

	for (int i = 0; i < 2 && err >= 0; i++) {
		const char *text = request_text(r, words[i]);

		if (text && *text)
			err = select_add(&q->select, words[i], text, reterr);
	}
	return err < 0 ? err : select_check(&q->select, reterr);
}

static int read_order(struct web_query *q, const struct request *r, struct error *reterr)
{
	const char *name = request_text(r, "sort"), *down = request_text(r, "desc");

	q->book.descending = name ? down && strcmp(down, "1") == 0 : true;
	for (int i = 0; i < BOOK_ORDERS && name; i++)
		if (strcmp(name, book_order_name((enum book_order)i)) == 0) {
			q->book.order = (enum book_order)i;
			return 0;
		}
	return name ? error_set(reterr, -EINVAL, "sort: there is no order of this name") : 0;
}

static int read_page(struct web_query *q, const struct request *r, struct error *reterr)
{
	uint64_t offset = 0, limit = LIMIT;
	int err = request_number(r, "offset", INT32_MAX, &offset, reterr);

	if (!err)
		err = request_number(r, "limit", LIMIT_MAX, &limit, reterr);
	q->book.offset = offset;
	q->book.max = limit;
	return err ? err : read_order(q, r, reterr);
}

/* "": all. */
static const char *name_of(const struct request *r, const char *name)
{
	const char *text = request_text(r, name);

	return text && *text ? text : NULL;
}

static int read_terms(struct web_query *q, const struct request *r, struct error *reterr)
{
	const char *text = name_of(r, "q");
	size_t at;
	int err = text ? terms_read(&q->terms, text, wall_ns() / 1000000000, &at, reterr) : 0;

	q->book.terms = q->terms;
	q->book.texts = r->web->texts;
	if (!err && text && terms_texts(q->terms) > BOOK_TEXTS_MAX)
		err = error_set(reterr, -EINVAL, "there are too many texts to search for");
	return err;
}

int web_query_read(struct web_query *q, const struct request *r, struct error *reterr)
{
	int err;

	*q = (struct web_query){ .select.recorded = true };
	q->book.select = &q->select;
	q->book.session = name_of(r, "session");
	q->book.conversation = name_of(r, "conversation");
	err = read_times(q, r, reterr);
	if (!err)
		err = read_terms(q, r, reterr);
	return err ? err : read_page(q, r, reterr);
}

void web_query_done(struct web_query *q)
{
	select_done(&q->select);
	terms_free(q->terms);
}

int web_query_ready(struct web_query *q, const struct request *r, struct error *reterr)
{
	struct web *w = r->web;
	int err = web_query_read(q, r, reterr);
	size_t at = 0;

	pthread_mutex_lock(&w->lock);
	if (!err && book_search(w->book, &q->book, &at, NULL, NULL))
		err = -EAGAIN;
	pthread_mutex_unlock(&w->lock);
	return err;
}

#endif
