/* SPDX-License-Identifier: MIT */
#include "find/pclntab.h"

#define MAGIC_116 0xfffffffau
#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u
/* How many tables, and references to one, are tried: a program that works on Go programs contains
 * the magic numbers too. */
#define TRIES_MAX 16

static uint64_t le_at(struct span s, uint64_t pos, size_t nbytes)
{
	struct cursor c = { .rest = pos < s.len ? span_from(s, (size_t)pos) : span_of(NULL, 0) };

	return cursor_le(&c, nbytes);
}

/* ---- addresses in data, which relocations may fill in ---- */

#define RELA_BYTES 24

static struct span relocations(const struct image *im)
{
	uint64_t addr = 0, len = 0;
	GElf_Phdr ph;
	size_t n = 0;

	if (elf_getphdrnum(im->elf, &n) != 0)
		return span_of(NULL, 0);
	for (size_t i = 0; i < n; i++) {
		struct cursor c;

		if (!gelf_getphdr(im->elf, (int)i, &ph) || ph.p_type != PT_DYNAMIC)
			continue;
		c.rest = image_at(im, ph.p_vaddr, ph.p_filesz);
		while (c.rest.len >= 16) {
			uint64_t tag = cursor_le(&c, 8), value = cursor_le(&c, 8);

			addr = tag == DT_RELA ? value : addr;
			len = tag == DT_RELASZ ? value : len;
		}
	}
	return addr ? image_at(im, addr, len) : span_of(NULL, 0);
}

