/* SPDX-License-Identifier: MIT */
#include "run/notices.h"

#include <inttypes.h>

#include "base/log.h"

#define LOOK_NS 1000000000ull
/* A flood is said once in so long, with what came together. */
#define SAY_NS 10000000000ull

bool notices_are_due(const struct notices *n, uint64_t now_ns)
{
	return now_ns - n->looked_ns >= LOOK_NS;
}

void notices_lost(struct notices *n, uint64_t lost, uint64_t now_ns)
{
	uint64_t more = lost - n->said_lost;

	n->looked_ns = now_ns;
	if (!more || (n->said_ns && now_ns - n->said_ns < SAY_NS))
		return;
	n->said_ns = now_ns;
	n->said_lost = lost;
	log_warn("trace",
		 "%" PRIu64 " event%s lost: the kernel's buffer was full (try a larger "
		 "--buffer-size)",
		 more, more == 1 ? " was" : "s were");
}
