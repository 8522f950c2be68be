/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* rustls by aws-lc's AEAD functions, where rustls' own are not known. Follows rustls.bpf.c in one
 * text. What is hooked was found by src/find/find_awslc.c, for the calls of x86-64 only:
 *
 *   seal(ctx, out, out_len, max, nonce, 12, | in, in_len, ad, ad_len)              at entry
 *   seal_scatter(ctx, out, tag, tag_len, max, nonce, | 12, in, in_len, more, more_len, ad, ad_len)
 *   open(ctx, out, out_len, max, nonce, 12, | in, in_len, ad, ad_len) = 1          at return
 *   open_gather(ctx, out, nonce, 12, in, in_len, | tag, tag_len, ad, ad_len) = 1   at return
 *
 * What stands behind the | is on the stack. A call is for a TLS record if its additional data is
 * that of one: the record's header in TLS 1.3 (RFC 8446 section 5.2), where the type follows the
 * content; number, type, version and length in TLS 1.2 (RFC 5246 section 6.2.3.3).
 *
 * Here a context takes the place of a box in rustls.bpf.c. The record layer is the one there; it is
 * believed if its box has the context's address among its first words, and the record's number
 * fits: TLS 1.2 says it, and in TLS 1.3 it is what tells the nonce from the IV, which stands in the
 * box as well (RFC 8446 section 5.3). */

/* Saved registers and stack slots that are tried; 61 were needed, without optimisation more than
 * 128. */
#define SPY_AEAD_STACK 256
#define SPY_AEAD_WORDS 4  /* words of a box in which a context is searched for */
#define SPY_AEAD_IV    24 /* offset in a box of an IV; else 8, 16 or 24 bytes further on */

struct spy_aead {
	u64 ctx;  /* 0: not a TLS record */
	u64 mark; /* TLS 1.2: the record's number; else the part of the nonce that it
		   * changes */
	struct spy_plaintext text;
	u32 nonce[3];
	u32 tls12;
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_aead, spy_aeads, 16384);

/* Whether this is a TLS record, of a->text.len bytes and `more`. */
static __always_inline int spy_aead_is_tls(struct spy_aead *a, u64 nonce, u64 more, u64 ad,
					   u64 ad_len)
{
	struct {
		u8 seq[8], type, version[2], len[2], pad[3];
	} h = {};
	u64 len;

	if (ad_len == 13 && !SPY_READ_USER(&h, 13, (void *)ad))
		a->tls12 = 1;
	else if (ad_len != 5 || SPY_READ_USER(&h.type, 5, (void *)ad) || h.type != SPY_RECORD_DATA)
		return 0;
	if (SPY_READ_USER(a->nonce, sizeof(a->nonce), (void *)nonce))
		return 0;
	len = (u64)h.len[0] << 8 | h.len[1];
	if (h.version[0] != 3 || h.version[1] != 3 ||
	    len != a->text.len + more + (a->tls12 ? 0 : SPY_RECORD_TAG))
		return 0;
	a->text.type = a->tls12 ? h.type : 0;
	a->mark = a->tls12 ? __builtin_bswap64(*(u64 *)h.seq)
			   : (u64)__builtin_bswap32(a->nonce[1]) << 32 |
				     __builtin_bswap32(a->nonce[2]);
	return 1;
}

/* Whether the record's number is `seq`, if the cipher's IV is at `iv`. */
static __always_inline int spy_aead_fits(struct spy_aead *a, const u32 *iv, u64 seq)
{
	return a->nonce[0] == iv[0] &&
	       a->nonce[1] == (iv[1] ^ __builtin_bswap32((u32)(seq >> 32))) &&
	       a->nonce[2] == (iv[2] ^ __builtin_bswap32((u32)seq));
}

/* Whether a record layer is that of 0.22. 0.23 has a limit, or has written nothing so far and read
 * few records; where it counts those, 0.22 has enums and flags, a byte each. */
static __always_inline int spy_aead_is_owned(struct spy_layer *l)
{
	return l->limit < SPY_RS_LIMIT &&
	       (l->limit | l->done[SPY_WRITE] || l->done[SPY_READ] > 0xff);
}

