/* SPDX-License-Identifier: MIT */
#include "cli/top_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/account.h"
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

static json_int_t number_of(const struct sessions *s, const struct session *r)
{
	size_t i = 0;

	while (s->rows[i] != r)
		i++;
	return (json_int_t)i + 1;
}

static void set_agent(json_t *o, const struct sessions *s, const struct session *r)
{
	json_object_set_new(o, "parent",
			    r->parent ? json_integer(number_of(s, r->parent)) : json_null());
	json_object_set_new(o, "inferred", json_boolean(r->parent && r->inferred));
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

/* Whole microseconds, as other tables have them. */
static json_t *milliseconds(int64_t ns)
{
	int64_t us = ns / 1000;

	return ns == COUNT_UNKNOWN ? json_null() : json_real((double)us / 1000);
}

static json_t *row_of(const struct sessions *s, size_t i)
{
	const struct session *r = s->rows[i];
	json_t *o = json_object();
	char moment[WALL_TEXT];

	set_number(o, "row", (int64_t)i + 1);
	set_agent(o, s, r);
	set_sum(o, &r->sum);
	json_object_set_new(o, "first_token_ms", milliseconds(r->first_token_ns));
	set_text(o, "time", wall_text(r->began_ns, moment) ? moment : NULL);
	set_text(o, "last", r->last);
	return o;
}

void top_json_print(const struct sessions *s, FILE *out)
{
	json_t *o = json_object(), *rows = json_array();
	char *text;

	set_number(o, "agents", (int64_t)s->count);
	set_sum(o, &s->all);
	json_object_set_new(o, "today", sum_of(&s->today));
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(rows, row_of(s, i));
	json_object_set_new(o, "rows", rows);
	text = json_write_text(o);
	fprintf(out, "%s\n", text);
	free(text);
	json_decref(o);
}
