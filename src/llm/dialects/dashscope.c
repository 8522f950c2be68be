/* SPDX-License-Identifier: MIT */
/* Alibaba's own API of text and multimodal models and of applications made with them:
 * help.aliyun.com/zh/model-studio, "DashScope API" (read November 2026). A stream's events repeat
 * the whole answer unless the request asks for pieces (incremental_output); some models always send
 * pieces. */
#include "exchange/citations.h"
#include "exchange/headers.h"
#include "llm/dialect.h"
#include "llm/dialects/generic.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/so_far.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/pieces.h"
#include "llm/rest.h"

static const char *const output_members[] = { "text",  "finish_reason",	 "choices",
					      "audio", "doc_references", NULL };
static const char *const answer_members[] = { "output",	 "usage",	"request_id", "code",
					      "message", "status_code", NULL };

static const json_t *message_of(const json_t *output)
{
	return json_object_get(json_array_get(json_object_get(output, "choices"), 0), "message");
}

static struct span content_of(const json_t *output)
{
	const json_t *content = json_object_get(message_of(output), "content");

	return json_is_array(content) ? json_text(json_array_get(content, 0), "text")
				      : json_span(content);
}

/* An application may ask several models; unknown is what one of them does not say. */
static void read_models(struct exchange *x, const json_t *models)
{
	int64_t in = 0, out = 0, one_in, one_out;
	const json_t *v;
	size_t i;

	json_each(models, i, v) {
		one_in = json_count(v, "input_tokens");
		one_out = json_count(v, "output_tokens");
		in = in == COUNT_UNKNOWN || one_in == COUNT_UNKNOWN ? COUNT_UNKNOWN : in + one_in;
		out = out == COUNT_UNKNOWN || one_out == COUNT_UNKNOWN ? COUNT_UNKNOWN
								       : out + one_out;
	}
	if (!json_array_size(models))
		return;
	x->usage.input = in;
	x->usage.output = out;
	if (json_array_size(models) == 1)
		set_json(&x->model_answered,
			 json_object_get(json_array_get(models, 0), "model_id"));
}

static void read_usage(struct exchange *x, const json_t *v)
{
	openai_usage(x, v);
	generic_usage(x, v);
	read_models(x, json_object_get(v, "models"));
}

/* Its calls, thoughts and contents are those of Chat Completions; until the end, the reason to stop
 * is the word "null". */
static void read_choice(struct exchange *x, unsigned index, const json_t *v)
{
	struct span finish = json_text(v, "finish_reason");
	json_t *choice = json_copy((json_t *)v), *chat = json_object(), *list = json_array();

	json_object_del(choice, "finish_reason");
	if (json_is_object(json_object_get(choice, "message")))
		json_object_set_new(choice, "message",
				    generic_as_chat(json_object_get(choice, "message")));
	if (!json_has(v, "index"))
		json_object_set_new(choice, "index", json_integer(index));
	json_array_append_new(list, choice);
	json_object_set_new(chat, "choices", list);
	dialect_openai_chat.response(x, chat);
	generic_finish(x, index, finish);
	json_decref(chat);
}

/* Of an application's documents. */
static void read_references(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span title = json_text(v, "title");

		answer_citation(x, &(struct citation_view){
					   .title = title.len ? title : json_text(v, "doc_name"),
					   .text = json_text(v, "text"),
					   .document = json_text(v, "doc_id"),
					   .start = COUNT_UNKNOWN,
					   .end = COUNT_UNKNOWN });
	}
}

static void read_output(struct exchange *x, const json_t *output)
{
	const json_t *choices = json_object_get(output, "choices"), *v;
	size_t i;

	answer_text(x, 0, PART_TEXT, json_text(output, "text"));
	generic_finish(x, 0, json_text(output, "finish_reason"));
	json_each(choices, i, v)
		read_choice(x, (unsigned)i, v);
	openai_search_results(x, output);
	read_references(x, json_object_get(output, "doc_references"));
	answer_rest(x, 0, output, output_members);
}

