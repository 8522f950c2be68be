/* SPDX-License-Identifier: MIT */
#include "top/cells.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/spender.h"
#include "report/registry.h"
#include "report/spend_cells.h"

/* A tree that goes deeper is not indented more. */
#define DEPTH_SHOWN 6
/* Of text, as the text output has it. */
#define BYTES_PER_TOKEN 4
#define SECOND_NS	INT64_C(1000000000)

const struct top_column_info top_columns[TOP_COLUMNS] = {
#define COLUMN(id, head_, left_, least_, spare_, shown_, help_)                                    \
	[T_##id] = { .head = head_,                                                                \
		     .left = left_,                                                                \
		     .least = least_,                                                              \
		     .spare = spare_,                                                              \
		     .shown = shown_,                                                              \
		     .help = help_ },
#include "top/columns.def"
#undef COLUMN
};

/* ---- who ---- */

static const char *state_sign(const struct session *r, bool utf8)
{
	if (r->live)
		return utf8 ? "▶" : ">";
	switch (r->state) {
	case SESSION_DONE:
		return utf8 ? "○" : "o";
	case SESSION_TOOLS:
		return utf8 ? "●" : "*";
	case SESSION_CUT:
		return "?";
	case SESSION_FAILED:
		return utf8 ? "✗" : "x";
	}
	return "";
}

static char *agent_text(const struct session *r, bool utf8)
{
	unsigned depth = r->depth < DEPTH_SHOWN ? r->depth : DEPTH_SHOWN;
	bool named = r->kind && strcmp(r->kind, "main") != 0;

	if (r->others)
		return xstrdup("(all others)");
	return xasprintf("%*s%s%s%s%s", depth ? (int)(2 * depth - 2) : 0, "",
			 !depth	       ? ""
			 : utf8	       ? r->inferred ? "└~ " : "└ "
			 : r->inferred ? "-~ "
				       : "- ",
			 r->program ? r->program : "?", named ? " " : "", named ? r->kind : "");
}

static char *turn_text(const struct session *r)
{
	const struct conversation *c = r->live ? &r->now->x->conversation : NULL;
	const char *id = c && c->id[0] ? c->id : r->conversation;
	unsigned turn = c && c->id[0] ? c->turn : r->turn;

	if (!*id)
		return xstrdup("-");
	return turn ? xasprintf("%.6s t%u", id, turn) : xasprintf("%.6s", id);
}

/* ---- how much ---- */

static char *sum_text(const struct session *r, enum top_column column)
{
	struct spend_cells c;
	const char *text;

	spend_cells_make(&c, &r->sum);
	text = column == T_CALLS   ? c.calls
	       : column == T_FAIL  ? c.failed
	       : column == T_IN	   ? c.in
	       : column == T_CACHE ? c.cached
	       : column == T_OUT   ? c.out
				   : c.usd;
	return xstrdup(strcmp(text, "unknown") == 0 ? "?" : text);
}

static char *context_text(const struct session *r, const struct top_moment *now)
{
	int64_t window = top_window_of(now->windows, r);

	if (r->context == COUNT_UNKNOWN || !window)
		return xstrdup(r->ncalls ? "?" : "-");
	return xstrdup(text_percent((uint64_t)r->context, (uint64_t)window).text);
}

static char *hour_text(const struct session *r, const struct top_moment *now)
{
	struct session_bar hour = session_hour(r, now->now_ns);

	if (hour.usd > 0)
		return xasprintf("%s%s", text_usd_number(hour.usd).text, hour.unknown ? "+" : "");
	return xstrdup(hour.unknown ? "?" : "0");
}

static char *or_dash(const char *text)
{
	return xstrdup(text ? text : "-");
}

static char *duration_or_dash(int64_t ns)
{
	return ns < 0 ? xstrdup("-") : xstrdup(text_duration((uint64_t)ns).text);
}

static int64_t ago(const struct session *r, const struct top_moment *now)
{
	return r->began_ns && now->now_ns > r->began_ns ? now->now_ns - r->began_ns : COUNT_UNKNOWN;
}

/* ---- what it does ---- */

