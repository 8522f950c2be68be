/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the probe sends to user space: shared by the probe and by capture/chunk.c, which is the
 * only reader. The probe counts, user space reasons: every fragment says where it stands in its
 * direction, so that order and loss are arithmetic, whatever buffer carried it.
 *
 * Fields are little- or big-endian as the host is; recorded files hold the decoded chunk. */
#ifndef SPY_EVENT_H
#define SPY_EVENT_H

enum spy_kind {
	SPY_DATA = 1,  /* plaintext; `len` bytes follow */
	SPY_CLOSE = 2, /* the TLS object ends; struct spy_totals follows */
	SPY_HOST = 3,  /* server name the program asked for; `len` bytes of text follow */
	SPY_EXEC = 4,  /* process `tgid` began a program or mapped libraries: for the tracer itself,
			* which looks for what to hook in it; nothing of it is recorded */
	SPY_ENDPOINTS = 5, /* where the connection's two ends are; struct spy_endpoints follows.
			    * Sent again when something surer is known: the last one counts */
	SPY_CONNECT = 6,   /* process `tgid` opened a TCP connection; struct spy_endpoints follows.
			    * For the tracer itself, as SPY_EXEC */
	SPY_EXIT = 7, /* the first thread of process `tgid`, which had connections, ends; others
		       * of its threads may go on. For the tracer itself, as SPY_EXEC */
};

enum spy_dir {
	SPY_WRITE = 0, /* the program gave it to the TLS library */
	SPY_READ = 1,  /* the program got it from the TLS library */
};

#define SPY_FROM_START 1 /* the TLS object was seen when it was made: no earlier bytes */
#define SPY_MISSING                                                                                \
	2		/* `len` is what should follow and does not: memory could not be read, or  \
			 * the call was longer than what is captured of one */
#define SPY_CLEARTEXT 4 /* no TLS: what passed a socket */

struct spy_event {
	__u64 ts_ns;	     /* CLOCK_MONOTONIC, when the call returned */
	__u64 object;	     /* the TLS object's address in its process */
	__u64 first_seen_ns; /* ts_ns at which this TLS object was first seen: tells reuses apart */
	__u64 off;	     /* in its direction, the offset of this fragment's first byte */
	__u64 cgroup;	     /* cgroup v2 id, 0 where the kernel cannot tell */
	__u32 io_seq;	     /* number of the call in its direction of this TLS object, from 0 */
	__u32 io_off;	     /* in the call, the offset of this fragment's first byte */
	__u32 io_len;	     /* bytes that the library accepted or gave out in this call */
	__u32 len;	     /* bytes that follow this header (see SPY_MISSING) */
	__u32 tgid;	     /* process */
	__u32 tid;	     /* thread */
	__u32 uid;
	__u8 kind, dir, flags, pad;
	char comm[16]; /* the thread's name, NUL-padded */
};

struct spy_totals {
	__u64 bytes[2]; /* by enum spy_dir: all that passed, captured or not */
};

/* The ends of a TCP connection, as the process has them. Bytes throughout, so that the recorded
 * form is the same; ports as on the wire. */
struct spy_endpoints {
	__u8 netns[8];	/* tells network namespaces apart, 0: not known; of no other meaning */
	__u8 local[16]; /* IPv4: the first four */
	__u8 peer[16];
	__u8 local_port[2];
	__u8 peer_port[2];
	__u8 family; /* 4 or 6 */
	__u8 pad[3];
};

/* Slots of the per-CPU map `counters`. */
enum spy_counter {
	SPY_N_NOSPACE,	     /* fragments that found the buffer full */
	SPY_N_NOSPACE_BYTES, /* and the bytes in them */
	SPY_N_FAULT,	     /* fragments whose memory could not be read */
	SPY_N_CUT,	     /* calls longer than the limit for one call */
	SPY_N_ORPHAN,	     /* returns without a remembered entry: calls that were lost */
	SPY_N_TABLE_FULL,    /* calls or connections that found a table full */
	SPY_N_CALLS,	     /* TLS calls captured */
	SPY_N_BYTES,	     /* sent through the ring buffer */
	SPY_N_UNJOINED,	     /* keys of rustls whose connection's other direction was not found */
	SPY_N_COUNTERS
};

#endif