static __always_inline int spy_aead_layer_at(struct spy_layer *l, u64 p, struct spy_record *r,
					     struct spy_aead *a)
{
	u64 w[5] = {};

	if (SPY_READ_USER(l, sizeof(*l), (void *)(p + 16)) ||
	    SPY_READ_USER(w, 8 * SPY_AEAD_WORDS, (void *)l->box[r->dir].self))
		return 0;
	if (spy_aead_is_owned(l))
		spy_layer_owned(l);
	if (w[0] != a->ctx && w[1] != a->ctx && w[2] != a->ctx && w[3] != a->ctx)
		return 0;
	/* A record is counted before it is encrypted and after it was decrypted. */
	r->seq = r->dir == SPY_WRITE ? l->done[SPY_WRITE] - 1 : l->done[SPY_READ];
	if (a->tls12)
		return r->seq == a->mark;
	if (SPY_READ_USER(w, sizeof(w), (void *)(l->box[r->dir].self + SPY_AEAD_IV)))
		return 0;
	return spy_aead_fits(a, (u32 *)&w[0], r->seq) || spy_aead_fits(a, (u32 *)&w[1], r->seq) ||
	       spy_aead_fits(a, (u32 *)&w[2], r->seq) || spy_aead_fits(a, (u32 *)&w[3], r->seq);
}

static __always_inline int spy_aead_layer_find(struct pt_regs *ctx, struct spy_layer *l,
					       struct spy_record *r, struct spy_aead *a)
{
	u64 sp = PT_REGS_SP(ctx);

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_AEAD_STACK; i++) {
		u64 p = 0;
		u32 k = 0;

#define SPY_PICK(v)                                                                                \
	if (i == k++)                                                                              \
		p = (v);
		SPY_RS_SAVED(SPY_PICK, ctx)
#undef SPY_PICK
		if (i >= k)
			SPY_READ_USER(&p, sizeof(p), (void *)(sp + 8 * (u64)(i - k)));
		if (spy_aead_layer_at(l, p, r, a))
			return 1;
	}
	return 0;
}

/* Replaces the boxes of the record layer by their contexts; 0 for a context not captured yet. */
static __always_inline void spy_aead_contexts(struct spy_layer *l, struct spy_record *r)
{
	u32 other = r->dir == SPY_WRITE ? SPY_READ : SPY_WRITE;
	u64 w[SPY_AEAD_WORDS] = {};

	SPY_READ_USER(w, sizeof(w), (void *)l->box[other].self);
	l->box[other].self = 0;
#pragma unroll
	for (u32 i = 0; i < SPY_AEAD_WORDS; i++) {
		struct spy_conn_key key = {};

		spy_key(&key, w[i]);
		if (spy_boxes.lookup(&key))
			l->box[other].self = w[i];
	}
}

/* Whether the record follows the last one. In TLS 1.3, only the bits that the number changes are
 * known: from one number to the next, a run of bits at the end. Other keys have other nonces. */
static __always_inline int spy_aead_follows(struct spy_box *b, struct spy_aead *a)
{
	u64 changed = b->mark ^ a->mark;

	return a->tls12 ? a->mark == b->mark + 1 : changed && !(changed & (changed + 1));
}

static __always_inline struct spy_box *spy_aead_box(struct pt_regs *ctx, struct spy_record *r,
						    struct spy_aead *a)
{
	struct spy_conn_key key = {};
	struct spy_layer layer = {};
	struct spy_box *b;

	spy_key(&key, a->ctx);
	b = spy_boxes.lookup(&key);
	if (b && spy_aead_follows(b, a)) {
		r->seq = b->next;
		return b;
	}
	if (!spy_aead_layer_find(ctx, &layer, r, a)) {
		r->seq = 0;
		return spy_box_begin(ctx, r, 0);
	}
	spy_aead_contexts(&layer, r);
	return spy_box_begin(ctx, r, &layer);
}

