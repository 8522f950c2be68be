/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Which socket a TLS object's bytes pass through, told without descriptors: the kernel says which
 * TCP socket a thread used (sock.bpf.c). Where the TLS library does its own input and output, that
 * is the socket used within its call. Where the program does it (memory BIOs, rustls), the thread
 * sends what its writes have become by encryption: in their order, and each a little longer than
 * what was written. A thread that has only ever used one socket is a sign as long as there is no
 * other: in a pool, one may decrypt what another has received. Anything else is no evidence: an
 * event loop receives from many sockets before it decrypts. Evidence votes, and the last socket
 * that was told of counts.
 *
 * Follows tls.bpf.c. SPY_PEERS 0: off, and nothing of it is compiled. */

/* struct sock_common (include/net/sock.h), whose beginning has not changed since Linux 3.13. */
#define SPY_SK_DADDR	0
#define SPY_SK_PORTS	12 /* peer's port (as on the wire), own, family, state: 7 bytes */
#define SPY_SK_PROT	40
#define SPY_SK_NET	48
#define SPY_SK_V6_DADDR (48 + 8 * SPY_NETNS) /* followed by the local address */

struct spy_sk_ports {
	u8 peer[2];
	u16 local;
	u16 family;
	u8 state, rest;
};

#define SPY_AF_INET  2
#define SPY_AF_INET6 10

static __always_inline int spy_read_ports(struct spy_sk_ports *p, u64 sk)
{
	return !SPY_READ_KERNEL(p, sizeof(*p), (void *)(sk + SPY_SK_PORTS)) &&
	       (p->family == SPY_AF_INET || p->family == SPY_AF_INET6);
}

static __always_inline int spy_read_endpoints(struct spy_endpoints *e, u64 sk)
{
	struct spy_sk_ports p = {};

	if (!spy_read_ports(&p, sk) || (!p.local && !p.peer[0] && !p.peer[1]))
		return 0;
	e->peer_port[0] = p.peer[0];
	e->peer_port[1] = p.peer[1];
	e->local_port[0] = p.local >> 8;
	e->local_port[1] = p.local;
#if SPY_NETNS
	SPY_READ_KERNEL(e->netns, sizeof(e->netns), (void *)(sk + SPY_SK_NET));
#endif
	if (p.family == SPY_AF_INET6) {
		e->family = 6;
		SPY_READ_KERNEL(e->peer, 16, (void *)(sk + SPY_SK_V6_DADDR));
		SPY_READ_KERNEL(e->local, 16, (void *)(sk + SPY_SK_V6_DADDR + 16));
	} else {
		e->family = 4;
		SPY_READ_KERNEL(e->peer, 4, (void *)(sk + SPY_SK_DADDR));
		SPY_READ_KERNEL(e->local, 4, (void *)(sk + SPY_SK_DADDR + 4));
	}
	return 1;
}

struct spy_endpoints_event {
	struct spy_event ev;
	struct spy_endpoints endpoints;
};

static __always_inline void spy_send_peer(void *ctx, u64 tls, struct spy_conn *c, u64 sk)
{
	struct spy_endpoints_event m = {};

	if (!spy_read_endpoints(&m.endpoints, sk))
		return;
	spy_fill(&m.ev, tls, c);
	m.ev.kind = SPY_ENDPOINTS;
	m.ev.ts_ns = bpf_ktime_get_ns();
	m.ev.len = sizeof(m.endpoints);
	spy_send_small(ctx, &m, sizeof(m));
}

#if SPY_PEERS

#define SPY_UNSENT    16	   /* a power of two */
#define SPY_UNSENT_NS 100000000ull /* writes not sent by then were sent in another way */

/* Writes of one TLS object that will be sent together. */
struct spy_unsent {
	u64 tls, ts_ns;
	u32 bytes, records;
};
struct spy_last {
	u64 sk;		 /* last use */
	u32 seq;	 /* uses of sockets */
	u32 mixed;	 /* uses of more than one socket */
	u32 first, next; /* of unsent; next - first are in use */
	struct spy_unsent unsent[SPY_UNSENT];
};
/* By thread. */
BPF_TABLE("lru_hash", u64, struct spy_last, spy_lasts, 16384);
/* All zeroes: a new entry, too large for the stack. */
BPF_ARRAY(spy_last_new, struct spy_last, 1);

static __always_inline u64 spy_peer_seq(void)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_last *l = spy_lasts.lookup(&thread);

	return l ? l->seq : 0;
}

/* votes: weight of this evidence. Certain evidence outweighs anything that can be gathered; a hint
 * counts only while nothing else is known. */
