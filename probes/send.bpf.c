/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What is read or written goes into the kernel's buffer: a fragment, an io of any length. Follows
 * base.bpf.c. */

/* Fragments that the program sends which begins an io. */
#define SPY_CHUNKS_FIRST (SPY_CHUNKS < 4 ? SPY_CHUNKS : 4)

/* The lesser of two lengths, without a branch, which would double the verifier's ways. */
static __always_inline u64 spy_least(u64 a, u64 b)
{
	u64 less = ((~a & b) | (~(a ^ b) & (a - b))) >> 63; /* whether a - b borrows */

	spy_opaque(less);
	return b ^ ((a ^ b) & -less);
}

#if SPY_RINGBUF

#define SPY_SMALL   512
#define SPY_PAGE    4096
#define SPY_RECORD  16384 /* the largest content of one TLS record */
#define SPY_ROOM(n) (sizeof(struct spy_event) + (n))

/* 1: it is not 0; without a branch. */
static __always_inline u64 spy_is_set(u64 v)
{
	u64 minus = -v;

	spy_opaque(minus);
	return (v | minus) >> 63;
}

/* The reader drains periodically, because a wake-up costs the traced program more than the capture.
 * It is woken only for the first event of a connection (a short-lived process must still exist when
 * its name is read) and once per SPY_WAKE_BYTES, so that bursts are drained in time. */
static __always_inline u64 spy_wake(const struct spy_event *head, struct spy_counts *c, u64 n)
{
	u64 before = c->of[SPY_N_BYTES], wake;

	c->of[SPY_N_BYTES] = before + n;
	wake = spy_is_set(before / SPY_WAKE_BYTES ^ (before + n) / SPY_WAKE_BYTES);
	wake |= 1 ^ spy_is_set(head->io_seq | head->io_off);
	return 1 + wake; /* BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
}

/* Sends one fragment of `n` bytes at `from`; reserve takes only constant sizes. Many programs have
 * it in loops, which the verifier walks round by round: so it has as few branches as can be.
 * n: at most `room`, which is said again where clang has it in a register: Linux 6.1 forgets it for
 * what was on the stack when it was found out. */
static __always_inline void spy_send_in(const struct spy_event *head, u64 from, u64 n,
					const u64 room, struct spy_counts *c)
{
	struct spy_event *e = spy_events.ringbuf_reserve(SPY_ROOM(room));
	u64 missing;

	if (!e) {
		spy_no_space(c, n);
		return;
	}
	*e = *head;
	e->len = n;
	if (!__builtin_constant_p(n)) {
		spy_opaque(n);
		if (n > room)
			n = room;
	}
	missing = (u64)SPY_READ_USER(e + 1, n, (void *)from) >> 63;
	spy_opaque(missing);
	e->flags |= missing * SPY_MISSING;
	c->of[SPY_N_FAULT] += missing;
	spy_events.ringbuf_submit(e, spy_wake(head, c, n));
}

static __always_inline void spy_send_counted(void *ctx, const struct spy_event *head, u64 from,
					     u64 n, struct spy_counts *c)
{
	if (n > SPY_RECORD)
		spy_send_in(head, from, n, SPY_CHUNK, c);
	else if (n > SPY_PAGE)
		spy_send_in(head, from, n, SPY_RECORD, c);
	else if (n > SPY_SMALL)
		spy_send_in(head, from, n, SPY_PAGE, c);
	else
		spy_send_in(head, from, n, SPY_SMALL, c);
}

#else

static __always_inline void spy_send_counted(void *ctx, const struct spy_event *head, u64 from,
					     u64 n, struct spy_counts *c)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 index = (u32)thread % SPY_SLOTS;
	struct spy_slot *s = spy_slots.lookup(&index);
	long err;

	/* In use: another thread was preempted while it used this slot. */
	if (!s || *(volatile u64 *)&s->owner) {
		spy_no_space(c, n);
		return;
	}
	*(volatile u64 *)&s->owner = thread;
	s->ev = *head;
	s->ev.len = n;
	spy_opaque(n);
	if (n > SPY_CHUNK)
		n = SPY_CHUNK;
	err = SPY_READ_USER(s->data, n, (void *)from);
	if (err) {
		s->ev.flags |= SPY_MISSING;
		c->of[SPY_N_FAULT]++;
	}
	spy_opaque(n);
	if (n > SPY_CHUNK)
		n = SPY_CHUNK;
	err = spy_events.perf_submit(ctx, &s->ev, sizeof(s->ev) + n);
	*(volatile u64 *)&s->owner = 0;
	if (err)
		spy_no_space(c, n);
}

