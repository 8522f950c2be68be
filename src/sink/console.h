/* SPDX-License-Identifier: MIT */
/* The terminal of a live view beside what is drawn on it: its size, its keys, and the signals that
 * change how it is used. Whatever ends or stops us, its attributes are put back. */
#ifndef SPY_SINK_CONSOLE_H
#define SPY_SINK_CONSOLE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct console;
/* fd: the terminal. keys: they are read, if standard input is the same terminal. On the main
 * thread, before others that are to end with it are started: it blocks signals. */
struct console *console_open(int fd, bool keys);
void console_close(struct console *c); /* on the same thread; accepts NULL */

/* On any one thread from here on. */

/* What to wait for: a key, a signal, console_wake(). */
size_t console_pollfds(struct console *c, struct pollfd *fds, size_t max);
/* By any thread: what waits for the pollfds goes on. */
void console_wake(struct console *c);
/* Whether the descriptor leads to it, too. */
bool console_is(const struct console *c, int fd);
void console_size(const struct console *c, unsigned *ret_columns, unsigned *ret_rows);

/* Takes the keyboard if we are in the foreground, and leaves it to others if not. Returns whether
 * we are: else nothing but whole lines is to be written. */
bool console_attend(struct console *c);
/* Whether there are keys to be pressed at all. */
bool console_has_keys(const struct console *c);
/* Bytes of keys that were pressed. */
size_t console_keys(struct console *c, char *ret, size_t max);

enum console_signal {
	CONSOLE_NONE,
	CONSOLE_RESIZED,
	CONSOLE_STOP,	   /* Ctrl-Z: erase what is drawn, then console_stop() */
	CONSOLE_CONTINUED, /* draw everything anew */
};
enum console_signal console_signal(struct console *c);
/* Stops the process, as Ctrl-Z does. Returns when it goes on. */
void console_stop(struct console *c);
/* Ends the process, as Ctrl-C does. */
void console_quit(void);

/* Writes at once, past all that is buffered; not if the terminal takes nothing now. */
void console_write(struct console *c, const char *text);
/* Whether a region stands on the terminal, which is erased if a fault or a signal ends us. */
void console_note_region(struct console *c, bool is_drawn);
/* Puts the attributes back for good. */
void console_leave(struct console *c);

#endif
