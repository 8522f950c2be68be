/* SPDX-License-Identifier: MIT */
/* Where both ends of a connection are traced, each call on it is seen twice. Finds the two views of
 * one call: connections by their ends, in a hash, and on these the calls that agree. Which of them
 * is told is for tell.h. */
#ifndef SPY_ASSEMBLE_PAIR_H
#define SPY_ASSEMBLE_PAIR_H

#include "assemble/assembly.h"

struct joins;
struct joins *joins_new(void);
void joins_free(struct joins *j);

/* cc->ends is known; it is in no hash. */
void joins_add(struct joins *j, struct calls_conn *cc);
void joins_remove(struct calls_conn *cc); /* it is there */

/* The request's head is known, and no other view yet: it may be found from now on. */
void joins_offer(struct call *k);
void joins_withdraw(struct call *k); /* if it was offered */

/* The view of the same call from the connection's other end, which is another struct calls_conn, if
 * it is on offer; or NULL. */
struct call *joins_find(const struct joins *j, const struct call *k);

/* Whether all of the connection was seen. */
bool joins_saw_all(const struct calls_conn *cc);

#endif
