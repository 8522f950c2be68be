/* SPDX-License-Identifier: MIT */
#include "llm/multipart.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "exchange/memory.h"
#include "json/memory.h"
#include "json/text.h"
#include "llm/json.h"

#define FIELDS_MAX 256
/* More than one field takes beside its text: a file becomes an object of four members. */
#define FIELD_MEMORY (JSON_OBJECT_MEMORY + 8 * JSON_STRING_MEMORY)
#define BOUNDARY_MAX 72 /* RFC 2046 section 5.1.1: 70, and two dashes */

/* Position of `what` in `s`, or s.len. */
static size_t find(struct span s, struct span what)
{
	const uint8_t *at = s.len && what.len ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

/* A parameter of a header line: name="value". */
static struct span parameter(struct span line, const char *name)
{
	struct span key = span_str(name);
	size_t at = find(line, key);
	struct span rest;

	/* "filename=" ends like "name=". */
	while (at < line.len && at > 0 && line.ptr[at - 1] != ' ' && line.ptr[at - 1] != ';')
		at += 1 + find(span_from(line, at + 1), key);
	rest = span_from(line, at + key.len);
	if (rest.len && rest.ptr[0] == '"')
		return span_first(span_from(rest, 1), span_find(span_from(rest, 1), '"'));
	return span_first(rest, span_find(rest, ';'));
}

static struct span header(struct span head, const char *name)
{
	struct span want = span_str(name);

	while (head.len) {
		struct span line = span_first(head, find(head, SPAN_LIT("\r\n")));

		if (line.len > want.len && span_caseeq(span_first(line, want.len), want))
			return span_trim(span_from(line, want.len));
		head = span_from(head, line.len + 2);
	}
	return head;
}

static json_t *file_of(struct span filename, struct span type, struct span data)
{
	struct sha256_ctx sha;
	json_t *v = json_object();
	char hex[65];

	sha256_init(&sha);
	sha256_update(&sha, data.len, data.ptr);
	digest_hex(&sha, hex);
	json_object_set_new(v, "filename", json_from_bytes(filename));
	json_object_set_new(v, "media_type", json_from_bytes(type));
	json_object_set_new(v, "bytes", json_integer((json_int_t)data.len));
	json_object_set_new(v, "sha256", json_string(hex));
	return v;
}

static void add(json_t *fields, struct span name, json_t *value)
{
	struct buf key;
	json_t *old;

	buf_init(&key, 256);
	utf8_fix(name, &key);
	old = key.len ? json_object_get(fields, key.ptr) : NULL;
	if (!key.len || json_object_size(fields) >= FIELDS_MAX) {
		json_decref(value);
	} else if (!old) {
		json_object_set_new(fields, key.ptr, value);
	} else if (json_is_array(old)) {
		json_array_append_new(old, value);
	} else {
		json_t *list = json_array();

		json_array_append(list, old);
		json_array_append_new(list, value);
		json_object_set_new(fields, key.ptr, list);
	}
	buf_done(&key);
}

/* One part: its header lines, an empty line, its data. */
static void read_part(json_t *fields, struct span part)
{
	size_t blank = find(part, SPAN_LIT("\r\n\r\n"));
	struct span head = span_first(part, blank), data = span_from(part, blank + 4);
	struct span disposition = header(head, "content-disposition:");
	struct span name = parameter(disposition, "name="),
		    filename = parameter(disposition, "filename=");
	struct span type = header(head, "content-type:");

	if (blank == part.len || !name.len)
		return;
	if (filename.len || (type.len && !span_starts(type, SPAN_LIT("text/")) &&
			     !span_starts(type, SPAN_LIT("application/json"))))
		add(fields, name, file_of(filename, type, data));
	else
		add(fields, name, json_from_bytes(data));
}

json_t *multipart_read(struct limits *lim, struct span body, bool cut, bool *ret_partial)
{
	struct span line = span_first(body, find(body, SPAN_LIT("\r\n")));
	uint8_t mark[BOUNDARY_MAX + 4] = { '\r', '\n' };
	size_t taken = 0;
	json_t *fields;

	*ret_partial = false;
	if (line.len < 3 || line.len > BOUNDARY_MAX || line.len == body.len ||
	    !span_starts(line, SPAN_LIT("--")))
		return NULL;
	memcpy(mark + 2, line.ptr, line.len);
	fields = json_object();
	body = span_from(body, line.len + 2);
	while (body.len) {
		struct span part = span_first(body, find(body, span_of(mark, line.len + 2)));

		taken += FIELD_MEMORY + part.len;
		if (limits_memory(lim) + taken > lim->max[LIMIT_memory]) {
			limit_hit(lim, LIMIT_memory);
			*ret_partial = true;
			break;
		}
		*ret_partial |= cut && part.len == body.len;
		read_part(fields, part);
		body = span_from(body, part.len + line.len + 2);
		if (!body.len || span_starts(body, SPAN_LIT("--")))
			break;
		body = span_from(body, 2);
	}
	return fields;
}
