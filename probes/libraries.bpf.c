/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* BPF programs for libraries with functions of other shapes than tls.bpf.c has; that precedes this
 * text. Offsets into foreign memory are those of public headers. */

/* Bytes that passed but cannot be read from the call's arguments: a gap of known size. */
static __always_inline int spy_gap(struct pt_regs *ctx, u32 dir)
{
	struct spy_event head = {};
	struct spy_args a = {};
	u64 total = spy_passed(ctx, dir, &a, &head);

	if (!total)
		return 0;
	head.io_len = total;
	head.len = total;
	head.flags |= SPY_MISSING;
	spy_send_small(ctx, &head, sizeof(head));
	return 0;
}

int spy_write_gap(struct pt_regs *ctx)
{
	return spy_gap(ctx, SPY_WRITE);
}

int spy_read_gap(struct pt_regs *ctx)
{
	return spy_gap(ctx, SPY_READ);
}

/* (tls, name) */
int spy_host_text(struct pt_regs *ctx)
{
	return spy_host_string(ctx, PT_REGS_PARM2(ctx));
}

/* (tls, type, name, len); the only type is the host name: 1 in GnuTLS, 0 in wolfSSL. */
int spy_host_sized(struct pt_regs *ctx)
{
	u64 n = PT_REGS_PARM4(ctx);

	if ((u32)PT_REGS_PARM2(ctx) <= 1 && n && PT_REGS_PARM3(ctx) && spy_wanted())
		spy_send_host(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx), n);
	return 0;
}

/* ---- GnuTLS ---- */

#define SPY_GNUTLS_EARLY_DATA (1 << 10) /* GNUTLS_SFLAGS_EARLY_DATA (gnutls/gnutls.h) */

/* gnutls_init(*tls, flags), entered by spy_call: the first argument points to the object. */
int spy_init_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	u64 tls = 0;

	if (!spy_take_frame(ctx, &a) || (int)PT_REGS_RC(ctx) < 0)
		return 0;
	if (!SPY_READ_USER(&tls, sizeof(tls), (void *)a.tls) && tls)
		spy_begin(tls);
	return 0;
}

/* gnutls_record_uncork(tls, flags) calls the library's own send for data that the program passed
 * while the connection was corked, and that was reported then. */
int spy_uncork(struct pt_regs *ctx)
{
	struct spy_conn *c;

	if (!spy_wanted())
		return 0;
	c = spy_conn_of(PT_REGS_PARM1(ctx));
	if (c)
		c->resender = bpf_get_current_pid_tgid();
	return spy_enter(ctx, PT_REGS_PARM1(ctx), 0);
}

int spy_uncork_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c;

	if (!spy_take_frame(ctx, &a))
		return 0;
	c = spy_conn_of(a.tls);
	if (c)
		c->resender = 0;
	return 0;
}

/* gnutls_handshake(tls) = 0: it has sent what gnutls_record_send_early_data kept, by the library's
 * own send, and the server has answered. */
int spy_early_sent_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c = spy_early_conn(ctx, &a);

	if (c && (int)PT_REGS_RC(ctx) == 0)
		c->early = SPY_EARLY_ANSWERED;
	return 0;
}

/* gnutls_session_get_flags(tls): who has to send it again learns that here. */
int spy_early_flags_return(struct pt_regs *ctx)
{
	struct spy_args a = {};
	struct spy_conn *c = spy_early_conn(ctx, &a);

	if (c && c->early == SPY_EARLY_ANSWERED && !(PT_REGS_RC(ctx) & SPY_GNUTLS_EARLY_DATA))
		spy_early_lost(ctx, a.tls, c);
	return 0;
}

/* ---- NSS ----
 * NSS is a layer under the I/O functions of NSPR, which serve files and plain sockets as well. A
 * PRFileDesc is a stack of layers of which programs hold the top one (nspr/prio.h). */

#define SPY_NSPR_TCP	 2 /* PR_DESC_SOCKET_TCP */
#define SPY_NSPR_LAYERED 4 /* PR_DESC_LAYERED */
#define SPY_NSPR_PEEK	 2 /* PR_MSG_PEEK */
#define SPY_NSPR_LAYERS	 4 /* layers inspected, from the top */

