/* SPDX-License-Identifier: MIT */
/* The terminal of `llm-spy top`, drawn by ncurses, which also stops and continues it (Ctrl-Z).
 * Signals that end us are read as keys, so that it is put back before they do. One at a time. */
#ifndef SPY_CLI_TOP_SCREEN_H
#define SPY_CLI_TOP_SCREEN_H

#include <stdbool.h>

enum top_look {
	LOOK_PLAIN,
	LOOK_STRONG,
	LOOK_HEAD,   /* of a table */
	LOOK_CHOSEN, /* what the keys are about */
	LOOK_FAILED,
	LOOK_ACTIVE,
	LOOK_META,
	LOOK_USER,
	LOOK_SAY,
	LOOK_WARN,
	LOOKS,
};

/* What top_screen_key() gives beside characters and the keys of curses.h. */
enum { TOP_NOTHING = -1, TOP_END = -2 };

struct top_screen;
/* NULL: this terminal cannot be drawn on. */
struct top_screen *top_screen_open(void);
/* Puts the terminal back; accepts NULL. */
void top_screen_close(struct top_screen *t);

/* The next key; TOP_NOTHING after so many ms; TOP_END: a signal came, or the terminal is gone. */
int top_screen_key(struct top_screen *t, int ms);
/* The signal that came; 0: none. */
int top_screen_signal(const struct top_screen *t);

unsigned top_screen_columns(void);
unsigned top_screen_rows(void);
void top_screen_begin(void); /* an empty frame */
/* Text that is safe for a terminal, and fits. Returns the column behind it. */
unsigned top_screen_put(const struct top_screen *t, unsigned y, unsigned x, enum top_look look,
			const char *text);
/* The same, and blanks of that look up to the right border. */
void top_screen_row(const struct top_screen *t, unsigned y, enum top_look look, const char *text);
void top_screen_end(void); /* shows the frame */

#endif
