/* SPDX-License-Identifier: MIT */
/* Reads x86-64 code byte by byte. Instructions have no fixed length, so each pattern is tried at
 * each byte, and some hits are accidental; a hit that yields the address of one given string is
 * not. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. */
#include "find/code_int.h"

#define CALL 0xe8
#define JUMP 0xe9
#define LEA  0x8d
/* Compilers align functions unless they optimise for size; those functions often begin with a frame
 * pointer, push rbp; mov rbp,rsp. */
#define ALIGN 16
/* Bytes between a load and the store to the same place. */
#define PAIR_MAX 64
static const uint8_t frame[] = { 0x55, 0x48, 0x89, 0xe5 };

/* `at`: position of a four-byte operand, after its opcode. */
static bool is_lea_rip(const uint8_t *at)
{
	return (at[-3] & 0xf8) == 0x48 && at[-2] == LEA && (at[-1] & 0xc7) == 0x05;
}

static bool is_mov_imm32(const uint8_t *at)
{
	return (at[-1] & 0xf8) == 0xb8;
}

static void check_ref(struct code *c, const uint8_t *at, uint64_t addr)
{
	uint32_t operand = le32(at);
	uint64_t relative = addr + 4 + sign_extend(operand, 32);

	for (size_t i = 0; i < c->nstrings; i++) {
		uint64_t s = c->strings[i];

		if ((relative == s && is_lea_rip(at)) ||
		    (c->im->type == ET_EXEC && operand == s && is_mov_imm32(at))) {
			code_add_ref(c, addr, s);
			return;
		}
	}
}

/* One comparison rejects nearly every byte, because the strings lie close to each other. Modulo
 * 2^32. */
struct range {
	uint32_t lo, width;
};

static struct range range_of(const struct code *c)
{
	struct range r = { .lo = UINT32_MAX };

	for (size_t i = 0; i < c->nstrings; i++)
		r.lo = (uint32_t)c->strings[i] < r.lo ? (uint32_t)c->strings[i] : r.lo;
	for (size_t i = 0; i < c->nstrings; i++)
		if ((uint32_t)c->strings[i] - r.lo > r.width)
			r.width = (uint32_t)c->strings[i] - r.lo;
	return r;
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static bytes16 load16(const uint8_t *p)
{
	bytes16 ret;

	memcpy(&ret, p, sizeof(ret));
	return ret;
}

/* Which of 16 bytes may be the opcode of a lea that is relative to its own address. */
static bytes16 leas(const uint8_t *p)
{
	return (bytes16)(load16(p) == LEA) & (bytes16)((load16(p + 1) & 0xc7) == 0x05);
}

/* The same of a mov of an address in the range, by its highest byte. */
static bytes16 movs(const uint8_t *p, struct range r)
{
	uint8_t lo = (uint8_t)(r.lo >> 24), width = (uint8_t)(((r.lo + r.width) >> 24) - lo);

	return (bytes16)((load16(p) & 0xf8) == 0xb8) & (bytes16)(load16(p + 4) - lo <= width);
}

/* The opcode at the offset `at`, which has a byte before it and four behind it. */
static void check_load(struct code *c, const struct image_segment *s, uint64_t at, struct range r)
{
	const uint8_t *p = c->im->file.ptr + s->offset + at;

	if (*p == LEA && at + 6 <= s->size &&
	    le32(p + 2) + (uint32_t)(s->addr + at + 6) - r.lo <= r.width)
		check_ref(c, p + 2, s->addr + at + 2);
	if ((*p & 0xf8) == 0xb8 && le32(p + 1) - r.lo <= r.width)
		check_ref(c, p + 1, s->addr + at + 1);
}

static void check_loads(struct code *c, const struct image_segment *s, uint64_t at, bytes16 which,
			struct range r)
{
	uint64_t halves[2];

