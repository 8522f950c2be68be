/* SPDX-License-Identifier: MIT */
/* Requests of Gemini, and the parts that both sides have in common. */
#include "llm/dialects/gemini.h"
#include "llm/json.h"
#include "llm/rest.h"

const char *const gemini_part_members[] = {
	"text",
	"thought",
	"thoughtSignature",
	"thought_signature",
	"functionCall",
	"function_call",
	"functionResponse",
	"function_response",
	"inlineData",
	"inline_data",
	"fileData",
	"file_data",
	"executableCode",
	"executable_code",
	"codeExecutionResult",
	"code_execution_result",
	"toolCall",
	"tool_call",
	"toolResponse",
	"tool_response",
	NULL,
};

static enum part_kind kind_of_media(struct span type)
{
	if (span_starts(type, SPAN_LIT("image/")))
		return PART_IMAGE;
	return span_starts(type, SPAN_LIT("audio/")) ? PART_AUDIO : PART_FILE;
}

static void read_media(struct exchange *x, struct message *m, const json_t *v, bool inline_data)
{
	struct span type = json_span(json_either(v, "mimeType", "mime_type"));
	static const char *const known[] = { "mimeType", "mime_type",	"data", "fileUri",
					     "file_uri", "displayName", NULL };
	struct part *p = message_part(x, m, kind_of_media(type));

	set_json(&p->name, json_object_get(v, "displayName"));
	if (inline_data) {
		part_base64(p, type, json_text(v, "data"));
	} else {
		set_string(&p->media_type, type);
		part_url(p, json_span(json_either(v, "fileUri", "file_uri")));
	}
	message_rest(x, m, v, known);
}

/* A tool that Google runs has a type for a name. */
static void read_name(struct part *p, const json_t *v, const char *word)
{
	const json_t *type = json_either(v, "toolType", "tool_type");

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_has(v, "name") ? json_object_get(v, "name") : type);
	if (type)
		set_string(&p->type_raw, span_str(word));
}

static void read_call(struct part *p, const json_t *v)
{
	const json_t *args = json_object_get(v, "args");

	read_name(p, v, "toolCall");
	if (args)
		part_json(p, args);
	else
		buf_adds(&p->text, "{}");
}

/* Of a function, or of a tool that Google runs. Pictures stand beside what it says. */
static void read_result(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *response = json_object_get(v, "response"), *part, *data, *file;
	struct part *p = message_part(x, m, PART_TOOL_RESULT);
	size_t i;

	read_name(p, v, "toolResponse");
	p->is_error = json_has(response, "error");
	part_json(p, response);
	json_each(json_object_get(v, "parts"), i, part) {
		data = json_either(part, "inlineData", "inline_data");
		file = json_either(part, "fileData", "file_data");
		if (data || file) {
			read_media(x, m, data ? data : file, data != NULL);
			message_rest(x, m, part, gemini_part_members);
		} else {
			message_other(x, m, "parts", part);
		}
	}
}

/* Google's word, or its number. */
static bool is_failure(const json_t *outcome)
{
	struct span word = json_span(outcome);

	return span_eq(word, SPAN_LIT("OUTCOME_FAILED")) ||
	       span_eq(word, SPAN_LIT("OUTCOME_DEADLINE_EXCEEDED")) ||
	       json_integer_value(outcome) > 1;
}

static void read_code(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *code = json_either(v, "executableCode", "executable_code");
	const json_t *result = json_either(v, "codeExecutionResult", "code_execution_result");
	static const char *const known[] = { "id", "code", "language", "outcome", "output", NULL };
	struct part *p = message_part(x, m, code ? PART_TOOL_CALL : PART_TOOL_RESULT);

	set_json(&p->id, json_object_get(code ? code : result, "id"));
	if (code) {
		set_string(&p->type_raw, SPAN_LIT("executableCode"));
		set_string(&p->name, SPAN_LIT("code_execution"));
		part_json(p, json_object_get(code, "code"));
	} else {
		set_string(&p->type_raw, SPAN_LIT("codeExecutionResult"));
		p->is_error = is_failure(json_object_get(result, "outcome"));
		part_json(p, json_object_get(result, "output"));
	}
	message_rest(x, m, code ? code : result, known);
}

