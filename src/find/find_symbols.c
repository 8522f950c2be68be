/* SPDX-License-Identifier: MIT */
/* Implementations whose functions are in a symbol table. hooks.def lists what to hook in each. */
#include "find/bio_ssl.h"
#include "find/finder.h"

enum library {
#define LIBRARY(id, ...) LIBRARY_##id,
#include "find/hooks.def"
};

struct hook_row {
	enum library library;
	const char *symbol;
	enum probe_program prog;
	bool at_return, needed, mark;
	const char *unless; /* not hooked if this symbol exists; NULL: always hooked */
};

#define ENTRY		     false
#define RETURN		     true
#define NEEDED		     .needed = true
#define NEEDED_UNLESS(other) .needed = true, .unless = other
#define OPTIONAL	     .needed = false
static const struct hook_row rows[] = {
#define HOOK(library_, symbol_, prog_, at, need)                                                   \
	{ .library = LIBRARY_##library_, .symbol = symbol_, .prog = prog_, .at_return = at, need },
#define MARK(library_, symbol_)                                                                    \
	{ .library = LIBRARY_##library_, .symbol = symbol_, .needed = true, .mark = true },
#include "find/hooks.def"
};
#define ROWS (sizeof(rows) / sizeof(*rows))

static bool has(const struct symbol *symbols, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (symbols[i].addr && strcmp(symbols[i].name, name) == 0)
			return true;
	return false;
}

static bool is_hooked(const struct hook_row *row, const struct symbol *symbols, size_t count)
{
	return !row->mark && !(row->unless && has(symbols, count, row->unless));
}

static void find_library(const struct image *im, enum library which, const char *name,
			 struct finding *ret)
{
	const struct hook_row *mine[ROWS];
	struct symbol symbols[ROWS];
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].library == which) {
			mine[n] = &rows[i];
			symbols[n++].name = rows[i].symbol;
		}
	image_symbols(im, symbols, n);
	for (size_t i = 0; i < n; i++)
		if (mine[i]->needed && !symbols[i].addr)
			return;
	ret->implementation = name;
	ret->method = "symbols";
	for (size_t i = 0; i < n; i++)
		if (symbols[i].addr && is_hooked(mine[i], symbols, n))
			finding_add(ret, symbols[i].addr, mine[i]->prog, mine[i]->at_return);
	if (which == LIBRARY_openssl)
		bio_ssl_add(im, ret);
}

/* One finder per library, because a file may contain several. */
#define LIBRARY(id, family_, implementation, sign, ...)                                            \
	static void find_##id(const struct image *im, struct finding *ret)                         \
	{                                                                                          \
		find_library(im, LIBRARY_##id, implementation, ret);                               \
	}                                                                                          \
	const struct finder finder_symbols_##id = {                                                \
		.name = #id "-symbols",                                                            \
		.group = #id,                                                                      \
		.family = family_,                                                                 \
		.signs = { sign },                                                                 \
		.find = find_##id,                                                                 \
	};
#include "find/hooks.def"
