/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The events that BPF programs send to user space; capture/chunk.c is the only reader. BPF programs
 * count, user space reasons: every fragment has its offset in its direction, so order and loss are
 * arithmetic, whatever buffer carried it. Fields are in host byte order; recorded files hold the
 * decoded chunk. */
#ifndef SPY_EVENT_H
#define SPY_EVENT_H

enum spy_kind {
	SPY_DATA = 1,  /* plaintext; `len` bytes follow */
	SPY_CLOSE = 2, /* the TLS object is freed; struct spy_totals follows */
	SPY_HOST = 3,  /* server name that the program requested; `len` bytes of text follow */
	SPY_EXEC = 4,  /* process `tgid` began a program, and struct spy_exec_names may follow, or
			* mapped libraries; for the tracer itself, which then scans its files;
			* not recorded */
	SPY_ENDPOINTS = 5, /* the connection's endpoints; struct spy_endpoints follows. Sent again
			    * if better evidence is found: the last one counts */
	SPY_CONNECT = 6,   /* process `tgid` opened a TCP connection; struct spy_endpoints follows.
			    * For the tracer itself, like SPY_EXEC */
	SPY_EXIT = 7, /* the first thread of process `tgid`, which had connections, ends; others
		       * of its threads may go on. For the tracer itself, as SPY_EXEC */
	SPY_FILE = 8, /* process `tgid` is the one that writes to the pipe or socket `object` now;
		       * dir SPY_READ: that reads what is written there. struct spy_file_ends
		       * follows. For the tracer itself, as SPY_EXEC */
	SPY_NOTICE_EVENT = 9, /* process `tgid` has sent a TLS ClientHello or a QUIC Initial packet
			       * (io_seq 0) on socket `object`, or something after it; struct
			       * spy_endpoints follows and the beginning of what was sent, `io_len`
			       * bytes in all; dir SPY_READ: it has received a ClientHello.
			       * For the tracer itself, as SPY_EXEC */
	SPY_REFUSED = 10, /* the server refused what was written until now, `off` bytes, as early
			   * data (RFC 8446 section 4.2.10): it has read none of it */
	SPY_FORKED = 11,  /* the connection goes on with that of process `io_seq`, from which this
			   * one was forked, at the same address, first seen at `off` */
};

/* What may follow SPY_EXEC. */
#define SPY_PARENTS 11
struct spy_exec_names {
	__u64 ino;		    /* inode number of the file that runs */
	__u32 exe_len, args_len;    /* of what there is of them here; 0: not known */
	__u32 parents[SPY_PARENTS]; /* of the process, nearest first; then 0 */
	char exe[257];		    /* path by which it was begun, ends in NUL */
	char args[1023];	    /* each ends in NUL, unless it is cut */
};

enum spy_dir {
	SPY_WRITE = 0, /* the program passed it to the TLS library */
	SPY_READ = 1,  /* the program received it from the TLS library */
};

#define SPY_FROM_START 1 /* the TLS object's creation was captured: no earlier bytes */
#define SPY_MISSING                                                                                \
	2		/* `len` is what should follow and does not: memory could not be read, or  \
			 * the call was longer than what is captured of one */
#define SPY_CLEARTEXT 4 /* no TLS: what passed a socket */
#define SPY_STDIO                                                                                  \
	8 /* written to a pipe or a Unix socket: `object` is its inode number, and `off` counts    \
	   * what all processes wrote to it */
#define SPY_DATAGRAM 16 /* of a notice: UDP */

struct spy_event {
	__u64 ts_ns;	     /* CLOCK_MONOTONIC, when the io returned */
	__u64 object;	     /* address of the TLS object in its process */
	__u64 first_seen_ns; /* ts_ns at which this TLS object was first seen; distinguishes reuses
			      * of the address */
	__u64 off;	     /* offset in its direction of this fragment's first byte */
	__u64 cgroup;	     /* cgroup v2 id, 0 if the kernel cannot tell */
	__u32 io_seq;	     /* number of the io in its direction of this TLS object, from 0 */
	__u32 io_off;	     /* offset in the io of this fragment's first byte */
	__u32 io_len;	     /* bytes that the library accepted or returned in this io */
	__u32 len;	     /* bytes after this header (see SPY_MISSING) */
	__u32 tgid;	     /* process */
	__u32 tid;	     /* thread */
	__u32 uid;
	__u8 kind, dir, flags, pad;
	char comm[16]; /* the thread's name, NUL-padded */
};

