/* SPDX-License-Identifier: MIT */
#include "top/tabs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/arrival.h"
#include "exchange/json.h"
#include "json/write.h"
#include "sink/diff.h"
#include "sink/history.h"
#include "sink/pretty.h"
#include "top/wrap.h"

#define TEXT_MAX   (4u << 20)
#define EVENTS_MAX 5000
#define BAR_LEAST  10

struct rows {
	struct buf out;
	unsigned width;
	bool utf8;
};

const char *top_tab_name(enum top_tab t)
{
	static const char *const names[] = {
		[TAB_MESSAGES] = "Messages", [TAB_TOOLS] = "Tools",   [TAB_REQUEST] = "Request",
		[TAB_RESPONSE] = "Response", [TAB_EVENTS] = "Events", [TAB_TIMING] = "Timing",
		[TAB_RAW] = "Raw",
	};

	return names[t];
}

/* ---- rows ---- */

/* Text of ours: it has no need to be made safe. */
static void add_head(struct rows *r, const char *text)
{
	buf_addf(&r->out, "\x1b[1m%s\x1b[0m\n", text);
}

static void add_text(struct rows *r, struct span text, const char *before)
{
	size_t indent = strlen(before);

	top_wrap(&r->out, text, before, r->width > indent ? r->width - (unsigned)indent : 1,
		 r->utf8);
}

/* On rows of a colour: each has it by itself, for a screen draws row by row. */
static void add_colored(struct rows *r, struct span text, const char *code)
{
	AUTO_FREE char *before = xasprintf("\x1b[%sm", code);

	top_wrap(&r->out, text, before, r->width, r->utf8);
}

static void add_string(struct rows *r, const char *text, const char *before)
{
	add_text(r, span_str(text), before);
}

static void add_json(struct rows *r, const json_t *v, const char *before)
{
	AUTO_FREE char *text = v ? json_write_lines(v, 2) : NULL;

	if (text)
		add_string(r, text, before);
}

/* Indented where it is JSON. */
static void add_pretty(struct rows *r, struct span text, const char *before)
{
	AUTO_FREE char *lines = pretty_json(text);

	if (lines)
		add_string(r, lines, before);
	else
		add_text(r, text, before);
}

/* ---- tools ---- */

static void add_calls(struct rows *r, const struct message *m, bool *any)
{
	for (size_t i = 0; i < m->nparts; i++) {
		const struct part *p = &m->parts[i];

		if (p->kind != PART_TOOL_CALL)
			continue;
		if (!*any)
			add_head(r, "Asked for by this answer");
		*any = true;
		add_colored(r, span_str(p->name ? p->name : "?"), "36");
		add_pretty(r, buf_span(&p->text), "  ");
	}
}

static void write_tools(struct rows *r, const struct exchange *x)
{
	bool any = false;

	for (size_t i = 0; i < x->nchoices; i++)
		add_calls(r, &x->choices[i].msg, &any);
	if (x->ntools)
		add_head(r, "Offered to the model");
	for (size_t i = 0; i < x->ntools; i++) {
		const struct tool *t = &x->tools[i];

		add_colored(r, span_str(t->name ? t->name : "?"), "36");
		if (t->description)
			add_string(r, t->description, "  ");
		add_json(r, t->schema, "  ");
	}
	if (!any && !x->ntools)
		add_string(r, "no tools", "");
}

/* ---- request and response ---- */

static void add_fields(struct rows *r, const struct headers *h)
{
	for (size_t i = 0; i < h->count; i++) {
		AUTO_FREE char *line = xasprintf("%s: %s", h->items[i].name, h->items[i].value);

		add_string(r, line, "  ");
	}
	if (h->cut || h->unseen)
		add_string(r, "(some are not known)", "  ");
}

static void add_body(struct rows *r, const struct body *b)
{
	if (b->text.len)
		add_pretty(r, buf_span(&b->text), "  ");
	else
		add_string(r, b->decoded ? "(not kept: --bodies keeps it)" : "(empty)", "  ");
}

static void write_request(struct rows *r, const struct exchange *x)
{
	AUTO_FREE char *line = xasprintf("%s %s%s", x->method ? x->method : "?",
					 x->host ? x->host : "", x->target ? x->target : "");

	add_string(r, line, "");
	add_fields(r, &x->request_headers);
	if (x->nparams)
		add_head(r, "Parameters");
	for (size_t i = 0; i < x->nparams; i++) {
		AUTO_FREE char *value = json_write_text(x->params[i].value);
		AUTO_FREE char *text = xasprintf("%s = %s", x->params[i].name, value ? value : "");

		add_string(r, text, "  ");
	}
	add_head(r, "Body");
	add_body(r, &x->request_body);
}

static void add_error(struct rows *r, const struct api_error *e)
{
	const char *const texts[] = { e->type, e->code, e->message };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i])
			add_colored(r, span_str(texts[i]), "31");
}

static void write_response(struct rows *r, const struct exchange *x)
{
	AUTO_FREE char *line = x->status ? xasprintf("%u", x->status) : xstrdup("no response");

	add_string(r, line, "");
	if (x->error)
		add_error(r, x->error);
	add_fields(r, &x->response_headers);
	add_head(r, "Body");
	add_body(r, &x->response_body);
}

/* ---- events ---- */

/* The time stands on its first row alone: those after it are no events of their own. */
static void add_event(struct rows *r, struct span line, const char *when)
{
	AUTO_FREE char *blank = xasprintf("%*s", (int)strlen(when), "");
	size_t at = r->out.len;

	add_text(r, line, blank);
	if (r->out.len >= at + strlen(when))
		memcpy(r->out.ptr + at, when, strlen(when));
}