struct spy_nspr_fd {
	u64 methods, secret, lower;
};

/* By process: the methods of the TLS layer, known once it was pushed. */
BPF_TABLE("lru_hash", u32, u64, spy_nss_methods, 4096);

/* Reads the layer at `fd`; the type of its methods, -1 if memory cannot be read. */
static __always_inline int spy_nspr_layer(u64 fd, struct spy_nspr_fd *d)
{
	int type = -1;

	if (!fd || SPY_READ_USER(d, sizeof(*d), (void *)fd) ||
	    SPY_READ_USER(&type, sizeof(type), (void *)d->methods))
		return -1;
	return type;
}

/* A stack whose creation was not captured counts if the process's TLS layer is in it or, while that
 * layer is unknown, if it ends in a TCP socket. */
static __always_inline int spy_nspr_has_tls(struct spy_nspr_fd *d)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 *known = spy_nss_methods.lookup(&tgid);
	int type = SPY_NSPR_LAYERED;

#pragma unroll
	for (int i = 0; i < SPY_NSPR_LAYERS; i++) {
		if (known ? d->methods == *known : type == SPY_NSPR_TCP)
			return 1;
		type = spy_nspr_layer(d->lower, d);
		if (type < 0)
			return 0;
	}
	return 0;
}

static __always_inline int spy_nspr_enter(struct pt_regs *ctx, u64 flags)
{
	struct spy_conn_key key = {};
	struct spy_nspr_fd d = {};

	if (!spy_wanted())
		return 0;
	spy_key(&key, PT_REGS_PARM1(ctx));
	/* Other calls get a frame too, or their return would count as one without an entry. */
	if ((flags & SPY_NSPR_PEEK) || spy_nspr_layer(key.tls, &d) != SPY_NSPR_LAYERED ||
	    (!spy_conns.lookup(&key) && !spy_nspr_has_tls(&d)))
		key.tls = 0;
	return spy_enter(ctx, key.tls, 0);
}

/* (fd, buf, len) */
int spy_nspr_call(struct pt_regs *ctx)
{
	return spy_nspr_enter(ctx, 0);
}

/* (fd, buf, len, flags, timeout) */
int spy_nspr_call_flags(struct pt_regs *ctx)
{
	return spy_nspr_enter(ctx, PT_REGS_PARM4(ctx));
}

/* SSL_ImportFD pushes the TLS layer onto a socket and returns the top of the stack. */
int spy_import_return(struct pt_regs *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 tls = PT_REGS_RC(ctx);
	struct spy_nspr_fd d = {};

	if (!tls || !spy_wanted())
		return 0;
	spy_begin(tls);
	if (spy_nspr_layer(tls, &d) == SPY_NSPR_LAYERED)
		spy_nss_methods.update(&tgid, &d.methods);
	return 0;
}

/* ---- Botan 2 ---- */

/* Channel::send(channel, buf, len) returns nothing: it throws where it may not send. Remembered as
 * `done` is how much it sends. */
int spy_botan_send(struct pt_regs *ctx)
{
	return spy_wanted() ? spy_enter(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx)) : 0;
}

int spy_botan_send_return(struct pt_regs *ctx)
{
	struct spy_args a = {};

	if (!spy_take_frame(ctx, &a) || !a.done)
		return 0;
	spy_inherit(ctx, a.tls);
	spy_peer_done(ctx, SPY_WRITE, a.tls, a.seq, a.done);
	return spy_report(ctx, SPY_WRITE, a.tls, a.buf, a.done);
}

/* Channel::process_application_data(channel, number, record) hands a record to the program. The
 * record is a vector, which begins with where its bytes begin and end. */
int spy_botan_received(struct pt_regs *ctx)
{
	u64 at[2] = {};

	if (!spy_wanted() || SPY_READ_USER(at, sizeof(at), (void *)PT_REGS_PARM3(ctx)))
		return 0;
	spy_inherit(ctx, PT_REGS_PARM1(ctx));
	return spy_report(ctx, SPY_READ, PT_REGS_PARM1(ctx), at[0], at[1] - at[0]);
}
