/* SPDX-License-Identifier: MIT */
/* The limits by name, and how often each was reached. */
#ifndef SPY_BASE_LIMITS_H
#define SPY_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum limit {
#define LIMIT(name, value, unit, help) LIMIT_##name,
#include "base/limits.def"
#undef LIMIT
	LIMIT_COUNT
};

struct limits {
	size_t max[LIMIT_COUNT];
	uint64_t hits[LIMIT_COUNT]; /* times that something was cut, dropped or missed for it */
	size_t memory;		    /* atomic: bytes in use that the limit `memory` counts */
};

struct limit_info {
	const char *name, *unit, *help;
	size_t value; /* the default */
};
extern const struct limit_info limit_infos[LIMIT_COUNT];

void limits_init(struct limits *l); /* defaults, no hits */

/* Reads a number from 1 with an optional suffix K, M or G (powers of 1024); else -EINVAL. */
int size_parse(const char *text, size_t *ret);

/* Reads "name=value", value as above. 0, or -EINVAL if either is invalid. */
int limits_set(struct limits *l, const char *assignment);

/* Records give their share back on whatever thread drops the last reference to them. */
static inline size_t limits_memory(const struct limits *l)
{
	return __atomic_load_n(&l->memory, __ATOMIC_RELAXED);
}

static inline void limits_memory_add(struct limits *l, size_t bytes)
{
	__atomic_add_fetch(&l->memory, bytes, __ATOMIC_RELAXED);
}

static inline void limits_memory_sub(struct limits *l, size_t bytes)
{
	__atomic_sub_fetch(&l->memory, bytes, __ATOMIC_RELAXED);
}

static inline void limit_hit(struct limits *l, enum limit which)
{
	l->hits[which]++;
}

#endif
