/* SPDX-License-Identifier: MIT */
/* Lists of exchanges: log, errors, search. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "exchange/account.h"
#include "select/search.h"

struct list {
	struct kept *k;
	struct table *table;
	struct needle *needle;
	bool more;
};

/* 1: no row more is shown. */
static int is_full(struct list *l)
{
	l->more |= kept_is_full(l->k, l->table);
	return l->more;
}

static int print(struct list *l, int err)
{
	kept_print(l->k, l->table, l->more, err);
	table_free(l->table);
	needle_free(l->needle);
	return err;
}

static void add_model(struct table *t, const struct exchange *x)
{
	const char *model = exchange_model(x);
	AUTO_FREE char *about = kept_about(x);

	table_text(t, model);
	if (about && !model)
		table_shown(t, about);
}

static void add_outcome(struct table *t, const struct exchange *x)
{
	AUTO_FREE char *outcome = kept_outcome(x);

	table_text(t, outcome);
}

/* ---- log ---- */

static const struct column log_columns[] = {
	{ "ID", "id", CELL_NUMBER, 0 },
	{ "TIME", "time", CELL_MOMENT, 0 },
	{ NULL, "kind", CELL_TEXT, 0 },
	{ "PROGRAM", "program", CELL_TEXT, 8 },
	{ NULL, "user", CELL_TEXT, 0 },
	{ NULL, "container", CELL_TEXT, 0 },
	{ NULL, "provider", CELL_TEXT, 0 },
	{ "MODEL", "model", CELL_TEXT, 10 },
	{ NULL, "host", CELL_TEXT, 0 },
	{ NULL, "method", CELL_TEXT, 0 },
	{ NULL, "target", CELL_TEXT, 0 },
	{ NULL, "status", CELL_NUMBER, 0 },
	{ "ENDED", "outcome", CELL_TEXT, 6 },
	{ "IN", "input_tokens", CELL_TOKENS, 0 },
	{ NULL, "cached_tokens", CELL_TOKENS, 0 },
	{ "OUT", "output_tokens", CELL_TOKENS, 0 },
	{ "USD", "cost_usd", CELL_USD, 0 },
	{ "TOOK", "duration_ms", CELL_DURATION, 0 },
	{ NULL, "conversation", CELL_TEXT, 0 },
	{ NULL, "turn", CELL_NUMBER, 0 },
	{ NULL, "title", CELL_TEXT, 0 },
	{ NULL, NULL, CELL_TEXT, 0 },
};

static void log_who(struct table *t, const struct exchange *x)
{
	table_text(t, exchange_kind_name(x->kind));
	table_text(t, exchange_program(x));
	table_text(t, x->user);
	table_text(t, exchange_container(x));
	table_text(t, x->provider);
	add_model(t, x);
	table_text(t, x->host);
	table_text(t, x->method);
	table_text(t, x->target);
}

static int log_row(void *arg, const struct exchange *x, struct error *reterr)
{
	struct list *l = arg;
	struct table *t = l->table;
	struct account a;

	if (is_full(l))
		return 1;
	exchange_account(x, &a);
	table_number(t, (int64_t)x->id);
	table_number(t, a.start_ns);
	log_who(t, x);
	table_number(t, a.status);
	add_outcome(t, x);
	table_number(t, a.input);
	table_number(t, a.cached);
	table_number(t, a.output);
	if (a.priced)
		table_usd(t, a.usd);
	else
		table_skip(t);
	table_number(t, a.duration_ns);
	table_text(t, a.conversation);
	table_number(t, a.turn);
	table_text(t, x->conversation.title);
	return 0;
}

int log_run(struct kept *k, struct error *reterr)
{
	struct list l = { .k = k, .table = table_new(log_columns, k->form) };
	struct view_query q = kept_list(k);

	return print(&l, view_each(k->view, &q, log_row, &l, reterr));
}

/* ---- errors ---- */

static const struct column error_columns[] = {
	{ "ID", "id", CELL_NUMBER, 0 },		 { "TIME", "time", CELL_MOMENT, 0 },
	{ "PROGRAM", "program", CELL_TEXT, 6 },	 { NULL, "user", CELL_TEXT, 0 },
	{ NULL, "provider", CELL_TEXT, 0 },	 { "MODEL", "model", CELL_TEXT, 6 },
	{ NULL, "host", CELL_TEXT, 0 },		 { "HTTP", "status", CELL_NUMBER, 0 },
	{ "ERROR", "type", CELL_TEXT, 8 },	 { NULL, "code", CELL_TEXT, 0 },
	{ "MESSAGE", "message", CELL_TEXT, 12 }, { NULL, NULL, CELL_TEXT, 0 },
};

/* Which call, and whose. */
static void add_head(struct table *t, const struct exchange *x)
{
	table_number(t, (int64_t)x->id);
	table_number(t, exchange_began_ns(x) ? exchange_began_ns(x) : COUNT_UNKNOWN);
	table_text(t, exchange_program(x));
	table_text(t, x->user);
}

static int error_row(void *arg, const struct exchange *x, struct error *reterr)
{
	struct list *l = arg;
	struct table *t = l->table;

	if (is_full(l))
		return 1;
	add_head(t, x);
	table_text(t, x->provider);
	add_model(t, x);
	table_text(t, x->host);
	table_number(t, x->status ? (int64_t)x->status : COUNT_UNKNOWN);
	add_outcome(t, x);
	table_text(t, x->error ? x->error->code : NULL);
	table_text(t, x->error ? x->error->message : NULL);
	return 0;
}

