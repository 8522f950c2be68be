/* SPDX-License-Identifier: MIT */
/* Model calls that are no conversation: embeddings, reranking, moderation, images, speech, video,
 * document reading. OpenAI's formats, which most others adopted
 * (platform.openai.com/docs/api-reference), and those of Cohere, Voyage, Mistral, xAI and Google's
 * prediction service (read November 2026). The result is described by kind and size. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "llm/dialects/openai.h"
#include "llm/dialects/openai_media.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

/* ---- request ---- */

/* A file in a form, as multipart_read describes it. */
static void read_upload(struct part *p, const json_t *v)
{
	struct span digest = json_text(v, "sha256");

	set_json(&p->name, json_object_get(v, "filename"));
	set_json(&p->media_type, json_object_get(v, "media_type"));
	if (digest.len == sizeof(p->sha256) - 1) {
		memcpy(p->sha256, digest.ptr, digest.len);
		p->size = (uint64_t)json_integer_value(json_object_get(v, "bytes"));
	}
}

static enum part_kind kind_of(const char *member)
{
	if (strstr(member, "image") || strcmp(member, "mask") == 0)
		return PART_IMAGE;
	return strstr(member, "audio") || strcmp(member, "file") == 0 ? PART_AUDIO : PART_FILE;
}

/* Of embeddings of more than texts. */
static void read_contents(struct exchange *x, struct message *m, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_has(v, "text"))
			message_text(x, m, PART_TEXT, json_text(v, "text"));
		else if (!openai_binary(x, m, v))
			message_other(x, m, "content", v);
}

/* A text, or an image or similar in one of the known formats. */
static void read_item(struct exchange *x, struct message *m, const char *member, const json_t *v)
{
	static const char *const known[] = { "type",	     "text",	      "image_url",
					     "document_url", "document_name", NULL };
	const json_t *image = json_object_get(v, "image_url");
	struct span url = json_is_object(image) ? json_text(image, "url") : json_span(image);

	if (json_has(v, "sha256"))
		read_upload(message_part(x, m, kind_of(member)), v);
	else if (url.len)
		part_url(message_part(x, m, PART_IMAGE), url);
	else if (json_has(v, "document_url"))
		part_url(message_part(x, m, PART_FILE), json_text(v, "document_url"));
	else if (json_has(v, "text"))
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (json_is_array(json_object_get(v, "content")))
		read_contents(x, m, json_object_get(v, "content"));
	else if (json_text(v, "image").len || json_text(v, "image_base64").len)
		openai_binary_read(message_part(x, m, PART_IMAGE), v);
	else if (json_is_text(v) && kind_of(member) == PART_IMAGE)
		part_url(message_part(x, m, PART_IMAGE), json_span(v));
	else
		part_json(message_part(x, m, PART_TEXT), v);
	if (url.len || json_has(v, "document_url") || json_has(v, "text"))
		message_rest(x, m, v, known);
}

static bool is_tokens(const json_t *v)
{
	return json_is_integer(json_array_get(v, 0));
}

static void read_input(struct exchange *x, const char *member, const json_t *v)
{
	const json_t *item;
	size_t i;

	if (!v || json_is_null(v))
		return;
	if (!json_is_array(v) || is_tokens(v)) {
		read_item(x, request_message(x, span_str(member)), member, v);
		return;
	}
	json_array_foreach(v, i, item)
		read_item(x, request_message(x, span_str(member)), member, item);
}

/* All members with content, in the order in which a person would read them. */
static void task_request(struct exchange *x, const json_t *body)
{
	static const char *const contents[] = { "query", "input",    "inputs",	  "texts",
						"text",	 "prompt",   "documents", "images",
						"image", "image[]",  "mask",	  "document",
						"file",	 "instances" };
	static const char *const known[] = { "model",	 "query", "input",     "inputs",
					     "texts",	 "text",  "prompt",    "documents",
					     "images",	 "image", "image[]",   "mask",
					     "document", "file",  "instances", "stream",
					     NULL };
	const json_t *stream = json_object_get(body, "stream");

	set_json(&x->model_asked, json_object_get(body, "model"));
	/* In a form, it is a text. */
	x->stream_requested = json_is_true(stream) || span_eq(json_span(stream), SPAN_LIT("true"));
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++)
		read_input(x, contents[i], json_object_get(body, contents[i]));
	request_params(x, body, known);
}

/* ---- usage ---- */

void task_usage(struct exchange *x, const json_t *body)
{
	const json_t *v = json_object_get(body, "usage");
	const json_t *billed = json_at2(body, "meta", "billed_units");
	struct usage *u = &x->usage;

	if (json_is_text(json_object_get(v, "type")) && json_has(v, "seconds"))
		usage_raw(x, v); /* speech is charged by the second */
	openai_usage(x, v);
	usage_count(&u->input, json_object_get(v, "input_tokens"));
	usage_count(&u->output, json_object_get(v, "output_tokens"));
	/* Some know no more than the total, which then is input. */
	if (u->input == COUNT_UNKNOWN && u->output == COUNT_UNKNOWN)
		u->input = u->total;
	if (billed) {
		usage_raw(x, json_object_get(body, "meta"));
		usage_count(&u->input, json_object_get(billed, "input_tokens"));
		usage_count(&u->image_in, json_object_get(billed, "images"));
	}
	if (json_has(body, "usage_info"))
		usage_raw(x, json_object_get(body, "usage_info"));
}

