/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Bytes that lie in a list of buffers, each a pointer and a length, as writev(2) takes one and as
 * rustls has one: sent buffer by buffer. Follows tls.bpf.c.
 *
 * The verifier walks a loop round by round, and a start waits for it. So the program that begins
 * sends some pieces, and another one goes on with the rest: spy_list_more after a system call
 * (sock.bpf.c), spy_slices_more in rustls. The kernel lets programs follow one another 33 times,
 * and takes lists of 1,024 buffers. */

/* Rounds of a program: a buffer, or SPY_CHUNK bytes of a longer one. */
#define SPY_PIECES_FIRST 4
#define SPY_PIECES_MORE	 48

/* Where the list is. It is in a map because the verifier does not track values there, so all rounds
 * look the same to it. */
struct spy_list {
	u64 next, count;      /* the buffers that were not begun */
	u64 at, len;	      /* what is left of the one that was */
	u64 skip;	      /* bytes before the first that is sent */
	u64 off, done, total; /* offset of that one, and how many were sent of how many */
};
BPF_TABLE("lru_hash", u64, struct spy_list, spy_lists, 1024); /* by thread */

/* Begins the io `head`: `total` bytes from `skip` on. 0: there is no room for it. */
static __always_inline struct spy_list *spy_list_begin(struct spy_event *head, u64 list, u64 count,
						       u64 skip, u64 total)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_list begin = {};

	begin.next = list;
	begin.count = count;
	begin.skip = skip;
	begin.off = head->off;
	begin.total = total;
	head->io_len = total;
	spy_lists.update(&thread, &begin);
	return spy_lists.lookup(&thread);
}

static __always_inline int spy_list_next(volatile struct spy_list *l)
{
	u64 buffer[2] = {}, skip = l->skip;

	if (!l->count)
		return 0;
	l->count--;
	if (SPY_READ_USER(buffer, sizeof(buffer), (void *)l->next)) {
		l->count = 0;
		return 0;
	}
	l->next += sizeof(buffer);
	if (skip > buffer[1])
		skip = buffer[1];
	l->skip -= skip;
	l->at = buffer[0] + skip;
	l->len = buffer[1] - skip;
	return 1;
}

/* Whether another program is to go on, which begins with spy_list_resume. */
static __always_inline int spy_list_send(void *ctx, struct spy_event *head,
					 volatile struct spy_list *l, const u32 rounds)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_counts *c = spy_counts();

	if (!c)
		return 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < rounds; i++) {
		u64 done = l->done, left = l->total - done, at, n;

		if (done >= l->total || done >= SPY_CALL_MAX || (!l->len && !spy_list_next(l)))
			return 0;
		at = l->at;
		n = spy_least(spy_least(l->len, left), SPY_CHUNK);
		if (!n)
			continue;
		l->at = at + n;
		l->len -= n;
		l->done = done + n;
		head->io_off = done;
		head->off = l->off + done;
		spy_send_counted(ctx, head, at, n, c);
	}
	spy_rests.update(&thread, head);
	return 1;
}

/* What is left of the io `head`; 0: nothing. */
static __always_inline struct spy_list *spy_list_resume(struct spy_event *head)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_event *rest = spy_rests.lookup(&thread);

	if (!rest)
		return 0;
	*head = *rest;
	return spy_lists.lookup(&thread);
}

/* What was not sent is reported as missing. */
static __always_inline void spy_list_end(void *ctx, struct spy_event *head,
					 volatile struct spy_list *l)
{
	u64 thread = bpf_get_current_pid_tgid(), done = l->done, total = l->total;

	if (done < total) {
		head->off = l->off + done;
		head->io_off = done;
		spy_cut(ctx, head, total);
	}
	spy_lists.delete(&thread);
}
