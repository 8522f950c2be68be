/* SPDX-License-Identifier: MIT */
#include "cost/bill.h"

#include <stdlib.h>

#include "cost/extras.h"
#include "exchange/builder.h"
#include "exchange/headers.h"

static bool starts(struct span s, const char *with)
{
	return span_starts(s, span_str(with));
}

/* This host, or another one in its network. */
static bool host_is_private(struct span host)
{
	static const char *const prefixes[] = { "127.", "10.",	 "192.168.", "[::1]",
						"[fd",	"[fe80", NULL };

	if (span_eq(host, SPAN_LIT("localhost")) || span_ends(host, SPAN_LIT(".local")) ||
	    span_ends(host, SPAN_LIT(".internal")))
		return true;
	for (size_t i = 0; prefixes[i]; i++)
		if (starts(host, prefixes[i]))
			return true;
	/* 172.16.0.0/12 */
	return starts(host, "172.") && host.len > 7 && host.ptr[6] == '.' &&
	       ((host.ptr[4] == '1' && host.ptr[5] >= '6') || host.ptr[4] == '2' ||
		(host.ptr[4] == '3' && host.ptr[5] <= '1'));
}

/* Whether the model runs on this host or near it. The connection's peer may be a proxy; without TLS
 * the request shows that, because a proxy receives whole URLs. */
static bool answers_nearby(const struct exchange *x)
{
	struct span host = span_str(x->host), peer = span_str(x->is_server ? NULL : x->peer);

	if (!peer.len)
		return host_is_private(host);
	if (x->cleartext && (starts(peer, "127.") || starts(peer, "[::1]")) && x->target &&
	    x->target[0] == '/')
		return true;
	return host_is_private(peer) && (!host.len || host_is_private(host));
}

/* A server that runs the model itself, recognised by its dialect or its Server field. A gateway may
 * have such an address too, but passes on calls that cost money. */
static bool runs_the_model(const struct exchange *x)
{
	static const char *const servers[] = { "llama.cpp", "uvicorn",	       "LM Studio",
					       "SGLang",    "text-generation", NULL };
	struct span server = headers_find(&x->response_headers, "server");

	/* Whose prices count, the person says. */
	if (x->provider_given || !answers_nearby(x))
		return false;
	if (headers_of_role(&x->response_headers, ROLE_GATEWAY).len)
		return false;
	if (x->api && strncmp(x->api, "ollama.", 7) == 0)
		return true;
	for (size_t i = 0; servers[i]; i++)
		if (starts(server, servers[i]))
			return true;
	return false;
}

/* LiteLLM states it in a header field. */
static bool stated(const struct exchange *x, double *ret)
{
	struct span text = headers_of_role(&x->response_headers, ROLE_COST);
	char *end;

	if (prices_stated(x->usage.raw, ret))
		return true;
	if (!text.len)
		return false;
	*ret = strtod((const char *)text.ptr, &end);
	return *end == '\0' && *ret >= 0 && *ret < 1e6;
}

/* Cohere charges for fewer tokens than its model processed. */
static struct usage as_charged(const struct exchange *x)
{
	const json_t *billed = json_object_get(x->usage.raw, "billed_units");
	struct usage u = x->usage;

	if (!billed)
		return u;
	u.cached_read = u.cache_write_5m = u.cache_write_1h = COUNT_UNKNOWN;
	usage_count(&u.input, json_object_get(billed, "input_tokens"));
	usage_count(&u.output, json_object_get(billed, "output_tokens"));
	return u;
}

/* How many of the tokens that were read from a cache are audio. */
static int64_t cached_audio(const json_t *raw)
{
	static const char *const details[] = { "prompt_tokens_details", "input_tokens_details",
					       "input_token_details" };
	const json_t *list = json_object_get(raw, "cacheTokensDetails"), *v;
	int64_t n = COUNT_UNKNOWN;
	size_t i;

	for (i = 0; i < sizeof(details) / sizeof(*details); i++)
		usage_count(&n, json_object_get(json_object_get(json_object_get(raw, details[i]),
								"cached_tokens_details"),
						"audio_tokens"));
	if (json_array_size(list))
		n = 0;
	json_array_foreach(list, i, v)
		if (span_caseeq(json_span(json_object_get(v, "modality")), SPAN_LIT("AUDIO")))
			usage_count(&n, json_object_get(v, "tokenCount"));
	return n;
}

