/* SPDX-License-Identifier: MIT */
/* The live source of chunks: the probe's events, and before the first of each connection what
 * /proc tells of its process. */
#ifndef SPY_SOURCE_LIVE_H
#define SPY_SOURCE_LIVE_H

#include <sys/types.h>

#include "base/error.h"
#include "capture/chunk.h"
#include "capture/endpoints.h"
#include "source/source.h"

struct live;
/* Descriptors of the probe's maps: spy_events and spy_conns. */
struct live_maps {
	int events, conns;
};
/* ring, bytes: as for events_open. Begins with a CHUNK_CLOCK. */
int live_open(struct live **ret, bool ring, const struct live_maps *maps, size_t bytes, chunk_fn fn,
	      void *arg, struct error *reterr);
/* Who is told of threads that began a program or mapped libraries. */
typedef void (*exec_fn)(void *arg, uint32_t tgid, uint32_t tid);
void live_on_exec(struct live *l, exec_fn fn, void *arg);
/* And of processes that opened a TCP connection. */
typedef void (*connect_fn)(void *arg, uint32_t tgid, const struct endpoints *ends);
void live_on_connect(struct live *l, connect_fn fn, void *arg);
/* Events of pipes and Unix sockets are told as connections; files: the map spy_files. */
void live_with_stdio(struct live *l, int files);
/* And of connections with TLS or QUIC that begin, and of what they say next. */
struct notice;
typedef void (*notice_fn)(void *arg, const struct notice *n);
void live_on_notice(struct live *l, notice_fn fn, void *arg);
/* Reads what /proc tells of a process before its first event, which may be its last as well. Waits
 * some ms at most. */
void live_describe(struct live *l, pid_t pid);
void live_free(struct live *l); /* accepts NULL */
struct source *live_source(struct live *l);
uint64_t live_lost(const struct live *l); /* events the buffer says it lost */

#endif
