/* SPDX-License-Identifier: MIT */
#include "demo/mock_agent.h"

#include <stdbool.h>
#include <string.h>

static const struct mock_answer turns[] = {
	{ .text = "I'll look at the sources first.",
	  .tool = "Bash",
	  .call = "toolu_demo1",
	  .input = "{\"command\": \"grep -n -A4 'while (len' src/parse.c\"}",
	  .read = 14,
	  .written = 2810,
	  .output = 71 },
	{ .text = "An empty header never moves the loop on. I'll fix that.",
	  .tool = "Edit",
	  .call = "toolu_demo2",
	  .input = "{\"file_path\": \"src/parse.c\", \"old_string\": \"\\t\\tp += len;\", "
		   "\"new_string\": \"\\t\\tp += len ? len : 1;\"}",
	  .read = 9,
	  .written = 148,
	  .cached = 2810,
	  .output = 123 },
	{ .tool = "Bash",
	  .call = "toolu_demo3",
	  .input = "{\"command\": \"make check\"}",
	  .read = 7,
	  .written = 131,
	  .cached = 2958,
	  .output = 58 },
	{ .text = "Fixed: the parser stood still at a header without a name. It now moves on by "
		  "one "
		  "byte, and all 42 tests pass.",
	  .read = 8,
	  .written = 92,
	  .cached = 3089,
	  .output = 37 },
};
#define TURNS (sizeof(turns) / sizeof(*turns))

/* What the demo's agent is asked. Other agents, which have a tool Bash too, would do as they are
 * told. */
static const char question[] = "The parser hangs on empty headers. Please fix it.";

static bool is_demo(const json_t *request)
{
	const json_t *first = json_array_get(json_object_get(request, "messages"), 0);
	const char *said = json_string_value(json_object_get(first, "content"));

	return said && strcmp(said, question) == 0;
}

const struct mock_answer *mock_agent_answer(const json_t *request)
{
	const json_t *m;
	size_t i, answered = 0;

	if (!is_demo(request))
		return NULL;
	json_array_foreach(json_object_get(request, "messages"), i, m) {
		const char *role = json_string_value(json_object_get(m, "role"));

		answered += role && strcmp(role, "assistant") == 0;
	}
	return &turns[answered < TURNS ? answered : TURNS - 1];
}
