/* SPDX-License-Identifier: MIT */
/* From the symbol BIO_f_ssl to the table of methods that it returns, and from there to the one
 * function that the BIO's method and the public function both call. The call itself is hooked and
 * not that function, through which SSL_write and SSL_read pass too. */
#include "find/bio_ssl.h"

#include "find/bytes.h"
#include "find/unwind.h"

/* Words of a BIO_METHOD: type, name, write (const char *, size_t, size_t *), write with an int ...
 */
enum { METHOD_TYPE, METHOD_NAME, METHOD_WRITE, METHOD_OLD_WRITE, METHOD_READ, METHOD_WORDS };

#define CALLS_MAX 64

struct method {
	uint64_t addr, words[METHOD_WORDS];
};

struct call {
	uint64_t at, next, to;
};

struct calls {
	struct call all[CALLS_MAX];
	size_t count;
};

/* ---- the table of methods ---- */

/* How functions begin, with frame pointers or marks for branches: what computes no address. */
static size_t prologue_len(unsigned machine, struct span code)
{
	static const struct {
		uint16_t machine;
		uint8_t len, bytes[4];
	} rows[] = {
		{ EM_X86_64, 4, { 0xf3, 0x0f, 0x1e, 0xfa } },  /* endbr64 */
		{ EM_X86_64, 1, { 0x55 } },		       /* push rbp */
		{ EM_X86_64, 3, { 0x48, 0x89, 0xe5 } },	       /* mov rbp, rsp */
		{ EM_AARCH64, 4, { 0x5f, 0x24, 0x03, 0xd5 } }, /* bti c */
		{ EM_AARCH64, 4, { 0x3f, 0x23, 0x03, 0xd5 } }, /* paciasp */
		{ EM_AARCH64, 4, { 0xfd, 0x7b, 0xbf, 0xa9 } }, /* stp x29, x30, [sp, -16]! */
		{ EM_AARCH64, 4, { 0xfd, 0x03, 0x00, 0x91 } }, /* mov x29, sp */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].machine == machine &&
		    span_starts(code, span_of(rows[i].bytes, rows[i].len)))
			return rows[i].len;
	return 0;
}

static uint64_t skip_prologue(const struct image *im, uint64_t at)
{
	size_t len;

	while ((len = prologue_len(im->machine, image_from(im, at))))
		at += len;
	return at;
}

/* lea rax, [rip + disp32]; or mov eax, imm32 at fixed addresses */
static uint64_t loaded_by_x86(const struct image *im, uint64_t at)
{
	struct span code = image_from(im, at);

	if (code.len > 7 && code.ptr[0] == 0x48 && code.ptr[1] == 0x8d && code.ptr[2] == 0x05)
		return at + 7 + sign_extend(le32(code.ptr + 3), 32);
	return code.len > 5 && code.ptr[0] == 0xb8 && im->type == ET_EXEC ? le32(code.ptr + 1) : 0;
}

/* adrp x0, page; add x0, x0, offset */
static uint64_t loaded_by_arm64(const struct image *im, uint64_t at)
{
	struct span first = image_from(im, at);
	struct span second = image_from(im, skip_prologue(im, at + 4));
	uint32_t adrp = first.len >= 4 ? le32(first.ptr) : 0;
	uint32_t add = second.len >= 4 ? le32(second.ptr) : 0;

	if ((adrp & 0x9f00001f) != 0x90000000 || (add & 0xffc003ff) != 0x91000000)
		return 0;
	return (at & ~(uint64_t)0xfff) +
	       (sign_extend((adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3), 21) << 12) +
	       (add >> 10 & 0xfff);
}

/* The address that a function of one statement returns; 0: it does something else. */
static uint64_t returned_address(const struct image *im, uint64_t function)
{
	uint64_t at = skip_prologue(im, function);

	switch (im->machine) {
	case EM_X86_64:
		return loaded_by_x86(im, at);
	case EM_AARCH64:
		return loaded_by_arm64(im, at);
	default:
		return 0;
	}
}

