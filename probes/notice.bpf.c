/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Whoever speaks TLS or QUIC, whatever is hooked in it: the beginning of what a process sends on a
 * connection that it opened shows that (RFC 8446 section 4.1.2, RFC 9000 section 17.2.2). Told from
 * within the system call that sends (sock.bpf.c), by the registers that it was entered with. A
 * connection that has begun with something else costs one lookup in a map for each further send.
 *
 * Who passes on what others say sends their ClientHello: so one that is received on a connection
 * that was accepted is told of, too.
 *
 * What is told: the ClientHello or the Initial packet, and the beginnings of some sends after it,
 * by which user space learns whether the handshake was followed by anything.
 *
 * Follows syscall.bpf.c.
 *
 * SPY_NOTICE 1: on */

#if SPY_NOTICE

/* Sends in which a handshake may begin: a proxy or the start of TLS may be asked for before. */
#define SPY_HELLO_SENDS 4
/* Sends after it that are told of. */
#define SPY_MORE_SENDS	 12
#define SPY_HELLO_BYTES	 2048
#define SPY_MORE_BYTES	 512
#define SPY_PASSED_BYTES 64
#define SPY_INITIAL_MIN	 1200 /* bytes of a datagram that holds an Initial packet of a client */
#define SPY_DATAGRAMS	 16   /* sends of a QUIC socket that are told of */

struct spy_begun {
	u64 id;
	u16 port; /* of UDP: its own, by which another socket at this address is told */
	u8 sends; /* that were looked at, without a handshake; or after it */
	u8 hello; /* there was one */
	u8 pad[4];
};
/* By socket. TCP sockets that have connected, until it is known what they begin with. */
BPF_TABLE("lru_hash", u64, struct spy_begun, spy_begun, 8192);
BPF_TABLE("lru_hash", u64, struct spy_begun, spy_datagrams, 4096);
/* TCP sockets that were accepted, until it is known what they begin with: receives looked at. */
BPF_TABLE("lru_hash", u64, u8, spy_accepted, 8192);

struct spy_notice {
	struct spy_event ev;
	struct spy_endpoints endpoints;
};

static __always_inline void spy_notice_fill(struct spy_event *e, struct spy_begun *b, u32 n)
{
	u64 id = bpf_get_current_pid_tgid();

	e->kind = SPY_NOTICE_EVENT;
	e->dir = SPY_WRITE;
	e->ts_ns = bpf_ktime_get_ns();
	e->object = b->id;
	e->first_seen_ns = b->id;
	e->cgroup = SPY_CGROUP_ID;
	e->io_seq = b->hello ? b->sends : 0;
	e->io_len = n;
	e->tgid = id >> 32;
	e->tid = id;
	e->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(&e->comm, sizeof(e->comm));
}

/* The first bytes of what a system call passes: `count` of them at `from`. Where these are few, as
 * the header of a TLS record alone, the next buffer has what follows; 0: there is none. */
#define SPY_FEW 32 /* a power of two */
struct spy_passed {
	u64 from, count;
	u64 more, more_count;
	u64 to; /* the address that it is sent to */
};

/* Sends a notice with the bytes at `p`, `max` at most, a constant. */
static __always_inline void spy_notice_send(void *ctx, struct spy_notice *head,
					    struct spy_passed *p, const u64 max)
{
	u64 n = p->count, more = p->more ? p->more_count : 0, few;
#if SPY_RINGBUF
	struct spy_notice *m = spy_events.ringbuf_reserve(sizeof(*m) + max);

	if (!m)
		return;
#else
	u64 thread = bpf_get_current_pid_tgid();
	u32 index = (u32)thread % SPY_SLOTS;
	struct spy_slot *s = spy_slots.lookup(&index);
	struct spy_notice *m;

	if (!s || *(volatile u64 *)&s->owner)
		return;
	*(volatile u64 *)&s->owner = thread;
	m = (struct spy_notice *)&s->ev;
#endif
	*m = *head;
	spy_opaque(n);
	if (n > max)
		n = max;
	spy_opaque(n);
	if (!n || SPY_READ_USER(m + 1, n, (void *)p->from))
		n = 0;
	few = n;
	spy_opaque(few);
	few &= SPY_FEW - 1;
	spy_opaque(more);
	if (more > max - SPY_FEW)
		more = max - SPY_FEW;
	spy_opaque(more);
	if (more && !SPY_READ_USER((u8 *)(m + 1) + few, more, (void *)p->more))
		n = few + more;
	m->ev.len = sizeof(m->endpoints) + n;
#if SPY_RINGBUF
	/* A process that has begun may soon end, and is looked at before. */
	spy_events.ringbuf_submit(m, m->ev.io_seq || m->ev.dir ? 1 : 2);
#else
	spy_opaque(n);
	if (n > max)
		n = max;
	spy_events.perf_submit(ctx, m, sizeof(*m) + n);
	*(volatile u64 *)&s->owner = 0;
#endif
}

