/* SPDX-License-Identifier: MIT */
/* Source: OTLP 1.x, "JSON Protobuf Encoding", and common.proto: AnyValue. */
#include "telemetry/otlp_value.h"

#include <math.h>
#include <stdio.h>

#include "json/number.h"
#include "json/text.h"

struct attributes attributes_new(bool newer)
{
	return (struct attributes){ .list = json_array(), .newer = newer };
}

void otlp_set(json_t *o, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(o, key, value);
}

json_t *otlp_number(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return json_string(text);
}

static json_t *typed(const char *type, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, type, value);
	return o;
}

static void add(struct attributes *a, json_t *key, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, "key", key);
	json_object_set_new(o, "value", value);
	json_array_append_new(a->list, o);
}

static void put(struct attributes *a, enum semconv name, json_t *value)
{
	const char *key = semconv_name(name, a->newer);

	if (key)
		add(a, json_string(key), value);
	else
		json_decref(value);
}

void attribute_text(struct attributes *a, enum semconv name, const char *text)
{
	if (text && *text)
		put(a, name, typed("stringValue", json_from_text(text)));
}

void attribute_int(struct attributes *a, enum semconv name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	if (n != COUNT_UNKNOWN)
		put(a, name, typed("intValue", json_string(text)));
}

void attribute_double(struct attributes *a, enum semconv name, double n)
{
	if (isfinite(n))
		put(a, name, typed("doubleValue", json_real(n)));
}

void attribute_bool(struct attributes *a, enum semconv name, bool is)
{
	put(a, name, typed("boolValue", json_boolean(is)));
}

void attribute_named(struct attributes *a, struct span name, struct span text)
{
	add(a, json_from_bytes(name), typed("stringValue", json_from_bytes(text)));
}

/* ---- any JSON ---- */

static json_t *any(const json_t *v);

static json_t *list(const json_t *v)
{
	json_t *values = json_array(), *item;
	size_t i;

	json_array_foreach((json_t *)v, i, item)
		json_array_append_new(values, any(item));
	return typed("arrayValue", typed("values", values));
}

static json_t *members(const json_t *v)
{
	struct attributes a = attributes_new(false);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v, key, value)
		add(&a, json_string(key), any(value));
	return typed("kvlistValue", typed("values", a.list));
}

static json_t *number(const json_t *v)
{
	char room[JSON_NUMBER_SIZE];
	struct span text = json_number_text(v, room);

	if (json_is_integer(v))
		return typed("intValue", json_from_bytes(text));
	return isfinite(json_number_double(v))
		       ? typed("doubleValue", json_real(json_number_double(v)))
		       : typed("stringValue", json_from_bytes(text));
}

/* What nests too deeply was not read to begin with (json/read.h). */
static json_t *any(const json_t *v)
{
	if (json_number_is(v))
		return number(v);
	if (json_is_object(v))
		return members(v);
	if (json_is_array(v))
		return list(v);
	if (json_is_boolean(v))
		return typed("boolValue", json_boolean(json_is_true(v)));
	if (json_is_string(v))
		return typed("stringValue", json_incref((json_t *)v));
	return json_object(); /* null is a value without a type */
}

void attribute_json(struct attributes *a, enum semconv name, json_t *value)
{
	if (value)
		put(a, name, any(value));
	json_decref(value);
}
