/* SPDX-License-Identifier: MIT */
/* Gemini, on Google's developer API, on Vertex AI and behind gemini-cli's login:
 * ai.google.dev/api/generate-content, .../tokens, .../embeddings (read November 2026). A stream is
 * a sequence of whole answers, each with the next piece. Names are camelCase; snake_case is
 * accepted too. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "json/write.h"
#include "llm/dialects/gemini.h"
#include "llm/error.h"
#include "llm/json.h"

static const struct finish_row finishes[] = {
	{ "STOP", FINISH_STOP },
	{ "MAX_TOKENS", FINISH_LENGTH },
	{ "SAFETY", FINISH_CONTENT_FILTER },
	{ "RECITATION", FINISH_CONTENT_FILTER },
	{ "BLOCKLIST", FINISH_CONTENT_FILTER },
	{ "PROHIBITED_CONTENT", FINISH_CONTENT_FILTER },
	{ "SPII", FINISH_CONTENT_FILTER },
	{ "IMAGE_SAFETY", FINISH_CONTENT_FILTER },
	{ "MODEL_ARMOR", FINISH_CONTENT_FILTER },
	{ "MALFORMED_FUNCTION_CALL", FINISH_ERROR },
	{ "UNEXPECTED_TOOL_CALL", FINISH_ERROR },
	{ "TOO_MANY_TOOL_CALLS", FINISH_ERROR },
	/* Numbers instead of names, used with "enum-encoding=int". */
	{ "1", FINISH_STOP },
	{ "2", FINISH_LENGTH },
	{ "3", FINISH_CONTENT_FILTER },
	{ "4", FINISH_CONTENT_FILTER },
};

/* ---- parts, which both sides use ---- */

static enum part_kind kind_of_media(struct span type)
{
	if (span_starts(type, SPAN_LIT("image/")))
		return PART_IMAGE;
	return span_starts(type, SPAN_LIT("audio/")) ? PART_AUDIO : PART_FILE;
}

static void read_media(struct exchange *x, struct message *m, const json_t *v, bool inline_data)
{
	struct span type = json_span(json_either(v, "mimeType", "mime_type"));
	struct part *p = message_part(x, m, kind_of_media(type));

	if (inline_data) {
		part_base64(p, type, json_text(v, "data"));
		return;
	}
	set_string(&p->media_type, type);
	part_url(p, json_span(json_either(v, "fileUri", "file_uri")));
}

static void read_call(struct part *p, const json_t *v)
{
	const json_t *args = json_object_get(v, "args");

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (args)
		part_json(p, args);
	else
		buf_adds(&p->text, "{}");
}

static void read_result(struct part *p, const json_t *v)
{
	const json_t *response = json_object_get(v, "response");

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	p->is_error = json_has(response, "error");
	part_json(p, response);
}

static void read_code(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *code = json_either(v, "executableCode", "executable_code");
	const json_t *result = json_either(v, "codeExecutionResult", "code_execution_result");
	struct part *p;

	if (code) {
		p = message_part(x, m, PART_TOOL_CALL);
		set_string(&p->type_raw, SPAN_LIT("executableCode"));
		set_string(&p->name, SPAN_LIT("code_execution"));
		part_json(p, json_object_get(code, "code"));
	} else {
		p = message_part(x, m, PART_TOOL_RESULT);
		set_string(&p->type_raw, SPAN_LIT("codeExecutionResult"));
		part_json(p, json_object_get(result, "output"));
	}
}

/* A part that is not text. */
static void read_part(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *call = json_either(v, "functionCall", "function_call");
	const json_t *result = json_either(v, "functionResponse", "function_response");
	const json_t *data = json_either(v, "inlineData", "inline_data");
	const json_t *file = json_either(v, "fileData", "file_data");

	if (call)
		read_call(message_part(x, m, PART_TOOL_CALL), call);
	else if (result)
		read_result(message_part(x, m, PART_TOOL_RESULT), result);
	else if (data || file)
		read_media(x, m, data ? data : file, data != NULL);
	else if (json_either(v, "executableCode", "executable_code") ||
		 json_either(v, "codeExecutionResult", "code_execution_result"))
		read_code(x, m, v);
	else if (!json_either(v, "thoughtSignature", "thought_signature"))
		message_other(x, m, "unknown", v);
}

