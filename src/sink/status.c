/* SPDX-License-Identifier: MIT */
#include "sink/status.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/units.h"
#include "base/utf8.h"
#include "sink/block.h"

#define SPIN_NS 100000000ull
/* Below this many columns the text is worth more than numbers and the model. */
#define NARROW	     64
#define TAIL_LEAST   12 /* columns */
#define PROGRAM_MOST 30
#define MODEL_MOST   28

/* ---- the columns of the calls ---- */

struct columns {
	unsigned id, program, model;
};

static const char *spinner(const struct page *p, uint64_t now_ns)
{
	static const char *const pretty[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };
	static const char *const plain[] = { "|", "/", "-", "\\" };
	uint64_t n = now_ns / SPIN_NS;

	return p->utf8 ? pretty[n % 10] : plain[n % 4];
}

static void program_of(const struct page *p, const struct exchange *x, char *ret, size_t size)
{
	if (p->width < NARROW)
		snprintf(ret, size, "%.60s", exchange_program(x));
	else
		snprintf(ret, size, "%.60s[%u]", exchange_program(x), x->tgid);
}

/* A call to a model is known by it, one to a tool by that. */
static struct span target_of(const struct exchange *x)
{
	struct span model = block_model(x);

	if (model.len)
		return model;
	return span_str(x->rpc_name	? x->rpc_name
			: x->rpc_method ? x->rpc_method
			: x->host	? x->host
					: "?");
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void widen(unsigned *width, unsigned columns)
{
	if (columns > *width)
		*width = columns;
}

static bool has_line(const struct inflight_call *c, const struct status_view *v)
{
	return c->x->id != v->followed;
}

static struct columns measure(const struct page *p, const struct inflight *f,
			      const struct status_view *v)
{
	struct columns w = { 0 };

	for (size_t i = 0; i < inflight_count(f); i++) {
		const struct inflight_call *c = inflight_at(f, i);
		char text[96];

		if (!has_line(c, v))
			continue;
		snprintf(text, sizeof(text), "#%" PRIu64, c->x->id);
		widen(&w.id, (unsigned)strlen(text));
		program_of(p, c->x, text, sizeof(text));
		widen(&w.program, page_columns(p, span_str(text)));
		widen(&w.model, page_columns(p, target_of(c->x)));
	}
	w.program = least(w.program, least(PROGRAM_MOST, p->width * 3 / 10));
	w.model = least(w.model, least(MODEL_MOST, p->width / 5));
	return w;
}

static void pad(struct page *p, unsigned column)
{
	if (p->column < column)
		page_putf(p, INK_PLAIN, "%*s", (int)(column - p->column), "");
}

/* In so many columns, whatever it is. */
static void field(struct page *p, enum ink ink, struct span text, unsigned columns)
{
	unsigned end = p->column + columns;

	page_traffic(p, ink, text, columns);
	pad(p, end + 1);
}

static void right(struct page *p, enum ink ink, const char *text, unsigned columns)
{
	unsigned n = (unsigned)strlen(text);

	pad(p, p->column + (n < columns ? columns - n : 0));
	page_put(p, ink, text);
}

/* ---- the end of a text ---- */

/* Line ends and runs of blanks are one blank: there is one line. */
static void add_on_one_line(struct buf *out, struct span s)
{
	bool blank = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
			blank = out->len > 0;
			continue;
		}
		if (blank)
			buf_addc(out, ' ');
		blank = false;
		buf_addc(out, (char)c);
	}
}

/* As much of its end as takes at most `columns`. */
static struct span last_columns(const struct page *p, struct span s, unsigned columns)
{
	while (s.len && page_columns(p, s) > columns)
		s = span_from(s, utf8_begin(s, 1));
	return s;
}

static enum ink ink_of(enum part_kind k)
{
	switch (k) {
	case PART_REASONING:
		return INK_META;
	case PART_TOOL_CALL:
		return INK_TOOL;
	case PART_REFUSAL:
		return INK_ERROR;
	case PART_TEXT:
	case PART_TOOL_RESULT:
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
	case PART_OTHER:
		break;
	}
	return INK_PLAIN;
}

