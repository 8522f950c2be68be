/* SPDX-License-Identifier: MIT */
/* Whether the events of a stream of the Responses API came once each and in order: most servers
 * number them. */
#ifndef SPY_LLM_DIALECTS_RESPONSES_ORDER_H
#define SPY_LLM_DIALECTS_RESPONSES_ORDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define ORDER_SEEN 32

/* Zeroed: nothing came yet. */
struct response_order {
	bool begun, useless; /* useless: the server numbers wrongly */
	int next;
	struct {
		int number;
		uint64_t print; /* of what it says */
	} seen[ORDER_SEEN];	/* the latest, by number */
};

enum response_turn {
	RESPONSE_DUE,	/* in order, or not numbered */
	RESPONSE_AGAIN, /* came before: not to be read */
	RESPONSE_ASTRAY /* something before it is missing, or it came late */
};

enum response_turn response_turn_of(struct response_order *o, const json_t *event);

#endif
