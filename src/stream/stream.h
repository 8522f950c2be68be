/* SPDX-License-Identifier: MIT */
/* Puts fragments in order, per connection and direction, by their offsets; reports a gap rather
 * than joining across it. Knows connections, not what is said on them. No clock: time is an
 * argument, nanoseconds of CLOCK_MONOTONIC. */
#ifndef SPY_STREAM_STREAM_H
#define SPY_STREAM_STREAM_H

#include "base/limits.h"
#include "capture/ancestors.h"
#include "capture/chunk.h"
#include "capture/endpoints.h"

/* What is known of a process. Strings are owned by the table and stay valid while any
 * connection refers to it. `name` is the program's (file name of its executable, else argv[0],
 * else the thread's name), never empty once a chunk of it was seen. */
struct proc {
	uint32_t tgid, uid;
	uint64_t cgroup;
	char name[64];
	/* As in struct proc_text; NULL when unknown. */
	char *exe, *cmdline, *script, *user;
	char *runtime, *container, *container_name, *pod, *unit;
	struct ancestors ancestors;
	unsigned refs;
};

/* One TLS connection. Lives from its first chunk until stream_out.close returns. */
struct conn {
	struct conn_id id;
	struct proc *proc;
	struct proc *other;	    /* at the other end, of pipes; NULL: not known */
	char comm[17];		    /* name of the thread last seen on it */
	uint32_t tid;		    /* and its number */
	char host[256];		    /* server name asked for, "" when unknown */
	struct endpoints endpoints; /* as last told; family 0 while unknown */
	bool from_start;	    /* no byte came before those captured */
	bool cleartext;		    /* no TLS */
	bool stdio;		    /* a pair of pipes: what is written is read by the other end */
	bool hooked_late;	    /* after it had moved data */
	uint64_t bytes[2];	    /* captured, by enum dir */
	uint64_t missing[2];
	uint64_t ios, implausible_ios; /* captured; of them, whose memory could not be read, or
					* whose length cannot be */
	uint64_t seen_ns;	       /* last chunk */
	void *user;		       /* pipeline's own; it frees it in close */
};

/* In order of offset within a direction; across directions in order of arrival. `s` is
 * borrowed. A gap of `nbytes` comes exactly where the bytes are missing; `lost`: their events were
 * lost, rather than told of as missing. `close` is the last
 * call for a connection; `ended` is false where it was dropped (limit, end of its process, end of
 * input) rather than closed by its program. */
struct stream_out {
	void (*bytes)(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, struct span s);
	void (*gap)(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, uint64_t nbytes,
		    bool lost);
	void (*close)(void *arg, struct conn *c, uint64_t ts_ns, bool ended);
	void (*endpoints)(void *arg, struct conn *c); /* c->endpoints changed; may be NULL */
	/* The server has read nothing of what was written so far; may be NULL. */
	void (*refused)(void *arg, struct conn *c, uint64_t ts_ns);
	/* CHUNK_KEY: of the request that began at that time; may be NULL */
	void (*key)(void *arg, struct conn *c, uint64_t began_ns, struct span text);
};

struct stream_stats {
	uint64_t conns, bytes[2], gaps, missing_bytes, lost_events, late_chunks;
};

struct stream;
struct stream *stream_new(struct limits *lim, const struct stream_out *out, void *arg);
void stream_free(struct stream *s); /* without calling close: call stream_finish before */

void stream_feed(struct stream *s, const struct chunk *c);

/* Call now and then: gives up waiting for fragments that are overdue. */
void stream_tick(struct stream *s, uint64_t now_ns);

/* End of input: reports what is held, then closes every connection (ended = false). */
void stream_finish(struct stream *s, uint64_t now_ns);

const struct stream_stats *stream_stats(const struct stream *s);
/* Wall-clock minus monotonic time, ns; 0 before a CHUNK_CLOCK came. */
int64_t stream_wall_offset(const struct stream *s);

#endif
