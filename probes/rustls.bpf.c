/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* rustls: plaintext where its record layer calls the ciphers, one TLS record at a time. Follows
 * tls.bpf.c in one text. What is hooked was found by src/find/find_rustls.c:
 *
 *   encrypt(ret, self, &{ {0, ptr, len} | {chunks, n, start, end}, type }, seq)  read at entry
 *   decrypt(ret, self, &{ ptr, len, ... }, seq), *ret = {tag, ptr, len, type}    read at return
 *
 * An encrypter and a decrypter are two boxes that know nothing of each other. What joins them is
 * the record layer that owns both:
 *
 *   +0 (16 bytes of something else)   +16 encrypter, its vtable   +32 decrypter, its vtable
 *   +48 limit   +56 records written   +64 records read
 *
 * Its caller keeps a pointer to it in a register or a stack slot, so for a box not seen before
 * those are tried. One counts as the record layer only if it holds this box in this direction
 * with a vtable whose method is the function that is running, and the number of this record.
 * The other box is joined only if it was seen as often as the record layer says it was used: an
 * address that was freed and came back as part of another connection fails that. Where no record
 * layer is found, the directions stay two connections, and it is counted.
 *
 * The objects move in memory and boxes are replaced by new keys, so a connection gets a number of
 * its own in place of an address. */

#if defined(__x86_64__)
#define SPY_RS_RET(ctx)	    ((ctx)->di)
#define SPY_RS_SELF(ctx)    ((ctx)->si)
#define SPY_RS_MESSAGE(ctx) ((ctx)->dx)
#define SPY_RS_SEQ(ctx)	    ((ctx)->cx)
#define SPY_RS_SAVED(X, ctx)                                                                       \
	X((ctx)->bx) X((ctx)->bp) X((ctx)->r12) X((ctx)->r13) X((ctx)->r14) X((ctx)->r15)
#elif defined(__aarch64__)
#define SPY_RS_RET(ctx)	    ((ctx)->regs[8])
#define SPY_RS_SELF(ctx)    ((ctx)->regs[0])
#define SPY_RS_MESSAGE(ctx) ((ctx)->regs[1])
#define SPY_RS_SEQ(ctx)	    ((ctx)->regs[2])
#define SPY_RS_SAVED(X, ctx)                                                                       \
	X((ctx)->regs[19])                                                                         \
	X((ctx)->regs[20])                                                                         \
	X((ctx)->regs[21])                                                                         \
	X((ctx)->regs[22])                                                                         \
	X((ctx)->regs[23]) X((ctx)->regs[24]) X((ctx)->regs[25]) X((ctx)->regs[26])
#endif

#define SPY_RS_ALERT  1 /* rustls' numbers of its enum ContentType */
#define SPY_RS_DATA   3
#define SPY_RS_STACK  64    /* stack slots that are tried */
#define SPY_RS_SLICES 64    /* pieces of a record, counted from the first piece of the write */
#define SPY_RS_RECORD 18432 /* no record holds more: 2^14 + 2048 (RFC 5246 section 6.2.3) */

struct spy_box {
	u64 id;	  /* of the connection; 0: none */
	u64 next; /* the record number that comes next */
	u64 peer; /* the box of the other direction; 0: unknown */
	u32 from_start, closed;
	u64 mark;	     /* used by aead.bpf.c: of the last record */
	u64 pos, start, end; /* used by spy_send_slices */
};
BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_box, spy_boxes, 2 * SPY_CONNS);

/* A decryption in progress. */
struct spy_opening {
	u64 self, seq, ret, buf, len;
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_opening, spy_openings, 16384);

/* The record layer from offset 16 on. */
struct spy_layer {
	struct {
		u64 self, vtable;
	} box[2]; /* by enum spy_dir */
	u64 limit;
	u64 done[2];
};

/* The box in use. */
struct spy_record {
	u64 self, seq, code;
	u32 dir;
};

static __always_inline void spy_box_key(struct spy_conn_key *key, u64 self)
{
	key->tls = self;
	key->tgid = bpf_get_current_pid_tgid() >> 32;
	key->pad = 0;
}

static __always_inline int spy_layer_at(struct spy_layer *l, u64 p, struct spy_record *r)
{
	/* A record is counted before it is encrypted and after it was decrypted. */
	u64 done = r->dir == SPY_WRITE ? r->seq + 1 : r->seq;
	u64 code = 0;

	if (SPY_READ_USER(l, sizeof(*l), (void *)(p + 16)))
		return 0;
	if (l->box[r->dir].self != r->self || l->done[r->dir] != done)
		return 0;
	SPY_READ_USER(&code, sizeof(code), (void *)(l->box[r->dir].vtable + 24));
	return code == r->code;
}

