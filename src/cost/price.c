/* SPDX-License-Identifier: MIT */
/* Finds the row for a call and multiplies. Sources of the rules: the vendors' pages on prices and
 * prompt caching; for stated costs "Usage accounting" of OpenRouter, "Cost tracking" of xAI, and
 * answers of Perplexity, Vercel's and Pydantic's gateways (read on 2026-11-24). */
#include "cost/price.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "cost/price_int.h"
#include "json/number.h"

#define COST_MAX 1e6 /* USD; a larger stated cost is ignored */

struct prices {
	struct sheet *first;
	size_t rows, skipped;
};

/* ---- life ---- */

static struct sheet *sheet_new(char *text)
{
	struct sheet *s = xcalloc(1, sizeof(*s));

	s->text = text;
	buf_init(&s->labels, 4 * PRICES_FILE_MAX);
	return s;
}

static void sheet_free(struct sheet *s)
{
	for (size_t i = 0; i < s->nvendors; i++)
		free(s->vendors[i].entries);
	free(s->vendors);
	free(s->periods);
	free(s->tiers);
	buf_done(&s->labels);
	free(s->text);
	free(s);
}

/* Takes ownership of the sheet, also on failure. */
static int sheet_take(struct prices *p, struct sheet *s, struct span text, struct error *reterr)
{
	int err = sheet_read(s, text, reterr);

	if (err) {
		sheet_free(s);
		return err;
	}
	s->next = p->first;
	p->first = s;
	p->rows += s->nperiods;
	return 0;
}

struct prices *prices_new(void)
{
	return xcalloc(1, sizeof(struct prices));
}

/* The comment at its top says so: "Source: NAME, as of DATE." */
struct span prices_date(void)
{
	const char *at = strstr(embedded_prices, ", as of ");

	if (!at || at > strstr(embedded_prices, "\n#\n"))
		return span_of(NULL, 0);
	at += strlen(", as of ");
	return span_of(at, strspn(at, "0123456789-"));
}

struct prices *prices_builtin(void)
{
	struct prices *p = prices_new();
	struct error err;

	/* A unit test ensures that it can be read. */
	(void)sheet_take(p, sheet_new(NULL), span_str(embedded_prices), &err);
	return p;
}

void prices_free(struct prices *p)
{
	while (p && p->first) {
		struct sheet *s = p->first;

		p->first = s->next;
		sheet_free(s);
	}
	free(p);
}

size_t prices_count(const struct prices *p)
{
	return p->rows;
}

size_t prices_skipped(const struct prices *p)
{
	return p->skipped;
}

int prices_load(struct prices *p, struct span text, struct error *reterr)
{
	struct span start = text;
	struct buf own;
	size_t skipped = 0, len;
	int err = 0;
	char *copy;

	if (text.len > PRICES_FILE_MAX)
		return error_set(reterr, -ENOBUFS, "larger than %d MiB", PRICES_FILE_MAX >> 20);
	if (span_starts(start, SPAN_LIT("\xef\xbb\xbf"))) /* byte order mark */
		start = text = span_from(text, 3);
	while (start.len && strchr(" \t\r\n", start.ptr[0]) && start.ptr[0])
		start = span_from(start, 1);
	buf_init(&own, 4 * PRICES_FILE_MAX);
	if (span_starts(start, SPAN_LIT("[")) || span_starts(start, SPAN_LIT("{")))
		err = import_json(start, &own, &skipped, reterr);
	else
		buf_add(&own, text);
	len = own.len;
	copy = buf_take(&own);
	if (err) {
		free(copy);
		return err;
	}
	err = sheet_take(p, sheet_new(copy), span_of(copy, len), reterr);
	p->skipped += err ? 0 : skipped;
	return err;
}

/* ---- finding the row ---- */

/* Whether prices are valid at a time. An unknown time (0) matches all; the last one, which is the
 * newest, then counts. */
static bool holds_at(const struct period *p, int64_t when)
{
	int64_t second = when % 86400;

	if (when <= 0)
		return true;
	if (p->from > when)
		return false;
	if (p->day_from < 0)
		return true;
	if (p->day_from <= p->day_to)
		return second >= p->day_from && second < p->day_to;
	return second >= p->day_from || second < p->day_to;
}