/* A part that is not text. */
void gemini_part(struct exchange *x, struct message *m, const json_t *v)
{
	/* Of calls and results. */
	static const char *const inner[] = { "id",
					     "name",
					     "args",
					     "response",
					     "parts",
					     "toolType",
					     "tool_type",
					     "partialArgs",
					     "partial_args",
					     "willContinue",
					     "will_continue",
					     "scheduling",
					     NULL };
	const json_t *call = json_either(v, "functionCall", "function_call");
	const json_t *result = json_either(v, "functionResponse", "function_response");
	const json_t *data = json_either(v, "inlineData", "inline_data");
	const json_t *file = json_either(v, "fileData", "file_data");

	/* Of tools that Google runs. */
	if (!call)
		call = json_either(v, "toolCall", "tool_call");
	if (!result)
		result = json_either(v, "toolResponse", "tool_response");
	if (call) {
		read_call(message_part(x, m, PART_TOOL_CALL), call);
		message_rest(x, m, call, inner);
	} else if (result) {
		read_result(x, m, result);
		message_rest(x, m, result, inner);
	} else if (data || file)
		read_media(x, m, data ? data : file, data != NULL);
	else if (json_either(v, "executableCode", "executable_code") ||
		 json_either(v, "codeExecutionResult", "code_execution_result"))
		read_code(x, m, v);
	message_rest(x, m, v, gemini_part_members);
}

static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	bool thought = json_is_true(json_object_get(v, "thought"));

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
		return;
	}
	if (!json_has(v, "text")) {
		gemini_part(x, m, v);
		return;
	}
	message_text(x, m, thought ? PART_REASONING : PART_TEXT, json_text(v, "text"));
	message_rest(x, m, v, gemini_part_members);
}

/* A text, a part or a list of parts, as some clients send. */
void gemini_content(struct exchange *x, struct message *m, const json_t *content)
{
	static const char *const known[] = { "role", "parts", "text", NULL };
	const json_t *parts = json_object_get(content, "parts"), *v;
	size_t i;

	if (json_is_text(content))
		message_text(x, m, PART_TEXT, json_span(content));
	if (json_has(content, "text"))
		message_text(x, m, PART_TEXT, json_text(content, "text"));
	json_each(parts, i, v)
		read_part(x, m, v);
	message_rest(x, m, content, known);
}

/* Functions are listed by name; a tool that Google runs is named by its key. */
static void read_tools(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "name",
					     "description",
					     "parameters",
					     "parametersJsonSchema",
					     "parameters_json_schema",
					     "response",
					     "responseJsonSchema",
					     "behavior",
					     NULL };
	const json_t *functions = json_either(v, "functionDeclarations", "function_declarations"),
		     *f;
	const char *key;
	json_t *value;
	size_t i;

	json_each(functions, i, f) {
		const char *schema = json_has(f, "parameters") ? "parameters"
				     : json_has(f, "parametersJsonSchema")
					     ? "parametersJsonSchema"
					     : "parameters_json_schema";

		set_string(&request_function(x, NULL, f, schema)->type, SPAN_LIT("function"));
		request_rest(x, "tools", f, known);
	}
	json_object_foreach((json_t *)v, key, value) {
		struct tool *t;

		/* Serializers write null for what is not offered. */
		if (value == functions || json_is_null(value))
			continue;
		if (!json_is_empty(value))
			request_param(x, key, value);
		t = request_tool(x);
		set_string(&t->name, span_str(key));
		set_string(&t->type, span_str(key));
	}
}

static struct span role_of(const json_t *content)
{
	return json_has(content, "role") ? json_text(content, "role") : SPAN_LIT("user");
}

/* gemini-cli wraps the request. */
const json_t *gemini_unwrap(const json_t *body, const char *name, const char *sign)
{
	const json_t *inner = json_object_get(body, name);

	return json_has(inner, sign) || (!json_has(body, sign) && json_is_object(inner)) ? inner
											 : body;
}

void gemini_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "contents",	     "systemInstruction", "system_instruction",
		"tools", "generationConfig", "generation_config", NULL
	};
	static const char *const none[] = { NULL };
	const json_t *v = gemini_unwrap(body, "request", "contents"), *contents, *item;
	const json_t *system = json_either(v, "systemInstruction", "system_instruction");
	size_t i;

	if (json_has(body, "generateContentRequest")) /* countTokens in its long form */
		v = json_object_get(body, "generateContentRequest");
	contents = json_object_get(v, "contents");
	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = x->target && strstr(x->target, ":stream");
	if (system)
		gemini_content(x, request_system(x), system);
	if (json_is_text(contents))
		gemini_content(x, request_message(x, role_of(contents)), contents);
	json_each(contents, i, item)
		gemini_content(x, request_message(x, role_of(item)), item);
	json_each(json_object_get(v, "tools"), i, item)
		read_tools(x, item);
	request_params(x, json_either(v, "generationConfig", "generation_config"), none);
	request_params(x, v, known);
}
