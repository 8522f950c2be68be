/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Functions of the shapes of OpenSSL's: reads and writes, connections, early data, the server's
 * name. Follows send.bpf.c.
 *
 * Reads and writes are taken at return, by the number of bytes the library accepted or gave
 * out, so retries and short writes are right, and so that pages not yet touched are there. */

/* ---- connections that go on in a process that was forked ---- */

/* sched_process_fork(parent, child), of threads too */
int spy_forked(struct bpf_raw_tracepoint_args *ctx)
{
	u64 child = ctx->args[1], task = bpf_get_current_task();
	u32 tgid = bpf_get_current_pid_tgid() >> 32, *from;

	from = spy_users.lookup(&tgid) ? &tgid : spy_heirs.lookup(&task);
	if (from)
		spy_heirs.update(&child, from);
	return 0;
}

/* It ends, or begins another program: what is at an address there is something else. */
static __always_inline void spy_no_heir(void)
{
	u64 task = bpf_get_current_task();

	spy_heirs.delete(&task);
}

/* The child has a copy of the TLS object, and what it reads or writes follows what its parent did.
 * Offsets go on, so that the connection does. */
static __always_inline void spy_inherit_from(void *ctx, u64 tls, u32 parent)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct spy_conn_key key = {};
	struct spy_event e = {};
	struct spy_conn *c;
	u8 one = 1;

	key.tls = tls;
	key.tgid = tgid;
	if (parent == tgid || spy_conns.lookup(&key))
		return;
	key.tgid = parent;
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	e.kind = SPY_FORKED;
	e.off = c->first_seen_ns;
	key.tgid = tgid;
	spy_conns.update(&key, c);
	spy_users.update(&tgid, &one);
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	c->first_seen_ns = bpf_ktime_get_ns();
	c->from_start = 0;
	c->refs = 0;
	spy_fill(&e, tls, c);
	e.ts_ns = c->first_seen_ns;
	e.io_seq = parent;
	spy_send_small(ctx, &e, sizeof(e));
}

static __always_inline void spy_inherit(void *ctx, u64 tls)
{
	u64 task = bpf_get_current_task();
	u32 *parent = spy_heirs.lookup(&task);

	if (parent)
		spy_inherit_from(ctx, tls, *parent);
}

static __always_inline int spy_enter_at(struct pt_regs *ctx, u64 sp, u64 tls, u64 done)
{
	struct spy_frame f = {};
	struct spy_args a = {};

	f.thread = bpf_get_current_pid_tgid();
	f.sp = sp;
	a.tls = tls;
	a.buf = PT_REGS_PARM2(ctx);
	a.done = done;
	a.seq = spy_peer_seq();
	if (spy_frames.update(&f, &a))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

static __always_inline int spy_enter(struct pt_regs *ctx, u64 tls, u64 done)
{
	return spy_enter_at(ctx, SPY_SP_ENTRY(ctx), tls, done);
}

/* (tls, buf, len) */
int spy_call(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), 0) : 0;
}

/* (tls, buf, len, *done) */
int spy_call_ex(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx)) : 0;
}

/* SSL_peek where SSL_read was inlined into its callers: all reads pass it. A program that really
 * peeks asks for one byte, to check whether the connection is still up. */
int spy_call_peek(struct pt_regs *ctx)
{
	u64 tls = (int)PT_REGS_PARM3(ctx) == 1 ? 0 : PT_REGS_PARM1(ctx);

	return spy_wanted() ? spy_enter(ctx, tls, 0) : 0;
}

/* OpenSSL 3's (tls, buf, len, *done); from 3.2 on a write is (tls, buf, len, flags, *done), where
 * flags is a small number. */
static __always_inline u64 spy_internal_done(struct pt_regs *ctx)
{
	u64 done = PT_REGS_PARM4(ctx);

	return done < 4096 ? PT_REGS_PARM5(ctx) : done;
}

int spy_call_internal(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), spy_internal_done(ctx)) : 0;
}

/* The same at the instruction that calls, which leads to the next one with what a return has. */
int spy_call_site(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter_at(ctx, SPY_SP_RETURN(ctx), PT_REGS_PARM1(ctx),
					   spy_internal_done(ctx))
			    : 0;
}

/* Takes the remembered entry of the returning call. */
static __always_inline int spy_take_frame(struct pt_regs *ctx, struct spy_args *a)
{
	struct spy_frame f = {};
	struct spy_args *found;

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	found = spy_frames.lookup(&f);
	if (!found) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	*a = *found;
	spy_frames.delete(&f);
	return a->tls != 0;
}

/* An io that has ended, with `total` bytes accepted or returned: sends its event and returns its
 * number of bytes; 0: none. */