static const struct period *period_at(const struct sheet *s, const struct entry *e, int64_t when)
{
	for (size_t i = e->nperiods; i > 0; i--)
		if (holds_at(&s->periods[e->period + i - 1], when))
			return &s->periods[e->period + i - 1];
	return NULL;
}

/* The query, and the row found. */
struct search {
	struct span names[2]; /* of the model, best first; may be empty */
	int64_t when;
	const struct sheet *sheet;
	const struct entry *entry;
	const struct period *period;
};

/* The best matching row: one with the literal name, else the one with the most literal
 * characters. */
static bool find_name(struct search *q, const struct sheet *s, const struct vendor *v,
		      struct span name)
{
	unsigned best = 0;

	for (size_t i = 0; i < v->nentries && best < UINT_MAX; i++) {
		unsigned fit = pattern_fit(v->entries[i].model, name);
		const struct period *p = fit > best ? period_at(s, &v->entries[i], q->when) : NULL;

		if (!p)
			continue;
		best = fit;
		q->sheet = s;
		q->entry = &v->entries[i];
		q->period = p;
	}
	return best > 0;
}

static bool find_in(struct search *q, const struct sheet *s, struct span provider)
{
	const struct vendor *v = NULL;

	for (size_t i = 0; i < s->nvendors && !v; i++)
		if (span_eq(s->vendors[i].name, provider))
			v = &s->vendors[i];
	for (size_t i = 0; v && i < 2; i++) {
		struct model_names names;

		model_names(q->names[i], provider, &names);
		for (size_t j = 0; j < names.count; j++)
			if (find_name(q, s, v, names.items[j]))
				return true;
	}
	return false;
}

static bool find_at(struct search *q, const struct prices *p, struct span provider)
{
	for (const struct sheet *s = p->first; s; s = s->next)
		if (find_in(q, s, provider))
			return true;
	return false;
}

/* Providers that sell a maker's models at the maker's own prices, according to their price lists
 * and the fallbacks of genai-prices: Azure for OpenAI (global deployments) and Anthropic, Vertex AI
 * for Anthropic (global endpoint). Others may have different prices: GitHub Models and Copilot sell
 * subscriptions, gateways (Vercel, Portkey, LiteLLM) add fees, discounts or keys of their own, and
 * an unknown host may be anything. */
static const struct {
	const char *seller, *maker;
} resellers[] = {
	{ "azure", "openai" },
	{ "azure", "anthropic" },
	{ "vertex", "anthropic" },
};

static bool find_row(struct search *q, const struct prices *p, const char *provider)
{
	if (find_at(q, p, span_str(provider)))
		return true;
	for (size_t i = 0; i < sizeof(resellers) / sizeof(*resellers); i++)
		if (strcmp(provider, resellers[i].seller) == 0 &&
		    find_at(q, p, span_str(resellers[i].maker)))
			return true;
	return false;
}

/* "openai" of "openai/gpt-4o"; empty if there is none. */
static struct span maker_of(struct span model)
{
	size_t len = span_find(model, '/');

	return len < model.len ? span_first(model, len) : span_of(NULL, 0);
}

static bool is_free(struct span model, const char *provider)
{
	return strcmp(provider, "openrouter") == 0 && span_ends(model, SPAN_LIT(":free"));
}

/* The order in which the two names are tried. The answer's name is more precise if the request's is
 * an alias or a deployment. The request's is more precise on Bedrock (region) and if it is the
 * answer's with a suffix ("m:free", "m:groq"). If a router passed the call to another maker's
 * model, the price of the requested model is meaningless. */
static void choose_names(struct search *q, struct span answered, struct span asked,
			 const char *provider)
{
	bool longer = answered.len < asked.len && asked.ptr[answered.len] == ':' &&
		      span_caseeq(span_first(asked, answered.len), answered);
	struct span a = maker_of(answered), b = maker_of(asked);

	q->names[0] = answered;
	q->names[1] = asked;
	if (strcmp(provider, "bedrock") == 0 || longer || !answered.len) {
		q->names[0] = asked;
		q->names[1] = answered;
	} else if (a.len && b.len && !span_caseeq(a, b)) {
		q->names[1] = span_of(NULL, 0);
	}
	if (is_free(q->names[0], provider))
		q->names[1] = span_of(NULL, 0);
}

