/* SPDX-License-Identifier: MIT */
/* Source: the conventions' gen-ai-input-messages.json and gen-ai-output-messages.json: a message
 * has a role and parts, each with a type. */
#include "json/read.h"
#include "json/text.h"
#include "telemetry/otlp_span.h"

static json_t *text_of(const struct part *p)
{
	return json_from_bytes(buf_span(&p->text));
}

static json_t *part(const char *type, const char *member, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, "type", json_string(type));
	json_object_set_new(o, member, value);
	return o;
}

static void name_it(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_from_text(text));
}

/* Arguments are an object where they are whole. */
static json_t *arguments(const struct part *p)
{
	bool partial = false;
	json_t *v = json_read(NULL, buf_span(&p->text), &partial);

	if (v && !partial)
		return v;
	json_decref(v);
	return text_of(p);
}

static json_t *tool_call(const struct part *p)
{
	json_t *o = part("tool_call", "arguments", arguments(p));

	name_it(o, "id", p->id);
	name_it(o, "name", p->name);
	return o;
}

static json_t *tool_result(const struct part *p)
{
	json_t *o = part("tool_call_response", "response", text_of(p));

	name_it(o, "id", p->id);
	return o;
}

/* Binary content is not kept: its size and digest tell of it. */
static json_t *media(const struct part *p)
{
	const char *what = part_kind_name(p->kind);
	json_t *o = p->text.len ? part("uri", "uri", text_of(p))
				: part(what, "bytes", json_integer((json_int_t)p->size));

	json_object_set_new(o, "modality", json_string(what));
	name_it(o, "mime_type", p->media_type);
	name_it(o, "sha256", p->sha256[0] ? p->sha256 : NULL);
	return o;
}

static json_t *part_of(const struct part *p)
{
	switch (p->kind) {
	case PART_TEXT:
	case PART_REFUSAL:
		return part("text", "content", text_of(p));
	case PART_REASONING:
		return part("reasoning", "content", text_of(p));
	case PART_TOOL_CALL:
		return tool_call(p);
	case PART_TOOL_RESULT:
		return tool_result(p);
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
		return media(p);
	case PART_OTHER:
		break;
	}
	return part(p->type_raw ? p->type_raw : "other", "content", text_of(p));
}

static json_t *parts_of(const struct message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->nparts; i++)
		json_array_append_new(list, part_of(&m->parts[i]));
	return list;
}

static json_t *message(const struct message *m, const char *role)
{
	json_t *o = json_object();

	json_object_set_new(o, "role", json_from_text(m->role ? m->role : role));
	json_object_set_new(o, "parts", parts_of(m));
	name_it(o, "name", m->name);
	return o;
}

static json_t *input(const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->nmessages; i++)
		json_array_append_new(list, message(&x->messages[i], "user"));
	return list;
}

static json_t *output(const struct exchange *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->nchoices; i++) {
		json_t *o = message(&x->choices[i].msg, "assistant");

		json_object_set_new(o, "finish_reason",
				    json_string(finish_name(x->choices[i].finish)));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *otlp_content(const struct exchange *x, const struct otlp_ids *ids,
		     const struct otlp_options *o)
{
	struct attributes a = attributes_new(o->newer);
	uint64_t at = otlp_end_ns(x);
	json_t *event = json_object();

	otlp_add_call(&a, x);
	if (x->system.nparts)
		attribute_json(&a, SEMCONV_SYSTEM_INSTRUCTIONS, parts_of(&x->system));
	attribute_json(&a, SEMCONV_INPUT_MESSAGES, input(x));
	attribute_json(&a, SEMCONV_OUTPUT_MESSAGES, output(x));
	if (at)
		json_object_set_new(event, "timeUnixNano", otlp_number(at));
	json_object_set_new(event, "eventName",
			    json_string(semconv_name(SEMCONV_DETAILS_EVENT, o->newer)));
	json_object_set_new(event, "attributes", a.list);
	json_object_set_new(event, "traceId", json_string(ids->own.trace));
	json_object_set_new(event, "spanId", json_string(ids->own.span));
	return event;
}
