/* SPDX-License-Identifier: MIT */
/* Agent2Agent protocol 1.0 and 0.3, between agents: JSON-RPC 2.0 and HTTP+JSON
 * (a2a-protocol.org/specification; read November 2026). 1.0 names methods, states and roles after
 * its protobuf and tells the kinds of parts and events by their member; 0.3 has a member `kind`.
 * What an agent says comes as a message, as the task's state or as artifacts, whole or in pieces.
 * Kind `a2a`. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "llm/dialect.h"
#include "llm/error.h"
#include "llm/json.h"
#include "llm/rest.h"
#include "llm/rpc.h"

/* ---- methods ---- */

static const char *const methods[] = {
	"SendMessage",
	"SendStreamingMessage",
	"GetTask",
	"ListTasks",
	"CancelTask",
	"SubscribeToTask",
	"CreateTaskPushNotificationConfig",
	"GetTaskPushNotificationConfig",
	"ListTaskPushNotificationConfigs",
	"DeleteTaskPushNotificationConfig",
	"GetExtendedAgentCard",
	"message/send",
	"message/stream",
	"tasks/resubscribe",
	"tasks/pushNotificationConfig/set",
	"tasks/pushNotificationConfig/get",
	"tasks/pushNotificationConfig/list",
	"tasks/pushNotificationConfig/delete",
	"agent/getAuthenticatedExtendedCard",
	NULL,
};

/* 0.3 and MCP share these names, but not what they call the task's id. */
static const char *const shared_methods[] = { "tasks/get", "tasks/cancel", NULL };

static bool is_a2a_request(const json_t *v)
{
	const char *method = json_string_value(json_object_get(v, "method"));

	if (!json_is(v, "jsonrpc", "2.0") || !method)
		return false;
	return json_name_in(method, methods) ||
	       (json_name_in(method, shared_methods) && json_at2(v, "params", "id"));
}

/* Over HTTP+JSON, the path names the method; here by its name in JSON-RPC. */
static const struct {
	const char *within, *end, *method, *get; /* get: with GET; NULL: the same */
} operations[] = {
	{ "", "/message:send", "SendMessage", NULL },
	{ "", "/message:stream", "SendStreamingMessage", NULL },
	{ "/tasks/", ":cancel", "CancelTask", NULL },
	{ "/tasks/", ":subscribe", "SubscribeToTask", NULL },
	{ "/tasks/", "/pushNotificationConfigs", "CreateTaskPushNotificationConfig",
	  "ListTaskPushNotificationConfigs" },
	{ "/pushNotificationConfigs/", "", "GetTaskPushNotificationConfig", NULL },
	{ "", "/extendedAgentCard", "GetExtendedAgentCard", NULL },
	{ "", "/v1/card", "GetExtendedAgentCard", NULL },
	{ "/.well-known/", ".json", "GetAgentCard", NULL },
	{ "/tasks/", "", "GetTask", NULL },
	{ "", "/tasks", "ListTasks", NULL },
};

static struct span behind(struct span s, const char *mark)
{
	size_t len = strlen(mark);
	const uint8_t *at = len ? memmem(s.ptr, s.len, mark, len) : s.ptr;

	return at ? span_from(s, (size_t)(at - s.ptr) + len) : span_of(NULL, 0);
}

/* Where the body does not name the method. */
static void name_operation(struct exchange *x)
{
	struct span target = span_str(x->target);
	struct span path = span_first(target, span_find(target, '?')), id;

	for (size_t i = 0; !x->rpc_method && i < sizeof(operations) / sizeof(*operations); i++) {
		struct span rest = behind(path, operations[i].within);
		bool get = operations[i].get && x->method && strcmp(x->method, "GET") == 0;

		if (rest.ptr && span_ends(rest, span_str(operations[i].end)))
			set_string(&x->rpc_method,
				   span_str(get ? operations[i].get : operations[i].method));
	}
	id = behind(path, "/tasks/");
	id = span_first(id, span_find(id, '/'));
	if (!x->rpc_task)
		set_string(&x->rpc_task, span_first(id, span_find(id, ':')));
}

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

/* ---- request ---- */

