/* SPDX-License-Identifier: MIT */
#include "llm/json.h"

#include <limits.h>
#include <stdlib.h>

#include "llm/rest.h"

json_t *json_at2(const json_t *v, const char *a, const char *b)
{
	return json_object_get(json_object_get(v, a), b);
}

struct span json_text(const json_t *v, const char *key)
{
	return json_span(json_object_get(v, key));
}

bool json_has(const json_t *v, const char *key)
{
	const json_t *m = json_object_get(v, key);

	return m && !json_is_null(m);
}

/* Some write numbers as texts; -1: it is none. */
static json_int_t digits(struct span s)
{
	json_int_t n = s.len && s.len < 10 ? 0 : -1;

	for (size_t i = 0; n >= 0 && i < s.len; i++)
		n = s.ptr[i] >= '0' && s.ptr[i] <= '9' ? 10 * n + (s.ptr[i] - '0') : -1;
	return n;
}

int json_index(const json_t *v, const char *key, int otherwise)
{
	const json_t *m = json_object_get(v, key);
	json_int_t n = json_is_integer(m) ? json_integer_value(m) : digits(json_span(m));

	return n < 0 || n > INT_MAX ? otherwise : (int)n;
}

bool json_name_in(const char *name, const char *const *list)
{
	/* Of every member of every event: most differ in the first letter. */
	while (*list && (**list != *name || strcmp(*list, name) != 0))
		list++;
	return *list != NULL;
}

int64_t json_count(const json_t *v, const char *key)
{
	int64_t n = COUNT_UNKNOWN;

	usage_count(&n, json_object_get(v, key));
	return n;
}

bool json_is(const json_t *v, const char *key, const char *value)
{
	return span_eq(json_text(v, key), span_str(value));
}

json_t *json_either(const json_t *v, const char *camel, const char *snake)
{
	json_t *m = json_object_get(v, camel), *other = json_object_get(v, snake);

	return m && !(json_is_null(m) && other) ? m : other;
}

size_t json_next(const json_t *list, size_t from, const json_t **ret)
{
	while (json_is_null(json_array_get(list, from)))
		from++;
	*ret = json_is_object(list) && !from ? list : json_array_get(list, from);
	return from;
}

const json_t *json_first(const json_t *list)
{
	const json_t *v;

	json_next(list, 0, &v);
	return v;
}

bool json_holds(const json_t *list)
{
	return json_array_size(list) > 0 || json_object_size(list) > 0;
}

/* Nothing beside the text that is to be shown. */
bool json_is_bare_text(const json_t *v)
{
	static const char *const known[] = { "type",	    "text",	 "cache_control",
					     "annotations", "citations", NULL };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v, key, value) {
		if (!json_name_in(key, known) && !json_is_empty(value))
			return false;
	}
	return json_is_text(json_object_get(v, "text"));
}

const json_t *json_lone_text(const json_t *content)
{
	/* Any tool may give back an object with a text: one of that type is a part. */
	bool alone = json_is(content, "type", "text");
	const json_t *first = alone ? content : json_array_get(content, 0);
	const json_t *text = json_object_get(first, "text");
	struct span type = json_text(first, "type");

	if ((!alone && json_array_size(content) != 1) || !json_is_bare_text(first))
		return content;
	return !type.len || span_ends(type, SPAN_LIT("text")) ? text : content;
}

struct tool *request_function(struct exchange *x, const json_t *v, const json_t *f,
			      const char *schema)
{
	struct tool *t = request_tool(x);

	set_json(&t->type, json_object_get(v, "type"));
	set_json(&t->name, json_object_get(f, "name"));
	if (!t->name)
		set_json(&t->name, json_object_get(v, "type"));
	set_json(&t->description, json_object_get(f, "description"));
	t->schema = json_incref(json_object_get(f, schema));
	return t;
}

struct message *request_system(struct exchange *x)
{
	set_string(&x->system.role, SPAN_LIT("system"));
	return &x->system;
}

void request_content(struct exchange *x, struct message *m, const json_t *content,
		     void (*part)(struct exchange *x, struct message *m, const json_t *v))
{
	const json_t *v;
	size_t i;

	if (json_is_text(content))
		message_text(x, m, PART_TEXT, json_span(content));
	if (json_number_is(content) || json_is_boolean(content))
		message_other(x, m, "content", content);
	json_each(content, i, v)
		part(x, m, v);
}

void request_params(struct exchange *x, const json_t *body, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)body, key, value) {
		if (!json_name_in(key, known) && !json_is_null(value))
			request_param(x, key, value);
	}
}

enum finish finish_of(struct span raw, const struct finish_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_caseeq(raw, span_str(rows[i].raw)))
			return rows[i].finish;
	return raw.len ? FINISH_OTHER : FINISH_NONE;
}
