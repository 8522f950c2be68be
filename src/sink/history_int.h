/* SPDX-License-Identifier: MIT */
/* Shared by the files of the history. */
#ifndef SPY_SINK_HISTORY_INT_H
#define SPY_SINK_HISTORY_INT_H

#include "sink/history.h"

/* Bytes of a tool's name. */
#define HISTORY_NAME_MAX 200

/* Digests of what may be the same in another call. The program is part of them. */
struct digests {
	uint8_t system[32], tools[32], params[32];
};
struct digests history_digests(const struct exchange *x, const struct buf *system);

#endif
