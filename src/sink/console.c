/* SPDX-License-Identifier: MIT */
#include "sink/console.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "sink/screen.h"

struct console {
	int fd;
	int signals; /* signalfd, -1: none */
	int woken;   /* eventfd, -1: none */
	bool keys;   /* may be read, when we are in the foreground */
	sigset_t before;
};

/* What a handler puts back: there is one terminal. */
static struct {
	int fd;
	pid_t pid; /* whose; a child that was forked leaves it alone */
	struct termios attributes;
	volatile sig_atomic_t is_raw, is_drawn;
} terminal;

static const int ending[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
			      SIGSEGV, SIGBUS,	SIGFPE, SIGILL };

/* ---- attributes ---- */

static void restore(void)
{
	if (terminal.is_raw)
		tcsetattr(terminal.fd, TCSANOW, &terminal.attributes);
	terminal.is_raw = 0;
}

/* Each key is read as it is pressed, and not shown; Ctrl-C and Ctrl-Z stay what they are. */
static void take_keyboard(int fd)
{
	struct termios t;

	if (terminal.is_raw || tcgetattr(fd, &t) != 0)
		return;
	terminal.attributes = t;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &t) == 0)
		terminal.is_raw = 1;
}

/* Only what a signal handler may call. */
static void leave_at_once(void)
{
	if (terminal.pid != getpid())
		return;
	if (terminal.is_drawn)
		(void)!write(terminal.fd, SCREEN_ERASE, strlen(SCREEN_ERASE));
	terminal.is_drawn = 0;
	restore();
}

static void on_end(int sig)
{
	leave_at_once();
	raise(sig); /* its default action again, when this handler returns */
}

/* Signals that we were started to ignore stay ignored. Those that the tracer takes by a descriptor
 * never get here. */
static void handle_ends(bool on)
{
	struct sigaction ours = { .sa_handler = on_end, .sa_flags = (int)SA_RESETHAND }, old;
	struct sigaction none = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
		sigaction(ending[i], NULL, &old);
		if (on && old.sa_handler == SIG_DFL)
			sigaction(ending[i], &ours, NULL);
		if (!on && old.sa_handler == on_end)
			sigaction(ending[i], &none, NULL);
	}
}

/* ---- opening ---- */

static bool is_same(int a, int b)
{
	struct stat x, y;

	return isatty(a) && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_rdev == y.st_rdev;
}

static bool is_ignored(int sig)
{
	struct sigaction a;

	return sigaction(sig, NULL, &a) == 0 && a.sa_handler == SIG_IGN;
}

static int take_signals(sigset_t *ret_before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	if (!is_ignored(SIGTSTP))
		sigaddset(&set, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &set, ret_before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct console *console_open(int fd, bool keys)
{
	static bool is_registered;
	struct console *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->keys = keys && is_same(STDIN_FILENO, fd);
	c->signals = take_signals(&c->before);
	c->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	terminal.fd = fd;
	terminal.pid = getpid();
	handle_ends(true);
	if (!is_registered)
		atexit(leave_at_once);
	is_registered = true;
	return c;
}

void console_close(struct console *c)
{
	int signals[] = { SIGWINCH, SIGCONT, SIGTSTP };

	if (!c)
		return;
	console_leave(c);
	handle_ends(false);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigset_t one;

		sigemptyset(&one);
		sigaddset(&one, signals[i]);
		if (!sigismember(&c->before, signals[i]))
			pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	}
	if (c->signals >= 0)
		close(c->signals);
	if (c->woken >= 0)
		close(c->woken);
	free(c);
}

/* ---- waiting ---- */

size_t console_pollfds(struct console *c, struct pollfd *fds, size_t max)
{
	const int all[] = { c->signals, c->woken, terminal.is_raw ? STDIN_FILENO : -1 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && n < max; i++)
		fds[n++] = (struct pollfd){ .fd = all[i], .events = POLLIN };
	return n;
}

void console_wake(struct console *c)
{
	if (c->woken >= 0)
		(void)!eventfd_write(c->woken, 1);
}

bool console_is(const struct console *c, int fd)
{
	return is_same(fd, c->fd);
}

void console_size(const struct console *c, unsigned *ret_columns, unsigned *ret_rows)
{
	struct winsize w;
	bool known = ioctl(c->fd, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;

	*ret_columns = known ? w.ws_col : 80;
	*ret_rows = known ? w.ws_row : 24;
}

bool console_attend(struct console *c)
{
	bool ours = tcgetpgrp(c->fd) == getpgrp();
	eventfd_t count;

	if (c->woken >= 0)
		(void)!eventfd_read(c->woken, &count);
	if (!ours)
		terminal.is_raw = 0; /* who is in front has set it to his liking */
	else if (c->keys)
		take_keyboard(c->fd);
	return ours;
}

bool console_has_keys(const struct console *c)
{
	return c->keys;
}

size_t console_keys(struct console *c, char *ret, size_t max)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	if (!terminal.is_raw || poll(&p, 1, 0) <= 0)
		return 0;
	n = read(STDIN_FILENO, ret, max);
	if (n > 0)
		return (size_t)n;
	c->keys = false; /* it is gone */
	restore();
	return 0;
}

/* ---- stopping and ending ---- */

enum console_signal console_signal(struct console *c)
{
	struct signalfd_siginfo s;

	if (c->signals < 0 || read(c->signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return CONSOLE_NONE;
	switch (s.ssi_signo) {
	case SIGTSTP:
		return CONSOLE_STOP;
	case SIGCONT:
		return CONSOLE_CONTINUED;
	default:
		return CONSOLE_RESIZED;
	}
}

/* The signal is raised again with its default action, so that a shell sees what stopped us. */
void console_stop(struct console *c)
{
	sigset_t stop;

	if (tcgetpgrp(c->fd) == getpgrp())
		restore();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
}

void console_quit(void)
{
	kill(getpid(), SIGINT);
}

void console_write(struct console *c, const char *text)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	if (poll(&p, 1, 0) > 0)
		(void)!write(c->fd, text, strlen(text));
}

void console_note_region(struct console *c, bool is_drawn)
{
	terminal.is_drawn = is_drawn;
}

void console_leave(struct console *c)
{
	terminal.is_drawn = 0;
	if (tcgetpgrp(c->fd) == getpgrp())
		restore();
	terminal.is_raw = 0;
}
