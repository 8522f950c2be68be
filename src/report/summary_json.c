/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "report/missed.h"
#include "json/text.h"
#include "json/write.h"
#include "report/summary.h"

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
	set(o, key, json_integer((json_int_t)n));
}

static void set_sum(json_t *o, const struct spend_sum *s)
{
	set_number(o, "calls", s->calls);
	set_number(o, "failed", s->failed);
	set_number(o, "free", s->free);
	set_number(o, "input", (uint64_t)s->input);
	set(o, "cached_read", s->known_cache ? json_integer(s->cached) : json_null());
	set_number(o, "cache_unknown", s->calls - s->known_cache);
	set_number(o, "output", (uint64_t)s->output);
	set(o, "usd", json_real(s->usd));
	set_number(o, "tokens_unknown", s->no_tokens);
	set_number(o, "cost_unknown", s->no_cost);
	set_number(o, "cost_at_least", s->at_least);
	if (s->took && s->took->count) {
		set_number(o, "p50_ns", latency_median(s->took));
		set_number(o, "max_ns", s->took->max_ns);
	}
}

static json_t *models_of(const struct spend_table *t)
{
	json_t *all = json_array();

	for (size_t i = 0; i < t->count; i++) {
		json_t *o = json_object();

		set(o, "model",
		    t->rows[i]->nameless ? json_null() : json_from_text(t->rows[i]->name));
		set_sum(o, &t->rows[i]->sum);
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *who_of(const struct spend_table *t)
{
	json_t *all = json_array();

	for (size_t i = 0; i < t->count; i++) {
		json_t *o = json_object();

		set(o, "user", json_from_text(t->rows[i]->user));
		set(o, "program", json_from_text(t->rows[i]->name));
		set_number(o, "processes", t->rows[i]->npids);
		set_sum(o, &t->rows[i]->sum);
		json_array_append_new(all, o);
	}
	return all;
}

static void add_missed(void *arg, const char *text, uint64_t count)
{
	json_array_append_new(arg, json_from_text(text));
}

static json_t *unseen_of(const struct unseen *u)
{
	json_t *all = json_array();

	for (size_t i = 0; u && i < u->count; i++) {
		const struct unseen_note *n = &u->items[i];
		json_t *o = json_object();

		set(o, n->processes ? "program" : "file", json_from_text(n->name));
		set(o, "pid", n->pid ? json_integer(n->pid) : json_null());
		set_number(o, "processes", n->processes);
		set(o, "reason", json_from_text(n->reason));
		set(o, "remedy", json_from_text(n->remedy));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *outputs_of(const struct run_report *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->noutputs; i++) {
		json_t *o = json_object();

		set(o, "name", json_from_text(r->outputs[i].name));
		set_number(o, "written", r->outputs[i].written);
		set_number(o, "dropped", r->outputs[i].dropped);
		set_number(o, "failed", r->outputs[i].failed);
		set(o, "problem",
		    r->outputs[i].problem[0] ? json_from_text(r->outputs[i].problem) : json_null());
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *traffic_of(const struct report_traffic *t)
{
	json_t *o = json_object();

	set_number(o, "connections", t->conns);
	set_number(o, "bytes", t->bytes);
	set_number(o, "missing_bytes", t->missing_bytes);
	set_number(o, "gaps", t->gaps);
	set_number(o, "connections_without_http", t->opaque_conns);
	return o;
}

static json_t *alert_rules(const struct totals *t)
{
	json_t *o = json_object();

	for (size_t i = 0; i < t->nalert_counts; i++)
		set_number(o, t->alert_counts[i].rule, t->alert_counts[i].count);
	return o;
}

static void set_totals(json_t *o, const struct totals *t)
{
	static const struct spend_sum none;

	set_sum(o, t ? &t->spend->all : &none);
	set_number(o, "token_counts", t ? t->spend->counts : 0);
	set_number(o, "other_exchanges", t ? t->exchanges - t->llm : 0);
	set_number(o, "passed_on", t ? t->passed_on : 0);
	set_number(o, "incomplete", t ? t->incomplete : 0);
	set_number(o, "seen_at_both_ends", t ? t->twice : 0);
	set_number(o, "not_selected", t ? t->unselected : 0);
	set_number(o, "alerts", t ? t->alerts : 0);
	set(o, "alert_rules", t ? alert_rules(t) : json_object());
	if (t)
		spend_sort(t->spend);
	set(o, "models", t ? models_of(&t->spend->models) : json_array());
	set(o, "who", t ? who_of(&t->spend->who) : json_array());
}

void summary_write_json(struct buf *out, const struct run_report *r)
{
	json_t *o = json_object(), *missed = json_array();

	set(o, "duration_ns",
	    r->duration_ns ? json_integer((json_int_t)r->duration_ns) : json_null());
	set_totals(o, r->totals);
	missed_each(r, add_missed, missed);
	set(o, "missed", missed);
	set(o, "unseen", unseen_of(r->unseen));
	set(o, "traffic", traffic_of(&r->traffic));
	set(o, "outputs", outputs_of(r));
	if (json_dump_to(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(10), out) != 0)
		buf_adds(out, "{}");
	buf_addc(out, '\n');
	json_decref(o);
}
