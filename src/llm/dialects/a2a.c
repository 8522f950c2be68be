/* SPDX-License-Identifier: MIT */
/* Agent2Agent protocol 1.0 and 0.3, between agents: JSON-RPC 2.0, HTTP+JSON, and gRPC (a2a_grpc.c)
 * (a2a-protocol.org/specification; read November 2026). 1.0 names methods, states and roles after
 * its protobuf and tells the kinds of parts and events by their member; 0.3 has a member `kind`.
 * What an agent says comes as a message, as the task's state or as artifacts, whole or in pieces.
 * Kind `a2a`. */
#include "llm/dialect.h"
#include "llm/dialects/a2a.h"
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

/* Where the body does not name the method; over gRPC, the path does. */
static void name_operation(struct exchange *x)
{
	struct span target = span_str(x->target);
	struct span path = span_first(target, span_find(target, '?')), id;
	struct span called = span_behind(path, SPAN_LIT(".A2AService/"));

	if (!x->rpc_method)
		set_string(&x->rpc_method, called);

	for (size_t i = 0; !x->rpc_method && i < sizeof(operations) / sizeof(*operations); i++) {
		struct span rest = span_behind(path, span_str(operations[i].within));
		bool get = operations[i].get && x->method && strcmp(x->method, "GET") == 0;

		if (rest.ptr && span_ends(rest, span_str(operations[i].end)))
			set_string(&x->rpc_method,
				   span_str(get ? operations[i].get : operations[i].method));
	}
	id = span_behind(path, SPAN_LIT("/tasks/"));
	id = span_first(id, span_find(id, '/'));
	if (!x->rpc_task)
		set_string(&x->rpc_task, span_first(id, span_find(id, ':')));
}

/* ---- request ---- */

static void read_sent(struct exchange *x, const json_t *message)
{
	struct message *m = request_message(x, json_text(message, "role"));

	request_content(x, m, json_object_get(message, "parts"), a2a_request_part);
	request_param(x, "messageId", json_object_get(message, "messageId"));
	set_json(&x->rpc_task, json_object_get(message, "taskId"));
	set_json(&x->rpc_context, json_object_get(message, "contextId"));
	request_rest(x, "message", message, a2a_message_members);
}

/* What an agent tells whoever asked for it, at a URL of theirs: an event, as in a stream. */
static const json_t *pushed(const json_t *body)
{
	const json_t *task = json_object_get(body, "task");
	const json_t *update = json_either(body, "statusUpdate", "artifactUpdate");

	if (json_object_size(body) != 1)
		return NULL;
	return a2a_is_task(task) ? task : a2a_is_update(update) ? update : NULL;
}

static void read_pushed(struct exchange *x, const json_t *body, const json_t *v)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)body));

	set_string(&x->rpc_method, SPAN_LIT("PushNotification"));
	set_json(&x->rpc_task, json_object_get(v, json_has(v, "taskId") ? "taskId" : "id"));
	set_json(&x->rpc_context, json_object_get(v, "contextId"));
	rpc_state(x, json_text(json_object_get(v, "status"), "state"));
	message_other(x, request_message(x, SPAN_LIT("agent")), key, v);
}

/* Over gRPC, 0.3 names tasks by paths: "tasks/ID" and what is below it. */
static void read_named(struct exchange *x, const json_t *params)
{
	const char *member = json_has(params, "parent") ? "parent" : "name";
	struct span id = span_behind(json_text(params, member), SPAN_LIT("tasks/"));

	if (!x->rpc_task)
		set_string(&x->rpc_task, span_first(id, span_find(id, '/')));
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
	if (!is_rpc && pushed(body)) {
		read_pushed(x, body, pushed(body));
		return;
	}
	name_operation(x);
	if (json_is_object(message))
		read_sent(x, message);
	else
		set_json(&x->rpc_task, json_object_get(params, id));
	read_named(x, params);
	request_params(x, params, known);
}

static const char *const error_members[] = { "code", "status", "message", NULL };

static void a2a_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	bool is_rpc = json_has(data, "jsonrpc");
	const json_t *e = json_object_get(data, "error");

	name_operation(x);
	if (json_is_object(e)) {
		answer_error_of(x, data);
		answer_rest(x, 0, e, error_members);
		return;
	}
	a2a_answer(x, state, is_rpc ? json_object_get(data, "result") : data);
	if (is_rpc)
		answer_rest(x, 0, data, rpc_envelope);
}

static void a2a_response(struct exchange *x, const json_t *body)
{
	struct a2a_pieces p = { .count = 0 };

	a2a_event(x, &p, span_of(NULL, 0), body);
	a2a_pieces_done(&p);
}

static bool is_a2a_request(const json_t *v)
{
	const char *method = json_string_value(json_object_get(v, "method"));

	if (!json_is(v, "jsonrpc", "2.0") || !method)
		return pushed(v) != NULL;
	return json_name_in(method, methods) ||
	       (json_name_in(method, shared_methods) && json_at2(v, "params", "id"));
}

static bool is_a2a_response(const json_t *body)
{
	const json_t *result = json_object_get(body, "result");
	const json_t *v = json_is(body, "jsonrpc", "2.0") ? result : body;

	return a2a_is_task(v) || a2a_is_card(v) || a2a_is_event(v) ||
	       a2a_is_task(json_array_get(json_object_get(v, "tasks"), 0));
}

/* At paths that are its own. */
static bool suits_a2a(const json_t *body)
{
	return a2a_is_message(json_object_get(body, "message"));
}

const struct dialect dialect_a2a = {
	.name = "a2a",
	.kind = EXCHANGE_A2A,
	.state_size = sizeof(struct a2a_pieces),
	.state_done = a2a_pieces_done,
	.proves_request = is_a2a_request,
	.plausible_request = suits_a2a,
	.proves_response = is_a2a_response,
	.request = a2a_request,
	.response = a2a_response,
	.event = a2a_event,
};
