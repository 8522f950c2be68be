/* SPDX-License-Identifier: MIT */
/* Any text through the reader of JSON. What jansson accepts has the same values; what is read and
 * written again reads as the same; however it is cut, the beginning is read within its ceilings. */
#include <math.h>
#include <stdlib.h>

#include "json/memory.h"
#include "json/number.h"
#include "json/read.h"
#include "json/write.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool same_number(const json_t *a, const json_t *b)
{
	double x = json_number_double(a), y = json_number_double(b);

	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) == json_integer_value(b);
	return x == y || (isnan(x) && isnan(y));
}

static bool same(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_number_is(a) || json_number_is(b))
		return json_number_is(a) && json_number_is(b) && same_number(a, b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_object(a)) {
		if (json_object_size(a) != json_object_size(b))
			return false;
		json_object_foreach((json_t *)a, key, item) {
			const json_t *other = json_object_get(b, key);

			if (!other || !same(item, other))
				return false;
		}
		return true;
	}
	if (json_is_array(a)) {
		if (json_array_size(a) != json_array_size(b))
			return false;
		json_array_foreach(a, i, item)
			if (!same(item, json_array_get(b, i)))
				return false;
		return true;
	}
	return json_equal(a, b);
}

static void against_jansson(struct span text, const json_t *mine, bool partial)
{
	json_t *theirs = json_loadb((const char *)text.ptr, text.len, JSON_ALLOW_NUL, NULL);

	if (theirs && !partial)
		check(mine && same(mine, theirs));
	check(!theirs || mine);
	json_decref(theirs);
}

/* The text that is written has no byte that ends a line, and reads as the same. */
static void written_again(const json_t *v)
{
	char *text = json_write_text(v), *again;
	bool partial;
	json_t *back = json_read(NULL, span_str(text), &partial);

	check(back && !partial && same(v, back) && !strpbrk(text, "\n\r"));
	again = json_write_text(back);
	check(strcmp(text, again) == 0);
	free(again);
	free(text);
	json_decref(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits lim;
	bool partial = false;
	struct span rest;
	json_t *v;

	limits_init(&lim);
	v = json_read(&lim, span_of(data, size), &partial);
	against_jansson(span_of(data, size), v, partial);
	if (v)
		written_again(v);
	json_decref(v);
	lim.max[LIMIT_json_memory] = 4096;
	lim.max[LIMIT_json_depth] = 4;
	rest = span_of(data, size);
	while (rest.len) {
		v = json_read_next(&lim, &rest, &partial);
		/* The last value may have been made before it was counted. */
		check(json_memory(v) <= 4096 + JSON_OBJECT_MEMORY);
		if (!v)
			break;
		json_decref(v);
	}
	return 0;
}