/* ---- request ---- */

static void read_content(struct exchange *x, struct message *m, const json_t *content)
{
	const json_t *v;
	size_t i;

	if (json_is_string(content))
		message_text(x, m, PART_TEXT, json_span(content));
	if (json_has(content, "text")) /* a single part, as some clients send */
		message_text(x, m, PART_TEXT, json_text(content, "text"));
	json_array_foreach(json_object_get(content, "parts"), i, v) {
		if (json_has(v, "text"))
			message_text(x, m,
				     json_is_true(json_object_get(v, "thought")) ? PART_REASONING
										 : PART_TEXT,
				     json_text(v, "text"));
		else
			read_part(x, m, v);
	}
}

/* Functions are listed by name; a tool that Google runs is named by its key. */
static void read_tools(struct exchange *x, const json_t *v)
{
	const json_t *functions = json_either(v, "functionDeclarations", "function_declarations"),
		     *f;
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(functions, i, f) {
		const char *schema = json_has(f, "parameters") ? "parameters"
				     : json_has(f, "parametersJsonSchema")
					     ? "parametersJsonSchema"
					     : "parameters_json_schema";

		set_string(&request_function(x, NULL, f, schema)->type, SPAN_LIT("function"));
	}
	json_object_foreach((json_t *)v, key, value) {
		struct tool *t;

		if (value == functions)
			continue;
		t = request_tool(x);
		set_string(&t->name, span_str(key));
		set_string(&t->type, span_str(key));
	}
}

/* gemini-cli wraps the request. */
static const json_t *unwrap(const json_t *body, const char *name, const char *sign)
{
	const json_t *inner = json_object_get(body, name);

	return json_has(inner, sign) || (!json_has(body, sign) && json_is_object(inner)) ? inner
											 : body;
}

static void gemini_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = {
		"model", "contents",	     "systemInstruction", "system_instruction",
		"tools", "generationConfig", "generation_config", NULL
	};
	static const char *const none[] = { NULL };
	const json_t *v = unwrap(body, "request", "contents"), *contents, *item;
	const json_t *system = json_either(v, "systemInstruction", "system_instruction");
	size_t i;

	if (json_has(body, "generateContentRequest")) /* countTokens in its long form */
		v = json_object_get(body, "generateContentRequest");
	contents = json_object_get(v, "contents");
	set_json(&x->model_asked, json_object_get(body, "model"));
	x->stream_requested = x->target && strstr(x->target, ":stream");
	if (system)
		read_content(x, request_system(x), system);
	if (json_is_object(contents) || json_is_string(contents))
		read_content(x, request_message(x, SPAN_LIT("user")), contents);
	json_array_foreach(contents, i, item)
		read_content(x,
			     request_message(x, json_has(item, "role") ? json_text(item, "role")
								       : SPAN_LIT("user")),
			     item);
	json_array_foreach(json_object_get(v, "tools"), i, item)
		read_tools(x, item);
	request_params(x, json_either(v, "generationConfig", "generation_config"), none);
	request_params(x, v, known);
}

/* ---- usage ---- */

void gemini_modalities(const json_t *list, const char *count, int64_t *audio, int64_t *image)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		struct span modality = json_text(v, "modality");

		if (span_caseeq(modality, SPAN_LIT("AUDIO")))
			usage_count(audio, json_object_get(v, count));
		if (span_caseeq(modality, SPAN_LIT("IMAGE")))
			usage_count(image, json_object_get(v, count));
	}
}

static int64_t sum(int64_t a, int64_t b)
{
	return a == COUNT_UNKNOWN ? b : b == COUNT_UNKNOWN ? a : a + b;
}

