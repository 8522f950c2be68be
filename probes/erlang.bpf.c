/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Erlang's ssl, which is written in Erlang and asks libcrypto for one record after the other.
 * Follows record.bpf.c in one text. What is hooked was found by src/find/find_erlang.c: where
 * Erlang's crypto.so calls libcrypto, so that nobody else who uses libcrypto pays. A record is
 *
 *   EVP_CipherInit_ex(ctx, NULL, NULL, key, nonce, -1)
 *   EVP_CipherUpdate(ctx, NULL, &n, ad, 5 or 13)         the additional data
 *   EVP_CipherUpdate(ctx, out, &n, in, len)
 *   EVP_CipherFinal_ex(ctx, ...)      it was encrypted; `in` is read at entry
 *   EVP_DecryptFinal_ex(ctx, ...) = 1 it was decrypted and is genuine; `out` is read at return
 *
 * by any scheduler's thread, with a context of its own. What joins the records of a connection is
 * how their keys were made, by one HMAC each:
 *
 *   EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key, | key_len, text, text_len, ...) = result
 *
 * TLS 1.3 (RFC 8446 section 7.1): the master secret becomes a secret of either direction, and that
 * becomes its key; the text is the length of the result, the label and a context. TLS 1.2 (RFC
 * 5246 section 5 and 6.3): the master secret becomes both keys, which are parts of some results in
 * a row; the text is the result before the last one, the label and two random numbers.
 *
 * So a connection is what was made of one master secret, and its records have one of two keys; if
 * both ends are in one process, each encrypts with the key that the other decrypts with. A secret
 * is known here by 64 bits of a hash, and nothing of it leaves the kernel. Data counts as that of a
 * whole connection only if both directions were seen to begin, and each record has the number that
 * is due. What has a key that was not seen to be made is of a connection that had begun before:
 * either direction is one of its own, from its middle.
 *
 * What is sent is sent by any thread, too, and from another place in memory. So the socket is found
 * by what the record became: its first bytes are not those of another one. */

#define SPY_ERL_MAC_MAX	  125 /* bytes of the longest text of TLS 1.2 */
#define SPY_ERL_SEED	  77  /* the label "key expansion" and two random numbers */
#define SPY_ERL_HANDSHAKE 2   /* in place of a connection: keys of a handshake */
#define SPY_ERL_WARNING	  1   /* level of alerts */
#define SPY_ERL_BYTES	  16  /* by which a secret is known: all of the shortest key */

/* Master secrets, in TLS 1.2 with their random numbers: the number of their connection, an even
 * one; the server's end has the next number. Other secrets of TLS 1.3: 1 is added to those of the
 * server. The keys of this map and of the next one: what spy_erl_hash() gives, and the process. */
BPF_TABLE("lru_hash", struct spy_conn_key, u64, spy_erl_secrets, 16384);

/* By enum spy_dir: whether it encrypts or decrypts. */
struct spy_erl_use {
	u64 conn;    /* 0: not used so far */
	u64 next;    /* number of the record that comes next */
	u64 first;   /* TLS 1.3: the part of the nonce that the number changes, of record 0 */
	u64 is_made; /* the key was seen to be made */
};
struct spy_erl_key {
	struct spy_erl_use use[2];
};
BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_erl_key, spy_erl_keys, 8 * SPY_CONNS);

/* By number of connection: which directions were seen to begin. Two threads may see one each. */
struct spy_erl_begun {
	u8 written, read, pad[6];
	u64 seed; /* TLS 1.2: hash of the first result that both keys come of */
};
BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_erl_begun, spy_erl_conns, SPY_CONNS);

#define SPY_ERL_SENT_NS                                                                            \
	10000000000ull /* what was encrypted and not sent by then is not waited for */

/* What records became, by their first bytes, of connections whose socket is not known: these. */
BPF_TABLE("lru_hash", struct spy_conn_key, u64, spy_erl_sealed, 4096);
/* By process: when one was added. */
BPF_TABLE("lru_hash", u32, u64, spy_erl_waiting, 1024);

/* What was told to a context. */
enum spy_erl_stage { SPY_ERL_NONE, SPY_ERL_AD, SPY_ERL_TEXT };
struct spy_erl_call {
	u64 key;  /* hash */
	u64 mark; /* TLS 1.2: the record's number; else the part of the nonce that it changes */
	u64 out;
	struct spy_plaintext text;
	u32 stage, tls12;
};
BPF_TABLE("lru_hash", struct spy_conn_key, struct spy_erl_call, spy_erl_calls, 16384);