/* Of a list of buffers: the first that has bytes, and the one that follows it. */
static __always_inline void spy_passed_list(struct spy_passed *p, u64 list, u64 count)
{
	u64 next[2] = {}, more[2] = {};
	u32 i;

#pragma unroll
	for (i = 0; i < 4; i++) {
		if (i < count)
			SPY_READ_USER(next, sizeof(next), (void *)(list + 16 * i));
		if (next[1])
			break;
	}
	p->from = next[0];
	if (next[1] < p->count)
		p->count = next[1];
	if (!next[1] || next[1] >= SPY_FEW || i + 1 >= count ||
	    SPY_READ_USER(more, sizeof(more), (void *)(list + 16 * (i + 1))))
		return;
	p->more = more[0];
	p->more_count = more[1];
}

/* What the running system call sends, or has received, of `count` bytes. */
static __always_inline int spy_passing(void *ctx, u32 dir, struct spy_passed *p)
{
	u64 regs = spy_user_regs(ctx), address = 0;
	struct spy_where w = {};
	u32 nr;

	if (!regs || spy_is_worker())
		return 0;
#ifdef SPY_CS
	if ((u16)spy_kernel_word(regs + SPY_CS) != SPY_CS_64)
		return 0;
#endif
	nr = (u32)spy_kernel_word(regs + SPY_NR);
	if (nr == SPY_NR_sendmmsg)
		nr = SPY_NR_sendmsg; /* of the first message */
	spy_where_of(&w, regs, nr);
	if (!w.found || w.dir != dir)
		return 0;
	if (nr == SPY_NR_sendto)
		p->to = spy_kernel_word(regs + SPY_ARG4);
	else if (nr == SPY_NR_sendmsg &&
		 !SPY_READ_USER(&address, 8, (void *)spy_kernel_word(regs + SPY_ARG1)))
		p->to = address;
	p->from = w.buf;
	if (w.count)
		spy_passed_list(p, w.buf, w.count);
	return p->count != 0;
}

/* A ClientHello: record of a handshake, version 3.0 to 3.4, length, message 1. */
static __always_inline int spy_is_hello(struct spy_passed *p)
{
	u8 b[5] = {}, message = 0;
	u64 at = p->more && p->count == sizeof(b) ? p->more : p->from + sizeof(b);

	return !SPY_READ_USER(b, sizeof(b), (void *)p->from) && b[0] == 0x16 && b[1] == 3 &&
	       b[2] <= 4 && !SPY_READ_USER(&message, 1, (void *)at) && message == 1;
}

/* The Initial packet of QUIC version 1 or 2 (RFC 9369). */
static __always_inline int spy_is_initial(u64 from)
{
	u8 b[6] = {};
	u32 version;

	if (SPY_READ_USER(b, sizeof(b), (void *)from))
		return 0;
	version = (u32)b[1] << 24 | (u32)b[2] << 16 | (u32)b[3] << 8 | b[4];
	if (version == 1)
		return (b[0] & 0xf0) == 0xc0 && b[5] >= 8 && b[5] <= 20;
	return version == 0x6b3343cf && (b[0] & 0xf0) == 0xd0 && b[5] >= 8 && b[5] <= 20;
}

/* The socket connects. */
static __always_inline void spy_notice_connect(u64 sk)
{
	struct spy_begun b = {};

	b.id = bpf_ktime_get_ns();
	spy_begun.update(&sk, &b);
}

/* A connection was accepted; not in its process. */
static __always_inline void spy_notice_accept(u64 sk)
{
	u8 none = 0;

	spy_accepted.update(&sk, &none);
}

static __always_inline void spy_notice_close(u64 sk)
{
	spy_begun.delete(&sk);
	spy_accepted.delete(&sk);
}

