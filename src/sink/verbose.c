/* SPDX-License-Identifier: MIT */
/* Output for people: blocks with a head line. Streams are shown as they arrive; if several arrive
 * at once, each change between them is marked. Traffic never begins at column 0. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "sink/verbose_int.h"

#define RULE	      "============================================================"
#define TITLE_COLUMNS 41

const char *verbose_mark(const struct sink *s, enum mark m)
{
	static const char *const pretty[] = { "🤖 ", "💬 ", "✅ ", "❌ ", "🌐 ", "🔧 ", "⚠ " };
	static const char *const plain[] = { "", "", "", "", "", "", "! " };

	return s->o.utf8 ? pretty[m] : plain[m];
}

/* Local time of day with milliseconds. */
static void time_of_day(const struct exchange *x, uint64_t ns, char *out, size_t size)
{
	int64_t wall = exchange_wall_ns(x, ns);
	time_t seconds = (time_t)(wall / 1000000000);
	char clock[16];
	struct tm tm;

	if (!wall || !localtime_r(&seconds, &tm)) {
		snprintf(out, size, "--:--:--.---");
		return;
	}
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	snprintf(out, size, "%s.%03d", clock, (int)(wall / 1000000 % 1000));
}

/* The host of the request, else the address; with the port unless it is the default one. */
static void asked_host(struct sink *s, const struct exchange *x)
{
	const char *colon = x->peer ? strrchr(x->peer, ':') : NULL;
	struct span address = span_of(x->peer, colon ? (size_t)(colon - x->peer) : 0);
	struct span host = x->host ? span_str(x->host) : address;
	unsigned port = x->port;

	if (span_eq(host, address) && colon)
		port = (unsigned)strtoul(colon + 1, NULL, 10);
	term_inline(&s->t, host.len ? host : SPAN_LIT("?"), 60);
	if (port && port != (x->cleartext ? 80 : 443))
		term_ownf(&s->t, ":%u", port);
}

/* process[pid] -> host; for a server's view, client => process[pid] */
static void parties(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;

	if (x->is_server) {
		if (x->peer)
			term_inline(t, span_str(x->peer), 60);
		else
			asked_host(s, x);
		term_own(t, s->o.utf8 ? " ⇢ " : " => ");
	}
	term_inline(t, span_str(x->process ? x->process : "?"), 40);
	term_ownf(t, "[%u]", x->tgid);
	if (!x->is_server) {
		term_own(t, s->o.utf8 ? " → " : " -> ");
		asked_host(s, x);
	}
}

void verbose_head(struct sink *s, enum mark m, const char *title, const struct exchange *x,
		  uint64_t ns)
{
	struct term *t = &s->t;
	char clock[32];

	term_fresh_line(t);
	term_own(t, s->o.color ? "\x1b[1m" : "");
	term_ownf(t, "%s%s", verbose_mark(s, m), title);
	if (s->asked > 1)
		term_ownf(t, " #%llu", (unsigned long long)x->id);
	term_own(t, s->o.color ? "\x1b[0m" : "");
	term_ownf(t, "%*s", t->column < TITLE_COLUMNS ? (int)(TITLE_COLUMNS - t->column) : 2, "");
	parties(s, x);
	term_own(t, x->cleartext && !exchange_is_stdio(x) ? " (no TLS)" : "");
	time_of_day(x, ns, clock, sizeof(clock));
	term_ownf(t, "   %s", clock);
	term_newline(t);
	term_own(t, RULE);
	term_newline(t);
	s->owner = x->id;
}

void verbose_field(struct sink *s, const char *name, const char *value)
{
	if (!value)
		return;
	term_ownf(&s->t, "%s: ", name);
	term_inline(&s->t, span_str(value), 400);
	term_newline(&s->t);
}

void verbose_warn(struct sink *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	term_fresh_line(&s->t);
	term_own(&s->t, s->o.color ? "\x1b[33m" : "");
	term_own(&s->t, verbose_mark(s, MARK_WARN));
	term_own(&s->t, text);
	term_own(&s->t, s->o.color ? "\x1b[0m" : "");
	term_newline(&s->t);
}

/* ---- which requests were shown ---- */

static void remember(struct sink *s, const struct exchange *x)
{
	s->shown = xgrow(s->shown, s->asked, sizeof(*s->shown));
	s->shown[s->asked++] = x->id;
}

/* Whether its request was shown; forgets it. */
static bool recall(struct sink *s, const struct exchange *x)
{
	for (size_t i = 0; i < s->asked; i++)
		if (s->shown[i] == x->id) {
			s->shown[i] = s->shown[--s->asked];
			return true;
		}
	return false;
}

static struct live *live_of(struct sink *s, uint64_t id)
{
	for (size_t i = 0; i < LIVE_MAX; i++)
		if (s->live[i].id == id)
			return &s->live[i];
	return NULL;
}

/* ---- the sink's calls ---- */

static void block_end(struct sink *s)
{
	term_fresh_line(&s->t);
	term_newline(&s->t);
}

static void show_request(struct sink *s, const struct exchange *x)
{
	if (s->o.mode == SHOW_RAW)
		verbose_raw_request(s, x);
	else
		verbose_llm_request(s, x);
	block_end(s);
}

static int verbose_request(struct sink *s, const struct exchange *x, struct error *reterr)
{
	/* Other HTTP is shown as one block when it has ended. */
	if (s->o.mode != SHOW_RAW && x->kind != EXCHANGE_LLM)
		return 0;
	remember(s, x);
	show_request(s, x);
	return 0;
}

