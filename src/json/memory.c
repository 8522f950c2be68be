/* SPDX-License-Identifier: MIT */
#include "json/memory.h"

#include <string.h>

size_t json_memory(const json_t *v)
{
	size_t sum = 0, i;
	const char *key;
	json_t *item;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		json_object_foreach((json_t *)v, key, item)
			sum += JSON_STRING_MEMORY + strlen(key) + json_memory(item);
		return sum + JSON_OBJECT_MEMORY;
	case JSON_ARRAY:
		json_array_foreach(v, i, item)
			sum += json_memory(item);
		return sum + JSON_ARRAY_MEMORY;
	case JSON_STRING:
		return JSON_STRING_MEMORY + json_string_length(v);
	case JSON_INTEGER:
	case JSON_REAL:
		return JSON_NUMBER_MEMORY;
	default:
		return JSON_PLACE_MEMORY;
	}
}
