/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The system call that a thread makes: where its registers are, and where the bytes lie that it
 * sends or has received. Follows peer.bpf.c.
 *
 * SPY_NR_...    numbers of system calls
 * SPY_TASK_REGS 1: the helper bpf_task_pt_regs works (Linux 5.15, with BTF)
 */

#if defined(__x86_64__)
#define SPY_ARG0  112 /* offsets in struct pt_regs: di, si, dx, r10, r8, orig_ax, cs */
#define SPY_ARG1  104
#define SPY_ARG2  96
#define SPY_ARG3  56
#define SPY_ARG4  72
#define SPY_NR	  120
#define SPY_CS	  136
#define SPY_CS_64 0x33 /* of 64-bit code; other code has other system call numbers */
#else
#define SPY_ARG0 272 /* orig_x0, x1, x2, x3, x4, syscallno */
#define SPY_ARG1 8
#define SPY_ARG2 16
#define SPY_ARG3 24
#define SPY_ARG4 32
#define SPY_NR	 280
#endif

#define SPY_MSG_PEEK  2
#define SPY_MSG_TRUNC 0x20 /* received and discarded */

static __always_inline int spy_is_worker(void)
{
	char comm[16] = {};

	bpf_get_current_comm(&comm, sizeof(comm));
	return comm[0] == 'i' && comm[1] == 'o' && comm[2] == 'u' && comm[3] == '-';
}

/* The location of a system call's bytes. */
struct spy_where {
	u64 buf, count; /* in the form that spy_send_io needs */
	u32 dir, found, drop;
};

static __always_inline void spy_where_of(struct spy_where *w, u64 regs, u32 nr)
{
	u64 message, flags = 0;

	w->buf = spy_kernel_word(regs + SPY_ARG1);
	w->found = 1;
	switch (nr) {
	case SPY_NR_write:
	case SPY_NR_sendto:
		w->dir = SPY_WRITE;
		return;
	case SPY_NR_writev:
	case SPY_NR_pwritev2: /* without an offset, as required for a socket */
		w->dir = SPY_WRITE;
		w->count = spy_kernel_word(regs + SPY_ARG2);
		return;
	case SPY_NR_read:
		w->dir = SPY_READ;
		return;
	case SPY_NR_recvfrom:
		w->dir = SPY_READ;
		flags = spy_kernel_word(regs + SPY_ARG3);
		break;
	case SPY_NR_readv:
	case SPY_NR_preadv2:
		w->dir = SPY_READ;
		w->count = spy_kernel_word(regs + SPY_ARG2);
		return;
	case SPY_NR_sendmsg:
	case SPY_NR_recvmsg:
		w->dir = nr == SPY_NR_sendmsg ? SPY_WRITE : SPY_READ;
		if (nr == SPY_NR_recvmsg)
			flags = spy_kernel_word(regs + SPY_ARG2);
		/* struct msghdr: the list at 16, followed by its length */
		message = w->buf;
		w->found = !SPY_READ_USER(&w->buf, sizeof(w->buf), (void *)(message + 16)) &&
			   !SPY_READ_USER(&w->count, sizeof(w->count), (void *)(message + 24)) &&
			   w->count;
		break;
	default:
		w->found = 0;
		return;
	}
	w->drop = (flags & SPY_MSG_PEEK) != 0;
	if (flags & SPY_MSG_TRUNC)
		w->found = 0;
}

/* The first buffers of a list may be empty. */
static __always_inline u64 spy_first_byte(struct spy_where *w)
{
	u64 next[2] = {};

	if (!w->count)
		return w->buf;
#pragma unroll
	for (u32 i = 0; i < 4; i++) {
		if (i < w->count)
			SPY_READ_USER(next, sizeof(next), (void *)(w->buf + 16 * i));
		if (next[1])
			break;
	}
	return next[0];
}

#if SPY_TASK_REGS

#define spy_current_task ((void *(*)(void))158)
#define spy_task_regs	 ((long (*)(void *))175)

/* The registers that the running system call was entered with. 0: not known. */
static __always_inline u64 spy_user_regs(void *ctx)
{
	return spy_task_regs(spy_current_task());
}

#elif defined(__x86_64__)

#define SPY_STACK     16384 /* THREAD_SIZE */
#define SPY_REGS      168   /* sizeof(struct pt_regs) */
#define SPY_REGS_FRED 16    /* kernels with FRED leave so much above them */
BPF_PERCPU_ARRAY(spy_numbers, u64, 1);

/* The context of a raw tracepoint lies on the thread's kernel stack, and at the top of that the
 * registers. The verifier gives no number for a pointer, but a map does that it was stored in. */
static __always_inline u64 spy_user_regs(void *ctx)
{
	u32 zero = 0;
	u64 *slot = spy_numbers.lookup(&zero), regs;

	if (!slot)
		return 0;
	*(void *volatile *)slot = ctx;
	regs = (*(volatile u64 *)slot & ~(SPY_STACK - 1ull)) + SPY_STACK - SPY_REGS;
	if ((u16)spy_kernel_word(regs + SPY_CS) != SPY_CS_64)
		regs -= SPY_REGS_FRED;
	return regs;
}

#else

static __always_inline u64 spy_user_regs(void *ctx)
{
	return 0;
}

#endif
