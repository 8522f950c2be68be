/* SPDX-License-Identifier: MIT */
/* A small ELF file as rustls leaves it: code of encrypted_payload_len, vtables in data, pointers in
 * place or by relocation. */
#ifndef SPY_TESTS_RUSTLS_ELF_H
#define SPY_TESTS_RUSTLS_ELF_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define ELF_BYTES   4096
#define CODE_AT	    0x200
#define DATA_AT	    0x400
#define RELA_AT	    0x800
#define SECTIONS_AT 0xe00
#define NAMES_AT    0xf00
#define CODE_ADDR   0x10200
#define DATA_ADDR   0x20400
#define DATA_WORDS  128
#define ENCRYPTER   60 /* word of data */

#define LENGTH_ADDR  (CODE_ADDR + 0x40)
#define ENCRYPT_ADDR (CODE_ADDR + 0x80)
#define DECRYPT_ADDR (CODE_ADDR + 0xc0)
#define OTHER_ADDR   (CODE_ADDR + 0x100)

struct elf_case {
	const char *name;
	int sites;	  /* that should be found */
	int decrypter;	  /* where its vtable is, in words from the encrypter's; 0: nowhere */
	uint8_t overhead; /* 17, 24, 16 */
	bool frame, rela, aarch64;
	int methods;	    /* the decrypter's; 0: one */
	int size, dec_size; /* 0: 48, and the same */
	int dec_align;	    /* 0: 8 */
	int ring;	    /* keys as ring's, whose encrypter has so many methods, none of them of
			     * that code; 0: others */
	bool drops;	    /* and something is done when they are dropped */
	bool fixed;	    /* at fixed addresses, vtables in data that is not writable */
	bool before_vtable; /* what follows the decrypter's vtable is another */
};

static const struct elf_case elf_cases[] = {
	{ "decrypter before, with a location between", 4, -7, 17 },
	{ "decrypter right before", 4, -4, 17 },
	{ "decrypter after", 4, 8, 17 },
	{ "with a frame pointer", 4, -7, 17, .frame = true },
	{ "pointers by RELA", 4, -7, 17, .rela = true },
	{ "pointers by RELA, with a frame pointer", 4, 8, 17, .rela = true, .frame = true },
	{ "sizes that differ by a nonce", 4, -7, 17, .dec_size = 40 },
	{ "TLS 1.2 alone: GCM", 0, -7, 24 },
	{ "TLS 1.2 alone: ChaCha20", 0, -7, 16 },
	{ "some other overhead", 0, -7, 18 },
	{ "no decrypter", 0, 0, 17 },
	{ "a decrypter too far away", 0, -24, 17 },
	{ "something with two methods", 0, -7, 17, .methods = 2 },
	{ "something of another size", 0, -7, 17, .dec_size = 80 },
	{ "something of another alignment", 0, -7, 17, .dec_align = 16 },
	{ "a size that is none", 0, -7, 17, .size = 0x100000, .dec_size = 0x100000 },
	{ "another machine", 0, -7, 17, .aarch64 = true },
	{ "another vtable right behind", 4, 8, 17, .before_vtable = true },
	{ "ring's keys, 0.22 or 0.23 without optimisation", 4, -7, .ring = 2 },
	{ "ring's keys, the decrypter behind", 4, 10, .ring = 2, .rela = true },
	{ "ring's keys, far apart", 4, -22, .ring = 2 },
	{ "ring's keys, too far apart", 0, -52, .ring = 2 },
	{ "ring's keys, another vtable right behind", 4, 10, .ring = 2, .before_vtable = true },
	{ "ring's keys, 0.20 or 0.21", 6, -4, .ring = 1 },
	{ "ring's keys, 0.20 or 0.21, by RELA", 6, 10, .ring = 1, .rela = true },
	{ "ring's keys, 0.20 or 0.21, at fixed addresses", 6, -7, .ring = 1, .fixed = true },
	{ "ring's keys for QUIC", 0, -7, .ring = 3, .methods = 2 },
	{ "ring's keys, of different size", 0, -7, .ring = 2, .dec_size = 576 },
	{ "ring's keys, one alone", 0, 0, .ring = 1 },
	{ "large keys that are dropped", 0, -7, .ring = 2, .drops = true },
};
#define ELF_CASES (sizeof(elf_cases) / sizeof(*elf_cases))

struct elf_maker {
	uint8_t *file;
	size_t nrela;
	bool rela;
};