static __always_inline int spy_layer_find(struct pt_regs *ctx, struct spy_layer *l,
					  struct spy_record *r)
{
	u64 sp = PT_REGS_SP(ctx);

#define SPY_TRY(p)                                                                                 \
	if (spy_layer_at(l, (p), r))                                                               \
		return 1;
	SPY_RS_SAVED(SPY_TRY, ctx)
#undef SPY_TRY
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_RS_STACK; i++) {
		u64 p = 0;

		SPY_READ_USER(&p, sizeof(p), (void *)(sp + 8 * (u64)i));
		if (spy_layer_at(l, p, r))
			return 1;
	}
	return 0;
}

/* The connection of a new box: that of the other box, if it is alive. */
static __always_inline void spy_box_join(struct spy_box *b, struct spy_layer *l,
					 struct spy_record *r)
{
	u32 other = r->dir == SPY_WRITE ? SPY_READ : SPY_WRITE;
	struct spy_conn_key key = {}, old = {};
	struct spy_box *n;

	spy_box_key(&key, l->box[other].self);
	b->peer = key.tls;
	n = spy_boxes.lookup(&key);
	if (!n || !n->next || n->next != l->done[other]) {
		b->from_start = r->seq == 0 && l->done[other] == 0;
		return;
	}
	b->id = n->id;
	b->from_start = n->from_start;
	/* New keys: the previous box was freed, and its address may be reused elsewhere. */
	if (n->peer && n->peer != r->self) {
		spy_box_key(&old, n->peer);
		spy_boxes.delete(&old);
	}
	n->peer = r->self;
}

static __always_inline void spy_box_end(struct pt_regs *ctx, u64 id)
{
	struct spy_conn_key key = {};
	struct spy_conn *c;

	spy_box_key(&key, id);
	c = spy_conns.lookup(&key);
	if (!c)
		return;
	spy_send_close(ctx, id, c);
	spy_conns.delete(&key);
}

/* A box that is not `b`, the one known at its address, if any. `l`: its record layer, 0: not
 * found. */
static __always_inline struct spy_box *spy_box_begin(struct pt_regs *ctx, struct spy_record *r,
						     struct spy_box *b, struct spy_layer *l)
{
	struct spy_conn_key key = {};
	struct spy_box fresh = {};

	spy_box_key(&key, r->self);
	if (l)
		spy_box_join(&fresh, l, r);
	else
		spy_count(SPY_N_UNJOINED, 1);
	if (!fresh.id)
		fresh.id = bpf_ktime_get_ns();
	fresh.next = r->seq;
	if (b && b->id != fresh.id)
		spy_box_end(ctx, b->id); /* the box was freed and its address is reused */
	spy_boxes.update(&key, &fresh);
	return spy_boxes.lookup(&key);
}

static __always_inline struct spy_box *spy_box_of(struct pt_regs *ctx, struct spy_record *r)
{
	struct spy_conn_key key = {};
	struct spy_layer layer = {};
	struct spy_box *b;

	spy_box_key(&key, r->self);
	b = spy_boxes.lookup(&key);
	if (b && b->next == r->seq)
		return b;
	return spy_box_begin(ctx, r, b, spy_layer_find(ctx, &layer, r) ? &layer : 0);
}

/* An alert of two bytes whose second is 0 is close_notify. The connection ends when both sides have
 * sent one. */
static __always_inline void spy_box_alert(struct pt_regs *ctx, struct spy_box *b, u64 at, u64 len)
{
	struct spy_conn_key key = {};
	struct spy_box *n;
	u8 alert[2] = {};

	if (len != 2 || SPY_READ_USER(alert, sizeof(alert), (void *)at) || alert[1] != 0)
		return;
	b->closed = 1;
	spy_box_key(&key, b->peer);
	n = spy_boxes.lookup(&key);
	if (!n || n->id != b->id || n->closed)
		spy_box_end(ctx, b->id);
}

/* Begins a record of application data. Returns its number of bytes; 0: it is not reported. */
static __always_inline u64 spy_record_begin(void *ctx, struct spy_event *head, struct spy_box *b,
					    u32 dir, u64 total)
{
	struct spy_conn *c = spy_conn_of(b->id);

	if (c)
		c->from_start = b->from_start;
	head->io_len = total;
	if (total)
		spy_peer_done(ctx, dir, b->id, SPY_SEQ_UNKNOWN, total);
	return spy_begin_report(head, dir, b->id, total);
}

static __always_inline void spy_send_piece(struct pt_regs *ctx, struct spy_event *head, u64 from,
					   u64 n)
{
	spy_opaque(n);
	if (n > SPY_RS_RECORD)
		n = SPY_RS_RECORD;
	spy_opaque(n);
	spy_send(ctx, head, from, n);
}

/* Reports a record from `at` to its end as missing. */
static __always_inline void spy_send_rest(struct pt_regs *ctx, struct spy_event *head, u64 off,
					  u64 at, u64 total)
{
	if (at >= total)
		return;
	spy_count(SPY_N_CUT, 1);
	head->off = off + at;
	head->io_off = at;
	head->len = total - at;
	head->flags |= SPY_MISSING;
	spy_send_small(ctx, head, sizeof(*head));
}