static const char *const message_members[] = { "role",	 "parts", "messageId", "contextId",
					       "taskId", "kind",  NULL };

static void request_part(struct exchange *x, struct message *m, const json_t *v)
{
	const json_t *file = file_of(v);
	bool text = json_is_string(json_object_get(v, "text"));

	if (text)
		message_text(x, m, PART_TEXT, json_text(v, "text"));
	else if (file)
		set_file(message_part(x, m, kind_of(media_of(file))), file);
	else
		set_data(message_part(x, m, PART_OTHER), v);
	if (text || file || json_has(v, "data"))
		message_rest(x, m, v, part_members);
}

static void read_sent(struct exchange *x, const json_t *message)
{
	struct message *m = request_message(x, json_text(message, "role"));

	request_content(x, m, json_object_get(message, "parts"), request_part);
	request_param(x, "messageId", json_object_get(message, "messageId"));
	set_json(&x->rpc_task, json_object_get(message, "taskId"));
	set_json(&x->rpc_context, json_object_get(message, "contextId"));
	request_rest(x, "message", message, message_members);
}

static void a2a_request(struct exchange *x, const json_t *body)
{
	static const char *const known[] = { "message", NULL };
	bool is_rpc = json_has(body, "jsonrpc");
	const json_t *params = is_rpc ? json_object_get(body, "params") : body;
	const json_t *message = json_object_get(params, "message");
	const char *id = json_has(params, "taskId") ? "taskId" : "id";

	if (is_rpc)
		rpc_request_envelope(x, body);
	name_operation(x);
	if (json_is_object(message))
		read_sent(x, message);
	else
		set_json(&x->rpc_task, json_object_get(params, id));
	request_params(x, params, known);
}

/* ---- answer ---- */

/* Messages and artifacts that came, by id: what comes again goes on, or takes the place. */
#define PIECES_MAX 256
/* Parts of one that keep their places. */
#define PARTS_MAX 15
#define ID_MAX	  256

struct pieces {
	char *ids[PIECES_MAX];
	size_t count;
};

static void pieces_done(void *state)
{
	struct pieces *p = state;

	for (size_t i = 0; i < p->count; i++)
		free(p->ids[i]);
}

/* Past the ceiling, and without an id, each piece stands by itself. */
static int slot_of(struct pieces *p, struct span id, size_t part)
{
	size_t i = 0;

	if (!id.len || id.len > ID_MAX || part >= PARTS_MAX)
		return NO_SLOT;
	while (i < p->count && !span_eq(span_str(p->ids[i]), id))
		i++;
	if (i == PIECES_MAX)
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
	for (; json_is_string(json_object_get(v, "text")); v = json_array_get(list, ++i)) {
		buf_add(ret, json_text(v, "text"));
		answer_rest(x, 0, v, part_members);
	}
	return i;
}

/* More of an artifact: its text goes on, what else comes stands beside it. */
static void answer_parts(struct exchange *x, struct pieces *p, struct span id, const json_t *list,
			 struct span name, bool goes_on)
{
	size_t i = 0, next;
	struct buf text;

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
}

