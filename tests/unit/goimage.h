/* SPDX-License-Identifier: MIT */
/* A small ELF file with the tables of a Go program, for the tests of its finder: functions of 64
 * bytes of which the code is no code but for its returns and calls, a table of functions,
 * moduledata. */
#ifndef SPY_TESTS_GOIMAGE_H
#define SPY_TESTS_GOIMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GO_IMAGE_BYTES	  0x1800
#define GO_TEXT		  0x400
#define GO_TABLE	  0x800
#define GO_DATA		  0x1000
#define GO_MODULE	  (GO_DATA + 0x10)
#define GO_DYNAMIC	  (GO_DATA + 0x200)
#define GO_RELA		  (GO_DATA + 0x300)
#define GO_SECTIONS	  (GO_DATA + 0x500)
#define GO_FUNCTION_BYTES 64
/* In `GO_TABLE`. */
#define GO_NAMES	 0x48
#define GO_PCTAB	 0x300
#define GO_FUNCS	 0x340
#define GO_INFOS	 0x100 /* in `GO_FUNCS` */
#define GO_FUNCTIONS_MAX 12

struct go_image {
	uint8_t magic; /* 0xfa: Go 1.16, 0xf0: 1.18, 0xf1: 1.20 */
	uint8_t unit;  /* 1: x86-64, 4: arm64 */
	uint32_t args;
	bool no_text;	/* not in the header: moduledata has it */
	bool relocated; /* addresses stand in relocations */
	bool section;	/* named; else it has to be searched for */
	bool no_returns;
	const char *names[GO_FUNCTIONS_MAX]; /* of its functions, to the first NULL; none: those of
					      * crypto/tls */
	bool sends;			     /* the first function passes on the type of a record */
	unsigned caller, callee;	     /* the one calls the other, unless they are the same */
	/* What is made. */
	uint8_t bytes[GO_IMAGE_BYTES];
	uint64_t base;
	unsigned relas;
};

static inline void go_put(struct go_image *g, uint64_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		g->bytes[at + i] = (uint8_t)(v >> (8 * i));
}

/* An address in data: in place, or by a relocation. */
static inline void go_put_address(struct go_image *g, uint64_t at, uint64_t offset)
{
	uint64_t r = GO_RELA + 24 * g->relas;

	if (!g->relocated) {
		go_put(g, at, g->base + offset, 8);
		return;
	}
	g->relas++;
	go_put(g, r, g->base + at, 8);
	go_put(g, r + 8, g->unit == 1 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE, 8);
	go_put(g, r + 16, g->base + offset, 8);
}

static inline void go_segment(struct go_image *g, unsigned i, uint32_t type, uint32_t flags,
			      uint64_t at, uint64_t len)
{
	Elf64_Phdr p = { .p_type = type,
			 .p_flags = flags,
			 .p_offset = at,
			 .p_vaddr = g->base + at,
			 .p_filesz = len,
			 .p_memsz = len };

	memcpy(g->bytes + sizeof(Elf64_Ehdr) + i * sizeof(p), &p, sizeof(p));
}

static inline void go_put_headers(struct go_image *g)
{
	Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			 .e_type = g->relocated ? ET_DYN : ET_EXEC,
			 .e_machine = g->unit == 1 ? EM_X86_64 : EM_AARCH64,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(e),
			 .e_ehsize = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 4 };
	static const char names[] = "\0.gopclntab\0.shstrtab";
	Elf64_Shdr s[3] = { { 0 },
			    { .sh_name = 1,
			      .sh_type = SHT_PROGBITS,
			      .sh_addr = g->base + GO_TABLE,
			      .sh_offset = GO_TABLE,
			      .sh_size = 0x800 },
			    { .sh_name = 12,
			      .sh_type = SHT_STRTAB,
			      .sh_offset = GO_SECTIONS + 0x100,
			      .sh_size = sizeof(names) } };

	if (g->section) {
		e.e_shoff = GO_SECTIONS;
		e.e_shentsize = sizeof(*s);
		e.e_shnum = 3;
		e.e_shstrndx = 2;
		memcpy(g->bytes + GO_SECTIONS, s, sizeof(s));
		memcpy(g->bytes + GO_SECTIONS + 0x100, names, sizeof(names));
	}
	memcpy(g->bytes, &e, sizeof(e));
	go_segment(g, 0, PT_LOAD, PF_R | PF_X, 0, GO_TABLE);
	go_segment(g, 1, PT_LOAD, PF_R, GO_TABLE, GO_DATA - GO_TABLE);
	go_segment(g, 2, PT_LOAD, PF_R | PF_W, GO_DATA, GO_IMAGE_BYTES - GO_DATA);
	go_segment(g, 3, PT_DYNAMIC, PF_R | PF_W, GO_DYNAMIC, 48);
}

/* The frame is open from byte 4 on, closed for a return at 40 and for more stack at 56. */
static inline void go_put_code(struct go_image *g, unsigned function)
{
	uint64_t at = GO_TEXT + function * GO_FUNCTION_BYTES;

	memset(g->bytes + at, 0x90, GO_FUNCTION_BYTES);
	if (!g->no_returns)
		go_put(g, at + 40, g->unit == 1 ? 0xc3 : 0xd65f03c0, 4);
}