/* The next relocation that adds the load address to an address; false at the end. */
static bool next_relative(const struct image *im, struct cursor *c, uint64_t *ret_at,
			  uint64_t *ret_value)
{
	uint64_t want = im->machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;

	while (c->rest.len >= RELA_BYTES) {
		uint64_t at = cursor_le(c, 8), info = cursor_le(c, 8), value = cursor_le(c, 8);

		if (info == want) {
			*ret_at = at;
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* The address at `at` once the program runs. */
static uint64_t address_at(const struct image *im, uint64_t at)
{
	uint64_t in_file = le_at(image_at(im, at, 8), 0, 8), place, value;
	struct cursor c;

	if (in_file)
		return in_file;
	c.rest = relocations(im);
	while (next_relative(im, &c, &place, &value))
		if (place == at)
			return value;
	return 0;
}

/* ---- the start of the code ---- */

/* Indexes of words in struct moduledata, the same in Go 1.18 to 1.27. */
#define MODULE_NAMES 1
#define MODULE_TEXT  22

static uint64_t module_text(const struct image *im, uint64_t at, uint64_t table, uint64_t names)
{
	if (address_at(im, at) != table || address_at(im, at + MODULE_NAMES * 8) != table + names)
		return 0;
	return address_at(im, at + MODULE_TEXT * 8);
}

/* Go 1.27 omits the start of the code in the table's header. moduledata has it, and is found
 * because it begins with the header's address. */
static uint64_t find_text(const struct image *im, uint64_t table, uint64_t names)
{
	uint64_t text = 0, at, value;
	unsigned tries = 0;
	struct cursor c;

	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];
		struct span all = span_of(im->file.ptr + s->offset, s->size);

		for (at = -s->addr & 7; s->writable && at + 8 <= s->size && !text; at += 8)
			if (le_at(all, at, 8) == table && tries++ < TRIES_MAX)
				text = module_text(im, s->addr + at, table, names);
	}
	c.rest = relocations(im);
	while (!text && next_relative(im, &c, &at, &value))
		if (value == table && tries++ < TRIES_MAX)
			text = module_text(im, at, table, names);
	return text;
}

/* ---- the table's header ---- */

static size_t entry_bytes(const struct pclntab *t)
{
	return t->absolute ? 16 : 8;
}

/* Size of the entries of all functions, and of the end of the last one. */
static bool is_sound(const struct pclntab *t)
{
	return t->names < t->names_end && t->names_end <= t->all.len && t->pctab <= t->all.len &&
	       t->funcs <= t->all.len && t->count > 0 &&
	       t->count < (t->all.len - t->funcs) / entry_bytes(t);
}

/* What follows the magic number: zeroes, the unit, the size of pointers. */
static bool is_machine(const uint8_t *p)
{
	return p[4] == 0 && p[5] == 0 && (p[6] == 1 || p[6] == 4) && p[7] == 8;
}

static bool is_magic(const uint8_t *p)
{
	return p[3] == 0xff && p[2] == 0xff && p[1] == 0xff &&
	       (p[0] == (uint8_t)MAGIC_116 || p[0] == (uint8_t)MAGIC_118 ||
		p[0] == (uint8_t)MAGIC_120) &&
	       is_machine(p);
}

/* named: its section says that it is one. Then it may have another magic number: garble, which
 * obfuscates programs, makes one up for each. It needs a later Go than those with other layouts. */
static bool read_header(struct pclntab *t, const struct image *im, uint64_t addr, bool named)
{
	struct cursor c = { .rest = image_from(im, addr) };
	struct span head;

	*t = (struct pclntab){ .im = im, .all = c.rest };
	head = cursor_take(&c, 8);
	if (c.bad || !(is_magic(head.ptr) || (named && is_machine(head.ptr))))
		return false;
	t->obfuscated = !is_magic(head.ptr);
	t->absolute = !t->obfuscated && head.ptr[0] == (uint8_t)MAGIC_116;
	t->unit = head.ptr[6];
	t->count = cursor_le(&c, 8);
	cursor_take(&c, t->absolute ? 8 : 16); /* number of files; start of the code */
	t->names = cursor_le(&c, 8);
	t->names_end = cursor_le(&c, 8); /* the table of compilation units follows the names */
	cursor_take(&c, 8);		 /* files */
	t->pctab = cursor_le(&c, 8);
	t->funcs = cursor_le(&c, 8);
	if (c.bad || !is_sound(t))
		return false;
	if (!t->absolute) {
		t->text = address_at(im, addr + 24);
		if (!t->text)
			t->text = find_text(im, addr, t->names);
	}
	return t->absolute || image_is_code(im, t->text);
}

/* ---- where it is ---- */

/* External linkers may merge it into another section, or there are no sections. It is at a multiple
 * of 8 outside code. */
static bool scan(const struct image *im, pclntab_fn fn, void *arg)
{
	unsigned tries = 0;
	struct pclntab t;

	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];
		const uint8_t *p = im->file.ptr + s->offset;

		for (uint64_t at = -s->addr & 7; !s->executable && at + 8 <= s->size; at += 8) {
			if (p[at + 7] != 8 || !is_magic(p + at))
				continue;
			if (tries++ == TRIES_MAX)
				return false;
			if (read_header(&t, im, s->addr + at, false) && fn(arg, &t))
				return true;
		}
	}
	return false;
}

bool pclntab_each(const struct image *im, pclntab_fn fn, void *arg)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	struct pclntab t;
	uint64_t addr;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (image_section(im, names[i], &addr).len)
			return read_header(&t, im, addr, true) && fn(arg, &t);
	return scan(im, fn, arg);
}

/* ---- functions ---- */

/* Offset of a name in the names, 0 if it is not there: the first name is never one of ours. */
static uint64_t find_name(const struct pclntab *t, const char *name)
{
	struct span all = span_of(t->all.ptr + t->names, t->names_end - t->names), rest = all;
	size_t len = strlen(name);
	const uint8_t *at;

	while (rest.len > len && (at = memmem(rest.ptr, rest.len, name, len + 1))) {
		if (at > all.ptr && at[-1] == '\0')
			return (uint64_t)(at - all.ptr);
		rest = span_from(rest, (size_t)(at - rest.ptr) + 1);
	}
	return 0;
}

