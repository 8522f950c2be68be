/* SPDX-License-Identifier: MIT */
/* IBM watsonx (cloud.ibm.com/apidocs/watsonx-ai; read November 2026): text/generation, whole and
 * streamed; text/chat is OpenAI's. In a stream, counts of the answer grow, and only the first piece
 * has the prompt's: 0 in the others says nothing. */
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

static void generation_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model_id", "input", NULL };

	set_json(&x->model_asked, json_object_get(body, "model_id"));
	if (json_has(body, "input"))
		part_json(message_part(x, request_message(x, SPAN_LIT("user")), PART_TEXT),
			  json_object_get(body, "input"));
	request_params(x, body, known);
}

static const struct finish_row finishes[] = {
	{ "eos_token", FINISH_STOP },	 { "stop_sequence", FINISH_STOP },
	{ "max_tokens", FINISH_LENGTH }, { "token_limit", FINISH_LENGTH },
	{ "time_limit", FINISH_LENGTH }, { "cancelled", FINISH_OTHER },
	{ "error", FINISH_ERROR },	 { "eos", FINISH_STOP },
};

static void read_counts(struct exchange *x, const json_t *v)
{
	static const char *const counts[] = { "input_token_count", "generated_token_count" };
	struct usage *u = &x->usage;
	json_t *raw = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (json_integer_value(json_object_get(v, counts[i])) > 0 ||
		    (json_has(v, counts[i]) && !json_has(u->raw, counts[i])))
			json_object_set(raw, counts[i], json_object_get(v, counts[i]));
	usage_count(&u->input, json_object_get(raw, "input_token_count"));
	usage_count(&u->output, json_object_get(raw, "generated_token_count"));
	if (json_object_size(raw))
		usage_raw(x, raw);
	json_decref(raw);
}

static void read_result(struct exchange *x, unsigned index, const json_t *v)
{
	static const char *const known[] = { "generated_text", "generated_token_count",
					     "input_token_count", "stop_reason", NULL };
	struct span stop = json_text(v, "stop_reason");

	answer_text(x, index, PART_TEXT, json_text(v, "generated_text"));
	if (stop.len && !span_caseeq(stop, SPAN_LIT("not_finished")))
		answer_finish(x, index, stop,
			      finish_of(stop, finishes, sizeof(finishes) / sizeof(*finishes)));
	read_counts(x, v);
	answer_rest(x, index, v, known);
}

static void generation_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model_id", "created_at", "results", "model_version",
					     NULL };
	const json_t *v;
	size_t i;

	set_json(&x->model_answered, json_object_get(body, "model_id"));
	if (answer_error_of(x, body))
		return;
	json_each(json_object_get(body, "results"), i, v)
		read_result(x, (unsigned)i, v);
	answer_rest(x, 0, body, known);
}

static void generation_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	generation_response(x, data);
}

/* Each piece says whether it is the last. */
static void generation_ended(struct exchange *x, void *state)
{
	pieces_expect_finish(x);
}

const struct dialect dialect_watsonx_generation = {
	.name = "watsonx.generation",
	.request = generation_request,
	.response = generation_response,
	.event = generation_event,
	.ended = generation_ended,
};
