/* SPDX-License-Identifier: MIT */
/* The end of a block: what is missing, and one line with the result, times, tokens and cost. What
 * is not known is said, never shown as 0. */
#include <ctype.h>
#include <stdlib.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "exchange/headers.h"
#include "exchange/retry_after.h"
#include "sink/block_int.h"
#include "sink/ledger.h"

static bool has_failed(const struct exchange *x)
{
	return x->error || x->status >= 400 || x->rpc_failed || !x->response_seen;
}

/* ---- what went wrong ---- */

static void error_row(struct layouter *l)
{
	const struct exchange *x = l->x;

	if (!x->error || !x->error->message || !*x->error->message)
		return;
	page_row(l->p, INK_ERROR, "err");
	page_text(l->p, INK_ERROR, span_str(x->error->message),
		  l->news.retry_of && !l->style->full ? 1 : block_rows(l, TEXT_ERROR));
}

static void missing_row(void *arg, const char *text)
{
	struct layouter *l = arg;

	page_row(l->p, INK_WARN, "!");
	page_text(l->p, INK_WARN, span_str(text), 2);
}

static void alert_row(void *arg, const char *text)
{
	AUTO_FREE char *row = xasprintf("alert: %s", text);

	missing_row(arg, row);
}

static void server_row(struct layouter *l)
{
	const struct exchange *x = l->x;

	if (!x->twin_of)
		return;
	page_row(l->p, INK_META, "");
	page_putf(l->p, INK_META, "the same call as #%llu", (unsigned long long)x->twin_of);
}

/* ---- the result ---- */

static void put_traffic_item(struct layouter *l, enum ink ink, const char *before, struct span s)
{
	char text[96];

	snprintf(text, sizeof(text), "%s%.*s", before, (int)(s.len < 60 ? s.len : 60),
		 s.len ? (const char *)s.ptr : "");
	page_item(l->p, ink, text);
}

/* Some say their status once more as the code. */
static const char *code_of(const struct exchange *x)
{
	const struct api_error *e = x->error;
	char status[12];

	snprintf(status, sizeof(status), "%u", x->status);
	if (!e)
		return NULL;
	return e->code && *e->code && strcmp(e->code, status) != 0 ? e->code : e->type;
}

static void put_failure(struct layouter *l)
{
	const struct exchange *x = l->x;
	const char *code = code_of(x);

	page_put(l->p, INK_ERROR, page_sign(l->p, "✗", "x"));
	if (!x->response_seen && !x->nchoices)
		page_put(l->p, INK_ERROR, " no response seen");
	else if (x->status >= 400)
		page_putf(l->p, INK_ERROR, " %u", x->status);
	if (code) {
		page_put(l->p, INK_ERROR, " ");
		page_traffic(l->p, INK_ERROR, span_str(code), 60);
	} else if (x->rpc_failed) {
		page_put(l->p, INK_ERROR,
			 x->kind == EXCHANGE_A2A || x->rpc_state ? " the task failed"
								 : " the tool failed");
	}
	page_put(l->p, INK_PLAIN, " ");
}

static void put_sign(struct layouter *l)
{
	const struct exchange *x = l->x;

	page_row(l->p, INK_PLAIN, NULL);
	page_put(l->p, INK_PLAIN, "  ");
	l->p->indent = 4;
	if (has_failed(x)) {
		put_failure(l);
	} else if (x->response_body.state == BODY_CUT) {
		page_putf(l->p, INK_WARN, "%s cut off ", page_sign(l->p, "✗", "x"));
	} else {
		page_putf(l->p, INK_GOOD, "%s ", page_sign(l->p, "✓", "ok"));
		if ((x->kind == EXCHANGE_HTTP || x->kind == EXCHANGE_RPC) && x->status)
			page_putf(l->p, INK_PLAIN, "%u ", x->status);
	}
}

/* The time of the first token says something new only of a stream. */
static void put_times(struct layouter *l)
{
	const struct times *t = &l->x->t;
	uint64_t begin = t->request_first;

	if (!begin || t->response_last < begin) {
		page_put(l->p, INK_META, "time unknown");
		return;
	}
	page_putf(l->p, INK_PLAIN, "%s", text_duration(t->response_last - begin).text);
	if (l->x->stream && t->first_token >= begin && t->first_token)
		page_putf(l->p, INK_META, " (first %s)",
			  text_duration(t->first_token - begin).text);
}

/* ---- tokens and cost ---- */

static struct unit_text count(int64_t n)
{
	struct unit_text unknown = { "?" };

	if (n == COUNT_UNKNOWN)
		return unknown;
	return text_tokens((uint64_t)n);
}

static void put_tokens(struct layouter *l)
{
	const struct usage *u = &l->x->usage;
	char text[96];

	if (l->x->counted == COUNT_UNKNOWN && u->input == COUNT_UNKNOWN &&
	    u->output == COUNT_UNKNOWN) {
		page_item(l->p, INK_META, "tokens unknown");
		return;
	}
	if (l->x->counted != COUNT_UNKNOWN)
		snprintf(text, sizeof(text), "%s tok counted", count(l->x->counted).text);
	else if (u->output == COUNT_UNKNOWN)
		snprintf(text, sizeof(text), "%s tok in", count(u->input).text);
	else
		snprintf(text, sizeof(text), "%s%s%s tok", count(u->input).text,
			 page_sign(l->p, "→", "->"), count(u->output).text);
	page_item(l->p, INK_PLAIN, text);
	if (u->reasoning > 0) {
		snprintf(text, sizeof(text), "%s to think", count(u->reasoning).text);
		page_item(l->p, INK_META, text);
	}
}

