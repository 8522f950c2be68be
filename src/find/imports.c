/* SPDX-License-Identifier: MIT */
#include "find/imports.h"

#include <string.h>

#include "find/bytes.h"

#define STUB_ALIGN 8
#define STUB_MAX   11 /* endbr64; bnd jmp *slot(%rip) */
#define JUMP_LEN   6  /* jmp *slot(%rip) */
/* Slots whose stub is looked for: a file has one or two for each function that it imports. */
#define SLOTS_MAX 64

struct imports {
	const struct image *im;
	struct import_site *sites;
	size_t count;
	size_t slots;
};

static bool names_slot(const GElf_Rela *r)
{
	return GELF_R_TYPE(r->r_info) == R_X86_64_JUMP_SLOT ||
	       GELF_R_TYPE(r->r_info) == R_X86_64_GLOB_DAT;
}

/* The slot that a stub jumps through; 0: this is no stub. */
static uint64_t slot_of(struct span code, uint64_t addr)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = 0;

	if (code.len >= sizeof(endbr) && memcmp(code.ptr, endbr, sizeof(endbr)) == 0)
		at = sizeof(endbr);
	if (at < code.len && code.ptr[at] == 0xf2)
		at++;
	if (at + JUMP_LEN > code.len || code.ptr[at] != 0xff || code.ptr[at + 1] != 0x25)
		return 0;
	return addr + at + JUMP_LEN + sign_extend(le32(code.ptr + at + 2), 32);
}

/* The stub for a slot; 0: none. */
static uint64_t stub_in(const struct image *im, const char *section, uint64_t slot)
{
	uint64_t addr;
	struct span all = image_section(im, section, &addr);

	for (size_t at = 0; at < all.len; at += STUB_ALIGN) {
		struct span code = span_from(all, at);

		if (code.len > STUB_MAX)
			code.len = STUB_MAX;
		if (slot_of(code, addr + at) == slot)
			return addr + at;
	}
	return 0;
}

static uint64_t stub_for(const struct image *im, uint64_t slot)
{
	static const char *const sections[] = { ".plt.sec", ".plt", ".plt.got" };
	uint64_t addr = 0;

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections) && !addr && slot; i++)
		addr = stub_in(im, sections[i], slot);
	return addr;
}

/* ~0 stands for more than one until all relocations were seen. */
static void note(struct imports *all, const char *name, uint64_t slot)
{
	for (size_t i = 0; i < all->count; i++) {
		struct import_site *s = &all->sites[i];
		uint64_t stub;

		if (strcmp(s->name, name) != 0 || all->slots++ >= SLOTS_MAX)
			continue;
		stub = stub_for(all->im, slot);
		if (stub)
			s->addr = s->addr && s->addr != stub ? ~0ull : stub;
	}
}

static void read_relocations(struct imports *all, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Scn *table = elf_getscn(all->im->elf, sh->sh_link);
	Elf_Data *relocations = elf_getdata(scn, NULL), *symbols;
	GElf_Shdr link;

	if (!relocations || !table || !gelf_getshdr(table, &link) || link.sh_type != SHT_DYNSYM ||
	    !(symbols = elf_getdata(table, NULL)))
		return;
	for (size_t i = 0; i < relocations->d_size / sh->sh_entsize && i < INT32_MAX; i++) {
		const char *name;
		GElf_Rela r;
		GElf_Sym sym;

		if (!gelf_getrela(relocations, (int)i, &r) || !names_slot(&r) ||
		    GELF_R_SYM(r.r_info) > INT32_MAX ||
		    !gelf_getsym(symbols, (int)GELF_R_SYM(r.r_info), &sym))
			continue;
		name = elf_strptr(all->im->elf, link.sh_link, sym.st_name);
		if (name)
			note(all, name, r.r_offset);
	}
}

void imports_find(const struct image *im, struct import_site *sites, size_t count)
{
	struct imports all = { .im = im, .sites = sites, .count = count };
	Elf_Scn *scn = NULL;

	for (size_t i = 0; i < count; i++)
		sites[i].addr = 0;
	while (im->machine == EM_X86_64 && (scn = elf_nextscn(im->elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_RELA && sh.sh_entsize)
			read_relocations(&all, scn, &sh);
	}
	for (size_t i = 0; i < count; i++)
		if (sites[i].addr == ~0ull)
			sites[i].addr = 0;
}