/* ---- the bill ---- */

struct rates {
	double usd[RATE_COUNT]; /* per million tokens; NAN: none */
};

static void rates_at(const struct search *q, double input, struct rates *ret)
{
	const struct period *p = q->period;

	memcpy(ret->usd, p->usd, sizeof(ret->usd));
	for (size_t i = 0; i < p->ntiers; i++) {
		const struct tier *t = &q->sheet->tiers[p->tier + i];

		if (input > t->above)
			ret->usd[t->rate] = t->usd;
	}
}

/* The first of the three prices that is stated. */
static double rate_or(const struct rates *r, enum rate a, enum rate b, enum rate c)
{
	return !isnan(r->usd[a]) ? r->usd[a] : !isnan(r->usd[b]) ? r->usd[b] : r->usd[c];
}

static double known(int64_t count)
{
	return count > 0 ? (double)count : 0;
}

static double less(double a, double b)
{
	return a < b ? a : b;
}

/* Tokens without a price are left out, so the sum is a lower bound. */
static double charge(struct cost *c, double tokens, double usd)
{
	if (isnan(usd)) {
		c->partial |= tokens > 0;
		return 0;
	}
	return tokens * usd / 1e6;
}

/* How many tokens of one kind are among `*rest`; they are subtracted from it. */
static double part_of(double *rest, int64_t count)
{
	double n = less(known(count), *rest);

	*rest -= n;
	return n;
}

static void charge_input(struct cost *c, const struct rates *r, const struct usage *u)
{
	double w5 = known(u->cache_write_5m), w1 = known(u->cache_write_1h);
	double cached = known(u->cached_read);
	/* Some providers report cached tokens beside the input rather than as part of it. */
	double rest = known(u->input) - cached - w5 - w1;
	double audio, image;

	rest = rest > 0 ? rest : 0;
	audio = part_of(&rest, u->audio_in);
	image = part_of(&rest, u->image_in);
	c->input_usd = charge(c, rest, r->usd[RATE_input]) +
		       charge(c, audio, rate_or(r, RATE_audio_in, RATE_input, RATE_input)) +
		       charge(c, image, rate_or(r, RATE_image_in, RATE_input, RATE_input));
	c->cached_usd = charge(c, cached, rate_or(r, RATE_cached, RATE_input, RATE_input));
	c->write_usd = charge(c, w5, rate_or(r, RATE_write_5m, RATE_input, RATE_input)) +
		       charge(c, w1, rate_or(r, RATE_write_1h, RATE_write_5m, RATE_input));
}

static void charge_output(struct cost *c, const struct rates *r, const struct usage *u)
{
	double rest = known(u->output);
	double reasoning = part_of(&rest, u->reasoning);
	double audio = part_of(&rest, u->audio_out), image = part_of(&rest, u->image_out);

	c->output_usd = charge(c, rest, r->usd[RATE_output]) +
			charge(c, reasoning, rate_or(r, RATE_reasoning, RATE_output, RATE_output)) +
			charge(c, audio, rate_or(r, RATE_audio_out, RATE_output, RATE_output)) +
			charge(c, image, rate_or(r, RATE_image_out, RATE_output, RATE_output));
}

/* Embeddings and the like have no output: their rows have no price for it, or their total equals
 * the input. */
static bool output_known(const struct rates *r, const struct usage *u)
{
	return u->output >= 0 || isnan(r->usd[RATE_output]) || u->total == u->input;
}

/* A model on this host costs nothing, but Ollama passes calls for its models ":cloud" and "-cloud"
 * on to ollama.com. */
static bool runs_here(struct span answered, struct span asked)
{
	return !span_ends(asked, SPAN_LIT("cloud")) && !span_ends(answered, SPAN_LIT("cloud"));
}

