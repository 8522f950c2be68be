/* SPDX-License-Identifier: MIT */
/* The answers of Bedrock agents, InvokeAgent and InvokeInlineAgent: an event stream of the text,
 * and, where they were asked for, traces of the models and tools that the agent called
 * (docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent.html, and
 * botocore 1.44; read November 2026). */
#include <stdlib.h>

#include "exchange/citations.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/dialects/bedrock_agent.h"
#include "llm/json.h"
#include "llm/rest.h"

struct agent_state {
	int steps; /* traces so far */
	int64_t input, output;
	bool has_models;
};

/* ---- text ---- */

static void read_chunk(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "bytes", "attribution", "p", NULL };
	static const char *const inner[] = { "citations", NULL };
	const json_t *attribution = json_object_get(v, "attribution"), *citation;
	struct buf text;
	size_t i;

	buf_init(&text, builder_text_max(x));
	if (!bedrock_decode(json_text(v, "bytes"), &text))
		x->response_partial = true;
	answer_text(x, 0, PART_TEXT, buf_span(&text));
	buf_done(&text);
	json_each(json_object_get(attribution, "citations"), i, citation)
		bedrock_citation(x, citation);
	answer_rest(x, 0, attribution, inner);
	answer_rest(x, 0, v, known);
}

static void read_files(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "files", NULL };
	static const char *const inner[] = { "bytes", "name", "type", NULL };
	const json_t *file;
	size_t i;

	json_each(json_object_get(v, "files"), i, file) {
		struct part *p = answer_part(x, 0, PART_FILE, NO_SLOT);

		set_json(&p->name, json_object_get(file, "name"));
		part_base64(p, json_text(file, "type"), json_text(file, "bytes"));
		answer_shown(x, 0, p);
		answer_rest(x, 0, file, inner);
	}
	answer_rest(x, 0, v, known);
}

/* ---- calls that the caller is to make ---- */

/* A function, or a path of an API; `v` has what it is called with. */
static void answer_call(struct exchange *x, const json_t *id, const char *member, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, NO_SLOT);
	const json_t *name = json_object_get(v, "function");

	set_json(&p->id, id);
	set_json(&p->name, name ? name : json_object_get(v, "apiPath"));
	set_string(&p->type_raw, span_str(member));
	part_json(p, v);
	answer_shown(x, 0, p);
}

static void read_control(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "invocationId", "invocationInputs", NULL };
	const char *member;
	const json_t *input;
	json_t *call;
	size_t i;

	json_each(json_object_get(v, "invocationInputs"), i, input)
		json_object_foreach((json_t *)input, member, call)
			answer_call(x, json_object_get(v, "invocationId"), member, call);
	answer_finish(x, 0, SPAN_LIT("returnControl"), FINISH_TOOL_CALL);
	answer_rest(x, 0, v, known);
}

/* ---- traces ---- */

/* Each model call of the agent has counts of its own: the sum is the agent's. */
static void read_counts(struct exchange *x, struct agent_state *s, const json_t *usage)
{
	int64_t in = json_count(usage, "inputTokens"), out = json_count(usage, "outputTokens");

	if (!json_is_object(usage))
		return;
	usage_raw(x, usage);
	if (in < 0 || out < 0 || __builtin_add_overflow(s->input, in, &s->input) ||
	    __builtin_add_overflow(s->output, out, &s->output))
		return;
	x->usage.input = s->input;
	x->usage.output = s->output;
}

/* Of several models none is the one that answered, or has the price of all tokens. */
static void read_model(struct exchange *x, struct agent_state *s, struct span model)
{
	if (!model.len)
		return;
	if (!s->has_models) {
		set_string(&x->model_answered, model);
	} else if (x->model_answered && !span_eq(model, span_str(x->model_answered))) {
		free(x->model_answered);
		x->model_answered = NULL;
	}
	s->has_models = true;
}

/* What the agent does by itself, and what came of it: `v` has one member for the kind of tool. */
static void read_tool(struct exchange *x, struct span id, const json_t *v, enum part_kind kind)
{
	static const char *const said[] = { "invocationType", "traceId", "type", NULL };
	static const char *const names[] = { "function", "apiPath", "knowledgeBaseId",
					     "agentCollaboratorName" };
	const char *member;
	json_t *tool;
	struct part *p;

	json_object_foreach((json_t *)v, member, tool) {
		/* Such a call, and the whole text, come in an event of their own. */
		if (json_name_in(member, said) ||
		    json_is(tool, "executionType", "RETURN_CONTROL") ||
		    strcmp(member, "finalResponse") == 0)
			continue;
		p = answer_part(x, 0, kind, NO_SLOT);
		set_string(&p->id, id);
		set_string(&p->type_raw, span_str(member));
		for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !p->name; i++)
			set_json(&p->name, json_object_get(tool, names[i]));
		p->is_error = json_text(tool, "executionError").len;
		part_json(p, tool);
		answer_shown(x, 0, p);
		if (kind == PART_TOOL_CALL && json_has(tool, "knowledgeBaseId"))
			answer_search(x, json_text(tool, "text"));
	}
}

