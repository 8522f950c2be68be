/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* rustls: plaintext where its record layer calls the ciphers, one TLS record at a time. Follows
 * record.bpf.c in one text. What is hooked was found by src/find/find_rustls.c and
 * find_rustls_symbols.c. 0.23, whose messages are borrowed:
 *
 *   encrypt(ret, self, &{ {0, ptr, len} | {chunks, n, start, end}, type }, seq)  read at entry
 *   decrypt(ret, self, &{ ptr, len, ... }, seq), *ret = {tag, ptr, len, type}    read at return
 *
 * 0.20 to 0.22, whose received messages own their bytes:
 *
 *   encrypt(ret, self, &{ ptr, len, type }, seq)                                 read at entry
 *   decrypt(ret, self, &{ capacity, ptr, len, version, type }, seq),
 *     *ret = {0, capacity, ptr, len, version, type}                              read at return
 *
 * An encrypter and a decrypter are two boxes that know nothing of each other. What joins them is
 * the record layer that owns both:
 *
 *   +0 (16 bytes of something else)   +16 encrypter, its vtable   +32 decrypter, its vtable
 *   0.23: +48 limit   +56 records written   +64 records read
 *   0.20 to 0.22:     +48 records written   +56 records read
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

#define SPY_RS_ALERT 1 /* rustls' numbers of its enum ContentType */
#define SPY_RS_DATA  3
#define SPY_RS_STACK 64 /* stack slots that are tried */
#define SPY_RS_TYPES 6	/* numbers of that enum */
/* No cipher's limit of records is lower (2^23), and no connection is believed to have written that
 * many. */
#define SPY_RS_LIMIT (1 << 22)

/* Whether messages are borrowed (0.23) or owned. */
enum spy_form { SPY_FORM_UNKNOWN, SPY_BORROWED, SPY_OWNED };

struct spy_box {
	u64 id;	  /* of the connection; 0: none */
	u64 next; /* the record number that comes next */
	u64 peer; /* the box of the other direction; 0: unknown */
	u32 from_start, closed;
	u32 form, pad; /* enum spy_form */
	u64 layer;     /* the record layer, until it was searched for a name */
	u64 mark;      /* used by aead.bpf.c: of the last record */
};
BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_box, spy_boxes, 2 * SPY_CONNS);

/* A decryption in progress. */
struct spy_opening {
	u64 self, seq, ret, buf, len; /* self 0: an encryption */
	u64 form;
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_opening, spy_openings, 16384);

/* The record layer from offset 16 on, as in 0.23. */
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
	u32 dir, form; /* form: of its record layer, once that is found */
	u64 layer;     /* and its address */
};

/* From the form of 0.22 to that of 0.23. */
static __always_inline void spy_layer_owned(struct spy_layer *l)
{
	l->done[SPY_READ] = l->done[SPY_WRITE];
	l->done[SPY_WRITE] = l->limit;
}

/* Returns the form of messages that goes with the record layer at `p` if the box was used for that
 * many records; 0: it was not. 0.23 has a limit of 0 until it has an encrypter. */
static __always_inline u32 spy_layer_read(struct spy_layer *l, u64 p, u32 dir, u64 done)
{
	if (SPY_READ_USER(l, sizeof(*l), (void *)(p + 16)))
		return 0;
	if (l->done[dir] == done && (l->limit >= SPY_RS_LIMIT || !(l->limit | l->done[SPY_WRITE])))
		return SPY_BORROWED;
	if (l->limit >= SPY_RS_LIMIT)
		return 0;
	spy_layer_owned(l);
	return l->done[dir] == done ? SPY_OWNED : 0;
}

static __always_inline int spy_layer_at(struct spy_layer *l, u64 p, struct spy_record *r)
{
	/* A record is counted before it is encrypted and after it was decrypted. */
	u64 done = r->dir == SPY_WRITE ? r->seq + 1 : r->seq;
	u64 code = 0;
	u32 form = spy_layer_read(l, p, r->dir, done);

	if (!form || l->box[r->dir].self != r->self)
		return 0;
	SPY_READ_USER(&code, sizeof(code), (void *)(l->box[r->dir].vtable + 24));
	r->form = form;
	r->layer = p;
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

	spy_key(&key, l->box[other].self);
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
		spy_key(&old, n->peer);
		spy_boxes.delete(&old);
	}
	n->peer = r->self;
}

