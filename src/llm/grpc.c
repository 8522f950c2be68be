/* SPDX-License-Identifier: MIT */
#include "llm/grpc.h"

#include <ctype.h>

#include "base/percent.h"
#include "exchange/headers.h"
#include "http/coding.h"
#include "json/text.h"
#include "llm/dialects/a2a.h"
#include "llm/protobuf.h"

/* Flags and length. */
#define PREFIX	    5
#define MESSAGE_MAX (64 << 10)

bool grpc_is(const struct body *b)
{
	struct span type = span_str(b->media_type);

	return span_eq(type, SPAN_LIT("application/grpc")) ||
	       span_eq(type, SPAN_LIT("application/grpc+proto"));
}

bool grpc_next(struct span *rest, struct span *ret_message, bool *ret_coded)
{
	struct cursor c = { .rest = *rest };

	*ret_coded = cursor_be(&c, 1) & 1;
	*ret_message = cursor_take(&c, cursor_be(&c, PREFIX - 1));
	*rest = c.rest;
	return !c.bad;
}

bool grpc_streams(const struct exchange *x)
{
	const struct a2a_method *f = a2a_method_of(span_str(x->target));

	return f && f->stream;
}

static void on_decoded(void *arg, struct span s)
{
	buf_add(arg, s);
}

/* False: not all of it. */
static bool decode(const struct exchange *x, enum http_msg m, struct span s, struct limits *lim,
		   struct buf *out)
{
	const struct headers *h = m == HTTP_REQUEST ? &x->request_headers : &x->response_headers;
	struct coding *c = coding_new(headers_find(h, "grpc-encoding"), lim);
	bool whole = c && coding_feed(c, s, on_decoded, out) == 0 && coding_complete(c);

	coding_free(c);
	if (out->full)
		limit_hit(lim, LIMIT_event);
	return whole && !out->full;
}

json_t *grpc_read(const struct exchange *x, enum http_msg m, struct span message, bool coded,
		  struct limits *lim, bool *ret_partial)
{
	const struct a2a_method *f = a2a_method_of(span_str(x->target));
	struct buf plain;
	json_t *v = NULL;
	bool whole = true;

	*ret_partial = true;
	if (!f || !f->name)
		return f ? json_object() : NULL;
	buf_init(&plain, lim->max[LIMIT_event]);
	if (coded) {
		whole = decode(x, m, message, lim, &plain);
		message = buf_span(&plain);
	}
	if (whole || message.len)
		v = pb_read(lim, m == HTTP_REQUEST ? f->ask : f->answer, message, ret_partial);
	*ret_partial |= !whole;
	buf_done(&plain);
	return v;
}

json_t *grpc_read_body(const struct exchange *x, enum http_msg m, struct limits *lim,
		       bool *ret_partial)
{
	const struct body *b = m == HTTP_REQUEST ? &x->request_body : &x->response_body;
	struct span rest = buf_span(&b->text), message;
	bool coded, whole = grpc_next(&rest, &message, &coded);
	json_t *v;

	*ret_partial = false;
	if (!b->text.len)
		return NULL;
	if (!whole)
		message = span_from(buf_span(&b->text), PREFIX);
	v = grpc_read(x, m, message, coded, lim, ret_partial);
	*ret_partial |= !whole || rest.len;
	return v;
}

json_t *grpc_error(const struct exchange *x)
{
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};
	struct span status = headers_find(&x->response_headers, "grpc-status");
	struct span text = headers_find(&x->response_headers, "grpc-message");
	struct buf plain;
	size_t code = 0;
	json_t *e;

	if (!status.len || status.len > 2 || span_eq(status, SPAN_LIT("0")))
		return NULL;
	for (size_t i = 0; i < status.len; i++)
		code = isdigit(status.ptr[i]) ? code * 10 + (status.ptr[i] - '0') : sizeof(names);
	buf_init(&plain, MESSAGE_MAX);
	percent_decode(span_first(text, MESSAGE_MAX), &plain);
	e = json_object();
	json_object_set_new(e, "code",
			    code < sizeof(names) / sizeof(*names) ? json_string(names[code])
								  : json_from_bytes(status));
	json_object_set_new(e, "message", json_from_bytes(buf_span(&plain)));
	buf_done(&plain);
	return json_pack("{s:o}", "error", e);
}
