/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The probe: plaintext at the border between a program and its TLS library, numbered and counted.
 * Compiled at start by libbcc; src/probe/compile.c puts in front of it the switches below and
 * event.h. It knows nothing of HTTP, providers or secrets.
 *
 * Reads and writes are taken at return, by the number of bytes the library accepted or gave
 * out, so retries and short writes are right, and so that pages not yet touched are there.
 *
 * SPY_RINGBUF    1: ring buffer (Linux 5.8), 0: perf buffer
 * SPY_RING_PAGES size of the ring buffer, a power of two
 * SPY_WAKE_BYTES bytes on one processor after which the reader is woken at once
 * SPY_CHUNK      bytes of one fragment at most
 * SPY_CHUNKS     fragments that one program sends of a call; what is left is sent by spy_more,
 * again and again SPY_CALL_MAX   bytes of one call at most SPY_CONNS      TLS objects remembered
 * SPY_TREE       1: only processes of the command's tree
 * SPY_SELF       the tracer's process number: never traced
 * SPY_SKIP       an expression of tgid, uid and comm that is true for what is left out
 * SPY_NEED_COMM  1 where SPY_SKIP uses it
 * SPY_CGROUPS    only processes in or below so many cgroups, 0: all
 * SPY_READ_USER  the helper that reads user memory on this kernel
 * SPY_READ_KERNEL and the kernel's own
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

#define SPY_PART ((u64)SPY_CHUNK * SPY_CHUNKS)

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

BPF_PERCPU_ARRAY(spy_counters, u64, SPY_N_COUNTERS);

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
 * fragment, and the address of the first byte of all. */
BPF_TABLE("lru_hash", u64, struct spy_event, spy_rests, 1024);
BPF_TABLE("lru_hash", u64, u64, spy_rest_bufs, 1024);
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

static __always_inline void spy_count(u32 which, u64 n)
{
	u64 *c = spy_counters.lookup(&which);

	if (c)
		*c += n;
}

static __always_inline void spy_no_space(u64 n)
{
	spy_count(SPY_N_NOSPACE, 1);
	spy_count(SPY_N_NOSPACE_BYTES, n);
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

#if SPY_RINGBUF

#define SPY_SMALL   512
#define SPY_PAGE    4096
#define SPY_RECORD  16384 /* the largest content of one TLS record */
#define SPY_ROOM(n) (sizeof(struct spy_event) + (n))

/* The reader drains periodically, because a wake-up costs the traced program more than the capture.
 * It is woken only for the first event of a connection (a short-lived process must still exist when
 * its name is read) and once per SPY_WAKE_BYTES, so that bursts are drained in time. */
static __always_inline u64 spy_wake(struct spy_event *head, u64 n)
{
	u32 which = SPY_N_BYTES;
	u64 *bytes = spy_counters.lookup(&which);
	u64 before = bytes ? *bytes : 0;

	if (bytes)
		*bytes = before + n;
	if ((head->io_seq == 0 && head->io_off == 0) ||
	    before / SPY_WAKE_BYTES != (before + n) / SPY_WAKE_BYTES)
		return 2; /* BPF_RB_FORCE_WAKEUP */
	return 1;	  /* BPF_RB_NO_WAKEUP */
}

/* Sends one fragment of `n` bytes at `from`; reserve takes only constant sizes. */
/* n: at most `room`, which is said again where clang has it in a register: Linux 6.1 forgets it for
 * what was on the stack when it was found out. */
static __always_inline void spy_send_in(struct spy_event *head, u64 from, u64 n, const u64 room)
{
	struct spy_event *e = spy_events.ringbuf_reserve(SPY_ROOM(room));
	long err;

	if (!e) {
		spy_no_space(n);
		return;
	}
	*e = *head;
	e->len = n;
	spy_opaque(n);
	if (n > room)
		n = room;
	err = SPY_READ_USER(e + 1, n, (void *)from);
	if (err)
		e->flags |= SPY_MISSING;
	spy_events.ringbuf_submit(e, spy_wake(head, n));
	if (err)
		spy_count(SPY_N_FAULT, 1);
}

static __always_inline void spy_send(struct pt_regs *ctx, struct spy_event *head, u64 from, u64 n)
{
	if (n > SPY_RECORD)
		spy_send_in(head, from, n, SPY_CHUNK);
	else if (n > SPY_PAGE)
		spy_send_in(head, from, n, SPY_RECORD);
	else if (n > SPY_SMALL)
		spy_send_in(head, from, n, SPY_PAGE);
	else
		spy_send_in(head, from, n, SPY_SMALL);
}

#else

static __always_inline void spy_send(struct pt_regs *ctx, struct spy_event *head, u64 from, u64 n)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 index = (u32)thread % SPY_SLOTS;
	struct spy_slot *s = spy_slots.lookup(&index);
	long err;

	/* In use: another thread was preempted while it used this slot. */
	if (!s || *(volatile u64 *)&s->owner) {
		spy_no_space(n);
		return;
	}
	*(volatile u64 *)&s->owner = thread;
	s->ev = *head;
	s->ev.len = n;
	err = SPY_READ_USER(s->data, n, (void *)from);
	if (err) {
		s->ev.flags |= SPY_MISSING;
		spy_count(SPY_N_FAULT, 1);
	}
	spy_opaque(n);
	if (n > SPY_CHUNK)
		n = SPY_CHUNK;
	err = spy_events.perf_submit(ctx, &s->ev, sizeof(s->ev) + n);
	*(volatile u64 *)&s->owner = 0;
	if (err)
		spy_no_space(n);
}

