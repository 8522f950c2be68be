/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* TCP sockets, by raw tracepoints: which one a thread receives from (peer.bpf.c), who connects to
 * port 443, and with SPY_PLAIN_ON the plaintext that passes the sockets of chosen ports. No kprobe,
 * no tracefs. Follows notice.bpf.c.
 *
 * Plaintext: the tracepoints sock_send_length and sock_recv_length (Linux 6.3) say which socket the
 * system call that is running has used, and at sys_exit its registers still say where the bytes
 * are. tcp_rcv_space_adjust tells of splice; before 6.3 of all receiving, and whose descriptor it
 * was is remembered for sending (spy_fds).
 *
 * SPY_PLAIN_ON    1: plaintext is captured
 * SPY_PLAIN_PORT(p)  true for the chosen ports, by either end
 * SPY_PLAIN_NEAR  1: only between processes of this host
 * SPY_SOCK_LENGTH 1: the kernel has sock_send_length and sock_recv_length
 */

#define SPY_TCP_ESTABLISHED 1
#define SPY_TCP_SYN_SENT    2
#define SPY_TCP_SYN_RECV    3
#define SPY_TCP_CLOSE	    7

/* Addresses of the kernel's TCP struct proto, as encountered: other sockets have ports too. */
BPF_TABLE("hash", u64, u8, spy_protos, 64);

static __always_inline int spy_is_tcp(u64 sk)
{
	u64 proto = spy_kernel_word(sk + SPY_SK_PROT);

	return spy_protos.lookup(&proto) != 0;
}

BPF_PROG_ARRAY(spy_list_goes_on, 1); /* spy_list_more */

static __always_inline void spy_list_sent(void *ctx, struct spy_event *head, struct spy_list *l,
					  const u32 rounds)
{
	if (spy_list_send(ctx, head, l, rounds))
		spy_list_goes_on.call(ctx, 0);
	spy_list_end(ctx, head, l);
}

/* Sends `total` bytes of a list of buffers; count 0: `iov` is the buffer itself. A caller does
 * nothing after it: of a long one it does not return. */
static __always_inline void spy_send_io(void *ctx, struct spy_event *head, u64 iov, u64 count,
					u64 total)
{
	struct spy_list *l = spy_list_begin(head, iov, count, 0, total);

	if (!l)
		return;
	if (!count) {
		l->at = iov;
		l->len = total;
	}
	spy_list_sent(ctx, head, l, SPY_PIECES_FIRST);
}

int spy_list_more(struct bpf_raw_tracepoint_args *ctx)
{
	struct spy_event head;
	struct spy_list *l = spy_list_resume(&head);

	if (l)
		spy_list_sent(ctx, &head, l, SPY_PIECES_MORE);
	return 0;
}

#if SPY_PLAIN_ON

/* Processes per socket that are informed when it ends. */
#define SPY_USERS 4 /* a power of two */

struct spy_sock {
	u64 id; /* takes the place of a TLS object's address */
	u32 users;
	u32 tgids[SPY_USERS]; /* the last of them */
	u8 fresh, ignored;
	u8 begun; /* directions whose first bytes were checked: 1 << dir */
	u8 pad;
};
#define SPY_BOTH (1 << SPY_WRITE | 1 << SPY_READ)
BPF_TABLE("lru_hash", u64, struct spy_sock, spy_socks, SPY_CONNS);

/* What a thread's system call has done with a selected socket. */
struct spy_mark {
	u64 sk, bytes;
	u32 dir, pad;
};
BPF_TABLE("lru_hash", u64, struct spy_mark, spy_marks, 16384);

#if !SPY_SOCK_LENGTH
struct spy_fd {
	u32 tgid, fd;
};
struct spy_fd_of {
	u64 sk, id; /* of the connection; the address may have been reused */
	u64 ts_ns;
};
BPF_TABLE("lru_hash", struct spy_fd, struct spy_fd_of, spy_fds, SPY_CONNS);
/* By process: when its known descriptors were last invalidated. */
BPF_TABLE("lru_hash", u32, u64, spy_fds_void, SPY_CONNS);

static __always_inline void spy_forget_fds(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 now = bpf_ktime_get_ns();

	spy_fds_void.update(&tgid, &now);
}

static __always_inline void spy_learn_fd(struct spy_fd *fd, u64 sk)
{
	struct spy_sock *s = spy_socks.lookup(&sk);
	struct spy_fd_of of = {};

	if (!s)
		return;
	of.sk = sk;
	of.id = s->id;
	of.ts_ns = bpf_ktime_get_ns();
	spy_fds.update(fd, &of);
}

