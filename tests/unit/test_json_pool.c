/* SPDX-License-Identifier: MIT */
/* The pool's blocks: each is one's own, those that are freed come again, whoever freed them. */
#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "json/pool.h"
#include "json/read.h"
#include "tests/unit/tap.h"

#define MANY	4000
#define LARGEST 300
/* More than there is room for in the pool. */
#define TOO_MANY (JSON_POOL_SIZE / 32 * 2)

static json_malloc_t take;
static json_free_t put;

/* Fills blocks of all sizes, and looks whether all keep what they got. */
static void test_own(void)
{
	static uint8_t *blocks[MANY];
	unsigned bad = 0;

	for (size_t i = 0; i < MANY; i++) {
		size_t size = i % LARGEST + 1;

		blocks[i] = take(size);
		bad += (uintptr_t)blocks[i] % 8 != 0;
		memset(blocks[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < MANY; i++) {
		for (size_t k = 0; k < i % LARGEST + 1; k++)
			bad += blocks[i][k] != i % 251;
		put(blocks[i]);
	}
	is_int(bad, 0, "blocks of all sizes are apart");
	free(take(0));
	put(NULL);
}

static void *free_it(void *p)
{
	put(p);
	return NULL;
}

static void *own_block(void *ret)
{
	*(void **)ret = take(24);
	return NULL;
}

static void in_thread(void *(*run)(void *), void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, run, arg);
	pthread_join(t, NULL);
}

/* All blocks of a class that are left, and one that another thread freed. */
static void test_other_thread(void)
{
	static void *blocks[TOO_MANY];
	void *given = take(24), *others, *again = NULL;
	size_t n = 0;

	in_thread(own_block, &others);
	in_thread(free_it, given);
	while (n < TOO_MANY && again != given)
		again = blocks[n++] = take(24);
	ok(again == given, "what another thread freed comes again");
	put(others);
	while (n < TOO_MANY)
		blocks[n++] = take(24);
	again = take(24);
	ok(again != others, "what another thread had is not of the pool");
	free(again);
	free(blocks[TOO_MANY - 1]);
	ok(true, "past the pool's size blocks are malloc's");
	while (--n > 0)
		put(blocks[n - 1]);
	again = take(24);
	ok(again == blocks[0], "the block that was freed last comes first");
	put(again);
}

static void test_values(void)
{
	static const char text[] =
		"{\"a\":[1,2.5,\"three\",{\"b\":null}],\"a long name of a member\":\"\"}";
	unsigned bad = 0;

	for (int i = 0; i < 1000; i++) {
		bool partial;
		json_t *v = json_read(NULL, span_str(text), &partial), *copy = json_deep_copy(v);

		bad += partial || !json_equal(v, copy);
		json_decref(v);
		json_decref(copy);
	}
	is_int(bad, 0, "values are as ever");
}

int main(void)
{
	json_pool_begin();
	json_get_alloc_funcs(&take, &put);
	test_own();
	/* AddressSanitizer has no pool. */
	if (take != malloc)
		test_other_thread();
	test_values();
	return tap_done();
}
