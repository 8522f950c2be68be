/* SPDX-License-Identifier: MIT */
#include "view/reply.h"

#include "exchange/headers.h"
#include "json/text.h"
#include "json/write.h"
#include "select/amount.h"

/* ---- whether ---- */

static bool is_whole(const struct body *b)
{
	if (b->state == BODY_NONE)
		return true;
	return b->state == BODY_COMPLETE && !b->text.full && !b->ngaps && !b->coding_error &&
	       (b->text.len || !b->decoded);
}

/* By bytes of it that were not kept; what was lost on the way is another matter. */
static bool is_kept(const struct body *b)
{
	return !b->coding_error && (b->text.len || !b->decoded);
}

static bool has_trailers(const struct exchange *x)
{
	return x->response_body.media_type &&
	       strncmp(x->response_body.media_type, "application/grpc", 16) == 0;
}

enum reply_lack reply_lack(const struct exchange *x)
{
	if (exchange_is_stdio(x))
		return REPLY_NO_HTTP;
	if (x->status == 101 || headers_find(&x->request_headers, "sec-websocket-key").ptr)
		return REPLY_WEBSOCKET;
	if (has_trailers(x))
		return REPLY_TRAILERS;
	if (!x->request_seen || !x->method || !x->target || !is_whole(&x->request_body))
		return REPLY_NO_REQUEST;
	if (!x->response_seen || x->status < 200 || x->status > 999)
		return REPLY_NO_ANSWER;
	return is_kept(&x->response_body) ? REPLY_FINE : REPLY_NO_BODY;
}

const char *reply_lack_text(enum reply_lack why)
{
	switch (why) {
	case REPLY_NO_HTTP:
		return "over pipes";
	case REPLY_WEBSOCKET:
		return "over WebSocket";
	case REPLY_TRAILERS:
		return "of gRPC";
	case REPLY_NO_REQUEST:
		return "whose request is not whole or not kept";
	case REPLY_NO_ANSWER:
		return "without an answer";
	case REPLY_NO_BODY:
		return "whose answer is not kept";
	case REPLY_FINE:
	case REPLY_LACKS:
		break;
	}
	return "";
}

/* ---- how ---- */

bool reply_is_cut(const struct exchange *x)
{
	const struct body *b = &x->response_body;

	return b->state != BODY_COMPLETE || b->text.full || b->ngaps;
}

/* Of the answer to a HEAD: what a GET would get, so no body says it. */
static int64_t stated_length(struct span value)
{
	uint64_t n;

	return amount_number((const char *)value.ptr, INT64_MAX, &n) == 0 ? (int64_t)n
									  : COUNT_UNKNOWN;
}

int64_t reply_length(const struct exchange *x)
{
	struct span stated = headers_find(&x->response_headers, "content-length");
	const struct body *b = &x->response_body;

	if (!stated.ptr)
		return COUNT_UNKNOWN;
	if (x->method && strcmp(x->method, "HEAD") == 0)
		return stated_length(stated);
	if (!reply_is_cut(x))
		return (int64_t)b->text.len;
	return b->coding || b->expected <= (int64_t)b->text.len ? COUNT_UNKNOWN : b->expected;
}

static bool is_token(const char *s)
{
	static const char more[] = "!#$%&'*+-.^_`|~";
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	while (s[n] && strchr(more, s[n]))
		n += 1 + strspn(s + n + 1, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	return n && !s[n];
}

bool reply_has_field(const struct header *h)
{
	static const struct span unserved[] = {
#define UNSERVED(name, why) SPAN_LIT(name),
#include "view/unserved.def"
#undef UNSERVED
	};

	for (size_t i = 0; i < sizeof(unserved) / sizeof(*unserved); i++)
		if (span_caseeq(span_str(h->name), unserved[i]))
			return false;
	return is_token(h->name) && h->value && !strpbrk(h->value, "\r\n");
}

/* ---- when ---- */

/* Bytes up to the end of so many lines. */
static size_t length_of_lines(struct span s, uint64_t lines)
{
	size_t len = 0;

	for (; lines && len < s.len; lines--)
		len += span_find(span_from(s, len), '\n') + 1;
	return len < s.len ? len : s.len;
}

size_t reply_next(const struct exchange *x, struct reply_cursor *c, uint64_t *ret_ns)
{
	const struct arrival *a = &x->response_body.arrival;
	struct span rest = span_from(buf_span(&x->response_body.text), c->at);
	size_t len = rest.len;

	*ret_ns = a->count ? x->t.response_last : 0;
	if (c->mark < a->count) {
		const struct arrival_mark *m = &a->marks[c->mark++];

		len = length_of_lines(rest, m->lines - c->lines);
		c->lines = m->lines;
		*ret_ns = m->ns;
	}
	c->at += len;
	return len;
}

/* ---- what is not there ---- */

void reply_refusal(const char *api, const char *message, struct buf *out)
{
	static const struct {
		const char *api, *text;
	} rows[] = {
#define REFUSAL(api_, text_) { api_, text_ },
#include "view/refusals.def"
#undef REFUSAL
	};
	struct span name = span_str(api), text;
	json_t *said = json_from_text(message);
	size_t i = 0, at;

	while (i < sizeof(rows) / sizeof(*rows) - 1 && !span_starts(name, span_str(rows[i].api)))
		i++;
	text = span_str(rows[i].text);
	at = span_find(text, '@');
	buf_add(out, span_first(text, at));
	json_write(said, out);
	buf_add(out, span_from(text, at + 1));
	json_decref(said);
}
