/* SPDX-License-Identifier: MIT */
/* Sources: the providers' price lists and descriptions of usage, read November 2026. */
#include "cost/extras.h"

#include "cost/price_int.h"
#include "exchange/builder.h"
#include "exchange/headers.h"

/* ---- service tiers ---- */

static double factor_of(const char *provider, struct span tier)
{
	static const struct {
		const char *providers, *words;
		double factor;
	} rows[] = {
#define TIER(providers_, words_, factor_)                                                          \
	{ .providers = providers_, .words = words_, .factor = factor_ },
#include "cost/tiers.def"
#undef TIER
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (pattern_fit(span_str(rows[i].providers), span_str(provider)) &&
		    pattern_fit(span_str(rows[i].words), tier))
			return rows[i].factor;
	return 0;
}

static const json_t *param_of(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->nparams; i++)
		if (strcmp(x->params[i].name, name) == 0)
			return x->params[i].value;
	return NULL;
}

/* What was asked for; a param may hold it as a text, or in an object. */
static struct span asked_tier(const struct exchange *x)
{
	static const char *const params[] = { "service_tier", "serviceTier", "speed" };
	struct span tier = headers_of_role(&x->request_headers, ROLE_TIER);

	for (size_t i = 0; i < sizeof(params) / sizeof(*params) && !tier.len; i++) {
		const json_t *v = param_of(x, params[i]);

		tier = json_span(json_is_object(v) ? json_object_get(v, "type") : v);
	}
	return tier;
}

double extras_tier(const struct exchange *x)
{
	const char *provider = x->provider ? x->provider : "?";
	struct span asked = asked_tier(x);

	if (x->service_tier)
		return factor_of(provider, span_str(x->service_tier));
	/* Asked for, but whether it was granted is not said. */
	return !asked.len || factor_of(provider, asked) == 1 ? 1 : 0;
}

/* Bedrock: less latency costs more. */
static bool is_hurried(const struct exchange *x)
{
	struct span latency =
		json_span(json_object_get(param_of(x, "performanceConfig"), "latency"));

	if (!latency.len)
		latency = headers_find(&x->request_headers,
				       "x-amzn-bedrock-performanceconfig-latency");
	return span_eq(latency, SPAN_LIT("optimized"));
}

/* ---- places ---- */

/* Models that cost the same in all regions of Vertex AI. */
static const char everywhere[] = "*gemini-1*|*gemini-2*|*claude-3*|*claude-opus-4-1*|"
				 "*claude-opus-4@*|*claude-sonnet-4@*";

static bool is_in_region(const struct exchange *x)
{
	struct span host = span_str(x->host);
	const char *model = x->model_asked ? x->model_asked : x->model_answered;

	if (span_ends(host, SPAN_LIT("-aiplatform.googleapis.com")) ||
	    span_ends(host, SPAN_LIT(".rep.googleapis.com")))
		return !model || !pattern_fit(span_str(everywhere), span_str(model));
	return span_ends(host, SPAN_LIT(".api.openai.com"));
}

/* A place that the model has to run in is paid for: the answer or the host says which. */
static bool is_placed(const struct exchange *x)
{
	struct span geo = json_span(json_object_get(x->usage.raw, "inference_geo"));

	if (geo.len && !span_eq(geo, SPAN_LIT("global")) &&
	    !span_eq(geo, SPAN_LIT("not_available")))
		return true;
	return is_in_region(x);
}

/* ---- tools of the provider ---- */

static bool is_some(const json_t *v)
{
	const char *key;
	json_t *n;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, n)
			if (is_some(n))
				return true;
		return false;
	}
	return json_number_value(v) > 0;
}

/* Anthropic: to fetch pages and to search among tools costs nothing but tokens. */
static bool used_anthropics(const json_t *uses)
{
	const char *key;
	json_t *n;

	json_object_foreach((json_t *)uses, key, n)
		if (is_some(n) &&
		    !pattern_fit(SPAN_LIT("web_fetch_*|tool_search_*"), span_str(key)))
			return true;
	return false;
}

/* Members of a usage object that count what is paid for by the use: of xAI, Mistral, DashScope, and
 * of Cohere. */
static bool counts_uses(const json_t *usage)
{
	static const char *const members[] = { "num_server_side_tools_used", "num_sources_used",
					       "connectors", "plugins", "x_tools" };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (is_some(json_object_get(usage, members[i])))
			return true;
	return is_some(json_object_get(json_object_get(usage, "billed_units"), "search_units"));
}

/* What OpenAI's and Groq's answers call the tools that are paid for. */
static bool is_paid_tool(const struct part *p)
{
	static const char types[] = "web_search_call|file_search_call|code_interpreter_call|"
				    "code_interpreter|image_generation_call|executed_tools";

	return p->type_raw && pattern_fit(span_str(types), span_str(p->type_raw));
}

static bool has_paid_tool(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++)
			if (is_paid_tool(&x->choices[i].msg.parts[n]))
				return true;
	return false;
}

/* Google: an answer that rests on the web or on maps is paid for, whatever was searched. */
static bool is_grounded(const struct exchange *x)
{
	if (!x->ncitations)
		return false;
	for (size_t i = 0; i < x->ntools; i++)
		if (x->tools[i].name &&
		    pattern_fit(SPAN_LIT("google*search*|googlemaps|google_maps|"
					 "enterprise*search|retrieval"),
				span_str(x->tools[i].name)))
			return true;
	return false;
}

static bool used_tools(const struct exchange *x)
{
	return used_anthropics(json_object_get(x->usage.raw, "server_tool_use")) ||
	       counts_uses(x->usage.raw) || x->nsearches > 0 || has_paid_tool(x) ||
	       is_grounded(x) || param_of(x, "web_search_options");
}

bool extras_are_due(const struct exchange *x)
{
	return is_placed(x) || used_tools(x) || is_hurried(x);
}
