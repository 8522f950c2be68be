/* SPDX-License-Identifier: MIT */
/* A borrowed view of bytes, and a cursor that checks every length while reading. */
#ifndef SPY_BASE_SPAN_H
#define SPY_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Borrowed: valid until the call that received it returns, unless documented otherwise. `ptr` may
 * be NULL only if `len` is 0. */
struct span {
	const uint8_t *ptr;
	size_t len;
};

#define SPAN_LIT(s) ((struct span){ (const uint8_t *)("" s), sizeof(s) - 1 })

static inline struct span span_of(const void *ptr, size_t len)
{
	return (struct span){ ptr, len };
}

static inline struct span span_str(const char *s)
{
	return span_of(s, s ? strlen(s) : 0);
}

/* The bytes from `pos`; empty if `pos` is past the end. */
static inline struct span span_from(struct span s, size_t pos)
{
	if (pos >= s.len)
		return span_of(NULL, 0);
	return span_of(s.ptr + pos, s.len - pos);
}

/* The first `len` bytes, or all if there are fewer. */
static inline struct span span_first(struct span s, size_t len)
{
	return span_of(s.ptr, len < s.len ? len : s.len);
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Ignores ASCII case, as in header names. */
static inline bool span_caseeq(struct span a, struct span b)
{
	return a.len == b.len &&
	       (a.len == 0 || strncasecmp((const char *)a.ptr, (const char *)b.ptr, a.len) == 0);
}

static inline bool span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_eq(span_first(s, prefix.len), prefix);
}

static inline bool span_ends(struct span s, struct span suffix)
{
	return s.len >= suffix.len && span_eq(span_from(s, s.len - suffix.len), suffix);
}

/* Position of byte `c`; s.len if there is none. */
static inline size_t span_find(struct span s, uint8_t c)
{
	const uint8_t *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

/* What follows the first `mark`; ptr NULL where it is not there or nothing follows. */
static inline struct span span_behind(struct span s, struct span mark)
{
	const uint8_t *at = s.len && mark.len ? memmem(s.ptr, s.len, mark.ptr, mark.len) : s.ptr;

	return at ? span_from(s, (size_t)(at - s.ptr) + mark.len) : span_of(NULL, 0);
}

/* Ignores ASCII case. At most one '*' in the pattern, which stands for `least` bytes or more. */
static inline bool span_fits(struct span s, struct span pattern, size_t least)
{
	size_t star = span_find(pattern, '*');
	struct span head = span_first(pattern, star), tail = span_from(pattern, star + 1);

	if (star == pattern.len)
		return span_caseeq(s, pattern);
	return s.len >= head.len + least + tail.len && span_caseeq(span_first(s, head.len), head) &&
	       span_caseeq(span_from(s, s.len - tail.len), tail);
}

/* Without spaces and tabs at both ends. */
static inline struct span span_trim(struct span s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_from(s, 1);
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Writes the lowest `nbytes` bytes of v, the lowest first; cursor_le is the way back. */
static inline void put_le(uint8_t *ret, uint64_t v, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++)
		ret[i] = (uint8_t)(v >> (8 * i));
}

/* Reads integers and bytes from the front of a span. A read past the end returns zeroes, sets `bad`
 * and consumes everything, so a parser can read a whole struct and check once. */
struct cursor {
	struct span rest;
	bool bad;
};

static inline struct span cursor_take(struct cursor *c, size_t len)
{
	struct span out = span_first(c->rest, len);

	if (c->rest.len < len) {
		c->bad = true;
		c->rest = span_of(NULL, 0);
		return c->rest;
	}
	c->rest = span_from(c->rest, len);
	return out;
}

static inline uint64_t cursor_be(struct cursor *c, size_t nbytes)
{
	struct span s = cursor_take(c, nbytes);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

static inline uint64_t cursor_le(struct cursor *c, size_t nbytes)
{
	struct span s = cursor_take(c, nbytes);
	uint64_t v = 0;

	for (size_t i = s.len; i > 0; i--)
		v = v << 8 | s.ptr[i - 1];
	return v;
}

#endif