static __always_inline u64 spy_begin_report(struct spy_event *head, u32 dir, u64 tls, u64 total)
{
	struct spy_conn *c;

	/* The libraries' own limit is the int range; a larger number is no byte count. */
	if (total == 0 || total > 0x7fffffff)
		return 0;
	c = spy_conn_of(tls);
	if (!c) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return 0;
	}
	if (dir == SPY_WRITE && c->resender == bpf_get_current_pid_tgid())
		return 0;
	spy_fill(head, tls, c);
	head->kind = SPY_DATA;
	head->dir = dir;
	head->ts_ns = bpf_ktime_get_ns();
	head->off = c->off[dir];
	head->io_seq = c->calls[dir];
	c->off[dir] += total;
	c->calls[dir]++;
	spy_count(SPY_N_CALLS, 1);
	return total;
}

static __always_inline int spy_report(struct pt_regs *ctx, u32 dir, u64 tls, u64 buf, u64 total)
{
	struct spy_event head = {};

	total = spy_begin_report(&head, dir, tls, total);
	if (total)
		spy_send_call(ctx, &head, buf, total, 0);
	return 0;
}

/* The number of bytes of an io that returned, and its event; 0: none. */
static __always_inline u64 spy_passed(struct pt_regs *ctx, u32 dir, struct spy_args *a,
				      struct spy_event *head)
{
	u64 total = 0;

	if (!spy_take_frame(ctx, a))
		return 0;
	if ((int)PT_REGS_RC(ctx) > 0)
		total = (u32)PT_REGS_RC(ctx);
	if (total && a->done && SPY_READ_USER(&total, sizeof(total), (void *)a->done)) {
		spy_count(SPY_N_FAULT, 1);
		total = 0;
	}
	if (total && total <= 0x7fffffff)
		spy_inherit(ctx, a->tls);
	if (total <= 0x7fffffff)
		spy_peer_done(ctx, dir, a->tls, a->seq, total);
	return spy_begin_report(head, dir, a->tls, total);
}

static __always_inline int spy_return(struct pt_regs *ctx, u32 dir)
{
	struct spy_event head = {};
	struct spy_args a = {};
	u64 total = spy_passed(ctx, dir, &a, &head);

	if (total)
		spy_send_call(ctx, &head, a.buf, total, 0);
	return 0;
}

int spy_write_return(struct pt_regs *ctx)
{
	return spy_return(ctx, SPY_WRITE);
}

int spy_read_return(struct pt_regs *ctx)
{
	return spy_return(ctx, SPY_READ);
}

static __always_inline void spy_send_close_of(void *ctx, u64 tls, u32 tgid, struct spy_conn *c)
{
	struct {
		struct spy_event ev;
		struct spy_totals totals;
	} m = {};

	spy_fill(&m.ev, tls, c);
	m.ev.tgid = tgid;
	m.ev.kind = SPY_CLOSE;
	m.ev.ts_ns = bpf_ktime_get_ns();
	m.ev.len = sizeof(m.totals);
	m.totals.bytes[0] = c->off[0];
	m.totals.bytes[1] = c->off[1];
	spy_send_small(ctx, &m, sizeof(m));
}

static __always_inline void spy_send_close(struct pt_regs *ctx, u64 tls, struct spy_conn *c)
{
	spy_send_close_of(ctx, tls, bpf_get_current_pid_tgid() >> 32, c);
}

/* The end of a connection that was read in its records. */
static __always_inline void spy_close(struct pt_regs *ctx, u64 tls)
{
	struct spy_conn_key key = {};
	struct spy_conn *c;

	spy_key(&key, tls);
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	spy_send_close(ctx, tls, c);
	spy_conns.delete(&key);
}

static __always_inline void spy_begin(u64 tls)
{
	struct spy_conn_key key = {};
	struct spy_conn fresh = {};
	u8 one = 1;

	spy_key(&key, tls);
	fresh.first_seen_ns = bpf_ktime_get_ns();
	fresh.from_start = 1;
	spy_conns.update(&key, &fresh);
	spy_users.update(&key.tgid, &one);
}

static __always_inline int spy_end(struct pt_regs *ctx, u64 tls, int again)
{
	struct spy_conn_key key = {};
	struct spy_conn *c;

	if (!tls || !spy_wanted())
		return 0;
	spy_key(&key, tls);
	c = spy_conns.lookup(&key);
	if (c && !again && c->refs) {
		c->refs--;
		return 0;
	}
	if (c && (c->off[0] || c->off[1]))
		spy_send_close(ctx, tls, c);
	else if (again && c && c->from_start)
		return 0; /* a handshake clears a new object again: it is still the same object */
	if (again)
		spy_begin(tls);
	else if (c)
		spy_conns.delete(&key);
	return 0;
}