/* ---- answer ---- */

static void add_other(struct exchange *x, const char *type, const char *text)
{
	struct part *p = answer_part(x, 0, PART_OTHER, -1);

	set_string(&p->type_raw, span_str(type));
	buf_adds(&p->text, text);
}

const char *const media_members[] = {
	"id",	       "request_id",	 "object",
	"created",     "model",		 "text",
	"data",	       "embeddings",	 "pages",
	"predictions", "results",	 "usage",
	"meta",	       "usage_info",	 "error",
	"segments",    "words",		 "logprobs",
	"texts",       "response_type",	 "type",
	"delta",       "b64_json",	 "sequence_number",
	"created_at",  "tokens",	 "count",
	"item_id",     "embedding",	 "index",
	"url",	       "revised_prompt", "markdown",
	"images",      "dimensions",	 "bytesBase64Encoded",
	"mimeType",    "provider",	 "blocks",
	"audio_data",  "mime_type",	 "token_strings",
	"media_type",  "choices",	 "audio",
	"background",  "output_format",	 "quality",
	"size",	       "segment_id",	 "partial_image_index",
	NULL,
};

/* "2 vectors, 1536 numbers each" */
static void answer_vectors(struct exchange *x, const json_t *list)
{
	const json_t *first = json_first(list), *vector = json_object_get(first, "embedding");
	size_t n = json_is_object(list) ? 1 : json_array_size(list), i;
	char text[96];

	if (json_is_array(first))
		vector = first;
	if (json_is_array(vector))
		snprintf(text, sizeof(text), "%zu vector%s, %zu numbers each", n, n == 1 ? "" : "s",
			 json_array_size(vector));
	else
		snprintf(text, sizeof(text), "%zu vector%s", n, n == 1 ? "" : "s");
	add_other(x, "embeddings", text);
	json_each(list, i, first)
		answer_rest(x, 0, first, media_members);
}

/* Flags, ranks and the like are short and shown as they are. */
static void answer_results(struct exchange *x, const json_t *list)
{
	struct part *p = answer_part(x, 0, PART_OTHER, -1);

	set_string(&p->type_raw, SPAN_LIT("results"));
	part_json(p, list);
}

void media_picture(struct part *p, const json_t *v, const json_t *around)
{
	struct span format = json_text(around, "output_format");
	struct buf type;

	if (!json_has(v, "b64_json")) {
		part_url(p, json_text(v, "url"));
		return;
	}
	buf_init(&type, 64);
	if (format.len)
		buf_adds(&type, "image/");
	buf_add(&type, format);
	part_base64(p, format.len ? buf_span(&type) : json_text(v, "media_type"),
		    json_text(v, "b64_json"));
	buf_done(&type);
}

/* Images, or whatever else `data` lists. */
static void answer_data(struct exchange *x, const json_t *body)
{
	const json_t *list = json_object_get(body, "data");
	const json_t *v;
	size_t i;

	if (json_has(json_first(list), "embedding")) {
		answer_vectors(x, list);
		return;
	}
	if (json_has(json_first(list), "relevance_score")) {
		answer_results(x, list);
		return;
	}
	json_each(list, i, v) {
		answer_text(x, 0, PART_TEXT, json_text(v, "revised_prompt"));
		answer_rest(x, 0, v, media_members);
		if (!json_has(v, "b64_json") && !json_has(v, "url"))
			continue;
		media_picture(answer_part(x, 0, PART_IMAGE, (int)(i % ANSWER_PARTS_MAX)), v, body);
	}
}

static void answer_embeddings(struct exchange *x, const json_t *v)
{
	const char *kind;
	json_t *list;

	if (json_is_array(v))
		answer_vectors(x, v);
	/* Cohere groups them by the type of their numbers. */
	json_object_foreach((json_t *)v, kind, list)
		answer_vectors(x, list);
}

static void answer_pages(struct exchange *x, const json_t *list)
{
	const json_t *v, *image;
	size_t i, j;

	json_each(list, i, v) {
		answer_text(x, 0, PART_TEXT, json_text(v, "markdown"));
		json_each(json_object_get(v, "images"), j, image)
			part_url(answer_part(x, 0, PART_IMAGE, NO_SLOT),
				 json_text(image, "image_base64"));
		answer_rest(x, 0, v, media_members);
	}
}

