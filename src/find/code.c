/* SPDX-License-Identifier: MIT */
/* Two passes over the code: the first finds references to the strings, the second the targets of
 * direct calls near those. Both are skipped if the strings are not there. A function that is only
 * called through a table begins where a pointer in data leads, if the unwind tables agree. */
#include "find/code.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "find/code_int.h"

/* Distance from a ref within which functions are looked for. */
#define NEAR 0x3000
#define PAGE 0x1000
/* Limit for the code between the first and the last ref; each byte of it takes one bit. */
#define EXTENT_MAX (512u << 20)

static const struct isa *const machines[] = { &isa_x86_64, &isa_aarch64 };

/* ---- strings ---- */

static bool is_printable(uint8_t c)
{
	return c >= ' ' && c < 0x7f;
}

static bool is_identifier(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

struct wanted {
	struct span text;
	bool exact; /* nothing precedes the string */
	char more;  /* may follow the string; 0: nothing */
};

/* Whether the string ends at `at`. */
static bool ends(const struct wanted *w, const uint8_t *at, const uint8_t *end)
{
	if (w->more && at < end && *at == (uint8_t)w->more)
		at++;
	return at < end && !*at;
}

static size_t strings_in(const struct image *im, const struct image_segment *s,
			 const struct wanted *w, uint64_t *ret, size_t n)
{
	const uint8_t *base = im->file.ptr + s->offset, *at = base, *end = base + s->size;

	while (n < CODE_STRINGS_MAX &&
	       (at = memmem(at, (size_t)(end - at), w->text.ptr, w->text.len))) {
		const uint8_t *begin = at++;

		if (!ends(w, begin + w->text.len, end))
			continue;
		while (!w->exact && begin > base && is_printable(begin[-1]))
			begin--;
		if (!w->exact || begin == base || !is_identifier(begin[-1]))
			ret[n++] = s->addr + (uint64_t)(begin - base);
	}
	return n;
}

static size_t find_strings(const struct image *im, const struct wanted *w, uint64_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < im->nsegments; i++)
		if (!im->segments[i].writable && !im->segments[i].executable)
			n = strings_in(im, &im->segments[i], w, ret, n);
	/* Code is by far the larger part, and contains strings only in programs that do not
	 * separate the two. */
	for (size_t i = 0; i < im->nsegments && !n; i++)
		if (!im->segments[i].writable && im->segments[i].executable)
			n = strings_in(im, &im->segments[i], w, ret, n);
	return n;
}

size_t code_strings(const struct image *im, const char *exact, uint64_t *ret)
{
	return find_strings(im, &(struct wanted){ .text = span_str(exact), .exact = true }, ret);
}

size_t code_strings_ending(const struct image *im, const char *end, char more, uint64_t *ret)
{
	return find_strings(im, &(struct wanted){ .text = span_str(end), .more = more }, ret);
}

/* ---- bits, one for each unit from c->lo on ---- */

static bool bit(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] & 1u << i % 8;
}

static void set_bit(uint8_t *bits, uint64_t i)
{
	bits[i / 8] |= (uint8_t)(1u << i % 8);
}

bool code_is_near(const struct code *c, uint64_t addr)
{
	return addr >= c->lo && addr < c->hi && bit(c->near, (addr - c->lo) / PAGE);
}

void code_add_start(struct code *c, uint64_t addr, uint64_t align)
{
	enum unwind_place place = unwind_place(&c->unwind, addr);

	if (place == UNWIND_START || (place == UNWIND_UNKNOWN && addr % align == 0))
		set_bit(c->starts, addr - c->lo);
}

void code_add_jumped_to(struct code *c, uint64_t addr, uint64_t align)
{
	if (code_is_near(c, addr) && addr % align == 0 && unwind_is_entered(&c->unwind, addr))
		set_bit(c->starts, addr - c->lo);
}

/* Only pages of `starts` near a ref are ever written to, so its size costs nothing. */
static bool set_bits_aside(struct code *c)
{
	uint64_t first = c->refs[0].at, last = c->refs[c->nrefs - 1].at, extent;

	c->lo = first < NEAR ? 0 : first - NEAR;
	c->hi = last > UINT64_MAX - NEAR ? UINT64_MAX : last + NEAR;
	extent = c->hi - c->lo;
	if (extent > EXTENT_MAX)
		return false;
	c->near = xcalloc(1, extent / PAGE / 8 + 1);
	c->starts = xcalloc(1, extent / 8 + 1);
	for (size_t i = 0; i < c->nrefs; i++) {
		uint64_t at = c->refs[i].at - c->lo;
		uint64_t page = at < NEAR ? 0 : (at - NEAR) / PAGE;

		for (; page * PAGE < extent && page <= (at + NEAR) / PAGE; page++)
			set_bit(c->near, page);
	}
	return true;
}

/* ---- refs and functions ---- */

static void add_pointer(void *arg, uint64_t addr, uint64_t value)
{
	struct code *c = arg;

	(void)addr;
	if (code_is_near(c, value) && unwind_place(&c->unwind, value) == UNWIND_START)
		set_bit(c->starts, value - c->lo);
}