static inline void go_put_call(struct go_image *g)
{
	uint64_t at = GO_TEXT + g->caller * GO_FUNCTION_BYTES + 8;
	uint64_t to = GO_TEXT + g->callee * GO_FUNCTION_BYTES;

	if (g->unit == 1) {
		go_put(g, at, 0xe8, 1);
		go_put(g, at + 1, to - at - 5, 4);
	} else {
		go_put(g, at, 0x94000000u | ((to - at) >> 2 & 0x3ffffff), 4);
	}
}

static inline void go_put_pctab(struct go_image *g)
{
	/* Change of the frame's size, bytes. */
	static const uint8_t runs[][2] = {
		{ 2, 4 }, { 0x40, 36 }, { 0x3f, 4 }, { 0x40, 12 }, { 0x3f, 8 }
	};
	uint64_t at = GO_TABLE + GO_PCTAB + 4;

	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		go_put(g, at++, runs[i][0], 1);
		go_put(g, at++, runs[i][1] / g->unit, 1);
	}
}

static inline uint64_t go_put_name(struct go_image *g, uint64_t at, const char *name)
{
	memcpy(g->bytes + GO_TABLE + GO_NAMES + at, name, strlen(name) + 1);
	return at + strlen(name) + 1;
}

static inline void go_put_function(struct go_image *g, unsigned i, uint64_t name)
{
	bool absolute = g->magic == 0xfa;
	uint64_t half = absolute ? 8 : 4, entry = GO_TABLE + GO_FUNCS + 2 * half * i;
	uint64_t info = GO_INFOS + 0x40 * i, at = GO_TABLE + GO_FUNCS + info;

	if (absolute) {
		go_put_address(g, entry, GO_TEXT + i * GO_FUNCTION_BYTES);
		go_put_address(g, at, GO_TEXT + i * GO_FUNCTION_BYTES);
	} else {
		go_put(g, entry, i * GO_FUNCTION_BYTES, 4);
		go_put(g, at, i * GO_FUNCTION_BYTES, 4);
	}
	go_put(g, entry + half, info, half);
	go_put(g, at + half, name, 4);
	go_put(g, at + half + 4, g->args, 4);
	go_put(g, at + half + 12, 4, 4);
	go_put_code(g, i);
}

static inline void go_put_table(struct go_image *g)
{
	static const char *const of_tls[GO_FUNCTIONS_MAX] = {
		"crypto/tls.(*Conn).Write",	      "crypto/tls.(*Conn).Read",
		"crypto/tls.(*Conn).clientHandshake", "crypto/tls.(*Conn).serverHandshake",
		"crypto/tls.(*Conn).Close",	      "crypto/tls.(*Conn).writeRecordLocked"
	};
	const char *const *names = g->names[0] ? g->names : of_tls;
	unsigned count = 0;
	uint64_t at = GO_TABLE + 8, name = go_put_name(g, 0, "go.buildid");
	bool absolute = g->magic == 0xfa;

	while (count < GO_FUNCTIONS_MAX && names[count])
		count++;
	go_put(g, GO_TABLE, 0xffffff00u | g->magic, 4);
	go_put(g, GO_TABLE + 6, g->unit, 1);
	go_put(g, GO_TABLE + 7, 8, 1);
	go_put(g, at, count, 8);
	at += 16;
	if (!absolute && !g->no_text)
		go_put_address(g, at, GO_TEXT);
	at += absolute ? 0 : 8;
	go_put(g, at, GO_NAMES, 8);
	go_put(g, at + 8, GO_PCTAB, 8); /* here the names end */
	go_put(g, at + 16, GO_PCTAB, 8);
	go_put(g, at + 24, GO_PCTAB, 8);
	go_put(g, at + 32, GO_FUNCS, 8);
	for (unsigned i = 0; i < count; i++) {
		go_put_function(g, i, name);
		name = go_put_name(g, name, names[i]);
	}
	if (absolute)
		go_put_address(g, GO_TABLE + GO_FUNCS + 16 * count,
			       GO_TEXT + count * GO_FUNCTION_BYTES);
	else
		go_put(g, GO_TABLE + GO_FUNCS + 8 * count, count * GO_FUNCTION_BYTES, 4);
	go_put_pctab(g);
	if (g->caller != g->callee)
		go_put_call(g);
	if (g->sends) /* mov ebx, 23; movz w1, #23 */
		go_put(g, GO_TEXT + 16, g->unit == 1 ? 0x17bb : 0x528002e1, 5);
}

static inline void go_image_make(struct go_image *g)
{
	memset(g->bytes, 0, sizeof(g->bytes));
	g->relas = 0;
	g->base = g->relocated ? 0x10000 : 0x400000;
	go_put_headers(g);
	go_put_table(g);
	go_put_address(g, GO_MODULE, GO_TABLE);
	go_put_address(g, GO_MODULE + 8, GO_TABLE + GO_NAMES);
	go_put_address(g, GO_MODULE + 8 * 22, GO_TEXT);
	go_put(g, GO_DYNAMIC, DT_RELA, 8);
	go_put(g, GO_DYNAMIC + 8, g->base + GO_RELA, 8);
	go_put(g, GO_DYNAMIC + 16, DT_RELASZ, 8);
	go_put(g, GO_DYNAMIC + 24, 24 * g->relas, 8);
}

#endif