/* What an HMAC makes. */
enum spy_erl_kind {
	SPY_ERL_OTHER,
	SPY_ERL_TRAFFIC,  /* TLS 1.3: secrets of the client's or the server's data */
	SPY_ERL_HELLO,	  /* those of a handshake */
	SPY_ERL_UPDATED,  /* the secret that follows one */
	SPY_ERL_KEY,	  /* the key of a secret */
	SPY_ERL_EXPAND,	  /* TLS 1.2: how both keys begin to be made */
	SPY_ERL_EXPANDED, /* a part of both keys */
};
struct spy_erl_mac {
	u64 from;	  /* hash of the secret, in TLS 1.2 with the random numbers */
	u64 seed;	  /* TLS 1.2: hash of what precedes the label */
	u32 kind, theirs; /* theirs: TLS 1.3: 1 for a secret of the server */
	u32 len;	  /* of the result, in TLS 1.2 */
	u32 pad;
};
BPF_TABLE("lru_hash", struct spy_frame, struct spy_erl_mac, spy_erl_macs, 1024);

/* Of two words. 64 bits of a secret that has 128 at least: many secrets have the same. */
static __always_inline u64 spy_erl_hash(const u64 *w)
{
	u64 h = w[0] * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h = (h ^ w[1]) * 0xc2b2ae3d27d4eb4full;
	h ^= h >> 29;
	h *= 0x165667b19e3779f9ull;
	return h ^ h >> 32;
}

/* 0: it cannot be read. */
static __always_inline u64 spy_erl_hash_at(u64 at)
{
	u64 w[2] = {};

	return SPY_READ_USER(w, SPY_ERL_BYTES, (void *)at) ? 0 : spy_erl_hash(w);
}

/* Takes the place of a TLS object's address; two threads may ask at once. */
static __always_inline u64 spy_erl_new(void)
{
	return bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 127) << 1;
}

/* ---- how keys are made ---- */

/* The connection of a secret; 0: none is known, `fresh` begins one. */
static __always_inline u64 spy_erl_conn_of(u64 secret, u64 fresh)
{
	struct spy_conn_key key = {};
	struct spy_erl_begun none = {};
	u64 *found;

	spy_key(&key, secret);
	found = spy_erl_secrets.lookup(&key);
	if (found)
		return *found;
	if (!fresh)
		return 0;
	spy_erl_secrets.update(&key, &fresh);
	spy_key(&key, fresh);
	spy_erl_conns.update(&key, &none);
	spy_key(&key, fresh + 1);
	spy_erl_conns.update(&key, &none);
	return fresh;
}

static __always_inline void spy_erl_begins(u64 conn, u32 dir)
{
	struct spy_conn_key key = {};
	struct spy_erl_begun *b;

	spy_key(&key, conn);
	b = spy_erl_conns.lookup(&key);
	if (b && dir == SPY_WRITE)
		b->written = 1;
	else if (b)
		b->read = 1;
}

static __always_inline void spy_erl_secret_is(u64 secret, u64 conn)
{
	struct spy_conn_key key = {};

	spy_key(&key, secret);
	if (secret)
		spy_erl_secrets.update(&key, &conn);
}

/* A key that is made again is the one that it was. theirs: 1 for the server's. */
static __always_inline void spy_erl_key_is(u64 hash, u64 conn, u32 theirs)
{
	struct spy_conn_key key = {};
	struct spy_erl_key fresh = {};
	u64 other = conn != SPY_ERL_HANDSHAKE;

	if (!hash)
		return;
	spy_key(&key, hash);
	fresh.use[SPY_WRITE].conn = theirs ? conn + other : conn;
	fresh.use[SPY_READ].conn = theirs ? conn : conn + other;
	fresh.use[SPY_WRITE].is_made = 1;
	fresh.use[SPY_READ].is_made = 1;
	if (!spy_erl_keys.lookup(&key))
		spy_erl_keys.update(&key, &fresh);
}

/* TLS 1.2: what the first of the results is made from. */
static __always_inline void spy_erl_seed_is(u64 conn, u64 hash)
{
	struct spy_conn_key key = {};
	struct spy_erl_begun *b;

	spy_key(&key, conn);
	b = spy_erl_conns.lookup(&key);
	if (b)
		b->seed = hash;
}

static __always_inline int spy_erl_is_first(u64 conn, u64 hash)
{
	struct spy_conn_key key = {};
	struct spy_erl_begun *b;

	spy_key(&key, conn);
	b = spy_erl_conns.lookup(&key);
	return b && hash && b->seed == hash;
}