bool code_add_ref(struct code *c, uint64_t at, uint64_t to)
{
	if (c->nrefs > CODE_REFS_MAX)
		return false;
	c->refs = xgrow(c->refs, c->nrefs, sizeof(*c->refs));
	c->refs[c->nrefs++] = (struct code_ref){ .at = at, .to = to };
	return true;
}

static int by_at(const void *a, const void *b)
{
	const struct code_ref *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static const struct isa *isa_of(const struct image *im)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i]->machine == im->machine)
			return machines[i];
	return NULL;
}

static bool begin(struct code *c, const struct image *im, const uint64_t *strings, size_t count)
{
	*c = (struct code){ .im = im, .isa = isa_of(im) };
	if (!c->isa || !count || count > CODE_STRINGS_MAX)
		return false;
	unwind_open(&c->unwind, im);
	memcpy(c->strings, strings, count * sizeof(*strings));
	c->nstrings = count;
	return true;
}

static bool sort_refs(struct code *c)
{
	if (!c->nrefs || c->nrefs > CODE_REFS_MAX)
		return false;
	qsort(c->refs, c->nrefs, sizeof(*c->refs), by_at);
	return true;
}

bool code_vicinity(const struct image_segment *s, uint64_t addr, struct image_segment *ret)
{
	uint64_t lo = addr < CODE_VICINITY ? 0 : addr - CODE_VICINITY;
	uint64_t hi = addr > UINT64_MAX - CODE_VICINITY ? UINT64_MAX : addr + CODE_VICINITY;

	if (!s->executable || s->addr >= hi || s->addr + s->size <= lo)
		return false;
	*ret = *s;
	if (lo > s->addr) {
		ret->offset += lo - s->addr;
		ret->size -= lo - s->addr;
		ret->addr = lo;
	}
	if (ret->size > hi - ret->addr)
		ret->size = hi - ret->addr;
	return true;
}

bool code_open_near(struct code *c, const struct image *im, const uint64_t *strings, size_t count,
		    uint64_t addr)
{
	struct image_segment part;

	if (!begin(c, im, strings, count))
		return false;
	for (size_t i = 0; i < im->nsegments; i++)
		if (code_vicinity(&im->segments[i], addr, &part))
			c->isa->refs(c, &part);
	return sort_refs(c);
}

bool code_open(struct code *c, const struct image *im, const uint64_t *strings, size_t count)
{
	if (!begin(c, im, strings, count))
		return false;
	for (size_t i = 0; i < im->nsegments; i++)
		if (im->segments[i].executable)
			c->isa->refs(c, &im->segments[i]);
	if (!sort_refs(c) || !set_bits_aside(c))
		return false;
	for (size_t i = 0; i < im->nsegments; i++)
		if (im->segments[i].executable)
			c->isa->starts(c, &im->segments[i]);
	image_words(im, add_pointer, c);
	image_relocated(im, add_pointer, c);
	return true;
}

void code_close(struct code *c)
{
	free(c->refs);
	free(c->near);
	free(c->starts);
	*c = (struct code){ 0 };
}

struct code_function code_function(const struct code *c, uint64_t at)
{
	struct code_function f = { 0 };
	uint64_t begin = at, end, known_end;

	if (!code_is_near(c, at))
		return f;
	while (begin > c->lo && at - begin < CODE_FUNCTION_MAX - 1 &&
	       !bit(c->starts, begin - c->lo))
		begin--;
	known_end = unwind_end(&c->unwind, begin);
	if (!bit(c->starts, begin - c->lo) || (known_end && at >= known_end))
		return f;
	end = begin + 1;
	while (end != known_end && end < c->hi && end - begin < CODE_FUNCTION_MAX &&
	       !bit(c->starts, end - c->lo))
		end++;
	f.addr = begin;
	f.code = span_first(image_from(c->im, begin), (size_t)(end - begin));
	return f;
}

unsigned code_constants(const struct code *c, const struct code_function *f, const uint32_t *values,
			size_t count)
{
	unsigned have = 0;

	for (size_t i = 0; i < count && i < 32; i++)
		if (c->isa->constant(f->code, values[i]))
			have |= 1u << i;
	return have;
}

bool code_calls(const struct code *c, const struct code_function *f, uint64_t addr)
{
	return c->isa->calls(f->code, f->addr, addr);
}

bool code_range_calls(const struct image *im, uint64_t begin, uint64_t len, uint64_t addr)
{
	const struct isa *isa = isa_of(im);

	return isa && isa->calls(image_at(im, begin, len), begin, addr);
}

bool code_range_loads(const struct image *im, uint64_t begin, uint64_t len, uint32_t value)
{
	const struct isa *isa = isa_of(im);

	return isa && isa->constant(image_at(im, begin, len), value);
}

bool code_updates(const struct code *c, const struct code_function *f)
{
	return c->isa->updates(f->code);
}
