/* SPDX-License-Identifier: MIT */
#include "base/typed.h"

#include <string.h>

void typed_key(char *text, size_t size, int key)
{
	size_t n = strlen(text);

	switch (key) {
	case '\x7f':
	case '\b':
		while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
			n--;
		text[n ? n - 1 : 0] = '\0';
		break;
	case 'U' - '@': /* Ctrl-U */
		text[0] = '\0';
		break;
	default:
		if (key < ' ' || key > 255 || n + 1 >= size)
			return;
		text[n] = (char)key;
		text[n + 1] = '\0';
	}
}