static void put_cached(struct layouter *l)
{
	const struct usage *u = &l->x->usage;
	int64_t written = (u->cache_write_5m > 0 ? u->cache_write_5m : 0) +
			  (u->cache_write_1h > 0 ? u->cache_write_1h : 0);
	char text[64];

	if (u->cached_read > 0 && u->input > 0) {
		snprintf(text, sizeof(text), "%s cached",
			 text_percent((uint64_t)u->cached_read, (uint64_t)u->input).text);
		page_item(l->p, INK_META, text);
	}
	if (written > 0) {
		snprintf(text, sizeof(text), "%s to cache", count(written).text);
		page_item(l->p, INK_META, text);
	}
}

static void put_cost(struct layouter *l)
{
	const struct cost *c = &l->x->cost;
	char text[64];

	switch (c->source) {
	case COST_UNKNOWN:
		page_item(l->p, INK_META, "cost unknown");
		return;
	case COST_LOCAL:
		page_item(l->p, INK_META, "free (local)");
		return;
	case COST_STATED:
	case COST_TABLE:
		break;
	}
	snprintf(text, sizeof(text), "%s%s", c->partial ? "at least " : "", text_usd(c->usd).text);
	page_item(l->p, INK_PLAIN, text);
}

/* What an answer of numbers is, in words. */
static void put_numbers(struct layouter *l)
{
	const struct part *p = block_numbers(l->x);

	if (p)
		put_traffic_item(l, INK_PLAIN, "", buf_span(&p->text));
}

/* Why it ended, unless it simply was at its end. */
static void put_finish(struct layouter *l)
{
	const struct choice *c = l->x->nchoices ? &l->x->choices[0] : NULL;

	if (!c || !c->finish_raw || c->finish == FINISH_STOP || c->finish == FINISH_TOOL_CALL ||
	    c->finish == FINISH_NONE)
		return;
	put_traffic_item(l, INK_WARN, "ended by: ", span_str(c->finish_raw));
}

/* ---- limits ---- */

static bool read_number(struct span s, uint64_t *ret)
{
	*ret = 0;
	s = span_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit(s.ptr[i]) || *ret > UINT64_MAX / 20)
			return false;
		*ret = *ret * 10 + s.ptr[i] - '0';
	}
	return s.len > 0;
}

static const struct {
	const char *what, *limit, *remaining;
} rates[] = {
#define RATE(what, limit, remaining, reset) { what, limit, remaining },
#include "sink/rate_limits.def"
#undef RATE
};

static void put_rates(struct layouter *l)
{
	const struct headers *h = &l->x->response_headers;
	char text[96];

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		uint64_t limit, left;

		if (!read_number(headers_find(h, rates[i].remaining), &left))
			continue;
		if (read_number(headers_find(h, rates[i].limit), &limit))
			snprintf(text, sizeof(text), "%s left %s of %s", rates[i].what,
				 text_tokens(left).text, text_tokens(limit).text);
		else
			snprintf(text, sizeof(text), "%s left %s", rates[i].what,
				 text_tokens(left).text);
		page_item(l->p, INK_META, text);
	}
}

static void put_retry_after(struct layouter *l)
{
	int64_t ms = exchange_retry_after_ms(l->x);
	char text[64];

	if (ms == COUNT_UNKNOWN)
		return;
	if (ms % 1000)
		snprintf(text, sizeof(text), "retry after %s",
			 text_duration((uint64_t)ms * 1000000).text);
	else
		snprintf(text, sizeof(text), "retry after %llds", (long long)(ms / 1000));
	page_item(l->p, INK_WARN, text);
}

static void put_bytes(struct layouter *l)
{
	char text[96];

	snprintf(text, sizeof(text), "%s sent", text_bytes(l->x->request_body.wire).text);
	page_item(l->p, INK_META, text);
	snprintf(text, sizeof(text), "%s received", text_bytes(l->x->response_body.wire).text);
	page_item(l->p, INK_META, text);
}

/* What failed was not billed, unless the answer says so. */
static void put_usage(struct layouter *l)
{
	if (has_failed(l->x) && !l->x->usage.raw)
		return;
	put_numbers(l);
	put_tokens(l);
	put_cached(l);
	if (l->x->counted == COUNT_UNKNOWN)
		put_cost(l);
}

void block_tail(struct layouter *l)
{
	const struct exchange *x = l->x;

	error_row(l);
	ledger_each(x, missing_row, l);
	ledger_alerts(x, alert_row, l);
	server_row(l);
	put_sign(l);
	put_times(l);
	if (x->kind == EXCHANGE_LLM)
		put_usage(l);
	else if (x->kind == EXCHANGE_RPC || x->kind == EXCHANGE_HTTP)
		put_bytes(l);
	put_finish(l);
	if (has_failed(x)) {
		put_retry_after(l);
		put_rates(l);
	}
}
