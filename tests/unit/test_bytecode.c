/* SPDX-License-Identifier: MIT */
/* Compiled programs: into bytes and back, hostile bytes, and what a run puts into them. */
#include <errno.h>
#include <stdlib.h>

#include "probe/bytecode.h"
#include "tests/unit/tap.h"

#define LOAD(dst, src, imm) (0x18ull | (uint64_t)((src) << 4 | (dst)) << 8 | (uint64_t)(imm) << 32)
#define SECOND(imm)	    ((uint64_t)(imm) << 32)
#define CALL(src, imm)	    (0x85ull | (uint64_t)(src) << 12 | (uint64_t)(imm) << 32)
#define RETURN		    0x95ull

static const uint8_t key[BYTECODE_KEY] = "of this test";
static const int own[] = { 40, 41 };

/* Two maps, two programs, a library. */
static void make(struct bytecode *b)
{
	const uint64_t first[] = { LOAD(1, 1, 41), SECOND(0), CALL(0, 1),
				   LOAD(2, 0, 7),  SECOND(8), RETURN };
	const uint64_t second[] = { LOAD(1, 0, (uint32_t)(BYTECODE_VALUE + 1)),
				    SECOND(BYTECODE_VALUE >> 32), LOAD(1, 1, 40), SECOND(0),
				    RETURN };
	struct bytecode_file f = { (char *)"/lib/libx.so", 1, 2, 3, 4, 5 };

	*b = (struct bytecode){ 0 };
	b->nmaps = 2;
	b->maps[0] = (struct bytecode_map){ "spy_a", 1, 4, 8, 16, 0 };
	b->maps[1] = (struct bytecode_map){ "spy_b", 27, 0, 0, 4096, 2 };
	is_int(bytecode_add(b, "spy_one", first, sizeof(first), own), 0, "a program is added");
	is_int(bytecode_add(b, "spy_two", second, sizeof(second), own), 0, "another");
	is_int(bytecode_add_file(b, &f), 0, "and a library");
}

static void test_round(void)
{
	struct bytecode b, c;
	struct buf bytes;
	uint64_t insns[8];

	make(&b);
	buf_init(&bytes, BYTECODE_MAX);
	is_int(bytecode_encode(&b, key, &bytes), 0, "they are encoded");
	is_int(bytecode_decode(&c, key, buf_span(&bytes)), 0, "and decoded");
	ok(c.nmaps == 2 && memcmp(c.maps, b.maps, 2 * sizeof(*b.maps)) == 0,
	   "the maps are the same");
	ok(c.nfiles == 1 && strcmp(c.files[0].path, "/lib/libx.so") == 0 && c.files[0].dev == 1 &&
		   c.files[0].ctime_ns == 5,
	   "so is the library");
	is_int(c.nprograms, 2, "so many programs");
	is_str(c.programs[1].name, "spy_two", "by their names");
	is_int(bytecode_link(&c.programs[0], (int[]){ 70, 71 }, NULL, 0, insns), 0,
	       "one is linked");
	ok(insns[0] == LOAD(1, 1, 71) && insns[3] == LOAD(2, 0, 7) && insns[4] == SECOND(8) &&
		   insns[2] == CALL(0, 1),
	   "with the descriptors of now, and constants as they were");
	is_int(bytecode_link(&c.programs[1], (int[]){ 70, 71 }, (uint32_t[]){ 5, 0xfffffff0u }, 2,
			     insns),
	       0, "the other");
	ok(insns[0] == LOAD(1, 0, 0xfffffff0u) && insns[1] == SECOND(0) &&
		   insns[2] == LOAD(1, 1, 70),
	   "with the values of now");
	is_int(bytecode_link(&c.programs[1], (int[]){ 70, 71 }, (uint32_t[]){ 5 }, 1, insns),
	       -EINVAL, "a value that is not given is refused");
	bytecode_done(&c);
	is_int(bytecode_decode(&c, NULL, buf_span(&bytes)), 0, "whatever the key");
	bytecode_done(&c);
	is_int(bytecode_decode(&c, (const uint8_t[BYTECODE_KEY]){ 1 }, buf_span(&bytes)), -ESTALE,
	       "not by another key");
	buf_done(&bytes);
	bytecode_done(&b);
}

