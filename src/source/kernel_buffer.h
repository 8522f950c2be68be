/* SPDX-License-Identifier: MIT */
/* Reads the probe's events out of the kernel: a ring buffer shared by all processors, or one perf
 * buffer for each of them. Both are rows of one table. Sources: Documentation/bpf/ringbuf.rst,
 * perf_event_open(2). */
#ifndef SPY_SOURCE_KERNEL_BUFFER_H
#define SPY_SOURCE_KERNEL_BUFFER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* `raw` is borrowed until the call returns; `len` may exceed what the event says it holds. A
 * negative return stops the drain. `raw` NULL: `len` events were lost before this point. */
typedef int (*event_fn)(void *arg, const void *raw, size_t len);

struct events;

/* map: the probe's `spy_events`; bytes: its size (ring) or what to reserve for each processor
 * (perf), a power of two of at least a page. */
int events_open(bool ring, int map, size_t bytes, struct events **ret, struct error *reterr);
void events_free(struct events *e); /* accepts NULL */

/* Descriptors to poll for reading, at most `max`; returns how many there are. */
size_t events_pollfds(const struct events *e, struct pollfd *fds, size_t max);

/* Takes out what is there, in order of time as far as the buffer knows it: the ring is one order,
 * perf buffers are merged by time, and what may still be overtaken stays until a later call
 * unless `all`. Stops early after `budget` bytes, so that the caller's loop stays responsive. */
int events_drain(struct events *e, event_fn fn, void *arg, bool all, size_t budget);

/* Whether the last drain took out all that was in the buffer more than some ms before it. */
bool events_drained(const struct events *e);

#endif
