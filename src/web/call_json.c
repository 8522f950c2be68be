/* SPDX-License-Identifier: MIT */
#include "web/call_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/did.h"
#include "exchange/account.h"
#include "exchange/spender.h"
#include "json/text.h"
#include "view/sessions.h"

json_t *web_count(int64_t n)
{
	return n == COUNT_UNKNOWN ? json_null() : json_integer(n);
}

json_t *web_moment(int64_t ns)
{
	return ns <= 0 ? json_null() : json_milliseconds(ns);
}

/* Sums of fractions of a cent would end in many digits. */
json_t *web_usd(double usd)
{
	return json_real(round(usd * 1e9) / 1e9);
}

json_t *web_id(uint64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	return id ? json_string(text) : json_null();
}

json_t *web_name(const char *text)
{
	return text && *text ? json_from_text(text) : json_null();
}

json_t *web_sum(const struct spend_sum *s)
{
	json_t *o = json_object();

	set(o, "calls", json_integer((json_int_t)s->calls));
	set(o, "failed", json_integer((json_int_t)s->failed));
	set(o, "input", json_integer(s->input));
	set(o, "cached", web_count(s->known_cache ? s->cached : COUNT_UNKNOWN));
	set(o, "cache_input", web_count(s->known_cache ? s->cache_input : COUNT_UNKNOWN));
	set(o, "output", json_integer(s->output));
	set(o, "usd", s->calls && s->no_cost == s->calls ? json_null() : web_usd(s->usd));
	set(o, "usd_is_at_least", json_boolean(s->at_least || s->no_cost));
	set(o, "unpriced", json_integer((json_int_t)s->no_cost));
	set(o, "tokens_unknown", json_integer((json_int_t)s->no_tokens));
	set(o, "free", json_integer((json_int_t)s->free));
	return o;
}

/* ---- one ---- */

static void set_who(json_t *o, const struct exchange *x)
{
	struct spender of;

	exchange_spender(x, &of);
	set(o, "program", web_name(of.program));
	set(o, "pid", of.pid ? json_integer(of.pid) : json_null());
	set(o, "user", web_name(spender_user(&of)));
	set(o, "container", web_name(exchange_container(x)));
	set(o, "host", web_name(x->host));
	set(o, "provider", web_name(x->provider));
	set(o, "model", web_name(of.model));
}

/* Tokens of the answer in each second after the first of them came. */
static json_t *speed(const struct exchange *x)
{
	double a_second = exchange_speed(x);

	return a_second > 0 ? json_real(a_second) : json_null();
}

static void set_times(json_t *o, const struct exchange *x, const struct account *a)
{
	set(o, "began_ms", web_moment(exchange_began_ns(x)));
	set(o, "duration_ms", json_milliseconds(a->duration_ns));
	set(o, "first_token_ms", json_milliseconds(a->first_token_ns));
	set(o, "tokens_per_s", speed(x));
}

static void set_place(json_t *o, const struct exchange *x)
{
	char *key = session_key(x);

	set(o, "conversation", web_name(x->conversation.id));
	set(o, "turn", x->conversation.turn ? json_integer(x->conversation.turn) : json_null());
	set(o, "session", json_from_text(key));
	set(o, "agent", web_name(x->agent.id ? x->agent.id : x->agent.thread));
	free(key);
}

static void set_outcome(json_t *o, const struct exchange *x, const struct account *a)
{
	char *last = exchange_did(x);

	set(o, "status", web_count(a->status));
	set(o, "state", json_string(session_state_name(session_state(x))));
	set(o, "finish", web_name(a->finish));
	set(o, "error", web_name(a->error_type));
	set(o, "about", web_name(last));
	free(last);
}

static void set_tokens(json_t *o, const struct exchange *x, const struct account *a)
{
	set(o, "input", web_count(a->input));
	set(o, "cached", web_count(a->cached));
	set(o, "output", web_count(a->output));
	set(o, "reasoning", web_count(a->reasoning));
	set(o, "usd", a->priced ? web_usd(a->usd) : json_null());
	set(o, "usd_is_at_least", json_boolean(a->priced && x->cost.partial));
	set(o, "tools", web_count(a->tool_calls));
}

json_t *web_call(const struct exchange *x)
{
	json_t *o = json_object();
	struct account a;

	exchange_account(x, &a);
	set(o, "id", web_id(x->id));
	set(o, "kind", json_string(exchange_kind_name(x->kind)));
	set(o, "api", web_name(x->api));
	set_times(o, x, &a);
	set_who(o, x);
	set_place(o, x);
	set_outcome(o, x, &a);
	set_tokens(o, x, &a);
	set(o, "missing_bytes", json_integer((json_int_t)exchange_missing(x)));
	set(o, "in_flight", json_false());
	set(o, "tail", json_null());
	return o;
}