#endif

/* An event without plaintext. */
static __always_inline void spy_send_small(void *ctx, void *event, u32 size)
{
#if SPY_RINGBUF
	long err = spy_events.ringbuf_output(event, size, 1 /* BPF_RB_NO_WAKEUP */);
#else
	long err = spy_events.perf_submit(ctx, event, size);
#endif
	if (err)
		spy_no_space(0);
}

#if SPY_RINGBUF

/* 1: it is not 0; without a branch, which would double the verifier's ways. */
static __always_inline u64 spy_is_set(u64 v)
{
	u64 minus = -v;

	spy_opaque(minus);
	return (v | minus) >> 63;
}

/* Counters, looked up before a loop rather than in each round. */
struct spy_tally {
	u64 *bytes, *nospace, *nospace_bytes, *fault;
};

static __always_inline u64 *spy_counter_of(u32 which)
{
	return spy_counters.lookup(&which);
}

static __always_inline int spy_tally_find(struct spy_tally *t)
{
	t->bytes = spy_counter_of(SPY_N_BYTES);
	t->nospace = spy_counter_of(SPY_N_NOSPACE);
	t->nospace_bytes = spy_counter_of(SPY_N_NOSPACE_BYTES);
	t->fault = spy_counter_of(SPY_N_FAULT);
	return t->bytes && t->nospace && t->nospace_bytes && t->fault;
}

/* As spy_send for SPY_CHUNK bytes, with one branch. */
static __always_inline void spy_send_whole(struct pt_regs *ctx, struct spy_event *head, u64 from,
					   struct spy_tally *t)
{
	struct spy_event *e = spy_events.ringbuf_reserve(SPY_ROOM(SPY_CHUNK));
	u64 before, missing, wake;

