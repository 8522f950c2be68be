/* SPDX-License-Identifier: MIT */
/* What processes write to pipes and Unix sockets, as connections: each event names a file and who
 * wrote to it, or who reads it. Two files, one each way, become one connection of the process that
 * started the other, whose CHUNK_OTHER names the other end. Files that carry no JSON-RPC are
 * dropped, in the kernel too. */
#ifndef SPY_SOURCE_STDIO_H
#define SPY_SOURCE_STDIO_H

#include "capture/chunk.h"

struct spy_file_ends;

struct stdio_out {
	/* The identity of the process is to precede what follows; `of` is a chunk of it. */
	int (*describe)(void *arg, const struct chunk *of);
	chunk_fn chunk;
	void *arg;
};

struct stdio;
/* files: the map spy_files. */
struct stdio *stdio_new(int files, const struct stdio_out *out);
void stdio_free(struct stdio *s); /* accepts NULL */

/* What chunk_file told. */
int stdio_file(struct stdio *s, const struct chunk *c, const struct spy_file_ends *ends);
/* A CHUNK_DATA with CHUNK_STDIO, of a file. */
int stdio_data(struct stdio *s, const struct chunk *c);
/* When all events until now have been given. Files whose reader the kernel has not told for long
 * are given to whom /proc tells. now_ns: CLOCK_MONOTONIC. */
int stdio_tick(struct stdio *s, uint64_t now_ns);
/* No more events come. */
int stdio_finish(struct stdio *s);
/* The process has ended; before its CHUNK_EXIT. */
int stdio_exit(struct stdio *s, uint32_t tgid, uint64_t ts_ns);

#endif
