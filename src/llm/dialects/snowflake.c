/* SPDX-License-Identifier: MIT */
#include "llm/dialects/snowflake.h"

#include "llm/json.h"

static json_t *as_call(const json_t *use)
{
	json_t *f = json_copy((json_t *)use), *call = json_object();

	json_object_set(call, "id", json_object_get(use, "tool_use_id"));
	json_object_del(f, "tool_use_id");
	json_object_set(f, "arguments", json_object_get(use, "input"));
	json_object_del(f, "input");
	json_object_set_new(call, "function", f);
	return call;
}

static json_t *as_tool_message(const json_t *results)
{
	json_t *out = json_copy((json_t *)results);

	json_object_set_new(out, "role", json_string("tool"));
	json_object_set(out, "tool_call_id", json_object_get(results, "tool_use_id"));
	json_object_del(out, "tool_use_id");
	return out;
}

/* What is of a list, under another name. */
struct sorted {
	json_t *calls, *results, *rest;
};

static void sort_item(struct sorted *s, const json_t *item, bool said)
{
	const json_t *use = json_object_get(item, "tool_use");
	const json_t *results = json_object_get(item, "tool_results");

	if (json_is_object(use))
		json_array_append_new(s->calls, as_call(use));
	else if (json_is_object(results))
		json_array_append_new(s->results, as_tool_message(results));
	else if (!said || !json_is(item, "type", "text"))
		json_array_append(s->rest, (json_t *)item);
}

/* A piece of a stream says all twice: in its list, and in members of its own. */
static json_t *piece_as_chat(const json_t *delta)
{
	static const char *const twice[] = { "type",  "text", "content_list", "tool_use_id", "name",
					     "input", NULL };
	json_t *out = json_copy((json_t *)delta), *use = json_object();

	for (size_t i = 3; twice[i]; i++)
		if (json_has(delta, twice[i]))
			json_object_set(use, twice[i], json_object_get(delta, twice[i]));
	for (size_t i = 0; twice[i]; i++)
		json_object_del(out, twice[i]);
	if (json_object_size(use))
		json_object_set_new(out, "tool_calls", json_pack("[o]", as_call(use)));
	json_decref(use);
	return out;
}

/* Appends it, and what tools gave back as messages of their own. */
static void add_message(json_t *to, const json_t *message)
{
	struct sorted s = { json_array(), json_array(), json_array() };
	json_t *out = json_copy((json_t *)message);
	bool said = json_text(message, "content").len > 0;
	const json_t *item;
	size_t i;

	json_each(json_object_get(message, "content_list"), i, item)
		sort_item(&s, item, said);
	json_object_del(out, "content_list");
	if (json_array_size(s.calls))
		json_object_set(out, "tool_calls", s.calls);
	if (json_array_size(s.rest))
		json_object_set(out, "content", s.rest);
	if (said || json_array_size(s.calls) || json_array_size(s.rest) ||
	    !json_array_size(s.results))
		json_array_append(to, out);
	json_array_extend(to, s.results);
	json_decref(out);
	json_decref(s.calls);
	json_decref(s.results);
	json_decref(s.rest);
}

static json_t *choice_as_chat(const json_t *choice)
{
	json_t *out = json_copy((json_t *)choice), *list = json_array();
	const json_t *message = json_object_get(choice, "message");
	const json_t *delta = json_object_get(choice, "delta");

	if (json_is_object(message)) {
		add_message(list, message);
		json_object_set(out, "message", json_array_get(list, 0));
	}
	if (json_has(delta, "type"))
		json_object_set_new(out, "delta", piece_as_chat(delta));
	json_decref(list);
	return out;
}

static json_t *tool_as_chat(const json_t *tool)
{
	json_t *f = json_copy(json_object_get(tool, "tool_spec"));

	if (!f)
		return json_copy((json_t *)tool);
	json_object_set(f, "parameters", json_object_get(f, "input_schema"));
	json_object_del(f, "input_schema");
	return json_pack("{s:s,s:o}", "type", "function", "function", f);
}

/* Those of a list; any other value stays. */
static void replace_each(json_t *body, const char *key, json_t *(*as_chat)(const json_t *))
{
	const json_t *list = json_object_get(body, key), *v;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(list, i, v)
		json_array_append_new(out, as_chat(v));
	if (json_is_array(list))
		json_object_set(body, key, out);
	json_decref(out);
}

json_t *snowflake_as_chat(const json_t *body)
{
	json_t *out = json_copy((json_t *)body), *list = json_array();
	const json_t *messages = json_object_get(body, "messages"), *v;
	size_t i;

	json_array_foreach(messages, i, v)
		add_message(list, v);
	if (json_is_array(messages))
		json_object_set(out, "messages", list);
	json_decref(list);
	replace_each(out, "choices", choice_as_chat);
	replace_each(out, "tools", tool_as_chat);
	return out;
}
