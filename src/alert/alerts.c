/* SPDX-License-Identifier: MIT */
#include "alert/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "alert/hash.h"
#include "alert/loops.h"
#include "alert/scan.h"
#include "alert/spent.h"
#include "base/safe_text.h"
#include "base/xalloc.h"
#include "exchange/alerts.h"
#include "exchange/spender.h"

/* What was told is remembered by hash; of two with one place, the later one. */
#define TOLD 16384

struct alerting {
	const struct rules *rules;
	bool recorded;
	alert_fn fn;
	void *arg;
	struct answers *answers;
	struct spent *spent;
	struct loops *loops;
	alerting_past_fn past; /* NULL: nothing was before */
	void *past_arg;
	uint64_t told[TOLD];
};

struct alerting *alerting_new(const struct rules *r, bool recorded, alert_fn fn, void *arg)
{
	struct alerting *a = xcalloc(1, sizeof(*a));

	a->rules = r;
	a->recorded = recorded;
	a->fn = fn;
	a->arg = arg;
	a->answers = answers_new();
	a->spent = spent_new();
	a->loops = loops_new();
	return a;
}

void alerting_free(struct alerting *a)
{
	if (!a)
		return;
	answers_free(a->answers);
	spent_free(a->spent);
	loops_free(a->loops);
	free(a);
}

void alerting_before_masks(void *alerting, struct exchange *x)
{
	const struct alerting *a = alerting;

	if (x->kind == EXCHANGE_LLM)
		scan_request(a->rules, a->recorded, x);
}

/* ---- telling ---- */

static bool was_told(struct alerting *a, uint64_t subject, const char *rule)
{
	uint64_t hash = alert_hash(subject, span_str(rule));
	uint64_t *at = &a->told[hash % TOLD];
	bool was = *at == hash;

	*at = hash;
	return was;
}

/* Of a client that does not name its session, nobody knows what was told before this run. */
static uint64_t place_of(const struct exchange *x, const char *where)
{
	const char *session = x->conversation.session ? x->conversation.session : x->agent.session;
	uint64_t place = session ? alert_hash(3, span_str(session)) : 0;

	return place && where ? alert_hash(place, span_str(where)) : place;
}

static bool was_told_before(const struct alerting *a, const struct exchange *x, const char *rule,
			    const char *where)
{
	uint64_t place = place_of(x, where), hash = alert_hash(place, span_str(rule));

	return place && a->told[hash % TOLD] == hash;
}

static void give(struct alerting *a, struct exchange *x, const char *rule, const char *where)
{
	size_t before = x->alerts.count;

	alerts_add(&x->alerts, rule, where);
	if (x->alerts.count > before)
		a->fn(a->arg, &x->alerts.items[before], x);
}

/* Once of a conversation, else of a process. */
static void tell(struct alerting *a, struct exchange *x, const char *rule, const char *where)
{
	if (!was_told(a, alert_conversation(x), rule) && !was_told_before(a, x, rule, where))
		give(a, x, rule, where);
}

/* ---- rules ---- */

/* What the client chose, on one line. */
static void name_in(char *ret, size_t size, const char *what, const char *name)
{
	struct buf text;

	buf_init(&text, size - 1);
	buf_addf(&text, "%s ", what);
	if (name)
		safe_text_add(&text, span_str(name), true, 64);
	else
		buf_adds(&text, "unknown");
	snprintf(ret, size, "%s", text.ptr);
	buf_done(&text);
}

static void judge_allowed(struct alerting *a, struct exchange *x, const struct allowed *l)
{
	const char *model = x->model_asked ? x->model_asked : x->model_answered;
	const char *name = l->provider ? x->provider : model;
	char where[256];

	/* Of a provider that is not known we know that it is none of them. */
	if (name ? allowed_has(l, name) : !l->provider)
		return;
	name_in(where, sizeof(where), l->provider ? "provider" : "model", name);
	tell(a, x, l->provider ? "provider-not" : "model-not", where);
}

static void judge_lists(struct alerting *a, struct exchange *x)
{
	for (size_t i = 0; i < a->rules->nallowed; i++)
		judge_allowed(a, x, &a->rules->allowed[i]);
}

static void judge_loop(struct alerting *a, struct exchange *x)
{
	char rule[32], where[48];
	size_t at = loops_in_request(x, a->rules->loop);

	if (!at)
		return;
	snprintf(rule, sizeof(rule), "loop:%u", a->rules->loop);
	snprintf(where, sizeof(where), "message %zu, tool call", at);
	tell(a, x, rule, where);
}

