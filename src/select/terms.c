/* SPDX-License-Identifier: MIT */
/* What a filter has. */
#include "select/terms.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exchange/account.h"
#include "exchange/spender.h"
#include "select/search.h"
#include "select/terms_int.h"

/* As in select.c: fnmatch() takes long for a long text. */
#define NAME_LEN_MAX 1024

/* ---- names ---- */

static const char *one_of(const char *const *names, size_t count, size_t i)
{
	for (size_t n = 0; n < count; n++)
		if (names[n] && i-- == 0)
			return names[n];
	return NULL;
}

#define ONE_OF(...)                                                                                \
	one_of((const char *const[]){ __VA_ARGS__ },                                               \
	       sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), i)

static const char *name_model(const struct exchange *x, size_t i, char room[24])
{
	struct spender of;

	exchange_spender(x, &of);
	return ONE_OF(of.model, x->model_asked, x->model_answered);
}

static const char *name_provider(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->provider, x->provider_label);
}

static const char *name_user(const struct exchange *x, size_t i, char room[24])
{
	struct spender of;

	exchange_spender(x, &of);
	snprintf(room, 24, "%u", of.uid);
	return ONE_OF(of.user, room, x->user);
}

static const char *name_program(const struct exchange *x, size_t i, char room[24])
{
	struct spender of;

	exchange_spender(x, &of);
	return ONE_OF(of.program, x->script, x->process);
}

static const char *name_host(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->host);
}

static const char *name_container(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->container.name, x->container.id, x->container.pod);
}

/* Those that the answer calls, and the one that a call to a tool is about. */
static const char *name_tool(const struct exchange *x, size_t i, char room[24])
{
	if (x->kind == EXCHANGE_MCP && x->rpc_name && i-- == 0)
		return x->rpc_name;
	for (size_t c = 0; c < x->nchoices; c++)
		for (size_t p = 0; p < x->choices[c].msg.nparts; p++) {
			const struct part *part = &x->choices[c].msg.parts[p];

			if (part->kind == PART_TOOL_CALL && part->name && i-- == 0)
				return part->name;
		}
	return NULL;
}

static const char *name_session(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->agent.session, x->conversation.session);
}

static const char *name_agent(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->agent.id, x->agent.thread, x->agent.kind);
}

static const char *name_conversation(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->conversation.id[0] ? x->conversation.id : NULL);
}

static const char *name_kind(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(exchange_kind_name(x->kind));
}

static const char *name_api(const struct exchange *x, size_t i, char room[24])
{
	return ONE_OF(x->api);
}

static const char *name_error(const struct exchange *x, size_t i, char room[24])
{
	const struct api_error *e = x->error;

	return e ? ONE_OF(e->type, e->code) : NULL;
}

/* ---- numbers ---- */

static double known(int64_t n)
{
	return n == COUNT_UNKNOWN ? NAN : (double)n;
}

static double number_id(const struct exchange *x)
{
	return (double)x->id;
}

static double number_pid(const struct exchange *x)
{
	struct spender of;

	exchange_spender(x, &of);
	return of.pid;
}

static double number_status(const struct exchange *x)
{
	return x->status ? x->status : NAN;
}

static double number_turn(const struct exchange *x)
{
	return x->conversation.turn ? x->conversation.turn : NAN;
}

static double number_in(const struct exchange *x)
{
	return known(x->usage.input);
}

static double number_out(const struct exchange *x)
{
	return known(x->usage.output);
}

static double number_tok(const struct exchange *x)
{
	double in = number_in(x), out = number_out(x);

	return isnan(in) ? out : isnan(out) ? in : in + out;
}

static double number_cost(const struct exchange *x)
{
	struct account a;

	exchange_account(x, &a);
	return a.priced ? a.usd : NAN;
}

static double number_dur(const struct exchange *x)
{
	struct account a;

	exchange_account(x, &a);
	return known(a.duration_ns);
}

static double number_ttft(const struct exchange *x)
{
	struct account a;

	exchange_account(x, &a);
	return known(a.first_token_ns);
}

static double number_began(const struct exchange *x)
{
	int64_t began = exchange_began_ns(x);

	return began ? (double)began : NAN;
}

/* ---- signs ---- */

static bool has_part(const struct message *m, enum part_kind kind)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == kind)
			return true;
	return false;
}

