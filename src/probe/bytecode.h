/* SPDX-License-Identifier: MIT */
/* A group's programs as they were compiled, apart from any process: maps stand in the instructions
 * by their number in a list, and what differs from run to run by a number of its own. So they can
 * be kept on disk. Pure: bytecode_store.c reads and writes the file, bytecode_load.c gives it to
 * the kernel.
 *
 * Instructions are the kernel's, eight bytes each. Source: linux/bpf.h, and
 * Documentation/bpf/standardization/instruction-set.rst in the kernel's tree. */
#ifndef SPY_PROBE_BYTECODE_H
#define SPY_PROBE_BYTECODE_H

#include <nettle/sha2.h>

#include "base/buf.h"

#define MAP_NAME_LEN	  32
#define MAPS_MAX	  64 /* of all groups together */
#define PROGRAM_NAME_LEN  64
#define BYTECODE_PROGRAMS 128
#define BYTECODE_INSNS	  65536 /* of one program */
#define BYTECODE_FILES	  128
#define BYTECODE_PATH	  4096
#define BYTECODE_MAX	  (8u << 20) /* encoded */
#define BYTECODE_KEY	  SHA256_DIGEST_SIZE

/* Values of a run: a program asks for the i-th by loading the 64-bit constant BYTECODE_VALUE + i.
 */
#define BYTECODE_VALUE	0x5350594c56000000ull
#define BYTECODE_VALUES 2048

struct bytecode_map {
	char name[MAP_NAME_LEN];
	uint32_t type, key_size, value_size, max_entries, flags; /* as in bpf(2) */
};

struct bytecode_program {
	char name[PROGRAM_NAME_LEN];
	uint64_t *insns;
	size_t count;
};

/* A library that took part in compiling, as it was then. */
struct bytecode_file {
	char *path;
	uint64_t dev, ino, size, mtime_ns, ctime_ns;
};

struct bytecode {
	struct bytecode_map maps[MAPS_MAX];
	size_t nmaps;
	struct bytecode_program programs[BYTECODE_PROGRAMS];
	size_t nprograms;
	struct bytecode_file files[BYTECODE_FILES];
	size_t nfiles;
	/* Something in it means something in the process that compiled it alone. */
	bool bound;
};

/* Accepts one that is all zero. It is all zero afterwards. */
void bytecode_done(struct bytecode *b);

/* Adds a program as it was compiled, of `len` bytes: fds[i] is the descriptor by which it names map
 * i of b->maps. 0, or -errno: it names another, is cut, or there are too many. */
int bytecode_add(struct bytecode *b, const char *name, const void *insns, size_t len,
		 const int *fds);
/* The path is copied. -ENOBUFS: there are too many. */
int bytecode_add_file(struct bytecode *b, const struct bytecode_file *f);

/* A program with the descriptors of its maps and the run's values in place, for the kernel; `ret`
 * has room for all. 0, or -EINVAL: it asks for a value that is not given. */
int bytecode_link(const struct bytecode_program *p, const int *fds, const uint32_t *values,
		  size_t nvalues, uint64_t *ret);

/* Encoded form: what it was compiled of (bytecode_key.h), the rest, a digest over all. Nothing is
 * taken if the key differs (-ESTALE; NULL: any may be) or any byte was changed or means nothing
 * (-EPROTO).
 * bytecode_encode: -ENOTSUP if it is bound to its process. */
int bytecode_encode(const struct bytecode *b, const uint8_t *key, struct buf *out);
int bytecode_decode(struct bytecode *ret, const uint8_t *key, struct span in);

#endif
