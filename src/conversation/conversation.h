/* SPDX-License-Identifier: MIT */
/* Which calls belong together. A call whose messages begin with those of an earlier call is the
 * next turn of its conversation; so is a call that names the earlier answer (previous_response_id)
 * or the provider's own conversation. Calls are remembered as digests (fingerprint.h), in a store
 * with limits (store.h). A conversation is one chain of turns. Agents that work side by side share
 * a session, which is recorded too, and may share a beginning; one conversation then branches off
 * the other. Pure. */
#ifndef SPY_CONVERSATION_CONVERSATION_H
#define SPY_CONVERSATION_CONVERSATION_H

#include "base/limits.h"
#include "exchange/exchange.h"

struct conversations;
struct conversations *conversations_new(struct limits *lim); /* borrowed; its hits are counted */
void conversations_free(struct conversations *t);	     /* accepts NULL */

/* The request has been read: fills x->conversation except lost_cache. Does nothing if this is no
 * model call or one that only counts tokens, or for the second call with the same exchange. */
void conversations_request(struct conversations *t, struct exchange *x);
/* The exchange has ended: remembers the outcome and fills x->conversation.lost_cache. */
void conversations_answer(struct conversations *t, struct exchange *x);

#endif
