/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* JSON-RPC between an agent and its children, over pipes and Unix sockets: what the watched
 * processes write to them. What one end writes the other reads, so the bytes of writes are enough;
 * of reads it is told who reads, and who the parents of both ends are. Follows sock.bpf.c and
 * shares how it finds and sends the bytes of a system call.
 *
 * At sys_exit the registers still say which descriptor it was of; its file leads to the inode.
 * A file is judged by the beginning of what is written to it: JSON, or a header field. All others
 * are dropped for good; user space judges the first line of those that pass, and may set the state
 * itself. It also says who is watched; their children follow them.
 *
 * Bytes that no process has in memory (splice, vmsplice, sendfile, tee) are a gap; sendmmsg and
 * io_uring are not seen.
 *
 * With --plain, HTTP over Unix sockets is captured in the same way, of those processes that the
 * filters choose and of those that answer them.
 *
 * SPY_STDIO_ALL   1: everybody is watched
 * SPY_STDIO_NOBODY 1: nobody is
 * SPY_PLAIN_UNIX  1: HTTP over Unix sockets is wanted
 * SPY_STDIO_FRESH 1: what is written first is the first that was written
 * SPY_AT_...      offsets in the kernel's structs, from its BTF
 */

#define SPY_FILE_TRIES 8 /* writes that may be the end of a line whose beginning was not seen */

#define SPY_S_IFMT   0170000
#define SPY_S_IFIFO  0010000
#define SPY_S_IFSOCK 0140000
#define SPY_AF_UNIX  1

BPF_TABLE("lru_hash", u64, struct spy_file, spy_files, 16384);
/* Processes that are watched. */
BPF_TABLE("lru_hash", u32, u8, spy_speakers, 65536);
/* Files at whose state a thread is just now. */
BPF_TABLE("lru_hash", u64, u8, spy_file_locks, 1024);

/* Where a system call has written to. */
struct spy_sink {
	u64 ino, inode;
	u32 is_socket, pad;
};

static __always_inline u64 spy_inode_of(u32 fd)
{
	u64 task = bpf_get_current_task();
	u64 table = spy_kernel_word(spy_kernel_word(task + SPY_AT_task_struct_files) +
				    SPY_AT_files_struct_fdt);
	u32 max = 0;
	u64 file;

	SPY_READ_KERNEL(&max, sizeof(max), (void *)(table + SPY_AT_fdtable_max_fds));
	if (fd >= max)
		return 0;
	file = spy_kernel_word(spy_kernel_word(table + SPY_AT_fdtable_fd) + 8 * (u64)fd);
	return file ? spy_kernel_word(file + SPY_AT_file_f_inode) : 0;
}

static __always_inline u64 spy_sock_of_inode(u64 inode)
{
	return spy_kernel_word(inode - SPY_AT_socket_alloc_vfs_inode + SPY_AT_socket_sk);
}

static __always_inline int spy_sink_of(struct spy_sink *s, u32 fd)
{
	struct spy_sk_ports p = {};
	u16 mode = 0;

	s->inode = spy_inode_of(fd);
	if (!s->inode)
		return 0;
	SPY_READ_KERNEL(&mode, sizeof(mode), (void *)(s->inode + SPY_AT_inode_i_mode));
	mode &= SPY_S_IFMT;
	if (mode != SPY_S_IFIFO && mode != SPY_S_IFSOCK)
		return 0;
	s->is_socket = mode == SPY_S_IFSOCK;
	if (s->is_socket) {
		SPY_READ_KERNEL(&p, sizeof(p),
				(void *)(spy_sock_of_inode(s->inode) + SPY_SK_PORTS));
		if (p.family != SPY_AF_UNIX)
			return 0;
	}
	s->ino = spy_kernel_word(s->inode + SPY_AT_inode_i_ino);
	return 1;
}