/* A box that is not the one known at its address, if any. `l`: its record layer, 0: not found. Who
 * calls this may have looked that one up already; kept over the search for the layer, it would be
 * one more case for the verifier in each turn of the loop. */
static __always_inline struct spy_box *spy_box_begin(struct pt_regs *ctx, struct spy_record *r,
						     struct spy_layer *l)
{
	struct spy_conn_key key = {};
	struct spy_box fresh = {}, *b;

	spy_key(&key, r->self);
	if (l)
		spy_box_join(&fresh, l, r);
	else
		spy_count(SPY_N_UNJOINED, 1);
	if (!fresh.id)
		fresh.id = bpf_ktime_get_ns();
	fresh.next = r->seq;
	if (l) {
		fresh.form = r->form;
		fresh.layer = r->dir == SPY_WRITE ? r->layer : 0;
	}
	b = spy_boxes.lookup(&key);
	if (b && b->id != fresh.id)
		spy_close(ctx, b->id); /* the box was freed and its address is reused */
	spy_boxes.update(&key, &fresh);
	return spy_boxes.lookup(&key);
}

static __always_inline struct spy_box *spy_box_of(struct pt_regs *ctx, struct spy_record *r)
{
	struct spy_conn_key key = {};
	struct spy_layer layer = {};
	struct spy_box *b;

	spy_key(&key, r->self);
	b = spy_boxes.lookup(&key);
	if (b && b->next == r->seq)
		return b;
	return spy_box_begin(ctx, r, spy_layer_find(ctx, &layer, r) ? &layer : 0);
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
	spy_key(&key, b->peer);
	n = spy_boxes.lookup(&key);
	if (!n || n->id != b->id || n->closed)
		spy_close(ctx, b->id);
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

BPF_PROG_ARRAY(spy_slices_go_on, 1); /* spy_slices_more */

static __always_inline void spy_slices_sent(struct pt_regs *ctx, struct spy_event *head,
					    struct spy_list *l, const u32 rounds)
{
	if (spy_list_send(ctx, head, l, rounds))
		spy_slices_go_on.call(ctx, 0);
	spy_list_end(ctx, head, l);
}

int spy_slices_more(struct pt_regs *ctx)
{
	struct spy_event head;
	struct spy_list *l = spy_list_resume(&head);

	if (l)
		spy_slices_sent(ctx, &head, l, SPY_PIECES_MORE);
	return 0;
}

/* A message as encrypt or decrypt gets it. */
struct spy_message {
	u64 w[5];
};

static __always_inline int spy_is_owned(struct spy_message *m)
{
	return m->w[0] && m->w[1] <= SPY_RECORD_MAX && (u8)m->w[2] < SPY_RS_TYPES;
}

static __always_inline int spy_is_borrowed(struct spy_message *m)
{
	u64 total = m->w[0] ? m->w[3] - m->w[2] : m->w[2];

	return total <= SPY_RECORD_MAX && (u8)m->w[4] < SPY_RS_TYPES;
}

/* Pieces of a borrowed message may look like an owned one, so the record layer decides, if it was
 * found. */
static __always_inline int spy_form_of(struct spy_message *m, struct spy_box *b)
{
	if (b->form)
		return b->form;
	return spy_is_borrowed(m) ? SPY_BORROWED : SPY_OWNED;
}

/* A call to encrypt with the message m. A caller does nothing after it: of a long list it does not
 * return. */
static __always_inline void spy_outgoing(struct pt_regs *ctx, struct spy_record *r,
					 struct spy_box *b, struct spy_message *m, u32 form)
{
	u64 total, from, type, pieces;
	struct spy_event head = {};
	struct spy_list *l;

	b->next = r->seq + 1;
	if (!form)
		form = spy_form_of(m, b);
	pieces = form == SPY_BORROWED && m->w[0];
	if (form == SPY_OWNED) {
		from = m->w[0];
		total = m->w[1];
		type = (u8)m->w[2];
	} else {
		from = m->w[1];
		total = m->w[0] ? m->w[3] - m->w[2] : m->w[2];
		type = (u8)m->w[4];
	}
	if (total > SPY_RECORD_MAX)
		return;
	if (type == SPY_RS_ALERT && !pieces)
		spy_box_alert(ctx, b, from, total);
	if (type != SPY_RS_DATA || !spy_record_begin(ctx, &head, b, SPY_WRITE, total))
		return;
	if (!pieces) {
		spy_send_piece(ctx, &head, from, total);
		return;
	}
	l = spy_list_begin(&head, m->w[0], m->w[1], m->w[2], total);
	if (l)
		spy_slices_sent(ctx, &head, l, SPY_PIECES_FIRST);
}

/* Returns 0 if the call is not ours, or its message cannot be read. The direction is left out. */
static __always_inline int spy_rustls_entry(struct pt_regs *ctx, struct spy_record *r,
					    struct spy_message *m)
{
	if (!spy_wanted())
		return 0;
	r->self = SPY_RS_SELF(ctx);
	r->seq = SPY_RS_SEQ(ctx);
	r->code = PT_REGS_IP(ctx);
	if (!SPY_READ_USER(m, sizeof(*m), (void *)SPY_RS_MESSAGE(ctx)))
		return 1;
	spy_count(SPY_N_FAULT, 1);
	return 0;
}

int spy_rustls_write(struct pt_regs *ctx)
{
	struct spy_message m = {};
	struct spy_record r = {};
	struct spy_box *b;

	if (!spy_rustls_entry(ctx, &r, &m) || !(spy_is_borrowed(&m) || spy_is_owned(&m)))
		return 0; /* not ours, or this is no encrypter */
	r.dir = SPY_WRITE;
	b = spy_box_of(ctx, &r);
	if (b)
		spy_outgoing(ctx, &r, b, &m, SPY_FORM_UNKNOWN);
	else
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

static __always_inline int spy_open(struct pt_regs *ctx, struct spy_opening *o)
{
	struct spy_frame f = {};

	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_ENTRY(ctx);
	if (spy_openings.update(&f, o))
		spy_count(SPY_N_TABLE_FULL, 1);
	return 0;
}

/* A call to decrypt with the message m. */
static __always_inline void spy_incoming(struct pt_regs *ctx, struct spy_record *r,
					 struct spy_message *m, u32 form, struct spy_opening *o)
{
	o->self = r->self;
	o->seq = r->seq;
	o->ret = SPY_RS_RET(ctx);
	o->buf = m->w[form == SPY_OWNED];
	o->len = m->w[1 + (form == SPY_OWNED)];
	o->form = form;
}

/* Whether decrypt's message owns its bytes: no length is as large as an address. */
static __always_inline int spy_is_owned_in(struct spy_message *m)
{
	return m->w[1] > SPY_RECORD_MAX && m->w[2] <= SPY_RECORD_MAX && m->w[2] <= m->w[0] &&
	       m->w[0] <= 2 * SPY_RECORD_MAX;
}

int spy_rustls_read(struct pt_regs *ctx)
{
	struct spy_opening o = {};
	struct spy_message m = {};
	struct spy_record r = {};
	int owned;

	if (!spy_rustls_entry(ctx, &r, &m))
		return 0;
	owned = spy_is_owned_in(&m);
	if (!owned && m.w[1] > SPY_RECORD_MAX)
		return 0; /* this is no decrypter */
	r.dir = SPY_READ;
	if (!spy_box_of(ctx, &r)) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return 0;
	}
	if (owned)
		spy_incoming(ctx, &r, &m, SPY_OWNED, &o);
	else
		spy_incoming(ctx, &r, &m, SPY_BORROWED, &o);
	return spy_open(ctx, &o);
}

/* encrypt or decrypt of 0.20 or 0.21, which the finder cannot tell apart. Their vtables are a
 * weaker sign than others, so only what a record layer holds is believed. */
int spy_rustls_either(struct pt_regs *ctx)
{
	struct spy_opening o = {};
	struct spy_message m = {};
	struct spy_record r = {};
	struct spy_box *b;

	if (!spy_rustls_entry(ctx, &r, &m))
		return 0;
	r.dir = spy_is_owned_in(&m) ? SPY_READ : SPY_WRITE;
	if (r.dir == SPY_WRITE && (m.w[0] <= SPY_RECORD_MAX || !spy_is_owned(&m)))
		return spy_open(ctx, &o);
	b = spy_box_of(ctx, &r);
	if (!b) {
		spy_count(SPY_N_TABLE_FULL, 1);
		return spy_open(ctx, &o);
	}
	if (b->form != SPY_OWNED)
		return spy_open(ctx, &o);
	if (r.dir == SPY_READ)
		spy_incoming(ctx, &r, &m, SPY_OWNED, &o);
	else
		spy_outgoing(ctx, &r, b, &m, SPY_OWNED);
	return spy_open(ctx, &o);
}

/* What decrypt returned: plaintext in *at and its type; 0: an error. Records are decrypted in
 * place. */
static __always_inline u64 spy_decrypted(struct spy_opening *o, u64 *m, u64 *at, u64 *type)
{
	u64 len;

	if (o->form == SPY_OWNED) {
		*at = m[2];
		len = m[3];
		*type = (u8)(m[4] >> 32);
		if (m[0])
			return 0;
	} else {
		*at = m[1];
		len = m[2];
		*type = (u8)m[3];
	}
	if (*at < o->buf || *at - o->buf > o->len || len > o->len - (*at - o->buf))
		return 0;
	return len + 1;
}

static __always_inline int spy_decrypt_return(struct pt_regs *ctx)
{
	struct spy_opening *found, o;
	struct spy_conn_key key = {};
	struct spy_event head = {};
	struct spy_frame f = {};
	u64 m[5] = {}, at = 0, type = 0, len;
	struct spy_box *b;

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
	if (!o.self)
		return 0;
	spy_key(&key, o.self);
	b = spy_boxes.lookup(&key);
	if (!b || SPY_READ_USER(m, sizeof(m), (void *)o.ret)) {
		spy_count(SPY_N_FAULT, 1);
		return 0;
	}
	len = spy_decrypted(&o, m, &at, &type);
	if (!len--)
		return 0;
	b->next = o.seq + 1;
	if (type == SPY_RS_ALERT)
		spy_box_alert(ctx, b, at, len);
	if (type == SPY_RS_DATA && spy_record_begin(ctx, &head, b, SPY_READ, len))
		spy_send_piece(ctx, &head, at, len);
	return 0;
}

int spy_rustls_read_return(struct pt_regs *ctx)
{
	return spy_decrypt_return(ctx);
}

/* ---- the server name that a client asked for ----
 * With TLS 1.3, the state of a connection that is set up still has it. The state is a boxed object
 * behind the record layer, the only one of that size there, and has no other text. Measured: 0x1d0
 * to 0x3b8 behind it, 352 to 1016 bytes, in 0.20 to 0.23. With TLS 1.2 the name is gone by then.
 * A program of its own, because the stack of those below is full. */

#define SPY_RS_STATE	 0x180 /* where it is looked for, from the record layer on */
#define SPY_RS_STATES	 80    /* words there */
#define SPY_RS_STATE_MIN 256   /* bytes of it */
#define SPY_RS_STATE_MAX 1280
#define SPY_RS_NAME_MAX	 253

/* Returns its address and size; 0: not found. */
static __always_inline u64 spy_state_of(u64 layer, u64 *size)
{
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_RS_STATES; i++) {
		u64 box[2] = {}, vtable[3] = {}; /* drop, size, align */

		if (SPY_READ_USER(box, sizeof(box), (void *)(layer + SPY_RS_STATE + 8 * (u64)i)) ||
		    !box[0] || (box[0] | box[1]) & 7 ||
		    SPY_READ_USER(vtable, sizeof(vtable), (void *)box[1]))
			continue;
		if (vtable[0] && vtable[1] >= SPY_RS_STATE_MIN && vtable[1] <= SPY_RS_STATE_MAX &&
		    vtable[2] == 8) {
			*size = vtable[1];
			return box[0];
		}
	}
	return 0;
}