/* The selected socket of a descriptor; 0: none known. */
static __always_inline u64 spy_sock_of_fd(struct spy_fd *fd)
{
	struct spy_fd_of *of = spy_fds.lookup(fd);
	u64 sk, *since;
	struct spy_sock *s;

	if (!of)
		return 0;
	sk = of->sk;
	s = spy_socks.lookup(&sk);
	since = spy_fds_void.lookup(&fd->tgid);
	return s && s->id == of->id && (!since || *since < of->ts_ns) ? sk : 0;
}
#endif

static __always_inline int spy_is_near(u64 sk, u16 family)
{
#if SPY_PLAIN_NEAR
	u64 a[4] = {};

	if (family == SPY_AF_INET) {
		SPY_READ_KERNEL(a, 8, (void *)(sk + SPY_SK_DADDR));
		return (u8)a[0] == 127 || (u32)a[0] == a[0] >> 32;
	}
	SPY_READ_KERNEL(a, sizeof(a), (void *)(sk + SPY_SK_V6_DADDR));
	return a[0] == a[2] && a[1] == a[3];
#else
	return 1;
#endif
}

static __always_inline int spy_is_chosen(u64 sk)
{
	struct spy_sk_ports p = {};

	if (!spy_read_ports(&p, sk))
		return 0;
	return (SPY_PLAIN_PORT(p.local) || SPY_PLAIN_PORT(p.peer[0] << 8 | p.peer[1])) &&
	       spy_is_near(sk, p.family);
}

static __always_inline struct spy_sock *spy_sock_add(u64 sk, u8 is_fresh)
{
	struct spy_sock fresh = {};

	fresh.id = bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 255);
	fresh.fresh = is_fresh;
	spy_socks.update(&sk, &fresh);
	return spy_socks.lookup(&sk);
}

/* The connection of a socket and the calling process; sends its endpoints if it is new. */
static __always_inline struct spy_conn *spy_sock_conn(void *ctx, struct spy_sock *s, u64 sk)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct spy_conn *c = spy_conn_of(s->id);

	if (!c || c->plain)
		return c;
	c->plain = 1;
	c->from_start = s->fresh && !s->users;
	c->sk = sk;
	c->votes = 255;
	s->tgids[s->users++ % SPY_USERS] = tgid;
	spy_send_peer(ctx, s->id, c, sk);
	return c;
}

/* The direction is only known at run time here, and the verifier needs its bounds. */
static __always_inline u64 spy_sock_report(struct spy_event *head, u32 dir, u64 id, u64 n)
{
	spy_opaque(dir);
	return spy_begin_report(head, dir & 1, id, n);
}

/* Bytes that passed but cannot be read from memory: sendfile, io_uring. */
static __always_inline void spy_sock_gap(void *ctx, u64 sk, u32 dir, u64 n)
{
	struct spy_sock *s = spy_socks.lookup(&sk);
	struct spy_event head = {};

	if (!n || !s || s->ignored || !spy_sock_conn(ctx, s, sk))
		return;
	s->begun = SPY_BOTH;
	n = spy_sock_report(&head, dir, s->id, n);
	if (!n)
		return;
	head.io_len = n;
	head.len = n;
	head.flags |= SPY_MISSING;
	spy_send_small(ctx, &head, sizeof(head));
}

static __always_inline void spy_mark_sock(void *ctx, u64 sk, u32 dir, u64 n)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_sock *s = spy_socks.lookup(&sk);
	struct spy_mark *old, m = {}, gap = {};

	if (s ? s->ignored : !spy_is_chosen(sk))
		return;
	if (!spy_wanted())
		return;
	if (!s) {
		/* sock_*_length also fires for UDP, so check that this is TCP. */
		if ((n && !spy_is_tcp(sk)) || !spy_sock_add(sk, 0))
			return;
	}
	m.sk = sk;
	m.bytes = n;
	m.dir = dir;
	if (n && spy_is_worker()) {
		/* Kernel threads that work for io_uring have no system call that would end. */
		gap = m;
	} else {
		old = spy_marks.lookup(&thread);
		/* One system call may use several sockets, and so may io_uring on behalf of a
		 * thread. */
		if (old && old->sk == sk && old->dir == dir)
			m.bytes += old->bytes;
		else if (SPY_SOCK_LENGTH && old)
			gap = *old;
		spy_marks.update(&thread, &m);
	}
	if (gap.bytes)
		spy_sock_gap(ctx, gap.sk, gap.dir, gap.bytes);
}