#define SPY_ERL_WORD(a, b, c, d, e, f, g, h)                                                       \
	((u64)(a) | (u64)(b) << 8 | (u64)(c) << 16 | (u64)(d) << 24 | (u64)(e) << 32 |             \
	 (u64)(f) << 40 | (u64)(g) << 48 | (u64)(h) << 56)

/* TLS 1.3: two bytes of length, the label with a byte of length, the context with another, 1. */
static __always_inline u32 spy_erl_kind13(u64 text, u64 len, u32 *theirs)
{
	struct {
		u8 length[2], label_len, pad[5];
		u64 label[3];
	} t = {};
	u64 w0, w1;

	if (SPY_READ_USER(&t.length, 3, (void *)text) ||
	    SPY_READ_USER(t.label, 18, (void *)(text + 3)))
		return SPY_ERL_OTHER;
	w0 = t.label[0];
	w1 = t.label[1];
	if ((w0 & 0xffffffffffffull) != SPY_ERL_WORD('t', 'l', 's', '1', '3', ' ', 0, 0))
		return SPY_ERL_OTHER;
	if (t.label_len == 9 && len == 14 && w0 >> 48 == ('k' | 'e' << 8) && (u8)w1 == 'y')
		return SPY_ERL_KEY;
	if (t.label_len == 17 && w0 >> 48 == ('t' | 'r' << 8) &&
	    w1 == SPY_ERL_WORD('a', 'f', 'f', 'i', 'c', ' ', 'u', 'p'))
		return SPY_ERL_UPDATED;
	*theirs = (w0 >> 48 & 255) == 's';
	if (t.label_len != 18 || (!*theirs && (w0 >> 48 & 255) != 'c') || w0 >> 56 != ' ' ||
	    (u16)t.label[2] != ('i' | 'c' << 8))
		return SPY_ERL_OTHER;
	if (w1 == SPY_ERL_WORD('a', 'p', ' ', 't', 'r', 'a', 'f', 'f'))
		return SPY_ERL_TRAFFIC;
	return w1 == SPY_ERL_WORD('h', 's', ' ', 't', 'r', 'a', 'f', 'f') ? SPY_ERL_HELLO
									  : SPY_ERL_OTHER;
}

/* TLS 1.2; the hash of either random number is mixed into m->from. */
static __always_inline u32 spy_erl_kind12(u64 text, u64 len, struct spy_erl_mac *m)
{
	u64 seed = text + len - SPY_ERL_SEED, w[2] = {};

	m->len = len - SPY_ERL_SEED;
	if ((m->len && m->len != 32 && m->len != 48) || SPY_READ_USER(w, 13, (void *)seed) ||
	    w[0] != SPY_ERL_WORD('k', 'e', 'y', ' ', 'e', 'x', 'p', 'a') ||
	    w[1] != SPY_ERL_WORD('n', 's', 'i', 'o', 'n', 0, 0, 0))
		return SPY_ERL_OTHER;
	m->from += spy_erl_hash_at(seed + 13 + 8) + 3 * spy_erl_hash_at(seed + 13 + 32 + 8);
	if (!m->len)
		return SPY_ERL_EXPAND;
	m->seed = spy_erl_hash_at(text);
	return SPY_ERL_EXPANDED;
}

int spy_erl_mac(struct pt_regs *ctx)
{
	struct spy_erl_mac m = {};
	struct spy_frame f = {};
	u64 s[3] = {}; /* length of the key, the text and its length */

	if (!spy_wanted() || SPY_READ_USER(s, sizeof(s), (void *)(PT_REGS_SP(ctx) + 8)))
		return 0;
	if ((s[0] != 32 && s[0] != 48) || s[2] < 14 || s[2] > SPY_ERL_MAC_MAX)
		return 0;
	m.from = spy_erl_hash_at(PT_REGS_PARM6(ctx));
	if (!m.from)
		return 0;
	m.kind = spy_erl_kind13(s[1], s[2], &m.theirs);
	if (m.kind == SPY_ERL_OTHER && s[2] >= SPY_ERL_SEED)
		m.kind = spy_erl_kind12(s[1], s[2], &m);
	if (m.kind == SPY_ERL_OTHER)
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_ENTRY(ctx);
	spy_erl_macs.update(&f, &m);
	return 0;
}

