/* SPDX-License-Identifier: MIT */
/* A small ELF file with a table of functions, for tests of finders. Loaded at IMAGE_BASE as a
 * whole; function number i of the list is at IMAGE_BASE + IMAGE_CODE + 16 * i. */
#ifndef SPY_TESTS_ELF_IMAGE_H
#define SPY_TESTS_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define IMAGE_BASE     0x400000u
#define IMAGE_CODE     0x1000u
#define IMAGE_CODE_LEN 2048

struct elf_image {
	unsigned machine;	  /* EM_X86_64 */
	unsigned symtab;	  /* SHT_DYNSYM or SHT_SYMTAB */
	unsigned type;		  /* of the symbols: STT_FUNC */
	bool undefined;		  /* symbols that it imports */
	const char *const *names; /* of functions, to NULL */
	bool stripped;		  /* of what is loaded: the table lies behind it */
};

static inline uint64_t elf_image_function(size_t i)
{
	return IMAGE_BASE + IMAGE_CODE + 16 * i;
}

static inline void elf_image_symbols(const struct elf_image *e, struct buf *table,
				     struct buf *names)
{
	Elf64_Sym sym = { 0 };

	buf_add(table, span_of(&sym, sizeof(sym)));
	buf_add(names, span_of("", 1));
	for (size_t i = 0; e->names[i]; i++) {
		sym = (Elf64_Sym){ .st_name = (uint32_t)names->len,
				   .st_info = ELF64_ST_INFO(STB_GLOBAL, e->type),
				   .st_shndx = e->undefined ? SHN_UNDEF : SHN_ABS,
				   .st_value = elf_image_function(i),
				   .st_size = 16 };
		buf_add(table, span_of(&sym, sizeof(sym)));
		buf_add(names, span_of(e->names[i], strlen(e->names[i]) + 1));
	}
}

/* Appends section `type` with its content. */
static inline void elf_image_section(struct buf *file, Elf64_Shdr *sh, uint32_t type,
				     struct span content)
{
	*sh = (Elf64_Shdr){ .sh_type = type, .sh_offset = file->len, .sh_size = content.len };
	buf_add(file, content);
	while (file->len % 8)
		buf_add(file, span_of("", 1));
}

static inline void elf_image_head(const struct elf_image *e, struct buf *file, Elf64_Off sections,
				  size_t n)
{
	Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = (Elf64_Half)e->machine,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_shoff = sections,
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1,
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = (Elf64_Half)n };
	Elf64_Phdr ph = { .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_X,
			  .p_vaddr = IMAGE_BASE,
			  .p_filesz = e->stripped ? IMAGE_CODE + IMAGE_CODE_LEN : file->len,
			  .p_memsz = file->len };

	memcpy(file->ptr, &eh, sizeof(eh));
	memcpy(file->ptr + sizeof(eh), &ph, sizeof(ph));
}

/* The file; the caller buf_done()s it. */
static inline void elf_image_make(const struct elf_image *e, struct buf *file)
{
	static const char zeroes[IMAGE_CODE + IMAGE_CODE_LEN];
	struct buf table, names;
	Elf64_Shdr sh[3] = { 0 };
	Elf64_Off sections;

	buf_init(&table, 1 << 20);
	buf_init(&names, 1 << 20);
	buf_init(file, 1 << 20);
	buf_add(file, span_of(zeroes, sizeof(zeroes)));
	elf_image_symbols(e, &table, &names);
	elf_image_section(file, &sh[1], e->symtab, buf_span(&table));
	sh[1].sh_link = 2;
	sh[1].sh_entsize = sizeof(Elf64_Sym);
	elf_image_section(file, &sh[2], SHT_STRTAB, buf_span(&names));
	sections = file->len;
	buf_add(file, span_of(sh, sizeof(sh)));
	elf_image_head(e, file, sections, 3);
	buf_done(&table);
	buf_done(&names);
}

#endif
