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

#ifdef SPY_AT_task_struct_real_parent

/* Of this process, nearest first; the last of all has none. */
static __always_inline void spy_parents(u32 ret[SPY_PARENTS])
{
	u64 task = bpf_get_current_task();

#pragma unroll
	for (u32 i = 0; i < SPY_PARENTS; i++) {
		task = spy_kernel_word(task + SPY_AT_task_struct_real_parent);
		ret[i] = 0;
		SPY_READ_KERNEL(&ret[i], sizeof(u32), (void *)(task + SPY_AT_task_struct_tgid));
	}
}

#endif

#if SPY_EXEC_NAMES

static __always_inline void spy_name_args(struct spy_exec_names *n, u64 mm)
{
	u64 from = spy_kernel_word(mm + SPY_AT_mm_struct_arg_start);
	u64 len = spy_kernel_word(mm + SPY_AT_mm_struct_arg_end) - from;

	if (len > sizeof(n->args))
		len = sizeof(n->args);
	spy_opaque(len);
	if (len > sizeof(n->args))
		return;
	n->args_len = SPY_READ_USER(n->args, len, (void *)from) ? 0 : len;
}

/* What a process is, for who looks at it when it has ended. */
static __always_inline int spy_tell_exec(struct bpf_raw_tracepoint_args *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), mm, file;
	struct {
		struct spy_event ev;
		struct spy_exec_names names;
	} * m;
	long len;

	if (id >> 32 == SPY_SELF || !spy_in_tree(id >> 32))
		return 0;
	m = spy_events.ringbuf_reserve(sizeof(*m));
	if (!m)
		return spy_tell(ctx);
	__builtin_memset(&m->ev, 0, sizeof(m->ev));
	m->ev.kind = SPY_EXEC;
	m->ev.ts_ns = bpf_ktime_get_ns();
	m->ev.tgid = id >> 32;
	m->ev.tid = id;
	m->ev.len = sizeof(m->names);
	mm = spy_kernel_word(bpf_get_current_task() + SPY_AT_task_struct_mm);
	file = spy_kernel_word(mm + SPY_AT_mm_struct_exe_file);
	m->names.ino =
		spy_kernel_word(spy_kernel_word(file + SPY_AT_file_f_inode) + SPY_AT_inode_i_ino);
	m->names.exe[0] = 0;
	len = SPY_READ_KERNEL_STR(
		m->names.exe, sizeof(m->names.exe),
		(void *)spy_kernel_word(ctx->args[2] + SPY_AT_linux_binprm_interp));
	m->names.exe_len = len > 1 ? len - 1 : 0;
	m->names.args_len = 0;
	spy_name_args(&m->names, mm);
	spy_parents(m->names.parents);
	spy_events.ringbuf_submit(m, 2 /* BPF_RB_FORCE_WAKEUP */);
	return 0;
}

#else
#define spy_tell_exec spy_tell
#endif

/* sched_process_exec(task, its number before, struct linux_binprm) */
int spy_exec(struct bpf_raw_tracepoint_args *ctx)
{
	spy_plain_exec();
	spy_no_heir();
	return spy_tell_exec(ctx);
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
