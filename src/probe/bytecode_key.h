/* SPDX-License-Identifier: MIT */
/* What compiled programs depend on, as a digest: where it is the same, compiling anew would make
 * the same programs. The libraries that compiled them are not in it, since they are known only to
 * who loaded them: they stand beside the programs (struct bytecode_file). */
#ifndef SPY_PROBE_BYTECODE_KEY_H
#define SPY_PROBE_BYTECODE_KEY_H

#include "probe/bytecode.h"
#include "probe/compiler.h"

/* 0, or -errno: it cannot be known, and nothing is to be kept. */
int bytecode_key(const struct compiler_order *o, uint8_t ret[BYTECODE_KEY]);
/* What a path leads to; the path is not copied. -errno: there is none. */
int bytecode_stat(const char *path, struct bytecode_file *ret);
/* Adds all libraries that this process has loaded. */
int bytecode_add_libraries(struct bytecode *b);
/* Whether those that took part are still what they were. ret_path: the first that is not. */
bool bytecode_is_current(const struct bytecode *b, const char **ret_path);

#endif
