/* SPDX-License-Identifier: MIT */
#include "cli/top_screen.h"

#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/xalloc.h"

/* What follows an escape within this time belongs to a key. */
#define ESCAPE_MS 25

struct top_screen {
	SCREEN *terminal;
	bool color;
	int signals; /* signalfd */
	sigset_t before;
	int ended_by;
};

static const struct {
	short color; /* -1: the terminal's own */
	attr_t with, without;
} looks[LOOKS] = {
	[LOOK_PLAIN] = { -1, A_NORMAL, A_NORMAL },
	[LOOK_STRONG] = { -1, A_BOLD, A_BOLD },
	[LOOK_HEAD] = { -1, A_UNDERLINE, A_UNDERLINE },
	[LOOK_CHOSEN] = { -1, A_REVERSE, A_REVERSE },
	[LOOK_FAILED] = { COLOR_RED, A_NORMAL, A_BOLD },
	[LOOK_ACTIVE] = { COLOR_CYAN, A_NORMAL, A_NORMAL },
	[LOOK_META] = { -1, A_DIM, A_NORMAL },
	[LOOK_USER] = { COLOR_BLUE, A_BOLD, A_NORMAL },
	[LOOK_SAY] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[LOOK_WARN] = { COLOR_MAGENTA, A_NORMAL, A_BOLD },
};

/* ---- opening ---- */

static void take_signals(struct top_screen *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &t->before);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void leave_signals(struct top_screen *t)
{
	if (t->signals >= 0)
		close(t->signals);
	sigprocmask(SIG_SETMASK, &t->before, NULL);
}

/* https://no-color.org */
static bool may_color(void)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && has_colors();
}

static void begin_colors(struct top_screen *t)
{
	t->color = may_color() && start_color() == OK && use_default_colors() == OK;
	for (short i = 0; t->color && i < LOOKS; i++)
		if (looks[i].color >= 0)
			init_pair((short)(i + 1), looks[i].color, -1);
}

struct top_screen *top_screen_open(void)
{
	struct top_screen *t = xcalloc(1, sizeof(*t));

	take_signals(t);
	t->terminal = newterm(NULL, stdout, stdin);
	if (!t->terminal) {
		leave_signals(t);
		free(t);
		return NULL;
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	typeahead(-1); /* whole frames only */
	begin_colors(t);
	return t;
}

void top_screen_close(struct top_screen *t)
{
	if (!t)
		return;
	endwin();
	delscreen(t->terminal);
	leave_signals(t);
	free(t);
}

/* ---- keys ---- */

static int take_signal(struct top_screen *t)
{
	struct signalfd_siginfo s;

	if (read(t->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		t->ended_by = (int)s.ssi_signo;
	return TOP_END;
}

int top_screen_key(struct top_screen *t, int ms)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .fd = t->signals, .events = POLLIN } };
	int key = getch();

	if (key != ERR)
		return key;
	/* Interrupted: by a change of the size, or since it was stopped and goes on. */
	if (poll(fds, 2, ms) < 0) {
		key = getch();
		return key == ERR ? TOP_NOTHING : key;
	}
	if (fds[1].revents)
		return take_signal(t);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		return TOP_END;
	key = fds[0].revents ? getch() : ERR;
	return key == ERR ? TOP_NOTHING : key;
}

int top_screen_signal(const struct top_screen *t)
{
	return t->ended_by;
}

/* ---- drawing ---- */

unsigned top_screen_columns(void)
{
	return (unsigned)getmaxx(stdscr);
}

unsigned top_screen_rows(void)
{
	return (unsigned)getmaxy(stdscr);
}

void top_screen_begin(void)
{
	erase();
}

static void set_look(WINDOW *w, const struct top_screen *t, enum top_look look)
{
	wattrset(w, t->color ? looks[look].with : looks[look].without);
	if (t->color && looks[look].color >= 0)
		wattron(w, COLOR_PAIR(look + 1));
}

/* In a window of one line: what is wider than we think cannot get to the next one. */
static unsigned put(const struct top_screen *t, unsigned y, unsigned x, enum top_look look,
		    const char *text, bool whole)
{
	unsigned columns = top_screen_columns();
	WINDOW *w = y < top_screen_rows() && x < columns
			    ? derwin(stdscr, 1, (int)(columns - x), (int)y, (int)x)
			    : NULL;

	if (!w)
		return x;
	set_look(w, t, look);
	if (whole)
		whline(w, ' ' | getattrs(w), (int)columns);
	waddstr(w, text);
	x += (unsigned)getcurx(w);
	wsyncup(w);
	delwin(w);
	return x;
}

unsigned top_screen_put(const struct top_screen *t, unsigned y, unsigned x, enum top_look look,
			const char *text)
{
	return put(t, y, x, look, text, false);
}

void top_screen_row(const struct top_screen *t, unsigned y, enum top_look look, const char *text)
{
	put(t, y, 0, look, text, true);
}

void top_screen_end(void)
{
	refresh();
}