/* The end of what came, as much as there is room for on this row. */
static void text_end(struct page *p, const struct streamed_part *part)
{
	const char *dots = page_sign(p, "…", "...");
	unsigned room = page_room(p);
	/* No character takes more than eight bytes a column, but for marks that combine. */
	struct span tail = buf_span(&part->text), end;
	struct buf line;

	if (room < TAIL_LEAST)
		return;
	room -= page_columns(p, span_str(dots));
	if (tail.len > 8u * room)
		tail = span_from(tail, tail.len - 8u * room);
	buf_init(&line, STREAMED_TEXT_MAX);
	add_on_one_line(&line, tail);
	end = last_columns(p, buf_span(&line), room);
	if (part->dropped || end.len < line.len || tail.len < part->text.len)
		page_put(p, INK_META, dots);
	page_traffic(p, ink_of(part->kind), end, room);
	buf_done(&line);
}

static void call_end(struct page *p, const struct inflight_call *c)
{
	const struct streamed_part *part =
		c->answer.nparts ? &c->answer.parts[c->answer.last] : NULL;

	if (!part) {
		page_put(p, INK_META, c->x->kind == EXCHANGE_LLM ? "waits for the answer" : "");
		return;
	}
	if (part->name) {
		page_traffic(p, INK_TOOL, span_str(part->name), 24);
		page_put(p, INK_TOOL, " ");
	}
	text_end(p, part);
}

/* ---- lines ---- */

/* How long it takes so far. Tenths are enough for what still counts. */
static struct unit_text elapsed(const struct inflight_call *c, const struct status_view *v)
{
	uint64_t began = c->x->t.request_first, ns = v->now_ns > began ? v->now_ns - began : 0;
	struct unit_text ret;

	if (!began || ns >= 60 * 1000000000ull)
		return text_duration(began ? ns : 0);
	snprintf(ret.text, sizeof(ret.text), "%.1fs", (double)ns / 1e9);
	return ret;
}

static struct unit_text tokens(const struct inflight_call *c)
{
	struct unit_text ret;

	snprintf(ret.text, sizeof(ret.text), "~%.20s tok",
		 text_tokens(streamed_tokens(&c->answer)).text);
	return ret;
}

static void call_line(struct page *p, const struct inflight_call *c, const struct columns *w,
		      unsigned number, const struct status_view *v)
{
	char text[96];

	page_row(p, INK_PLAIN, NULL);
	page_putf(p, INK_TOOL, " %s ", spinner(p, v->now_ns));
	if (v->numbered && number <= 9)
		page_putf(p, INK_STRONG, "%u ", number);
	else if (v->numbered)
		page_put(p, INK_PLAIN, "  ");
	snprintf(text, sizeof(text), "#%" PRIu64, c->x->id);
	field(p, INK_META, span_str(text), w->id);
	program_of(p, c->x, text, sizeof(text));
	field(p, INK_PLAIN, span_str(text), w->program);
	if (p->width >= NARROW)
		field(p, INK_META, target_of(c->x), w->model);
	right(p, INK_PLAIN, elapsed(c, v).text, 6);
	if (p->width >= NARROW)
		right(p, INK_META, c->answer.bytes ? tokens(c).text : "", 11);
	page_put(p, INK_PLAIN, "  ");
	call_end(p, c);
	page_end(p);
}

static void rule(struct page *p)
{
	unsigned n = p->width ? p->width : 80;

	page_row(p, INK_PLAIN, NULL);
	while (n--)
		page_put(p, INK_META, page_sign(p, "─", "-"));
	page_end(p);
}

static size_t count_lines(const struct inflight *f, const struct status_view *v)
{
	size_t n = inflight_count(f);

	return n - (v->followed && inflight_find(f, v->followed));
}

static void call_lines(struct page *p, const struct inflight *f, const struct status_view *v)
{
	size_t all = count_lines(f, v) + inflight_surplus(f);
	size_t most = v->most && all > v->most ? v->most - 1 : v->most, n = 0;
	struct columns w = measure(p, f, v);

	for (size_t i = 0; i < inflight_count(f) && n < most; i++)
		if (has_line(inflight_at(f, i), v))
			call_line(p, inflight_at(f, i), &w, (unsigned)++n, v);
	if (n == all || !v->most)
		return;
	page_row(p, INK_PLAIN, NULL);
	page_putf(p, INK_META, "   and %zu more", all - n);
	page_end(p);
}

static void help_line(struct page *p, const char *key, const char *what)
{
	page_row(p, INK_PLAIN, NULL);
	page_putf(p, INK_STRONG, " %-8s", key);
	page_put(p, INK_PLAIN, what);
	page_end(p);
}