static void put_word(void *arg, uint64_t addr, uint64_t value)
{
	struct method *m = arg;

	if (addr >= m->addr && addr - m->addr < sizeof(m->words) && addr % 8 == m->addr % 8)
		m->words[(addr - m->addr) / 8] = value;
}

static bool find_method(const struct image *im, uint64_t function, struct method *ret)
{
	struct span name;

	*ret = (struct method){ .addr = returned_address(im, function) };
	if (!ret->addr)
		return false;
	for (size_t i = 0; i < METHOD_WORDS; i++) {
		struct span w = image_at(im, ret->addr + i * 8, 8);

		ret->words[i] = w.len ? le64(w.ptr) : 0;
	}
	image_relocated(im, put_word, ret);
	name = image_at(im, ret->words[METHOD_NAME], 4);
	return span_eq(name, span_of("ssl", 4));
}

/* ---- calls ---- */

/* The target of a direct call; 0: there is none. Decodes what has no room behind it as none. */
static uint64_t target(const struct image *im, struct span code, uint64_t at, size_t *ret_len)
{
	if (im->machine == EM_X86_64) {
		*ret_len = 5;
		return code.len >= 5 && code.ptr[0] == 0xe8
			       ? at + 5 + sign_extend(le32(code.ptr + 1), 32)
			       : 0;
	}
	*ret_len = 4;
	return code.len >= 4 && le32(code.ptr) >> 26 == 0x25
		       ? at + (sign_extend(le32(code.ptr) & 0x3ffffff, 26) << 2)
		       : 0;
}

/* Calls of functions of this file, and not of others through a table (PLT). */
static void find_calls(const struct image *im, const struct unwind *u, uint64_t function,
		       struct calls *ret)
{
	uint64_t end = unwind_end(u, function), step = im->machine == EM_X86_64 ? 1 : 4;
	struct span code = end ? image_at(im, function, end - function) : span_of(NULL, 0);

	ret->count = 0;
	for (uint64_t i = 0; i < code.len && ret->count < CALLS_MAX; i += step) {
		size_t len;
		uint64_t to = target(im, span_from(code, (size_t)i), function + i, &len);

		if (to && unwind_place(u, to) == UNWIND_START)
			ret->all[ret->count++] = (struct call){ .at = function + i,
								.next = function + i + len,
								.to = to };
	}
}

static bool has_target(const struct calls *c, uint64_t to)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->all[i].to == to)
			return true;
	return false;
}

/* The only call of `method` to what `function` calls too; false: there is none, or several. */
static bool find_common(const struct calls *method, const struct calls *function, uint64_t not_this,
			struct call *ret)
{
	size_t found = 0;

	for (size_t i = 0; i < method->count; i++)
		if (method->all[i].to != not_this && has_target(function, method->all[i].to)) {
			*ret = method->all[i];
			found++;
		}
	return found == 1;
}

void bio_ssl_add(const struct image *im, struct finding *ret)
{
	enum { BIO, WRITE, READ, CHECK, SYMBOLS };
	struct symbol s[SYMBOLS] = { { .name = "BIO_f_ssl" },
				     { .name = "SSL_write" },
				     { .name = "SSL_read" },
				     { .name = "__stack_chk_fail" } };
	struct calls method_calls, own;
	struct call write, read;
	struct unwind u;
	struct method m;

	image_symbols(im, s, SYMBOLS);
	if (!s[BIO].addr || !find_method(im, s[BIO].addr, &m))
		return;
	unwind_open(&u, im);
	find_calls(im, &u, m.words[METHOD_WRITE], &method_calls);
	find_calls(im, &u, s[WRITE].addr, &own);
	if (!find_common(&method_calls, &own, s[CHECK].addr, &write))
		return;
	find_calls(im, &u, m.words[METHOD_READ], &method_calls);
	find_calls(im, &u, s[READ].addr, &own);
	if (!find_common(&method_calls, &own, s[CHECK].addr, &read) || write.to == read.to)
		return;
	finding_add(ret, write.at, PROG_CALL_SITE, false);
	finding_add(ret, write.next, PROG_WRITE_RETURN, false);
	finding_add(ret, read.at, PROG_CALL_SITE, false);
	finding_add(ret, read.next, PROG_READ_RETURN, false);
}
