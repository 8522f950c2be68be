/* SPDX-License-Identifier: MIT */
/* UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef SPY_BASE_UTF8_H
#define SPY_BASE_UTF8_H

#include "base/buf.h"

/* Length of the character at the front, 1 to 4, and its code point; 0 if it is invalid or
 * incomplete. s is not empty. */
size_t utf8_next(struct span s, uint32_t *ret_code);
bool utf8_valid(struct span s);
/* Appends s, replacing each byte that is not part of a character by U+FFFD. Returns whether there
 * was one. */
bool utf8_fix(struct span s, struct buf *out);
/* Half of a pair of UTF-16 stands in text that comes in pieces as three bytes, which are no UTF-8:
 * the first half with which s ends, the second with which it begins; 0: none. */
uint32_t utf8_first_half(struct span s);
uint32_t utf8_second_half(struct span s);
#define UTF8_HALF_SIZE 3
/* As utf8_fix, where such a half is one character that is no one. */
void utf8_fix_halves(struct span s, struct buf *out);
/* Appends the character of both. */
void utf8_pair(uint32_t first, uint32_t second, struct buf *out);
/* Length of s without an incomplete character at its end. */
size_t utf8_whole(struct span s);
/* Where the first character begins that does not begin before `at`, which is in s or its length;
 * that length: none does. */
size_t utf8_begin(struct span s, size_t at);
/* Copies as much of s, repaired as by utf8_fix, as fits in whole characters; ends with a NUL. The
 * result depends only on the first `size` - 1 bytes, and copying a result again does not change
 * it. */
void utf8_cut(struct span s, char *ret, size_t size);

#endif
