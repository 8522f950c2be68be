/* SPDX-License-Identifier: MIT */
#include "llm/protobuf.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/memory.h"
#include "json/read.h"
#include "json/text.h"

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* What the stack bears. */
#define DEPTH_MAX 512
/* Of a number in an object, and the longest time. */
#define NUMBER_MAX 12
#define FIELD_MAX  0x1fffffff
#define TIME_MAX   48
/* Beyond these, a double is no integer that is told from its neighbours. */
#define EXACT_MAX 9007199254740992.0

struct reader {
	struct limits *lim;
	uint64_t memory, depth;	 /* that may still be used */
	enum limit memory_which; /* that bounds memory */
	bool partial;
};

/* What stands behind a tag. */
struct raw {
	enum wire wire;
	uint64_t number;
	struct span bytes;
};

static bool take(struct reader *r, size_t n)
{
	if (n > r->memory) {
		limit_hit(r->lim, r->memory_which);
		r->memory = 0;
		r->partial = true;
		return false;
	}
	r->memory -= n;
	return true;
}

static uint64_t varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = cursor_be(c, 1);

		v |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	c->bad = true;
	return 0;
}

/* False: nothing more can be read. Of bytes that are cut, what is there counts. */
static bool next_field(struct reader *r, struct cursor *c, uint64_t *ret_number, struct raw *ret)
{
	uint64_t tag, len;

	if (!c->rest.len || c->bad)
		return false;
	tag = varint(c);
	*ret_number = tag >> 3;
	*ret = (struct raw){ .wire = (enum wire)(tag & 7) };
	switch (tag & 7) {
	case WIRE_VARINT:
		ret->number = varint(c);
		break;
	case WIRE_64:
	case WIRE_32:
		ret->bytes = cursor_take(c, (tag & 7) == WIRE_64 ? 8 : 4);
		for (size_t i = ret->bytes.len; i > 0; i--)
			ret->number = ret->number << 8 | ret->bytes.ptr[i - 1];
		break;
	case WIRE_BYTES:
		len = varint(c);
		r->partial |= len > c->rest.len;
		ret->bytes = cursor_take(c, len < c->rest.len ? (size_t)len : c->rest.len);
		break;
	default:
		c->bad = true;
	}
	c->bad |= !*ret_number || *ret_number > FIELD_MAX;
	r->partial |= c->bad;
	return !c->bad;
}

/* ---- values ---- */

static json_t *text_of(struct reader *r, struct span s)
{
	return take(r, JSON_STRING_MEMORY + s.len) ? json_from_bytes(s) : NULL;
}

static json_t *base64_of(struct reader *r, struct span s)
{
	size_t len = BASE64_ENCODE_RAW_LENGTH(s.len);
	char *text;
	json_t *v;

	if (!take(r, JSON_STRING_MEMORY + len))
		return NULL;
	text = xmalloc(len + 1);
	base64_encode_raw(text, s.len, s.ptr);
	v = json_stringn_nocheck(text, len);
	free(text);
	return v;
}

static json_t *number_of(struct reader *r, uint64_t v)
{
	return take(r, JSON_NUMBER_MEMORY) ? json_integer((json_int_t)v) : NULL;
}

