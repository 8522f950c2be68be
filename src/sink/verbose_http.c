/* SPDX-License-Identifier: MIT */
/* HTTP that is no model call, raw output (--raw), and warnings about missing data. */
#include <stdlib.h>

#include "sink/ledger.h"
#include "sink/pretty.h"
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

static void json_body(struct sink *s, const char *name, const struct body *b)
{
	char *pretty = pretty_json(buf_span(&b->text));

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

static void warn(void *arg, const char *text)
{
	verbose_warn(arg, "%s", text);
}

static void warn_alert(void *arg, const char *text)
{
	verbose_warn(arg, "alert: %s", text);
}

void verbose_ledger(struct sink *s, const struct exchange *x)
{
	ledger_each(x, warn, s);
	ledger_alerts(x, warn_alert, s);
}