/* Reasoning is counted beside the candidates' tokens, tools' input beside the prompt's. A stream
 * repeats the growing counts, not always all of them. */
void gemini_usage(struct exchange *x, const json_t *v)
{
	struct usage *u = &x->usage;
	const json_t *raw;
	int64_t prompt = COUNT_UNKNOWN, tools = COUNT_UNKNOWN, text = COUNT_UNKNOWN;

	if (!json_is_object(v) || json_object_size(v) == 0)
		return;
	usage_raw(x, v);
	raw = u->raw;
	usage_count(&prompt, json_object_get(raw, "promptTokenCount"));
	usage_count(&tools, json_object_get(raw, "toolUsePromptTokenCount"));
	usage_count(&text, json_object_get(raw, "responseTokenCount"));
	usage_count(&text, json_object_get(raw, "candidatesTokenCount"));
	usage_count(&u->reasoning, json_object_get(raw, "thoughtsTokenCount"));
	usage_count(&u->cached_read, json_object_get(raw, "cachedContentTokenCount"));
	usage_count(&u->total, json_object_get(raw, "totalTokenCount"));
	/* Not of all that was said so far: the lists may be long, and each piece repeats counts. */
	gemini_modalities(json_object_get(v, "promptTokensDetails"), "tokenCount", &u->audio_in,
			  &u->image_in);
	gemini_modalities(json_object_get(v, "candidatesTokensDetails"), "tokenCount",
			  &u->audio_out, &u->image_out);
	gemini_modalities(json_object_get(v, "responseTokensDetails"), "tokenCount", &u->audio_out,
			  &u->image_out);
	u->input = prompt == COUNT_UNKNOWN ? COUNT_UNKNOWN : sum(prompt, tools);
	u->output = sum(text, u->reasoning);
}

/* ---- answer ---- */

/* Arguments in pieces: {"partialArgs": [...], "willContinue": true} after a first piece with the
 * name. */
static bool more_of_call(struct exchange *x, unsigned index, const json_t *call)
{
	struct message *m = &answer_choice(x, index)->msg;
	struct part *p = m->nparts ? &m->parts[m->nparts - 1] : NULL;
	const json_t *pieces = json_either(call, "partialArgs", "partial_args");
	char *text;

	if (!pieces || json_has(call, "name") || !p || p->kind != PART_TOOL_CALL)
		return false;
	text = json_write_text(pieces);
	answer_append(x, index, p, span_str(text));
	free(text);
	return true;
}

void gemini_answer_part(struct exchange *x, unsigned index, const json_t *v)
{
	const json_t *call = json_either(v, "functionCall", "function_call");
	struct message *m = &answer_choice(x, index)->msg;
	size_t before = m->nparts;

	if (json_has(v, "text")) {
		answer_text(x, index,
			    json_is_true(json_object_get(v, "thought")) ? PART_REASONING
									: PART_TEXT,
			    json_text(v, "text"));
		return;
	}
	if (call && more_of_call(x, index, call))
		return;
	if (before < ANSWER_PARTS_MAX)
		read_part(x, m, v);
	else
		x->response_partial = true;
	/* A call is shown as it arrives; its text is complete already. */
	if (m->nparts > before && m->parts[before].kind == PART_TOOL_CALL)
		answer_shown(x, index, &m->parts[before]);
}

static void read_candidate(struct exchange *x, const json_t *v)
{
	unsigned index = (unsigned)json_index(v, "index", 0);
	const json_t *reason = json_either(v, "finishReason", "finish_reason"), *part;
	char *raw = NULL;
	size_t i;

	answer_choice(x, index);
	json_array_foreach(json_object_get(json_object_get(v, "content"), "parts"), i, part)
		gemini_answer_part(x, index, part);
	set_json(&raw, reason);
	if (raw) {
		enum finish f =
			finish_of(span_str(raw), finishes, sizeof(finishes) / sizeof(*finishes));
		const struct message *m = &answer_choice(x, index)->msg;

		/* STOP is also used for calls. */
		if (f == FINISH_STOP && m->nparts && m->parts[m->nparts - 1].kind == PART_TOOL_CALL)
			f = FINISH_TOOL_CALL;
		answer_finish(x, index, span_str(raw), f);
	}
	free(raw);
}