	if (!e) {
		*t->nospace += 1;
		*t->nospace_bytes += SPY_CHUNK;
		return;
	}
	*e = *head;
	e->len = SPY_CHUNK;
	missing = (u64)SPY_READ_USER(e + 1, SPY_CHUNK, (void *)from) >> 63;
	spy_opaque(missing);
	e->flags |= missing * SPY_MISSING;
	*t->fault += missing;
	before = *t->bytes;
	*t->bytes = before + SPY_CHUNK;
	wake = spy_is_set(before / SPY_WAKE_BYTES ^ (before + SPY_CHUNK) / SPY_WAKE_BYTES);
	wake |= 1 ^ spy_is_set(head->io_seq | head->io_off);
	spy_events.ringbuf_submit(e, 1 + wake); /* BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
}

#else

struct spy_tally {
};
static __always_inline int spy_tally_find(struct spy_tally *t)
{
	return 1;
}

static __always_inline void spy_send_whole(struct pt_regs *ctx, struct spy_event *head, u64 from,
					   struct spy_tally *t)
{
	spy_send(ctx, head, from, SPY_CHUNK);
}

#endif

/* Sends the fragments of one part of an io: those from io_off on, of `total` bytes at `buf`; whole
 * ones, then the rest. Returns how far it came. The verifier walks the loop round by round, and
 * prunes a path only at a state that it knows. So a round compares what nothing after the loop
 * looks at, and has as few branches as can be; and clang must not turn `at` into a running sum:
 * hence spy_opaque. */
static __always_inline u64 spy_send_part(struct pt_regs *ctx, struct spy_event *head, u64 buf,
					 u64 total)
{
	u64 off = head->off, first = head->io_off, left = total - first;
	u64 whole = left - left % SPY_CHUNK, rest = left < SPY_PART ? left % SPY_CHUNK : 0;
	struct spy_tally tally = {};

	/* One way leads to the loop, on which the counters are known: Linux 6.1 forgets that
	 * without them `whole` is 0. */
	if (whole) {
		if (!spy_tally_find(&tally))
			return first + SPY_PART;
#pragma clang loop unroll(disable)
		for (u32 i = 0; i < SPY_CHUNKS; i++) {
			u64 at = (u64)i * SPY_CHUNK;

			spy_opaque(at);
			if (at >= whole)
				break;
			head->io_off = first + at;
			head->off = off + at;
			spy_send_whole(ctx, head, buf + first + at, &tally);
		}
	}
	if (rest) {
		head->io_off = total - rest;
		head->off = off + (left - rest);
		spy_send(ctx, head, buf + (total - rest), rest);
	}
	head->io_off = first + SPY_PART;
	head->off = off + SPY_PART;
	return first + SPY_PART;
}

/* From here on an io is not captured. */
static __always_inline void spy_cut(void *ctx, struct spy_event *head, u64 total)
{
	spy_count(SPY_N_CUT, 1);
	head->len = total - head->io_off;
	head->flags |= SPY_MISSING;
	spy_send_small(ctx, head, sizeof(*head));
}

/* Sends all bytes of an io. A caller does nothing after it: of a long one it does not return. */
static __always_inline void spy_send_call(struct pt_regs *ctx, struct spy_event *head, u64 buf,
					  u64 total)
{
	u64 thread = bpf_get_current_pid_tgid();

	head->io_len = total;
	head->io_off = 0;
	if (spy_send_part(ctx, head, buf, total) >= total)
		return;
	if (SPY_PART < SPY_CALL_MAX) {
		spy_rests.update(&thread, head);
		spy_rest_bufs.update(&thread, &buf);
		spy_next.call(ctx, 0);
	}
	spy_cut(ctx, head, total);
}

/* The next part of a long io. The kernel lets programs follow one another 33 times. */
int spy_more(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid(), *buf = spy_rest_bufs.lookup(&thread), total, at;
	struct spy_event *rest = spy_rests.lookup(&thread), head;

	if (!rest || !buf)
		return 0;
	head = *rest;
	total = head.io_len;
	at = spy_send_part(ctx, &head, *buf, total);
	if (at < total && at < SPY_CALL_MAX) {
		*rest = head;
		spy_next.call(ctx, 0);
	}
	spy_rests.delete(&thread);
	if (at < total)
		spy_cut(ctx, &head, total);
	return 0;
}

/* ---- connections that go on in a process that was forked ---- */

/* sched_process_fork(parent, child), of threads too */
int spy_forked(struct bpf_raw_tracepoint_args *ctx)
{
	u64 child = ctx->args[1], task = bpf_get_current_task();
	u32 tgid = bpf_get_current_pid_tgid() >> 32, *from;

	from = spy_users.lookup(&tgid) ? &tgid : spy_heirs.lookup(&task);
	if (from)
		spy_heirs.update(&child, from);
	return 0;
}

/* It ends, or begins another program: what is at an address there is something else. */
static __always_inline void spy_no_heir(void)
{
	u64 task = bpf_get_current_task();

	spy_heirs.delete(&task);
}

/* The child has a copy of the TLS object, and what it reads or writes follows what its parent did.
 * Offsets go on, so that the connection does. */
static __always_inline void spy_inherit_from(void *ctx, u64 tls, u32 parent)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct spy_conn_key key = {};
	struct spy_event e = {};
	struct spy_conn *c;
	u8 one = 1;

