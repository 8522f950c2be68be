/* SPDX-License-Identifier: MIT */
/* What keys do to a live view. */
#ifndef SPY_SINK_KEYS_H
#define SPY_SINK_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define KEYS_WORD 64

struct keys {
	bool paused, help;
	bool is_typing;
	char typed[KEYS_WORD];	/* the filter as far as it is typed */
	char filter[KEYS_WORD]; /* "": none */
	unsigned follow;	/* after KEY_FOLLOW: 1 to 9, 0: none */
	unsigned escape;	/* inside of a sequence such as an arrow key's */
};

enum key_action {
	KEY_NOTHING,
	KEY_REDRAW,
	KEY_FILTER, /* there is another one */
	KEY_RESUME,
	KEY_EXPAND,
	KEY_FOLLOW,
	KEY_QUIT,
};

/* One byte from the keyboard. */
enum key_action keys_press(struct keys *k, char byte);

#endif
