/* SPDX-License-Identifier: MIT */
/* Pictures, sound and files in the formats of OpenAI and of those that follow it, and as Anthropic
 * has them, which many gateways pass on. Where they may stand and how their data is given differs,
 * so a part is known by its type, and its data by the name of a member somewhere in it. */
#include "exchange/redact.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/result.h"

/* Objects in objects that are looked into for the data. */
#define DEPTH_MAX 4

/* Members that have a URL, which may be one of data. */
static const char *const urls[] = { "image_url",    "video_url", "audio_url", "file_url",
				    "document_url", "url",	 NULL };
/* Members that have base64, or a URL of data. */
static const char *const datas[] = { "file_data", "data", "b64_json", NULL };
/* Members that have either, or an object. */
static const char *const eithers[] = { "input_audio",  "audio",	 "image",    "video",
				       "file",	       "source", "document", "image_file",
				       "image_base64", NULL };

const char *const openai_binary_members[] = {
	"type",		 "image_url", "video_url",     "audio_url",  "file_url",    "document_url",
	"url",		 "file_data", "data",	       "b64_json",   "input_audio", "audio",
	"image",	 "video",     "file",	       "source",     "document",    "media_type",
	"mime_type",	 "mimeType",  "format",	       "file_id",    "id",	    "filename",
	"document_name", "detail",    "cache_control", "transcript", "index",	    "image_file",
	"image_base64",	 NULL
};

static const struct kind_row {
	const char *word; /* in the type */
	enum part_kind kind;
} kinds[] = {
	{ "image", PART_IMAGE }, { "screenshot", PART_IMAGE }, { "audio", PART_AUDIO },
	{ "file", PART_FILE },	 { "document", PART_FILE },    { "video", PART_FILE },
};

static bool is_base64_data(struct span s)
{
	return span_starts(s, SPAN_LIT("data:"));
}

/* What is in a member that has data, not where it is. */
static void read_data(struct part *p, struct span data)
{
	if (is_base64_data(data))
		part_url(p, data);
	else if (data.len)
		part_base64(p, span_of(NULL, 0), data);
}

static bool is_url(struct span s)
{
	struct span head = span_first(s, 32);

	return is_base64_data(s) || (head.len && memmem(head.ptr, head.len, "://", 3));
}

static void read_either(struct part *p, struct span s)
{
	if (is_url(s))
		part_url(p, s);
	else
		read_data(p, s);
}

/* Shorter ones are names rather than data. */
#define DATA_MIN 64

/* Some give bare base64 in the place of a URL. */
static void read_url(struct part *p, struct span s)
{
	if (!is_url(s) && s.len >= DATA_MIN)
		read_data(p, s);
	if (!p->size)
		part_url(p, s);
}

/* The first of these members that has a text; else empty. */
static struct span text_of(const json_t *v, const char *const *names)
{
	struct span s = span_of(NULL, 0);

	for (; *names && !s.len; names++)
		s = json_text(v, *names);
	return s;
}

static const json_t *object_of(const json_t *v, const char *const *names)
{
	for (; *names; names++)
		if (json_is_object(json_object_get(v, *names)))
			return json_object_get(v, *names);
	return NULL;
}

/* "mp3" is "audio/mp3", and "png" is "image/png". */
static void read_format(struct part *p, struct span format)
{
	struct buf type;

	buf_init(&type, 128);
	if (span_find(format, '/') == format.len)
		buf_adds(&type, p->kind == PART_AUDIO	? "audio/"
				: p->kind == PART_IMAGE ? "image/"
							: "");
	buf_add(&type, format);
	if (format.len && !p->media_type)
		set_string(&p->media_type, buf_span(&type));
	buf_done(&type);
}

static void read_labels(struct part *p, const json_t *v)
{
	static const char *const formats[] = { "media_type", "mime_type", "mimeType", "format",
					       NULL };
	static const char *const ids[] = { "file_id", "id", NULL };
	static const char *const titles[] = { "filename", "document_name", "title", NULL };

	read_format(p, text_of(v, formats));
	if (!p->id)
		set_string(&p->id, text_of(v, ids));
	if (!p->name)
		set_string(&p->name, text_of(v, titles));
}

static void read_source(struct part *p, const json_t *v, unsigned depth)
{
	struct span url = text_of(v, urls), data = text_of(v, datas), either = text_of(v, eithers);
	const json_t *deeper = object_of(v, urls);

	if (!deeper)
		deeper = object_of(v, eithers);
	if (url.len)
		read_url(p, url);
	else if (json_is(v, "type", "text"))
		buf_add(&p->text, data);
	else if (data.len)
		read_data(p, data);
	else if (either.len)
		read_either(p, either);
	else if (deeper && depth)
		read_source(p, deeper, depth - 1);
	read_labels(p, v);
}

static bool has_any(const json_t *v, const char *const *names)
{
	return text_of(v, names).len || object_of(v, names);
}

enum part_kind openai_binary_kind(const json_t *v)
{
	struct span type = json_text(v, "type");
	bool has = has_any(v, urls) || has_any(v, datas) || has_any(v, eithers) ||
		   json_has(v, "file_id");

	for (size_t i = 0; has && type.len && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (memmem(type.ptr, type.len, kinds[i].word, strlen(kinds[i].word)))
			return kinds[i].kind;
	return PART_OTHER;
}

void openai_binary_read(struct part *p, const json_t *v)
{
	read_source(p, v, DEPTH_MAX);
}

void openai_binary_data(struct part *p, const json_t *v)
{
	read_either(p, json_span(v));
}

bool openai_binary(struct exchange *x, struct message *m, const json_t *v)
{
	enum part_kind kind = openai_binary_kind(v);

	if (kind == PART_OTHER)
		return false;
	openai_binary_read(message_part(x, m, kind), v);
	return true;
}

/* Parts are found again by their slots, so that a result that comes twice is there once. */
static void answer_binaries(struct exchange *x, int slot, const json_t *content)
{
	const json_t *v;
	size_t i;

	json_each(content, i, v) {
		enum part_kind kind = openai_binary_kind(v);
		struct part *p;

		if (kind == PART_OTHER)
			continue;
		p = answer_part(x, 0, kind, slot++);
		redact_part_reset(p);
		openai_binary_read(p, v);
	}
}

void openai_answer_result(struct exchange *x, int slot, struct part *p, const json_t *content)
{
	json_t *rest = json_array();
	bool has_binary = false;
	const json_t *v;
	size_t i;

	json_each(content, i, v) {
		if (openai_binary_kind(v) == PART_OTHER)
			json_array_append(rest, (json_t *)v);
		else
			has_binary = true;
	}
	if (has_binary)
		result_lines(p, rest);
	else
		part_json(p, json_lone_text(content));
	json_decref(rest);
	answer_binaries(x, slot, content);
}