	key.tls = tls;
	key.tgid = tgid;
	if (parent == tgid || spy_conns.lookup(&key))
		return;
	key.tgid = parent;
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	e.kind = SPY_FORKED;
	e.off = c->first_seen_ns;
	key.tgid = tgid;
	spy_conns.update(&key, c);
	spy_users.update(&tgid, &one);
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	c->first_seen_ns = bpf_ktime_get_ns();
	c->from_start = 0;
	c->refs = 0;
	spy_fill(&e, tls, c);
	e.ts_ns = c->first_seen_ns;
	e.io_seq = parent;
	spy_send_small(ctx, &e, sizeof(e));
}

static __always_inline void spy_inherit(void *ctx, u64 tls)
{
	u64 task = bpf_get_current_task();
	u32 *parent = spy_heirs.lookup(&task);

	if (parent)
		spy_inherit_from(ctx, tls, *parent);
}

static __always_inline int spy_enter_at(struct pt_regs *ctx, u64 sp, u64 tls, u64 done)
{
	struct spy_frame f = {};
	struct spy_args a = {};

	f.thread = bpf_get_current_pid_tgid();
	f.sp = sp;
	a.tls = tls;
	a.buf = PT_REGS_PARM2(ctx);
	a.done = done;
	a.seq = spy_peer_seq();
	if (spy_frames.update(&f, &a))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

static __always_inline int spy_enter(struct pt_regs *ctx, u64 tls, u64 done)
{
	return spy_enter_at(ctx, SPY_SP_ENTRY(ctx), tls, done);
}

/* (tls, buf, len) */
int spy_call(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), 0) : 0;
}

/* (tls, buf, len, *done) */
int spy_call_ex(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx)) : 0;
}

/* SSL_peek where SSL_read was inlined into its callers: all reads pass it. A program that really
 * peeks asks for one byte, to check whether the connection is still up. */
int spy_call_peek(struct pt_regs *ctx)
{
	u64 tls = (int)PT_REGS_PARM3(ctx) == 1 ? 0 : PT_REGS_PARM1(ctx);

	return spy_wanted() ? spy_enter(ctx, tls, 0) : 0;
}

/* OpenSSL 3's (tls, buf, len, *done); from 3.2 on a write is (tls, buf, len, flags, *done), where
 * flags is a small number. */
static __always_inline u64 spy_internal_done(struct pt_regs *ctx)
{
	u64 done = PT_REGS_PARM4(ctx);

	return done < 4096 ? PT_REGS_PARM5(ctx) : done;
}

int spy_call_internal(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), spy_internal_done(ctx)) : 0;
}

/* The same at the instruction that calls, which leads to the next one with what a return has. */
int spy_call_site(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter_at(ctx, SPY_SP_RETURN(ctx), PT_REGS_PARM1(ctx),
					   spy_internal_done(ctx))
			    : 0;
}

/* Takes the remembered entry of the returning call. */
static __always_inline int spy_take_frame(struct pt_regs *ctx, struct spy_args *a)
{
	struct spy_frame f = {};
	struct spy_args *found;

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	found = spy_frames.lookup(&f);
	if (!found) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	*a = *found;
	spy_frames.delete(&f);
	return a->tls != 0;
}

