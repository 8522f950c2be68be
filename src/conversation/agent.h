/* SPDX-License-Identifier: MIT */
/* Which agent makes a call, as its client says: in header fields, in members of the body that are
 * named like them, or in JSON that one of these holds (http/known_headers.def). Pure. */
#ifndef SPY_CONVERSATION_AGENT_H
#define SPY_CONVERSATION_AGENT_H

#include "exchange/exchange.h"

/* Fills what the client says in x->agent. May be called again when more of the request is known. */
void agent_read(struct exchange *x);

#endif
