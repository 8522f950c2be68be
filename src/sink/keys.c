/* SPDX-License-Identifier: MIT */
#include "sink/keys.h"

#include <string.h>

#include "base/typed.h"

#define ESCAPE '\x1b'

static enum key_action type(struct keys *k, char byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		memcpy(k->filter, k->typed, sizeof(k->filter));
		k->is_typing = false;
		return KEY_FILTER;
	case ESCAPE:
		k->is_typing = false;
		break;
	default:
		typed_key(k->typed, sizeof(k->typed), (unsigned char)byte);
	}
	return KEY_REDRAW;
}

static enum key_action command(struct keys *k, char byte)
{
	switch (byte) {
	case 'p':
	case ' ':
		k->paused = !k->paused;
		return k->paused ? KEY_REDRAW : KEY_RESUME;
	case 'e':
		return KEY_EXPAND;
	case 'f':
	case '/':
		k->is_typing = true;
		memcpy(k->typed, k->filter, sizeof(k->typed));
		return KEY_REDRAW;
	case '?':
	case 'h':
		k->help = !k->help;
		return KEY_REDRAW;
	case 'q':
		return KEY_QUIT;
	default:
		break;
	}
	if (byte < '0' || byte > '9')
		return KEY_NOTHING;
	k->follow = (unsigned)(byte - '0');
	return KEY_FOLLOW;
}

/* Whether the byte belongs to a sequence that a key such as an arrow sends: ESC [ ... letter, or
 * ESC O letter. */
static bool is_in_sequence(struct keys *k, char byte)
{
	switch (k->escape) {
	case 1:
		k->escape = byte == '[' || byte == 'O' ? 2 : 0;
		return k->escape == 2;
	case 2:
		if ((byte >= '@' && byte <= '~'))
			k->escape = 0;
		return true;
	default:
		k->escape = byte == ESCAPE;
		return false;
	}
}

enum key_action keys_press(struct keys *k, char byte)
{
	if (is_in_sequence(k, byte))
		return KEY_NOTHING;
	return k->is_typing ? type(k, byte) : command(k, byte);
}
