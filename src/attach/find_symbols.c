/* SPDX-License-Identifier: MIT */
/* Implementations whose functions stand in a symbol table. What to hook in each: hooks.def. */
#include "attach/finder.h"

enum library { LIBRARY_OPENSSL };

struct hook_row {
	enum library library;
	const char *symbol;
	enum probe_program prog;
	bool at_return, needed;
};

#define ENTRY false
#define RETURN true
#define NEEDED true
#define OPTIONAL false
static const struct hook_row rows[] = {
#define HOOK(library_, symbol_, prog_, at, need) \
	{ .library = LIBRARY_##library_, .symbol = symbol_, .prog = prog_, .at_return = at, .needed = need },
#include "attach/hooks.def"
#undef HOOK
};
#define ROWS (sizeof(rows) / sizeof(*rows))

static void find_library(const struct image *im, enum library which, const char *name, struct finding *ret)
{
	struct symbol symbols[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		symbols[i].name = rows[i].symbol;
	image_symbols(im, symbols, ROWS);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].library == which && rows[i].needed && !symbols[i].addr)
			return;
	ret->implementation = name;
	ret->method = "symbols";
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].library == which && symbols[i].addr)
			finding_add(ret, symbols[i].addr, rows[i].prog, rows[i].at_return);
}

static void find_openssl(const struct image *im, struct finding *ret)
{
	find_library(im, LIBRARY_OPENSSL, "OpenSSL", ret);
}

const struct finder finder_symbols_openssl = {
	.name = "openssl-symbols",
	.group = "openssl",
	.signs = { "SSL_write" },
	.find = find_openssl,
};
