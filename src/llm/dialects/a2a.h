/* SPDX-License-Identifier: MIT */
/* What the two files of A2A share. */
#ifndef SPY_LLM_DIALECTS_A2A_H
#define SPY_LLM_DIALECTS_A2A_H

#include <jansson.h>

#include "exchange/builder.h"

/* Messages and artifacts that came, by id: what comes again goes on, or takes the place. */
#define A2A_PIECES_MAX 256

struct a2a_pieces {
	char *ids[A2A_PIECES_MAX];
	size_t count;
};
void a2a_pieces_done(void *state);

/* A method over gRPC: the fields of its request, and of its answer or each message of that. */
struct a2a_method {
	const char *name;
	const struct pb_field *ask, *answer;
	bool stream;
};
/* NULL: the path is none of A2A's. One without a name: its method is not known. */
const struct a2a_method *a2a_method_of(struct span target);

/* Members of a message that are read. */
extern const char *const a2a_message_members[];

bool a2a_is_task(const json_t *v);
bool a2a_is_update(const json_t *v); /* of a task's state, or of one of its artifacts */
bool a2a_is_message(const json_t *v);
bool a2a_is_card(const json_t *v);
bool a2a_is_event(const json_t *v); /* one of these, as the only member, as 1.0 wraps it */

void a2a_request_part(struct exchange *x, struct message *m, const json_t *v);
/* A result, or an element of a stream. */
void a2a_answer(struct exchange *x, struct a2a_pieces *p, const json_t *v);

#endif