/* The inode number of the other end; 0: there is none. */
static __always_inline u64 spy_sink_peer(struct spy_sink *s)
{
	u64 peer, socket;

	if (!s->is_socket)
		return s->ino;
	peer = spy_kernel_word(spy_sock_of_inode(s->inode) + SPY_AT_unix_sock_peer);
	socket = peer ? spy_kernel_word(peer + SPY_AT_sock_sk_socket) : 0;
	return socket ? spy_kernel_word(socket + SPY_AT_socket_alloc_vfs_inode + SPY_AT_inode_i_ino)
		      : 0;
}

/* JSON, or the header of a message (Content-Length). */
static __always_inline int spy_begins_rpc(u64 from)
{
	u8 b[2] = {};

	if (SPY_READ_USER(b, sizeof(b), (void *)from))
		return 0;
	return b[0] == '{' || b[0] == '[' || ((b[0] | 0x20) == 'c' && (b[1] | 0x20) == 'o');
}

/* Both ends of a file may be at this at once. */
static __always_inline struct spy_file *spy_file_add(u64 ino, u8 state)
{
	struct spy_file fresh = {};

	fresh.first_seen_ns = bpf_ktime_get_ns();
	fresh.state = state;
	spy_files.insert(&ino, &fresh);
	return spy_files.lookup(&ino);
}

/* What is known of a file, added when it is new. */
static __always_inline struct spy_file *spy_file_of(u64 ino)
{
	struct spy_file *f = spy_files.lookup(&ino);

	return f ? f : spy_file_add(ino, SPY_FILE_NEW);
}

#define SPY_IS(b, a0, a1, a2, a3) ((b) == (u32)((a0) | (a1) << 8 | (a2) << 16 | (a3) << 24))

static __always_inline int spy_begins_answer(u64 from)
{
	u32 b = 0;

	return !SPY_READ_USER(&b, sizeof(b), (void *)from) && SPY_IS(b, 'H', 'T', 'T', 'P');
}

/* The beginning of a request, of HTTP/2 or of a response. */
static __always_inline int spy_begins_http(u64 from)
{
	u32 b = 0;

	if (SPY_READ_USER(&b, sizeof(b), (void *)from))
		return 0;
	return SPY_IS(b, 'P', 'O', 'S', 'T') || SPY_IS(b, 'G', 'E', 'T', ' ') ||
	       SPY_IS(b, 'H', 'T', 'T', 'P') || SPY_IS(b, 'P', 'R', 'I', ' ') ||
	       SPY_IS(b, 'P', 'U', 'T', ' ') || SPY_IS(b, 'H', 'E', 'A', 'D') ||
	       SPY_IS(b, 'D', 'E', 'L', 'E') || SPY_IS(b, 'P', 'A', 'T', 'C') ||
	       SPY_IS(b, 'O', 'P', 'T', 'I');
}

/* rpc, http: what is looked for in it. */
static __always_inline int spy_file_wanted(struct spy_file *f, struct spy_where *w, int rpc,
					   int http)
{
	u64 from;

	if (f->state != SPY_FILE_NEW)
		return f->state == SPY_FILE_WANTED;
	from = spy_first_byte(w);
	if ((rpc && spy_begins_rpc(from)) || (http && spy_begins_http(from)))
		f->state = SPY_FILE_WANTED;
	else if (SPY_STDIO_FRESH || ++f->tries >= SPY_FILE_TRIES)
		f->state = SPY_FILE_DROPPED;
	return f->state == SPY_FILE_WANTED;
}

/* What is written there from now on is wanted, whatever was before. */
static __always_inline void spy_expect(u64 ino)
{
	struct spy_file *f = spy_file_of(ino);

	if (f)
		f->state = SPY_FILE_WANTED;
}

/* dir: what this process does with the file. */
static __always_inline void spy_tell_end(void *ctx, u64 ino, u32 dir, struct spy_file *f,
					 struct spy_file_ends *ends)
{
	struct spy_conn c = {};
	struct {
		struct spy_event ev;
		struct spy_file_ends ends;
	} m = {};

	c.first_seen_ns = f->first_seen_ns;
	c.plain = 1;
	spy_fill(&m.ev, ino, &c);
	m.ev.kind = SPY_FILE;
	m.ev.dir = dir;
	m.ev.ts_ns = bpf_ktime_get_ns();
	m.ev.len = sizeof(m.ends);
	m.ev.flags |= SPY_STDIO;
	m.ends = *ends;
	spy_parents(m.ends.parents);
	spy_send_small(ctx, &m, sizeof(m));
}

