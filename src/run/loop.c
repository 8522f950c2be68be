/* SPDX-License-Identifier: MIT */
#include "run/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

/* How often the buffer is looked at. The probe wakes us when a connection begins and when much
 * came at once, so this bounds the delay of what is shown, no more. */
#define DRAIN_BUSY_MS 5
#define DRAIN_IDLE_MS 20
#define DRAIN_BUDGET  (8u << 20)
#define TICK_NS	      50000000ull
/* Of this thread alone: what it does not take out of the kernel's buffer in time is lost. */
#define PRIORITY -10

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

int loop_init(struct loop *l, struct error *reterr)
{
	sigset_t set;

	ends(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
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

static void on_signal(struct loop *l, const struct signalfd_siginfo *s)
{
	switch (s->ssi_signo) {
	case SIGUSR1:
		l->ops->show(l->arg);
		break;
	case SIGCHLD:
		if (l->command->pid && child_reap(l->command))
			l->all_gone = true;
		/* After Ctrl-C, what the command leaves behind is not waited for. */
		if (l->stop && l->command->exited)
			l->all_gone = true;
		break;
	case SIGINT:
		/* Ctrl-C reaches the command as well, and it may go on: a second one ends us. */
		if (!l->command->pid || l->command->exited || l->stop)
			l->all_gone = true;
		l->stop = true;
		break;
	default:
		if (l->command->pid && !l->command->exited)
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
	struct pollfd fds[1 + LIVE_POLLFDS];
	size_t n = live_pollfds(l->live, fds + 1, LIVE_POLLFDS);

	fds[0] = (struct pollfd){ .fd = l->signals, .events = POLLIN };
	if (poll(fds, 1 + (n < LIVE_POLLFDS ? n : LIVE_POLLFDS),
		 busy ? DRAIN_BUSY_MS : DRAIN_IDLE_MS) < 0 &&
	    errno != EINTR)
		return -errno;
	if (fds[0].revents)
		read_signals(l);
	return 0;
}

int loop_run(struct loop *l)
{
	uint64_t before = 0;
	bool busy = false;
	int err = 0;

	setpriority(PRIO_PROCESS, 0, PRIORITY); /* may be refused, and does without */
	while (!err && !l->all_gone && !l->ops->is_over(l->arg)) {
		err = poll_once(l, busy);
		if (!err)
			err = live_drain(l->live, false, DRAIN_BUDGET);
		if (!err && now_ns() - l->ticked_ns > TICK_NS) {
			l->ticked_ns = now_ns();
			l->ops->tick(l->arg, l->ticked_ns);
		}
		busy = live_events(l->live) != before;
		before = live_events(l->live);
	}
	return err;
}
