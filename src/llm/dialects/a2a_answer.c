/* SPDX-License-Identifier: MIT */
/* Parts of messages and artifacts of A2A, in requests and answers: see a2a.c. */
#include "llm/dialects/a2a.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/rpc.h"

/* ---- parts ---- */

static const char *const part_members[] = { "kind", "text",	"raw",	     "bytes",	 "url",
					    "uri",  "mimeType", "mediaType", "filename", "name",
					    "data", "file",	NULL };

static enum part_kind kind_of(struct span media)
{
	return span_starts(media, SPAN_LIT("image/"))	? PART_IMAGE
	       : span_starts(media, SPAN_LIT("audio/")) ? PART_AUDIO
							: PART_FILE;
}

/* The object that describes a file: in 1.0 the part itself. */
static const json_t *file_of(const json_t *v)
{
	const json_t *file = json_object_get(v, "file");

	if (file)
		return file;
	return json_has(v, "raw") || json_has(v, "url") ? v : NULL;
}

static struct span media_of(const json_t *file)
{
	return json_text(file, json_has(file, "mediaType") ? "mediaType" : "mimeType");
}

static void set_file(struct part *p, const json_t *file)
{
	struct span media = media_of(file);
	struct span raw = json_text(file, json_has(file, "raw") ? "raw" : "bytes");

	set_json(&p->name, json_object_get(file, json_has(file, "filename") ? "filename" : "name"));
	if (raw.len) {
		part_base64(p, media, raw);
		return;
	}
	set_string(&p->media_type, media);
	part_url(p, json_text(file, json_has(file, "url") ? "url" : "uri"));
}

/* Of text and files; any other part is its data, or its JSON. */
static void set_data(struct part *p, const json_t *v)
{
	const json_t *data = json_object_get(v, "data");
	struct span kind = json_text(v, "kind");

	set_string(&p->type_raw, data ? SPAN_LIT("data") : kind.len ? kind : SPAN_LIT("part"));
	part_json(p, data ? data : v);
}

const char *const a2a_message_members[] = { "role",   "parts", "messageId", "contextId",
					    "taskId", "kind",  NULL };

void a2a_request_part(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *file = file_of(v);
	bool text = json_is_text(json_object_get(v, "text"));

	if (text)
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (file)
		set_file(message_part(x, m, kind_of(media_of(file))), file);
	else
		set_data(message_part(x, m, PART_OTHER), v);
	if (text || file || json_has(v, "data"))
		message_rest(x, m, v, part_members);
}

/* ---- shapes ---- */

bool a2a_is_task(const json_t *v)
{
	const json_t *status = json_object_get(v, "status");

	return json_is_text(json_object_get(v, "id")) && json_has(status, "state") &&
	       (json_is(v, "kind", "task") ||
		span_starts(json_text(status, "state"), SPAN_LIT("TASK_STATE_")));
}

bool a2a_is_update(const json_t *v)
{
	return json_is_text(json_object_get(v, "taskId")) &&
	       (json_has(v, "status") || json_has(v, "artifact"));
}

bool a2a_is_message(const json_t *v)
{
	return json_is_text(json_object_get(v, "messageId")) && json_has(v, "parts");
}

/* ---- answer ---- */

/* Parts of one that keep their places. */
#define PARTS_MAX 15
#define ID_MAX	  256

void a2a_pieces_done(void *state)
{
	struct a2a_pieces *p = state;

	for (size_t i = 0; i < p->count; i++)
		free(p->ids[i]);
}

/* Past the ceiling, and without an id, each piece stands by itself. */
static int slot_of(struct a2a_pieces *p, struct span id, size_t part)
{
	size_t i = 0;

	if (!id.len || id.len > ID_MAX || part >= PARTS_MAX)
		return NO_SLOT;
	while (i < p->count && !span_eq(span_str(p->ids[i]), id))
		i++;
	if (i == A2A_PIECES_MAX)
		return NO_SLOT;
	if (i == p->count) {
		p->ids[i] = NULL;
		set_string(&p->ids[i], id);
		p->count++;
	}
	return (int)(i * (PARTS_MAX + 1) + part);
}

static void answer_said(struct exchange *x, int slot, struct span text, struct span name,
			bool goes_on)
{
	struct part *p = answer_part(x, 0, PART_TEXT, slot);

	set_string(&p->name, name);
	if (goes_on)
		answer_append(x, 0, p, text);
	else
		answer_whole(x, 0, p, text);
}

/* What came before and is repeated is there already. */
static void answer_made(struct exchange *x, int slot, const json_t *v, struct span name)
{
	const json_t *file = file_of(v);
	enum part_kind kind = file ? kind_of(media_of(file)) : PART_OTHER;
	struct part *p;

	if (slot != NO_SLOT && answer_find(x, 0, kind, slot))
		return;
	p = answer_part(x, 0, kind, slot);
	if (file)
		set_file(p, file);
	else
		set_data(p, v);
	if (!p->name)
		set_string(&p->name, name);
	answer_shown(x, 0, p);
}

/* Texts that follow each other are one: in a stream, each piece of an artifact is a part of its
 * own, and the task has them all in the end. Returns where the next other part is. */
static size_t join_texts(struct exchange *x, const json_t *list, size_t i, struct buf *ret)
{
	const json_t *v = json_array_get(list, i);

	buf_init(ret, builder_text_max(x));
	for (; json_is_text(json_object_get(v, "text")); v = json_array_get(list, ++i)) {
		buf_add(ret, json_text(v, "text"));
		answer_rest(x, 0, v, part_members);
	}
	return i;
}