/* An io that has ended, with `total` bytes accepted or returned: sends its event and returns its
 * number of bytes; 0: none. */
static __always_inline u64 spy_begin_report(struct spy_event *head, u32 dir, u64 tls, u64 total)
{
	struct spy_conn *c;

	/* The libraries' own limit is the int range; a larger number is no byte count. */
	if (total == 0 || total > 0x7fffffff)
		return 0;
	c = spy_conn_of(tls);
	if (!c) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return 0;
	}
	if (dir == SPY_WRITE && c->resender == bpf_get_current_pid_tgid())
		return 0;
	spy_fill(head, tls, c);
	head->kind = SPY_DATA;
	head->dir = dir;
	head->ts_ns = bpf_ktime_get_ns();
	head->off = c->off[dir];
	head->io_seq = c->calls[dir];
	c->off[dir] += total;
	c->calls[dir]++;
	spy_count(SPY_N_CALLS, 1);
	return total;
}

static __always_inline int spy_report(struct pt_regs *ctx, u32 dir, u64 tls, u64 buf, u64 total)
{
	struct spy_event head = {};

	total = spy_begin_report(&head, dir, tls, total);
	if (total)
		spy_send_call(ctx, &head, buf, total);
	return 0;
}

/* The number of bytes of an io that returned, and its event; 0: none. */
static __always_inline u64 spy_passed(struct pt_regs *ctx, u32 dir, struct spy_args *a,
				      struct spy_event *head)
{
	u64 total = 0;

	if (!spy_take_frame(ctx, a))
		return 0;
	if ((int)PT_REGS_RC(ctx) > 0)
		total = (u32)PT_REGS_RC(ctx);
	if (total && a->done && SPY_READ_USER(&total, sizeof(total), (void *)a->done)) {
		spy_count(SPY_N_FAULT, 1);
		total = 0;
	}
	if (total && total <= 0x7fffffff)
		spy_inherit(ctx, a->tls);
	if (total <= 0x7fffffff)
		spy_peer_done(ctx, dir, a->tls, a->seq, total);
	return spy_begin_report(head, dir, a->tls, total);
}

static __always_inline int spy_return(struct pt_regs *ctx, u32 dir)
{
	struct spy_event head = {};
	struct spy_args a = {};
	u64 total = spy_passed(ctx, dir, &a, &head);

	if (total)
		spy_send_call(ctx, &head, a.buf, total);
	return 0;
}

int spy_write_return(struct pt_regs *ctx)
{
	return spy_return(ctx, SPY_WRITE);
}

int spy_read_return(struct pt_regs *ctx)
{
	return spy_return(ctx, SPY_READ);
}

static __always_inline void spy_send_close_of(void *ctx, u64 tls, u32 tgid, struct spy_conn *c)
{
	struct {
		struct spy_event ev;
		struct spy_totals totals;
	} m = {};

	spy_fill(&m.ev, tls, c);
	m.ev.tgid = tgid;
	m.ev.kind = SPY_CLOSE;
	m.ev.ts_ns = bpf_ktime_get_ns();
	m.ev.len = sizeof(m.totals);
	m.totals.bytes[0] = c->off[0];
	m.totals.bytes[1] = c->off[1];
	spy_send_small(ctx, &m, sizeof(m));
}

static __always_inline void spy_send_close(struct pt_regs *ctx, u64 tls, struct spy_conn *c)
{
	spy_send_close_of(ctx, tls, bpf_get_current_pid_tgid() >> 32, c);
}

/* The end of a connection that was read in its records. */
static __always_inline void spy_close(struct pt_regs *ctx, u64 tls)
{
	struct spy_conn_key key = {};
	struct spy_conn *c;

	spy_key(&key, tls);
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	spy_send_close(ctx, tls, c);
	spy_conns.delete(&key);
}

static __always_inline void spy_begin(u64 tls)
{
	struct spy_conn_key key = {};
	struct spy_conn fresh = {};
	u8 one = 1;

	spy_key(&key, tls);
	fresh.first_seen_ns = bpf_ktime_get_ns();
	fresh.from_start = 1;
	spy_conns.update(&key, &fresh);
	spy_users.update(&key.tgid, &one);
}