static __always_inline void spy_erl_made(struct spy_erl_mac *m, u64 result)
{
	u64 conn;

	switch (m->kind) {
	case SPY_ERL_HELLO:
		spy_erl_secret_is(spy_erl_hash_at(result), SPY_ERL_HANDSHAKE);
		break;
	case SPY_ERL_TRAFFIC:
		conn = spy_erl_conn_of(m->from, spy_erl_new());
		spy_erl_begins(conn, m->theirs ? SPY_READ : SPY_WRITE);
		spy_erl_begins(conn + 1, m->theirs ? SPY_WRITE : SPY_READ);
		spy_erl_secret_is(spy_erl_hash_at(result), conn + m->theirs);
		break;
	case SPY_ERL_UPDATED:
		conn = spy_erl_conn_of(m->from, 0);
		if (conn)
			spy_erl_secret_is(spy_erl_hash_at(result), conn);
		break;
	case SPY_ERL_KEY:
		conn = spy_erl_conn_of(m->from, 0);
		if (conn)
			spy_erl_key_is(spy_erl_hash_at(result), conn & ~1ull, conn & 1);
		break;
	case SPY_ERL_EXPAND:
		conn = spy_erl_conn_of(m->from, spy_erl_new());
		spy_erl_seed_is(conn, spy_erl_hash_at(result));
		break;
	case SPY_ERL_EXPANDED:
		/* A key begins with one of these; which, the cipher says. The client's comes first.
		 */
		conn = spy_erl_conn_of(m->from, 0);
		if (!conn)
			break;
		spy_erl_key_is(spy_erl_hash_at(result), conn, !spy_erl_is_first(conn, m->seed));
		spy_erl_key_is(spy_erl_hash_at(result + 16), conn, 1);
		if (m->len == 48)
			spy_erl_key_is(spy_erl_hash_at(result + 32), conn, 1);
		break;
	}
}

int spy_erl_mac_return(struct pt_regs *ctx)
{
	struct spy_frame f = {};
	struct spy_erl_mac *m;

	if (!spy_wanted())
		return 0;
	f.thread = bpf_get_current_pid_tgid();
	f.sp = SPY_SP_RETURN(ctx);
	m = spy_erl_macs.lookup(&f);
	if (!m)
		return 0;
	if (PT_REGS_RC(ctx))
		spy_erl_made(m, PT_REGS_RC(ctx));
	spy_erl_macs.delete(&f);
	return 0;
}

/* ---- records ---- */

static __always_inline struct spy_erl_call *spy_erl_call_of(struct pt_regs *ctx)
{
	struct spy_conn_key key = {};

	spy_key(&key, PT_REGS_PARM1(ctx));
	return spy_erl_calls.lookup(&key);
}

int spy_erl_init(struct pt_regs *ctx)
{
	struct spy_conn_key key = {};
	struct spy_erl_call c = {};
	u32 nonce[3] = {};

	if (!PT_REGS_PARM4(ctx) || !PT_REGS_PARM5(ctx) || !spy_wanted())
		return 0;
	c.key = spy_erl_hash_at(PT_REGS_PARM4(ctx));
	if (SPY_READ_USER(nonce, sizeof(nonce), (void *)PT_REGS_PARM5(ctx)))
		c.key = 0;
	c.mark = (u64)__builtin_bswap32(nonce[1]) << 32 | __builtin_bswap32(nonce[2]);
	spy_key(&key, PT_REGS_PARM1(ctx));
	spy_erl_calls.update(&key, &c);
	return 0;
}

/* Whether this is the additional data of a record: number, type, version and length in TLS 1.2
 * (RFC 5246 section 6.2.3.3), else what precedes the record, whose length includes the tag. */
static __always_inline u32 spy_erl_ad(struct spy_erl_call *c, u64 at, u64 len)
{
	struct {
		u8 seq[8], type, version[2], len[2], pad[3];
	} h = {};

	c->tls12 = len == 13;
	if (c->tls12 ? SPY_READ_USER(&h, 13, (void *)at) : SPY_READ_USER(&h.type, 5, (void *)at))
		return SPY_ERL_NONE;
	c->text.len = (u64)h.len[0] << 8 | h.len[1];
	if (h.version[0] != 3 || h.version[1] != 3 || c->text.len > SPY_RECORD_MAX)
		return SPY_ERL_NONE;
	if (c->tls12) {
		c->mark = __builtin_bswap64(*(u64 *)h.seq);
		c->text.type = h.type;
		return SPY_ERL_AD;
	}
	if (h.type != SPY_RECORD_DATA || c->text.len <= SPY_RECORD_TAG)
		return SPY_ERL_NONE;
	c->text.len -= SPY_RECORD_TAG;
	c->text.type = 0;
	return SPY_ERL_AD;
}