static void judge_request(struct alerting *a, struct exchange *x)
{
	if (x->judged)
		return;
	x->judged = x->request_parsed || x->ended;
	for (size_t i = 0; i < x->suspects.count; i++)
		tell(a, x, x->suspects.items[i].rule, x->suspects.items[i].where);
	alerts_done(&x->suspects);
	if (a->rules->loop)
		judge_loop(a, x);
	judge_lists(a, x);
}

static void judge_answer_loop(struct alerting *a, struct exchange *x)
{
	char rule[32];

	if (!loops_in_answer(a->loops, x, a->rules->loop))
		return;
	snprintf(rule, sizeof(rule), "loop:%u", a->rules->loop);
	tell(a, x, rule, "answer, tool call");
}

static uint64_t day_of(const struct alerting *a, uint64_t who)
{
	return alert_hash_number(who, spent_day(a->spent));
}

/* Once a day of whoever spent it. */
static void judge_spent(struct alerting *a, struct exchange *x, enum budget_of of)
{
	uint64_t who = spent_subject(x, of);
	double usd = spent_add(a->spent, who, x->cost.usd);
	char where[64];

	snprintf(where, sizeof(where), "$%.2f today", usd);
	for (size_t i = 0; i < a->rules->nbudgets; i++) {
		const struct budget *b = &a->rules->budgets[i];

		if (b->of == of && usd > b->usd && !was_told(a, day_of(a, who), b->name))
			give(a, x, b->name, where);
	}
}

static bool has_budget_of(const struct rules *r, enum budget_of of)
{
	for (size_t i = 0; i < r->nbudgets; i++)
		if (r->budgets[i].of == of)
			return true;
	return false;
}

static void judge_budgets(struct alerting *a, struct exchange *x)
{
	if (!a->rules->nbudgets || !exchange_spends(a->answers, x) ||
	    x->cost.source == COST_UNKNOWN)
		return;
	for (enum budget_of of = 0; of <= BUDGET_ALL; of++)
		if (has_budget_of(a->rules, of))
			judge_spent(a, x, of);
}

/* ---- days ---- */

void alerting_set_past(struct alerting *a, alerting_past_fn fn, void *arg)
{
	a->past = fn;
	a->past_arg = arg;
}

/* When the day begins that is so many days later. */
static int64_t midnight_ns(const struct tm *day, int later)
{
	struct tm tm = { .tm_year = day->tm_year,
			 .tm_mon = day->tm_mon,
			 .tm_mday = day->tm_mday + later,
			 .tm_isdst = -1 };

	return (int64_t)mktime(&tm) * 1000000000;
}

void alerting_begin_day(struct alerting *a, int64_t now_ns)
{
	time_t seconds = (time_t)(now_ns / 1000000000);
	struct tm tm = { 0 };
	unsigned day;

	localtime_r(&seconds, &tm);
	day = (unsigned)(tm.tm_year * 366 + tm.tm_yday);
	if (day <= spent_day(a->spent))
		return;
	spent_begin(a->spent, day);
	if (a->past)
		a->past(a->past_arg, a, midnight_ns(&tm, 0), midnight_ns(&tm, 1));
}

void alerting_spent(struct alerting *a, enum budget_of of, const char *name, double usd)
{
	spent_add(a->spent, spent_subject_of(of, name), usd);
}

static const struct budget *budget_of_rule(const struct rules *r, const char *rule)
{
	for (size_t i = 0; i < r->nbudgets; i++)
		if (strcmp(r->budgets[i].name, rule) == 0)
			return &r->budgets[i];
	return NULL;
}

void alerting_told(struct alerting *a, const struct exchange *x)
{
	for (size_t i = 0; i < x->alerts.count; i++) {
		const struct alert *of = &x->alerts.items[i];
		const struct budget *b = budget_of_rule(a->rules, of->rule);

		if (b && b->of != BUDGET_CONVERSATION)
			was_told(a, day_of(a, spent_subject(x, b->of)), of->rule);
		else if (!b && !a->recorded && place_of(x, of->where))
			was_told(a, place_of(x, of->where), of->rule);
	}
}

/* ---- events ---- */

/* The client's record of a call tells of it; that of its server would tell it again. */
static bool is_judged(const struct exchange *x)
{
	return x->kind == EXCHANGE_LLM && !x->twin && !x->twin_of;
}

static void on_request(void *arg, struct exchange *x)
{
	if (!is_judged(x))
		return;
	alerting_begin_day(arg, exchange_began_ns(x));
	judge_request(arg, x);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct alerting *a = arg;

	if (!is_judged(x))
		return;
	alerting_begin_day(a, exchange_began_ns(x));
	judge_request(a, x);
	/* Some calls name no model, but their answers do. */
	if (!x->model_asked)
		judge_lists(a, x);
	if (a->rules->loop)
		judge_answer_loop(a, x);
	judge_budgets(a, x);
}

const struct observer alerting_observer = { .request = on_request, .ended = on_ended };
