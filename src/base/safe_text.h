/* SPDX-License-Identifier: MIT */
/* Names and other text that traced programs choose, for a terminal. */
#ifndef SPY_BASE_SAFE_TEXT_H
#define SPY_BASE_SAFE_TEXT_H

#include "base/buf.h"

/* What could move the cursor, reorder text, or hide it: control characters, C1's too, those of
 * bidirectional text, and those without a width. */
bool safe_text_is_unsafe(uint32_t code);
/* A joiner or selector where it joins nothing: it would only hide. before: the code of the
 * character before it, 0: none. */
bool safe_text_is_hidden(uint32_t before, uint32_t code);
/* How many columns a character takes, 0 to 2. */
unsigned safe_text_columns(uint32_t code);

/* The longest escape, with its NUL. */
#define SAFE_TEXT_ESCAPE 12
/* Writes what stands for an unsafe character, as C does: \x1b, \u202e or \U000e0041. Returns its
 * length. */
size_t safe_text_escape(char ret[SAFE_TEXT_ESCAPE], uint32_t code);

/* The character at the front of `s`, as it is to be written; an escape where it is unsafe, hidden,
 * or no character. */
struct safe_char {
	char text[SAFE_TEXT_ESCAPE];
	size_t len;   /* of the text */
	size_t taken; /* bytes of s */
	unsigned columns;
	uint32_t code; /* 0: no character */
};
/* s is not empty. before: as above. */
void safe_text_next(struct span s, bool utf8, uint32_t before, struct safe_char *ret);

/* Appends `s` on one line: unsafe characters escaped, and each byte that belongs to none as \xNN.
 * Without `utf8` whatever is not ASCII is escaped too, since some terminals take single bytes past
 * 0x7f for controls. What begins at column `max` or later becomes "...". Returns the columns. */
unsigned safe_text_add(struct buf *out, struct span s, bool utf8, unsigned max);

#endif