static void put_word(struct elf_maker *m, int word, uint64_t v)
{
	memcpy(m->file + DATA_AT + (size_t)word * 8, &v, 8);
}

static void put_pointer(struct elf_maker *m, int word, uint64_t addr)
{
	Elf64_Rela r = { DATA_ADDR + (size_t)word * 8, R_X86_64_RELATIVE, (Elf64_Sxword)addr };

	if (m->rela)
		memcpy(m->file + RELA_AT + m->nrela++ * sizeof(r), &r, sizeof(r));
	else
		put_word(m, word, addr);
}

static void put_code(struct elf_maker *m, const struct elf_case *c)
{
	const uint8_t bare[] = { 0x48, 0x8d, 0x46, c->overhead, 0xc3 };
	const uint8_t framed[] = {
		0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x46, c->overhead, 0x5d, 0xc3
	};

	memset(m->file + CODE_AT, 0xcc, 0x200);
	if (c->ring)
		return;
	if (c->frame)
		memcpy(m->file + CODE_AT + (LENGTH_ADDR - CODE_ADDR), framed, sizeof(framed));
	else
		memcpy(m->file + CODE_AT + (LENGTH_ADDR - CODE_ADDR), bare, sizeof(bare));
}

static void put_vtable(struct elf_maker *m, int word, int size, int align, uint64_t method,
		       bool drops)
{
	if (drops)
		put_pointer(m, word, OTHER_ADDR);
	put_word(m, word + 1, (uint64_t)size);
	put_word(m, word + 2, (uint64_t)align);
	put_pointer(m, word + 3, method);
}

static void put_headers(struct elf_maker *m, const struct elf_case *c)
{
	static const char names[] = "\0.rela.dyn\0.shstrtab";
	Elf64_Ehdr eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = c->fixed ? ET_EXEC : ET_DYN,
			  .e_machine = c->aarch64 ? EM_AARCH64 : EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_shoff = SECTIONS_AT,
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2,
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 3,
			  .e_shstrndx = 2 };
	Elf64_Phdr ph[2] = { { PT_LOAD, PF_R | PF_X, CODE_AT, CODE_ADDR, CODE_ADDR, 0x200, 0x200,
			       8 },
			     { PT_LOAD, c->fixed ? PF_R : PF_R | PF_W, DATA_AT, DATA_ADDR,
			       DATA_ADDR, DATA_WORDS * 8, DATA_WORDS * 8, 8 } };
	Elf64_Shdr sh[3] = { { 0 },
			     { .sh_name = 1,
			       .sh_type = SHT_RELA,
			       .sh_offset = RELA_AT,
			       .sh_size = m->nrela * sizeof(Elf64_Rela),
			       .sh_entsize = sizeof(Elf64_Rela),
			       .sh_addralign = 8 },
			     { .sh_name = 11,
			       .sh_type = SHT_STRTAB,
			       .sh_offset = NAMES_AT,
			       .sh_size = sizeof(names),
			       .sh_addralign = 1 } };

	memcpy(m->file, &eh, sizeof(eh));
	memcpy(m->file + sizeof(eh), ph, sizeof(ph));
	memcpy(m->file + SECTIONS_AT, sh, sizeof(sh));
	memcpy(m->file + NAMES_AT, names, sizeof(names));
}

/* `file`: ELF_BYTES of them. */
static inline void elf_make(uint8_t *file, const struct elf_case *c)
{
	struct elf_maker m = { .file = file, .rela = c->rela };
	int size = c->size ? c->size : c->ring ? 560 : 48, align = c->ring ? 16 : 8;
	int dec = ENCRYPTER + c->decrypter;
	bool drops = !c->ring || c->drops;

	memset(file, 0, ELF_BYTES);
	put_code(&m, c);
	put_vtable(&m, ENCRYPTER, size, align, ENCRYPT_ADDR, drops);
	if (c->ring != 1)
		put_pointer(&m, ENCRYPTER + 4, LENGTH_ADDR);
	if (c->ring == 3)
		put_pointer(&m, ENCRYPTER + 5, OTHER_ADDR);
	if (c->decrypter)
		put_vtable(&m, dec, c->dec_size ? c->dec_size : size,
			   c->dec_align ? c->dec_align : align, DECRYPT_ADDR, drops);
	if (c->methods == 2)
		put_pointer(&m, dec + 4, OTHER_ADDR);
	if (c->before_vtable)
		put_vtable(&m, dec + 4, 24, 8, OTHER_ADDR, true);
	put_headers(&m, c);
}

#endif
