/* SPDX-License-Identifier: MIT */
/* rustls in programs without symbols. Its record layer calls ciphers through two traits,
 * MessageEncrypter and MessageDecrypter, whose vtables are beside each other: next to each other,
 * or with a panic location or two between them. A program has one pair per cipher suite and
 * provider. Two signs lead to them:
 *
 * - From 0.22 on, MessageEncrypter's second method, encrypted_payload_len, adds the cipher's
 *   constant overhead to its argument, which leaves an optimising compiler little choice. The
 *   finder searches for its machine code, then for vtables that refer to it.
 * - ring's keys hold the cipher's tables, need no drop and are aligned for vector instructions: few
 *   other objects have that size and alignment. This needs no certain code, so it also finds 0.20,
 *   0.21 and what was compiled without optimisation or with overflow checks.
 *
 * All pairs are taken: hooking too much is harmless, because the BPF program makes further checks
 * (probes/rustls.bpf.c). Only x86-64. Measured on rustls 0.20.9, 0.21.12, 0.22.4 and 0.23.46 with
 * ring 0.16.20 and 0.17.14, each as rustc 1.95 compiles them without and with optimisation and LTO,
 * for speed and for size (tests/e2e/test_rustls.py); with aws-lc on Deno 2.9.6, Codex 0.169.0 and
 * Grok 1.0.41. Not found in rustup 1.29 (rustls 0.23.37 with aws-lc), which find_awslc.c covers.
 * Source of the traits: rustls, src/crypto/cipher.rs (before 0.22 src/cipher.rs). */
#include <stdlib.h>

#include "find/bytes.h"
#include "find/finder.h"
#include "find/vtables.h"
#include "base/xalloc.h"

#define LENGTHS_MAX 4096 /* functions with that machine code; Codex has 3 */

struct search {
	const struct image *im;
	struct unwind unwind;
	uint64_t lengths[LENGTHS_MAX]; /* sorted */
	size_t nlengths;
	struct vtables encrypters; /* by the code of encrypted_payload_len */
	struct vtables keys;	   /* by ring's sizes */
};

/* ---- the code of encrypted_payload_len ---- */

/* Bytes that TLS adds to a record's plaintext. TLS 1.3: the content type and a tag; TLS 1.2: a tag
 * and, with GCM, the explicit part of the nonce (RFC 8446 section 5.2, RFC 5288 section 3). */
#define OVERHEAD_TLS13	17
#define OVERHEAD_GCM	24
#define OVERHEAD_CHACHA 16

static const uint8_t lea[] = { 0x48, 0x8d, 0x46 };	   /* lea rax, [rsi + imm8] */
#define LEA_RARE 2					   /* the rarest byte of it in code */
static const uint8_t enter[] = { 0x55, 0x48, 0x89, 0xe5 }; /* push rbp; mov rbp, rsp */
#define POP_RBP 0x5d
#define RET	0xc3

/* `at`: offset of a lea in `code`. Returns how many bytes before it its function begins; -1: this
 * is no such function. */