static void help_lines(struct page *p)
{
	help_line(p, "p", "pause: nothing scrolls until p is pressed again; nothing is lost");
	help_line(p, "e", "expand: the last block once more, in full");
	help_line(p, "1 to 9", "follow the call of that line as it is written; 0 follows none");
	help_line(p, "f", "filter: only blocks that have a word in them");
	help_line(p, "q, ^C", "end");
}

static void count(struct page *p, uint64_t n, const char *one, const char *many)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s", page_number(n).text, n == 1 ? one : many);
	page_item(p, INK_PLAIN, text);
}

/* `under_way`: calls that have a line. Before any has ended there is nothing else to count. */
static void sums(struct page *p, const struct tally *t, size_t under_way)
{
	char text[96];

	if (t->calls || (!under_way && p->column <= p->indent))
		count(p, t->calls, "call", "calls");
	else if (under_way)
		count(p, under_way, "call under way", "calls under way");
	if (t->failed) {
		snprintf(text, sizeof(text), "%s failed", page_number(t->failed).text);
		page_item(p, INK_ERROR, text);
	}
	if (t->others)
		count(p, t->others, "other", "others");
	if (t->any_tokens) {
		const char *more = t->unknown_tokens ? "+" : "";

		snprintf(text, sizeof(text), "%s%s%s%s%s tok", text_tokens(t->input).text, more,
			 page_sign(p, "→", "->"), text_tokens(t->output).text, more);
		page_item(p, INK_PLAIN, text);
	}
	if (t->any_usd) {
		snprintf(text, sizeof(text), "%s%s", text_usd(t->usd).text,
			 t->some_unknown ? " and what has no price" : "");
		page_item(p, INK_PLAIN, text);
	}
	if (t->nagents > 1)
		count(p, t->nagents, "agent", "agents");
	if (t->nagents == TALLY_AGENTS)
		page_put(p, INK_PLAIN, " or more");
}

/* At the right border, if there is room. */
static void hint(struct page *p, enum ink ink, const char *text)
{
	unsigned n = page_columns(p, span_str(text));

	if (page_room(p) < n + 2)
		return;
	pad(p, p->limit - n);
	page_put(p, ink, text);
}

static void hint_of(struct page *p, const struct status_view *v)
{
	char text[96];

	if (v->paused) {
		snprintf(text, sizeof(text), "paused, %s block%s waiting  p goes on",
			 page_number(v->waiting).text, v->waiting == 1 ? "" : "s");
		hint(p, INK_WARN, text);
	} else if (v->keys) {
		hint(p, INK_META, v->help ? "^C end  ? close" : "^C end  ? keys");
	} else {
		hint(p, INK_META, "^C end");
	}
}

static void totals_line(struct page *p, const struct inflight *f, const struct tally *t,
			const struct status_view *v)
{
	const struct inflight_call *typed = v->followed ? inflight_find(f, v->followed) : NULL;

	page_row(p, INK_PLAIN, NULL);
	page_put(p, INK_PLAIN, " ");
	if (v->typed) {
		page_put(p, INK_STRONG, "filter: ");
		page_traffic(p, INK_PLAIN, span_str(v->typed), 40);
		page_put(p, INK_STRONG, page_sign(p, "▏", "_"));
		hint(p, INK_META, "Enter: show only these   empty: show all");
		page_end(p);
		return;
	}
	p->indent = p->column;
	if (typed) {
		page_putf(p, INK_TOOL, "%s ", spinner(p, v->now_ns));
		page_putf(p, INK_PLAIN, "%s", elapsed(typed, v).text);
		page_item(p, INK_META, typed->answer.bytes ? tokens(typed).text : "waits");
	}
	if (v->filter) {
		page_item(p, INK_WARN, "only ");
		page_traffic(p, INK_WARN, span_str(v->filter), 20);
	}
	sums(p, t, count_lines(f, v));
	hint_of(p, v);
	page_end(p);
}

/* ---- what others call ---- */

void status_write(struct page *p, const struct inflight *f, const struct tally *t,
		  const struct status_view *v)
{
	rule(p);
	call_lines(p, f, v);
	if (v->help)
		help_lines(p);
	totals_line(p, f, t, v);
}

const struct inflight_call *status_call(const struct inflight *f, const struct status_view *v,
					unsigned number)
{
	for (size_t i = 0; i < inflight_count(f); i++) {
		const struct inflight_call *c = inflight_at(f, i);

		if (has_line(c, v) && --number == 0)
			return c;
	}
	return NULL;
}
