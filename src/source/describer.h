/* SPDX-License-Identifier: MIT */
/* What /proc and the host tell of processes (proc/identity.h), read by threads of its own. Reading
 * may take long, even for ever where a process wants it so; who drains the kernel's buffer waits a
 * few ms for it, and is told later of what took longer. All functions are for one thread. */
#ifndef SPY_SOURCE_DESCRIBER_H
#define SPY_SOURCE_DESCRIBER_H

#include "base/buf.h"
#include "capture/chunk.h"

struct describer;
struct describer *describer_new(void);
void describer_free(struct describer *d); /* accepts NULL */

/* The process is about to be asked for. Does not wait. */
void describer_prepare(struct describer *d, uint32_t tgid);
/* Appends the data of a CHUNK_PROC about the process of `of`. False: it is not known yet, and comes
 * by describer_late. */
bool describer_get(struct describer *d, const struct chunk *of, struct buf *out);
/* What the kernel told when the program began; of processes that are gone when they are looked at.
 */
struct spy_exec_names;
void describer_note(struct describer *d, uint32_t tgid, uint64_t ts_ns,
		    const struct spy_exec_names *names);
/* The number may be that of another program from now on. */
void describer_forget(struct describer *d, uint32_t tgid);
/* The next one that came late or has changed: *ret is the chunk that it was asked for with, as a
 * CHUNK_PROC whose data is valid until the next call. False: there is none. */
bool describer_late(struct describer *d, struct chunk *ret);

#endif
