/* SPDX-License-Identifier: MIT */
/* Where functions are in an ELF file, by its symbol tables. */
#ifndef SPY_ATTACH_SYMBOL_H
#define SPY_ATTACH_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *name;
	uint64_t offset; /* in the file, of the function's first byte; 0: not found */
};

/* Fills in the offsets of `count` symbols (.dynsym first, then .symtab). fd is left open.
 * 0, or -ENOEXEC when it is no ELF file of this kind of machine. */
int symbol_offsets(int fd, struct symbol *symbols, size_t count);

#endif
