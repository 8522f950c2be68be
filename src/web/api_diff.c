/* SPDX-License-Identifier: MIT */
/* What differs between two requests. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>

#include "json/text.h"
#include "select/amount.h"
#include "view/request_diff.h"
#include "web/call_json.h"

/* Past so many pieces, the rest is only counted. */
#define CHANGES_MAX    200
#define LINE_MAX_BYTES ((size_t)4096)

struct changes {
	json_t *list;
	size_t more;
};

static json_t *line_json(const struct diff_line *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "op", json_string(l->added ? "+" : "-"));
	json_object_set_new(o, "line", json_integer((json_int_t)l->number));
	json_object_set_new(o, "text", json_from_bytes(span_first(l->text, LINE_MAX_BYTES)));
	return o;
}

static json_t *lines_json(const struct diff *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->count; i++)
		json_array_append_new(list, line_json(&d->lines[i]));
	return list;
}

static void add_change(void *arg, const struct piece *p)
{
	static const char *const where[] = { [PIECE_SETTINGS] = "params",
					     [PIECE_SYSTEM] = "system",
					     [PIECE_TOOL] = "tool",
					     [PIECE_MESSAGE] = "message" };
	static const char *const kinds[] = { [PIECE_SAME] = "same",
					     [PIECE_ADDED] = "added",
					     [PIECE_REMOVED] = "removed",
					     [PIECE_CHANGED] = "changed" };
	struct changes *c = arg;
	json_t *o;

	if (json_array_size(c->list) == CHANGES_MAX) {
		c->more++;
		return;
	}
	o = json_object();
	json_object_set_new(o, "where", json_string(where[p->kind]));
	json_object_set_new(o, "number",
			    p->number ? json_integer((json_int_t)p->number) : json_null());
	json_object_set_new(o, "name", web_name(p->name));
	json_object_set_new(o, "kind", json_string(kinds[p->change]));
	json_object_set_new(o, "added", json_integer((json_int_t)p->diff->added));
	json_object_set_new(o, "removed", json_integer((json_int_t)p->diff->removed));
	json_object_set_new(o, "lines", lines_json(p->diff));
	json_array_append_new(c->list, o);
}

static json_t *diff_json(const struct exchange *a, const struct exchange *b)
{
	static const char *const names[] = { "params", "system", "tools", "messages" };
	struct changes c = { .list = json_array() };
	json_t *o = json_object(), *counts = json_object();
	size_t same[4];

	request_diff(a, b, add_change, &c, same);
	for (int i = 0; i < 4; i++)
		json_object_set_new(counts, names[i], json_integer((json_int_t)same[i]));
	json_object_set_new(o, "a", web_id(a->id));
	json_object_set_new(o, "b", web_id(b->id));
	json_object_set_new(o, "same", counts);
	json_object_set_new(o, "changes", c.list);
	json_object_set_new(o, "more", json_integer((json_int_t)c.more));
	return o;
}

static struct exchange *whole(struct request *r, const char *name, struct error *reterr)
{
	uint64_t id = 0;

	if (request_number(r, name, INT64_MAX, &id, reterr) != 0)
		return NULL;
	if (id)
		return web_whole(r->web, id, reterr);
	error_set(reterr, -EINVAL, "%s: expected the number of an exchange", name);
	return NULL;
}

int api_diff(struct request *r, struct error *reterr)
{
	struct exchange *a = whole(r, "a", reterr);
	struct exchange *b = a ? whole(r, "b", reterr) : NULL;

	if (b)
		answer_json(r, diff_json(a, b));
	exchange_unref(a);
	exchange_unref(b);
	return b ? 0 : reterr->code;
}

#endif
