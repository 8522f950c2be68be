/* SPDX-License-Identifier: MIT */
#include "sink/ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct ledger {
	ledger_fn fn;
	void *arg;
};

static void __attribute__((format(printf, 2, 3))) say(const struct ledger *l, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->fn(l->arg, text);
}

static void gap(const struct ledger *l, const char *name, const struct body_gap *g)
{
	if (g->len)
		say(l, "%" PRIu64 " bytes of the %s are missing, at byte %" PRIu64, g->len, name,
		    g->off);
	else
		say(l, "an unknown number of bytes of the %s is missing, at byte %" PRIu64, name,
		    g->off);
}

static void body(const struct ledger *l, const char *name, const struct body *b)
{
	for (size_t i = 0; i < b->ngaps && i < GAPS_KEPT; i++)
		gap(l, name, &b->gaps[i]);
	if (b->ngaps > GAPS_KEPT)
		say(l, "and %zu gaps more in the %s, %" PRIu64 " bytes missing in all",
		    b->ngaps - GAPS_KEPT, name, b->missing);
	if (b->state == BODY_CUT && b->expected != COUNT_UNKNOWN)
		say(l, "the %s ended early: %" PRIu64 " of %" PRId64 " bytes", name, b->wire,
		    b->expected);
	else if (b->state == BODY_CUT)
		say(l, "the %s ended early, after %" PRIu64 " bytes", name, b->wire);
	if (b->coding_error)
		say(l, "the %s could not be decoded (%s): %s", name, b->coding ? b->coding : "?",
		    b->coding_error);
	if (b->text.full)
		say(l, "the %s was longer than what is kept for reading", name);
}

void ledger_each(const struct exchange *x, ledger_fn fn, void *arg)
{
	const struct ledger l = { fn, arg };

	if (!x->request_seen)
		say(&l, "the request was not seen: tracing began later");
	body(&l, "request", &x->request_body);
	body(&l, "response", &x->response_body);
	if (x->request_headers.cut || x->response_headers.cut)
		say(&l, "header fields are missing");
	else if (x->request_headers.unseen || x->response_headers.unseen)
		say(&l, "header fields refer to earlier ones: tracing began later");
	/* Of a call to a model that stands with its request. */
	if (x->request_partial && x->kind != EXCHANGE_LLM && x->api)
		say(&l, "part of the request could not be read as %s", x->api);
	if (x->response_partial && x->api)
		say(&l, "part of the response could not be read as %s", x->api);
	/* Else it was said what they took. */
	if (x->lost_events && !exchange_missing(x))
		say(&l, "the kernel lost events while this call was under way");
}

void ledger_alerts(const struct exchange *x, ledger_fn fn, void *arg)
{
	const struct ledger l = { fn, arg };

	for (size_t i = 0; i < x->alerts.count; i++) {
		const struct alert *a = &x->alerts.items[i];

		if (a->where)
			say(&l, "%.60s (%.150s)", a->rule, a->where);
		else
			say(&l, "%.60s", a->rule);
	}
}
