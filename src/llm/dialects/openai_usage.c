/* SPDX-License-Identifier: MIT */
/* Tokens as OpenAI's APIs count them, under the names that others give them. */
#include "llm/dialects/openai.h"
#include "llm/json.h"

/* As Anthropic names them: many gateways, and DashScope, keep these names. */
static void read_cache_writes(struct usage *u, const json_t *v)
{
	const json_t *by_life = json_object_get(v, "cache_creation");

	usage_count(&u->cached_read, json_object_get(v, "cache_read_input_tokens"));
	usage_count(&u->cache_write_5m, json_object_get(v, "cache_creation_input_tokens"));
	if (!json_has(by_life, "ephemeral_1h_input_tokens"))
		return;
	usage_count(&u->cache_write_5m, json_object_get(by_life, "ephemeral_5m_input_tokens"));
	usage_count(&u->cache_write_1h, json_object_get(by_life, "ephemeral_1h_input_tokens"));
}

void openai_usage_details(struct usage *u, const json_t *v)
{
	/* Of Chat Completions, Responses and Realtime, of Mistral and of Oracle. */
	static const char *const ins[] = { "prompt_tokens_details", "input_tokens_details",
					   "input_token_details", "prompt_token_details",
					   "promptTokensDetails" };
	static const char *const outs[] = { "completion_tokens_details", "output_tokens_details",
					    "output_token_details", "completion_token_details",
					    "completionTokensDetails" };

	for (size_t i = 0; i < sizeof(ins) / sizeof(*ins); i++) {
		const json_t *in = json_object_get(v, ins[i]), *out = json_object_get(v, outs[i]);

		usage_count(&u->cached_read, json_either(in, "cachedTokens", "cached_tokens"));
		usage_count(&u->cache_write_5m, json_object_get(in, "cache_write_tokens"));
		read_cache_writes(u, in);
		usage_count(&u->audio_in, json_object_get(in, "audio_tokens"));
		usage_count(&u->image_in, json_object_get(in, "image_tokens"));
		usage_count(&u->reasoning, json_either(out, "reasoningTokens", "reasoning_tokens"));
		usage_count(&u->audio_out, json_object_get(out, "audio_tokens"));
		usage_count(&u->image_out, json_object_get(out, "image_tokens"));
	}
}

/* If the parts do not add up to the total, the rest is what one of them leaves out: reasoning that
 * xAI states and Gemini's OpenAI API hides in the total, where it may leave out completion_tokens
 * too; audio of the prompt with Mistral. */
static void read_remainder(struct exchange *x, int64_t prompt, int64_t completion)
{
	struct usage *u = &x->usage;
	int64_t rest = u->total - prompt - (completion > 0 ? completion : 0);
	bool is_gemini = x->provider &&
			 (strcmp(x->provider, "gemini") == 0 || strcmp(x->provider, "vertex") == 0);

	if (rest <= 0)
		return;
	if (u->reasoning > 0 && rest == u->reasoning && completion != COUNT_UNKNOWN)
		u->output += rest;
	else if (u->audio_in > 0 && rest == u->audio_in)
		u->input += rest;
	else if (is_gemini)
		u->output = u->total - prompt;
}

void openai_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	int64_t prompt = COUNT_UNKNOWN, completion = COUNT_UNKNOWN;

	if (!json_is_object(v) || json_object_size(v) == 0)
		return;
	usage_raw(x, v);
	usage_count(&prompt, json_either(v, "prompt_tokens", "promptTokens"));
	usage_count(&completion, json_either(v, "completion_tokens", "completionTokens"));
	/* Names of the Responses API. */
	if (prompt == COUNT_UNKNOWN && completion == COUNT_UNKNOWN) {
		usage_count(&prompt, json_object_get(v, "input_tokens"));
		usage_count(&completion, json_object_get(v, "output_tokens"));
	}
	usage_count(&u->total, json_either(v, "total_tokens", "totalTokens"));
	usage_count(&u->cached_read, json_object_get(v, "cached_tokens"));
	usage_count(&u->cached_read, json_object_get(v, "num_cached_tokens"));
	usage_count(&u->reasoning, json_object_get(v, "reasoning_tokens"));
	usage_count(&u->cached_read, json_object_get(v, "prompt_cache_hit_tokens"));
	read_cache_writes(u, v);
	openai_usage_details(u, v);
	set_json(&x->service_tier, json_object_get(v, "service_tier"));
	if (prompt != COUNT_UNKNOWN)
		u->input = prompt;
	if (completion != COUNT_UNKNOWN)
		u->output = completion;
	if (prompt != COUNT_UNKNOWN)
		read_remainder(x, prompt, completion);
}

/* llama.cpp, where a stream has no usage. */
void openai_timings(struct exchange *x, const json_t *v)
{
	int64_t anew = COUNT_UNKNOWN, cached = COUNT_UNKNOWN;
	struct usage *u = &x->usage;

	usage_count(&anew, json_object_get(v, "prompt_n"));
	usage_count(&cached, json_object_get(v, "cache_n"));
	if (u->input != COUNT_UNKNOWN || u->output != COUNT_UNKNOWN || anew == COUNT_UNKNOWN)
		return;
	usage_raw(x, v);
	u->input = anew + (cached > 0 ? cached : 0);
	u->cached_read = cached;
	usage_count(&u->output, json_object_get(v, "predicted_n"));
}