int spy_erl_update(struct pt_regs *ctx)
{
	u64 out = PT_REGS_PARM2(ctx), in = PT_REGS_PARM4(ctx), len = (u32)PT_REGS_PARM5(ctx);
	struct spy_erl_call *c;

	if (!spy_wanted())
		return 0;
	c = spy_erl_call_of(ctx);
	if (!c || !c->key)
		return 0;
	if (c->stage == SPY_ERL_AD && out && c->text.len == len) {
		c->text.data = in;
		c->out = out;
		c->stage = SPY_ERL_TEXT;
	} else if (c->stage == SPY_ERL_NONE && !out && (len == 5 || len == 13)) {
		c->stage = spy_erl_ad(c, in, len);
		c->key = c->stage ? c->key : 0;
	} else {
		c->key = 0; /* something else than a record */
	}
	return 0;
}

/* It ends at the first alert that ends a direction: ssl closes then. */
static __always_inline void spy_erl_end(struct pt_regs *ctx, u64 conn)
{
	struct spy_conn_key key = {};

	spy_key(&key, conn);
	spy_erl_conns.delete(&key);
	spy_close(ctx, conn);
}

static __always_inline void spy_erl_alert(struct pt_regs *ctx, u64 conn, struct spy_plaintext *p)
{
	u8 alert[2] = {};

	if (p->len != 2 || SPY_READ_USER(alert, sizeof(alert), (void *)p->data))
		return;
	if (alert[0] != SPY_ERL_WARNING || !alert[1])
		spy_erl_end(ctx, conn);
}

/* Whether the record has the number that is due. */
static __always_inline int spy_erl_follows(struct spy_erl_use *k, struct spy_erl_call *c, u32 dir)
{
	if (!k->next && !c->tls12)
		k->first = c->mark;
	if ((c->tls12 ? c->mark : c->mark ^ k->first) != k->next)
		return 0;
	if (c->tls12 && !k->next)
		spy_erl_begins(k->conn, dir);
	return 1;
}

/* From here on, this direction is a connection of its own. */
static __always_inline void spy_erl_part(struct spy_erl_use *k)
{
	spy_count(SPY_N_UNJOINED, 1);
	k->conn = spy_erl_new();
	k->is_made = 0;
}

static __always_inline struct spy_erl_use *spy_erl_use_of(struct spy_erl_call *c, u32 dir)
{
	struct spy_conn_key key = {};
	struct spy_erl_key fresh = {}, *k;
	struct spy_erl_use *use;

	spy_key(&key, c->key);
	k = spy_erl_keys.lookup(&key);
	if (!k && c->text.type == SPY_RECORD_DATA) {
		spy_erl_keys.update(&key, &fresh);
		k = spy_erl_keys.lookup(&key);
	}
	if (!k)
		return 0;
	use = &k->use[dir];
	if (!use->conn || (use->is_made && !spy_erl_follows(use, c, dir)))
		spy_erl_part(use);
	use->next++;
	return use;
}

static __always_inline int spy_erl_is_whole(struct spy_erl_use *k)
{
	struct spy_conn_key key = {};
	struct spy_erl_begun *b;

	spy_key(&key, k->conn);
	b = spy_erl_conns.lookup(&key);
	return b && b->written && b->read;
}

/* Returns a connection whose socket is not known, if it can be found by this record; else 0. */
static __always_inline u64 spy_erl_record(struct pt_regs *ctx, struct spy_erl_call *call, u32 dir)
{
	struct spy_event head = {};
	struct spy_plaintext *p = &call->text;
	struct spy_erl_use *k;
	struct spy_conn *c;
	u64 len;

	if (!p->type)
		spy_record_strip(p);
	k = spy_erl_use_of(call, dir);
	if (!k || k->conn == SPY_ERL_HANDSHAKE)
		return 0;
	if (p->type == SPY_RECORD_ALERT)
		spy_erl_alert(ctx, k->conn, p);
	if (p->type != SPY_RECORD_DATA || !p->len)
		return 0;
	if (k->is_made && !spy_erl_is_whole(k))
		spy_erl_part(k);
	c = spy_conn_of(k->conn);
	if (c)
		c->from_start = k->is_made;
	len = p->len;
	head.io_len = len;
	if (spy_begin_report(&head, dir, k->conn, len))
		spy_send_piece(ctx, &head, p->data, len);
	return dir == SPY_WRITE && c && !c->sk && len >= SPY_ERL_BYTES ? k->conn : 0;
}