static __always_inline int spy_end(struct pt_regs *ctx, u64 tls, int again)
{
	struct spy_conn_key key = {};
	struct spy_conn *c;

	if (!tls || !spy_wanted())
		return 0;
	spy_key(&key, tls);
	c = spy_conns.lookup(&key);
	if (c && !again && c->refs) {
		c->refs--;
		return 0;
	}
	if (c && (c->off[0] || c->off[1]))
		spy_send_close(ctx, tls, c);
	else if (again && c && c->from_start)
		return 0; /* a handshake clears a new object again: it is still the same object */
	if (again)
		spy_begin(tls);
	else if (c)
		spy_conns.delete(&key);
	return 0;
}

/* What was known of this address belongs to an earlier object, whose end may have been missed. */
static __always_inline void spy_begin_anew(struct pt_regs *ctx, u64 tls)
{
	struct spy_conn *c = spy_known(tls);

	if (c && (c->off[0] || c->off[1]))
		spy_send_close(ctx, tls, c);
	spy_begin(tls);
}

/* SSL_new */
int spy_new_return(struct pt_regs *ctx)
{
	u64 tls = PT_REGS_RC(ctx);

	if (tls && spy_wanted())
		spy_begin_anew(ctx, tls);
	return 0;
}

/* SSL_do_handshake, if SSL_new is inlined or SSL_free is unknown. It returns 1 at once on a
 * connection that is set up; otherwise nothing was read yet. What was written may be early data. */
int spy_handshake_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c;

	if (!spy_take_frame(ctx, &a))
		return 0;
	spy_peer_done(ctx, SPY_READ, a.tls, a.seq, 0);
	if ((int)PT_REGS_RC(ctx) > 0)
		return 0;
	c = spy_known(a.tls);
	if (!c || c->off[SPY_READ])
		spy_begin_anew(ctx, a.tls);
	return 0;
}

int spy_free(struct pt_regs *ctx)
{
	return spy_end(ctx, PT_REGS_PARM1(ctx), 0);
}

int spy_clear(struct pt_regs *ctx)
{
	return spy_end(ctx, PT_REGS_PARM1(ctx), 1);
}

int spy_up_ref(struct pt_regs *ctx)
{
	struct spy_conn *c;

	if (!spy_wanted())
		return 0;
	c = spy_conn_of(PT_REGS_PARM1(ctx));
	if (c)
		c->refs++;
	return 0;
}

/* ---- early data (0-RTT, RFC 8446 section 2.3): written before the server has answered, and lost
 * where it refuses. Who wrote it has to ask, and to write it again. ---- */

static __always_inline void spy_early_lost(void *ctx, u64 tls, struct spy_conn *c)
{
	struct spy_event e = {};

	c->early = 0;
	if (!c->off[SPY_WRITE] || c->off[SPY_READ])
		return;
	spy_fill(&e, tls, c);
	e.kind = SPY_REFUSED;
	e.ts_ns = bpf_ktime_get_ns();
	e.off = c->off[SPY_WRITE];
	spy_send_small(ctx, &e, sizeof(e));
}

/* SSL_write_early_data; what it writes passes SSL_write_ex. gnutls_record_send_early_data. */
int spy_early(struct pt_regs *ctx)
{
	struct spy_conn *c = spy_wanted() ? spy_conn_of(PT_REGS_PARM1(ctx)) : NULL;

	if (c)
		c->early = SPY_EARLY_WRITTEN;
	return 0;
}

/* At the return of a call that may say what became of it. NULL: none was written. */
static __always_inline struct spy_conn *spy_early_conn(struct pt_regs *ctx, struct spy_args *a)
{
	struct spy_conn *c = spy_take_frame(ctx, a) ? spy_known(a->tls) : NULL;

	return c && c->early ? c : NULL;
}