static bool price_row(const struct search *q, const struct usage *u, struct cost *ret)
{
	struct cost c = { .source = COST_TABLE };
	struct rates r;

	snprintf(c.row, sizeof(c.row), "%s", q->sheet->labels.ptr + q->entry->label);
	rates_at(q, known(u->input), &r);
	if (u->input < 0 || !output_known(&r, u))
		return false;
	charge_input(&c, &r, u);
	charge_output(&c, &r, u);
	c.request_usd = isnan(r.usd[RATE_request]) ? 0 : r.usd[RATE_request];
	c.usd = c.input_usd + c.cached_usd + c.write_usd + c.output_usd + c.request_usd;
	*ret = c;
	return true;
}

bool price_of(const struct prices *p, const char *provider, const char *model_answered,
	      const char *model_asked, int64_t when_unix, bool is_local, const struct usage *u,
	      struct cost *ret)
{
	struct span answered = span_trim(span_str(model_answered));
	struct span asked = span_trim(span_str(model_asked));
	struct search q = { .when = when_unix };

	if (is_local || (provider && strcmp(provider, "local") == 0)) {
		if (!runs_here(answered, asked))
			return false;
		*ret = (struct cost){ .source = COST_LOCAL };
		return true;
	}
	if (!provider)
		return false;
	choose_names(&q, answered, asked, provider);
	if (find_row(&q, p, provider))
		return price_row(&q, u, ret);
	if (!is_free(q.names[0], provider))
		return false;
	*ret = (struct cost){ .source = COST_TABLE, .row = "openrouter :free" };
	return true;
}

int64_t price_window(const struct prices *p, const char *provider, const char *model)
{
	struct search q = { .when = 0 };

	if (!provider || !model)
		return 0;
	choose_names(&q, span_trim(span_str(model)), span_of(NULL, 0), provider);
	return find_row(&q, p, provider) ? q.period->window : 0;
}

/* ---- stated costs ---- */

/* A number, or a text that contains one (Vercel). */
static bool usd_of(const json_t *v, double unit, double *ret)
{
	double x;

	if (json_number_is(v)) {
		x = json_number_double(v);
	} else if (json_is_string(v)) {
		struct span s = span_of(json_string_value(v), json_string_length(v));

		if (!decimal_take(&s, &x) || s.len)
			return false;
	} else {
		return false;
	}
	x *= unit;
	if (!(x >= 0 && x <= COST_MAX))
		return false;
	*ret = x;
	return true;
}

/* OpenRouter and Vercel: `cost` is what they charge. If the caller has a key of their own at the
 * provider, the provider bills the rest. */
static bool gateway_cost(const json_t *usage, double *ret)
{
	const json_t *details = json_object_get(usage, "cost_details");
	double cost, upstream = 0;

	if (!usd_of(json_object_get(usage, "cost"), 1, &cost))
		return usd_of(json_object_get(usage, "market_cost"), 1, ret);
	if (json_is_true(json_object_get(usage, "is_byok")) &&
	    !usd_of(json_object_get(details, "upstream_inference_cost"), 1, &upstream) &&
	    !usd_of(json_object_get(usage, "market_cost"), 1, &upstream))
		return false;
	*ret = cost + upstream;
	return true;
}

/* Perplexity: {"total_cost": 0.005, "currency": "USD"}; the currency is often left out. */
static bool perplexity_cost(const json_t *cost, double *ret)
{
	const json_t *currency = json_object_get(cost, "currency");

	if (json_is_string(currency) && strcmp(json_string_value(currency), "USD") != 0)
		return false;
	return usd_of(json_object_get(cost, "total_cost"), 1, ret);
}

bool prices_stated(const json_t *usage_raw, double *ret)
{
	const json_t *gateway = json_object_get(usage_raw, "pydantic_ai_gateway");
	double usd;

	/* xAI's ticks. Azure passes on a zero from its models but bills by its own list. */
	if (usd_of(json_object_get(usage_raw, "cost_in_usd_ticks"), 1e-10, &usd) && usd > 0) {
		*ret = usd;
		return true;
	}
	return perplexity_cost(json_object_get(usage_raw, "cost"), ret) ||
	       gateway_cost(usage_raw, ret) ||
	       usd_of(json_object_get(gateway, "cost_estimate"), 1, ret);
}