size_t pclntab_prefixes(const struct pclntab *t, const char *end, struct span *ret, size_t max)
{
	struct span rest = span_of(t->all.ptr + t->names, t->names_end - t->names);
	size_t len = strlen(end), n = 0;
	const uint8_t *at;

	while (n < max && rest.len > len && (at = memmem(rest.ptr, rest.len, end, len + 1))) {
		const uint8_t *before = memrchr(rest.ptr, '\0', (size_t)(at - rest.ptr));
		const uint8_t *begin = before ? before + 1 : rest.ptr;

		if (at > begin)
			ret[n++] = span_of(begin, (size_t)(at - begin));
		rest = span_from(rest, (size_t)(at - rest.ptr) + len + 1);
	}
	return n;
}

/* Start of the i-th function of the table, or end of the one before. */
static uint64_t start_of(const struct pclntab *t, uint64_t i)
{
	uint64_t at = t->funcs + i * entry_bytes(t);
	uint64_t table = (uint64_t)(t->all.ptr - t->im->file.ptr);

	if (t->absolute)
		return address_at(t->im, image_addr(t->im, table + at));
	return t->text + le_at(t->all, at, 4);
}

/* Data of function i: its start (as above), its name, its arguments ... */
static struct span info_of(const struct pclntab *t, uint64_t i)
{
	size_t half = entry_bytes(t) / 2;
	struct span funcs = span_from(t->all, t->funcs);
	uint64_t at = le_at(funcs, i * half * 2 + half, half);

	return at < funcs.len ? span_from(funcs, at + half) : span_of(NULL, 0);
}

static void read_function(const struct pclntab *t, uint64_t i, struct span info,
			  struct go_function *f)
{
	struct cursor c = { .rest = info };
	uint64_t addr = start_of(t, i), end = start_of(t, i + 1);

	cursor_take(&c, 4);
	f->args = (uint32_t)cursor_le(&c, 4);
	cursor_take(&c, 4);
	f->pcsp = t->pctab + cursor_le(&c, 4);
	if (c.bad || !image_is_code(t->im, addr) || end <= addr ||
	    !image_at(t->im, addr, end - addr).ptr)
		return;
	f->addr = addr;
	f->end = end;
}

void pclntab_functions(const struct pclntab *t, struct go_function *f, size_t count)
{
	uint64_t names[32];
	size_t missing = 0;

	if (count > sizeof(names) / sizeof(*names))
		count = sizeof(names) / sizeof(*names);
	for (size_t k = 0; k < count; k++) {
		f[k] = (struct go_function){ .name = f[k].name };
		names[k] = find_name(t, f[k].name);
		missing += names[k] != 0;
	}
	for (uint64_t i = 0; i < t->count && missing; i++) {
		struct span info = info_of(t, i);
		uint64_t name = le_at(info, 0, 4);

		for (size_t k = 0; k < count && name; k++)
			if (name == names[k]) {
				read_function(t, i, info, &f[k]);
				names[k] = 0;
				missing--;
			}
	}
}

/* ---- frames ---- */

/* A number in groups of seven bits, lowest first. */
static uint32_t take_varint(struct cursor *c)
{
	uint32_t v = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint64_t byte = cursor_le(c, 1);

		v |= (uint32_t)((byte & 0x7f) << shift);
		if (byte < 0x80)
			return v;
	}
	c->bad = true;
	return 0;
}

/* Runs of instructions with the same frame size: the change of the size, with the sign in the
 * lowest bit, from -1 at first; then the run's length. A change of 0 ends the table. */
size_t pclntab_closed(const struct pclntab *t, const struct go_function *f, uint64_t *ret,
		      size_t max)
{
	struct cursor c = { .rest = t->all };
	uint64_t pc = f->addr;
	int64_t size = -1;
	size_t n = 0;

	cursor_take(&c, (size_t)f->pcsp);
	for (;;) {
		uint32_t change = take_varint(&c);
		bool closed;
		uint64_t len;

		if (change == 0 && pc != f->addr)
			return c.bad ? 0 : n;
		size += change & 1 ? -(int64_t)(change >> 1) - 1 : (int64_t)(change >> 1);
		len = (uint64_t)take_varint(&c) * t->unit;
		closed = size == 0 && pc != f->addr;
		if (c.bad || len == 0 || len > f->end - pc || (closed && n == max))
			return 0;
		if (closed)
			ret[n++] = pc;
		pc += len;
	}
}
