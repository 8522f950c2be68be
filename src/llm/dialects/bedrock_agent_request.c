/* SPDX-License-Identifier: MIT */
/* The requests of Bedrock agents (bedrock_agent.c): the text, what was said before, what the
 * functions gave back that the agent asked for; with InvokeInlineAgent the agent itself too. */
#include "llm/dialects/bedrock_agent.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- the session ---- */

static void read_history(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "messages", NULL };
	static const char *const inner[] = { "role", "content", NULL };
	static const char *const said[] = { "text", NULL };
	const json_t *message, *content;
	size_t i, k;

	json_each(json_object_get(v, "messages"), i, message) {
		struct message *m = request_message(x, json_text(message, "role"));

		json_each(json_object_get(message, "content"), k, content) {
			message_text(x, m, PART_TEXT, json_text(content, "text"));
			message_rest(x, m, content, said);
		}
		message_rest(x, m, message, inner);
	}
	request_rest(x, "conversationHistory", v, known);
}

static void read_file(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "name", "source", "useCase", NULL };
	static const char *const inner[] = { "byteContent", "s3Location", "sourceType", NULL };
	static const char *const content[] = { "data", "mediaType", NULL };
	static const char *const place[] = { "uri", NULL };
	const json_t *source = json_object_get(v, "source");
	const json_t *bytes = json_object_get(source, "byteContent");
	const json_t *stored = json_object_get(source, "s3Location");
	struct part *p = message_part(x, m, PART_FILE);

	set_json(&p->name, json_object_get(v, "name"));
	if (bytes)
		part_base64(p, json_text(bytes, "mediaType"), json_text(bytes, "data"));
	else
		buf_add(&p->text, json_text(stored, "uri"));
	message_rest(x, m, v, known);
	message_rest(x, m, source, inner);
	message_rest(x, m, bytes, content);
	message_rest(x, m, stored, place);
}

/* {"TEXT": {"body": "..."}} is that text. */
static const json_t *result_of(const json_t *body)
{
	const json_t *text = json_at2(body, "TEXT", "body");

	return text && json_object_size(body) == 1 &&
			       json_object_size(json_object_get(body, "TEXT")) == 1
		       ? text
		       : body;
}

/* What the caller did for the agent: `v` has one member, for a function or an API. */
static void read_result(struct exchange *x, const json_t *id, const json_t *v)
{
	static const char *const known[] = { "function", "apiPath", "responseBody", NULL };
	struct message *m = request_message(x, SPAN_LIT("tool"));
	const char *member;
	json_t *result;

	json_object_foreach((json_t *)v, member, result) {
		struct part *p = message_part(x, m, PART_TOOL_RESULT);
		const json_t *name = json_object_get(result, "function");

		set_json(&p->id, id);
		set_json(&p->name, name ? name : json_object_get(result, "apiPath"));
		set_string(&p->type_raw, span_str(member));
		p->is_error = json_is(result, "responseState", "FAILURE");
		if (json_has(result, "responseBody"))
			part_json(p, result_of(json_object_get(result, "responseBody")));
		message_rest(x, m, result, known);
	}
}

/* `current`: the message that is sent now. */
static void read_session(struct exchange *x, const char *of, const json_t *v)
{
	static const char *const known[] = { "conversationHistory", "files",
					     "returnControlInvocationResults", "invocationId",
					     NULL };
	const json_t *id = json_object_get(v, "invocationId"), *item;
	size_t i;

	read_history(x, json_object_get(v, "conversationHistory"));
	json_each(json_object_get(v, "returnControlInvocationResults"), i, item)
		read_result(x, id, item);
	request_rest(x, of, v, known);
}

static void read_files(struct exchange *x, struct message *m, const json_t *session)
{
	const json_t *file;
	size_t i;

	json_each(json_object_get(session, "files"), i, file)
		read_file(x, m, file);
}

/* ---- the agent ---- */

/* Its functions, or itself where an API or Amazon describes them. */
static void read_group(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "actionGroupName", "description", "functionSchema",
					     NULL };
	static const char *const inner[] = { "functions", NULL };
	static const char *const function[] = { "name", "description", "parameters", NULL };
	const json_t *schema = json_object_get(v, "functionSchema"), *f;
	struct tool *t;
	size_t i;

	json_each(json_object_get(schema, "functions"), i, f) {
		request_function(x, NULL, f, "parameters");
		request_rest(x, "tools", f, function);
	}
	if (!json_holds(json_object_get(schema, "functions"))) {
		t = request_tool(x);
		set_json(&t->name, json_object_get(v, "actionGroupName"));
		set_json(&t->description, json_object_get(v, "description"));
	}
	request_rest(x, "actionGroups", schema, inner);
	request_rest(x, "actionGroups", v, known);
}

void bedrock_agent_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "inputText",
					     "instruction",
					     "foundationModel",
					     "sessionState",
					     "actionGroups",
					     "inlineSessionState",
					     NULL };
	const json_t *state = json_object_get(body, "sessionState");
	const json_t *inlined = json_object_get(body, "inlineSessionState"), *group;
	size_t i;

	x->stream_requested = true; /* there is no other answer */
	set_json(&x->model_asked, json_object_get(body, "foundationModel"));
	if (json_text(body, "instruction").len)
		message_text(x, request_system(x), PART_TEXT, json_text(body, "instruction"));
	json_each(json_object_get(body, "actionGroups"), i, group)
		read_group(x, group);
	read_session(x, "sessionState", state);
	read_session(x, "inlineSessionState", inlined);
	if (json_text(body, "inputText").len || json_holds(json_object_get(state, "files")) ||
	    json_holds(json_object_get(inlined, "files"))) {
		struct message *m = request_message(x, SPAN_LIT("user"));

		message_text(x, m, PART_TEXT, json_text(body, "inputText"));
		read_files(x, m, state);
		read_files(x, m, inlined);
	}
	request_params(x, body, known);
}
