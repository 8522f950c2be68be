/* SPDX-License-Identifier: MIT */
/* Where both ends of a connection are traced, each call on it is seen twice. Finds the two views of
 * one call: connections by their ends, in a hash, and on these the calls that agree. Which of them
 * is told is for tell.h. */
#ifndef SPY_ASSEMBLE_PAIR_H
#define SPY_ASSEMBLE_PAIR_H

#include "assemble/assembly.h"

struct pairs;
struct pairs *pairs_new(void);
void pairs_free(struct pairs *j);

/* cc->endpoints is known; it is in no hash. */
void pairs_add(struct pairs *j, struct assembler_conn *cc);
void pairs_remove(struct assembler_conn *cc); /* it is there */

/* The request's head is known, and no other view yet: it may be found from now on. */
void pairs_register(struct assembly *k);
void pairs_unregister(struct assembly *k); /* if it was offered */

/* The view of the same call from the connection's other end, which is another struct
 * assembler_conn, if it is on offer; or NULL. */
struct assembly *pairs_find(const struct pairs *j, const struct assembly *k);

/* Whether two views that have ended, of a client's and of a server's connection, say the same, and
 * the ends of one connection are not known to tell otherwise. */
bool pairs_are_alike(const struct assembly *a, const struct assembly *b);

/* Whether all of the connection was seen. */
bool pairs_saw_all(const struct assembler_conn *cc);

#endif
