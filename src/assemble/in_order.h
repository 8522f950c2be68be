/* SPDX-License-Identifier: MIT */
/* For sources that can wait, as a recording can: passes each exchange on as a whole, when it has
 * ended, in the order in which they began. What ends early is held until all that began before has
 * ended. So that one long stream does not hold a whole recording in memory, what is held takes a
 * part of the limit `memory` at most; past it, the earliest is passed on although others that began
 * before it are under way. */
#ifndef SPY_ASSEMBLE_IN_ORDER_H
#define SPY_ASSEMBLE_IN_ORDER_H

#include "assemble/assembler.h"

struct in_order;
/* All outlive it. `to` gets ends and superseded ones only. */
struct in_order *in_order_new(const struct limits *lim, const struct assembler *from,
			      const struct observers *to);
void in_order_free(struct in_order *o); /* accepts NULL; what is held is lost */
/* No more events come: passes on what is held. */
void in_order_finish(struct in_order *o);
extern const struct observer in_order_observer; /* give it a struct in_order * as arg */

#endif