uint64_t top_streamed_tokens(const struct registry_row *row)
{
	return (row->text_bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

/* Since the call began: whole seconds, so that time alone draws nothing twice a second. */
static uint64_t seconds_of(const struct registry_row *row, const struct top_moment *now)
{
	int64_t began = exchange_began_ns(row->x);

	return began && now->now_ns > began ? (uint64_t)(now->now_ns - began) / SECOND_NS : 0;
}

static char *live_text(const struct session *r, const struct top_moment *now)
{
	char more[32] = "";

	if (r->live > 1)
		snprintf(more, sizeof(more), "  and %u more", r->live - 1);
	if (r->now->text_bytes)
		return xasprintf("streaming ~%s tok, %" PRIu64 "s%s",
				 text_tokens(top_streamed_tokens(r->now)).text,
				 seconds_of(r->now, now), more);
	return xasprintf("%s %" PRIu64 "s%s", r->now->x->request_seen ? "waits" : "asks",
			 seconds_of(r->now, now), more);
}

/* When a call that was refused may be tried again, s; -1: it does not say, or that is over. */
static int64_t retry_in(const struct session *r, const struct top_moment *now)
{
	struct account a;
	int64_t at;

	if (r->state != SESSION_FAILED || !r->now || r->now->in_flight)
		return -1;
	exchange_account(r->now->x, &a);
	if (a.retry_after_ms == COUNT_UNKNOWN)
		return -1;
	at = (int64_t)(r->now->x->t.response_last) + a.retry_after_ms * 1000000;
	return at > (int64_t)now->monotonic_ns ? (at - (int64_t)now->monotonic_ns) / 1000000000 + 1
					       : -1;
}

static struct unit_text whole_seconds(int64_t ns)
{
	struct unit_text ret;

	if (ns >= 60 * SECOND_NS)
		return text_duration((uint64_t)(ns - ns % SECOND_NS));
	snprintf(ret.text, sizeof(ret.text), "%" PRId64 "s", ns / SECOND_NS);
	return ret;
}

static char *now_text(const struct session *r, const struct top_moment *now)
{
	const char *last = r->last ? r->last : "-";
	int64_t since = ago(r, now), retry;

	if (r->live)
		return live_text(r, now);
	if (!now->follows)
		return xstrdup(last);
	retry = retry_in(r, now);
	if (retry >= 0)
		return xasprintf("%s, retry in %" PRId64 "s", last, retry);
	if (r->state == SESSION_TOOLS || since == COUNT_UNKNOWN)
		return xstrdup(last);
	if (r->state == SESSION_FAILED)
		return xasprintf("%s, %s ago", last, whole_seconds(since).text);
	return xasprintf("idle %s  %s", whole_seconds(since).text, last);
}

/* ---- all ---- */

char *top_cell(const struct session *r, enum top_column column, const struct top_moment *now,
	       bool utf8)
{
	switch (column) {
	case T_STATE:
		return xstrdup(state_sign(r, utf8));
	case T_PID:
		return r->pid ? xasprintf("%" PRIu32, r->pid) : xstrdup("-");
	case T_USER:
		return or_dash(r->user);
	case T_AGENT:
		return agent_text(r, utf8);
	case T_SESSION:
		return or_dash(r->session);
	case T_CONTAINER:
		return or_dash(r->container);
	case T_PROVIDER:
		return or_dash(r->provider);
	case T_HOST:
		return or_dash(r->host);
	case T_MODEL:
		return or_dash(r->model);
	case T_TURN:
		return turn_text(r);
	case T_LIVE:
		return r->live ? xasprintf("%u", r->live) : xstrdup("-");
	case T_CTX:
		return context_text(r, now);
	case T_USD_HOUR:
		return hour_text(r, now);
	case T_FIRST:
		return duration_or_dash(r->first_token_ns);
	case T_TOOK:
		return duration_or_dash(r->took_ns);
	case T_SPEED:
		return r->speed > 0 ? xasprintf("%.0f", r->speed) : xstrdup("-");
	case T_AGO:
		return duration_or_dash(ago(r, now));
	case T_TITLE:
		return or_dash(r->title);
	case T_NOW:
		return now_text(r, now);
	case T_CALLS:
	case T_FAIL:
	case T_IN:
	case T_CACHE:
	case T_OUT:
	case T_USD:
	case TOP_COLUMNS:
		break;
	}
	return sum_text(r, column);
}
