/* SPDX-License-Identifier: MIT */
/* The BPF ring buffer (Linux 5.8; kernel/bpf/ringbuf.c), as kernel_buffer.c reads it. */
#ifndef SPY_SOURCE_RING_H
#define SPY_SOURCE_RING_H

#include "base/error.h"
#include "source/kernel_buffer.h"

struct ring;
/* bytes: its size, a power of two. map: borrowed until ring_free. */
int ring_open(struct ring **ret, int map, size_t bytes, struct error *reterr);
void ring_free(struct ring *r); /* accepts NULL */
int ring_map(const struct ring *r);
/* Gives records to fn until so many bytes were given, fn fails, or there are none; *ret_all: none
 * of those that were there are left. */
int ring_drain(struct ring *r, event_fn fn, void *arg, size_t budget, bool *ret_all);

#endif