/* The line that names the exchange whose text follows. */
static void change_speaker(struct sink *s, const struct exchange *x)
{
	const char *rule = s->o.utf8 ? "──" : "--";

	if (s->owner == x->id)
		return;
	term_fresh_line(&s->t);
	term_ownf(&s->t, "%s #%llu ", rule, (unsigned long long)x->id);
	parties(s, x);
	term_own(&s->t, " ");
	term_inline(&s->t, span_str(x->model_answered), 60);
	term_ownf(&s->t, " %s", rule);
	term_newline(&s->t);
	s->owner = x->id;
}

static int verbose_delta(struct sink *s, const struct exchange *x, const struct exchange_delta *d,
			 struct error *reterr)
{
	struct live *l = live_of(s, x->id);

	if (s->o.mode == SHOW_RAW || x->kind != EXCHANGE_LLM)
		return 0;
	if (!l) {
		/* One whose beginning found no place free, or was left out, is shown at its end. */
		l = d->seq ? NULL : live_of(s, 0);
		if (!l)
			return 0;
		*l = (struct live){ .id = x->id };
		verbose_head(s, MARK_RESPONSE, "LLM API RESPONSE", x, x->t.response_first);
		verbose_llm_envelope(s, x);
	}
	l->gap |= d->seq != l->next_seq;
	l->next_seq = d->seq + 1;
	if (l->gap)
		return 0;
	change_speaker(s, x);
	verbose_llm_delta(s, l, d);
	return 0;
}

/* The process at the other end, if it is traced too. */
static void other_end(struct sink *s, const struct exchange *x)
{
	if (!x->other)
		return;
	term_own(&s->t, x->is_server ? "Asked by: " : "Answered by: ");
	term_inline(&s->t, span_str(x->other->process ? x->other->process : "?"), 40);
	term_ownf(&s->t, "[%u] on this host", x->other->tgid);
	if (x->twin_of)
		term_ownf(&s->t, ", the same call as #%llu", (unsigned long long)x->twin_of);
	term_newline(&s->t);
}

/* Ends what was shown of a server's view, since its client's view shows the call. */
static void end_superseded(struct sink *s, const struct exchange *x)
{
	term_fresh_line(&s->t);
	term_ownf(&s->t, "#%llu is the same call as #%llu, which ", (unsigned long long)x->id,
		  (unsigned long long)x->twin_of);
	term_inline(&s->t, span_str(x->other->process ? x->other->process : "?"), 40);
	term_ownf(&s->t, "[%u] made", x->other->tgid);
	term_newline(&s->t);
	block_end(s);
}

static void show_end(struct sink *s, struct live *l, const struct exchange *x, bool was_shown)
{
	if (s->o.mode == SHOW_RAW) {
		if (!was_shown)
			show_request(s, x);
		verbose_raw_response(s, x);
	} else if (x->kind >= EXCHANGE_MCP && x->kind <= EXCHANGE_A2A) {
		verbose_mcp(s, x);
	} else if (x->kind == EXCHANGE_RPC) {
		verbose_rpc(s, x);
	} else if (x->kind == EXCHANGE_HTTP) {
		verbose_http(s, x);
	} else {
		if (!was_shown && x->request_seen)
			show_request(s, x);
		if (l && (l->gap || !l->any))
			l = NULL;
		if (l)
			change_speaker(s, x);
		else
			verbose_llm_response(s, x);
		verbose_llm_tail(s, l, x);
	}
	other_end(s, x);
	verbose_ledger(s, x);
	block_end(s);
}

static void forget(struct sink *s, struct live *l)
{
	s->owner = 0;
	if (l)
		verbose_llm_live_done(l);
}

static int verbose_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	struct live *l = live_of(s, x->id);

	show_end(s, l, x, recall(s, x));
	forget(s, l);
	return 0;
}

static int verbose_superseded(struct sink *s, const struct exchange *x, struct error *reterr)
{
	struct live *l = live_of(s, x->id);

	if (!recall(s, x) && !l)
		return 0;
	end_superseded(s, x);
	forget(s, l);
	return 0;
}

static int verbose_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct sink *s;
	unsigned columns;
	bool full;
	int err = sink_flag(c, "full", c->full, &full, reterr);

	if (!err)
		err = sink_width(c, &columns, reterr);
	if (err)
		return err;
	s = xcalloc(1, sizeof(*s));
	s->o = *c;
	s->o.full = full;
	term_init(&s->t, c->out, columns, c->utf8);
	*ret = s;
	return 0;
}

static void verbose_free(struct sink *s)
{
	if (!s)
		return;
	term_fresh_line(&s->t);
	for (size_t i = 0; i < LIVE_MAX; i++)
		verbose_llm_live_done(&s->live[i]);
	term_done(&s->t);
	free(s->shown);
	free(s);
}

static const struct sink_setting settings[] = {
	{ "full", "yes: show what earlier turns of a conversation showed as well" },
	{ "width", "columns to wrap lines to; 0: do not wrap" },
	{ NULL, NULL },
};

const struct sink_ops sink_verbose = {
	.name = "verbose",
	.help = "every field, in blocks for request and answer",
	.settings = settings,
	.wants = SINK_BODIES | SINK_DELTAS | SINK_WRITES,
	.mode = SHOW_AGENTS,
	.open = verbose_open,
	.request = verbose_request,
	.delta = verbose_delta,
	.superseded = verbose_superseded,
	.end = verbose_end,
	.free = verbose_free,
};