/* A TCP socket has received. */
static __always_inline void spy_notice_received(void *ctx, u64 sk)
{
	struct spy_passed p = { .count = SPY_PASSED_BYTES };
	struct spy_notice head = {};
	u8 *looked = spy_accepted.lookup(&sk);
	struct spy_begun b = {};
	int hello;

	if (!looked)
		return;
	hello = spy_passing(ctx, SPY_READ, &p) && spy_is_hello(&p);
	if (hello || ++*looked >= SPY_HELLO_SENDS)
		spy_accepted.delete(&sk);
	if (!hello)
		return;
	b.id = bpf_ktime_get_ns();
	spy_notice_fill(&head.ev, &b, 0);
	head.ev.dir = SPY_READ;
	if (spy_read_endpoints(&head.endpoints, sk))
		spy_notice_send(ctx, &head, &p, SPY_PASSED_BYTES);
}

/* A TCP socket has sent `n` bytes. */
static __always_inline void spy_notice_sent(void *ctx, u64 sk, u32 n)
{
	struct spy_begun *b = spy_begun.lookup(&sk);
	struct spy_passed p = { .count = n };
	struct spy_notice head = {};
	int known;

	if (!b)
		return;
	known = spy_passing(ctx, SPY_WRITE, &p);
	if (!b->hello) {
		if (!known || !spy_is_hello(&p)) {
			if (++b->sends >= SPY_HELLO_SENDS)
				spy_begun.delete(&sk);
			return;
		}
		b->sends = 0;
		b->hello = 1;
		spy_notice_fill(&head.ev, b, n);
		if (spy_read_endpoints(&head.endpoints, sk))
			spy_notice_send(ctx, &head, &p, SPY_HELLO_BYTES);
		return;
	}
	b->sends++;
	spy_notice_fill(&head.ev, b, n);
	if (!known)
		p.count = 0;
	if (spy_read_endpoints(&head.endpoints, sk))
		spy_notice_send(ctx, &head, &p, SPY_MORE_BYTES);
	if (b->sends >= SPY_MORE_SENDS)
		spy_begun.delete(&sk);
}

/* The peer of a datagram whose socket is not connected. */
static __always_inline void spy_read_peer(struct spy_endpoints *e, u64 to)
{
	u8 a[24] = {}; /* family, port, IPv4 address; or flow, IPv6 address */

	if (e->peer_port[0] || e->peer_port[1] || !to || SPY_READ_USER(a, 8, (void *)to))
		return;
	e->peer_port[0] = a[2];
	e->peer_port[1] = a[3];
	if (a[0] == SPY_AF_INET) {
		e->family = 4;
		__builtin_memcpy(e->peer, a + 4, 4);
	} else if (a[0] == SPY_AF_INET6 && !SPY_READ_USER(a, sizeof(a), (void *)to)) {
		__builtin_memcpy(e->peer, a + 8, 16);
	}
}

/* A socket that is not TCP has sent `n` bytes; what is no QUIC is looked at some times. */
static __always_inline void spy_notice_datagram(void *ctx, u64 sk, u16 port, u32 n)
{
	struct spy_begun *b = spy_datagrams.lookup(&sk), fresh = {};
	struct spy_passed p = { .count = n };
	struct spy_notice head = {};

	if (!b || b->port != port) {
		fresh.id = bpf_ktime_get_ns();
		fresh.port = port;
		spy_datagrams.update(&sk, &fresh);
		b = spy_datagrams.lookup(&sk);
	}
	if (!b || b->sends >= (b->hello ? SPY_DATAGRAMS : SPY_HELLO_SENDS))
		return;
	b->sends++;
	if (!spy_passing(ctx, SPY_WRITE, &p))
		return;
	if (!b->hello && (n < SPY_INITIAL_MIN || !spy_is_initial(p.from)))
		return;
	if (!b->hello)
		b->sends = 0;
	b->hello = 1;
	spy_notice_fill(&head.ev, b, n);
	head.ev.flags = SPY_DATAGRAM;
	if (!spy_read_endpoints(&head.endpoints, sk))
		return;
	spy_read_peer(&head.endpoints, p.to);
	spy_notice_send(ctx, &head, &p, SPY_MORE_BYTES);
}

#else

static __always_inline void spy_notice_connect(u64 sk)
{
}

static __always_inline void spy_notice_accept(u64 sk)
{
}

static __always_inline void spy_notice_close(u64 sk)
{
}

static __always_inline void spy_notice_received(void *ctx, u64 sk)
{
}

static __always_inline void spy_notice_sent(void *ctx, u64 sk, u32 n)
{
}

static __always_inline void spy_notice_datagram(void *ctx, u64 sk, u16 port, u32 n)
{
}

#endif