/* Whether all eight characters are from '-' to 'z', but neither '/' nor ':'. The verifier follows
 * each branch, and that of Linux 6.18 crashes over masks made of a bit's negation if there are many
 * of them, so this is arithmetic on whole words. */
static __always_inline u64 spy_has_zero(u64 w)
{
	return (w - 0x0101010101010101ull) & ~w & 0x8080808080808080ull;
}

static __always_inline u64 spy_is_bad(u64 w)
{
	const u64 ones = 0x0101010101010101ull, tops = 0x8080808080808080ull;
	u64 below = ~((w & ~tops) + (0x80 - '-') * ones) & tops;
	u64 above = ((w & ~tops) + (0x7f - 'z') * ones) & tops;

	return below | above | (w & tops) | spy_has_zero(w ^ '/' * ones) |
	       spy_has_zero(w ^ ':' * ones);
}

/* The beginning of a name is enough: the state has no other text. */
static __always_inline int spy_is_name(u64 at, u64 len)
{
	u64 w[3] = { 0x6161616161616161ull, 0x6161616161616161ull, 0x6161616161616161ull };
	u64 n = len < sizeof(w) ? len : sizeof(w);

	spy_opaque(n);
	if (!len || len > SPY_RS_NAME_MAX || n > sizeof(w) || !n || SPY_READ_USER(w, n, (void *)at))
		return 0;
	return !(spy_is_bad(w[0]) | spy_is_bad(w[1]) | spy_is_bad(w[2]));
}

