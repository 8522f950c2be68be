/* SPDX-License-Identifier: MIT */
/* The unit that every source of events hands to the pipeline: one fragment of plaintext, or one
 * fact about a connection or process. Live probes and recorded files produce the same chunks. */
#ifndef SPY_CAPTURE_CHUNK_H
#define SPY_CAPTURE_CHUNK_H

#include "base/dir.h"
#include "base/span.h"

enum chunk_kind {
	CHUNK_DATA,	 /* `data` is plaintext at offset `off` of direction `dir` */
	CHUNK_CLOSE,	 /* the TLS object is gone; `totals` says what passed through it */
	CHUNK_HOST,	 /* `data` is the server name (SNI) asked for */
	CHUNK_PROC,	 /* `data` is what /proc told of process conn.tgid, see struct proc_text */
	CHUNK_CLOCK,	 /* `off` is wall-clock time minus ts_ns, in ns */
	CHUNK_LOST,	 /* `off` events were lost in the kernel, of which connections is unknown */
	CHUNK_ENDPOINTS, /* `data` says where the connection's ends are (capture/endpoints.h); may
			  * come again, and the last one counts */
	CHUNK_EXIT,	 /* process conn.tgid has ended, and nothing more comes of it */
};

/* Process, address of the TLS object, and when that was first seen: pointer reuse and forks
 * can't mix streams. */
struct conn_id {
	uint32_t tgid;
	uint64_t object;	/* address of the TLS object; a made-up number for a socket */
	uint64_t first_seen_ns; /* CLOCK_MONOTONIC */
};

#define CHUNK_FROM_START 1 /* no byte of this connection came before the first captured one */
#define CHUNK_MISSING	 2 /* `missing` bytes at `off` could not be captured; `data` is empty */
#define CHUNK_CLEARTEXT	 4 /* no TLS: what passed a socket; conn.object is made up for it */

/* `data` is borrowed: valid until the function that got the chunk returns. */
struct chunk {
	enum chunk_kind kind;
	enum dir dir;
	uint8_t flags;
	struct conn_id conn;
	uint64_t ts_ns; /* CLOCK_MONOTONIC of the host that recorded it */
	uint64_t off;	/* bytes, see kind */
	uint64_t cgroup;
	uint32_t io_seq, io_off, io_len; /* as in struct spy_event */
	uint32_t missing;		 /* bytes, with CHUNK_MISSING */
	uint32_t tid, uid;
	uint64_t totals[2]; /* CHUNK_CLOSE, by enum dir */
	char comm[17];	    /* thread's name, always ends in NUL */
	struct span data;
};

/* Events for the tracer itself, which make no chunk. The process that an event of kind SPY_EXEC
 * tells of, 0 for other events; and of one of kind SPY_CONNECT, with the encoded ends. And of one
 * of kind SPY_EXIT. */
uint32_t chunk_exec(const void *raw, size_t len);
uint32_t chunk_connect(const void *raw, size_t len, struct span *ret_ends);
uint32_t chunk_exit(const void *raw, size_t len);
/* Takes one event of the probe apart. 0, or -EPROTO when its lengths contradict each other. */
int chunk_from_event(const void *raw, size_t len, struct chunk *ret);

/* The recorded form of a chunk: fixed little-endian fields, then `data` (doc/RECORDING.md).
 * chunk_encode appends to `out` (struct buf); chunk_decode borrows from `in`; -EPROTO when
 * malformed. */
struct buf;
int chunk_encode(const struct chunk *c, struct buf *out);
int chunk_decode(struct span in, struct chunk *ret);

/* Receives chunks in the order of their arrival. A negative return stops the source. */
typedef int (*chunk_fn)(void *arg, const struct chunk *c);

#endif