static json_t *double_of(struct reader *r, uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	if (!take(r, JSON_NUMBER_MEMORY))
		return NULL;
	if (!isfinite(v))
		return json_string(isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
	return fabs(v) < EXACT_MAX && v == trunc(v) ? json_integer((json_int_t)v) : json_real(v);
}

static json_t *enum_of(struct reader *r, const char *const *words, uint64_t v)
{
	uint64_t i = 0;

	while (i < v && words[i])
		i++;
	return words[i] ? text_of(r, span_str(words[i])) : number_of(r, v);
}

/* Text, where it looks like some: what its field means is not known. */
static json_t *unknown_bytes(struct reader *r, struct span s)
{
	struct span rest = s;
	uint32_t code;

	while (rest.len) {
		size_t len = utf8_next(rest, &code);

		if (!len || (code < ' ' && code != '\n' && code != '\t' && code != '\r'))
			return base64_of(r, s);
		rest = span_from(rest, len);
	}
	return text_of(r, s);
}

static json_t *read_message(struct reader *r, const struct pb_field *fields, struct span s,
			    json_t *into);

static json_t *read_time(struct reader *r, struct span s)
{
	static const struct pb_field fields[] = {
		{ 1, "seconds", PB_INT, false, NULL, NULL },
		{ 2, "nanos", PB_INT, false, NULL, NULL },
		{ 0 },
	};
	json_t *parts = read_message(r, fields, s, NULL);
	json_int_t seconds = json_integer_value(json_object_get(parts, "seconds"));
	json_int_t nanos = json_integer_value(json_object_get(parts, "nanos"));
	time_t t = (time_t)seconds;
	char text[TIME_MAX], day[TIME_MAX / 2];
	struct tm tm;

	/* The years from 1 to 9999 */
	if (seconds < -62135596800 || seconds > 253402300799 || nanos < 0 || nanos > 999999999 ||
	    !gmtime_r(&t, &tm) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
		return parts;
	json_decref(parts);
	if (nanos)
		snprintf(text, sizeof(text), "%s.%09dZ", day, (int)nanos);
	else
		snprintf(text, sizeof(text), "%sZ", day);
	return text_of(r, span_str(text));
}

/* google.protobuf.Struct: a map from texts to values. */
static const struct pb_field struct_fields[] = {
	{ 1, NULL, PB_MAP, false, NULL, NULL },
	{ 0 },
};
static const struct pb_field list_fields[] = {
	{ 1, "values", PB_VALUE, true, NULL, NULL },
	{ 0 },
};

static json_t *read_list(struct reader *r, struct span s)
{
	json_t *o = read_message(r, list_fields, s, NULL);
	json_t *list = json_incref(json_object_get(o, "values"));

	json_decref(o);
	return list ? list : take(r, JSON_ARRAY_MEMORY) ? json_array() : NULL;
}

/* google.protobuf.Value: the last of its fields counts. */
static json_t *read_value(struct reader *r, struct span s)
{
	enum { V_NULL = 1, V_NUMBER, V_TEXT, V_BOOL, V_STRUCT, V_LIST };
	struct cursor c = { .rest = s };
	uint64_t number, last = 0;
	struct raw raw = { 0 }, one;

	while (next_field(r, &c, &number, &one)) {
		last = number;
		raw = one;
	}
	if (last == V_NUMBER && raw.wire == WIRE_64)
		return double_of(r, raw.number);
	if (last == V_BOOL && raw.wire == WIRE_VARINT)
		return take(r, JSON_PLACE_MEMORY) ? json_boolean(raw.number) : NULL;
	if (last > V_NULL && raw.wire == WIRE_BYTES)
		return last == V_TEXT	  ? text_of(r, raw.bytes)
		       : last == V_STRUCT ? read_message(r, struct_fields, raw.bytes, NULL)
		       : last == V_LIST	  ? read_list(r, raw.bytes)
					  : unknown_bytes(r, raw.bytes);
	return take(r, JSON_PLACE_MEMORY) ? json_null() : NULL;
}

/* ---- fields ---- */

static enum wire wire_of(enum pb_kind kind)
{
	return kind == PB_BOOL || kind == PB_INT || kind == PB_ENUM ? WIRE_VARINT : WIRE_BYTES;
}

/* had: a message that came before, to which this one adds; it may be NULL. */
static json_t *value_of(struct reader *r, const struct pb_field *f, const struct raw *raw,
			json_t *had)
{
	switch (f->kind) {
	case PB_TEXT:
	case PB_TEXTS:
		return text_of(r, raw->bytes);
	case PB_BYTES:
		return base64_of(r, raw->bytes);
	case PB_BOOL:
		return take(r, JSON_PLACE_MEMORY) ? json_boolean(raw->number) : NULL;
	case PB_INT:
		return number_of(r, raw->number);
	case PB_ENUM:
		return enum_of(r, f->words, raw->number);
	case PB_STRUCT:
		return read_message(r, struct_fields, raw->bytes, had);
	case PB_VALUE:
		return read_value(r, raw->bytes);
	case PB_TIME:
		return read_time(r, raw->bytes);
	case PB_MESSAGE:
	case PB_MAP:
		break;
	}
	return f->of ? read_message(r, f->of, raw->bytes, had) : read_value(r, raw->bytes);
}

static void set_member(json_t *o, struct span name, json_t *v)
{
	json_t *key = json_from_bytes(name);

	json_object_set_new_nocheck(o, json_string_value(key), v);
	json_decref(key);
}

/* An entry of a map is a message of a key and a value. */
static void put_entry(struct reader *r, json_t *o, const struct pb_field *f, struct span entry)
{
	struct cursor c = { .rest = entry };
	struct span key = span_of(NULL, 0);
	struct raw one, value = { .wire = WIRE_BYTES };
	uint64_t number;
	json_t *v;

	while (next_field(r, &c, &number, &one)) {
		if (number == 1 && one.wire == WIRE_BYTES)
			key = one.bytes;
		else if (number == 2 && one.wire == WIRE_BYTES)
			value = one;
		else
			r->partial = true;
	}
	v = take(r, JSON_STRING_MEMORY + key.len) ? value_of(r, f, &value, NULL) : NULL;
	if (v)
		set_member(o, key, v);
}

static void put_map(struct reader *r, json_t *o, const struct pb_field *f, struct span entry)
{
	json_t *map = f->name ? json_object_get(o, f->name) : o;

	if (!map && take(r, JSON_STRING_MEMORY + JSON_OBJECT_MEMORY)) {
		map = json_object();
		json_object_set_new_nocheck(o, f->name, map);
	}
	if (map)
		put_entry(r, map, f, entry);
}

static void put_list(struct reader *r, json_t *o, const char *name, json_t *v)
{
	json_t *list = json_object_get(o, name);

	if (!list && take(r, JSON_STRING_MEMORY + JSON_ARRAY_MEMORY)) {
		list = json_array();
		json_object_set_new_nocheck(o, name, list);
	}
	json_array_append_new(list, v);
}

static void put_known(struct reader *r, json_t *o, const struct pb_field *f, const struct raw *raw)
{
	json_t *v, *had = f->list || !f->name ? NULL : json_object_get(o, f->name);

	if (f->kind == PB_MAP || f->kind == PB_TEXTS) {
		put_map(r, o, f, raw->bytes);
		return;
	}
	if (!f->name) {
		json_decref(read_message(r, f->of, raw->bytes, o));
		return;
	}
	v = take(r, JSON_STRING_MEMORY) ? value_of(r, f, raw, had) : NULL;
	if (v && f->list)
		put_list(r, o, f->name, v);
	else if (v)
		json_object_set_new_nocheck(o, f->name, v);
}

static void put_unknown(struct reader *r, json_t *o, uint64_t number, const struct raw *raw)
{
	char name[NUMBER_MAX];
	json_t *v, *had;

	snprintf(name, sizeof(name), "%u", (unsigned)number);
	v = !take(r, JSON_STRING_MEMORY) ? NULL
	    : raw->wire == WIRE_BYTES	 ? unknown_bytes(r, raw->bytes)
					 : number_of(r, raw->number);
	if (!v)
		return;
	had = json_object_get(o, name);
	if (had && !json_is_array(had)) {
		/* It is a list after all. */
		json_incref(had);
		json_object_del(o, name);
		put_list(r, o, name, had);
	}
	if (had)
		put_list(r, o, name, v);
	else
		json_object_set_new_nocheck(o, name, v);
}

/* Returns `into`, with a reference of its own, or a new object where it is NULL or none. */
static json_t *read_message(struct reader *r, const struct pb_field *fields, struct span s,
			    json_t *into)
{
	json_t *o = json_is_object(into) ? json_incref(into) : NULL;
	struct cursor c = { .rest = s };
	const struct pb_field *f;
	uint64_t number;
	struct raw raw;

	if (!r->depth)
		limit_hit(r->lim, LIMIT_json_depth);
	if (!r->depth || (!o && !take(r, JSON_OBJECT_MEMORY))) {
		r->partial = true;
		json_decref(o);
		return NULL;
	}
	o = o ? o : json_object();
	r->depth--;
	while (r->memory && next_field(r, &c, &number, &raw)) {
		for (f = fields; f->number && f->number != number; f++)
			;
		if (f->number && raw.wire == wire_of(f->kind))
			put_known(r, o, f, &raw);
		else
			put_unknown(r, o, number, &raw);
	}
	r->depth++;
	return o;
}

json_t *pb_read(struct limits *lim, const struct pb_field *fields, struct span s, bool *ret_partial)
{
	struct reader r = { .lim = lim };
	json_t *v;

	r.memory = json_memory_max(lim, s.len, &r.memory_which);
	r.depth = lim->max[LIMIT_json_depth] < DEPTH_MAX ? lim->max[LIMIT_json_depth] : DEPTH_MAX;
	v = read_message(&r, fields, s, NULL);

	*ret_partial = r.partial;
	return v;
}
