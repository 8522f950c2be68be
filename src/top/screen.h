/* SPDX-License-Identifier: MIT */
/* The terminal of `llm-spy top`, drawn by ncurses. Signals are read as keys, so that it is put back
 * before one ends or stops us. One screen at a time, on one thread. */
#ifndef SPY_TOP_SCREEN_H
#define SPY_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

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

/* What the mouse did, when the key is KEY_MOUSE. */
enum top_mouse { MOUSE_NOTHING, MOUSE_CLICK, MOUSE_UP, MOUSE_DOWN };

struct top_screen;
/* Whether there is a terminal to draw on, and its keys are for us. */
bool top_screen_can_open(void);
/* Signals that the screen reads must be blocked in all other threads: of a live run, those that end
 * us are not among them, for the tracer reads them. wake: a descriptor that ends a wait once it can
 * be read; -1: none. NULL: this terminal cannot be drawn on. */
struct top_screen *top_screen_open(bool live, int wake);
/* Puts the terminal back; accepts NULL. */
void top_screen_close(struct top_screen *t);

/* The next key; TOP_NOTHING after so many ms, or when it was woken; TOP_END: a signal that ends us
 * came, or the terminal is gone. */
int top_screen_key(struct top_screen *t, int ms);
enum top_mouse top_screen_mouse(unsigned *ret_x, unsigned *ret_y);
/* Writes to the terminal what draws nothing, such as the sequence that fills its clipboard. */
void top_screen_send(struct top_screen *t, const char *text, size_t len);
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
