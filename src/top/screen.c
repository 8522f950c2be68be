/* SPDX-License-Identifier: MIT */
#include "top/screen.h"

#include <curses.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/xalloc.h"

/* What follows an escape within this time belongs to a key. */
#define ESCAPE_MS 25

struct top_screen {
	SCREEN *terminal;
	bool color;
	int signals; /* signalfd */
	int wake;    /* -1: none */
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

bool top_screen_can_open(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static void take_signals(struct top_screen *t, bool live)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	if (!live) {
		sigaddset(&set, SIGINT);
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGHUP);
		sigaddset(&set, SIGQUIT);
	}
	pthread_sigmask(SIG_BLOCK, &set, &t->before);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void leave_signals(struct top_screen *t)
{
	if (t->signals >= 0)
		close(t->signals);
	pthread_sigmask(SIG_SETMASK, &t->before, NULL);
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

struct top_screen *top_screen_open(bool live, int wake)
{
	struct top_screen *t = xcalloc(1, sizeof(*t));

	t->wake = wake;
	take_signals(t, live);
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
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
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

/* Stops us as Ctrl-Z would without us, and goes on where the shell wants it. */
static void stop(void)
{
	endwin();
	kill(getpid(), SIGSTOP);
	refresh();
}

/* ncurses has no handler for it: signals are read here. */
static int fit_terminal(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col)
		resizeterm(w.ws_row, w.ws_col);
	return KEY_RESIZE;
}

static int take_signal(struct top_screen *t)
{
	struct signalfd_siginfo s;

	if (read(t->signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return TOP_NOTHING;
	if (s.ssi_signo == SIGWINCH)
		return fit_terminal();
	if (s.ssi_signo == SIGTSTP) {
		stop();
		return fit_terminal();
	}
	t->ended_by = (int)s.ssi_signo;
	return TOP_END;
}

static void wake_up(const struct top_screen *t)
{
	uint64_t times;

	while (read(t->wake, &times, sizeof(times)) == (ssize_t)sizeof(times))
		;
}

int top_screen_key(struct top_screen *t, int ms)
{
	struct pollfd fds[3] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .fd = t->signals, .events = POLLIN },
				 { .fd = t->wake, .events = POLLIN } };
	int key = getch();

	if (key != ERR)
		return key;
	if (poll(fds, 3, ms) <= 0)
		return TOP_NOTHING;
	if (fds[1].revents)
		return take_signal(t);
	if (fds[2].revents)
		wake_up(t);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		return TOP_END;
	key = fds[0].revents ? getch() : ERR;
	return key == ERR ? TOP_NOTHING : key;
}

enum top_mouse top_screen_mouse(unsigned *ret_x, unsigned *ret_y)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return MOUSE_NOTHING;
	*ret_x = e.x > 0 ? (unsigned)e.x : 0;
	*ret_y = e.y > 0 ? (unsigned)e.y : 0;
	return e.bstate & BUTTON4_PRESSED   ? MOUSE_UP
	       : e.bstate & BUTTON5_PRESSED ? MOUSE_DOWN
	       : e.bstate & BUTTON1_PRESSED ? MOUSE_CLICK
					    : MOUSE_NOTHING;
}

void top_screen_send(struct top_screen *t, const char *text, size_t len)
{
	fwrite(text, 1, len, stdout);
	fflush(stdout);
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

/* Without joiners and selectors of emoji: with them, terminals draw in other columns than curses
 * counts, and what stood there before is left. */
static void add_text(WINDOW *w, const char *text)
{
	while (*text) {
		const char *joiner = strstr(text, "\u200d"), *selector = strstr(text, "\ufe0f");
		const char *end = !joiner || (selector && selector < joiner) ? selector : joiner;

		waddnstr(w, text, end ? (int)(end - text) : -1);
		text = end ? end + strlen("\u200d") : "";
	}
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
	add_text(w, text);
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