/* Whether the first bytes can be HTTP; checked once. */
static __always_inline int spy_begins_well(struct spy_sock *s, u32 dir, u64 from)
{
	u64 b = 0; /* 8 bytes, the first one lowest */

	if (s->begun & 1 << dir || SPY_READ_USER(&b, sizeof(b), (void *)from))
		return 1;
	/* SETTINGS, without flags, on stream 0 (RFC 9113 section 6.5): an HTTP/2 server may send
	 * first, so the client's first bytes decide. */
	if ((b & ~0xffff00ull) == 4 << 24 && !s->begun) {
		s->begun = 1 << dir;
		return 1;
	}
	s->begun = SPY_BOTH;
	/* TLS records, or anything that does not begin with a method. */
	if (((u8)b >= 0x14 && (u8)b <= 0x17 && (u8)(b >> 8) == 3) ||
	    (s->fresh && ((u8)b < 'A' || (u8)b > 'Z')))
		s->ignored = 1;
	return !s->ignored;
}

static __always_inline void spy_plain(void *ctx, u64 sk, struct spy_where *w, u64 n)
{
	struct spy_sock *s = spy_socks.lookup(&sk);
	struct spy_event head = {};

	if (!s || s->ignored || !spy_begins_well(s, w->dir, spy_first_byte(w)) ||
	    !spy_sock_conn(ctx, s, sk))
		return;
	n = spy_sock_report(&head, w->dir, s->id, n);
	if (n)
		spy_send_io(ctx, &head, w->buf, w->count, n);
}

#if SPY_SOCK_LENGTH

/* sys_exit(registers, result) */
int spy_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	u64 thread = bpf_get_current_pid_tgid(), regs = ctx->args[0];
	struct spy_mark *found = spy_marks.lookup(&thread), m;
	struct spy_where w = {};
	long n = (long)ctx->args[1];
	u32 nr;

	if (!found)
		return 0;
	m = *found;
	spy_marks.delete(&thread);
	nr = (u32)spy_kernel_word(regs + SPY_NR);
#ifdef SPY_CS
	if ((u16)spy_kernel_word(regs + SPY_CS) != SPY_CS_64)
		nr = ~0u;
#endif
	spy_where_of(&w, regs, nr);
	/* io_uring also works for a thread outside its system calls; those bytes belong to no later
	 * one. */
	if (w.found && w.dir == m.dir && n > 0 && (u64)n == m.bytes) {
		spy_plain(ctx, m.sk, &w, n);
		return 0;
	}
	/* The length of data spliced out of a socket is not reported. */
	if (!m.bytes && nr == SPY_NR_splice && n > 0)
		m.bytes = n;
	if (m.bytes)
		spy_sock_gap(ctx, m.sk, m.dir, m.bytes);
	return 0;
}

#else

#define SPY_FEW_FDS	    8 /* closed one by one; beyond that, all known ones are forgotten */
#define SPY_F_DUPFD	    0
#define SPY_F_DUPFD_CLOEXEC 1030
#define SPY_NR_OTHER	    (~0u) /* of 32-bit code, which has other system call numbers */

/* True for a system call that only changes what descriptors refer to. */
static __always_inline int spy_fds_changed(struct spy_fd *fd, u64 regs, u32 nr, long n)
{
	u32 command, more;
	u64 sk;

	switch (nr) {
	case SPY_NR_close:
		spy_fds.delete(fd);
		return 1;
	case SPY_NR_close_range:
		more = (u32)spy_kernel_word(regs + SPY_ARG1) - fd->fd;
		if (more >= SPY_FEW_FDS)
			spy_forget_fds();
#pragma unroll
		for (u32 i = 0; i < SPY_FEW_FDS; i++, fd->fd++)
			if (i <= more)
				spy_fds.delete(fd);
		return 1;
	case SPY_NR_fcntl:
		command = spy_kernel_word(regs + SPY_ARG1);
		if (command != SPY_F_DUPFD && command != SPY_F_DUPFD_CLOEXEC)
			return 1;
		/* fall through */
	case SPY_NR_dup:
#ifdef SPY_NR_dup2
	case SPY_NR_dup2:
#endif
	case SPY_NR_dup3:
		if (n < 0)
			return 1;
		sk = spy_sock_of_fd(fd);
		fd->fd = n;
		if (sk)
			spy_learn_fd(fd, sk);
		else
			spy_fds.delete(fd);
		return 1;
	}
	return 0;
}

