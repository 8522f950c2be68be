/* SPDX-License-Identifier: MIT */
/* What may stand behind a word of the filter, as the calls have it. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>

#include "view/term_values.h"
#include "web/call_json.h"
#include "web/query.h"

#define VALUES_SHOWN 20

static void add(void *arg, const struct book_entry *e)
{
	term_values_add(arg, &e->x);
}

static json_t *values_json(struct term_values *v)
{
	json_t *o = json_object(), *list = json_array();
	size_t count;
	const struct term_value *const *items = term_values_sorted(v, &count);

	for (size_t i = 0; i < count && i < VALUES_SHOWN; i++) {
		json_t *value = json_object();

		set(value, "value", web_name(items[i]->text));
		set(value, "calls", json_integer((json_int_t)items[i]->calls));
		json_array_append_new(list, value);
	}
	set(o, "values", list);
	set(o, "more", json_boolean(count > VALUES_SHOWN || term_values_left_out(v)));
	return o;
}

int api_words(struct request *r, struct error *reterr)
{
	const char *word = request_text(r, "word"), *part = request_text(r, "prefix");
	struct term_values *v = term_values_new(word ? word : "", part ? part : "");
	struct web_query q;
	int err = web_query_ready(&q, r, reterr);

	if (!err && !v)
		err = error_set(reterr, -EINVAL, "word: there is no word of this name");
	if (!err) {
		pthread_mutex_lock(&r->web->lock);
		book_each(r->web->book, &q.book, add, v);
		pthread_mutex_unlock(&r->web->lock);
		answer_json(r, values_json(v));
	}
	term_values_free(v);
	web_query_done(&q);
	return err;
}

#endif
