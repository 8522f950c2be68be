/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What is read or written goes into the kernel's buffer: a fragment, an io of any length. Follows
 * base.bpf.c. */

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
