/* SPDX-License-Identifier: MIT */
#include "exchange/json_member.h"

#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"
#include "json/number.h"

/* As builder.c has it: sums of a few cannot overflow. */
#define TOKENS_MAX 1000000000000000

void member_refuse(struct reader *r, const char *key)
{
	if (!r->wrong)
		r->wrong = key;
}

const json_t *member_of(struct reader *r, const json_t *o, const char *key, json_type type)
{
	const json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return NULL;
	if (json_typeof(v) == type)
		return v;
	member_refuse(r, key);
	return NULL;
}

const json_t *member_objects(struct reader *r, const json_t *o, const char *key)
{
	const json_t *list = member_of(r, o, key, JSON_ARRAY), *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item) {
		if (!json_is_object(item)) {
			member_refuse(r, key);
			return NULL;
		}
	}
	return list;
}

char *member_string(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);

	return v ? xstrndup(json_string_value(v), json_string_length(v)) : NULL;
}

const char *member_label(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);

	return v ? exchange_own(r->x, json_string_value(v)) : NULL;
}

bool member_flag(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v && !json_is_null(v) && !json_is_boolean(v))
		member_refuse(r, key);
	return json_is_true(v);
}

uint64_t member_number(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member_of(r, o, key, JSON_INTEGER);

	return v ? (uint64_t)json_integer_value(v) : 0;
}

uint32_t member_number32(struct reader *r, const json_t *o, const char *key)
{
	uint64_t n = member_number(r, o, key);

	if (n > UINT32_MAX)
		member_refuse(r, key);
	return n > UINT32_MAX ? 0 : (uint32_t)n;
}

int64_t member_count(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member_of(r, o, key, JSON_INTEGER);

	if (!v)
		return COUNT_UNKNOWN;
	if (json_integer_value(v) >= 0)
		return json_integer_value(v);
	member_refuse(r, key);
	return COUNT_UNKNOWN;
}

int64_t member_tokens(struct reader *r, const json_t *o, const char *key)
{
	int64_t n = member_count(r, o, key);

	if (n < TOKENS_MAX)
		return n;
	member_refuse(r, key);
	return COUNT_UNKNOWN;
}

double member_dollars(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v && !json_is_null(v) && !json_number_is(v))
		member_refuse(r, key);
	return json_number_double(v); /* 0 of what is no number */
}

void member_digits(struct reader *r, const json_t *o, const char *key, char *ret, size_t size)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);

	if (!v)
		return;
	if (json_string_length(v) == size - 1 &&
	    strspn(json_string_value(v), "0123456789abcdef") == size - 1)
		memcpy(ret, json_string_value(v), size);
	else
		member_refuse(r, key);
}

unsigned member_word(struct reader *r, const json_t *o, const char *key,
		     const char *(*name)(unsigned), unsigned last)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);

	if (!v)
		return 0;
	for (unsigned i = 0; i <= last; i++)
		if (strcmp(name(i), json_string_value(v)) == 0)
			return i;
	member_refuse(r, key);
	return 0;
}

void member_text(struct reader *r, const json_t *o, const char *key, struct buf *ret)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);

	buf_init(ret, v ? json_string_length(v) : 0);
	if (v && json_string_length(v))
		buf_add(ret, span_of(json_string_value(v), json_string_length(v)));
}

int64_t member_wall_time(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member_of(r, o, key, JSON_STRING);
	const char *at = json_string_value(v);
	struct tm tm = { 0 };
	int64_t seconds = -1;

	if (!v)
		return 0;
	if (json_string_length(v) == 30 && at[29] == 'Z' &&
	    strptime(at, "%Y-%m-%dT%H:%M:%S.", &tm) == at + 20 &&
	    strspn(at + 20, "0123456789") == 9)
		seconds = timegm(&tm);
	if (seconds >= 0 && seconds < INT64_MAX / 1000000000)
		return seconds * 1000000000 + strtoll(at + 20, NULL, 10);
	member_refuse(r, key);
	return 0;
}