static void answer_predictions(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span data = json_text(v, "bytesBase64Encoded");

		if (data.len)
			part_base64(answer_part(x, 0, PART_IMAGE, (int)(i % ANSWER_PARTS_MAX)),
				    json_text(v, "mimeType"), data);
		else
			part_json(answer_part(x, 0, PART_OTHER, (int)(i % ANSWER_PARTS_MAX)), v);
		if (data.len)
			answer_rest(x, 0, v, media_members);
	}
}

void media_segment(struct exchange *x, const json_t *v)
{
	message_other(x, &answer_choice(x, 0)->msg, "segment", v);
}

/* Who spoke is in pieces of the text; others say nothing new. */
static void answer_speakers(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		if (json_has(v, "speaker"))
			media_segment(x, v);
}

static void task_response(struct exchange *x, const json_t *body)
{
	static const char *const ids[] = { "id", "request_id" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids) && !x->response_id; i++)
		set_json(&x->response_id, json_object_get(body, ids[i]));
	set_json(&x->model_answered, json_object_get(body, "model"));
	if (answer_error_of(x, body) || x->status >= 400)
		return;
	task_usage(x, body);
	answer_choice(x, 0);
	answer_text(x, 0, PART_TEXT, json_text(body, "text"));
	answer_data(x, body);
	answer_speakers(x, json_object_get(body, "segments"));
	answer_embeddings(x, json_object_get(body, "embeddings"));
	answer_pages(x, json_object_get(body, "pages"));
	answer_predictions(x, json_object_get(body, "predictions"));
	if (json_first(json_object_get(body, "results")))
		answer_results(x, json_object_get(body, "results"));
	if (json_text(body, "audio_data").len)
		part_base64(answer_part(x, 0, PART_AUDIO, NO_SLOT), span_of(NULL, 0),
			    json_text(body, "audio_data"));
	answer_rest(x, 0, body, media_members);
}

/* Texts or token numbers, but no conversation. */
static bool suits_embeddings(const json_t *body)
{
	const json_t *input = json_object_get(body, "input");

	return json_has(body, "model") &&
	       (json_is_text(input) || json_is_text(json_array_get(input, 0)) ||
		json_has(json_array_get(input, 0), "image") ||
		json_has(json_array_get(input, 0), "text") || is_tokens(input) ||
		is_tokens(json_array_get(input, 0)));
}

static bool is_embedding_response(const json_t *body)
{
	return json_is(body, "object", "list") &&
	       json_has(json_array_get(json_object_get(body, "data"), 0), "embedding");
}

static bool suits_task(const json_t *body)
{
	return json_has(body, "model");
}

#define TASK(symbol, name_, ...)                                                                   \
	const struct dialect symbol = { .name = name_,                                             \
					.plausible_request = suits_task,                           \
					.media = true,                                             \
					.request = task_request,                                   \
					.response = task_response,                                 \
					.state_size = sizeof(struct media_stream),                 \
					.event = media_event,                                      \
					##__VA_ARGS__ }

/* Their streams have an end. */
#define MEDIA(symbol, name_) TASK(symbol, name_, .is_last = media_is_last, .tells_end = true)

const struct dialect dialect_embeddings = {
	.name = "openai.embeddings",
	.plausible_request = suits_embeddings,
	.proves_response = is_embedding_response,
	.request = task_request,
	.response = task_response,
	.state_size = sizeof(struct media_stream),
	.event = media_event,
};
TASK(dialect_embed, "cohere.embed");
TASK(dialect_rerank, "rerank");
TASK(dialect_moderations, "openai.moderations");
MEDIA(dialect_images, "openai.images");
MEDIA(dialect_speech, "openai.speech");
MEDIA(dialect_transcription, "openai.transcription");
TASK(dialect_video, "video");
TASK(dialect_ocr, "mistral.ocr");
TASK(dialect_predict, "google.predict");

/* Many requests in a file or list, answered later. */
static bool suits_batch(const json_t *body)
{
	return json_has(body, "input_file_id") || json_has(body, "input_files") ||
	       json_has(body, "requests") || json_has(body, "model");
}

static void batch_response(struct exchange *x, const json_t *body)
{
	/* What was asked, and times. */
	static const char *const known[] = { "id",
					     "name",
					     "object",
					     "status",
					     "endpoint",
					     "errors",
					     "error",
					     "input_file_id",
					     "input_files",
					     "completion_window",
					     "created_at",
					     "completed_at",
					     "expires_at",
					     "in_progress_at",
					     "finalizing_at",
					     "failed_at",
					     "expired_at",
					     "cancelling_at",
					     "cancelled_at",
					     "started_at",
					     "metadata",
					     "model",
					     NULL };
	struct span status = json_text(body, "status");

	set_json(&x->response_id, json_object_get(body, json_has(body, "id") ? "id" : "name"));
	if (status.len)
		answer_finish(x, 0, status, FINISH_NONE);
	answer_error_of(x, body);
	answer_rest(x, 0, body, known);
}

const struct dialect dialect_batch = {
	.name = "batch",
	.plausible_request = suits_batch,
	.request = task_request,
	.response = batch_response,
	.state_size = sizeof(struct media_stream),
	.event = media_event,
};