static void read_thought(struct exchange *x, struct span text)
{
	if (text.len)
		answer_append(x, 0, answer_part(x, 0, PART_REASONING, NO_SLOT), text);
}

/* One step of an agent: each has one of these members. What the model was sent and said stays as it
 * is; the rest is read. */
static void read_step(struct exchange *x, struct agent_state *s, const json_t *v)
{
	static const char *const known[] = { "rationale", "invocationInput", "observation",
					     "traceId", NULL };
	static const char *const text[] = { "text", "traceId", NULL };
	static const char *const final[] = { "text", "metadata", NULL };
	const json_t *out = json_object_get(v, "modelInvocationOutput");
	const json_t *rationale = json_object_get(v, "rationale");
	const json_t *input = json_object_get(v, "invocationInput");
	const json_t *observation = json_object_get(v, "observation");

	read_model(x, s, json_text(json_object_get(v, "modelInvocationInput"), "foundationModel"));
	read_counts(x, s, json_at2(out, "metadata", "usage"));
	read_thought(x, json_text(json_at2(out, "reasoningContent", "reasoningText"), "text"));
	read_thought(x, json_text(rationale, "text"));
	read_tool(x, json_text(input, "traceId"), input, PART_TOOL_CALL);
	read_tool(x, json_text(observation, "traceId"), observation, PART_TOOL_RESULT);
	answer_rest_of(x, 0, s->steps, json_text(rationale, "traceId"), rationale, text);
	answer_rest_of(x, 0, s->steps, json_text(observation, "traceId"),
		       json_object_get(observation, "finalResponse"), final);
	answer_rest_of(x, 0, s->steps, json_text(v, "traceId"), v, known);
}

static void read_failure(struct exchange *x, const json_t *v)
{
	if (json_has(v, "failureReason"))
		answer_error(x, NULL, json_object_get(v, "failureCode"),
			     json_object_get(v, "failureReason"));
}

static void read_trace(struct exchange *x, struct agent_state *s, const json_t *v)
{
	/* Of the session, which the path names. */
	static const char *const known[] = {
		"trace", "agentId", "agentAliasId", "agentVersion", "eventTime", "sessionId", NULL
	};
	const char *name;
	json_t *trace;

	json_object_foreach(json_object_get(v, "trace"), name, trace) {
		if (s->steps < ANSWER_PARTS_MAX - 1)
			s->steps++;
		read_failure(x, trace);
		if (json_is(trace, "action", "INTERVENED"))
			answer_finish(x, 0, SPAN_LIT("INTERVENED"), FINISH_CONTENT_FILTER);
		if (json_is_object(trace))
			read_step(x, s, trace);
		else
			answer_rest_of(x, 0, s->steps, span_str(name), v, known);
	}
	answer_rest(x, 0, v, known);
}

/* ---- events ---- */

static void agent_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	static const char *const none[] = { NULL };
	json_t *event;

	if (bedrock_exception(x, name, data))
		return;
	answer_choice(x, 0);
	if (span_eq(name, SPAN_LIT("chunk"))) {
		read_chunk(x, data);
	} else if (span_eq(name, SPAN_LIT("trace"))) {
		read_trace(x, state, data);
	} else if (span_eq(name, SPAN_LIT("files"))) {
		read_files(x, data);
	} else if (span_eq(name, SPAN_LIT("returnControl"))) {
		read_control(x, data);
	} else {
		event = json_object();
		json_object_setn(event, (const char *)name.ptr, name.len, (json_t *)data);
		answer_rest(x, 0, event, none);
		json_decref(event);
	}
}

static void agent_response(struct exchange *x, const json_t *body)
{
	bedrock_error(x, body);
}

static bool suits_agent(const json_t *body)
{
	return json_is_text(json_object_get(body, "inputText")) ||
	       json_is_object(json_object_get(body, "sessionState")) ||
	       json_is_object(json_object_get(body, "inlineSessionState"));
}

const struct dialect dialect_bedrock_agent = {
	.name = "bedrock.agent",
	.state_size = sizeof(struct agent_state),
	.plausible_request = suits_agent,
	.request = bedrock_agent_request,
	.response = agent_response,
	.event = agent_event,
};
