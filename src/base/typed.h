/* SPDX-License-Identifier: MIT */
/* A line of text that a person types. Pure. */
#ifndef SPY_BASE_TYPED_H
#define SPY_BASE_TYPED_H

#include <stddef.h>

/* What a key does to the text, which has room for `size` bytes: Backspace takes off the last
 * character, of one byte or more, Ctrl-U takes off all, and a byte from ' ' on is appended where it
 * fits. Any other key does nothing. */
void typed_key(char *text, size_t size, int key);

#endif