static __always_inline void spy_send_name(struct pt_regs *ctx, u64 id, u64 layer)
{
	u64 size = 0, state = spy_state_of(layer, &size);

	if (!state)
		return;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_RS_STATE_MAX / 8 - 1; i++) {
		u64 text[2] = {}; /* ptr, len */

		if (8 * (u64)i + sizeof(text) > size)
			break;
		SPY_READ_USER(text, sizeof(text), (void *)(state + 8 * (u64)i));
		if (spy_is_name(text[0], text[1])) {
			spy_send_host(ctx, id, text[0], text[1]);
			break;
		}
	}
}

/* Whether m is application data that encrypt got. Before the box is known, either form may be. */
static __always_inline int spy_is_data(struct spy_message *m)
{
	return (spy_is_borrowed(m) && (u8)m->w[4] == SPY_RS_DATA) ||
	       (spy_is_owned(m) && m->w[0] > SPY_RECORD_MAX && (u8)m->w[2] == SPY_RS_DATA);
}

/* At the entry of encrypt too. It is attached last, since the kernel runs the newest first, and the
 * name must precede the data. In the other order, the first exchange has none. */
int spy_rustls_name(struct pt_regs *ctx)
{
	struct spy_conn_key key = {};
	struct spy_message m = {};
	struct spy_record r = {};
	struct spy_conn *c;
	struct spy_box *b;
	u64 layer, self = 0;

	if (!spy_wanted())
		return 0;
	spy_key(&key, SPY_RS_SELF(ctx));
	b = spy_boxes.lookup(&key);
	if (b && !b->layer && (b->next == SPY_RS_SEQ(ctx) || b->next == SPY_RS_SEQ(ctx) + 1))
		return 0;
	if (!spy_rustls_entry(ctx, &r, &m) || !spy_is_data(&m))
		return 0;
	r.dir = SPY_WRITE;
	if (!b || b->next != r.seq + 1)
		b = spy_box_of(ctx, &r);
	if (!b || !b->layer)
		return 0;
	layer = b->layer;
	b->layer = 0;
	c = spy_conn_of(b->id);
	if (c)
		c->from_start = b->from_start;
	/* A connection may have moved since. */
	SPY_READ_USER(&self, sizeof(self), (void *)(layer + 16));
	if (self == key.tls)
		spy_send_name(ctx, b->id, layer);
	return 0;
}
