/* SPDX-License-Identifier: MIT */
/* Pictures, speech and transcripts in a stream:
 * platform.openai.com/docs/api-reference/images-streaming, .../audio (read November 2026); vLLM
 * sends transcripts as Chat Completions does. */
#include "llm/dialects/openai_media.h"

#include "llm/dialects/openai.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"

static void read_picture(struct exchange *x, struct media_stream *s, const json_t *data)
{
	struct part *p = answer_part(x, 0, PART_IMAGE, (int)(s->pictures++ % ANSWER_PARTS_MAX));

	media_picture(p, data, data);
}

static void read_sound(struct exchange *x, struct media_stream *s, const json_t *data)
{
	if (!s->sounding)
		sha256_init(&s->sound);
	s->sounding = true;
	part_base64_more(answer_part(x, 0, PART_AUDIO, 0), &s->sound, json_text(data, "audio"));
}

/* The whole corrects the pieces. */
static void read_whole(struct exchange *x, struct span text)
{
	if (text.len && !answer_whole(x, 0, answer_part(x, 0, PART_TEXT, 0), text))
		x->response_partial = true;
}

static void read_text(struct exchange *x, struct span text)
{
	if (text.len)
		answer_append(x, 0, answer_part(x, 0, PART_TEXT, 0), text);
}

static void read_choices(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		read_text(x, json_text(json_object_get(v, "delta"), "content"));
}

void media_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	struct span type = json_text(data, "type");

	task_usage(x, data);
	if (answer_error_event(x, name, data))
		return;
	if (span_eq(type, SPAN_LIT("transcript.text.segment"))) {
		media_segment(x, data);
		return;
	}
	if (span_eq(type, SPAN_LIT("transcript.text.delta")))
		read_text(x, json_text(data, "delta"));
	else if (span_eq(type, SPAN_LIT("transcript.text.done")))
		read_whole(x, json_text(data, "text"));
	else if (span_ends(type, SPAN_LIT(".completed")) && json_has(data, "b64_json"))
		read_picture(x, state, data);
	else if (span_eq(type, SPAN_LIT("speech.audio.delta")))
		read_sound(x, state, data);
	read_choices(x, json_object_get(data, "choices"));
	if (!span_ends(type, SPAN_LIT("partial_image")))
		answer_rest(x, 0, data, media_members);
}

bool media_is_last(const json_t *data)
{
	struct span type = json_text(data, "type");

	return span_ends(type, SPAN_LIT(".completed")) || span_ends(type, SPAN_LIT(".done"));
}