static void read_answer(struct exchange *x, const json_t *body)
{
	const json_t *v = unwrap(body, "response", "candidates"), *candidate;
	const json_t *block = json_at2(v, "promptFeedback", "blockReason");
	size_t i;

	set_json(&x->response_id, json_either(v, "responseId", "response_id"));
	set_json(&x->model_answered, json_either(v, "modelVersion", "model_version"));
	gemini_usage(x, json_either(v, "usageMetadata", "usage_metadata"));
	json_array_foreach(json_object_get(v, "candidates"), i, candidate)
		read_candidate(x, candidate);
	if (json_is_string(block))
		answer_finish(x, 0, json_span(block), FINISH_CONTENT_FILTER);
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

static void gemini_response(struct exchange *x, const json_t *body)
{
	const json_t *v;
	size_t i;

	if (!json_is_array(body))
		read_answer(x, body);
	json_array_foreach(body, i, v)
		read_answer(x, v);
}

static void gemini_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	read_answer(x, data);
}

static bool is_gemini_request(const json_t *body)
{
	const json_t *v = unwrap(body, "request", "contents");
	const json_t *first = json_array_get(json_object_get(v, "contents"), 0);

	return json_is_array(json_object_get(first, "parts"));
}

static bool is_gemini_response(const json_t *body)
{
	const json_t *v = unwrap(body, "response", "candidates");

	return json_is_array(json_object_get(v, "candidates")) &&
	       (json_has(v, "usageMetadata") || json_has(v, "modelVersion"));
}

const struct dialect dialect_gemini = {
	.name = "gemini.generate",
	.proves_request = is_gemini_request,
	.proves_response = is_gemini_response,
	.array_stream = true,
	.request = gemini_request,
	.response = gemini_response,
	.event = gemini_event,
};

/* ---- counting and embedding ---- */

static void count_response(struct exchange *x, const json_t *body)
{
	if (!json_has(body, "totalTokens")) {
		answer_error_of(x, body);
		return;
	}
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, "totalTokens"));
}

const struct dialect dialect_gemini_count = {
	.name = "gemini.count",
	.request = gemini_request,
	.response = count_response,
	.event = gemini_event,
};

static void embed_one(struct exchange *x, const json_t *v)
{
	set_json(&x->model_asked, json_object_get(v, "model"));
	read_content(x, request_message(x, SPAN_LIT("user")), json_object_get(v, "content"));
}

static void embed_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model", "content", "requests", NULL };
	const json_t *v;
	size_t i;

	if (json_has(body, "content"))
		embed_one(x, body);
	json_array_foreach(json_object_get(body, "requests"), i, v)
		embed_one(x, v);
	request_params(x, body, known);
}

static void embed_response(struct exchange *x, const json_t *body)
{
	gemini_usage(x, json_either(body, "usageMetadata", "usage_metadata"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

const struct dialect dialect_gemini_embed = {
	.name = "gemini.embed",
	.request = embed_request,
	.response = embed_response,
	.event = gemini_event,
};

/* A cache holds contents like a request, and the answer states how many tokens they are. */
static void cache_response(struct exchange *x, const json_t *body)
{
	set_json(&x->response_id, json_object_get(body, "name"));
	set_json(&x->model_answered, json_object_get(body, "model"));
	gemini_usage(x, json_either(body, "usageMetadata", "usage_metadata"));
	if (json_has(body, "error"))
		answer_error_of(x, body);
}

const struct dialect dialect_gemini_cache = {
	.name = "gemini.cache",
	.request = gemini_request,
	.response = cache_response,
	.event = gemini_event,
};
