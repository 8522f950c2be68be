/* SPDX-License-Identifier: MIT */
/* The unit that every source delivers: one fragment of plaintext, or one fact about a connection or
 * process. Live events and recordings produce the same chunks. */
#ifndef SPY_CAPTURE_CHUNK_H
#define SPY_CAPTURE_CHUNK_H

#include "base/dir.h"
#include "base/span.h"

enum chunk_kind {
	CHUNK_DATA,	 /* `data` is plaintext at offset `off` of direction `dir` */
	CHUNK_CLOSE,	 /* the TLS object was freed; `totals` is what passed through it */
	CHUNK_HOST,	 /* `data` is the server name requested (SNI) */
	CHUNK_PROC,	 /* `data` identifies process conn.tgid, see struct proc_text */
	CHUNK_CLOCK,	 /* `off` is wall-clock time minus ts_ns, in ns */
	CHUNK_LOST,	 /* the kernel lost `off` events, of unknown connections */
	CHUNK_ENDPOINTS, /* `data` holds the connection's endpoints (capture/endpoints.h); the last
			  * such chunk of a connection counts */
	CHUNK_EXIT,	 /* process conn.tgid has ended, and nothing more comes of it */
	CHUNK_OTHER,	 /* `off` is the process at the other end of the connection, from now on */
	CHUNK_REFUSED,	 /* the server refused the first `off` bytes written, as early data: what
			  * comes begins anew */
	CHUNK_FORKED, /* the connection goes on with that of process `io_seq`, of which conn.tgid is
		       * a fork, at the same address, first seen at `off` */
	CHUNK_KEY,    /* recordings: `data` tells the key of the request that began at `off`, ns,
		       * from others (exchange/key_print.h) */
};

/* Process, address of the TLS object, and when that was first seen, so that reused addresses and
 * forks do not mix connections. */
struct conn_id {
	uint32_t tgid;
	uint64_t object;	/* address of the TLS object; for a socket, a made-up number */
	uint64_t first_seen_ns; /* CLOCK_MONOTONIC */
};

#define CHUNK_FROM_START 1 /* the first captured byte is the connection's first */
#define CHUNK_MISSING	 2 /* `missing` bytes at `off` could not be captured; `data` is empty */
#define CHUNK_CLEARTEXT	 4 /* no TLS: captured from a socket; conn.object is a made-up number */
#define CHUNK_SEEN_NAME                                                                            \
	32 /* CHUNK_HOST: read from the ClientHello; what the program names counts more */
#define CHUNK_LEFT_OPEN                                                                            \
	16 /* CHUNK_CLOSE: its program did not free it; the process or the trace ended */

#define CHUNK_STDIO                                                                                \
	8 /* a pair of pipes or Unix sockets: conn.tgid wrote it, or with DIR_READ the process at  \
	   * the other end; conn.object is the inode number of one of them */
#define CHUNK_LATE 64 /* the connection's TLS was hooked after it had moved data */

/* `data` is borrowed: valid until the function that received the chunk returns. */
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

/* For events that concern the tracer itself and make no chunk: the process of an event of kind
 * SPY_EXEC, SPY_CONNECT (with the encoded endpoints) or SPY_EXIT; 0 for other events. */
uint32_t chunk_exec(const void *raw, size_t len, uint32_t *ret_tid);
/* Whether an event of kind SPY_EXEC tells what the process is; and when that was. */
struct spy_exec_names;
bool chunk_exec_names(const void *raw, size_t len, struct spy_exec_names *ret, uint64_t *ret_ts_ns);
uint32_t chunk_connect(const void *raw, size_t len, struct span *ret_ends);
uint32_t chunk_exit(const void *raw, size_t len);
/* Of an event of kind SPY_FILE: what it tells, and the process, time and file in ret. False: it is
 * another. */
struct spy_file_ends;
bool chunk_file(const void *raw, size_t len, struct chunk *ret, struct spy_file_ends *ret_ends);
/* The same of SPY_NOTICE_EVENT; false for others, and for what is malformed. */
struct notice;
bool chunk_notice(const void *raw, size_t len, struct notice *ret);
/* Decodes one event. 0, or -EPROTO if its lengths are inconsistent. */
int chunk_from_event(const void *raw, size_t len, struct chunk *ret);

/* The recorded form of a chunk: fixed little-endian fields, then `data` (doc/RECORDING.md).
 * chunk_encode appends to `out` (struct buf); chunk_decode borrows from `in`; -EPROTO if
 * malformed. */
struct buf;
int chunk_encode(const struct chunk *c, struct buf *out);
int chunk_decode(struct span in, struct chunk *ret);

/* Receives chunks in order of arrival. A negative return stops the source. */
typedef int (*chunk_fn)(void *arg, const struct chunk *c);

#endif
