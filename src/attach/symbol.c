/* SPDX-License-Identifier: MIT */
/* The file may be anybody's: libelf checks the structure, we check every index it gives us. */
#include "attach/symbol.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

/* File offset of an address, by the loadable segments. 0 when none holds it. */
static uint64_t offset_of(Elf *elf, uint64_t addr)
{
	size_t n = 0;

	if (elf_getphdrnum(elf, &n) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		if (addr >= ph.p_vaddr && addr - ph.p_vaddr < ph.p_filesz)
			return addr - ph.p_vaddr + ph.p_offset;
	}
	return 0;
}

static void match(Elf *elf, const GElf_Sym *sym, const char *name, struct symbol *symbols,
		  size_t count)
{
	if (!name || GELF_ST_TYPE(sym->st_info) != STT_FUNC || sym->st_shndx == SHN_UNDEF)
		return;
	for (size_t i = 0; i < count; i++)
		if (symbols[i].offset == 0 && strcmp(symbols[i].name, name) == 0)
			symbols[i].offset = offset_of(elf, sym->st_value);
}

static void search(Elf *elf, uint32_t type, struct symbol *symbols, size_t count)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		Elf_Data *data;
		size_t n;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != type || sh.sh_entsize == 0)
			continue;
		data = elf_getdata(scn, NULL);
		if (!data)
			continue;
		n = data->d_size / sh.sh_entsize;
		for (size_t i = 0; i < n && i < INT32_MAX; i++) {
			GElf_Sym sym;

			if (gelf_getsym(data, (int)i, &sym))
				match(elf, &sym, elf_strptr(elf, sh.sh_link, sym.st_name), symbols,
				      count);
		}
	}
}

static int machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}

int symbol_offsets(int fd, struct symbol *symbols, size_t count)
{
	GElf_Ehdr eh;
	Elf *elf;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		symbols[i].offset = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) ||
	    eh.e_machine != machine())
		err = -ENOEXEC;
	if (!err) {
		search(elf, SHT_DYNSYM, symbols, count);
		search(elf, SHT_SYMTAB, symbols, count);
	}
	elf_end(elf);
	return err;
}