static __always_inline void spy_tell_writer(void *ctx, struct spy_sink *s, struct spy_file *f)
{
	struct spy_file_ends ends = {};

	ends.peer = spy_sink_peer(s);
	ends.is_socket = s->is_socket;
	spy_tell_end(ctx, s->ino, SPY_WRITE, f, &ends);
#if SPY_PLAIN_UNIX
	/* What a server writes to a chosen client is wanted too, whoever it is. */
	if (s->is_socket && ends.peer)
		spy_file_add(ends.peer, SPY_FILE_WANTED);
#endif
}

/* Threads may return from writes to one file at once, and each needs offsets of its own. */
#define SPY_LOCK_TRIES 64

static __always_inline void spy_file_number(struct spy_file *f, u64 ino, u64 n,
					    struct spy_event *head)
{
	u8 one = 1;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_LOCK_TRIES; i++)
		if (!spy_file_locks.insert(&ino, &one))
			break;
	head->off = f->off;
	head->io_seq = f->writes;
	head->first_seen_ns = f->first_seen_ns;
	f->off += n;
	f->writes++;
	spy_file_locks.delete(&ino);
}

static __always_inline void spy_file_written(void *ctx, struct spy_sink *s, struct spy_file *f,
					     struct spy_where *w, u64 n)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct spy_event head = {};
	struct spy_conn c = {};
	u8 one = 1;

	if (f->tgid != tgid) {
		f->tgid = tgid;
		spy_users.update(&tgid, &one);
		spy_tell_writer(ctx, s, f);
	}
	c.first_seen_ns = f->first_seen_ns;
	c.plain = 1;
	spy_fill(&head, s->ino, &c);
	head.kind = SPY_DATA;
	head.dir = SPY_WRITE;
	head.flags |= SPY_STDIO;
	head.ts_ns = bpf_ktime_get_ns();
	spy_file_number(f, s->ino, n, &head);
	if (w) {
		spy_send_io(ctx, &head, w->buf, w->count, n);
		return;
	}
	head.io_len = n;
	head.len = n;
	head.flags |= SPY_MISSING;
	spy_send_small(ctx, &head, sizeof(head));
}

/* What the kernel wrote for a process: nothing of it says whether the file is one of ours. */
static __always_inline void spy_file_gap(void *ctx, struct spy_sink *s, u64 n)
{
	struct spy_file *f = spy_files.lookup(&s->ino);

	if (!f)
		return;
	if (f->state == SPY_FILE_WANTED)
		spy_file_written(ctx, s, f, 0, n);
}

/* Who reads is told once. It may have what was written before the writer has returned from writing
 * it. A server answers at its standard output, most likely: that is wanted even if another line is
 * printed there first. */
static __always_inline void spy_file_read(void *ctx, struct spy_sink *s, u64 regs, u32 nr)
{
	u64 ino = spy_sink_peer(s);
	struct spy_file *f = spy_files.lookup(&ino);
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct spy_file_ends ends = {};
	struct spy_where w = {};
	struct spy_sink out = {};

	if (!f) {
		spy_where_of(&w, regs, nr);
		if (!ino || !w.found || !spy_begins_rpc(spy_first_byte(&w)))
			return;
		f = spy_file_add(ino, SPY_FILE_WANTED);
		if (!f)
			return;
	}
	if (f->state != SPY_FILE_WANTED || f->reader == tgid)
		return;
	f->reader = tgid;
	ends.peer = s->ino;
	ends.is_socket = s->is_socket;
	if (spy_sink_of(&out, 1)) {
		ends.out = out.ino;
		spy_expect(out.ino);
	}
	spy_tell_end(ctx, ino, SPY_READ, f, &ends);
}

static __always_inline int spy_is_watched(u32 tgid)
{
#if SPY_STDIO_NOBODY
	return 0;
#elif SPY_STDIO_ALL
	return tgid != SPY_SELF;
#else
	u8 *found = spy_speakers.lookup(&tgid);

	/* Or clang makes one condition of this and others, with arithmetic on a pointer. */
	spy_opaque(found);
	return found != 0;
#endif
}

