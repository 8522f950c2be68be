/* SPDX-License-Identifier: MIT */
/* Cody's completions at a Sourcegraph instance: github.com/sourcegraph/cody,
 * lib/shared/src/sourcegraph-api/completions (read November 2026). Events of older versions repeat
 * the whole text (`completion`), those of newer ones add to it (`deltaText`). */
#include "llm/dialect.h"
#include "llm/dialects/generic.h"
#include "llm/dialects/so_far.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static const char *const members[] = {
	"completion", "deltaText", "stopReason", "delta_tool_calls", "delta_thinking",
	"usage",      "type",	   "error",	 "logprobs",	     NULL
};

static void read_calls(struct exchange *x, const json_t *list)
{
	const json_t *v, *f;
	struct part *p;
	size_t i;

	json_array_foreach(list, i, v) {
		f = json_object_get(v, "function");
		p = answer_call_of(x, 0, json_text(v, "id"));
		if (!p)
			p = answer_part(x, 0, PART_TOOL_CALL, json_index(v, "index", (int)i));
		set_json(&p->id, json_object_get(v, "id"));
		if (json_text(f, "name").len)
			set_json(&p->name, json_object_get(f, "name"));
		answer_append(x, 0, p, json_text(f, "arguments"));
	}
}

static void read_answer(struct exchange *x, const json_t *v)
{
	answer_text(x, 0, PART_REASONING, json_text(v, "delta_thinking"));
	answer_text(x, 0, PART_TEXT, json_text(v, "completion"));
	answer_text(x, 0, PART_TEXT, json_text(v, "deltaText"));
	read_calls(x, json_object_get(v, "delta_tool_calls"));
	generic_finish(x, 0, json_text(v, "stopReason"));
	generic_usage(x, json_object_get(v, "usage"));
	answer_rest(x, 0, v, members);
}

static void cody_response(struct exchange *x, const json_t *body)
{
	if (!answer_error_of(x, body))
		read_answer(x, body);
}

static void state_done(void *state)
{
	so_far_done(state);
}

static void cody_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct so_far *s = state;
	json_t *more;

	if (answer_error_of(x, data))
		return;
	if (!json_has(data, "completion")) {
		read_answer(x, data);
		return;
	}
	so_far_judge(s, json_text(s->last, "completion"), json_text(data, "completion"));
	more = so_far_new(s, data);
	read_answer(x, more);
	json_decref(more);
}

static bool suits_cody(const json_t *body)
{
	return json_has(json_array_get(json_object_get(body, "messages"), 0), "speaker") ||
	       generic_carries_prompt(body);
}

const struct dialect dialect_cody = {
	.name = "cody.completions",
	.state_size = sizeof(struct so_far),
	.state_done = state_done,
	.plausible_request = suits_cody,
	.request = generic_request,
	.response = cody_response,
	.event = cody_event,
};
