/* SPDX-License-Identifier: MIT */
/* AWS event stream, application/vnd.amazon.eventstream: messages one behind the other, each a
 * prelude (length of the whole, length of the headers, CRC-32 of these two), headers, a payload,
 * and the CRC-32 of all before it. Numbers are big-endian.
 *
 * Lengths are believed where the prelude's checksum is right. Where it is wrong, the place of the
 * next message is unknown, and each offset is tried until twelve bytes are a prelude. When only
 * the checksum at the end is wrong, the next message still is where it should be.
 *
 * Source: docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html, read November 2026. */
#include <zlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "http/framing.h"

#define PRELUDE_LEN 12
#define TRAILER_LEN 4

enum state {
	S_PRELUDE,
	S_BODY, /* headers and payload: `left` bytes more */
	S_TRAILER,
};

struct eventstream {
	struct framing f;
	enum state state;
	uint8_t few[PRELUDE_LEN]; /* of the prelude or the trailer, as far as it came */
	size_t nfew;
	bool searching; /* the next prelude may be at any offset */
	bool torn;	/* a message that could not be read came before the next element */
	uint32_t nheaders, left;
	uint32_t crc;	 /* of the message so far, while body is not full */
	struct buf body; /* what is kept of headers and payload */
	struct buf name, text;
};

/* ---- headers ---- */

enum { TYPE_BYTES = 6, TYPE_STRING = 7, TYPE_COUNT = 10 };

enum header {
	H_MESSAGE_TYPE,
	H_EVENT_TYPE,
	H_EXCEPTION_TYPE,
	H_ERROR_CODE,
	H_ERROR_MESSAGE,
	H_COUNT
};

static const struct span header_names[H_COUNT] = {
	[H_MESSAGE_TYPE] = SPAN_LIT(":message-type"),	  [H_EVENT_TYPE] = SPAN_LIT(":event-type"),
	[H_EXCEPTION_TYPE] = SPAN_LIT(":exception-type"), [H_ERROR_CODE] = SPAN_LIT(":error-code"),
	[H_ERROR_MESSAGE] = SPAN_LIT(":error-message"),
};

/* One header: length of the name in one byte, name, type, value. False when it is malformed. */
static bool read_header(struct cursor *c, struct span *ret_values)
{
	/* true, false, byte, short, integer, long, -, -, timestamp, uuid */
	static const uint8_t sizes[TYPE_COUNT] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };
	struct span name = cursor_take(c, cursor_be(c, 1)), value;
	uint64_t type = cursor_be(c, 1);

	if (!name.len || type >= TYPE_COUNT)
		return false;
	if (type == TYPE_BYTES || type == TYPE_STRING)
		value = cursor_take(c, cursor_be(c, 2));
	else
		value = cursor_take(c, sizes[type]);
	if (c->bad)
		return false;
	for (size_t i = 0; i < H_COUNT && type == TYPE_STRING; i++)
		if (span_eq(name, header_names[i]))
			ret_values[i] = value;
	return true;
}

static bool read_headers(struct span s, struct span *ret_values)
{
	struct cursor c = { .rest = s };

	while (c.rest.len)
		if (!read_header(&c, ret_values))
			return false;
	return true;
}

/* ---- elements ---- */

static bool is_type(const struct span *values, const char *type)
{
	return span_eq(values[H_MESSAGE_TYPE], span_str(type));
}

static void set_name(struct buf *name, const struct span *values)
{
	enum header which = H_EVENT_TYPE;

	if (is_type(values, "exception"))
		which = H_EXCEPTION_TYPE;
	else if (is_type(values, "error"))
		which = H_ERROR_CODE;
	if (which != H_EVENT_TYPE)
		buf_addc(name, '!');
	buf_add(name, values[which]);
}

/* An error says in a header what an exception says in its payload: {"message": ...}. */
static void set_error_text(struct buf *out, struct span message)
{
	buf_adds(out, "{\"message\": \"");
	while (message.len) {
		uint32_t code = 0;
		size_t len = utf8_next(message, &code);

		if (!len)
			buf_adds(out, "\xef\xbf\xbd");
		else if (code < ' ' || code == '"' || code == '\\')
			buf_addf(out, "\\u%04x", (unsigned)code);
		else
			buf_add(out, span_first(message, len));
		message = span_from(message, len ? len : 1);
	}
	buf_adds(out, "\"}");
}

/* The message under way, or what is there of it. */
static void emit(struct eventstream *e, bool cut)
{
	struct span values[H_COUNT] = { 0 };
	struct span body = buf_span(&e->body), data = span_from(body, e->nheaders);

	if (e->body.full)
		limit_hit(e->f.lim, LIMIT_event);
	if (!read_headers(span_first(body, e->nheaders), values) || e->body.full || e->torn)
		cut = true;
	set_name(&e->name, values);
	if (!data.len && is_type(values, "error")) {
		set_error_text(&e->text, values[H_ERROR_MESSAGE]);
		data = buf_span(&e->text);
	}
	e->f.fn(e->f.arg, buf_span(&e->name), data, cut);
	buf_reset(&e->body);
	buf_reset(&e->name);
	buf_reset(&e->text);
	e->state = S_PRELUDE;
	e->nfew = 0;
	e->torn = false;
}

