/* SPDX-License-Identifier: MIT */
/* What is told of calls, and when. A call that is seen at both ends (join.h) is told once, as its
 * client's; the server's is told too if it is whole when the client's is not, or is not yet. Events
 * of two processes come in any order, so what may turn out to be seen twice waits a little for its
 * other view: a server's request, and a call that has ended. */
#ifndef SPY_ASSEMBLE_DELIVER_H
#define SPY_ASSEMBLE_DELIVER_H

#include "assemble/assembly.h"

/* The request's head is known: looks for the other view. May tell, and free, others. */
void tell_look(struct call *k);
/* The request was read. */
void tell_request(struct call *k);
void tell_delta(struct call *k, const struct choice *c, const struct part *p, struct span text);
/* The call is over. It is told, at once or later, and freed then. */
void tell_end(struct call *k);
/* The same, without waiting. */
void tell_end_now(struct call *k);
/* The ends of a connection are known, or others than thought: its calls are looked at anew. */
void tell_ends(struct calls_conn *cc);
/* What was waited for until now does not come. */
void tell_tick(struct calls *c, uint64_t now_ns);

#endif
