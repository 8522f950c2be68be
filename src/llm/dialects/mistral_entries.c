/* SPDX-License-Identifier: MIT */
#include "llm/dialects/mistral_entries.h"

#include "llm/json.h"

static bool is_of(const json_t *v, const char *kind)
{
	return span_starts(json_text(v, "type"), span_str(kind));
}

bool mistral_is_entry(const json_t *v)
{
	return is_of(v, "message.input") || is_of(v, "message.output") ||
	       is_of(v, "function.call") || is_of(v, "function.result") ||
	       is_of(v, "tool.execution");
}

/* Takes a member out of an object; null where there is none. */
static json_t *taken(json_t *v, const char *key)
{
	json_t *member = json_incref(json_object_get(v, key));

	json_object_del(v, key);
	return member ? member : json_null();
}

static void set_role(json_t *out, const char *role)
{
	if (!json_has(out, "role"))
		json_object_set_new(out, "role", json_string(role));
}

static void make_call(json_t *out)
{
	json_t *id = taken(out, "tool_call_id"), *name = taken(out, "name");

	json_object_set_new(out, "tool_calls",
			    json_pack("[{s:o,s:{s:o,s:o}}]", "id", id, "function", "name", name,
				      "arguments", taken(out, "arguments")));
}

static void make_executed(json_t *out, int at)
{
	json_t *name = taken(out, "name"), *arguments = taken(out, "arguments");

	json_object_set_new(out, "executed_tools",
			    json_pack("[{s:i,s:o,s:o,s:o}]", "index", at, "name", name, "arguments",
				      arguments, "output", taken(out, "info")));
}

json_t *mistral_as_chat(const json_t *entry, int at)
{
	static const char *const envelope[] = { "type",	      "object",	      "id",
						"created_at", "completed_at", "model",
						"agent_id",   "output_index", "content_index",
						NULL };
	json_t *out = json_copy((json_t *)entry);

	for (size_t i = 0; envelope[i]; i++)
		json_object_del(out, envelope[i]);
	if (is_of(entry, "function.result")) {
		set_role(out, "tool");
		json_object_set_new(out, "content", taken(out, "result"));
		return out;
	}
	set_role(out, is_of(entry, "message.input") ? "user" : "assistant");
	if (is_of(entry, "function.call"))
		make_call(out);
	else if (is_of(entry, "tool.execution") && json_has(out, "name"))
		make_executed(out, at);
	return out;
}
