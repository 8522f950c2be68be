/* SPDX-License-Identifier: MIT */
/* Compiled programs on disk, in the directory of the catalog (base/cache_dir.h): one file for each
 * group and for each way in which it was compiled, as far as they are used; old ones make room. */
#ifndef SPY_PROBE_BYTECODE_STORE_H
#define SPY_PROBE_BYTECODE_STORE_H

#include "probe/bytecode.h"

/* 0, or -errno; then `why`, for people. */
int bytecode_read(const char *group, const uint8_t *key, struct bytecode *ret, char *why,
		  size_t size);
/* Takes the place of what was kept under this key. 0, or -errno. */
int bytecode_write(const char *group, const uint8_t *key, const struct bytecode *b);
/* Nothing is kept under this key any more. */
void bytecode_drop(const char *group, const uint8_t *key);

/* What is kept. */
struct bytecode_survey {
	size_t files, bytes;
	size_t current;	   /* of libraries that are still what they were */
	size_t refused;	   /* nobody will take them: somebody else's, open to others, damaged */
	char example[128]; /* the first of these and why */
};
int bytecode_survey(struct bytecode_survey *ret);

#endif
