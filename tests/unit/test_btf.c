/* SPDX-License-Identifier: MIT */
/* Offsets of members from a description of types that is made here, whole and cut anywhere; and
 * from the running kernel's, where it has one. */
#include "base/buf.h"
#include "kernel/btf.h"
#include "tests/unit/tap.h"

static struct buf types, strings, all;

static uint32_t name(const char *text)
{
	uint32_t at = (uint32_t)strings.len;

	buf_add(&strings, span_of(text, strlen(text) + 1));
	return at;
}

static void word(struct buf *b, uint32_t v)
{
	buf_add_le(b, v, 4);
}

static void type(uint32_t name_at, unsigned kind, uint32_t info, uint32_t size)
{
	word(&types, name_at);
	word(&types, kind << 24 | info);
	word(&types, size);
}

static void member(uint32_t name_at, uint32_t of, uint32_t bits)
{
	word(&types, name_at);
	word(&types, of);
	word(&types, bits);
}

static void make(void)
{
	buf_init(&types, 1 << 16);
	buf_init(&strings, 1 << 16);
	buf_init(&all, 1 << 16);
	name("");
	type(name("int"), 1, 0, 4); /* 1 */
	word(&types, 32);
	type(0, 5, 2, 8); /* 2: an anonymous union */
	member(name("a"), 1, 0);
	member(name("b"), 1, 32);
	type(name("inner"), 8, 0, 2);		  /* 3: a typedef of it */
	type(name("thing"), 4, 1u << 31 | 3, 24); /* 4: with bit fields */
	member(name("first"), 1, 0);
	member(0, 3, 64);
	member(name("last"), 1, 32u << 24 | 128);
	type(name("thing"), 12, 0, 1); /* 5: a function of that name */
	buf_add_le(&all, 0xeb9f, 2);
	buf_add_le(&all, 1, 2);
	word(&all, 24);
	word(&all, 0);
	word(&all, (uint32_t)types.len);
	word(&all, (uint32_t)types.len);
	word(&all, (uint32_t)strings.len);
	buf_add(&all, buf_span(&types));
	buf_add(&all, buf_span(&strings));
}

static bool find(struct span s, const char *of, const char *member_name, uint32_t *ret)
{
	struct btf_member m = { .type = of, .name = member_name };
	bool found = btf_find(s, &m, 1);

	*ret = m.offset;
	return found;
}

int main(void)
{
	struct btf_member sock = { .type = "inode", .name = "i_ino" };
	uint32_t at;
	int err;

	make();
	ok(find(buf_span(&all), "thing", "first", &at) && at == 0, "the first member");
	ok(find(buf_span(&all), "thing", "b", &at) && at == 12, "one of an anonymous union");
	ok(find(buf_span(&all), "thing", "last", &at) && at == 16, "one beside bit fields");
	ok(!find(buf_span(&all), "thing", "none", &at), "one that is not there");
	ok(!find(buf_span(&all), "inner", "a", &at), "a typedef is no struct");
	for (size_t n = 0; n < all.len; n++)
		if (find(span_first(buf_span(&all), n), "thing", "last", &at) && at != 16)
			ok(false, "cut after %zu bytes", n);
	ok(true, "cut anywhere, nothing wrong is found");
	err = btf_find_kernel(&sock, 1);
	ok(err || sock.offset, "the running kernel's, or why not: %d", err);
	buf_done(&types);
	buf_done(&strings);
	buf_done(&all);
	return tap_done();
}
