/* SPDX-License-Identifier: MIT */
#include "llm/dialects/bedrock_blocks.h"

#include <stdlib.h>

#include "exchange/citations.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/result.h"

static const struct {
	const char *member;
	enum part_kind kind;
	bool has_word;
	const char *media;
} rows[] = {
	{ .member = "text", .kind = PART_TEXT },
	{ .member = "toolUse", .kind = PART_TOOL_CALL },
	{ .member = "toolResult", .kind = PART_TOOL_RESULT },
	{ .member = "reasoningContent", .kind = PART_REASONING },
	{ .member = "image", .kind = PART_IMAGE, .media = "image" },
	{ .member = "audio", .kind = PART_AUDIO, .media = "audio" },
	{ .member = "video", .kind = PART_FILE, .has_word = true, .media = "video" },
	{ .member = "document", .kind = PART_FILE, .media = "document" },
	{ .member = "guardContent", .kind = PART_TEXT, .has_word = true },
	{ .member = "citationsContent", .kind = PART_TEXT, .has_word = true },
	{ .member = "cachePoint", .kind = PART_OTHER, .has_word = true },
	{ .member = "searchResult", .kind = PART_OTHER, .has_word = true },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

static size_t row_of(const json_t *v)
{
	size_t i = 0;

	while (i < ROWS && !json_has(v, rows[i].member))
		i++;
	return i;
}

bool converse_is_block(const json_t *v)
{
	size_t row = row_of(v);

	return row < ROWS && (json_is_text(json_object_get(v, "text")) ||
			      json_is_object(json_object_get(v, rows[row].member)));
}

struct block converse_block(const json_t *v)
{
	size_t i = row_of(v);
	const char *first = json_object_iter_key(json_object_iter((json_t *)v));
	struct block b = { .kind = PART_OTHER, .word = first ? first : "unknown", .v = v };

	if (i == ROWS)
		return b;
	b.kind = rows[i].kind;
	b.word = rows[i].has_word ? rows[i].member : NULL;
	b.media = rows[i].media;
	b.v = json_object_get(v, rows[i].member);
	if (json_has(v, "guardContent") && json_has(b.v, "image")) {
		b.kind = PART_IMAGE;
		b.media = "image";
		b.v = json_object_get(b.v, "image");
	}
	if (b.kind == PART_REASONING && json_has(b.v, "redactedContent")) {
		b.kind = PART_OTHER;
		b.word = "redactedContent";
		b.is_data = true;
		b.v = json_object_get(b.v, "redactedContent");
	}
	return b;
}

/* "png" is image/png; documents have other names for formats than media types do. */
static void set_media_type(struct part *p, const char *family, struct span format)
{
	static const char *const documents[][2] = {
		{ "pdf", "application/pdf" }, { "csv", "text/csv" },	 { "html", "text/html" },
		{ "txt", "text/plain" },      { "md", "text/markdown" },
	};
	struct buf type;

	if (strcmp(family, "document") == 0) {
		set_string(&p->media_type, format);
		for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
			if (span_eq(format, span_str(documents[i][0])))
				set_string(&p->media_type, span_str(documents[i][1]));
		return;
	}
	if (!format.len)
		return;
	buf_init(&type, 128); /* longer than any media type */
	buf_adds(&type, family);
	buf_addc(&type, '/');
	buf_add(&type, format);
	set_string(&p->media_type, buf_span(&type));
	buf_done(&type);
}

static void set_media(struct part *p, const struct block *b)
{
	const json_t *source = json_object_get(b->v, "source"), *v;
	size_t i;

	set_media_type(p, b->media, json_text(b->v, "format"));
	set_json(&p->name, json_object_get(b->v, "name"));
	if (json_has(source, "bytes"))
		part_base64(p, span_of(NULL, 0), json_text(source, "bytes"));
	buf_add(&p->text, json_text(json_object_get(source, "s3Location"), "uri"));
	buf_add(&p->text, json_text(source, "text"));
	json_each(json_object_get(source, "content"), i, v)
		buf_add(&p->text, json_text(v, "text"));
}

/* A list of one text or one JSON value counts as that value. */
static const json_t *result_of(const json_t *content)
{
	const json_t *first = json_is_object(content) ? content : json_array_get(content, 0);

	if ((json_is_object(content) || json_array_size(content) == 1) && json_has(first, "json") &&
	    json_object_size(first) == 1)
		return json_object_get(first, "json");
	return json_lone_text(content);
}

void converse_set_block(struct part *p, const struct block *b)
{
	set_string(&p->type_raw, span_str(b->word));
	if (b->kind == PART_TOOL_CALL || b->kind == PART_TOOL_RESULT) {
		set_json(&p->id, json_object_get(b->v, "toolUseId"));
		set_json(&p->name, json_object_get(b->v, "name"));
		if (!json_is(b->v, "type", "tool_use"))
			set_json(&p->type_raw, json_object_get(b->v, "type"));
		p->is_error = json_is(b->v, "status", "error");
	}
	if (b->media)
		set_media(p, b);
	else if (b->is_data)
		part_base64(p, span_of(NULL, 0), json_span(b->v));
}

void converse_add_text(struct part *p, const struct block *b)
{
	const json_t *v;
	size_t i;

	switch (b->kind) {
	case PART_TOOL_CALL:
		part_json(p, json_object_get(b->v, "input"));
		break;
	case PART_TOOL_RESULT: /* converse_result */
		break;
	case PART_REASONING:
		buf_add(&p->text, json_text(json_object_get(b->v, "reasoningText"), "text"));
		break;
	case PART_OTHER:
		if (!b->is_data)
			part_json(p, b->v);
		break;
	default: /* a text: plain, in a guardContent, or in the pieces of a citationsContent */
		buf_add(&p->text, json_span(b->v));
		buf_add(&p->text, json_text(json_object_get(b->v, "text"), "text"));
		if (b->kind == PART_TEXT)
			json_each(json_object_get(b->v, "content"), i, v)
				buf_add(&p->text, json_text(v, "text"));
		break;
	}
}

static bool add_media(struct exchange *x, struct message *m, const json_t *v)
{
	struct block b = converse_block(v);

	if (!b.media || !json_is_object(json_object_get(b.v, "source")))
		return false;
	converse_set_block(message_part(x, m, b.kind), &b);
	converse_block_rest(x, m, v);
	return true;
}

void converse_result(struct exchange *x, struct message *m, const struct block *b)
{
	result_content(x, m, result_of(json_object_get(b->v, "content")), add_media);
}

/* ---- what is not known ---- */

void converse_rest(struct exchange *x, struct message *m, const json_t *v, const char *const *known)
{
	if (m)
		message_rest(x, m, v, known);
	else
		answer_rest(x, 0, v, known);
}

/* Signatures and the documents' own settings are left out. */
void converse_block_rest(struct exchange *x, struct message *m, const json_t *v)
{
	static const char *const known[] = {
		"toolUseId",
		"name",
		"input",
		"type",
		"content",
		"status",
		"reasoningText",
		"text",
		"image",
		"source",
		"bytes",
		"s3Location",
		"citations",
		"redactedContent",
		"signature",
		"format",
		"qualifiers",
		"context",
		NULL,
	};
	const char *members[ROWS + 1] = { NULL };
	const json_t *inner;
	size_t row = row_of(v), i;

	if (row == ROWS || rows[row].kind == PART_OTHER)
		return;
	for (i = 0; i < ROWS; i++)
		members[i] = rows[i].member;
	converse_rest(x, m, v, members);
	inner = json_object_get(v, rows[row].member);
	converse_rest(x, m, inner, known);
	converse_rest(x, m, json_object_get(inner, "reasoningText"), known);
	converse_rest(x, m, json_object_get(inner, "source"), known);
	/* Those of a result are in its own text. */
	if (rows[row].kind == PART_TEXT)
		json_each(json_object_get(inner, "content"), i, v)
			converse_rest(x, m, v, known);
	if (!m)
		json_each(json_object_get(inner, "citations"), i, v)
			converse_citation(x, v);
}

void converse_citation(struct exchange *x, const json_t *v)
{
	static const char *const places[] = {
		"web", "documentChar", "documentPage", "documentChunk", "searchResultLocation", NULL
	};
	static const char *const source[] = { "text", NULL };
	static const char *const where[] = { "url",   "domain", "documentIndex",
					     "start", "end",	"searchResultIndex",
					     NULL };
	const json_t *location = json_object_get(v, "location"), *place = NULL;
	static const char *const known[] = { "location", "source", "title", "sourceContent", NULL };
	const json_t *text;
	struct citation_view c = { .url = json_text(v, "source"),
				   .title = json_text(v, "title"),
				   .start = COUNT_UNKNOWN,
				   .end = COUNT_UNKNOWN };
	struct buf cited;
	char *document = NULL;
	size_t k;

	buf_init(&cited, builder_text_max(x));
	json_each(json_object_get(v, "sourceContent"), k, text) {
		buf_add(&cited, json_text(text, "text"));
		answer_rest(x, 0, text, source);
	}
	c.text = buf_span(&cited);
	for (size_t i = 0; places[i] && !place; i++)
		place = json_object_get(location, places[i]);
	if (json_has(place, "url"))
		c.url = json_text(place, "url");
	set_json(&document, json_object_get(place, "documentIndex"));
	set_json(&document, json_object_get(place, "searchResultIndex"));
	c.document = span_str(document);
	usage_count(&c.start, json_object_get(place, "start"));
	usage_count(&c.end, json_object_get(place, "end"));
	answer_citation(x, &c);
	answer_rest(x, 0, location, places);
	answer_rest(x, 0, place, where);
	buf_done(&cited);
	free(document);
	answer_rest(x, 0, v, known);
}