static int length_function(struct span code, size_t at)
{
	struct span rest = span_from(code, at + sizeof(lea));

	if (rest.len < 3 || (rest.ptr[0] != OVERHEAD_TLS13 && rest.ptr[0] != OVERHEAD_GCM &&
			     rest.ptr[0] != OVERHEAD_CHACHA))
		return -1;
	if (rest.ptr[1] == RET)
		return 0;
	if (rest.ptr[1] == POP_RBP && rest.ptr[2] == RET && at >= sizeof(enter) &&
	    memcmp(code.ptr + at - sizeof(enter), enter, sizeof(enter)) == 0)
		return sizeof(enter);
	return -1;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void lengths_in(struct search *s, uint64_t addr, struct span code)
{
	const uint8_t *p = code.ptr, *end = code.ptr + code.len;

	for (; (p = memchr(p, lea[LEA_RARE], (size_t)(end - p))); p++) {
		size_t at = (size_t)(p - code.ptr);
		int before;

		if (at < LEA_RARE || memcmp(p - LEA_RARE, lea, sizeof(lea)) != 0)
			continue;
		at -= LEA_RARE;
		before = length_function(code, at);
		if (before >= 0 && s->nlengths < LENGTHS_MAX)
			s->lengths[s->nlengths++] = addr + at - (size_t)before;
	}
}

static void find_lengths(struct search *s)
{
	for (size_t i = 0; i < s->im->nsegments; i++) {
		const struct image_segment *seg = &s->im->segments[i];

		if (seg->executable && seg->size)
			lengths_in(s, seg->addr, image_from(s->im, seg->addr));
	}
	qsort(s->lengths, s->nlengths, sizeof(*s->lengths), by_value);
}

static bool is_length(const struct search *s, uint64_t addr)
{
	if (addr < s->lengths[0] || addr > s->lengths[s->nlengths - 1])
		return false;
	return bsearch(&addr, s->lengths, s->nlengths, sizeof(addr), by_value);
}

static bool is_tls13(const struct image *im, uint64_t length)
{
	struct span code = image_at(im, length, sizeof(lea) + 1);

	if (code.len && code.ptr[0] == enter[0])
		code = image_at(im, length + sizeof(enter), sizeof(lea) + 1);
	return code.len && code.ptr[sizeof(lea)] == OVERHEAD_TLS13;
}

/* ---- pairs by that code ---- */

/* Notes of a vtable. */
#define NOTE_TLS13 1
#define NOTE_USED  2

static void add_if_length(void *arg, uint64_t addr, uint64_t value)
{
	struct search *s = arg;

	if (is_length(s, value) && addr >= VTABLE_WORDS * sizeof(uint64_t))
		vtables_add(&s->encrypters, addr - VTABLE_WORDS * sizeof(uint64_t),
			    is_tls13(s->im, value) ? NOTE_TLS13 : 0);
}

static void add_once(struct finding *f, uint64_t addr, enum probe_program prog, bool at_return)
{
	for (size_t i = 0; i < f->nsites; i++)
		if (f->sites[i].addr == addr && f->sites[i].prog == prog)
			return;
	finding_add(f, addr, prog, at_return);
}

static void add_pair(uint64_t encrypt, uint64_t decrypt, struct finding *f)
{
	add_once(f, decrypt, PROG_RUSTLS_READ, false);
	add_once(f, decrypt, PROG_RUSTLS_READ_RETURN, true);
	add_once(f, encrypt, PROG_RUSTLS_WRITE, false);
	add_once(f, encrypt, PROG_RUSTLS_NAME, false);
}

/* Both have the same alignment and nearly the same size: in TLS 1.2 they differ by a nonce. */
static bool is_decrypter(const struct vtables *v, const struct vtable *t, size_t at)
{
	const uint64_t *w = t->words + at, *enc = t->words + VTABLES_REACH;
	uint64_t apart = w[VTABLE_SIZE] > enc[VTABLE_SIZE] ? w[VTABLE_SIZE] - enc[VTABLE_SIZE]
							   : enc[VTABLE_SIZE] - w[VTABLE_SIZE];

	return at != VTABLES_REACH && vtable_at(v, t, at) && w[VTABLE_ALIGN] == enc[VTABLE_ALIGN] &&
	       apart <= 16 && vtable_methods(v, t, at, 2) == 1;
}

/* True if there is a decrypter beside it. */
static bool add_encrypter(const struct vtables *v, const struct vtable *t, struct finding *f)
{
	bool found = false;

	if (!vtable_at(v, t, VTABLES_REACH))
		return false;
	for (size_t at = 0; at + 2 * VTABLE_WORDS <= VTABLES_WINDOW; at++) {
		if (!is_decrypter(v, t, at))
			continue;
		add_pair(t->words[VTABLES_REACH + VTABLE_METHODS], t->words[at + VTABLE_METHODS],
			 f);
		found = true;
	}
	return found;
}

static void by_lengths(struct search *s, struct finding *ret)
{
	bool tls13 = false;

	find_lengths(s);
	if (!s->nlengths)
		return;
	/* Pointers are already in place if RELR or nothing relocates them. */
	image_words(s->im, add_if_length, s);
	image_relocated(s->im, add_if_length, s);
	vtables_relocate(&s->encrypters);
	for (size_t i = 0; i < s->encrypters.count; i++)
		tls13 |= add_encrypter(&s->encrypters, &s->encrypters.list[i], ret) &&
			 s->encrypters.list[i].note & NOTE_TLS13;
	/* Every rustls has TLS 1.3; the code for TLS 1.2 alone is too common to be a sign. */
	if (!tls13)
		ret->nsites = 0;
}

/* ---- pairs by ring's sizes ---- */

/* 560 with ring 0.16.20 and 0.17.14: a table for GCM of 256 bytes, AES's round keys of 244, what is
 * of ring itself, and up to 12 bytes of IV. */
#define RING_SIZE_MIN 528
#define RING_SIZE_MAX 592
#define RING_ALIGN    16
#define RING_REACH    (48 * sizeof(uint64_t)) /* 22 words, without optimisation, were needed */

static void add_key(void *arg, uint64_t addr)
{
	vtables_add(&((struct search *)arg)->keys, addr, 0);
}

static size_t methods_of(const struct search *s, const struct vtable *t)
{
	return vtable_at(&s->keys, t, VTABLES_REACH) ? vtable_methods(&s->keys, t, VTABLES_REACH, 3)
						     : 0;
}

static bool are_near(const struct vtable *a, const struct vtable *b)
{
	uint64_t apart = a->addr < b->addr ? b->addr - a->addr : a->addr - b->addr;

	return apart && apart <= RING_REACH &&
	       a->words[VTABLES_REACH + VTABLE_SIZE] == b->words[VTABLES_REACH + VTABLE_SIZE];
}

/* Before 0.22 an encrypter has one method like a decrypter, and nothing tells them apart here. */
static void add_alike(struct search *s, struct vtable *t, struct finding *ret)
{
	uint64_t method = t->words[VTABLES_REACH + VTABLE_METHODS];

	for (size_t i = 0; i < s->keys.count; i++) {
		const struct vtable *other = &s->keys.list[i];

		if (!are_near(t, other) || other->note & NOTE_USED || methods_of(s, other) != 1)
			continue;
		add_once(ret, method, PROG_RUSTLS_EITHER, false);
		add_once(ret, method, PROG_RUSTLS_READ_RETURN, true);
		add_once(ret, method, PROG_RUSTLS_NAME, false);
		return;
	}
}

static void by_sizes(struct search *s, struct finding *ret)
{
	struct vtable *list = s->keys.list;
	size_t n;

	vtables_find(s->im, RING_SIZE_MIN, RING_SIZE_MAX, RING_ALIGN, add_key, s);
	vtables_relocate(&s->keys);
	n = s->keys.count;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && methods_of(s, &list[i]) == 2; j++) {
			if (!are_near(&list[i], &list[j]) || methods_of(s, &list[j]) != 1)
				continue;
			add_pair(list[i].words[VTABLES_REACH + VTABLE_METHODS],
				 list[j].words[VTABLES_REACH + VTABLE_METHODS], ret);
			list[j].note |= NOTE_USED;
		}
	for (size_t i = 0; i < n; i++)
		if (methods_of(s, &list[i]) == 1 && !(list[i].note & NOTE_USED))
			add_alike(s, &list[i], ret);
}

static void find(const struct image *im, struct finding *ret)
{
	struct search *s;

	if (im->machine != EM_X86_64)
		return;
	s = xcalloc(1, sizeof(*s));
	s->im = im;
	unwind_open(&s->unwind, im);
	s->encrypters = s->keys = (struct vtables){ .im = im, .unwind = &s->unwind };
	by_lengths(s, ret);
	/* All providers add up their lengths in the same code. Sizes find ring alone: the program
	 * may have aws-lc beside it. */
	ret->partial = !ret->nsites;
	by_sizes(s, ret);
	if (ret->nsites) {
		ret->implementation = "rustls";
		ret->method = "vtables";
	}
	free(s);
}

const struct finder finder_rustls = {
	.name = "rustls-vtables",
	.group = "rustls",
	.signs = { "rustls", "c ap traffic", "PreEncryptAction" },
	.guess = true,
	.find = find,
};
