/* SPDX-License-Identifier: MIT */
/* libelf checks the structure; every index that it returns is checked here. */
#include "find/image.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "find/bytes.h"

static unsigned this_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}

static int read_segments(struct image *im)
{
	size_t n = 0;

	if (elf_getphdrnum(im->elf, &n) != 0)
		return -ENOEXEC;
	for (size_t i = 0; i < n && im->nsegments < IMAGE_SEGMENTS_MAX; i++) {
		struct image_segment *s = &im->segments[im->nsegments];
		GElf_Phdr ph;

		if (!gelf_getphdr(im->elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (ph.p_offset > im->file.len || ph.p_filesz > im->file.len - ph.p_offset ||
		    ph.p_vaddr > UINT64_MAX - ph.p_filesz)
			continue;
		*s = (struct image_segment){ .addr = ph.p_vaddr,
					     .offset = ph.p_offset,
					     .size = ph.p_filesz,
					     .executable = ph.p_flags & PF_X,
					     .writable = ph.p_flags & PF_W };
		im->nsegments++;
	}
	return 0;
}

/* The JavaScript of a program that Bun has compiled: more than half of Claude Code, at the end of a
 * segment, and nothing in it is code or data of the program. */
static void leave_out_scripts(struct image *im)
{
	uint64_t addr;
	struct span scripts = image_section(im, ".bun", &addr);

	for (size_t i = 0; scripts.len && i < im->nsegments; i++) {
		struct image_segment *s = &im->segments[i];

		if (s->writable && !s->executable && addr >= s->addr && addr - s->addr < s->size)
			s->size = addr - s->addr;
	}
}

static int read_header(struct image *im)
{
	GElf_Ehdr eh;
	size_t len = 0;
	char *raw;
	int err;

	if (!im->elf || elf_kind(im->elf) != ELF_K_ELF || gelf_getclass(im->elf) != ELFCLASS64 ||
	    !gelf_getehdr(im->elf, &eh))
		return -ENOEXEC;
	raw = elf_rawfile(im->elf, &len);
	if (!raw)
		return -ENOEXEC;
	im->file = span_of(raw, len);
	im->machine = eh.e_machine;
	im->type = eh.e_type;
	err = read_segments(im);
	if (!err)
		leave_out_scripts(im);
	return err;
}

/* Shared, because a private mapping shows the breakpoints of other tracers of the file. */
static void *map_file(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED) /* some file systems support only this */
		p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

int image_open(struct image *im, int fd)
{
	struct stat st;
	int err;

	*im = (struct image){ 0 };
	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return -ENOEXEC;
	im->mapped = map_file(fd, (size_t)st.st_size);
	im->file = span_of(im->mapped, im->mapped ? (size_t)st.st_size : 0);
	if (!im->mapped)
		return -ENOEXEC;
	elf_version(EV_CURRENT);
	im->elf = elf_memory(im->mapped, im->file.len);
	err = read_header(im);
	return !err && im->machine != this_machine() ? -ENOEXEC : err;
}

int image_open_bytes(struct image *im, struct span file)
{
	elf_version(EV_CURRENT);
	*im = (struct image){ .elf = elf_memory((char *)file.ptr, file.len) };
	return read_header(im);
}

void image_close(struct image *im)
{
	elf_end(im->elf);
	if (im->mapped)
		munmap(im->mapped, im->file.len);
	*im = (struct image){ 0 };
}

static const struct image_segment *segment_of(const struct image *im, uint64_t addr)
{
	for (size_t i = 0; i < im->nsegments; i++)
		if (addr >= im->segments[i].addr &&
		    addr - im->segments[i].addr < im->segments[i].size)
			return &im->segments[i];
	return NULL;
}

struct span image_from(const struct image *im, uint64_t addr)
{
	const struct image_segment *s = segment_of(im, addr);

	if (!s)
		return span_of(NULL, 0);
	return span_of(im->file.ptr + s->offset + (addr - s->addr), s->size - (addr - s->addr));
}

struct span image_at(const struct image *im, uint64_t addr, uint64_t len)
{
	struct span all = image_from(im, addr);

	return all.len < len ? span_of(NULL, 0) : span_first(all, len);
}

uint64_t image_offset(const struct image *im, uint64_t addr)
{
	const struct image_segment *s = segment_of(im, addr);

	return s ? addr - s->addr + s->offset : 0;
}

bool image_is_code(const struct image *im, uint64_t addr)
{
	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];

		if (s->executable && addr >= s->addr && addr - s->addr < s->size)
			return true;
	}
	return false;
}

