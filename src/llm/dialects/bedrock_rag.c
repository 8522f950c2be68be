/* SPDX-License-Identifier: MIT */
/* Bedrock agents' RetrieveAndGenerate, whole and streamed: an answer from a knowledge base or from
 * files, docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html
 * (read November 2026). What it rests on comes with it. */
#include "exchange/citations.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- request ---- */

/* A file that the answer is to be found in. */
static void read_source(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "byteContent", "s3Location", "sourceType", NULL };
	static const char *const inner[] = { "identifier", "contentType", "data", NULL };
	const json_t *bytes = json_object_get(v, "byteContent");
	struct part *p = message_part(x, m, PART_FILE);

	set_json(&p->name, json_object_get(bytes, "identifier"));
	if (bytes)
		part_base64(p, json_text(bytes, "contentType"), json_text(bytes, "data"));
	else
		buf_add(&p->text, json_text(json_object_get(v, "s3Location"), "uri"));
	message_rest(x, m, v, known);
	message_rest(x, m, bytes, inner);
}

static void read_configuration(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = { "modelArn", "sources", NULL };
	static const char *const outer[] = { "knowledgeBaseConfiguration",
					     "externalSourcesConfiguration", NULL };
	const json_t *source;
	size_t i;

	for (size_t n = 0; outer[n]; n++) {
		const json_t *inner = json_object_get(v, outer[n]);

		set_json(&x->model_asked, json_object_get(inner, "modelArn"));
		json_each(json_object_get(inner, "sources"), i, source)
			read_source(x, m, source);
		request_rest(x, outer[n], inner, known);
	}
	request_rest(x, "retrieveAndGenerateConfiguration", v, outer);
}

static void rag_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "input", "retrieveAndGenerateConfiguration", NULL };
	static const char *const inner[] = { "text", NULL };
	struct message *m = request_message(x, SPAN_LIT("user"));

	x->stream_requested = x->target && strstr(x->target, "Stream");
	message_text(x, m, PART_TEXT, json_text(json_object_get(body, "input"), "text"));
	message_rest(x, m, json_object_get(body, "input"), inner);
	read_configuration(x, m, json_object_get(body, "retrieveAndGenerateConfiguration"));
	request_params(x, body, known);
}

/* ---- answer ---- */

/* Where a source is: {"type": "WEB", "webLocation": {"url": ...}} and the like. */
static void set_location(struct exchange *x, struct citation_view *c, const json_t *location)
{
	static const char *const known[] = { "type", "url", "uri", "id", "query", NULL };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)location, key, v) {
		if (json_has(v, "url") || json_has(v, "uri"))
			c->url = json_text(v, json_has(v, "url") ? "url" : "uri");
		else if (json_has(v, "id") || json_has(v, "query"))
			c->document = json_text(v, json_has(v, "id") ? "id" : "query");
		else if (json_is_object(v))
			answer_rest(x, 0, location, known);
		answer_rest(x, 0, v, known);
	}
}

static void read_reference(struct exchange *x, const json_t *v, const json_t *span)
{
	static const char *const known[] = { "content", "location", "metadata", NULL };
	static const char *const content[] = { "text", "type", NULL };
	struct citation_view c = { .text = json_text(json_object_get(v, "content"), "text"),
				   .start = COUNT_UNKNOWN,
				   .end = COUNT_UNKNOWN };

	set_location(x, &c, json_object_get(v, "location"));
	usage_count(&c.start, json_object_get(span, "start"));
	usage_count(&c.end, json_object_get(span, "end"));
	answer_citation(x, &c);
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, json_object_get(v, "content"), content);
}

void bedrock_citation(struct exchange *x, const json_t *v)
{
	static const char *const known[] = { "generatedResponsePart", "retrievedReferences",
					     "citation", NULL };
	static const char *const outer[] = { "textResponsePart", NULL };
	static const char *const inner[] = { "text", "span", NULL };
	static const char *const span[] = { "start", "end", NULL };
	const json_t *part = json_at2(v, "generatedResponsePart", "textResponsePart"), *reference;
	size_t i;

	json_each(json_object_get(v, "retrievedReferences"), i, reference)
		read_reference(x, reference, json_object_get(part, "span"));
	answer_rest(x, 0, v, known);
	answer_rest(x, 0, json_object_get(v, "generatedResponsePart"), outer);
	answer_rest(x, 0, part, inner);
	answer_rest(x, 0, json_object_get(part, "span"), span);
}

static void read_guardrail(struct exchange *x, struct span action)
{
	if (span_eq(action, SPAN_LIT("INTERVENED")))
		answer_finish(x, 0, action, FINISH_CONTENT_FILTER);
}

static void rag_response(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "sessionId", "output", "citations", "guardrailAction",
					     NULL };
	static const char *const inner[] = { "text", NULL };
	const json_t *v;
	size_t i;

	if (bedrock_error(x, body))
		return;
	set_json(&x->response_id, json_object_get(body, "sessionId"));
	answer_choice(x, 0);
	answer_text(x, 0, PART_TEXT, json_text(json_object_get(body, "output"), "text"));
	answer_rest(x, 0, json_object_get(body, "output"), inner);
	json_each(json_object_get(body, "citations"), i, v)
		bedrock_citation(x, v);
	read_guardrail(x, json_text(body, "guardrailAction"));
	answer_rest(x, 0, body, known);
}

static void rag_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	static const char *const known[] = {
		"text", "citation", "generatedResponsePart", "action", "retrievedReferences",
		"p",	NULL
	};

	if (bedrock_exception(x, name, data))
		return;
	answer_text(x, 0, PART_TEXT, json_text(data, "text"));
	/* Older ones are wrapped once more. */
	bedrock_citation(x, json_object_get(data, "citation"));
	if (json_has(data, "retrievedReferences"))
		bedrock_citation(x, data);
	read_guardrail(x, json_text(data, "action"));
	answer_rest(x, 0, data, known);
}

const struct dialect dialect_bedrock_rag = {
	.name = "bedrock.retrieve-and-generate",
	.request = rag_request,
	.response = rag_response,
	.event = rag_event,
};