	memcpy(halves, &which, sizeof(halves));
	if (!(halves[0] | halves[1]))
		return;
	for (unsigned i = 0; i < sizeof(which); i++)
		if (which[i])
			check_load(c, s, at + i, r);
}

/* Code of programs at fixed addresses may contain the address itself. */
static void find_refs(struct code *c, const struct image_segment *s)
{
	const uint8_t *base = c->im->file.ptr + s->offset;
	bool fixed = c->im->type == ET_EXEC;
	struct range r = range_of(c);
	uint64_t at = 1;

	for (; at + 20 <= s->size; at += sizeof(bytes16))
		check_loads(c, s, at,
			    fixed ? leas(base + at) | movs(base + at, r) : leas(base + at), r);
	for (; at + 5 <= s->size; at++)
		check_load(c, s, at, r);
}

/* Whether the bytes before a function are the end of another (ret, ud2, a jump, a call that does
 * not return) or padding (int3, nop, a long nop that ends in zeroes). `at` has 16 bytes before
 * it. */
static bool follows_an_end(const uint8_t *at)
{
	uint8_t last = at[-1];

	if (last == 0xc3 || last == 0x90 || last == 0xcc)
		return true;
	if ((at[-2] == 0x0f && last == 0x0b) || at[-2] == 0xeb || at[-5] == JUMP || at[-5] == CALL)
		return true;
	for (int k = 3; last == 0 && k < 14; k++)
		if (at[-k] == 0x0f && at[-k + 1] == 0x1f)
			return true;
	return false;
}

static bool begins_frame(const struct image *im, uint64_t addr)
{
	return span_starts(image_from(im, addr), span_of(frame, sizeof(frame)));
}

static void check_call(struct code *c, const struct image_segment *s, uint64_t next, uint64_t to)
{
	const uint8_t *base = c->im->file.ptr + s->offset;

	/* Nothing calls the next instruction: this is the middle of an operand. */
	if (code_is_near(c, to) && to - s->addr >= 16 && to - s->addr < s->size &&
	    to - next >= ALIGN && follows_an_end(base + (to - s->addr)))
		code_add_start(c, to, begins_frame(c->im, to) ? 1 : ALIGN);
}

/* All instructions of that opcode with a relative address of four bytes. */
static void find_targets(struct code *c, const struct image_segment *s, uint8_t opcode)
{
	const uint8_t *base = c->im->file.ptr + s->offset, *end = base + s->size;

	for (const uint8_t *p = base; end - p >= 5; p++) {
		uint64_t next, to;

		p = memchr(p, opcode, (size_t)(end - p) - 4);
		if (!p)
			return;
		next = s->addr + (uint64_t)(p - base) + 5;
		to = next + sign_extend(le32(p + 1), 32);
		if (opcode == CALL)
			check_call(c, s, next, to);
		else
			code_add_jumped_to(c, to, ALIGN);
	}
}

static void find_starts(struct code *c, const struct image_segment *s)
{
	find_targets(c, s, CALL);
	find_targets(c, s, JUMP);
}

/* mov r32,imm32 of any register; in code optimised for size, push imm8, pop. A large number also
 * counts if it is stored to memory, because that is no accident. */
static bool has_constant(struct span code, uint32_t value)
{
	const uint8_t *p = code.ptr;

	for (size_t i = 0; i + 5 <= code.len; i++) {
		if ((p[i] & 0xf8) == 0xb8 && le32(p + i + 1) == value)
			return true;
		if (value >> 24 && le32(p + i) == value)
			return true;
		if (value < 0x80 && p[i] == 0x6a && p[i + 1] == value && (p[i + 2] & 0xf8) == 0x58)
			return true;
	}
	return false;
}

static bool has_call(struct span code, uint64_t addr, uint64_t to)
{
	for (size_t i = 0; i + 5 <= code.len; i++)
		if ((code.ptr[i] == CALL || code.ptr[i] == JUMP) &&
		    addr + i + 5 + sign_extend(le32(code.ptr + i + 1), 32) == to)
			return true;
	return false;
}

/* Operands [reg+disp] of 64 bits: the base is neither rsp (4, a SIB byte) nor rbp (5). */
struct place {
	uint8_t base;
	int32_t disp;
};

static bool place_at(struct span code, size_t at, uint8_t opcode, struct place *ret)
{
	const uint8_t *p = code.ptr + at;
	unsigned mod, base;

	if (at + 7 > code.len || (p[0] & 0xf8) != 0x48 || p[1] != opcode)
		return false;
	mod = p[2] >> 6;
	base = p[2] & 7;
	if ((mod != 1 && mod != 2) || base == 4 || base == 5)
		return false;
	ret->base = (uint8_t)(base | (p[0] & 1) << 3);
	ret->disp = mod == 1 ? (int8_t)p[3] : (int32_t)le32(p + 3);
	return true;
}

/* mov [reg+disp],reg of what was loaded from there shortly before. */
static bool is_stored_back(struct span code, size_t at)
{
	struct place from, to;

	if (!place_at(code, at, 0x89, &to))
		return false;
	for (size_t back = 4; back <= at && back <= PAIR_MAX; back++)
		if (place_at(code, at - back, 0x8b, &from) && from.base == to.base &&
		    from.disp == to.disp)
			return true;
	return false;
}

/* add or sub [reg+disp],reg; or the same by three instructions. */
static bool has_update(struct span code)
{
	struct place any;

	for (size_t i = 0; i < code.len; i++)
		if (place_at(code, i, 0x01, &any) || place_at(code, i, 0x29, &any) ||
		    is_stored_back(code, i))
			return true;
	return false;
}

const struct isa isa_x86_64 = {
	.machine = EM_X86_64,
	.refs = find_refs,
	.starts = find_starts,
	.constant = has_constant,
	.calls = has_call,
	.updates = has_update,
};
