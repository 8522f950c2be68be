/* SPDX-License-Identifier: MIT */
#include "find/vtables.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "find/bytes.h"

#define WORD	       sizeof(uint64_t)
#define SIZE_MAX_KNOWN 4096 /* no object that holds a cipher's key is larger */
#define CANDIDATES_MAX 65536

static uint64_t word_at(const struct image *im, uint64_t addr)
{
	struct span w = image_at(im, addr, WORD);

	return w.len ? le64(w.ptr) : 0;
}

/* ---- around known ones ---- */

void vtables_add(struct vtables *v, uint64_t addr, unsigned note)
{
	uint64_t before = VTABLES_REACH * WORD;
	struct vtable *t;

	if (v->count == VTABLES_MAX || addr < before)
		return;
	for (size_t i = 0; i < v->count; i++)
		if (v->list[i].addr == addr - before)
			return;
	t = &v->list[v->count++];
	t->addr = addr - before;
	t->note = note;
	for (size_t i = 0; i < VTABLES_WINDOW; i++)
		t->words[i] = word_at(v->im, t->addr + i * WORD);
}

static void put(void *arg, uint64_t addr, uint64_t value)
{
	struct vtables *v = arg;

	for (size_t i = 0; i < v->count; i++) {
		struct vtable *t = &v->list[i];

		if (addr >= t->addr && addr - t->addr < sizeof(t->words))
			t->words[(addr - t->addr) / WORD] = value;
	}
}

void vtables_relocate(struct vtables *v)
{
	if (v->count)
		image_relocated(v->im, put, v);
}

/* A probe in the middle of an instruction would break the program, so the unwind tables decide
 * where they have an entry. */
static bool is_method(const struct vtables *v, uint64_t addr)
{
	return image_is_code(v->im, addr) && unwind_place(v->unwind, addr) != UNWIND_INSIDE;
}

/* Whether four words can begin a vtable; objects without data have a size of 0. */
static bool is_head(const struct vtables *v, const uint64_t *w)
{
	uint64_t size = w[VTABLE_SIZE], align = w[VTABLE_ALIGN];

	return (!w[0] || image_is_code(v->im, w[0])) && size < SIZE_MAX_KNOWN && align &&
	       align <= 64 && !(align & (align - 1)) && size % align == 0 &&
	       is_method(v, w[VTABLE_METHODS]);
}

bool vtable_at(const struct vtables *v, const struct vtable *t, size_t at)
{
	return at + VTABLE_WORDS <= VTABLES_WINDOW && t->words[at + VTABLE_SIZE] &&
	       is_head(v, t->words + at);
}

/* What follows the last method is another vtable, which may begin with a pointer to code, or
 * data. */
size_t vtable_methods(const struct vtables *v, const struct vtable *t, size_t at, size_t max)
{
	size_t n = 0;

	for (size_t i = at + VTABLE_METHODS; n < max && i + VTABLE_WORDS <= VTABLES_WINDOW; i++) {
		if (!is_method(v, t->words[i]) || (n && is_head(v, t->words + i)))
			break;
		n++;
	}
	return n;
}

/* ---- by size and alignment ---- */

struct candidates {
	const struct image *im;
	uint64_t *addrs; /* sorted */
	bool *methods;	 /* whether the first method is a pointer to code */
	bool *drops;	 /* whether something is relocated where the pointer to drop is */
	size_t count;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers are not relocated, so the file has them as they are. */
static void search_segment(struct candidates *c, const struct image_segment *s, uint64_t size_min,
			   uint64_t size_max, uint64_t align)
{
	const uint8_t *data = c->im->file.ptr + s->offset;

	for (uint64_t at = -s->addr % WORD; at + VTABLE_WORDS * WORD <= s->size; at += WORD) {
		uint64_t size = le64(data + at + VTABLE_SIZE * WORD);

		if (size < size_min || size > size_max || size % align ||
		    le64(data + at + VTABLE_ALIGN * WORD) != align)
			continue;
		if (c->count == CANDIDATES_MAX)
			return;
		c->addrs = xgrow(c->addrs, c->count, sizeof(*c->addrs));
		c->addrs[c->count++] = s->addr + at;
	}
}

/* Programs with fixed addresses have vtables in data that is not writable. */
static void search(struct candidates *c, uint64_t size_min, uint64_t size_max, uint64_t align)
{
	for (size_t i = 0; i < c->im->nsegments; i++) {
		const struct image_segment *s = &c->im->segments[i];

		if (!s->executable && (s->writable || c->im->type == ET_EXEC))
			search_segment(c, s, size_min, size_max, align);
	}
}

static uint64_t *candidate(const struct candidates *c, uint64_t addr)
{
	return bsearch(&addr, c->addrs, c->count, sizeof(addr), by_value);
}

static void note_pointer(void *arg, uint64_t addr, uint64_t value)
{
	struct candidates *c = arg;
	uint64_t *method = candidate(c, addr - VTABLE_METHODS * WORD), *drop = candidate(c, addr);

	if (method)
		c->methods[method - c->addrs] = image_is_code(c->im, value);
	if (drop)
		c->drops[drop - c->addrs] = true;
}

void vtables_find(const struct image *im, uint64_t size_min, uint64_t size_max, uint64_t align,
		  vtable_fn fn, void *arg)
{
	struct candidates c = { .im = im };

	search(&c, size_min, size_max, align);
	if (!c.count)
		return;
	qsort(c.addrs, c.count, sizeof(*c.addrs), by_value);
	c.methods = xcalloc(c.count, sizeof(*c.methods));
	c.drops = xcalloc(c.count, sizeof(*c.drops));
	for (size_t i = 0; i < c.count; i++) {
		c.drops[i] = word_at(im, c.addrs[i]) != 0;
		c.methods[i] = image_is_code(im, word_at(im, c.addrs[i] + VTABLE_METHODS * WORD));
	}
	image_relocated(im, note_pointer, &c);
	for (size_t i = 0; i < c.count; i++)
		if (c.methods[i] && !c.drops[i])
			fn(arg, c.addrs[i]);
	free(c.addrs);
	free(c.methods);
	free(c.drops);
}
