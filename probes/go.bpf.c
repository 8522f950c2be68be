/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Go's crypto/tls: (*Conn).Write(b) and (*Conn).Read(b), both (n int, err error), as Go passes
 * arguments in registers (src/cmd/compile/abi-internal.md in Go: since 1.17 on x86-64, 1.18 on
 * arm64). Follows tls.bpf.c and uses what is there. No uretprobe: its address on the stack ends a
 * Go program, so the instructions that return are hooked.
 *
 * Goroutines move between threads and their stacks move in memory, but the g of a goroutine stays,
 * and so does the distance of each frame from the top of its stack. The two tell nested calls
 * apart (TLS through a proxy reached by TLS), and let a function that starts over on a larger
 * stack overwrite its first beginning. */

#if defined(__x86_64__)
#define SPY_GO_FIRST(ctx)  ((ctx)->ax) /* the Conn; at return n */
#define SPY_GO_SECOND(ctx) ((ctx)->bx)
#define SPY_GO_G(ctx)	   ((ctx)->r14)
#else
#define SPY_GO_FIRST(ctx)  ((ctx)->regs[0])
#define SPY_GO_SECOND(ctx) ((ctx)->regs[1])
#define SPY_GO_G(ctx)	   ((ctx)->regs[28])
#endif

struct spy_go_frame {
	u64 g, depth;
	u32 tgid, pad;
};
struct spy_go_call {
	u64 tls, buf;
	u64 depth;	 /* offset of buf below the top of the goroutine's own stack; 0: it is
			  * elsewhere */
	u64 thread, seq; /* of the thread on which it began; spy_peer_seq */
	u64 counted;	 /* as one of spy_conn's busy */
};
/* A server's goroutines wait in Read, one per connection. */
BPF_TABLE("lru_hash", struct spy_go_frame, struct spy_go_call, spy_go_calls, 16384 + SPY_CONNS);

/* The first words of a g. */
struct spy_go_stack {
	u64 low, high;
};

static __always_inline int spy_go_where(struct pt_regs *ctx, struct spy_go_frame *f,
					struct spy_go_stack *s)
{
	f->g = SPY_GO_G(ctx);
	f->tgid = bpf_get_current_pid_tgid() >> 32;
	if (SPY_READ_USER(s, sizeof(*s), (void *)f->g)) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	f->depth = s->high - PT_REGS_SP(ctx);
	return 1;
}

/* uTLS's UConn begins with the address of its Conn, whose methods see the same connection. */
static __always_inline u64 spy_go_conn_of(struct pt_regs *ctx)
{
	u64 conn = 0;

	if (SPY_READ_USER(&conn, sizeof(conn), (void *)SPY_GO_FIRST(ctx)))
		spy_count(SPY_N_FAULT, 1);
	return conn;
}

static __always_inline int spy_go_enter(struct pt_regs *ctx, u64 tls)
{
	struct spy_go_frame f = {};
	struct spy_go_stack s = {};
	struct spy_go_call a = {};
	struct spy_conn *c;

	if (!tls || !spy_go_where(ctx, &f, &s))
		return 0;
	a.tls = tls;
	a.buf = SPY_GO_SECOND(ctx);
	a.thread = bpf_get_current_pid_tgid();
	a.seq = spy_peer_seq();
	if (a.buf >= s.low && a.buf < s.high)
		a.depth = s.high - a.buf;
	c = spy_known(tls);
	if (c) {
		__sync_fetch_and_add(&c->busy, 1);
		a.counted = 1;
	}
	if (spy_go_calls.update(&f, &a))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

int spy_go_call(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_go_enter(ctx, SPY_GO_FIRST(ctx)) : 0;
}

int spy_go_call_outer(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_go_enter(ctx, spy_go_conn_of(ctx)) : 0;
}

static __always_inline int spy_go_return(struct pt_regs *ctx, u32 dir)
{
	struct spy_go_frame f = {};
	struct spy_go_stack s = {};
	struct spy_go_call *found, a;
	struct spy_conn *c;
	struct spy_event head = {};
	u64 ends = 0, total;

	if (!spy_wanted() || !spy_go_where(ctx, &f, &s))
		return 0;
	found = spy_go_calls.lookup(&f);
	if (!found) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	a = *found;
	spy_go_calls.delete(&f);
	if (a.depth)
		a.buf = s.high - a.depth;
	/* If the goroutine changed threads, what this thread did before is no evidence. */
	if (a.thread == bpf_get_current_pid_tgid() && (long)SPY_GO_FIRST(ctx) > 0)
		spy_peer_done(ctx, dir, a.tls, a.seq, SPY_GO_FIRST(ctx));
	c = a.counted ? spy_known(a.tls) : 0;
	if (c && c->busy) {
		__sync_fetch_and_add(&c->busy, -1);
		if (c->closing && !c->busy)
			ends = a.tls;
	}
	spy_opaque(ends); /* else clang makes two copies of what follows, and more */
	total = spy_begin_report(&head, dir, a.tls, SPY_GO_FIRST(ctx));
	if (!total)
		return ends ? spy_end(ctx, ends, 0) : 0;
	spy_send_call(ctx, &head, a.buf, total, ends);
	return 0;
}

int spy_go_write_return(struct pt_regs *ctx)
{
	return spy_go_return(ctx, SPY_WRITE);
}

int spy_go_read_return(struct pt_regs *ctx)
{
	return spy_go_return(ctx, SPY_READ);
}

/* The handshake: a new connection; the object that had this address before was collected. */
int spy_go_begin(struct pt_regs *ctx)
{
	return spy_end(ctx, SPY_GO_FIRST(ctx), 1);
}

/* Close closes the socket under calls that other goroutines make, which then return: the connection
 * ends with the last of these. */
static __always_inline int spy_go_end(struct pt_regs *ctx, u64 tls)
{
	struct spy_conn *c = spy_known(tls);

	if (!c || !c->busy || c->closing)
		return spy_end(ctx, tls, 0);
	c->closing = 1;
	return 0;
}

int spy_go_close(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_go_end(ctx, SPY_GO_FIRST(ctx)) : 0;
}

int spy_go_begin_outer(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_end(ctx, spy_go_conn_of(ctx), 1) : 0;
}

int spy_go_close_outer(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_go_end(ctx, spy_go_conn_of(ctx)) : 0;
}
