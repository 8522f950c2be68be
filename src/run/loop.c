/* SPDX-License-Identifier: MIT */
#include "run/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

/* How often the buffer is looked at. The probe wakes us when a connection begins and when much
 * came at once, so this bounds the delay of what is shown, no more. */
#define DRAIN_BUSY_MS 5
#define DRAIN_IDLE_MS 20
#define DRAIN_BUDGET  (8u << 20)
#define TICK_NS	      50000000ull
#define WAIT_MS	      100

static void ends(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
}

void loop_hold_ends(bool hold)
{
	sigset_t set;

	ends(&set);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* In all threads, so that the one that draws reads them. */
static void block_for_screen(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void loop_block_ends(sigset_t *ret)
{
	ends(ret);
	sigprocmask(SIG_BLOCK, ret, NULL);
}

int loop_init(struct loop *l, struct error *reterr)
{
	sigset_t set;

	ends(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	if (l->command->pid)
		sigaddset(&set, SIGQUIT);
	if (l->command->pid && !l->screen)
		sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (l->screen)
		block_for_screen();
	signal(SIGPIPE, SIG_IGN);
	loop_hold_ends(false);
	l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->signals < 0 ? error_set(reterr, -errno, "signalfd: %s", strerror(errno)) : 0;
}

void loop_done(struct loop *l)
{
	if (l->signals >= 0)
		close(l->signals);
	l->signals = -1;
}

static bool runs_command(const struct loop *l)
{
	return l->command->pid && !l->command->exited;
}

/* Of a key. It reached the command as well, and what becomes of it is the command's affair: a REPL
 * goes on after Ctrl-C, an editor puts its screen in order before it stops. */
static void on_key(struct loop *l, const struct signalfd_siginfo *s)
{
	l->stop |= s->ssi_signo == SIGINT;
}

static void on_signal(struct loop *l, const struct signalfd_siginfo *s)
{
	if (!l->screen && runs_command(l) && s->ssi_code == SI_KERNEL && s->ssi_signo != SIGHUP) {
		on_key(l, s);
		return;
	}
	switch (s->ssi_signo) {
	case SIGUSR1:
		l->ops->show(l->arg);
		break;
	case SIGCHLD:
		if (l->command->pid && child_reap(l->command))
			l->all_gone = true;
		if (l->command->stopped)
			child_stop_with(l->command);
		/* After Ctrl-C, what the command leaves behind is not waited for. */
		if (l->stop && l->command->exited)
			l->all_gone = true;
		break;
	case SIGTSTP:
		kill(getpid(), SIGSTOP);
		break;
	case SIGINT:
		/* Sent to us alone, or as by Ctrl-C: a second one ends us. */
		if (!runs_command(l) || l->stop || l->screen)
			l->all_gone = true;
		if (runs_command(l) && l->screen)
			kill(l->command->pid, SIGINT);
		l->stop = true;
		break;
	default:
		if (runs_command(l))
			kill(l->command->pid, (int)s->ssi_signo);
		l->stop = l->all_gone = true;
		break;
	}
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo s;

	while (read(l->signals, &s, sizeof(s)) == sizeof(s))
		on_signal(l, &s);
}

static int poll_once(struct loop *l, bool busy)
{
	struct pollfd fds[1 + SOURCE_POLLFDS];
	size_t n = l->source->ops->pollfds(l->source, fds + 1, SOURCE_POLLFDS);

	fds[0] = (struct pollfd){ .fd = l->signals, .events = POLLIN };
	if (poll(fds, 1 + (n < SOURCE_POLLFDS ? n : SOURCE_POLLFDS),
		 busy ? DRAIN_BUSY_MS : DRAIN_IDLE_MS) < 0 &&
	    errno != EINTR)
		return -errno;
	if (fds[0].revents)
		read_signals(l);
	return 0;
}

int loop_run(struct loop *l)
{
	const struct source_ops *source = l->source->ops;
	uint64_t before = 0;
	bool busy = false;
	int err = 0;

	while (!err && !l->all_gone && !l->ops->is_over(l->arg)) {
		err = poll_once(l, busy);
		if (!err)
			err = source->service(l->source, DRAIN_BUDGET);
		if (!err && now_ns() - l->ticked_ns > TICK_NS) {
			l->ticked_ns = now_ns();
			l->ops->tick(l->arg, l->ticked_ns);
		}
		busy = source->count(l->source) != before;
		before = source->count(l->source);
	}
	return err > 0 ? 0 : err; /* 1: the source is at its end */
}

void loop_wait(struct loop *l)
{
	struct pollfd fd = { .fd = l->signals, .events = POLLIN };

	while (!l->stop && !l->ops->is_over(l->arg)) {
		if (poll(&fd, 1, WAIT_MS) > 0)
			read_signals(l);
	}
}