static void test_hostile(void)
{
	struct bytecode b, c;
	struct buf bytes;
	int taken = 0;

	make(&b);
	buf_init(&bytes, BYTECODE_MAX);
	bytecode_encode(&b, key, &bytes);
	for (size_t i = 0; i < bytes.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes.ptr[i] ^= (char)(1 << bit);
			taken += bytecode_decode(&c, key, buf_span(&bytes)) == 0;
			bytes.ptr[i] ^= (char)(1 << bit);
		}
	is_int(taken, 0, "no changed bit is taken");
	for (size_t len = 0; len < bytes.len; len++)
		taken += bytecode_decode(&c, key, span_of(bytes.ptr, len)) == 0;
	is_int(taken, 0, "nor a part of it");
	buf_addc(&bytes, 'x');
	ok(bytecode_decode(&c, key, buf_span(&bytes)) != 0, "nor more");
	buf_done(&bytes);
	bytecode_done(&b);
}

/* Of a program whose digest is right, but which would make bytecode_link read past its end. */
static int decode_with(const uint64_t *insns, size_t count)
{
	struct bytecode b = { 0 }, c;
	struct buf bytes;
	int err;

	buf_init(&bytes, BYTECODE_MAX);
	b.nmaps = 1;
	b.maps[0] = (struct bytecode_map){ "spy_a", 1, 4, 8, 16, 0 };
	b.nprograms = 1;
	memcpy(b.programs[0].name, "spy_one", 8);
	b.programs[0].insns = (uint64_t *)insns;
	b.programs[0].count = count;
	bytecode_encode(&b, key, &bytes);
	err = bytecode_decode(&c, key, buf_span(&bytes));
	if (!err)
		bytecode_done(&c);
	buf_done(&bytes);
	return err;
}

static void test_unsound(void)
{
	is_int(decode_with((uint64_t[]){ LOAD(1, 1, 0), SECOND(0), RETURN }, 3), 0,
	       "a map that is");
	is_int(decode_with((uint64_t[]){ LOAD(1, 1, 1), SECOND(0), RETURN }, 3), -EPROTO,
	       "a map that is not");
	is_int(decode_with((uint64_t[]){ RETURN, LOAD(1, 0, 1) }, 2), -EPROTO, "half a load");
	is_int(decode_with((uint64_t[]){ LOAD(1, 2, 0), SECOND(0), RETURN }, 3), -EPROTO,
	       "a value of a map");
	is_int(decode_with((uint64_t[]){ LOAD(1, 3, 0), SECOND(0), RETURN }, 3), -EPROTO,
	       "a variable of the kernel");
	is_int(decode_with((uint64_t[]){ CALL(2, 0), RETURN }, 2), -EPROTO,
	       "a function of the kernel");
	is_int(decode_with((uint64_t[]){ CALL(1, 0), RETURN }, 2), 0, "a function of its own");
	is_int(decode_with(NULL, 0), -EPROTO, "no instructions");
}

static void test_compiled(void)
{
	struct bytecode b = { .nmaps = 1 };
	const uint64_t strange[] = { LOAD(1, 1, 99), SECOND(0), RETURN };
	const uint64_t half[] = { RETURN, LOAD(1, 0, 1) };
	const uint64_t bound[] = { LOAD(1, 3, 5), SECOND(0), RETURN };
	struct buf bytes;

	buf_init(&bytes, BYTECODE_MAX);
	is_int(bytecode_add(&b, "spy_x", strange, sizeof(strange), own), -EINVAL,
	       "a descriptor that is no map's");
	is_int(bytecode_add(&b, "spy_x", half, sizeof(half), own), -EINVAL,
	       "half a load at the end");
	is_int(bytecode_add(&b, "spy_x", half, 7, own), -EINVAL, "half an instruction");
	is_int(bytecode_add(&b, "spy_x", half, 0, own), -EINVAL, "none");
	bytecode_done(&b);
	is_int(bytecode_add(&b, "spy_x", bound, sizeof(bound), own), 0,
	       "what only this process understands is loaded here");
	is_int(bytecode_encode(&b, key, &bytes), -ENOTSUP, "but not kept");
	bytecode_done(&b);
	buf_done(&bytes);
}

int main(void)
{
	test_round();
	test_hostile();
	test_unsound();
	test_compiled();
	return tap_done();
}