/* Sends bytes b->start to b->end of a list of slices (ptr, len). The loop's position is kept in the
 * box: the verifier does not track values in maps, so all rounds look the same to it. */
static __always_inline void spy_send_slices(struct pt_regs *ctx, struct spy_event *head,
					    volatile struct spy_box *b, u64 list, u64 count)
{
	u64 off = head->off, at;

	b->pos = 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_RS_SLICES; i++) {
		u64 slice[2] = {}, pos = b->pos, start = b->start, end = b->end, from, to;

		if (i >= count || pos >= end)
			break;
		if (SPY_READ_USER(slice, sizeof(slice), (void *)(list + 16 * (u64)i)))
			break;
		from = pos > start ? pos : start;
		to = end - pos > slice[1] ? pos + slice[1] : end;
		b->pos = to;
		if (from >= to)
			continue;
		head->io_off = from - start;
		head->off = off + (from - start);
		spy_send_piece(ctx, head, slice[0] + (from - pos), to - from);
	}
	at = b->pos;
	spy_send_rest(ctx, head, off, at > b->start ? at - b->start : 0, b->end - b->start);
}

int spy_rustls_write(struct pt_regs *ctx)
{
	u64 m[5] = {}; /* {0, ptr, len} or {slices, count, start, end}; type */
	struct spy_event head = {};
	struct spy_record r = {};
	struct spy_box *b;
	u64 total;

	if (!spy_wanted())
		return 0;
	r.self = SPY_RS_SELF(ctx);
	r.seq = SPY_RS_SEQ(ctx);
	r.code = PT_REGS_IP(ctx);
	r.dir = SPY_WRITE;
	if (SPY_READ_USER(m, sizeof(m), (void *)SPY_RS_MESSAGE(ctx))) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	total = m[0] ? m[3] - m[2] : m[2];
	if (total > SPY_RS_RECORD)
		return 0; /* this is no encrypter */
	b = spy_box_of(ctx, &r);
	if (!b) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return 0;
	}
	b->next = r.seq + 1;
	if ((u8)m[4] == SPY_RS_ALERT && !m[0])
		spy_box_alert(ctx, b, m[1], total);
	if ((u8)m[4] != SPY_RS_DATA || !spy_record_begin(ctx, &head, b, SPY_WRITE, total))
		return 0;
	b->start = m[2];
	b->end = m[3];
	if (m[0])
		spy_send_slices(ctx, &head, b, m[0], m[1]);
	else
		spy_send_piece(ctx, &head, m[1], total);
	return 0;
}

int spy_rustls_read(struct pt_regs *ctx)
{
	struct spy_opening o = {};
	struct spy_frame f = {};
	struct spy_record r = {};
	u64 in[2] = {};

	if (!spy_wanted())
		return 0;
	r.self = SPY_RS_SELF(ctx);
	r.seq = SPY_RS_SEQ(ctx);
	r.code = PT_REGS_IP(ctx);
	r.dir = SPY_READ;
	if (SPY_READ_USER(in, sizeof(in), (void *)SPY_RS_MESSAGE(ctx))) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	if (in[1] > SPY_RS_RECORD)
		return 0; /* this is no decrypter */
	if (!spy_box_of(ctx, &r)) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return 0;
	}
	o.self = r.self;
	o.seq = r.seq;
	o.ret = SPY_RS_RET(ctx);
	o.buf = in[0];
	o.len = in[1];
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_ENTRY(ctx);
	if (spy_openings.update(&f, &o))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

int spy_rustls_read_return(struct pt_regs *ctx)
{
	struct spy_opening *found, o;
	struct spy_conn_key key = {};
	struct spy_event head = {};
	struct spy_frame f = {};
	struct spy_box *b;
	u64 m[4] = {}; /* tag, ptr, len, type */

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	found = spy_openings.lookup(&f);
	if (!found) {
		spy_count(SPY_N_ORPHAN, 1);
		return 0;
	}
	o = *found;
	spy_openings.delete(&f);
	spy_box_key(&key, o.self);
	b = spy_boxes.lookup(&key);
	if (!b || SPY_READ_USER(m, sizeof(m), (void *)o.ret)) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	/* Records are decrypted in place; anything else is a returned error. */
	if (m[1] < o.buf || m[1] - o.buf > o.len || m[2] > o.len - (m[1] - o.buf))
		return 0;
	b->next = o.seq + 1;
	if ((u8)m[3] == SPY_RS_ALERT)
		spy_box_alert(ctx, b, m[1], m[2]);
	if ((u8)m[3] == SPY_RS_DATA && spy_record_begin(ctx, &head, b, SPY_READ, m[2]))
		spy_send_piece(ctx, &head, m[1], m[2]);
	return 0;
}