/* Bytes of a system call whose data cannot be read from memory. n: its result */
static __always_inline u64 spy_bytes_of(u64 regs, u32 nr, u64 n)
{
	u64 sum = 0, message;
	u32 len;

	switch (nr) {
	case SPY_NR_sendfile:
	case SPY_NR_splice:
	case SPY_NR_recvfrom:
	case SPY_NR_sendmsg:
	case SPY_NR_recvmsg:
	case SPY_NR_OTHER:
		return n;
	case SPY_NR_sendmmsg:
	case SPY_NR_recvmmsg:
		/* struct mmsghdr, of 64 bytes: the length at 56 */
		message = spy_kernel_word(regs + SPY_ARG1);
#pragma unroll
		for (u32 i = 0; i < 16; i++) {
			len = 0;
			if (i < n)
				SPY_READ_USER(&len, sizeof(len), (void *)(message + 64 * i + 56));
			sum += len;
		}
	}
	return sum;
}

static __always_inline int spy_is_sending(u32 nr)
{
	return nr == SPY_NR_sendfile || nr == SPY_NR_splice || nr == SPY_NR_sendmsg ||
	       nr == SPY_NR_sendmmsg;
}

/* sys_exit(registers, result) */
int spy_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	u64 thread = bpf_get_current_pid_tgid(), regs = ctx->args[0], sk = 0;
	struct spy_mark *found = spy_marks.lookup(&thread);
	u32 nr = (u32)spy_kernel_word(regs + SPY_NR), dir = SPY_WRITE;
	struct spy_where w = {};
	struct spy_fd fd = {};
	long n = (long)ctx->args[1];

	if (found) {
		sk = found->sk;
		dir = found->dir;
		spy_marks.delete(&thread);
	}
#ifdef SPY_CS
	if ((u16)spy_kernel_word(regs + SPY_CS) != SPY_CS_64)
		nr = SPY_NR_OTHER;
#endif
	fd.tgid = thread >> 32;
	fd.fd = (u32)spy_kernel_word(regs + SPY_ARG0);
	if (spy_fds_changed(&fd, regs, nr, n))
		return 0;
	spy_where_of(&w, regs, nr);
	if (w.found && w.dir != dir)
		sk = 0; /* the mark belongs to another call */
	if (sk && (w.found || nr == SPY_NR_connect))
		spy_learn_fd(&fd, sk);
	if (n <= 0 || w.drop)
		return 0;
	if (!sk) {
		if (w.found ? w.dir == SPY_READ : !spy_is_sending(nr))
			return 0;
		if (nr == SPY_NR_splice)
			fd.fd = (u32)spy_kernel_word(regs + SPY_ARG2);
		dir = SPY_WRITE;
		sk = spy_sock_of_fd(&fd);
		if (!sk || !spy_wanted())
			return 0;
	}
	if (w.found)
		spy_plain(ctx, sk, &w, n);
	else
		spy_sock_gap(ctx, sk, dir, spy_bytes_of(regs, nr, n));
	return 0;
}

#endif

/* Ends the connections of the socket at this address, for each process that used it. */
static __always_inline void spy_sock_close(void *ctx, u64 sk)
{
	struct spy_sock *s = spy_socks.lookup(&sk);
	struct spy_conn_key key = {};
	struct spy_conn *c;

	if (!s)
		return;
	key.tls = s->id;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_USERS; i++) {
		key.tgid = s->tgids[i];
		c = spy_conns.lookup(&key);
		if (!c)
			continue;
		spy_send_close_of(ctx, key.tls, key.tgid, c);
		spy_conns.delete(&key);
	}
	spy_socks.delete(&sk);
}

static __always_inline void spy_plain_exec(void)
{
#if !SPY_SOCK_LENGTH
	spy_forget_fds(); /* the call closed some of them */
#endif
}

/* The thread ends, and its id may be reused. */
static __always_inline void spy_plain_exit(void *ctx, u64 thread)
{
	struct spy_mark *m = spy_marks.lookup(&thread);

	if (m)
		spy_sock_gap(ctx, m->sk, m->dir, m->bytes);
	spy_marks.delete(&thread);
#if !SPY_SOCK_LENGTH
	if (thread >> 32 == (u32)thread)
		spy_forget_fds();
#endif
}

