/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The probe: plaintext at the border between a program and its TLS library, numbered and counted.
 * Compiled at start by libbcc; src/probe/compile.c puts in front of it the switches below and
 * event.h. It knows nothing of HTTP, providers or secrets.
 *
 * Here: who is traced, and what is known of connections. All other texts follow.
 *
 * SPY_RINGBUF    1: ring buffer (Linux 5.8), 0: perf buffer
 * SPY_RING_PAGES size of the ring buffer, a power of two
 * SPY_WAKE_BYTES bytes on one processor after which the reader is woken at once
 * SPY_CHUNK      bytes of one fragment at most
 * SPY_CHUNKS     fragments that spy_more sends of a call before another one goes on
 * SPY_CALL_MAX   bytes of one call at most
 * SPY_CONNS      TLS objects remembered
 * SPY_TREE       1: only processes of the command's tree
 * SPY_SELF       the tracer's process number: never traced
 * SPY_SKIP       an expression of tgid, uid and comm that is true for what is left out
 * SPY_NEED_COMM  1 where SPY_SKIP uses it
 * SPY_CGROUPS    only processes in or below so many cgroups, 0: all
 * SPY_READ_USER  the helper that reads user memory on this kernel
 * SPY_READ_KERNEL and the kernel's own
 * SPY_EXEC_NAMES 1: what a new program is called is told when it begins; SPY_AT_... as in
 *                stdio.bpf.c
 * SPY_PEERS      1: which sockets connections use is found out (peer.bpf.c)
 * SPY_NETNS      1: the kernel has network namespaces
 */
#include <linux/ptrace.h>

/* Keeps clang from removing a bounds check that the verifier needs. */
#define spy_opaque(v) asm volatile("" : "+r"(v))

#if defined(__x86_64__)
/* A return has popped the address that was at the entry's stack pointer. */
#define SPY_SP_ENTRY(ctx)  ((ctx)->sp)
#define SPY_SP_RETURN(ctx) ((ctx)->sp - 8)
#else
#define SPY_SP_ENTRY(ctx)  PT_REGS_SP(ctx)
#define SPY_SP_RETURN(ctx) PT_REGS_SP(ctx)
#endif

/* An io in progress. The stack pointer is part of the key because calls nest on one thread if TLS
 * runs inside TLS (an https proxy). */
struct spy_frame {
	u64 thread, sp;
};
struct spy_args {
	u64 tls, buf, done; /* tls 0: not ours; done: where the byte count is stored, 0: it is the
			     * return value */
	u64 seq;	    /* spy_peer_seq */
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_args, spy_frames, 16384);

BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_conn, spy_conns, SPY_CONNS);

/* Processes that have connections: of others nobody wants to know when they end. */
BPF_TABLE("lru_hash", u32, u8, spy_users, SPY_CONNS);

/* Threads that were forked, or are of a process that was, from one that had connections: by their
 * kernel object, because a fork does not report the child's id. The value is that process. */
BPF_TABLE("lru_hash", u64, u32, spy_heirs, 4096);

BPF_PERCPU_ARRAY(spy_counters, struct spy_counts, 1);

#if SPY_RINGBUF
BPF_RINGBUF_OUTPUT(spy_events, SPY_RING_PAGES);
#else
/* A program may be preempted while it uses its scratch memory, so slots belong to threads, not to
 * processors. */
#define SPY_SLOTS 64
struct spy_slot {
	u64 owner;
	struct spy_event ev;
	u8 data[SPY_CHUNK];
};
BPF_ARRAY(spy_slots, struct spy_slot, SPY_SLOTS);
BPF_PERF_OUTPUT(spy_events);
#endif

/* By thread, what spy_more sends: the event's head, whose off and io_off are those of the next
 * fragment, and the rest. */
struct spy_rest {
	u64 buf;  /* the first byte of all */
	u64 ends; /* the TLS object whose connection ends after it; 0: none */
};
BPF_TABLE("lru_hash", u64, struct spy_event, spy_rests, 1024);
BPF_TABLE("lru_hash", u64, struct spy_rest, spy_rest_of, 1024);
BPF_PROG_ARRAY(spy_next, 1); /* spy_more */

