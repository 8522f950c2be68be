/* SPDX-License-Identifier: MIT */
/* Which calls belong together. A call whose messages begin with those of an earlier one is the
 * next turn of its conversation; the same holds for one that names the earlier answer
 * (previous_response_id) or the provider's own conversation. What is remembered of a call are
 * digests (ask.h), in a store with ceilings (store.h).
 * A conversation is one chain of turns. Agents that work side by side share a session, which is
 * kept beside it, and may share a beginning, where one then branches off the other. Pure. */
#ifndef SPY_CONVERSATION_CONVERSATION_H
#define SPY_CONVERSATION_CONVERSATION_H

#include "base/limits.h"
#include "exchange/exchange.h"

struct conversations;
struct conversations *
conversations_new(struct limits *lim);		  /* lim is borrowed; hits are counted there */
void conversations_free(struct conversations *t); /* accepts NULL */

/* The request is known: fills x->conversation, all but lost_cache. Does nothing for what is no
 * model call, or when it was told of this exchange before. */
void conversations_request(struct conversations *t, struct exchange *x);
/* The exchange has ended: notes how, and fills x->conversation.lost_cache. */
void conversations_answer(struct conversations *t, struct exchange *x);

#endif
