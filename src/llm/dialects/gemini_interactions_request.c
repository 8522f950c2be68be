/* SPDX-License-Identifier: MIT */
/* Requests of Gemini Interactions: a text, contents of the user, turns with roles, or all steps so
 * far: ai.google.dev/api/interactions-api (read November 2026). */
#include "json/write.h"
#include "llm/dialects/gemini.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

enum part_kind interaction_media(const json_t *v)
{
	static const struct {
		const char *type;
		enum part_kind kind;
	} rows[] = { { "image", PART_IMAGE },
		     { "audio", PART_AUDIO },
		     { "document", PART_FILE },
		     { "video", PART_FILE } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (json_is(v, "type", rows[i].type))
			return rows[i].kind;
	return PART_OTHER;
}

void interaction_source(struct part *p, const json_t *v)
{
	set_json(&p->media_type, json_object_get(v, "mime_type"));
	if (json_has(v, "data"))
		part_base64(p, json_text(v, "mime_type"), json_text(v, "data"));
	else
		part_url(p, json_text(v, "uri"));
}

static bool add_media(struct exchange *x, struct message *m, const json_t *v)
{
	enum part_kind kind = interaction_media(v);

	if (kind == PART_OTHER || !(json_has(v, "data") || json_has(v, "uri")))
		return false;
	interaction_source(message_part(x, m, kind), v);
	return true;
}

static const char *const content_members[] = { "type",	    "text",	  "data",
					       "mime_type", "uri",	  "name",
					       "result",    "call_id",	  "is_error",
					       "id",	    "resolution", "annotations",
					       "signature", "arguments",  NULL };

/* The same in a result: with what is not known of it. */
static bool add_result_media(struct exchange *x, struct message *m, const json_t *v)
{
	if (!add_media(x, m, v))
		return false;
	message_rest(x, m, v, content_members);
	return true;
}

void interaction_call(struct part *p, const json_t *v)
{
	struct span type = json_text(v, "type");

	set_json(&p->id, json_object_get(v, "id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (span_eq(type, SPAN_LIT("function_call")))
		return;
	set_string(&p->type_raw, type);
	if (!p->name)
		set_string(&p->name, span_first(type, type.len - 5));
}

void interaction_result(struct exchange *x, struct message *m, const json_t *v)
{
	struct part *p = &m->parts[m->nparts - 1];

	set_json(&p->id, json_object_get(v, "call_id"));
	set_json(&p->name, json_object_get(v, "name"));
	if (!json_is(v, "type", "function_result"))
		set_json(&p->type_raw, json_object_get(v, "type"));
	p->is_error |= json_is_true(json_object_get(v, "is_error"));
	result_content(x, m, json_object_get(v, "result"), add_result_media);
}

/* False: it is of a kind that is not known, and a part as a whole. */
static bool add_content(struct exchange *x, struct message *m, const json_t *v)
{
	struct span type = json_text(v, "type");
	struct part *p;

	if (json_is_text(v)) {
		message_text(x, m, PART_TEXT, json_span(v));
	} else if (span_eq(type, SPAN_LIT("text")) || (!type.len && json_has(v, "text"))) {
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	} else if (span_ends(type, SPAN_LIT("_call"))) {
		p = message_part(x, m, PART_TOOL_CALL);
		interaction_call(p, v);
		part_json(p, json_object_get(v, "arguments"));
	} else if (span_ends(type, SPAN_LIT("_result"))) {
		message_part(x, m, PART_TOOL_RESULT);
		interaction_result(x, m, v);
	} else if (!add_media(x, m, v)) {
		message_other(x, m, type.len ? (const char *)type.ptr : "unknown", v);
		return false;
	}
	return true;
}

static void read_content(struct exchange *x, struct message *m, const json_t *v)
{
	if (add_content(x, m, v))
		message_rest(x, m, v, content_members);
}

/* What the model thought, in words. */
static void read_thought(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "summary", "signature", NULL };
	struct message *m = request_message(x, SPAN_LIT("model"));
	const json_t *item;
	size_t i;

	json_each(json_object_get(v, "summary"), i, item) {
		message_text(x, m, PART_REASONING, json_text(item, "text"));
		message_rest(x, m, item, content_members);
	}
	message_rest(x, m, v, known);
}

static struct span role_of(const json_t *v)
{
	struct span type = json_text(v, "type");

	if (json_has(v, "role"))
		return json_text(v, "role");
	if (span_eq(type, SPAN_LIT("function_result")))
		return SPAN_LIT("tool");
	return span_eq(type, SPAN_LIT("model_output")) || span_ends(type, SPAN_LIT("_call")) ||
			       span_ends(type, SPAN_LIT("_result"))
		       ? SPAN_LIT("model")
		       : SPAN_LIT("user");
}

/* A step, a turn with a role, or a bare content from the user. */
static void read_input(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "type", "role", "content", NULL };
	const json_t *content = json_object_get(v, "content"), *item;
	struct message *m;
	size_t i;

	if (json_is(v, "type", "thought")) {
		read_thought(x, v);
		return;
	}
	m = request_message(x, role_of(v));
	if (!content)
		read_content(x, m, v);
	else if (json_is_text(content))
		read_content(x, m, content);
	json_each(content, i, item)
		read_content(x, m, item);
	if (content)
		message_rest(x, m, v, known);
}

void interactions_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "model",
					     "agent",
					     "input",
					     "system_instruction",
					     "tools",
					     "stream",
					     "generation_config",
					     NULL };
	static const char *const none[] = { NULL };
	const json_t *input = json_object_get(body, "input"), *v;
	size_t i;

	set_json(&x->model_asked,
		 json_object_get(body, json_has(body, "model") ? "model" : "agent"));
	x->stream_requested = json_is_true(json_object_get(body, "stream"));
	if (json_has(body, "system_instruction"))
		read_content(x, request_system(x), json_object_get(body, "system_instruction"));
	if (json_is_text(input))
		read_input(x, input);
	json_each(input, i, v)
		read_input(x, v);
	json_each(json_object_get(body, "tools"), i, v) {
		request_function(x, v, v, "parameters");
		tool_rest(x, v, v);
	}
	request_params(x, json_object_get(body, "generation_config"), none);
	request_params(x, body, known);
}