/* More of an artifact: its text goes on, what else comes stands beside it. */
static void answer_parts(struct exchange *x, struct a2a_pieces *p, struct span id,
			 const json_t *list, struct span name, bool goes_on)
{
	json_t *alone = json_is_object(list) ? json_pack("[O]", list) : NULL;
	size_t i = 0, next;
	struct buf text;

	if (alone)
		list = alone;
	while (i < json_array_size(list)) {
		const json_t *v = json_array_get(list, i);

		next = join_texts(x, list, i, &text);
		if (next > i) {
			answer_said(x, slot_of(p, id, goes_on ? 0 : i), buf_span(&text), name,
				    goes_on);
		} else {
			answer_made(x, goes_on ? NO_SLOT : slot_of(p, id, i), v, name);
			answer_rest(x, 0, v, part_members);
			next++;
		}
		buf_done(&text);
		i = next;
	}
	json_decref(alone);
}

static void read_message(struct exchange *x, struct a2a_pieces *p, const json_t *v)
{
	if (!json_is_object(v))
		return;
	set_json(&answer_choice(x, 0)->msg.role, json_object_get(v, "role"));
	set_json(&x->response_id, json_object_get(v, "messageId"));
	set_json(&x->rpc_task, json_object_get(v, "taskId"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	answer_parts(x, p, json_text(v, "messageId"), json_object_get(v, "parts"), span_of(NULL, 0),
		     false);
	answer_rest(x, 0, v, a2a_message_members);
}

static void read_status(struct exchange *x, struct a2a_pieces *p, const json_t *v)
{
	static const char *const known[] = { "state", "message", "timestamp", NULL };

	rpc_state(x, json_text(v, "state"));
	read_message(x, p, json_object_get(v, "message"));
	answer_rest(x, 0, v, known);
}

static void read_artifact(struct exchange *x, struct a2a_pieces *p, const json_t *v, bool goes_on)
{
	static const char *const known[] = { "artifactId", "name", "parts", NULL };

	answer_parts(x, p, json_text(v, "artifactId"), json_object_get(v, "parts"),
		     json_text(v, "name"), goes_on);
	answer_rest(x, 0, v, known);
}

/* What both said before, named after who did. */
static void read_history(struct exchange *x, struct a2a_pieces *p, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		answer_parts(x, p, json_text(v, "messageId"), json_object_get(v, "parts"),
			     json_text(v, "role"), false);
		answer_rest(x, 0, v, a2a_message_members);
	}
}

static void read_task(struct exchange *x, struct a2a_pieces *p, const json_t *v)
{
	static const char *const known[] = { "id",   "contextId", "status", "artifacts",
					     "kind", "history",	  NULL };
	const json_t *artifact;
	size_t i;

	set_json(&x->rpc_task, json_object_get(v, "id"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	read_history(x, p, json_object_get(v, "history"));
	read_status(x, p, json_object_get(v, "status"));
	json_each(json_object_get(v, "artifacts"), i, artifact)
		read_artifact(x, p, artifact, false);
	answer_rest(x, 0, v, known);
}

/* Of a task's state, or of one of its artifacts. */
static void read_update(struct exchange *x, struct a2a_pieces *p, const json_t *v)
{
	static const char *const known[] = { "taskId",	 "contextId", "status",
					     "artifact", "append",    "kind",
					     "final",	 "lastChunk", NULL };

	set_json(&x->rpc_task, json_object_get(v, "taskId"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	if (json_has(v, "status"))
		read_status(x, p, json_object_get(v, "status"));
	if (json_has(v, "artifact"))
		read_artifact(x, p, json_object_get(v, "artifact"),
			      json_is_true(json_object_get(v, "append")));
	answer_rest(x, 0, v, known);
}

bool a2a_is_card(const json_t *v)
{
	return json_is_array(json_object_get(v, "skills")) &&
	       json_is_object(json_object_get(v, "capabilities")) &&
	       json_is_array(json_object_get(v, "defaultInputModes"));
}

static void read_other(struct exchange *x, const json_t *v)
{
	struct part *p;

	if (json_is_empty(v))
		return;
	p = answer_part(x, 0, PART_OTHER, NO_SLOT);
	set_string(&p->type_raw, a2a_is_card(v) ? SPAN_LIT("agent card") : SPAN_LIT("result"));
	if (a2a_is_card(v))
		set_json(&x->rpc_name, json_object_get(v, "name"));
	part_json(p, v);
}

/* What 1.0 calls the members of an answer or event, with what 0.3 has without a wrapper. */
static const struct {
	const char *member;
	bool (*is)(const json_t *v);
	void (*read)(struct exchange *x, struct a2a_pieces *p, const json_t *v);
} shapes[] = {
	{ "task", a2a_is_task, read_task },
	{ "message", a2a_is_message, read_message },
	{ "statusUpdate", a2a_is_update, read_update },
	{ "artifactUpdate", a2a_is_update, read_update },
};

void a2a_answer(struct exchange *x, struct a2a_pieces *p, const json_t *v)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const json_t *inner = json_object_get(v, shapes[i].member);

		if (json_is_object(inner) && shapes[i].is(inner)) {
			const char *const known[] = { shapes[i].member, "jsonrpc", NULL };

			shapes[i].read(x, p, inner);
			answer_rest(x, 0, v, known);
			return;
		}
		if (shapes[i].is(v)) {
			shapes[i].read(x, p, v);
			return;
		}
	}
	read_other(x, v);
}

bool a2a_is_event(const json_t *v)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (json_object_size(v) == 1 && shapes[i].is(json_object_get(v, shapes[i].member)))
			return true;
	return false;
}