static __always_inline void spy_aead_record(struct pt_regs *ctx, struct spy_aead *a, u32 dir)
{
	struct spy_event head = {};
	struct spy_record r = {};
	struct spy_box *b;

	r.self = a->ctx;
	r.dir = dir;
	b = spy_aead_box(ctx, &r, a);
	if (!b) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return;
	}
	b->next = r.seq + 1;
	b->mark = a->mark;
	if (a->text.type == SPY_RECORD_ALERT)
		spy_box_alert(ctx, b, a->text.data, a->text.len);
	if (a->text.type == SPY_RECORD_DATA && spy_record_begin(ctx, &head, b, dir, a->text.len))
		spy_send_piece(ctx, &head, a->text.data, a->text.len);
}

static __always_inline int spy_aead_enter(struct pt_regs *ctx, struct spy_aead *a,
					  struct spy_frame *f)
{
	f->thread = bpf_get_current_pid_tgid();
	f->sp = SPY_SP_ENTRY(ctx);
	if (spy_aeads.update(f, a))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

/* The arguments of seal or seal_scatter; the position of the nonce's length distinguishes the
 * two. */
static __always_inline int spy_aead_sealed(struct pt_regs *ctx, struct spy_aead *a)
{
	u64 s[7] = {}, nonce = PT_REGS_PARM5(ctx), i = 0, more_len = 0;

	if (SPY_READ_USER(s, sizeof(s), (void *)(PT_REGS_SP(ctx) + 8))) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	a->ctx = PT_REGS_PARM1(ctx);
	if (PT_REGS_PARM6(ctx) == sizeof(a->nonce)) {
		a->text.data = s[0];
		a->text.len = s[1];
		return spy_aead_is_tls(a, nonce, 0, s[2], s[3]);
	}
	nonce = PT_REGS_PARM6(ctx);
	a->text.data = s[1];
	a->text.len = s[2];
	if (s[4] > 1 || !spy_aead_is_tls(a, nonce, s[4], s[5], s[6]))
		return 0;
	if (s[4] && SPY_READ_USER(&a->text.type, 1, (void *)s[3]))
		return 0;
	return 1;
}

int spy_aead_seal(struct pt_regs *ctx)
{
	struct spy_aead parsed = {}, *a;
	struct spy_frame f = {};

	if (!spy_wanted() || !spy_aead_sealed(ctx, &parsed))
		return 0;
	spy_aead_enter(ctx, &parsed, &f);
	a = spy_aeads.lookup(&f);
	if (!a)
		return 0;
	if (!a->text.type)
		spy_record_strip(&a->text);
	spy_aead_record(ctx, a, SPY_WRITE);
	spy_aeads.delete(&f);
	return 0;
}

int spy_aead_open(struct pt_regs *ctx)
{
	struct spy_frame f = {};
	struct spy_aead a = {};
	u64 s[4] = {};

	if (!spy_wanted())
		return 0;
	SPY_READ_USER(s, sizeof(s), (void *)(PT_REGS_SP(ctx) + 8));
	a.text.data = PT_REGS_PARM2(ctx);
	a.text.len = s[1] - SPY_RECORD_TAG;
	if (spy_aead_is_tls(&a, PT_REGS_PARM5(ctx), 0, s[2], s[3]))
		a.ctx = PT_REGS_PARM1(ctx);
	return spy_aead_enter(ctx, &a, &f);
}

int spy_aead_open_gather(struct pt_regs *ctx)
{
	struct spy_frame f = {};
	struct spy_aead a = {};
	u64 s[4] = {};

	if (!spy_wanted())
		return 0;
	SPY_READ_USER(s, sizeof(s), (void *)(PT_REGS_SP(ctx) + 8));
	a.text.data = PT_REGS_PARM2(ctx);
	a.text.len = PT_REGS_PARM6(ctx);
	if (spy_aead_is_tls(&a, PT_REGS_PARM3(ctx), 0, s[2], s[3]))
		a.ctx = PT_REGS_PARM1(ctx);
	return spy_aead_enter(ctx, &a, &f);
}

int spy_aead_open_return(struct pt_regs *ctx)
{
	struct spy_frame f = {};
	struct spy_aead *a;

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	a = spy_aeads.lookup(&f);
	if (!a) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	if (a->ctx && (int)PT_REGS_RC(ctx) == 1) {
		if (!a->text.type)
			spy_record_strip(&a->text);
		spy_aead_record(ctx, a, SPY_READ);
	}
	spy_aeads.delete(&f);
	return 0;
}
