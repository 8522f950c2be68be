/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Processes: they begin, map libraries, fork and end. Follows tls.bpf.c. */

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
