/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* A fork of BoringSSL that encrypts into the caller's memory; the call's shape is in
 * src/find/boringssl_sealed.h. Follows tls.bpf.c in one text. A group of its own, as only programs
 * of that kind pay for it then. */

#define SPY_SEAL_PIECES 16 /* fragments of a call at most, if it has several slices */

/* A call in progress. */
struct spy_sealing {
	u64 tls, list, count, done, seq;
	/* Of spy_seal_slices; the verifier does not track values in maps, so all rounds look the
	 * same to it: bytes sent, the number of the slice, and the offset in it. */
	u64 pos, slice, at;
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_sealing, spy_sealings, 1024);

int spy_seal(struct pt_regs *ctx)
{
	struct spy_sealing s = {};
	struct spy_frame f = {};

	if (!spy_wanted())
		return 0;
	s.tls = PT_REGS_PARM1(ctx);
	s.list = PT_REGS_PARM5(ctx);
	s.count = PT_REGS_PARM6(ctx);
#if defined(__x86_64__)
	SPY_READ_USER(&s.done, sizeof(s.done), (void *)(PT_REGS_SP(ctx) + 2 * sizeof(u64)));
#elif defined(__aarch64__)
	s.done = (ctx)->regs[7];
#endif
	s.seq = spy_peer_seq();
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_ENTRY(ctx);
	if (spy_sealings.update(&f, &s))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

/* Sends the first `total` bytes of a list of slices (ptr, len). */
static __always_inline void spy_seal_slices(struct pt_regs *ctx, struct spy_event *head,
					    volatile struct spy_sealing *s, u64 total)
{
	u64 off = head->off, pos;
	struct spy_counts *c = spy_counts();

	if (!c)
		return;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_SEAL_PIECES; i++) {
		u64 slice[2] = {}, number = s->slice, at = s->at, n;

		pos = s->pos;
		if (pos >= total || number >= s->count ||
		    SPY_READ_USER(slice, sizeof(slice), (void *)(s->list + 16 * number)))
			break;
		if (at >= slice[1]) {
			s->slice = number + 1;
			s->at = 0;
			continue;
		}
		n = spy_least(spy_least(slice[1] - at, total - pos), SPY_CHUNK);
		s->pos = pos + n;
		s->at = at + n;
		head->io_off = pos;
		head->off = off + pos;
		spy_send_counted(ctx, head, slice[0] + at, n, c);
	}
	pos = s->pos;
	if (pos >= total)
		return;
	spy_count(SPY_N_CUT, 1);
	head->off = off + pos;
	head->io_off = pos;
	head->len = total - pos;
	head->flags |= SPY_MISSING;
	spy_send_small(ctx, head, sizeof(*head));
}

int spy_seal_return(struct pt_regs *ctx)
{
	struct spy_event head = {};
	struct spy_frame f = {};
	struct spy_sealing *s;
	u64 total = 0, first[2] = {};

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	s = spy_sealings.lookup(&f);
	if (!s) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	if ((int)PT_REGS_RC(ctx) == 0 && SPY_READ_USER(&total, sizeof(total), (void *)s->done)) {
		spy_count(SPY_N_FAULT, 1);
		total = 0;
	}
	if (total <= 0x7fffffff)
		spy_peer_done(ctx, SPY_WRITE, s->tls, s->seq, total);
	head.io_len = total;
	total = spy_begin_report(&head, SPY_WRITE, s->tls, total);
	SPY_READ_USER(first, sizeof(first), (void *)s->list);
	if (total && first[1] < total)
		spy_seal_slices(ctx, &head, s, total);
	spy_sealings.delete(&f);
	if (total && first[1] >= total)
		spy_send_call(ctx, &head, first[0], total, 0);
	return 0;
}
