/* SPDX-License-Identifier: MIT */
/* rustls in programs without symbols. Its record layer calls ciphers through two traits, whose
 * vtables {drop, size, align, methods...} are adjacent in read-only data after relocation.
 * MessageEncrypter's second method, encrypted_payload_len, adds the cipher's constant overhead to
 * its argument, which leaves the compiler little choice. The finder searches for its machine code,
 * then for vtables that refer to it, then for the decrypter's vtable (one method) beside each.
 * rustc puts a panic location of three words between the two if encrypt can panic, and may put the
 * decrypter first or last. A binary has one pair per cipher suite and provider. All pairs are
 * taken: hooking too much is harmless, because the BPF program makes further checks
 * (probes/rustls.bpf.c). Only x86-64. Measured on binaries with rustls 0.23, ring and aws-lc: Deno
 * 2.3.0 and 2.9.6, Codex 0.169.0, Grok 1.0.41. Not found in rustup 1.29 (rustls 0.23.37), which
 * find_awslc.c covers. Source of the traits: rustls, src/crypto/cipher.rs; of the layout: the Rust
 * compiler, which guarantees nothing. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "find/bytes.h"
#include "find/finder.h"
#include "find/unwind.h"

#define LENGTHS_MAX 4096 /* functions with that machine code; Codex has 3 */
#define PLACES_MAX  64	 /* vtables that refer to them; Codex has 7 */
#define REACH	    20	 /* greatest distance of the two vtables, in words */
#define VTABLE	    4	 /* words before the first method */
#define WINDOW	    (2 * REACH + VTABLE + 1)

/* The words around an encrypter's vtable, which begins at words[REACH]. */
struct place {
	uint64_t addr; /* of words[0] */
	uint64_t words[WINDOW];
	bool tls13;
};

struct search {
	const struct image *im;
	struct unwind unwind;
	uint64_t lengths[LENGTHS_MAX]; /* sorted */
	size_t nlengths;
	struct place places[PLACES_MAX];
	size_t nplaces;
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

/* ---- the vtables ---- */

/* `addr`: of a word that contains `length`, the fifth word of a vtable. */
static void add_place(struct search *s, uint64_t addr, uint64_t length)
{
	uint64_t before = (REACH + VTABLE) * sizeof(uint64_t);
	struct place *p;

	if (s->nplaces == PLACES_MAX || addr < before)
		return;
	p = &s->places[s->nplaces++];
	p->addr = addr - before;
	p->tls13 = is_tls13(s->im, length);
	for (size_t i = 0; i < WINDOW; i++) {
		struct span w = image_at(s->im, p->addr + i * sizeof(uint64_t), sizeof(uint64_t));

		p->words[i] = w.len ? le64(w.ptr) : 0;
	}
}

static void add_if_length(void *arg, uint64_t addr, uint64_t value)
{
	struct search *s = arg;

	if (is_length(s, value))
		add_place(s, addr, value);
}

static void put_into_places(void *arg, uint64_t addr, uint64_t value)
{
	struct search *s = arg;

	for (size_t i = 0; i < s->nplaces; i++) {
		struct place *p = &s->places[i];

		if (addr >= p->addr && addr - p->addr < sizeof(p->words))
			p->words[(addr - p->addr) / sizeof(uint64_t)] = value;
	}
}

/* A probe in the middle of an instruction would break the program, so the unwind tables decide
 * where they have an entry. */
static bool is_method(const struct search *s, uint64_t addr)
{
	return image_is_code(s->im, addr) && unwind_place(&s->unwind, addr) != UNWIND_INSIDE;
}

/* Whether four words begin the vtable of an object that holds a cipher's key. */
static bool is_vtable(const struct search *s, const uint64_t *w)
{
	uint64_t size = w[1], align = w[2];

	return (!w[0] || image_is_code(s->im, w[0])) && size && size < 4096 && align &&
	       align <= 64 && !(align & (align - 1)) && size % align == 0 && is_method(s, w[3]);
}

/* Both have the same alignment and nearly the same size: in TLS 1.2 they differ by a nonce. */
static bool is_decrypter(const struct search *s, const struct place *p, size_t at)
{
	const uint64_t *w = p->words + at, *enc = p->words + REACH;
	uint64_t apart = w[1] > enc[1] ? w[1] - enc[1] : enc[1] - w[1];

	if (at == REACH || !is_vtable(s, w) || w[2] != enc[2] || apart > 16)
		return false;
	return at + VTABLE == REACH || !image_is_code(s->im, w[VTABLE]); /* one method only */
}

/* ---- what to hook ---- */

static void add_once(struct finding *f, uint64_t addr, enum probe_program prog, bool at_return)
{
	for (size_t i = 0; i < f->nsites; i++)
		if (f->sites[i].addr == addr && f->sites[i].prog == prog)
			return;
	finding_add(f, addr, prog, at_return);
}

/* True if both vtables are there. */
static bool add_pair(const struct search *s, const struct place *p, struct finding *f)
{
	bool found = false;

	if (!is_vtable(s, p->words + REACH))
		return false;
	for (size_t at = 0; at + VTABLE < WINDOW; at++) {
		uint64_t decrypt = p->words[at + 3];

		if (!is_decrypter(s, p, at))
			continue;
		add_once(f, decrypt, PROG_RUSTLS_READ, false);
		add_once(f, decrypt, PROG_RUSTLS_READ_RETURN, true);
		found = true;
	}
	if (found)
		add_once(f, p->words[REACH + 3], PROG_RUSTLS_WRITE, false);
	return found;
}

static void find(const struct image *im, struct finding *ret)
{
	struct search *s;
	bool tls13 = false;

	if (im->machine != EM_X86_64)
		return;
	s = xcalloc(1, sizeof(*s));
	s->im = im;
	unwind_open(&s->unwind, im);
	find_lengths(s);
	if (s->nlengths) {
		/* Pointers are already in place if RELR or nothing relocates them. */
		image_words(im, add_if_length, s);
		image_relocated(im, add_if_length, s);
	}
	if (s->nplaces)
		image_relocated(im, put_into_places, s);
	for (size_t i = 0; i < s->nplaces; i++)
		tls13 |= add_pair(s, &s->places[i], ret) && s->places[i].tls13;
	/* Every rustls has TLS 1.3; the code for TLS 1.2 alone is too common to be a sign. */
	if (tls13) {
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
