/* SPDX-License-Identifier: MIT */
/* Counting the tokens of a request of the Responses API:
 * platform.openai.com/docs/api-reference/responses/input-tokens (read November 2026). */
#include "llm/count.h"
#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"

static void count_response(struct exchange *x, const json_t *body)
{
	answer_count(x, body, "input_tokens");
}

static void count_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	count_response(x, data);
}

const struct dialect dialect_openai_count = {
	.name = "openai.count",
	.request = responses_request,
	.response = count_response,
	.event = count_event,
};
