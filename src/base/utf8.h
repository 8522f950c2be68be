/* SPDX-License-Identifier: MIT */
/* UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef SPY_BASE_UTF8_H
#define SPY_BASE_UTF8_H

#include "base/buf.h"

/* Length of the character at the front, 1 to 4, and its code point; 0 when it is not valid (also
 * when it is cut off at the end). s is not empty. */
size_t utf8_next(struct span s, uint32_t *ret_code);
bool utf8_valid(struct span s);
/* Appends s with each byte that is not part of a character replaced by U+FFFD. Returns whether
 * there was one. */
bool utf8_fix(struct span s, struct buf *out);
/* Length of s without a character that is cut off at its end. */
size_t utf8_whole(struct span s);
/* What of s, mended as by utf8_fix, fits in whole characters; ends with a NUL. Of what begins with
 * the same `size` - 1 bytes it is the same, and of its own outcome again. */
void utf8_cut(struct span s, char *ret, size_t size);

#endif
