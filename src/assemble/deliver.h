/* SPDX-License-Identifier: MIT */
/* What is told of calls, and when. A call that is seen at both ends (join.h) is told once, as its
 * client's; the server's is told too if it is whole when the client's is not, or is not yet. Events
 * of two processes come in any order, so what may turn out to be seen twice waits a little for its
 * other view: a server's request, and a call that has ended. */
#ifndef SPY_ASSEMBLE_DELIVER_H
#define SPY_ASSEMBLE_DELIVER_H

#include "assemble/assembly.h"

/* Worth telling: a head, or a body that some dialect understood. */
bool deliver_is_something(const struct exchange *x);

/* None of these frees anything: what was delivered for the last time is put to assembler.done, also
 * other exchanges than the one that is passed, and the assembler frees it. */

/* The request's head is known: looks for the other view. May end others. */
void deliver_match(struct assembly *k);
/* The head of a client's request is known; a server's is opened with its request. */
void deliver_opened(struct assembly *k);
/* The request was read. */
void deliver_request(struct assembly *k);
/* The answer's head is known; it is delivered after the request. */
void deliver_response(struct assembly *k);
void deliver_delta(struct assembly *k, const struct exchange_delta *d);
/* The call is over. It is delivered, at once or later, and done then. */
void deliver_end(struct assembly *k);
/* The same, without waiting. */
void deliver_end_now(struct assembly *k);
/* The ends of a connection are known, or others than thought: its calls are looked at anew. */
void deliver_endpoints(struct assembler_conn *cc);
/* One that only waits for another view: it may end now, and nothing is lost. NULL: none. */
struct assembly *deliver_spare(const struct assembler *c);
/* What was waited for until now does not come. */
void deliver_tick(struct assembler *c, uint64_t now_ns);
/* No events come any more: no other view is waited for. */
void deliver_finish(struct assembler *c);

#endif