static __always_inline void spy_plain_state(void *ctx, u64 sk, int state)
{
	/* Connected again, or at the address of a socket whose end was missed. */
	if (state == SPY_TCP_SYN_SENT || state == SPY_TCP_SYN_RECV)
		spy_sock_close(ctx, sk);
	if ((state != SPY_TCP_ESTABLISHED && state != SPY_TCP_SYN_SENT) || !spy_is_chosen(sk))
		return;
	if (!spy_socks.lookup(&sk))
		spy_sock_add(sk, 1);
#if !SPY_SOCK_LENGTH
	if (state == SPY_TCP_SYN_SENT)
		spy_mark_sock(ctx, sk, SPY_WRITE, 0); /* so that its descriptor is learnt */
#endif
}

#else

static __always_inline void spy_mark_sock(void *ctx, u64 sk, u32 dir, u64 n)
{
}

static __always_inline void spy_plain_exec(void)
{
}

static __always_inline void spy_plain_exit(void *ctx, u64 thread)
{
}

static __always_inline void spy_plain_state(void *ctx, u64 sk, int state)
{
}

static __always_inline void spy_sock_close(void *ctx, u64 sk)
{
}

#endif

/* sock_send_length(sk, result, flags), Linux 6.3. Also called for other protocols than TCP. */
int spy_sock_sent(struct bpf_raw_tracepoint_args *ctx)
{
	u64 sk = ctx->args[0];
	int n = (int)ctx->args[1];
#if SPY_PEERS
	struct spy_sk_ports p = {};

	if (n > 0 && spy_read_ports(&p, sk) && spy_wanted()) {
		if (spy_is_tcp(sk)) {
			spy_peer_used(ctx, sk, n);
			spy_notice_sent(ctx, sk, n);
		} else {
			spy_notice_datagram(ctx, sk, p.local, n);
		}
	}
#endif
	if (n > 0)
		spy_mark_sock(ctx, sk, SPY_WRITE, n);
	return 0;
}

/* sock_recv_length(sk, result, flags), Linux 6.3 */
int spy_sock_received(struct bpf_raw_tracepoint_args *ctx)
{
	int n = (int)ctx->args[1];

	if (n > 0 && !(ctx->args[2] & 2 /* MSG_PEEK */))
		spy_mark_sock(ctx, ctx->args[0], SPY_READ, n);
	return 0;
}

/* tcp_rcv_space_adjust(sk): the running system call received something from this TCP socket. */
int spy_received(struct bpf_raw_tracepoint_args *ctx)
{
	u64 sk = ctx->args[0];

#if SPY_PEERS
	if (spy_wanted()) {
		spy_peer_used(ctx, sk, 0);
		spy_notice_received(ctx, sk);
	}
#endif
	spy_mark_sock(ctx, sk, SPY_READ, 0);
	return 0;
}

/* tcp_destroy_sock(sk), Linux 4.16, in any context. A socket in state CLOSE still returns what it
 * received: a whole response after a reset, or from a server that closed after its client had. */
int spy_sock_destroyed(struct bpf_raw_tracepoint_args *ctx)
{
	spy_sock_close(ctx, ctx->args[0]);
	return 0;
}

/* sched_process_exit, of each thread */
int spy_thread_exit(struct bpf_raw_tracepoint_args *ctx)
{
	u64 thread = bpf_get_current_pid_tgid();

	spy_no_heir();
	spy_peer_exit(thread);
	spy_plain_exit(ctx, thread);
	spy_user_exit(ctx, thread);
	return 0;
}

/* inet_sock_set_state(sk, before, now) */
int spy_state(struct bpf_raw_tracepoint_args *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), sk = ctx->args[0],
	    proto = spy_kernel_word(sk + SPY_SK_PROT);
	struct spy_endpoints_event m = {};
	int state = (int)ctx->args[2];
	u8 one = 1;

	if (!spy_protos.lookup(&proto))
		spy_protos.update(&proto, &one);
	spy_plain_state(ctx, sk, state);
	if (state == SPY_TCP_CLOSE)
		spy_notice_close(sk);
	else if (state == SPY_TCP_ESTABLISHED && (int)ctx->args[1] == SPY_TCP_SYN_RECV)
		spy_notice_accept(sk);
	if (state != SPY_TCP_SYN_SENT || !spy_wanted())
		return 0;
	spy_notice_connect(sk);
	if (!spy_read_endpoints(&m.endpoints, sk))
		return 0;
	if ((m.endpoints.peer_port[0] << 8 | m.endpoints.peer_port[1]) != 443)
		return 0;
	m.ev.kind = SPY_CONNECT;
	m.ev.ts_ns = bpf_ktime_get_ns();
	m.ev.tgid = id >> 32;
	m.ev.tid = id;
	m.ev.len = sizeof(m.endpoints);
	spy_send_small(ctx, &m, sizeof(m));
	return 0;
}