/* What was known of this address belongs to an earlier object, whose end may have been missed. */
static __always_inline void spy_begin_anew(struct pt_regs *ctx, u64 tls)
{
	struct spy_conn *c = spy_known(tls);

	if (c && (c->off[0] || c->off[1]))
		spy_send_close(ctx, tls, c);
	spy_begin(tls);
}

/* SSL_new */
int spy_new_return(struct pt_regs *ctx)
{
	u64 tls = PT_REGS_RC(ctx);

	if (tls && spy_wanted())
		spy_begin_anew(ctx, tls);
	return 0;
}

/* SSL_do_handshake, if SSL_new is inlined or SSL_free is unknown. It returns 1 at once on a
 * connection that is set up; otherwise nothing was read yet. What was written may be early data. */
int spy_handshake_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c;

	if (!spy_take_frame(ctx, &a))
		return 0;
	spy_peer_done(ctx, SPY_READ, a.tls, a.seq, 0);
	if ((int)PT_REGS_RC(ctx) > 0)
		return 0;
	c = spy_known(a.tls);
	if (!c || c->off[SPY_READ])
		spy_begin_anew(ctx, a.tls);
	return 0;
}

int spy_free(struct pt_regs *ctx)
{
	return spy_end(ctx, PT_REGS_PARM1(ctx), 0);
}

int spy_clear(struct pt_regs *ctx)
{
	return spy_end(ctx, PT_REGS_PARM1(ctx), 1);
}

int spy_up_ref(struct pt_regs *ctx)
{
	struct spy_conn *c;

	if (!spy_wanted())
		return 0;
	c = spy_conn_of(PT_REGS_PARM1(ctx));
	if (c)
		c->refs++;
	return 0;
}

/* ---- early data (0-RTT, RFC 8446 section 2.3): written before the server has answered, and lost
 * where it refuses. Who wrote it has to ask, and to write it again. ---- */

static __always_inline void spy_early_lost(void *ctx, u64 tls, struct spy_conn *c)
{
	struct spy_event e = {};

	c->early = 0;
	if (!c->off[SPY_WRITE] || c->off[SPY_READ])
		return;
	spy_fill(&e, tls, c);
	e.kind = SPY_REFUSED;
	e.ts_ns = bpf_ktime_get_ns();
	e.off = c->off[SPY_WRITE];
	spy_send_small(ctx, &e, sizeof(e));
}

/* SSL_write_early_data; what it writes passes SSL_write_ex. gnutls_record_send_early_data. */
int spy_early(struct pt_regs *ctx)
{
	struct spy_conn *c = spy_wanted() ? spy_conn_of(PT_REGS_PARM1(ctx)) : NULL;

	if (c)
		c->early = SPY_EARLY_WRITTEN;
	return 0;
}

/* At the return of a call that may say what became of it. NULL: none was written. */
static __always_inline struct spy_conn *spy_early_conn(struct pt_regs *ctx, struct spy_args *a)
{
	struct spy_conn *c = spy_take_frame(ctx, a) ? spy_known(a->tls) : NULL;

	return c && c->early ? c : NULL;
}

/* SSL_get_early_data_status: 1 is SSL_EARLY_DATA_REJECTED. */
int spy_early_status_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c = spy_early_conn(ctx, &a);

	if (c && (int)PT_REGS_RC(ctx) == 1)
		spy_early_lost(ctx, a.tls, c);
	return 0;
}

/* BoringSSL's SSL_reset_early_data_reject: called by who was told so. */
int spy_early_reset(struct pt_regs *ctx)
{
	struct spy_conn *c = spy_wanted() ? spy_known(PT_REGS_PARM1(ctx)) : NULL;

	if (c)
		spy_early_lost(ctx, PT_REGS_PARM1(ctx), c);
	return 0;
}

/* The server name, `n` bytes at `from`. */
static __always_inline void spy_send_host(struct pt_regs *ctx, u64 tls, u64 from, u64 n)
{
	struct spy_conn *c = spy_conn_of(tls);
	struct spy_event head = {};

	if (!c)
		return;
	spy_fill(&head, tls, c);
	head.kind = SPY_HOST;
	head.ts_ns = bpf_ktime_get_ns();
	spy_opaque(n);
	if (n > 255)
		n = 255;
	spy_opaque(n);
	spy_send(ctx, &head, from, n);
}

static __always_inline int spy_host_string(struct pt_regs *ctx, u64 from)
{
	char name[256] = {};
	long n;

	if (!from || !spy_wanted())
		return 0;
	n = SPY_READ_USER_STR(name, sizeof(name), (void *)from);
	if (n > 1)
		spy_send_host(ctx, PT_REGS_PARM1(ctx), from, n - 1);
	return 0;
}

/* SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name) */
int spy_ctrl(struct pt_regs *ctx)
{
	return (int)PT_REGS_PARM2(ctx) == 55 ? spy_host_string(ctx, PT_REGS_PARM4(ctx)) : 0;
}
