/* SPDX-License-Identifier: MIT */
/* The messages of A2A over gRPC: lf.a2a.v1.A2AService of 1.0 and a2a.v1.A2AService of 0.3. Numbers
 * of fields as in the stubs of a2a-sdk 1.3.0 of PyPI (read November 2026). Where 0.3 names a field
 * in another way than its own JSON does, the latter's name stands here. */
#include "llm/dialects/a2a.h"

#include "llm/protobuf.h"

#define FIELD(n, text, is, ...)                                                                    \
	{                                                                                          \
		.number = (n), .name = (text), .kind = (is), ##__VA_ARGS__                         \
	}
#define TEXT(n, text)	     FIELD(n, text, PB_TEXT)
#define TEXT_LIST(n, text)   FIELD(n, text, PB_TEXT, .list = true)
#define INT(n, text)	     FIELD(n, text, PB_INT)
#define BOOL(n, text)	     FIELD(n, text, PB_BOOL)
#define STRUCT(n, text)	     FIELD(n, text, PB_STRUCT)
#define ENUM(n, text, names) FIELD(n, text, PB_ENUM, .words = (names))
#define ONE(n, text, type)   FIELD(n, text, PB_MESSAGE, .of = (type))
#define LIST(n, text, type)  FIELD(n, text, PB_MESSAGE, .of = (type), .list = true)
#define MAP(n, text, type)   FIELD(n, text, PB_MAP, .of = (type))
#define MESSAGE(name)	     static const struct pb_field name[]
#define END                                                                                        \
	{                                                                                          \
		0                                                                                  \
	}

static const char *const states[] = {
	"TASK_STATE_UNSPECIFIED",    "TASK_STATE_SUBMITTED",
	"TASK_STATE_WORKING",	     "TASK_STATE_COMPLETED",
	"TASK_STATE_FAILED",	     "TASK_STATE_CANCELED",
	"TASK_STATE_INPUT_REQUIRED", "TASK_STATE_REJECTED",
	"TASK_STATE_AUTH_REQUIRED",  NULL,
};
static const char *const roles[] = { "ROLE_UNSPECIFIED", "ROLE_USER", "ROLE_AGENT", NULL };

/* ---- what both have ---- */

MESSAGE(empty) = { END };
MESSAGE(texts) = { TEXT_LIST(1, "list"), END };
MESSAGE(required) = { MAP(1, "schemes", texts), END };
MESSAGE(provider) = { TEXT(1, "url"), TEXT(2, "organization"), END };
MESSAGE(extension) = {
	TEXT(1, "uri"), TEXT(2, "description"), BOOL(3, "required"), STRUCT(4, "params"), END,
};
MESSAGE(capabilities) = {
	BOOL(1, "streaming"),
	BOOL(2, "pushNotifications"),
	LIST(3, "extensions", extension),
	BOOL(4, "extendedAgentCard"),
	END,
};
MESSAGE(signature) = { TEXT(1, "protected"), TEXT(2, "signature"), STRUCT(3, "header"), END };
MESSAGE(api_key) = { TEXT(1, "description"), TEXT(2, "location"), TEXT(3, "name"), END };
MESSAGE(http_auth) = { TEXT(1, "description"), TEXT(2, "scheme"), TEXT(3, "bearerFormat"), END };
MESSAGE(open_id) = { TEXT(1, "description"), TEXT(2, "openIdConnectUrl"), END };
MESSAGE(mutual_tls) = { TEXT(1, "description"), END };
MESSAGE(code_flow) = {
	TEXT(1, "authorizationUrl"),  TEXT(2, "tokenUrl"),     TEXT(3, "refreshUrl"),
	FIELD(4, "scopes", PB_TEXTS), BOOL(5, "pkceRequired"), END,
};
MESSAGE(implicit_flow) = {
	TEXT(1, "authorizationUrl"),
	TEXT(2, "refreshUrl"),
	FIELD(3, "scopes", PB_TEXTS),
	END,
};
MESSAGE(token_flow) = {
	TEXT(1, "tokenUrl"),
	TEXT(2, "refreshUrl"),
	FIELD(3, "scopes", PB_TEXTS),
	END,
};
MESSAGE(device_flow) = {
	TEXT(1, "deviceAuthorizationUrl"),
	TEXT(2, "tokenUrl"),
	TEXT(3, "refreshUrl"),
	FIELD(4, "scopes", PB_TEXTS),
	END,
};
MESSAGE(flows) = {
	ONE(1, "authorizationCode", code_flow), ONE(2, "clientCredentials", token_flow),
	ONE(3, "implicit", implicit_flow),	ONE(4, "password", token_flow),
	ONE(5, "deviceCode", device_flow),	END,
};
MESSAGE(oauth2) = {
	TEXT(1, "description"),
	ONE(2, "flows", flows),
	TEXT(3, "oauth2MetadataUrl"),
	END,
};
MESSAGE(scheme) = {
	ONE(1, "apiKeySecurityScheme", api_key),  ONE(2, "httpAuthSecurityScheme", http_auth),
	ONE(3, "oauth2SecurityScheme", oauth2),	  ONE(4, "openIdConnectSecurityScheme", open_id),
	ONE(5, "mtlsSecurityScheme", mutual_tls), END,
};