#endif

static __always_inline void spy_send(void *ctx, const struct spy_event *head, u64 from, u64 n)
{
	struct spy_counts *c = spy_counts();

	if (c)
		spy_send_counted(ctx, head, from, n, c);
}

/* An event without plaintext. */
static __always_inline void spy_send_small(void *ctx, void *event, u32 size)
{
	struct spy_counts *c = spy_counts();
#if SPY_RINGBUF
	long err = spy_events.ringbuf_output(event, size, 1 /* BPF_RB_NO_WAKEUP */);
#else
	long err = spy_events.perf_submit(ctx, event, size);
#endif
	if (err && c)
		spy_no_space(c, 0);
}

/* Sends fragments of an io, `chunks` at most: those from io_off on, of `total` bytes at `buf`;
 * whole ones, then the rest. Returns how far it came. The verifier walks the loop round by round,
 * and prunes a path only at a state that it knows. So a round compares what nothing after the loop
 * looks at, and has as few branches as can be; and clang must not turn `at` into a running sum:
 * hence spy_opaque. */
static __always_inline u64 spy_send_part(struct pt_regs *ctx, struct spy_event *head, u64 buf,
					 u64 total, const u32 chunks)
{
	const u64 part = (u64)chunks * SPY_CHUNK;
	u64 off = head->off, first = head->io_off, left = total - first;
	u64 whole = left - left % SPY_CHUNK, rest = left < part ? left % SPY_CHUNK : 0;
	struct spy_counts *c = spy_counts();

	if (!c)
		return first + part;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < chunks; i++) {
		u64 at = (u64)i * SPY_CHUNK;

		spy_opaque(at);
		if (at >= whole)
			break;
		head->io_off = first + at;
		head->off = off + at;
		spy_send_counted(ctx, head, buf + first + at, SPY_CHUNK, c);
	}
	if (rest) {
		head->io_off = total - rest;
		head->off = off + (left - rest);
		spy_send_counted(ctx, head, buf + (total - rest), rest, c);
	}
	head->io_off = first + part;
	head->off = off + part;
	return first + part;
}

/* From here on an io is not captured. */
static __always_inline void spy_cut(void *ctx, struct spy_event *head, u64 total)
{
	spy_count(SPY_N_CUT, 1);
	head->len = total - head->io_off;
	head->flags |= SPY_MISSING;
	spy_send_small(ctx, head, sizeof(*head));
}

/* Sends all bytes of an io, after which the connection of `ends` ends, if that is not 0. A caller
 * does nothing after it: of a long one it does not return. */
static __always_inline void spy_send_call(struct pt_regs *ctx, struct spy_event *head, u64 buf,
					  u64 total, u64 ends)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_rest rest = {};

	head->io_len = total;
	head->io_off = 0;
	if (spy_send_part(ctx, head, buf, total, SPY_CHUNKS_FIRST) < total) {
		if (head->io_off < SPY_CALL_MAX) {
			rest.buf = buf;
			rest.ends = ends;
			spy_rests.update(&thread, head);
			spy_rest_of.update(&thread, &rest);
			spy_next.call(ctx, 0);
		}
		spy_cut(ctx, head, total);
	}
	if (ends)
		spy_end(ctx, ends, 0);
}

/* The next part of a long io. The kernel lets programs follow one another 33 times. A start waits
 * until the verifier has walked the loop of each program that may begin an io, so that one is short
 * there. */
int spy_more(struct pt_regs *ctx)
{
	u64 thread = bpf_get_current_pid_tgid(), total, at, ends;
	struct spy_rest *rest = spy_rest_of.lookup(&thread);
	struct spy_event *next = spy_rests.lookup(&thread), head;

	if (!next || !rest)
		return 0;
	head = *next;
	total = head.io_len;
	at = spy_send_part(ctx, &head, rest->buf, total, SPY_CHUNKS);
	if (at < total && at < SPY_CALL_MAX) {
		*next = head;
		spy_next.call(ctx, 0);
	}
	ends = rest->ends;
	spy_rests.delete(&thread);
	if (at < total)
		spy_cut(ctx, &head, total);
	return ends ? spy_end(ctx, ends, 0) : 0;
}