/* SSL_get_early_data_status: 1 is SSL_EARLY_DATA_REJECTED. */
int spy_early_status_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c = spy_early_conn(ctx, &a);

	if (c && (int)PT_REGS_RC(ctx) == 1)
		spy_early_lost(ctx, a.tls, c);
	return 0;
}

/* BoringSSL's SSL_reset_early_data_reject: called by who was told so. */
int spy_early_reset(struct pt_regs *ctx)
{
	struct spy_conn *c = spy_wanted() ? spy_known(PT_REGS_PARM1(ctx)) : NULL;

	if (c)
		spy_early_lost(ctx, PT_REGS_PARM1(ctx), c);
	return 0;
}

/* The server name, `n` bytes at `from`. */
static __always_inline void spy_send_host(struct pt_regs *ctx, u64 tls, u64 from, u64 n)
{
	struct spy_conn *c = spy_conn_of(tls);
	struct spy_event head = {};

	if (!c)
		return;
	spy_fill(&head, tls, c);
	head.kind = SPY_HOST;
	head.ts_ns = bpf_ktime_get_ns();
	spy_opaque(n);
	if (n > 255)
		n = 255;
	spy_opaque(n);
	spy_send(ctx, &head, from, n);
}

static __always_inline int spy_host_string(struct pt_regs *ctx, u64 from)
{
	char name[256] = {};
	long n;

	if (!from || !spy_wanted())
		return 0;
	n = SPY_READ_USER_STR(name, sizeof(name), (void *)from);
	if (n > 1)
		spy_send_host(ctx, PT_REGS_PARM1(ctx), from, n - 1);
	return 0;
}

/* SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name) */
int spy_ctrl(struct pt_regs *ctx)
{
	return (int)PT_REGS_PARM2(ctx) == 55 ? spy_host_string(ctx, PT_REGS_PARM4(ctx)) : 0;
}

/* Makes the tracer scan the files that this process has mapped. It is woken at once, because the
 * program may be a few milliseconds away from its first TLS call. */
static __always_inline int spy_tell(void *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct spy_event e = {};

	if (id >> 32 == SPY_SELF || !spy_in_tree(id >> 32))
		return 0;
	e.kind = SPY_EXEC;
	e.ts_ns = bpf_ktime_get_ns();
	e.tgid = id >> 32;
	e.tid = id;
#if SPY_RINGBUF
	spy_events.ringbuf_output(&e, sizeof(e), 2 /* BPF_RB_FORCE_WAKEUP */);
#else
	spy_events.perf_submit(ctx, &e, sizeof(e));
#endif
	return 0;
}

/* Of each thread that ends. When others of its process go on, user space waits for them. */
static __always_inline void spy_user_exit(void *ctx, u64 thread)
{
	u32 tgid = thread >> 32;
	struct spy_event e = {};

	if (tgid != (u32)thread || !spy_users.lookup(&tgid))
		return;
	spy_users.delete(&tgid);
	e.kind = SPY_EXIT;
	e.ts_ns = bpf_ktime_get_ns();
	e.tgid = tgid;
	e.tid = tgid;
	spy_send_small(ctx, &e, sizeof(e));
}

/* The dynamic linker has mapped libraries, or is about to. */
int spy_mapped(struct pt_regs *ctx)
{
	return spy_tell(ctx);
}

/* sched_process_exec */
int spy_exec(struct bpf_raw_tracepoint_args *ctx)
{
	spy_plain_exec();
	spy_no_heir();
	return spy_tell(ctx);
}

#if SPY_TREE

int spy_fork(struct bpf_raw_tracepoint_args *ctx)
{
	u64 child = ctx->args[1];
	u8 one = 1;

	if (spy_in_tree(bpf_get_current_pid_tgid() >> 32))
		spy_tree_tasks.update(&child, &one);
	return 0;
}

int spy_exit(struct bpf_raw_tracepoint_args *ctx)
{
	u64 task = bpf_get_current_task();

	spy_tree_tasks.delete(&task);
	return 0;
}

#endif
