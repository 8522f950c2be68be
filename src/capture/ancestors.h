/* SPDX-License-Identifier: MIT */
/* The processes that one descends from, by number, its parent first. As text they are decimal, with
 * blanks between: "812 790 1". Pure. */
#ifndef SPY_CAPTURE_ANCESTORS_H
#define SPY_CAPTURE_ANCESTORS_H

#include "base/buf.h"
#include "base/span.h"

/* Those above are not told. */
#define ANCESTORS_TOLD 8

struct ancestors {
	uint32_t pids[ANCESTORS_TOLD];
	unsigned count; /* 0: not known */
};

/* False: it is full, or none has this number. */
bool ancestors_add(struct ancestors *a, uint64_t pid);
/* Up to what is no number. */
void ancestors_read(struct span text, struct ancestors *ret);
void ancestors_write(const struct ancestors *a, struct buf *out);
/* How far above: 1 is the parent; 0: it is none of them. */
unsigned ancestors_distance(const struct ancestors *a, uint32_t pid);
/* Whether both are known to descend from no common process but init. */
bool ancestors_are_apart(const struct ancestors *a, const struct ancestors *b);

#endif