static void read_message(struct exchange *x, struct pieces *p, const json_t *v)
{
	if (!json_is_object(v))
		return;
	set_json(&answer_choice(x, 0)->msg.role, json_object_get(v, "role"));
	set_json(&x->response_id, json_object_get(v, "messageId"));
	set_json(&x->rpc_task, json_object_get(v, "taskId"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	answer_parts(x, p, json_text(v, "messageId"), json_object_get(v, "parts"), span_of(NULL, 0),
		     false);
	answer_rest(x, 0, v, message_members);
}

static void read_status(struct exchange *x, struct pieces *p, const json_t *v)
{
	static const char *const known[] = { "state", "message", "timestamp", NULL };

	rpc_state(x, json_text(v, "state"));
	read_message(x, p, json_object_get(v, "message"));
	answer_rest(x, 0, v, known);
}

static void read_artifact(struct exchange *x, struct pieces *p, const json_t *v, bool goes_on)
{
	static const char *const known[] = { "artifactId", "name", "parts", NULL };

	answer_parts(x, p, json_text(v, "artifactId"), json_object_get(v, "parts"),
		     json_text(v, "name"), goes_on);
	answer_rest(x, 0, v, known);
}

/* What both said before, named after who did. */
static void read_history(struct exchange *x, struct pieces *p, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		answer_parts(x, p, json_text(v, "messageId"), json_object_get(v, "parts"),
			     json_text(v, "role"), false);
		answer_rest(x, 0, v, message_members);
	}
}

static void read_task(struct exchange *x, struct pieces *p, const json_t *v)
{
	static const char *const known[] = { "id",   "contextId", "status", "artifacts",
					     "kind", "history",	  NULL };
	const json_t *artifact;
	size_t i;

	set_json(&x->rpc_task, json_object_get(v, "id"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	read_history(x, p, json_object_get(v, "history"));
	read_status(x, p, json_object_get(v, "status"));
	json_array_foreach(json_object_get(v, "artifacts"), i, artifact)
		read_artifact(x, p, artifact, false);
	answer_rest(x, 0, v, known);
}

/* Of a task's state, or of one of its artifacts. */
static void read_update(struct exchange *x, struct pieces *p, const json_t *v)
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

static bool is_task(const json_t *v)
{
	const json_t *status = json_object_get(v, "status");

	return json_is_string(json_object_get(v, "id")) && json_has(status, "state") &&
	       (json_is(v, "kind", "task") ||
		span_starts(json_text(status, "state"), SPAN_LIT("TASK_STATE_")));
}

static bool is_update(const json_t *v)
{
	return json_is_string(json_object_get(v, "taskId")) &&
	       (json_has(v, "status") || json_has(v, "artifact"));
}

static bool is_message(const json_t *v)
{
	return json_is_string(json_object_get(v, "messageId")) && json_has(v, "parts");
}

static bool is_card(const json_t *v)
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
	set_string(&p->type_raw, is_card(v) ? SPAN_LIT("agent card") : SPAN_LIT("result"));
	if (is_card(v))
		set_json(&x->rpc_name, json_object_get(v, "name"));
	part_json(p, v);
}

/* What 1.0 calls the members of an answer or event, with what 0.3 has without a wrapper. */
static const struct {
	const char *member;
	bool (*is)(const json_t *v);
	void (*read)(struct exchange *x, struct pieces *p, const json_t *v);
} shapes[] = {
	{ "task", is_task, read_task },
	{ "message", is_message, read_message },
	{ "statusUpdate", is_update, read_update },
	{ "artifactUpdate", is_update, read_update },
};

static void read_answer(struct exchange *x, struct pieces *p, const json_t *v)
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

static void a2a_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	bool is_rpc = json_has(data, "jsonrpc");
	const json_t *e = json_object_get(data, "error");

	name_operation(x);
	if (json_is_object(e)) {
		answer_error_of(x, data);
		return;
	}
	read_answer(x, state, is_rpc ? json_object_get(data, "result") : data);
	if (is_rpc)
		answer_rest(x, 0, data, rpc_envelope);
}

static void a2a_response(struct exchange *x, const json_t *body)
{
	struct pieces p = { .count = 0 };

	a2a_event(x, &p, span_of(NULL, 0), body);
	pieces_done(&p);
}

static bool is_a2a_response(const json_t *body)
{
	const json_t *result = json_object_get(body, "result");
	const json_t *v = json_is(body, "jsonrpc", "2.0") ? result : body;

	if (is_task(v) || is_card(v) || is_task(json_array_get(json_object_get(v, "tasks"), 0)))
		return true;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (json_object_size(v) == 1 && shapes[i].is(json_object_get(v, shapes[i].member)))
			return true;
	return false;
}

/* At paths that are its own. */
static bool suits_a2a(const json_t *body)
{
	return is_message(json_object_get(body, "message"));
}

const struct dialect dialect_a2a = {
	.name = "a2a",
	.kind = EXCHANGE_A2A,
	.state_size = sizeof(struct pieces),
	.state_done = pieces_done,
	.proves_request = is_a2a_request,
	.plausible_request = suits_a2a,
	.proves_response = is_a2a_response,
	.request = a2a_request,
	.response = a2a_response,
	.event = a2a_event,
};
