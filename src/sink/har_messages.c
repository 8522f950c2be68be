/* SPDX-License-Identifier: MIT */
/* Messages of a WebSocket and events of a stream, cut out of the bodies that hold them. */
#include <string.h>

#include "exchange/arrival.h"
#include "exchange/headers.h"
#include "json/text.h"
#include "sink/har.h"

/* More than any answer has. */
#define MESSAGES_MAX 100000

bool har_is_websocket(const struct exchange *x)
{
	return headers_find(&x->request_headers, "sec-websocket-version").len &&
	       (x->status == 101 ||
		(x->status == 200 && strcmp(x->method ? x->method : "", "CONNECT") == 0));
}

/* When line `n` of a body had come, in seconds since 1970; else the time of the body's end: not all
 * of them are known of a record that was read back, or whose lines a mask changed. */
static json_t *seconds(const struct exchange *x, const struct body *b, uint64_t n, uint64_t end)
{
	uint64_t at = arrival_of_line(&b->arrival, n);
	int64_t us = exchange_wall_ns(x, at ? at : end) / 1000;

	return json_real((double)us / 1e6);
}

/* ---- WebSocket ---- */

#define OPCODE_TEXT 1

/* Each message is followed by a line feed. */
static void add_messages(json_t *list, const struct exchange *x, const struct body *b,
			 const char *type, uint64_t end)
{
	struct span s = buf_span(&b->text);

	for (uint64_t line = 1; s.len && json_array_size(list) < MESSAGES_MAX; line++) {
		size_t n = span_find(s, '\n');
		json_t *o = json_object();

		har_text(o, "type", type);
		json_object_set_new(o, "time", seconds(x, b, line, end));
		json_object_set_new(o, "opcode", json_integer(OPCODE_TEXT));
		json_object_set_new(o, "data", json_from_bytes(span_first(s, n)));
		json_array_append_new(list, o);
		s = span_from(s, n + 1);
	}
}

json_t *har_websocket_messages(const struct exchange *x)
{
	json_t *list = json_array();

	add_messages(list, x, &x->request_body, "send", x->t.request_last);
	add_messages(list, x, &x->response_body, "receive", x->t.response_last);
	return list;
}

/* ---- server-sent events ---- */

/* One event as its lines come. */
struct event_lines {
	struct buf data;
	struct span name, id; /* the id holds until there is another */
	bool any;	      /* there is data, perhaps empty */
};

static void take_line(struct event_lines *e, struct span line)
{
	size_t n = span_find(line, ':');
	struct span field = span_first(line, n), value = span_from(line, n + 1);

	if (value.len && value.ptr[0] == ' ')
		value = span_from(value, 1);
	if (span_eq(field, SPAN_LIT("event"))) {
		e->name = value;
	} else if (span_eq(field, SPAN_LIT("id"))) {
		e->id = value;
	} else if (span_eq(field, SPAN_LIT("data"))) {
		if (e->any)
			buf_addc(&e->data, '\n');
		buf_add(&e->data, value);
		e->any = true;
	}
}

static json_t *take_event(struct event_lines *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "eventName",
			    e->name.len ? json_from_bytes(e->name) : json_string("message"));
	json_object_set_new(o, "eventId", json_from_bytes(e->id));
	json_object_set_new(o, "data", json_from_bytes(buf_span(&e->data)));
	buf_reset(&e->data);
	e->name = span_of(NULL, 0);
	e->any = false;
	return o;
}

static struct span next_line(struct span *s)
{
	struct span line = span_first(*s, span_find(*s, '\n'));

	*s = span_from(*s, line.len + 1);
	return span_ends(line, SPAN_LIT("\r")) ? span_first(line, line.len - 1) : line;
}

/* What no blank line ends is no event, as for a browser. */
json_t *har_events(const struct exchange *x)
{
	const struct body *b = &x->response_body;
	struct span s = buf_span(&b->text);
	struct event_lines e = { 0 };
	json_t *list = json_array();

	if (span_starts(s, SPAN_LIT("\xef\xbb\xbf")))
		s = span_from(s, 3);
	buf_init(&e.data, s.len);
	for (uint64_t n = 1; s.len && json_array_size(list) < MESSAGES_MAX; n++) {
		struct span line = next_line(&s);
		json_t *o;

		if (line.len) {
			take_line(&e, line);
		} else if (e.any) {
			o = take_event(&e);
			json_object_set_new(o, "time", seconds(x, b, n, x->t.response_last));
			json_array_append_new(list, o);
		} else {
			e.name = span_of(NULL, 0);
		}
	}
	buf_done(&e.data);
	return list;
}
