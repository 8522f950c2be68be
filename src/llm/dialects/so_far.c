/* SPDX-License-Identifier: MIT */
#include "llm/dialects/so_far.h"

#include "exchange/builder.h"
#include "json/number.h"

#define DEPTH_MAX 8

void so_far_done(struct so_far *s)
{
	json_decref(s->last);
	s->last = NULL;
}

static json_t *added(const json_t *last, const json_t *now, unsigned depth);

static json_t *added_text(const json_t *last, const json_t *now)
{
	struct span was = json_span(last), is = json_span(now);

	if (!span_starts(is, was))
		return json_incref((json_t *)now);
	return json_stringn_nocheck((const char *)is.ptr + was.len, is.len - was.len);
}

static json_t *added_members(const json_t *last, const json_t *now, unsigned depth)
{
	json_t *out = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)now, key, value)
		json_object_set_new_nocheck(out, key,
					    added(json_object_get(last, key), value, depth));
	return out;
}

static json_t *added_elements(const json_t *last, const json_t *now, unsigned depth)
{
	json_t *out = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach(now, i, value)
		json_array_append_new(out, added(json_array_get(last, i), value, depth));
	return out;
}

static json_t *added(const json_t *last, const json_t *now, unsigned depth)
{
	if (last && depth > 0 && json_is_text(now))
		return added_text(last, now);
	if (last && depth > 0 && json_is_object(now))
		return added_members(last, now, depth - 1);
	if (last && depth > 0 && json_is_array(now))
		return added_elements(last, now, depth - 1);
	return json_incref((json_t *)now);
}

void so_far_judge(struct so_far *s, struct span last, struct span now)
{
	if (s->kind == SO_FAR_UNKNOWN && now.len && !span_starts(now, last))
		s->kind = SO_FAR_PIECES;
}

json_t *so_far_new(struct so_far *s, const json_t *now)
{
	json_t *out = s->kind == SO_FAR_PIECES ? json_incref((json_t *)now)
					       : added(s->last, now, DEPTH_MAX);

	json_decref(s->last);
	s->last = json_incref((json_t *)now);
	return out;
}
