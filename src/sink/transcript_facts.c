/* SPDX-License-Identifier: MIT */
/* Outcome, times, tokens and cost in one line of our own words. What is not known is said. */
#include <stdio.h>

#include "base/units.h"
#include "exchange/account.h"
#include "sink/tally.h"
#include "sink/transcript.h"

struct facts {
	struct buf *out;
	bool any;
};

static void item(struct facts *f, const char *text)
{
	if (f->any)
		buf_adds(f->out, " · ");
	buf_adds(f->out, text);
	f->any = true;
}

static const char *count(int64_t n, struct unit_text *room)
{
	if (n == COUNT_UNKNOWN)
		return "?";
	*room = text_tokens((uint64_t)n);
	return room->text;
}

const char *transcript_failure(const struct exchange *x)
{
	if (!x->response_seen && !x->nchoices)
		return "no response seen";
	if (x->error || x->status >= 400)
		return "failed";
	if (x->rpc_failed)
		return "the tool failed";
	return x->response_body.state == BODY_CUT ? "cut off" : NULL;
}

static void outcome(const struct exchange *x, struct facts *f)
{
	const char *failure = transcript_failure(x);
	char text[64];

	snprintf(text, sizeof(text), "%s", failure ? failure : "ok");
	if (x->status && (failure || x->kind == EXCHANGE_HTTP || x->kind == EXCHANGE_RPC))
		snprintf(text, sizeof(text), "%s, status %u", failure ? failure : "ok", x->status);
	item(f, text);
}

static void times(const struct account *a, struct facts *f)
{
	char text[96];

	if (a->duration_ns == COUNT_UNKNOWN) {
		item(f, "time unknown");
		return;
	}
	item(f, text_duration((uint64_t)a->duration_ns).text);
	if (a->first_token_ns == COUNT_UNKNOWN)
		return;
	snprintf(text, sizeof(text), "first token after %s",
		 text_duration((uint64_t)a->first_token_ns).text);
	item(f, text);
}

/* Signs that HTML and Markdown have a use for are words here. */
static void cached(struct facts *f, int64_t part, int64_t of)
{
	struct unit_text percent = text_percent((uint64_t)part, (uint64_t)of);
	bool is_sign = percent.text[0] == '<' || percent.text[0] == '>';
	char text[64];

	snprintf(text, sizeof(text), "%s%s cached",
		 !is_sign		  ? ""
		 : percent.text[0] == '<' ? "under "
					  : "over ",
		 percent.text + is_sign);
	item(f, text);
}

static void tokens(const struct exchange *x, const struct account *a, struct facts *f)
{
	struct unit_text in, back;
	char text[128];

	if (x->counted != COUNT_UNKNOWN) {
		snprintf(text, sizeof(text), "%s tokens counted", count(x->counted, &in));
		item(f, text);
		return;
	}
	if (a->input == COUNT_UNKNOWN && a->output == COUNT_UNKNOWN) {
		item(f, "tokens unknown");
		return;
	}
	snprintf(text, sizeof(text), "%s tokens in, %s out", count(a->input, &in),
		 count(a->output, &back));
	item(f, text);
	if (a->cached > 0 && a->input > 0)
		cached(f, a->cached, a->input);
	if (a->reasoning > 0) {
		snprintf(text, sizeof(text), "%s to think", count(a->reasoning, &back));
		item(f, text);
	}
}

static void dollars(struct facts *f, bool at_least, double usd)
{
	struct unit_text sum = text_usd(usd);
	bool is_under = sum.text[0] == '<';
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", at_least ? "at least " : "",
		 is_under ? "under " : "", sum.text + is_under);
	item(f, text);
}

static void money(const struct exchange *x, struct facts *f)
{
	switch (x->cost.source) {
	case COST_UNKNOWN:
		item(f, "cost unknown");
		return;
	case COST_LOCAL:
		item(f, "free (local)");
		return;
	case COST_STATED:
	case COST_TABLE:
		break;
	}
	dollars(f, x->cost.partial, x->cost.usd);
}

void transcript_facts(const struct exchange *x, struct buf *out)
{
	struct facts f = { .out = out };
	struct account a;
	char text[64];

	exchange_account(x, &a);
	outcome(x, &f);
	times(&a, &f);
	/* What failed was not billed, unless the answer says so. */
	if (x->kind == EXCHANGE_LLM && (!transcript_failure(x) || x->usage.raw)) {
		tokens(x, &a, &f);
		if (x->counted == COUNT_UNKNOWN)
			money(x, &f);
	}
	if (a.finish && x->choices[0].finish != FINISH_STOP &&
	    x->choices[0].finish != FINISH_TOOL_CALL) {
		snprintf(text, sizeof(text), "ended by %s", a.finish);
		item(&f, text);
	}
	if (a.retry_after_ms != COUNT_UNKNOWN && transcript_failure(x)) {
		snprintf(text, sizeof(text), "retry after %s",
			 text_duration((uint64_t)a.retry_after_ms * 1000000).text);
		item(&f, text);
	}
	if (x->twin_of) {
		snprintf(text, sizeof(text), "the same call as %llu",
			 (unsigned long long)x->twin_of);
		item(&f, text);
	}
}

void transcript_time(const struct exchange *x, struct buf *out)
{
	char text[WALL_TEXT];

	if (!wall_text(exchange_began_ns(x), text)) {
		buf_adds(out, "time unknown");
		return;
	}
	text[10] = ' ';
	buf_add(out, span_of(text, 19));
	buf_adds(out, " UTC");
}

void transcript_sums(const struct tally *t, struct buf *out)
{
	struct facts f = { .out = out };
	char text[128];

	snprintf(text, sizeof(text), "%llu call%s", (unsigned long long)t->calls,
		 t->calls == 1 ? "" : "s");
	item(&f, text);
	if (t->failed) {
		snprintf(text, sizeof(text), "%llu failed", (unsigned long long)t->failed);
		item(&f, text);
	}
	if (t->others) {
		snprintf(text, sizeof(text), "%llu other exchange%s", (unsigned long long)t->others,
			 t->others == 1 ? "" : "s");
		item(&f, text);
	}
	if (t->any_tokens) {
		snprintf(text, sizeof(text), "%s%s tokens in, %s out",
			 t->unmeasured ? "at least " : "", text_tokens(t->input).text,
			 text_tokens(t->output).text);
		item(&f, text);
	}
	if (t->any_usd)
		dollars(&f, t->some_unknown || t->unmeasured, t->usd);
}