/* ---- messages ---- */

/* Lengths and their checksum. */
static bool read_prelude(const uint8_t *bytes, uint32_t *ret_total, uint32_t *ret_nheaders)
{
	struct cursor c = { .rest = span_of(bytes, PRELUDE_LEN) };

	*ret_total = (uint32_t)cursor_be(&c, 4);
	*ret_nheaders = (uint32_t)cursor_be(&c, 4);
	return *ret_total >= PRELUDE_LEN + TRAILER_LEN &&
	       *ret_nheaders <= *ret_total - PRELUDE_LEN - TRAILER_LEN &&
	       crc32(0, bytes, PRELUDE_LEN - 4) == cursor_be(&c, 4);
}

bool eventstream_begins(struct span s)
{
	uint32_t total, nheaders;

	return s.len >= PRELUDE_LEN && read_prelude(s.ptr, &total, &nheaders);
}

/* Whether the twelve bytes in `few` are a prelude: then its message has begun. */
static bool begin_message(struct eventstream *e)
{
	uint32_t total, nheaders;

	if (!read_prelude(e->few, &total, &nheaders))
		return false;
	e->nheaders = nheaders;
	e->left = total - PRELUDE_LEN - TRAILER_LEN;
	e->crc = (uint32_t)crc32(0, e->few, PRELUDE_LEN);
	e->state = e->left ? S_BODY : S_TRAILER;
	e->nfew = 0;
	e->searching = false;
	return true;
}

static void in_prelude(struct eventstream *e, struct span *s)
{
	while (s->len && e->state == S_PRELUDE) {
		e->few[e->nfew++] = s->ptr[0];
		*s = span_from(*s, 1);
		if (e->nfew < PRELUDE_LEN || begin_message(e))
			continue;
		if (!e->searching)
			e->searching = e->torn = true;
		memmove(e->few, e->few + 1, PRELUDE_LEN - 1);
		e->nfew--;
		e->f.unread++;
	}
}

static void in_body(struct eventstream *e, struct span *s)
{
	struct span part = span_first(*s, e->left);

	/* A message past the limit is flagged anyway. */
	if (!e->body.full)
		e->crc = (uint32_t)crc32(e->crc, part.ptr, (uInt)part.len);
	buf_add(&e->body, part);
	e->left -= (uint32_t)part.len;
	*s = span_from(*s, part.len);
	if (!e->left)
		e->state = S_TRAILER;
}

static void in_trailer(struct eventstream *e, struct span *s)
{
	struct cursor c = { .rest = span_of(e->few, TRAILER_LEN) };

	while (s->len && e->nfew < TRAILER_LEN) {
		e->few[e->nfew++] = s->ptr[0];
		*s = span_from(*s, 1);
	}
	if (e->nfew == TRAILER_LEN)
		emit(e, cursor_be(&c, 4) != e->crc);
}

/* What is under way goes no further. */
static void break_off(struct eventstream *e)
{
	if (e->state != S_PRELUDE) {
		emit(e, true);
		return;
	}
	e->f.unread += e->nfew;
	e->nfew = 0;
}

static void eventstream_feed(void *state, struct span s)
{
	struct eventstream *e = state;

	while (s.len) {
		switch (e->state) {
		case S_PRELUDE:
			in_prelude(e, &s);
			break;
		case S_BODY:
			in_body(e, &s);
			break;
		case S_TRAILER:
			in_trailer(e, &s);
			break;
		}
	}
}

static void eventstream_gap(void *state)
{
	struct eventstream *e = state;

	/* The rest of a torn message may come first; it is no sign of a second one that is torn. */
	e->searching = true;
	break_off(e);
}

static void eventstream_finish(void *state)
{
	break_off(state);
}

static void eventstream_init(void *state)
{
	struct eventstream *e = state;

	buf_init(&e->body, e->f.lim->max[LIMIT_event]);
	/* Both come from headers, whose values have 16 bits of length: they cannot overflow. One
	 * byte becomes six at most. */
	buf_init(&e->name, 1 + UINT16_MAX);
	buf_init(&e->text, 64 + 6 * UINT16_MAX);
}

static void eventstream_done(void *state)
{
	struct eventstream *e = state;

	buf_done(&e->body);
	buf_done(&e->name);
	buf_done(&e->text);
}

const struct framing_ops framing_eventstream = {
	.name = "eventstream",
	.size = sizeof(struct eventstream),
	.init = eventstream_init,
	.feed = eventstream_feed,
	.gap = eventstream_gap,
	.finish = eventstream_finish,
	.done = eventstream_done,
};