/* What is encrypted will be sent. */
static __always_inline void spy_erl_await(struct spy_erl_call *call, u64 conn)
{
	u64 now = bpf_ktime_get_ns(), hash = spy_erl_hash_at(call->out);
	struct spy_conn_key key = {};
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!hash)
		return;
	spy_key(&key, hash);
	spy_erl_sealed.update(&key, &conn);
	spy_erl_waiting.update(&tgid, &now);
}

int spy_erl_encrypted(struct pt_regs *ctx)
{
	struct spy_erl_call *c;
	u64 conn;

	if (!spy_wanted())
		return 0;
	c = spy_erl_call_of(ctx);
	if (!c || !c->key || c->stage != SPY_ERL_TEXT)
		return 0;
	conn = spy_erl_record(ctx, c, SPY_WRITE);
	if (conn)
		spy_erl_await(c, conn);
	c->key = 0;
	return 0;
}

/* The entry of EVP_DecryptFinal_ex is spy_call's, which keeps the context. */
int spy_erl_decrypted(struct pt_regs *ctx)
{
	struct spy_conn_key key = {};
	struct spy_erl_call *c;
	struct spy_args a = {};

	if (!spy_take_frame(ctx, &a))
		return 0;
	spy_key(&key, a.tls);
	c = spy_erl_calls.lookup(&key);
	if (!c || !c->key || c->stage != SPY_ERL_TEXT)
		return 0;
	c->text.data = c->out;
	if ((int)PT_REGS_RC(ctx) == 1)
		spy_erl_record(ctx, c, SPY_READ);
	c->key = 0;
	return 0;
}

#if SPY_PEERS

/* The connection of which a record, or what it became, is at `at`; 0: none. */
static __always_inline u64 spy_erl_sealed_at(u64 at)
{
	struct spy_conn_key key = {};
	u64 hash = spy_erl_hash_at(at), *conn;

	spy_key(&key, hash);
	conn = hash ? spy_erl_sealed.lookup(&key) : NULL;
	return conn ? *conn : 0;
}

/* The same of a buffer that is sent: TLS 1.2's nonce of 8 bytes may precede, and the header. */
static __always_inline u64 spy_erl_sealed_in(u64 at, u64 len)
{
	u64 conn = 0;

	if (len >= SPY_ERL_BYTES)
		conn = spy_erl_sealed_at(at);
	if (!conn && len >= SPY_ERL_BYTES + 8)
		conn = spy_erl_sealed_at(at + 8);
	if (!conn && len >= SPY_ERL_BYTES + 5)
		conn = spy_erl_sealed_at(at + 5);
	if (!conn && len >= SPY_ERL_BYTES + 13)
		conn = spy_erl_sealed_at(at + 13);
	return conn;
}

/* Among the first buffers of what the running system call sends. */
static __always_inline u64 spy_erl_sending(void *ctx)
{
	u64 regs = spy_user_regs(ctx), conn = 0;
	struct spy_where w = {};

	if (!regs || spy_is_worker())
		return 0;
	spy_where_of(&w, regs, (u32)spy_kernel_word(regs + SPY_NR));
	if (!w.found || w.dir != SPY_WRITE || !w.count)
		return 0;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < 4; i++) {
		u64 next[2] = {};

		if (i >= w.count || SPY_READ_USER(next, sizeof(next), (void *)(w.buf + 16 * i)))
			break;
		conn = spy_erl_sealed_in(next[0], next[1]);
		if (conn)
			break;
	}
	return conn;
}

/* sock_send_length(sk, result, flags), Linux 6.3, as spy_sock_sent */
int spy_erl_sent(struct bpf_raw_tracepoint_args *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 sk = ctx->args[0], conn, *since = spy_erl_waiting.lookup(&tgid);
	struct spy_conn *c;

	if (!since || *since + SPY_ERL_SENT_NS < bpf_ktime_get_ns() || (int)ctx->args[1] <= 0 ||
	    !spy_is_tcp(sk))
		return 0;
	conn = spy_erl_sending(ctx);
	if (!conn)
		return 0;
	c = spy_known(conn);
	if (!c || c->sk == sk)
		return 0;
	c->sk = sk;
	c->votes = SPY_SURE;
	spy_send_peer(ctx, conn, c, sk);
	return 0;
}

#else

int spy_erl_sent(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

#endif
