/* SPDX-License-Identifier: MIT */
/* A recording that another process is just making, through a socket, as a source. Its end need not
 * be told: the other one may be killed. It is asked to finish by our half of the socket being
 * closed. */
#ifndef SPY_SOURCE_PIPED_H
#define SPY_SOURCE_PIPED_H

#include "base/error.h"
#include "capture/chunk.h"
#include "source/source.h"

struct piped;
/* Takes the descriptor. */
struct piped *piped_open(int fd, chunk_fn fn, void *arg);
void piped_free(struct piped *p); /* accepts NULL */
struct source *piped_source(struct piped *p);
/* Waits for the first bytes. False: there will be none. */
bool piped_begins(struct piped *p);

#endif
