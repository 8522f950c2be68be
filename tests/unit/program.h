/* SPDX-License-Identifier: MIT */
/* Makes small programs (ELF images) for the tests of finders: strings, and functions of which is
 * said what they do. One segment, read and executed, loaded at PROGRAM_BASE plus its place in the
 * file. */
#ifndef SPY_TESTS_PROGRAM_H
#define SPY_TESTS_PROGRAM_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

#define PROGRAM_BASE	  0x400000u
#define PROGRAM_STRINGS	  0x100
#define PROGRAM_CODE	  0x200
#define PROGRAM_FUNCTION  0x80 /* bytes set aside for each */
#define PROGRAM_FUNCTIONS 10
#define PROGRAM_SYMBOLS	  3
#define PROGRAM_SIZE	  0x900

/* Lists end with 0; a function is called, and refers to a string, by its number from 1 on. */
struct program_function {
	unsigned strings[3], constants[5], calls[9];
	unsigned jumps[3]; /* x86-64 only */
	bool updates;	   /* memory */
	bool moves;	   /* does so by a load and a store */
	bool misleads;	   /* begins with operands that look like calls, x86-64 only */
	bool skewed;	   /* begins one byte further on, at no multiple of anything */
	bool frame;	   /* begins with a frame pointer, x86-64 only */
};

struct program {
	unsigned machine, type; /* EM_, ET_ */
	const char *strings[6];
	struct program_function functions[PROGRAM_FUNCTIONS];
	/* Functions, by number, that have a symbol of that name; to the first 0. */
	struct {
		unsigned function;
		const char *name;
	} symbols[PROGRAM_SYMBOLS];
};

struct assembler {
	uint8_t *file;
	size_t at;
	const struct program *p;
};

static uint64_t program_function(unsigned number)
{
	return PROGRAM_BASE + PROGRAM_CODE + (number - 1) * PROGRAM_FUNCTION;
}

static void put(struct assembler *a, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		a->file[a->at++] = (uint8_t)(v >> 8 * i);
}

static uint64_t string_addr(const struct program *p, unsigned number)
{
	uint64_t addr = PROGRAM_BASE + PROGRAM_STRINGS;

	for (unsigned i = 1; i < number; i++)
		addr += strlen(p->strings[i - 1]) + 1;
	return addr;
}

static uint32_t arm64_adrp(uint64_t pc, uint64_t to)
{
	uint64_t pages = (to >> 12) - (pc >> 12);

	return 0x90000000u | (uint32_t)(pages & 3) << 29 | (uint32_t)(pages >> 2 & 0x7ffff) << 5;
}

static void put_ref(struct assembler *a, unsigned string)
{
	uint64_t to = string_addr(a->p, string), pc = PROGRAM_BASE + a->at;

	if (a->p->machine == EM_AARCH64) {
		put(a, arm64_adrp(pc, to), 4);
		put(a, 0x91000000u | (uint32_t)(to & 0xfff) << 10, 4); /* add x0, x0, #low */
	} else if (a->p->type == ET_EXEC) {
		put(a, 0xbf, 1); /* mov edi, imm32 */
		put(a, to, 4);
	} else {
		put(a, 0x3d8d48, 3); /* lea rdi, [rip + disp32] */
		put(a, to - (pc + 7), 4);
	}
}

static void put_constant(struct assembler *a, unsigned value)
{
	if (a->p->machine == EM_AARCH64) {
		put(a, 0x52800001u | value << 5, 4); /* mov w1, #value */
	} else if (value > 0xffff) {
		put(a, 0x1043c7, 3); /* mov dword [rbx + 16], imm32 */
		put(a, value, 4);
	} else if (value < 100) {
		put(a, 0x6a, 1); /* push imm8; pop rsi */
		put(a, value, 1);
		put(a, 0x5e, 1);
	} else {
		put(a, 0xbe, 1); /* mov esi, imm32 */
		put(a, value, 4);
	}
}

static void put_call(struct assembler *a, unsigned number)
{
	uint64_t to = program_function(number) + a->p->functions[number - 1].skewed;
	uint64_t distance = to - (PROGRAM_BASE + a->at);

	if (a->p->machine == EM_AARCH64) {
		put(a, 0x94000000u | (uint32_t)(distance >> 2 & 0x3ffffff), 4);
	} else {
		put(a, 0xe8, 1);
		put(a, distance - 5, 4);
	}
}

static void put_jump(struct assembler *a, unsigned number)
{
	put(a, 0xe9, 1);
	put(a, program_function(number) - (PROGRAM_BASE + a->at + 4), 4);
}