static void write_events(struct rows *r, const struct exchange *x)
{
	struct span rest = buf_span(&x->response_body.text);
	uint64_t n = 0;

	if (!rest.len || !x->stream) {
		add_string(r,
			   x->stream ? "the text of the body was not kept: --bodies keeps it"
				     : "the answer was no stream",
			   "");
		return;
	}
	while (rest.len && n < EVENTS_MAX) {
		struct span line = span_first(rest, span_find(rest, '\n'));
		uint64_t at = arrival_of_line(&x->response_body.arrival, ++n);
		char when[40] = "";

		if (at && at >= x->t.request_first)
			snprintf(when, sizeof(when), "%8s  ",
				 text_duration(at - x->t.request_first).text);
		if (line.len)
			add_event(r, line, when);
		rest = span_from(rest, line.len + (line.len < rest.len));
	}
	if (rest.len)
		add_string(r, "(there are more)", "");
}

/* ---- timing ---- */

static void add_bar(struct rows *r, const char *name, uint64_t from, uint64_t to, uint64_t all)
{
	unsigned room = r->width > 40 ? r->width - 30 : BAR_LEAST;
	unsigned begin = all ? (unsigned)(from * room / all) : 0;
	unsigned end = all ? (unsigned)(to * room / all) : 0;

	buf_addf(&r->out, "%-14s %8s  %*s\x1b[36m", name, text_duration(to - from).text, (int)begin,
		 "");
	for (unsigned i = begin; i <= end && i < room; i++)
		buf_adds(&r->out, r->utf8 ? "█" : "#");
	buf_adds(&r->out, "\x1b[0m\n");
}

static void write_timing(struct rows *r, const struct exchange *x)
{
	const uint64_t *const from = &x->t.request_first;
	const struct {
		const char *name;
		uint64_t begin, end;
	} parts[] = {
		{ "request", x->t.request_first, x->t.request_last },
		{ "waits", x->t.request_last, x->t.response_first },
		{ "first token", x->t.response_first, x->t.first_token },
		{ "stream", x->t.first_token ? x->t.first_token : x->t.response_first,
		  x->t.response_last },
	};
	uint64_t all = x->t.response_last > *from ? x->t.response_last - *from : 0;
	struct account a;

	exchange_account(x, &a);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (*from && parts[i].begin >= *from && parts[i].end >= parts[i].begin)
			add_bar(r, parts[i].name, parts[i].begin - *from, parts[i].end - *from,
				all);
	if (a.duration_ns != COUNT_UNKNOWN)
		buf_addf(&r->out, "%-14s %8s\n", "all",
			 text_duration((uint64_t)a.duration_ns).text);
	if (exchange_speed(x) > 0)
		buf_addf(&r->out, "%-14s %8.1f tok/s\n", "speed", exchange_speed(x));
}

/* ---- all ---- */

static void write_raw(struct rows *r, const struct exchange *x)
{
	json_t *v = exchange_to_json(x, EXCHANGE_JSON_BODIES);

	add_json(r, v, "");
	json_decref(v);
}

char *top_tab_text(const struct exchange *x, enum top_tab tab, unsigned width, bool utf8)
{
	struct rows r = { .width = width, .utf8 = utf8 };

	buf_init(&r.out, TEXT_MAX);
	switch (tab) {
	case TAB_TOOLS:
		write_tools(&r, x);
		break;
	case TAB_REQUEST:
		write_request(&r, x);
		break;
	case TAB_RESPONSE:
		write_response(&r, x);
		break;
	case TAB_EVENTS:
		write_events(&r, x);
		break;
	case TAB_TIMING:
		write_timing(&r, x);
		break;
	case TAB_RAW:
		write_raw(&r, x);
		break;
	case TAB_MESSAGES:
	case TABS:
		break;
	}
	return buf_take(&r.out);
}

/* ---- what differs ---- */

static void add_message(struct buf *out, const struct message *m)
{
	AUTO_FREE char *text = history_message(m);

	buf_addf(out, "%s: %s\n", m->role ? m->role : "?", text);
}

static void request_text(const struct exchange *x, struct buf *out)
{
	size_t n;
	struct tool_text *tools = history_tools(x, &n);

	for (size_t i = 0; i < x->nparams; i++) {
		AUTO_FREE char *value = json_write_text(x->params[i].value);

		buf_addf(out, "%s = %s\n", x->params[i].name, value ? value : "");
	}
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "tool %s: %s\n", tools[i].name ? tools[i].name : "?",
			 tools[i].text ? tools[i].text : "");
	history_tools_free(tools, n);
	if (x->system.nparts)
		add_message(out, &x->system);
	for (size_t i = 0; i < x->nmessages; i++)
		add_message(out, &x->messages[i]);
}

char *top_diff_text(const struct exchange *before, const struct exchange *x, unsigned width,
		    bool utf8)
{
	struct rows r = { .width = width > 2 ? width - 2 : 1, .utf8 = utf8 };
	struct buf a, b;
	struct diff d;

	buf_init(&r.out, TEXT_MAX);
	buf_init(&a, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	request_text(before, &a);
	request_text(x, &b);
	diff_make(&d, buf_span(&a), buf_span(&b));
	buf_addf(&r.out, "\x1b[1m%zu line%s more, %zu less than the request before\x1b[0m\n",
		 d.added, d.added == 1 ? "" : "s", d.removed);
	for (size_t i = 0; i < d.count; i++)
		top_wrap(&r.out, d.lines[i].text, d.lines[i].added ? "\x1b[32m+ " : "\x1b[31m- ",
			 r.width, utf8);
	if (d.count < d.added + d.removed)
		add_string(&r, "(there are more)", "");
	diff_done(&d);
	buf_done(&a);
	buf_done(&b);
	return buf_take(&r.out);
}
