/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* One record of TLS, where it is captured at its cipher. Follows tls.bpf.c. */

#define SPY_RECORD_MAX	 18432 /* no record holds more: 2^14 + 2048 (RFC 5246 section 6.2.3) */
#define SPY_RECORD_ALERT 21    /* content types (RFC 8446 section 5.1) */
#define SPY_RECORD_DATA	 23
#define SPY_RECORD_TAG	 16 /* bytes of an AEAD's tag */

/* What a record holds; type 0: unknown so far. */
struct spy_plaintext {
	u64 data;
	u32 len, type;
};

/* TLS 1.3: the type is the last byte that is not 0, and the content what precedes it. Where the
 * loops stand is kept in a map, of which the verifier knows nothing, so that their rounds look the
 * same to it. */
static __always_inline void spy_record_strip(volatile struct spy_plaintext *p)
{
	u64 w[4] = {}, len;
	u8 last = 0;

#pragma clang loop unroll(disable)
	for (u32 i = 0; i < SPY_RECORD_MAX / sizeof(w); i++) {
		len = p->len;
		if (len < sizeof(w) ||
		    SPY_READ_USER(w, sizeof(w), (void *)(p->data + len - sizeof(w))) ||
		    w[0] | w[1] | w[2] | w[3])
			break;
		p->len = len - sizeof(w);
	}
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < sizeof(w); i++) {
		len = p->len;
		if (!len)
			break;
		if (SPY_READ_USER(&last, 1, (void *)(p->data + len - 1))) {
			spy_count(SPY_N_FAULT, 1);
			break;
		}
		p->len = len - 1;
		p->type = last;
		if (last)
			break;
	}
}

static __always_inline void spy_send_piece(struct pt_regs *ctx, struct spy_event *head, u64 from,
					   u64 n)
{
	spy_opaque(n);
	if (n > SPY_RECORD_MAX)
		n = SPY_RECORD_MAX;
	spy_opaque(n);
	spy_send(ctx, head, from, n);
}
