/* SPDX-License-Identifier: MIT */
/* HTTP that is no model call, raw output (--raw), and warnings about missing data. */
#include <stdlib.h>

#include "sink/verbose_int.h"

#define LINES_MAX 24

static void traffic(struct sink *s, struct span text, unsigned indent)
{
	s->t.indent = indent;
	term_traffic(&s->t, text);
	term_fresh_line(&s->t);
	s->t.indent = 0;
}

/* The first lines of `text`. */
static void first_lines(struct sink *s, struct span text)
{
	size_t at = 0, lines = 0;

	while (at < text.len && lines < LINES_MAX) {
		at += span_find(span_from(text, at), '\n') + 1;
		lines++;
	}
	traffic(s, span_first(text, at), 4);
	if (at < text.len) {
		term_ownf(&s->t, "    [%zu bytes more; --raw shows all]", text.len - at);
		term_newline(&s->t);
	}
}

/* Each level indents all that it holds, and all of it is in memory at once. */
#define PRETTY_BYTES (512 << 10)
#define PRETTY_DEPTH 64

static bool is_shallow(struct span s)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = s.ptr[i];

		in_string ^= b == '"';
		i += in_string && b == '\\';
		depth += !in_string && (b == '[' || b == '{');
		depth -= !in_string && (b == ']' || b == '}') && depth;
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest <= PRETTY_DEPTH;
}

char *verbose_pretty(struct span s)
{
	json_t *v = NULL;
	char *pretty;

	if (s.len && s.len <= PRETTY_BYTES && is_shallow(s))
		v = json_loadb((const char *)s.ptr, s.len, JSON_ALLOW_NUL, NULL);
	pretty = v ? json_dumps(v, JSON_INDENT(2)) : NULL;
	json_decref(v);
	return pretty;
}

static void json_body(struct sink *s, const char *name, const struct body *b)
{
	char *pretty = verbose_pretty(buf_span(&b->text));

	if (pretty) {
		term_ownf(&s->t, "  %s:", name);
		term_newline(&s->t);
		first_lines(s, span_str(pretty));
	}
	free(pretty);
}

static void size_line(struct sink *s, const char *name, const struct body *b)
{
	if (!b->wire)
		return;
	term_ownf(&s->t, "  %s: %llu bytes, ", name, (unsigned long long)b->wire);
	term_inline(&s->t, span_str(b->media_type ? b->media_type : "no media type"), 80);
	if (b->coding) {
		term_own(&s->t, ", ");
		term_inline(&s->t, span_str(b->coding), 40);
	}
	term_newline(&s->t);
}

/* One block for request and response. */
void verbose_http(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;

	verbose_head(s, MARK_HTTP, "HTTP", x,
		  x->t.request_first ? x->t.request_first : x->t.response_first);
	term_inline(t, span_str(x->method ? x->method : "(request not seen)"), 20);
	term_own(t, " ");
	term_inline(t, span_str(x->target), 300);
	if (x->status)
		term_ownf(t, "%s%u", s->o.utf8 ? " → " : " -> ", x->status);
	else
		term_own(t, s->o.utf8 ? " → no response seen" : " -> no response seen");
	term_newline(t);
	size_line(s, "Sent", &x->request_body);
	json_body(s, "Request", &x->request_body);
	size_line(s, "Received", &x->response_body);
	json_body(s, "Response", &x->response_body);
}

/* ---- as it is ---- */

static void raw_headers(struct sink *s, const struct headers *h)
{
	for (size_t i = 0; i < h->count; i++) {
		term_own(&s->t, "  ");
		term_inline(&s->t, span_str(h->items[i].name), 200);
		term_own(&s->t, ": ");
		term_inline(&s->t, span_str(h->items[i].value), 8192);
		term_newline(&s->t);
	}
	term_newline(&s->t);
}

static void raw_body(struct sink *s, const struct body *b)
{
	traffic(s, buf_span(&b->text), 2);
	if (body_kept(b) < b->decoded)
		verbose_warn(s, "%llu bytes of this body were not kept",
			  (unsigned long long)(b->decoded - body_kept(b)));
}

void verbose_raw_request(struct sink *s, const struct exchange *x)
{
	verbose_head(s, MARK_REQUEST, "REQUEST", x, x->t.request_first);
	if (!x->request_seen) {
		verbose_warn(s, "the request was not seen");
		return;
	}
	term_own(&s->t, "  ");
	term_inline(&s->t, span_str(x->method), 20);
	term_own(&s->t, " ");
	term_inline(&s->t, span_str(x->target), 8192);
	term_newline(&s->t);
	raw_headers(s, &x->request_headers);
	raw_body(s, &x->request_body);
}

void verbose_raw_response(struct sink *s, const struct exchange *x)
{
	verbose_head(s, MARK_RESPONSE, "RESPONSE", x, x->t.response_first);
	if (!x->response_seen) {
		verbose_warn(s, "no response was seen");
		return;
	}
	term_ownf(&s->t, "  %u", x->status);
	term_newline(&s->t);
	raw_headers(s, &x->response_headers);
	raw_body(s, &x->response_body);
}

/* ---- what is missing ---- */

static void body_ledger(struct sink *s, const char *name, const struct body *b)
{
	for (size_t i = 0; i < b->ngaps && i < GAPS_KEPT; i++) {
		if (b->gaps[i].len)
			verbose_warn(s, "%llu bytes of the %s are missing, at byte %llu",
				  (unsigned long long)b->gaps[i].len, name,
				  (unsigned long long)b->gaps[i].off);
		else
			verbose_warn(s,
				  "an unknown number of bytes of the %s is missing, at byte %llu",
				  name, (unsigned long long)b->gaps[i].off);
	}
	if (b->ngaps > GAPS_KEPT)
		verbose_warn(s, "and %zu gaps more in the %s, %llu bytes missing in all",
			  b->ngaps - GAPS_KEPT, name, (unsigned long long)b->missing);
	if (b->state == BODY_CUT && b->expected != COUNT_UNKNOWN)
		verbose_warn(s, "the %s ended early: %llu of %lld bytes", name,
			  (unsigned long long)b->wire, (long long)b->expected);
	else if (b->state == BODY_CUT)
		verbose_warn(s, "the %s ended early, after %llu bytes", name,
			  (unsigned long long)b->wire);
	if (b->coding_error)
		verbose_warn(s, "the %s could not be decoded (%s): %s", name,
			  b->coding ? b->coding : "?", b->coding_error);
	if (b->text.full)
		verbose_warn(s, "the %s was longer than what is kept for reading", name);
}

void verbose_ledger(struct sink *s, const struct exchange *x)
{
	if (!x->request_seen)
		verbose_warn(s, "the request was not seen: tracing began later");
	body_ledger(s, "request", &x->request_body);
	body_ledger(s, "response", &x->response_body);
	if (x->request_headers.cut || x->response_headers.cut)
		verbose_warn(s, "header fields are missing");
	if (x->response_partial && x->kind == EXCHANGE_LLM)
		verbose_warn(s, "part of the response could not be read as %s", x->api);
	if (x->lost_events)
		verbose_warn(s, "the kernel lost events while this call was under way");
}
