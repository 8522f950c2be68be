/* SPDX-License-Identifier: MIT */
/* An ELF file as finders need it: bytes by address, sections, symbols. The file may be anybody's:
 * nothing outside it is ever read. Sources: elf(5), System V ABI. */
#ifndef SPY_FIND_IMAGE_H
#define SPY_FIND_IMAGE_H

#include <gelf.h>
#include <libelf.h>

#include "base/span.h"

#define IMAGE_SEGMENTS_MAX 64

/* A segment of the file that is loaded. `size`: its bytes in the file. */
struct image_segment {
	uint64_t addr, offset, size;
	bool executable, writable;
};

struct image {
	Elf *elf;
	struct span file; /* the whole file, mapped */
	void *mapped;	  /* by image_open */
	struct image_segment segments[IMAGE_SEGMENTS_MAX];
	size_t nsegments;
	unsigned machine; /* EM_X86_64, EM_AARCH64 */
	unsigned type;	  /* ET_EXEC: fixed addresses; ET_DYN: relocatable */
};

/* 0, or -ENOEXEC if it is not a 64-bit program or library for this machine. fd may be closed
 * afterwards. image_close accepts what failed. */
int image_open(struct image *im, int fd);
int image_open_bytes(struct image *im, struct span file); /* for any machine; `file` outlives it */
void image_close(struct image *im);

/* `len` bytes at an address; ptr NULL if they are not all in one segment of the file. */
struct span image_at(const struct image *im, uint64_t addr, uint64_t len);
/* The bytes from an address to the end of its segment. */
struct span image_from(const struct image *im, uint64_t addr);
/* Offset of an address in the file, as a uprobe needs it; 0 if it has none. */
uint64_t image_offset(const struct image *im, uint64_t addr);
/* Whether an address is in an executable segment. */
bool image_is_code(const struct image *im, uint64_t addr);
/* Number of bytes that are loaded. */
uint64_t image_loaded(const struct image *im);
/* Address of an offset in the file; 0 if it is not loaded. */
uint64_t image_addr(const struct image *im, uint64_t offset);
/* The section's bytes (ptr NULL: no section of that name) and its address. */
struct span image_section(const struct image *im, const char *name, uint64_t *ret_addr);

/* Calls fn with words of writable data and their addresses. `image_words`: each word as in the
 * file. `image_relocated`: each word that a RELA relocation turns into a pointer; its value in the
 * file means nothing. */
typedef void (*word_fn)(void *arg, uint64_t addr, uint64_t value);
void image_words(const struct image *im, word_fn fn, void *arg);
void image_relocated(const struct image *im, word_fn fn, void *arg);

/* The bytes of each string table that is not loaded: names of symbols. */
typedef void (*bytes_fn)(void *arg, struct span bytes);
void image_symbol_names(const struct image *im, bytes_fn fn, void *arg);

struct symbol {
	const char *name;
	uint64_t addr; /* of the function; 0: not found */
};

/* Fills in the addresses of `count` functions, from .dynsym, then from .symtab. */
void image_symbols(const struct image *im, struct symbol *symbols, size_t count);

/* Calls fn for each function of .dynsym, then of .symtab. */
typedef void (*symbol_fn)(void *arg, const char *name, uint64_t addr);
void image_functions(const struct image *im, symbol_fn fn, void *arg);

#endif
