/* SPDX-License-Identifier: MIT */
/* The dynamic linker calls an empty function whenever libraries were mapped or unmapped, so that
 * debuggers can set a breakpoint there: at the start of a program and at each dlopen. glibc and
 * musl both have it. Source: struct r_debug in glibc's <link.h>. */
#include "find/finder.h"

static void find_linker(const struct image *im, struct finding *ret)
{
	struct symbol breakpoint = { .name = "_dl_debug_state" };

	image_symbols(im, &breakpoint, 1);
	if (!breakpoint.addr)
		return;
	ret->implementation = "dynamic linker";
	ret->method = "symbols";
	finding_add(ret, breakpoint.addr, PROG_MAPPED, false);
}

const struct finder finder_linker = {
	.name = "linker",
	.group = "linker",
	.signs = { "_dl_debug_state" },
	.watch = true,
	.find = find_linker,
};