enum spy_early_state {
	SPY_EARLY_WRITTEN = 1, /* while the server has not answered */
	SPY_EARLY_ANSWERED,    /* it has: accepted or refused, as GnuTLS tells when asked */
};

struct spy_totals {
	__u64 bytes[2]; /* by enum spy_dir: all bytes that passed, captured or not */
};

/* The map spy_conns: connections by TLS object and process. */
struct spy_conn_key {
	__u64 tls;
	__u32 tgid, pad;
};
struct spy_conn {
	__u64 first_seen_ns;
	__u64 off[2];
	__u32 calls[2];
	__u32 from_start;
	__u32 refs;	/* beyond the first */
	__u64 resender; /* the thread that passes already reported data again, 0: none */
	__u64 sk;	/* the socket, if known (peer.bpf.c) */
	__u32 votes;
	__u32 plain; /* no TLS (sock.bpf.c) */
	__u32 busy;  /* calls under way, and whether it ends with the last of them (go.bpf.c) */
	__u32 closing;
	__u32 early, pad; /* enum spy_early_state: it wrote before its handshake was over */
};

/* The endpoints of a TCP connection, as the process has them. Only bytes, so that the recorded form
 * is the same; ports in network byte order. */
struct spy_endpoints {
	__u8 netns[8];	/* distinguishes network namespaces, 0: unknown */
	__u8 local[16]; /* IPv4: the first four */
	__u8 peer[16];
	__u8 local_port[2];
	__u8 peer_port[2];
	__u8 family; /* 4 or 6 */
	__u8 pad[3];
};

/* What a process writes to or reads, and who it is. */
struct spy_file_ends {
	__u64 peer; /* inode number of what it is read from: of a pipe, its own */
	__u64 out;  /* of a reader: that of the pipe or socket at its descriptor 1, 0: none */
	__u32 is_socket;
	__u32 parents[SPY_PARENTS]; /* of the process, nearest first; then 0 */
};

/* A value of the map spy_files (stdio.bpf.c), by inode number. */
enum spy_file_state {
	SPY_FILE_NEW,	  /* nothing was written that tells */
	SPY_FILE_WANTED,  /* it may speak JSON-RPC: all is captured */
	SPY_FILE_DROPPED, /* it does not */
};
struct spy_file {
	__u64 first_seen_ns;
	__u64 off;    /* bytes written since */
	__u32 writes; /* since */
	__u32 tgid;   /* who wrote last */
	__u32 reader; /* who read last */
	__u8 state, tries, pad[2];
};

/* What a processor counts, in the one entry of the per-CPU map spy_counters. */
enum spy_counter {
	SPY_N_NOSPACE,	     /* fragments dropped because the buffer was full */
	SPY_N_NOSPACE_BYTES, /* and the bytes in them */
	SPY_N_FAULT,	     /* fragments whose memory could not be read */
	SPY_N_CUT,	     /* ios longer than the limit for one io */
	SPY_N_ORPHAN,	     /* returns without a remembered entry: ios that were missed */
	SPY_N_TABLE_FULL,    /* ios or connections missed because a table was full */
	SPY_N_CALLS,	     /* TLS ios captured */
	SPY_N_BYTES,	     /* sent through the ring buffer */
	SPY_N_UNJOINED,	     /* keys of rustls or Erlang whose connection's other direction was
			      * not found */
	SPY_N_COUNTERS
};
struct spy_counts {
	__u64 of[SPY_N_COUNTERS]; /* by spy_counter */
};

#endif