/* Audio that was read from a cache is counted as audio and as cached; the table has no price for
 * it, so it costs at least what cached text does. Where nobody says what was cached, it was text,
 * as far as there was any. True if there was cached audio. */
static bool take_cached_audio(struct usage *u)
{
	int64_t n = u->audio_in > 0 && u->cached_read > 0 ? cached_audio(u->raw) : 0;

	if (n == COUNT_UNKNOWN)
		n = u->cached_read + u->audio_in - u->input;
	if (n > u->audio_in)
		n = u->audio_in;
	u->audio_in -= n > 0 ? n : 0;
	return n > 0;
}

/* More than the provider makes for one answer; each looks through the table of prices. */
#define ITERATIONS_MAX 1024

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

/* Where they are not told apart, all are written for the default time. */
static void read_writes(struct usage *u, const json_t *v)
{
	const json_t *by_life = json_object_get(v, "cache_creation");

	if (!json_is_object(by_life)) {
		usage_count(&u->cache_write_5m, json_object_get(v, "cache_creation_input_tokens"));
		return;
	}
	usage_count(&u->cache_write_5m, json_object_get(by_life, "ephemeral_5m_input_tokens"));
	usage_count(&u->cache_write_1h, json_object_get(by_life, "ephemeral_1h_input_tokens"));
}

/* Calls that the provider made on its own, at the price of their own model: Anthropic's totals
 * leave them out (docs.anthropic.com, usage.iterations). */
static void add_iterations(const struct prices *prices, struct exchange *x, int64_t when)
{
	const json_t *list = json_object_get(x->usage.raw, "iterations"), *v;
	size_t i;

	json_array_foreach(list, i, v) {
		struct usage u = USAGE_UNKNOWN;
		const char *model = json_string_value(json_object_get(v, "model"));
		struct cost more = { 0 };

		if (i == ITERATIONS_MAX) {
			x->cost.partial = true;
			break;
		}
		if (span_eq(json_span(json_object_get(v, "type")), SPAN_LIT("message")))
			continue;
		usage_count(&u.input, json_object_get(v, "input_tokens"));
		usage_count(&u.cached_read, json_object_get(v, "cache_read_input_tokens"));
		read_writes(&u, v);
		usage_count(&u.output, json_object_get(v, "output_tokens"));
		if (u.input != COUNT_UNKNOWN)
			u.input += known(u.cached_read) + known(u.cache_write_5m) +
				   known(u.cache_write_1h);
		if (!price_of(prices, x->provider, model ? model : x->model_answered,
			      model ? NULL : x->model_asked, when, false, &u, &more)) {
			x->cost.partial = true;
			continue;
		}
		x->cost.usd += more.usd;
		x->cost.input_usd += more.input_usd;
		x->cost.cached_usd += more.cached_usd;
		x->cost.write_usd += more.write_usd;
		x->cost.output_usd += more.output_usd;
	}
}

static void scale(struct cost *c, double by)
{
	c->usd *= by;
	c->input_usd *= by;
	c->cached_usd *= by;
	c->write_usd *= by;
	c->output_usd *= by;
	c->request_usd *= by;
}

static void apply_tier(struct exchange *x)
{
	double factor = extras_tier(x);

	if (factor > 0)
		scale(&x->cost, factor);
	else
		x->cost.partial = true;
}

/* A stream that states running counts, and ended before the last of them. */
static bool is_running(const struct exchange *x)
{
	return x->stream && exchange_tokens_unknown(x);
}

void bill(const struct prices *prices, struct exchange *x)
{
	int64_t when =
		exchange_wall_ns(x, x->t.request_first ? x->t.request_first : x->t.response_first) /
		1000000000;
	struct usage u = as_charged(x);
	bool local, heard = take_cached_audio(&u);

	if (x->kind != EXCHANGE_LLM || exchange_counts(x))
		return;
	if (!x->service_tier)
		set_string(&x->service_tier, headers_of_role(&x->response_headers, ROLE_TIER));
	if (stated(x, &x->cost.usd)) {
		x->cost.source = COST_STATED;
		return;
	}
	local = runs_the_model(x);
	if (!prices || (!u.raw && !local))
		return;
	if (!price_of(prices, x->provider, x->model_answered, x->model_asked, when, local, &u,
		      &x->cost) ||
	    x->cost.source != COST_TABLE)
		return;
	add_iterations(prices, x, when);
	apply_tier(x);
	x->cost.partial |= extras_are_due(x) || is_running(x) || heard;
}