int errors_run(struct kept *k, struct error *reterr)
{
	struct list l = { .k = k, .table = table_new(error_columns, k->form) };
	struct view_query q = kept_list(k);

	q.failed = q.whole = true;
	return print(&l, view_each(k->view, &q, error_row, &l, reterr));
}

/* ---- search ---- */

static const struct column match_columns[] = {
	{ "ID", "id", CELL_NUMBER, 0 },		{ "TIME", "time", CELL_MOMENT, 0 },
	{ "PROGRAM", "program", CELL_TEXT, 8 }, { NULL, "user", CELL_TEXT, 0 },
	{ "MODEL", "model", CELL_TEXT, 10 },	{ NULL, "conversation", CELL_TEXT, 0 },
	{ NULL, "turn", CELL_NUMBER, 0 },	{ "TEXT", "text", CELL_TEXT, 20 },
	{ NULL, NULL, CELL_TEXT, 0 },
};

/* So much of the text stands before what was found, and in all. */
#define BEFORE	    16
#define EXCERPT_MAX 400

/* Where the first match ends: the shortest front of the text that has it. */
static size_t place_of(const struct needle *n, struct span text)
{
	size_t low = 0, high = text.len;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (needle_is_in(n, span_first(text, middle)))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* One line of the text about the place where the first match ends. */
static void add_excerpt(struct table *t, const struct needle *n, const char *looked_for,
			const struct exchange *x)
{
	struct span text = search_find(n, x);
	size_t back = strlen(looked_for) + BEFORE, from, len;
	char excerpt[EXCERPT_MAX];

	if (!text.ptr) {
		table_skip(t);
		return;
	}
	from = place_of(n, text);
	from = from > back ? from - back : 0;
	/* Not within a character. */
	while (from && from < text.len && (text.ptr[from] & 0xc0) == 0x80)
		from--;
	text = span_from(text, from);
	utf8_cut(text, excerpt, sizeof(excerpt));
	len = strlen(excerpt);
	for (size_t i = 0; i < len; i++)
		if (isspace((unsigned char)excerpt[i]))
			excerpt[i] = ' ';
	table_text(t, excerpt);
}

static int match_row(void *arg, const struct exchange *x, struct error *reterr)
{
	struct list *l = arg;
	struct table *t = l->table;

	if (is_full(l))
		return 1;
	add_head(t, x);
	add_model(t, x);
	table_text(t, x->conversation.id[0] ? x->conversation.id : NULL);
	table_number(t, x->conversation.turn ? (int64_t)x->conversation.turn : COUNT_UNKNOWN);
	add_excerpt(t, l->needle, l->k->o->operands[0], x);
	return 0;
}

int search_run(struct kept *k, struct error *reterr)
{
	struct list l = { .k = k, .table = table_new(match_columns, k->form) };
	struct view_query q = kept_list(k);

	q.text = k->o->operands[0];
	q.whole = true;
	l.needle = view_needle(k->view, q.text, reterr);
	if (!l.needle) {
		table_free(l.table);
		return reterr->code;
	}
	return print(&l, view_each(k->view, &q, match_row, &l, reterr));
}

/* ---- tools ---- */

static const struct column tool_columns[] = {
	{ "ID", "id", CELL_NUMBER, 0 },		{ "TIME", "time", CELL_MOMENT, 0 },
	{ "PROGRAM", "program", CELL_TEXT, 8 }, { NULL, "user", CELL_TEXT, 0 },
	{ NULL, "model", CELL_TEXT, 0 },	{ NULL, "conversation", CELL_TEXT, 0 },
	{ NULL, "turn", CELL_NUMBER, 0 },	{ "TOOL", "tool", CELL_TEXT, 10 },
	{ NULL, "call", CELL_TEXT, 0 },		{ "ARGUMENTS", "arguments", CELL_TEXT, 20 },
	{ NULL, NULL, CELL_TEXT, 0 },
};

static void tool_row(struct table *t, const struct exchange *x, const char *tool, const char *call,
		     struct span arguments)
{
	add_head(t, x);
	table_text(t, exchange_model(x));
	table_text(t, x->conversation.id[0] ? x->conversation.id : NULL);
	table_number(t, x->conversation.turn ? (int64_t)x->conversation.turn : COUNT_UNKNOWN);
	table_text(t, tool);
	table_text(t, call);
	if (arguments.len)
		table_span(t, arguments);
	else
		table_skip(t);
}

static int tool_part(struct list *l, const struct exchange *x, const struct part *p)
{
	if (p->kind != PART_TOOL_CALL)
		return 0;
	if (is_full(l))
		return 1;
	tool_row(l->table, x, p->name, p->id, buf_span(&p->text));
	return 0;
}

/* What a model asks for, and what is asked of an MCP server. */
static int tool_rows(void *arg, const struct exchange *x, struct error *reterr)
{
	struct list *l = arg;
	int err = 0;

	if (x->kind == EXCHANGE_MCP && x->rpc_name) {
		err = is_full(l);
		if (!err)
			tool_row(l->table, x, x->rpc_name, x->rpc_method, span_of(NULL, 0));
	}
	for (size_t i = 0; i < x->nchoices && !err; i++)
		for (size_t k = 0; k < x->choices[i].msg.nparts && !err; k++)
			err = tool_part(l, x, &x->choices[i].msg.parts[k]);
	return err;
}

int tools_run(struct kept *k, struct error *reterr)
{
	struct list l = { .k = k, .table = table_new(tool_columns, k->form) };
	struct view_query q = kept_list(k);

	/* One exchange may have none of its own, or several. */
	q.max = 0;
	q.whole = q.tools = true;
	return print(&l, view_each(k->view, &q, tool_rows, &l, reterr));
}
