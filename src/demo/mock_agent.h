/* SPDX-License-Identifier: MIT */
/* What the mock says to an agent: a coding task in a few turns, as a model would do it. */
#ifndef SPY_DEMO_MOCK_AGENT_H
#define SPY_DEMO_MOCK_AGENT_H

#include <jansson.h>

struct mock_answer {
	const char *text;	 /* NULL: none */
	const char *tool, *call; /* a tool that is called, and the call's id; NULL: none */
	const char *input;	 /* its arguments, as JSON */
	int read, written, cached, output; /* tokens */
};

/* The answer to a request of the demo's agent, of the Messages API: it depends on how many answers
 * the request repeats. NULL: it is another request. */
const struct mock_answer *mock_agent_answer(const json_t *request);

#endif
