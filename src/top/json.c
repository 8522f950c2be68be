/* SPDX-License-Identifier: MIT */
#include "top/json.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/json.h"
#include "json/text.h"
#include "json/write.h"

static void set_number(json_t *o, const char *name, int64_t n)
{
	json_object_set_new(o, name, n == COUNT_UNKNOWN ? json_null() : json_integer(n));
}

static void set_text(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, json_from_text(text));
}

/* The members that `llm-spy spend --json` has. */
static void set_sum(json_t *o, const struct spend_sum *s)
{
	set_number(o, "calls", (int64_t)s->calls);
	set_number(o, "failed", (int64_t)s->failed);
	set_number(o, "input_tokens", s->input);
	set_number(o, "cached_tokens", s->known_cache ? s->cached : COUNT_UNKNOWN);
	set_number(o, "output_tokens", s->output);
	json_object_set_new(o, "cost_usd", json_real(s->usd));
	set_number(o, "tokens_unknown", (int64_t)s->no_tokens);
	set_number(o, "cost_unknown", (int64_t)s->no_cost);
	set_number(o, "cost_at_least", (int64_t)s->at_least);
	set_number(o, "free", (int64_t)s->free);
}

static json_t *sum_of(const struct spend_sum *s)
{
	json_t *o = json_object();

	set_sum(o, s);
	return o;
}

static void set_agent(json_t *o, const struct session *r)
{
	json_object_set_new(o, "parent",
			    r->parent ? json_integer((json_int_t)r->parent->place + 1)
				      : json_null());
	json_object_set_new(o, "inferred", json_boolean(r->inferred));
	set_text(o, "state", session_state_name(r->state));
	json_object_set_new(o, "pid", r->pid ? json_integer(r->pid) : json_null());
	set_text(o, "user", r->user);
	set_text(o, "program", r->program);
	set_text(o, "session", r->session);
	set_text(o, "agent", r->agent);
	set_text(o, "kind", r->kind);
	set_text(o, "model", r->model);
	set_text(o, "conversation", r->conversation[0] ? r->conversation : NULL);
	set_number(o, "turn", r->turn ? (int64_t)r->turn : COUNT_UNKNOWN);
	set_text(o, "title", r->title);
}

static json_t *row_of(const struct top_model *m, size_t i)
{
	const struct session *r = m->sessions->rows[i];
	struct session_bar hour = session_hour(r, m->now_ns);
	int64_t window = top_window_of(m->windows, r);
	json_t *o = json_object();
	char moment[WALL_TEXT];

	set_number(o, "row", (int64_t)i + 1);
	set_agent(o, r);
	set_sum(o, &r->sum);
	json_object_set_new(o, "first_token_ms", json_milliseconds(r->first_token_ns));
	json_object_set_new(o, "duration_ms", json_milliseconds(r->took_ns));
	json_object_set_new(o, "tokens_per_s", r->speed > 0 ? json_real(r->speed) : json_null());
	set_number(o, "context_tokens", r->context);
	set_number(o, "context_window", window ? window : COUNT_UNKNOWN);
	json_object_set_new(o, "usd_last_hour", json_real(hour.usd));
	set_number(o, "last_hour_cost_unknown", hour.unknown);
	set_text(o, "container", r->container);
	set_text(o, "provider", r->provider);
	set_text(o, "host", r->host);
	set_text(o, "time", wall_text(r->began_ns, moment) ? moment : NULL);
	set_text(o, "last", r->last);
	return o;
}

static json_t *percentile(const struct latency *l, unsigned percent)
{
	return l->count ? json_milliseconds((int64_t)latency_percentile(l, percent)) : json_null();
}

static void set_pace(json_t *o, const struct top_model *m)
{
	struct pace_rate rate = pace_rate(m->pace, m->now_ns);

	json_object_set_new(o, "first_token_ms",
			    json_pack("{s:o, s:o}", "p50", percentile(&m->pace->first_token, 50),
				      "p95", percentile(&m->pace->first_token, 95)));
	json_object_set_new(o, "per_second",
			    json_pack("{s:f, s:f, s:f}", "input", rate.input, "output", rate.output,
				      "calls", rate.calls));
}

void top_json_print(const struct top_model *m, FILE *out)
{
	const struct sessions *s = m->sessions;
	json_t *o = json_object(), *rows = json_array();
	char *text;

	set_number(o, "agents", (int64_t)s->count);
	set_sum(o, &s->all);
	json_object_set_new(o, "today", sum_of(&s->today));
	set_pace(o, m);
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(rows, row_of(m, i));
	json_object_set_new(o, "rows", rows);
	text = json_write_text(o);
	fprintf(out, "%s\n", text);
	free(text);
	json_decref(o);
}