#if SPY_TREE
/* The command itself is known by its id. Its descendants are known by their kernel object, because
 * a fork reports the child's object but not its id. */
BPF_HASH(spy_tree_tgids, u32, u8, 64);
BPF_TABLE("lru_hash", u64, u8, spy_tree_tasks, 65536);
#endif

#if SPY_CGROUPS
BPF_CGROUP_ARRAY(spy_cgroups, SPY_CGROUPS);
#endif

/* peer.bpf.c */
#define SPY_SEQ_UNKNOWN (~0ull)
static __always_inline u64 spy_peer_seq(void);
static __always_inline void spy_peer_done(void *ctx, u32 dir, u64 tls, u64 seq, u64 n);
/* sock.bpf.c */
static __always_inline void spy_plain_exec(void);
/* tls.bpf.c */
static __always_inline int spy_end(struct pt_regs *ctx, u64 tls, int again);

/* Those of this processor. Never 0, which the verifier does not know. */
static __always_inline struct spy_counts *spy_counts(void)
{
	u32 only = 0;

	return spy_counters.lookup(&only);
}

static __always_inline void spy_count(u32 which, u64 n)
{
	struct spy_counts *c = spy_counts();

	if (c)
		c->of[which] += n;
}

static __always_inline void spy_no_space(struct spy_counts *c, u64 n)
{
	c->of[SPY_N_NOSPACE]++;
	c->of[SPY_N_NOSPACE_BYTES] += n;
}

static __always_inline int spy_in_tree(u32 tgid)
{
#if SPY_TREE
	u64 task = bpf_get_current_task();

	return spy_tree_tgids.lookup(&tgid) || spy_tree_tasks.lookup(&task);
#else
	return 1;
#endif
}

/* The kernel compares with the cgroups above as well (Linux 4.9). */
static __always_inline int spy_in_cgroups(void)
{
#if SPY_CGROUPS
#pragma unroll
	for (int i = 0; i < SPY_CGROUPS; i++)
		if (spy_cgroups.check_current_task(i) == 1)
			return 1;
	return 0;
#else
	return 1;
#endif
}

static __always_inline int spy_wanted(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u32 uid = bpf_get_current_uid_gid();
#if SPY_NEED_COMM
	char comm[16] = {};

	bpf_get_current_comm(&comm, sizeof(comm));
#endif
	if (tgid == SPY_SELF || (SPY_SKIP))
		return 0;
	return spy_in_cgroups() && spy_in_tree(tgid);
}

/* Of something that this process has. */
static __always_inline void spy_key(struct spy_conn_key *key, u64 what)
{
	key->tls = what;
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	key->pad = 0;
}

/* NULL: it is not known. */
static __always_inline struct spy_conn *spy_known(u64 tls)
{
	struct spy_conn_key key = {};

	spy_key(&key, tls);
	return spy_conns.lookup(&key);
}

/* Begins it if it is not known. */
static __always_inline struct spy_conn *spy_conn_of(u64 tls)
{
	struct spy_conn_key key = {};
	struct spy_conn fresh = {};
	struct spy_conn *c;
	u8 one = 1;

	spy_key(&key, tls);
	c = spy_conns.lookup(&key);
	if (c)
		return c;
	fresh.first_seen_ns = bpf_ktime_get_ns();
	spy_conns.update(&key, &fresh);
	spy_users.update(&key.tgid, &one);
	return spy_conns.lookup(&key);
}

static __always_inline u64 spy_kernel_word(u64 at)
{
	u64 v = 0;

	SPY_READ_KERNEL(&v, sizeof(v), (void *)at);
	return v;
}

static __always_inline void spy_fill(struct spy_event *e, u64 tls, struct spy_conn *c)
{
	u64 id = bpf_get_current_pid_tgid();

	e->object = tls;
	e->first_seen_ns = c->first_seen_ns;
	e->tgid = id >> 32;
	e->tid = id;
	e->uid = bpf_get_current_uid_gid();
	e->cgroup = SPY_CGROUP_ID;
	e->flags = (c->from_start ? SPY_FROM_START : 0) | (c->plain ? SPY_CLEARTEXT : 0);
	e->pad = 0;
	bpf_get_current_comm(&e->comm, sizeof(e->comm));
}