static void put_misleading(struct assembler *a)
{
	put(a, 0xe880c7, 7); /* mov dword [rax + 0xe8], 0 */
	put(a, 0, 3);
	put(a, 0xe8b8, 5); /* mov eax, 0xe8 */
	put(a, 0x90, 1);
}

static void put_function(struct assembler *a, const struct program_function *f)
{
	bool arm = a->p->machine == EM_AARCH64;

	if (f->skewed)
		put(a, 0xcc, 1);
	if (f->frame)
		put(a, 0xe5894855, 4); /* push rbp; mov rbp, rsp */
	if (f->misleads && !arm)
		put_misleading(a);
	for (const unsigned *s = f->strings; *s; s++)
		put_ref(a, *s);
	for (const unsigned *c = f->constants; *c; c++)
		put_constant(a, *c);
	for (const unsigned *c = f->calls; *c; c++)
		put_call(a, *c);
	for (const unsigned *j = f->jumps; *j && !arm; j++)
		put_jump(a, *j);
	if (f->updates) /* ldr x9, [x8, #136]; str x9, [x8, #136]; or add [rbx + 8], rax */
		put(a, arm ? 0xf9004509f9404509u : 0x08430148, arm ? 8 : 4);
	if (f->moves && !arm) { /* mov rax, [rbx + 136]; sub rax, rcx; mov [rbx + 136], rax */
		put(a, 0x88838b48, 4);
		put(a, 0xc82948000000, 6);
		put(a, 0x88838948, 4);
		put(a, 0x000000, 3);
	} else if (f->moves) {
		put(a, 0xf9004509f9404509u, 8);
	}
	put(a, arm ? 0xd65f03c0u : 0xc3, arm ? 4 : 1);
	while (!arm && a->at % PROGRAM_FUNCTION)
		put(a, 0xcc, 1);
}

/* .dynsym and .dynstr, behind the code. */
static void put_symbols(struct assembler *a, Elf64_Ehdr *eh)
{
	size_t names = PROGRAM_CODE + PROGRAM_FUNCTIONS * PROGRAM_FUNCTION, symbols = names + 64;
	size_t headers = symbols + (PROGRAM_SYMBOLS + 1) * sizeof(Elf64_Sym), n = 0, name = 1;
	Elf64_Shdr sh[3] = {
		{ 0 },
		{ .sh_type = SHT_DYNSYM,
		  .sh_offset = symbols,
		  .sh_link = 2,
		  .sh_entsize = sizeof(Elf64_Sym),
		  .sh_addralign = 8 },
		{ .sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = 64, .sh_addralign = 1 },
	};

	while (n < PROGRAM_SYMBOLS && a->p->symbols[n].function) {
		size_t len = strlen(a->p->symbols[n].name) + 1;
		Elf64_Sym sym = { .st_name = (Elf64_Word)name,
				  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
				  .st_shndx = 1,
				  .st_value = program_function(a->p->symbols[n].function) };

		memcpy(a->file + names + name, a->p->symbols[n].name, len);
		memcpy(a->file + symbols + ++n * sizeof(sym), &sym, sizeof(sym));
		name += len;
	}
	sh[1].sh_size = (n + 1) * sizeof(Elf64_Sym);
	memcpy(a->file + headers, sh, sizeof(sh));
	eh->e_shoff = headers;
	eh->e_shnum = 3;
	eh->e_shentsize = sizeof(*sh);
}

/* The file; the caller frees it. */
static struct span program_make(const struct program *p)
{
	struct assembler a = { .file = calloc(1, PROGRAM_SIZE), .p = p };
	Elf64_Ehdr eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = (Elf64_Half)p->type,
			  .e_machine = (Elf64_Half)p->machine,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1 };
	Elf64_Phdr ph = { .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_X,
			  .p_vaddr = PROGRAM_BASE,
			  .p_filesz = PROGRAM_SIZE,
			  .p_memsz = PROGRAM_SIZE,
			  .p_align = 0x1000 };

	a.at = PROGRAM_STRINGS;
	for (size_t i = 0; i < 6 && p->strings[i]; i++)
		for (const char *c = p->strings[i];; c++) {
			a.file[a.at++] = (uint8_t)*c;
			if (!*c)
				break;
		}
	for (size_t i = 0; i < PROGRAM_FUNCTIONS; i++) {
		a.at = PROGRAM_CODE + i * PROGRAM_FUNCTION;
		put_function(&a, &p->functions[i]);
	}
	if (p->symbols[0].function)
		put_symbols(&a, &eh);
	memcpy(a.file, &eh, sizeof(eh));
	memcpy(a.file + sizeof(eh), &ph, sizeof(ph));
	return span_of(a.file, PROGRAM_SIZE);
}

#endif