static bool answer_has(const struct exchange *x, enum part_kind kind)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (has_part(&x->choices[i].msg, kind))
			return true;
	return false;
}

static bool has_tools(const struct exchange *x)
{
	return x->kind == EXCHANGE_MCP || answer_has(x, PART_TOOL_CALL);
}

static bool has_image(const struct exchange *x)
{
	for (size_t i = 0; i < x->nmessages; i++)
		if (has_part(&x->messages[i], PART_IMAGE))
			return true;
	return answer_has(x, PART_IMAGE);
}

static bool has_stream(const struct exchange *x)
{
	return x->stream;
}

static bool has_gap(const struct exchange *x)
{
	return exchange_missing(x) || x->request_body.ngaps || x->response_body.ngaps;
}

static bool has_cache(const struct exchange *x)
{
	return x->usage.cached_read > 0;
}

static bool has_sources(const struct exchange *x)
{
	return x->ncitations || x->nsearches;
}

static bool has_reasoning(const struct exchange *x)
{
	return x->usage.reasoning > 0 || answer_has(x, PART_REASONING);
}

/* ---- words ---- */

const struct word term_words[] = {
#define NAME(name_, fn, beginning) { .name = name_, .names = fn, .by_beginning = beginning },
#define NUMBER(name_, unit_, fn)   { .name = name_, .unit = unit_, .number = fn },
#define SIGN(name, fn)
#include "select/terms.def"
#undef NAME
#undef NUMBER
#undef SIGN
	{ .name = NULL },
};

const struct sign term_signs[] = {
#define NAME(name, fn, beginning)
#define NUMBER(name, unit, fn)
#define SIGN(name, fn) { name, fn },
#include "select/terms.def"
#undef NAME
#undef NUMBER
#undef SIGN
	{ NULL, NULL },
};

const char *terms_word(size_t i)
{
	return term_words[i].name;
}

/* ---- what holds ---- */

static bool name_fits(const struct word *w, const struct value *v, const char *name)
{
	if (v->needle)
		return needle_is_in(v->needle, span_str(name));
	if (w->by_beginning && span_starts(span_str(name), span_str(v->text)))
		return true;
	return strnlen(name, NAME_LEN_MAX) < NAME_LEN_MAX &&
	       fnmatch(v->text, name, FNM_CASEFOLD) == 0;
}

static bool some_name_fits(const struct word *w, const struct value *v, const struct exchange *x)
{
	const char *name;
	char room[24];

	for (size_t i = 0; (name = w->names(x, i, room)); i++)
		if (name_fits(w, v, name))
			return true;
	return false;
}

/* NAN is in no relation to anything. */
static bool number_fits(const struct value *v, double n)
{
	switch (v->is) {
	case IS:
		return n == v->number;
	case IS_ABOVE:
		return n > v->number;
	case IS_AT_LEAST:
		return n >= v->number;
	case IS_BELOW:
		return n < v->number;
	case IS_AT_MOST:
		return n <= v->number;
	}
	return false;
}

static bool value_holds(const struct term *t, const struct value *v, const struct exchange *x)
{
	if (v->sign)
		return v->sign->has(x);
	return t->word->number ? number_fits(v, t->word->number(x)) : some_name_fits(t->word, v, x);
}

static bool fact_holds(const struct term *t, const struct exchange *x)
{
	for (size_t i = 0; i < t->nvalues; i++)
		if (value_holds(t, &t->values[i], x))
			return !t->negated;
	return t->negated;
}

bool terms_have_facts(const struct terms *t, const struct exchange *x)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->items[i].needle && !fact_holds(&t->items[i], x))
			return false;
	return true;
}

bool terms_have(const struct terms *t, const struct exchange *x)
{
	if (!terms_have_facts(t, x))
		return false;
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].needle &&
		    search_exchange(t->items[i].needle, x) == t->items[i].negated)
			return false;
	return true;
}

size_t terms_texts(const struct terms *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->items[i].needle != NULL;
	return n;
}

const char *terms_text(const struct terms *t, size_t at, const struct needle **ret,
		       bool *ret_negated)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].needle && at-- == 0) {
			*ret = t->items[i].needle;
			*ret_negated = t->items[i].negated;
			return t->items[i].text;
		}
	return NULL;
}