/* ---- what is alike but for messages and artifacts ---- */

/* v: behind the names, nothing for 1.0; then the last fields of a status update. */
#define TASKS(v, ...)                                                                              \
	MESSAGE(status##v) = {                                                                     \
		ENUM(1, "state", states),                                                          \
		ONE(2, "message", message##v),                                                     \
		FIELD(3, "timestamp", PB_TIME),                                                    \
		END,                                                                               \
	};                                                                                         \
	MESSAGE(task##v) = {                                                                       \
		TEXT(1, "id"),                                                                     \
		TEXT(2, "contextId"),                                                              \
		ONE(3, "status", status##v),                                                       \
		LIST(4, "artifacts", artifact##v),                                                 \
		LIST(5, "history", message##v),                                                    \
		STRUCT(6, "metadata"),                                                             \
		END,                                                                               \
	};                                                                                         \
	MESSAGE(status_update##v) = {                                                              \
		TEXT(1, "taskId"),                                                                 \
		TEXT(2, "contextId"),                                                              \
		ONE(3, "status", status##v),                                                       \
		__VA_ARGS__,                                                                       \
		END,                                                                               \
	};                                                                                         \
	MESSAGE(artifact_update##v) = {                                                            \
		TEXT(1, "taskId"),                                                                 \
		TEXT(2, "contextId"),                                                              \
		ONE(3, "artifact", artifact##v),                                                   \
		BOOL(4, "append"),                                                                 \
		BOOL(5, "lastChunk"),                                                              \
		STRUCT(6, "metadata"),                                                             \
		END,                                                                               \
	};                                                                                         \
	MESSAGE(sent##v) = { ONE(1, "task", task##v), ONE(2, "message", message##v), END };        \
	MESSAGE(event##v) = {                                                                      \
		ONE(1, "task", task##v),                                                           \
		ONE(2, "message", message##v),                                                     \
		ONE(3, "statusUpdate", status_update##v),                                          \
		ONE(4, "artifactUpdate", artifact_update##v),                                      \
		END,                                                                               \
	}

#define SKILL(security)                                                                            \
	{                                                                                          \
		TEXT(1, "id"), TEXT(2, "name"), TEXT(3, "description"), TEXT_LIST(4, "tags"),      \
			TEXT_LIST(5, "examples"), TEXT_LIST(6, "inputModes"),                      \
			TEXT_LIST(7, "outputModes"), LIST(8, security, required), END,             \
	}

/* ---- 1.0 ---- */

MESSAGE(part) = {
	TEXT(1, "text"),       FIELD(2, "raw", PB_BYTES),
	TEXT(3, "url"),	       FIELD(4, "data", PB_VALUE),
	STRUCT(5, "metadata"), TEXT(6, "filename"),
	TEXT(7, "mediaType"),  END,
};
MESSAGE(message) = {
	TEXT(1, "messageId"),
	TEXT(2, "contextId"),
	TEXT(3, "taskId"),
	ENUM(4, "role", roles),
	LIST(5, "parts", part),
	STRUCT(6, "metadata"),
	TEXT_LIST(7, "extensions"),
	TEXT_LIST(8, "referenceTaskIds"),
	END,
};
MESSAGE(artifact) = {
	TEXT(1, "artifactId"),
	TEXT(2, "name"),
	TEXT(3, "description"),
	LIST(4, "parts", part),
	STRUCT(5, "metadata"),
	TEXT_LIST(6, "extensions"),
	END,
};
TASKS(, STRUCT(4, "metadata"));
MESSAGE(auth) = { TEXT(1, "scheme"), TEXT(2, "credentials"), END };
MESSAGE(push_config) = {
	TEXT(1, "tenant"),
	TEXT(2, "id"),
	TEXT(3, "taskId"),
	TEXT(4, "url"),
	TEXT(5, "token"),
	ONE(6, "authentication", auth),
	END,
};
MESSAGE(configuration) = {
	TEXT_LIST(1, "acceptedOutputModes"),
	ONE(2, "taskPushNotificationConfig", push_config),
	INT(3, "historyLength"),
	BOOL(4, "returnImmediately"),
	END,
};
MESSAGE(send) = {
	TEXT(1, "tenant"),
	ONE(2, "message", message),
	ONE(3, "configuration", configuration),
	STRUCT(4, "metadata"),
	END,
};
MESSAGE(get_task) = { TEXT(1, "tenant"), TEXT(2, "id"), INT(3, "historyLength"), END };
MESSAGE(cancel_task) = { TEXT(1, "tenant"), TEXT(2, "id"), STRUCT(3, "metadata"), END };
MESSAGE(list_tasks) = {
	TEXT(1, "tenant"),
	TEXT(2, "contextId"),
	ENUM(3, "status", states),
	INT(4, "pageSize"),
	TEXT(5, "pageToken"),
	INT(6, "historyLength"),
	FIELD(7, "statusTimestampAfter", PB_TIME),
	BOOL(8, "includeArtifacts"),
	END,
};
MESSAGE(tasks) = {
	LIST(1, "tasks", task),
	TEXT(2, "nextPageToken"),
	INT(3, "pageSize"),
	INT(4, "totalSize"),
	END,
};
MESSAGE(push_id) = { TEXT(1, "tenant"), TEXT(2, "taskId"), TEXT(3, "id"), END };
MESSAGE(list_push) = {
	TEXT(1, "taskId"), INT(2, "pageSize"), TEXT(3, "pageToken"), TEXT(4, "tenant"), END,
};
MESSAGE(push_list) = { LIST(1, "configs", push_config), TEXT(2, "nextPageToken"), END };
MESSAGE(tenant) = { TEXT(1, "tenant"), END };
MESSAGE(interface) = {
	TEXT(1, "url"),
	TEXT(2, "protocolBinding"),
	TEXT(3, "tenant"),
	TEXT(4, "protocolVersion"),
	END,
};
MESSAGE(skill) = SKILL("securityRequirements");
MESSAGE(card) = {
	TEXT(1, "name"),
	TEXT(2, "description"),
	LIST(3, "supportedInterfaces", interface),
	ONE(4, "provider", provider),
	TEXT(5, "version"),
	TEXT(6, "documentationUrl"),
	ONE(7, "capabilities", capabilities),
	MAP(8, "securitySchemes", scheme),
	LIST(9, "securityRequirements", required),
	TEXT_LIST(10, "defaultInputModes"),
	TEXT_LIST(11, "defaultOutputModes"),
	LIST(12, "skills", skill),
	LIST(13, "signatures", signature),
	TEXT(14, "iconUrl"),
	END,
};

/* ---- 0.3 ---- */

MESSAGE(file03) = {
	TEXT(1, "uri"), FIELD(2, "bytes", PB_BYTES), TEXT(3, "mimeType"), TEXT(4, "name"), END,
};
MESSAGE(data03) = { STRUCT(1, "data"), END };
MESSAGE(part03) = {
	TEXT(1, "text"), ONE(2, "file", file03), ONE(3, NULL, data03), STRUCT(4, "metadata"), END,
};
MESSAGE(message03) = {
	TEXT(1, "messageId"),	    TEXT(2, "contextId"),
	TEXT(3, "taskId"),	    ENUM(4, "role", roles),
	LIST(5, "parts", part03),   STRUCT(6, "metadata"),
	TEXT_LIST(7, "extensions"), END,
};
MESSAGE(artifact03) = {
	TEXT(1, "artifactId"),
	TEXT(3, "name"),
	TEXT(4, "description"),
	LIST(5, "parts", part03),
	STRUCT(6, "metadata"),
	TEXT_LIST(7, "extensions"),
	END,
};
TASKS(03, BOOL(4, "final"), STRUCT(5, "metadata"));
MESSAGE(auth03) = { TEXT_LIST(1, "schemes"), TEXT(2, "credentials"), END };
MESSAGE(push03) = {
	TEXT(1, "id"), TEXT(2, "url"), TEXT(3, "token"), ONE(4, "authentication", auth03), END,
};
MESSAGE(configuration03) = {
	TEXT_LIST(1, "acceptedOutputModes"),
	ONE(2, "pushNotificationConfig", push03),
	INT(3, "historyLength"),
	BOOL(4, "blocking"),
	END,
};
MESSAGE(send03) = {
	ONE(1, "message", message03),
	ONE(2, "configuration", configuration03),
	STRUCT(3, "metadata"),
	END,
};
MESSAGE(named03) = { TEXT(1, "name"), INT(2, "historyLength"), END };
MESSAGE(push_config03) = { TEXT(1, "name"), ONE(2, "pushNotificationConfig", push03), END };
MESSAGE(create_push03) = {
	TEXT(1, "parent"),
	TEXT(2, "configId"),
	ONE(3, "config", push_config03),
	END,
};
MESSAGE(list_push03) = { TEXT(1, "parent"), INT(2, "pageSize"), TEXT(3, "pageToken"), END };
MESSAGE(push_list03) = { LIST(1, "configs", push_config03), TEXT(2, "nextPageToken"), END };
MESSAGE(interface03) = { TEXT(1, "url"), TEXT(2, "transport"), END };
MESSAGE(skill03) = SKILL("security");
MESSAGE(card03) = {
	TEXT(1, "name"),
	TEXT(2, "description"),
	TEXT(3, "url"),
	ONE(4, "provider", provider),
	TEXT(5, "version"),
	TEXT(6, "documentationUrl"),
	ONE(7, "capabilities", capabilities),
	MAP(8, "securitySchemes", scheme),
	LIST(9, "security", required),
	TEXT_LIST(10, "defaultInputModes"),
	TEXT_LIST(11, "defaultOutputModes"),
	LIST(12, "skills", skill03),
	BOOL(13, "supportsAuthenticatedExtendedCard"),
	TEXT(14, "preferredTransport"),
	LIST(15, "additionalInterfaces", interface03),
	TEXT(16, "protocolVersion"),
	LIST(17, "signatures", signature),
	TEXT(18, "iconUrl"),
	END,
};

/* ---- methods ---- */

static const struct a2a_method methods[] = {
	{ "SendMessage", send, sent, false },
	{ "SendStreamingMessage", send, event, true },
	{ "GetTask", get_task, task, false },
	{ "ListTasks", list_tasks, tasks, false },
	{ "CancelTask", cancel_task, task, false },
	{ "SubscribeToTask", get_task, event, true },
	{ "CreateTaskPushNotificationConfig", push_config, push_config, false },
	{ "GetTaskPushNotificationConfig", push_id, push_config, false },
	{ "ListTaskPushNotificationConfigs", list_push, push_list, false },
	{ "DeleteTaskPushNotificationConfig", push_id, empty, false },
	{ "GetExtendedAgentCard", tenant, card, false },
	{ 0 },
};

static const struct a2a_method methods03[] = {
	{ "SendMessage", send03, sent03, false },
	{ "SendStreamingMessage", send03, event03, true },
	{ "GetTask", named03, task03, false },
	{ "CancelTask", named03, task03, false },
	{ "TaskSubscription", named03, event03, true },
	{ "CreateTaskPushNotificationConfig", create_push03, push_config03, false },
	{ "GetTaskPushNotificationConfig", named03, push_config03, false },
	{ "ListTaskPushNotificationConfig", list_push03, push_list03, false },
	{ "DeleteTaskPushNotificationConfig", named03, empty, false },
	{ "GetAgentCard", empty, card03, false },
	{ 0 },
};

const struct a2a_method *a2a_method_of(struct span target)
{
	static const struct span service = SPAN_LIT("/lf.a2a.v1.A2AService/");
	static const struct span service03 = SPAN_LIT("/a2a.v1.A2AService/");
	bool is_10 = span_starts(target, service);
	struct span name = span_from(target, is_10 ? service.len : service03.len);
	const struct a2a_method *m = is_10 ? methods : methods03;

	if (!is_10 && !span_starts(target, service03))
		return NULL;
	while (m->name && !span_eq(name, span_str(m->name)))
		m++;
	return m;
}