uint64_t image_loaded(const struct image *im)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < im->nsegments; i++)
		sum += im->segments[i].size; /* none can be larger than the file */
	return sum;
}

uint64_t image_addr(const struct image *im, uint64_t offset)
{
	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];

		if (offset >= s->offset && offset - s->offset < s->size)
			return offset - s->offset + s->addr;
	}
	return 0;
}

struct span image_section(const struct image *im, const char *name, uint64_t *ret_addr)
{
	Elf_Scn *scn = NULL;
	size_t names = 0;

	*ret_addr = 0;
	if (elf_getshdrstrndx(im->elf, &names) != 0)
		return span_of(NULL, 0);
	while ((scn = elf_nextscn(im->elf, scn))) {
		const char *own;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS)
			continue;
		own = elf_strptr(im->elf, names, sh.sh_name);
		if (!own || strcmp(own, name) != 0)
			continue;
		if (sh.sh_offset > im->file.len || sh.sh_size > im->file.len - sh.sh_offset)
			continue;
		*ret_addr = sh.sh_addr;
		return span_of(im->file.ptr + sh.sh_offset, sh.sh_size);
	}
	return span_of(NULL, 0);
}

void image_words(const struct image *im, word_fn fn, void *arg)
{
	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];
		const uint8_t *data = im->file.ptr + s->offset;

		if (!s->writable || s->executable)
			continue;
		for (uint64_t at = -s->addr % 8; at + 8 <= s->size; at += 8)
			fn(arg, s->addr + at, le64(data + at));
	}
}

void image_relocated(const struct image *im, word_fn fn, void *arg)
{
	uint64_t relative = im->machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	uint64_t addr;
	struct span all = image_section(im, ".rela.dyn", &addr);

	for (size_t i = 0; i + sizeof(Elf64_Rela) <= all.len; i += sizeof(Elf64_Rela)) {
		const uint8_t *r = all.ptr + i;

		if (le64(r + offsetof(Elf64_Rela, r_info)) == relative)
			fn(arg, le64(r), le64(r + offsetof(Elf64_Rela, r_addend)));
	}
}

void image_symbol_names(const struct image *im, bytes_fn fn, void *arg)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(im->elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_STRTAB &&
		    !(sh.sh_flags & SHF_ALLOC) && sh.sh_offset <= im->file.len &&
		    sh.sh_size <= im->file.len - sh.sh_offset)
			fn(arg, span_of(im->file.ptr + sh.sh_offset, sh.sh_size));
	}
}

/* Calls fn for each function that a symbol table defines. */
static void functions_of(const struct image *im, uint32_t type, symbol_fn fn, void *arg)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(im->elf, scn))) {
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
			const char *name;
			GElf_Sym sym;

			if (!gelf_getsym(data, (int)i, &sym) ||
			    GELF_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF)
				continue;
			name = elf_strptr(im->elf, sh.sh_link, sym.st_name);
			if (name)
				fn(arg, name, sym.st_value);
		}
	}
}

void image_functions(const struct image *im, symbol_fn fn, void *arg)
{
	functions_of(im, SHT_DYNSYM, fn, arg);
	functions_of(im, SHT_SYMTAB, fn, arg);
}

struct wanted {
	struct symbol *symbols;
	size_t count;
};

static void match(void *arg, const char *name, uint64_t addr)
{
	const struct wanted *w = arg;

	for (size_t i = 0; i < w->count; i++)
		if (w->symbols[i].addr == 0 && strcmp(w->symbols[i].name, name) == 0)
			w->symbols[i].addr = addr;
}

void image_symbols(const struct image *im, struct symbol *symbols, size_t count)
{
	struct wanted w = { .symbols = symbols, .count = count };

	for (size_t i = 0; i < count; i++)
		symbols[i].addr = 0;
	image_functions(im, match, &w);
}