/* Speech, in a stream in pieces, each of them base64 of its own; at the end where it is kept. */
static void read_audio(struct exchange *x, struct sha256_ctx *sum, const json_t *v)
{
	static const char *const known[] = { "id", "data", "url", "expires_at", NULL };
	struct span data = json_text(v, "data"), url = json_text(v, "url");
	struct part *p;

	if (!data.len && !url.len)
		return;
	p = answer_part(x, 0, PART_AUDIO, 0);
	part_base64_more(p, sum, data);
	if (url.len && !p->text.len)
		part_url(p, url);
	answer_rest(x, 0, v, known);
}

/* False: it is an error. */
static bool read_envelope(struct exchange *x, const json_t *body)
{
	if (!x->response_id)
		set_json(&x->response_id, json_object_get(body, "request_id"));
	read_usage(x, json_object_get(body, "usage"));
	if (json_text(body, "code").len && !json_has(body, "output")) {
		answer_error(x, NULL, json_object_get(body, "code"),
			     json_object_get(body, "message"));
		return false;
	}
	return !answer_error_of(x, body);
}

static void dashscope_response(struct exchange *x, const json_t *body)
{
	struct sha256_ctx sum;

	if (!read_envelope(x, body))
		return;
	sha256_init(&sum);
	read_output(x, json_object_get(body, "output"));
	read_audio(x, &sum, json_at2(body, "output", "audio"));
	answer_rest(x, 0, body, answer_members);
}

/* ---- streams ---- */

struct stream {
	struct so_far so_far;
	struct sha256_ctx sound;
	bool hears, tells_end;
};

static void dashscope_request(struct exchange *x, const json_t *body)
{
	generic_request(x, body);
	x->stream_requested |=
		span_eq(headers_find(&x->request_headers, "x-dashscope-sse"), SPAN_LIT("enable"));
}

/* What the request says of it. */
static enum so_far_kind kind_asked(const struct exchange *x)
{
	const json_t *v = NULL;

	for (size_t i = 0; i < x->nparams && !v; i++) {
		if (strcmp(x->params[i].name, "parameters") == 0)
			v = json_object_get(x->params[i].value, "incremental_output");
		if (strcmp(x->params[i].name, "parameters.incremental_output") == 0)
			v = x->params[i].value;
	}
	return json_is_true(v) ? SO_FAR_PIECES : json_is_false(v) ? SO_FAR_WHOLE : SO_FAR_UNKNOWN;
}

static void judge(struct so_far *s, const json_t *output)
{
	so_far_judge(s, json_text(s->last, "text"), json_text(output, "text"));
	so_far_judge(s, content_of(s->last), content_of(output));
	so_far_judge(s, json_text(message_of(s->last), "reasoning_content"),
		     json_text(message_of(output), "reasoning_content"));
}

static void state_done(void *state)
{
	so_far_done(&((struct stream *)state)->so_far);
}

static bool has_finish(const json_t *output)
{
	return json_has(output, "finish_reason") ||
	       json_has(json_array_get(json_object_get(output, "choices"), 0), "finish_reason");
}

static void dashscope_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct stream *stream = state;
	struct so_far *s = &stream->so_far;
	const json_t *output = json_object_get(data, "output");
	json_t *more;

	if (!read_envelope(x, data) || !output)
		return;
	if (!s->last)
		s->kind = kind_asked(x);
	judge(s, output);
	more = so_far_new(s, output);
	read_output(x, more);
	if (!stream->hears)
		sha256_init(&stream->sound);
	stream->hears = true;
	read_audio(x, &stream->sound, json_object_get(output, "audio"));
	stream->tells_end |= has_finish(output);
	answer_rest(x, 0, data, answer_members);
	json_decref(more);
}

/* Where each piece says whether it is the last. */
static void dashscope_ended(struct exchange *x, void *state)
{
	const struct stream *s = state;

	if (s->tells_end)
		pieces_expect_finish(x);
}

static bool suits_dashscope(const json_t *body)
{
	const json_t *input = json_object_get(body, "input");

	return json_is_object(input) && (json_has(body, "model") || json_has(input, "prompt"));
}

const struct dialect dialect_dashscope = {
	.name = "dashscope.generation",
	.state_size = sizeof(struct stream),
	.state_done = state_done,
	.plausible_request = suits_dashscope,
	.request = dashscope_request,
	.response = dashscope_response,
	.event = dashscope_event,
	.ended = dashscope_ended,
};
