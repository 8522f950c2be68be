/* SPDX-License-Identifier: MIT */
#include "json/pool.h"

#include <jansson.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* A block's size is a multiple of UNIT; larger blocks are malloc's. */
#define UNIT	16
#define CLASSES 16
/* All blocks of a slab are of one size. */
#define SLAB_SIZE ((size_t)16384)
#define SLABS	  (JSON_POOL_SIZE / SLAB_SIZE)

struct block {
	struct block *next;
};

/* The system gives a page of them when it is first used. */
static alignas(UNIT) char slabs[SLABS][SLAB_SIZE];
static uint8_t classes[SLABS];
static size_t slabs_used;
static _Thread_local bool is_owner;
/* Of other threads than the owner empty. */
static _Thread_local struct block *kept[CLASSES];
/* By other threads. */
static _Atomic(struct block *) returned;

/* SLABS or more: not of the pool. */
static size_t slab_of(const void *p)
{
	return ((uintptr_t)p - (uintptr_t)slabs) / SLAB_SIZE;
}

/* CLASSES or more: not of the pool; so is that of 0. */
static size_t class_of(size_t size)
{
	return (size - 1) / UNIT;
}

static void keep(void *p)
{
	struct block *b = p, **list = &kept[classes[slab_of(p)]];

	b->next = *list;
	*list = b;
}

static void keep_returned(void)
{
	struct block *next, *b = atomic_exchange(&returned, NULL);

	for (; b; b = next) {
		next = b->next;
		keep(b);
	}
}

static void keep_slab(size_t class)
{
	size_t size = (class + 1) * UNIT;
	char *slab = slabs[slabs_used];

	classes[slabs_used++] = (uint8_t) class;
	for (size_t at = SLAB_SIZE / size * size; at; at -= size)
		keep(slab + at - size);
}

/* Where no block of that class is kept. */
static bool find_more(size_t class)
{
	if (!is_owner || class >= CLASSES)
		return false;
	keep_returned();
	if (!kept[class] && slabs_used < SLABS)
		keep_slab(class);
	return kept[class];
}

static void *take(size_t size)
{
	size_t class = class_of(size);
	struct block *b;

	if ((class >= CLASSES || !kept[class]) && !find_more(class))
		return malloc(size);
	b = kept[class];
	kept[class] = b->next;
	return b;
}

static void give_back(struct block *b)
{
	b->next = atomic_load(&returned);
	while (!atomic_compare_exchange_weak(&returned, &b->next, b))
		;
}

static void put(void *p)
{
	if (slab_of(p) >= SLABS)
		free(p);
	else if (is_owner)
		keep(p);
	else
		give_back(p);
}

void json_pool_begin(void)
{
	/* AddressSanitizer is to see each block that is used after it was freed. */
	if (SANITIZED)
		return;
	is_owner = true;
	json_set_alloc_funcs(take, put);
}
