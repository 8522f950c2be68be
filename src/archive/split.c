/* SPDX-License-Identifier: MIT */
#include "archive/split.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/read.h"
#include "json/write.h"

#define CHUNK_MIN 4096
#define CHUNK_MAX 65536
/* A border where these bits of the rolling hash are 0: each 16 KiB or so. */
#define CHUNK_MASK 0xfffc000000000000ull

static int give_json(json_t *v, enum place place, size_t position, enum content_kind kind,
		     piece_fn *fn, void *arg)
{
	char *text = json_write_text(v);
	int err = text ? fn(arg, place, position, kind, span_str(text)) : -EBADMSG;

	free(text);
	return err;
}

/* Each element of an array, which is empty afterwards. */
static int give_list(json_t *list, enum place place, piece_fn *fn, void *arg)
{
	json_t *v;
	size_t i;
	int err = 0;

	json_array_foreach(list, i, v) {
		if (!err)
			err = give_json(v, place, i, CONTENT_MESSAGE, fn, arg);
	}
	json_array_clear(list);
	return err;
}

/* How long the chunk at the front is. Its end depends on the bytes before it alone, so that two
 * bodies that begin alike have the same first chunks. */
static size_t chunk_length(struct span s)
{
	uint64_t hash = 0;
	size_t i = CHUNK_MIN;

	if (s.len <= CHUNK_MIN)
		return s.len;
	for (; i < s.len && i < CHUNK_MAX; i++) {
		uint64_t mixed = (s.ptr[i] + 1) * 0x9e3779b97f4a7c15ull;

		/* A byte is shifted out after 64 more. */
		hash = (hash << 1) + (mixed ^ mixed >> 29);
		if (!(hash & CHUNK_MASK))
			return i + 1;
	}
	return i;
}

static int give_body(json_t *message, enum place place, piece_fn *fn, void *arg)
{
	json_t *body = json_object_get(message, "body"), *text = json_object_get(body, "text");
	struct span rest = span_of(json_string_value(text), json_string_length(text));
	size_t position = 0;
	int err = 0;

	while (rest.len && !err) {
		size_t len = chunk_length(rest);

		err = fn(arg, place, position++, CONTENT_BYTES, span_first(rest, len));
		rest = span_from(rest, len);
	}
	if (text)
		json_string_set(text, "");
	return err;
}

int split_record(json_t *record, piece_fn *fn, void *arg)
{
	json_t *request = json_object_get(record, "request");
	json_t *response = json_object_get(record, "response");
	json_t *system = json_object_get(request, "system"),
	       *tools = json_object_get(request, "tools");
	int err = 0;

	if (json_is_object(system)) {
		err = give_json(system, PLACE_SYSTEM, 0, CONTENT_MESSAGE, fn, arg);
		json_object_set_new(request, "system", json_null());
	}
	if (!err)
		err = give_list(json_object_get(request, "messages"), PLACE_MESSAGE, fn, arg);
	if (!err && json_array_size(tools))
		err = give_json(tools, PLACE_TOOLS, 0, CONTENT_JSON, fn, arg);
	json_array_clear(tools);
	if (!err)
		err = give_list(json_object_get(response, "choices"), PLACE_CHOICE, fn, arg);
	if (!err)
		err = give_body(request, PLACE_REQUEST_BODY, fn, arg);
	return err ? err : give_body(response, PLACE_RESPONSE_BODY, fn, arg);
}

void joiner_init(struct joiner *j, json_t *record, size_t body_max)
{
	j->record = record;
	buf_init(&j->bodies[0], body_max);
	buf_init(&j->bodies[1], body_max);
}

static int put_back(struct joiner *j, enum place place, json_t *v)
{
	json_t *request = json_object_get(j->record, "request");
	json_t *response = json_object_get(j->record, "response");
	int err = -1;

	if (place == PLACE_SYSTEM)
		err = json_object_set(request, "system", v);
	else if (place == PLACE_TOOLS)
		err = json_object_set(request, "tools", v);
	else if (place == PLACE_MESSAGE)
		err = json_array_append(json_object_get(request, "messages"), v);
	else if (place == PLACE_CHOICE)
		err = json_array_append(json_object_get(response, "choices"), v);
	return err ? -EBADMSG : 0;
}

int joiner_add(struct joiner *j, enum place place, struct span bytes)
{
	json_t *v;
	int err;

	if (place == PLACE_REQUEST_BODY || place == PLACE_RESPONSE_BODY)
		return buf_add(&j->bodies[place == PLACE_RESPONSE_BODY], bytes);
	v = json_read_own(bytes);
	err = put_back(j, place, v);
	json_decref(v);
	return err;
}

void joiner_done(struct joiner *j)
{
	static const char *const messages[] = { "request", "response" };

	for (size_t i = 0; i < 2; i++) {
		json_t *body = json_object_get(json_object_get(j->record, messages[i]), "body");

		if (j->bodies[i].len)
			json_object_set_new(body, "text",
					    json_stringn(j->bodies[i].ptr, j->bodies[i].len));
		buf_done(&j->bodies[i]);
	}
}

static void add_words(struct buf *b, const json_t *v)
{
	if (!json_string_length(v))
		return;
	if (b->len)
		buf_addc(b, '\n');
	buf_add(b, span_of(json_string_value(v), json_string_length(v)));
}

static bool one_of(const json_t *v, const char *a, const char *b)
{
	const char *s = json_string_value(v);

	return s && (strcmp(s, a) == 0 || strcmp(s, b) == 0);
}

void message_words(struct span json, struct buf *said, struct buf *thought, struct buf *tools)
{
	json_t *message = json_read_own(json), *part;
	size_t i;

	json_array_foreach(json_object_get(message, "parts"), i, part) {
		const json_t *kind = json_object_get(part, "kind");

		if (one_of(kind, "text", "refusal")) {
			add_words(said, json_object_get(part, "text"));
		} else if (one_of(kind, "reasoning", "reasoning")) {
			add_words(thought, json_object_get(part, "text"));
		} else if (one_of(kind, "tool_call", "tool_result")) {
			add_words(tools, json_object_get(part, "name"));
			add_words(tools, json_object_get(part, "text"));
		}
	}
	json_decref(message);
}