/* Of a file that is known to be wanted, whoever writes to it. */
static __always_inline int spy_is_expected(u64 ino)
{
	struct spy_file *f = spy_files.lookup(&ino);

	if (!f)
		return 0;
	return f->state == SPY_FILE_WANTED;
}

/* sys_exit(registers, result) */
int spy_stdio_call(struct bpf_raw_tracepoint_args *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, nr, arg = SPY_ARG0, reads = 0;
	u64 regs = ctx->args[0];
	long n = (long)ctx->args[1];
	struct spy_where w = {};
	struct spy_sink s = {};
	struct spy_file *f;
	int rpc, http = 0;

	if (n <= 0)
		return 0;
	rpc = spy_is_watched(tgid);
#if !SPY_PLAIN_UNIX
	if (!rpc)
		return 0;
#endif
	nr = (u32)spy_kernel_word(regs + SPY_NR);
	switch (nr) {
	case SPY_NR_write:
	case SPY_NR_writev:
	case SPY_NR_sendto:
	case SPY_NR_sendmsg:
	case SPY_NR_pwritev2:
	case SPY_NR_sendfile:
	case SPY_NR_vmsplice:
		break;
	case SPY_NR_read:
	case SPY_NR_readv:
	case SPY_NR_preadv2:
	case SPY_NR_recvfrom:
	case SPY_NR_recvmsg:
		reads = 1;
		break;
	case SPY_NR_tee:
		arg = SPY_ARG1;
		break;
	case SPY_NR_splice:
		arg = SPY_ARG2;
		break;
	default:
		return 0;
	}
#ifdef SPY_CS
	if ((u16)spy_kernel_word(regs + SPY_CS) != SPY_CS_64)
		return 0;
#endif
	if (!spy_sink_of(&s, (u32)spy_kernel_word(regs + arg)))
		return 0;
	rpc = rpc && spy_in_cgroups();
	if (reads) {
		if (rpc)
			spy_file_read(ctx, &s, regs, nr);
		return 0;
	}
#if SPY_PLAIN_UNIX
	http = s.is_socket && spy_wanted();
	if (!rpc && !http) {
		/* A server may answer before its client's call has returned. */
		if (!s.is_socket || tgid == SPY_SELF)
			return 0;
		spy_where_of(&w, regs, nr);
		if (!spy_is_expected(s.ino) && (!w.found || !spy_begins_answer(spy_first_byte(&w))))
			return 0;
		http = 1;
	}
#else
	if (!rpc)
		return 0;
#endif
	spy_where_of(&w, regs, nr);
	if (!w.found) {
		spy_file_gap(ctx, &s, n);
		return 0;
	}
	if (n > 0x7fffffff)
		return 0;
	f = spy_file_of(s.ino);
	if (!f)
		return 0;
	if (spy_file_wanted(f, &w, rpc, http))
		spy_file_written(ctx, &s, f, &w, n);
	return 0;
}

/* sched_process_fork(parent, child), also of threads */
int spy_stdio_fork(struct bpf_raw_tracepoint_args *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, child = 0;
	u64 task = ctx->args[1];
	u8 one = 1;

	if (!spy_speakers.lookup(&tgid))
		return 0;
	SPY_READ_KERNEL(&child, sizeof(child), (void *)(task + SPY_AT_task_struct_tgid));
	if (child != tgid)
		spy_speakers.update(&child, &one);
	return 0;
}

/* sched_process_exit, of each thread: the last of them ends the process. */
int spy_stdio_exit(struct bpf_raw_tracepoint_args *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, left = 0;
	u64 signal;

	if (!spy_speakers.lookup(&tgid))
		return 0;
	signal = spy_kernel_word(bpf_get_current_task() + SPY_AT_task_struct_signal);
	SPY_READ_KERNEL(&left, sizeof(left), (void *)(signal + SPY_AT_signal_struct_live));
	if (!left)
		spy_speakers.delete(&tgid);
	return 0;
}