#define SPY_SURE 255
#define SPY_SIGN 0

static __always_inline void spy_peer_vote(void *ctx, u64 tls, struct spy_conn *c, u64 sk, u32 votes)
{
	if (votes == SPY_SIGN && c->sk)
		return;
	if (c->sk == sk) {
		c->votes += c->votes < SPY_SURE - 1;
	} else if (c->votes > votes) {
		c->votes--;
	} else {
		c->sk = sk;
		c->votes = votes;
		spy_send_peer(ctx, tls, c, sk);
	}
}

/* Whether `bytes` in so many records become `sent` bytes, by header, tag, and TLS 1.3's type or TLS
 * 1.2's nonce (RFC 8446 section 5.2, RFC 5288 section 3, RFC 7905 section 2). first: nothing was
 * sent before, so TLS 1.3's Finished may precede, with 32 or 48 bytes and a change of cipher before
 * it (RFC 8446 section 4.4.4, appendix D.4). */
static __always_inline int spy_becomes(u32 bytes, u32 records, u32 sent, int first)
{
	u32 extra = sent - bytes, more = extra - 22 * records;

	if (extra == 22 * records || extra == 29 * records || extra == 21 * records)
		return 1;
	return first && (more == 58 || more == 64 || more == 74 || more == 80);
}

/* Handshakes send too, and match nothing. */
static __always_inline void spy_peer_sent(void *ctx, struct spy_last *l, u64 sk, u32 sent)
{
	struct spy_unsent *u = &l->unsent[l->first % SPY_UNSENT];
	struct spy_conn *c = spy_known(u->tls);

	if (!c || !spy_becomes(u->bytes, u->records, sent, c->off[SPY_WRITE] == u->bytes)) {
		if (!c || bpf_ktime_get_ns() - u->ts_ns > SPY_UNSENT_NS)
			l->first++;
		return;
	}
	l->first++;
	spy_peer_vote(ctx, u->tls, c, sk, 2);
}

static __always_inline void spy_peer_written(struct spy_last *l, u64 tls, u32 n)
{
	struct spy_unsent *u = &l->unsent[(l->next - 1) % SPY_UNSENT];

	if (l->first == l->next || u->tls != tls) {
		if (l->next - l->first == SPY_UNSENT)
			l->first++;
		u = &l->unsent[l->next++ % SPY_UNSENT];
		u->tls = tls;
		u->ts_ns = bpf_ktime_get_ns();
		u->bytes = 0;
		u->records = 0;
	}
	u->bytes += n;
	u->records += (n + 16383) / 16384;
}

/* The thread used a TCP socket; sent: number of bytes, 0: it received. */
static __always_inline void spy_peer_used(void *ctx, u64 sk, u32 sent)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_last *l = spy_lasts.lookup(&thread), *new;
	u32 zero = 0;

	if (!l) {
		new = spy_last_new.lookup(&zero);
		if (new)
			spy_lasts.update(&thread, new);
		l = spy_lasts.lookup(&thread);
	}
	if (!l)
		return;
	if (l->sk && l->sk != sk)
		l->mixed = 1;
	l->sk = sk;
	l->seq++;
	if (sent && l->first != l->next)
		spy_peer_sent(ctx, l, sk, sent);
}

/* A read or write of `tls` with `n` bytes is over. seq: value of spy_peer_seq at its beginning, or
 * SPY_SEQ_UNKNOWN. */
static __always_inline void spy_peer_done(void *ctx, u32 dir, u64 tls, u64 seq, u64 n)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct spy_last *l = spy_lasts.lookup(&thread);
	struct spy_conn *c;
	u32 votes = SPY_SURE;

	if (!l)
		return;
	if (seq == SPY_SEQ_UNKNOWN || l->seq == seq) { /* the library used no socket itself */
		if (dir == SPY_WRITE && n)
			spy_peer_written(l, tls, n);
		if (dir == SPY_WRITE || !n || l->mixed)
			return;
		votes = SPY_SIGN;
	}
	c = n ? spy_conn_of(tls) : spy_known(tls);
	if (c)
		spy_peer_vote(ctx, tls, c, l->sk, votes);
}

/* The thread ends, and its id may be reused. */
static __always_inline void spy_peer_exit(u64 thread)
{
	spy_lasts.delete(&thread);
}

#else

static __always_inline void spy_peer_exit(u64 thread)
{
}

static __always_inline u64 spy_peer_seq(void)
{
	return 0;
}

static __always_inline void spy_peer_done(void *ctx, u32 dir, u64 tls, u64 seq, u64 n)
{
}

#endif
