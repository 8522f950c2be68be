/* SPDX-License-Identifier: MIT */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/log.h"
#include "options/exit_code.h"
#include "run/by_signal.h"

/* How long one that was told to end may take. */
#define SETTLE_MS      1000
#define SETTLE_STEP_MS 5

int child_become_caller(void)
{
	const struct passwd *pw;
	struct caller c;

	if (!caller_find(&c))
		return 0;
	pw = getpwuid(c.uid);
	if (setgid(c.gid) != 0 || (pw ? initgroups(pw->pw_name, c.gid) : setgroups(0, NULL)) != 0 ||
	    setuid(c.uid) != 0)
		return -errno;
	return 0;
}

static void redirect(const struct child_options *o)
{
	int nothing = o->said >= 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

	if (o->said >= 0)
		setsid();
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	if (o->said >= 0)
		dup2(o->said, STDERR_FILENO);
	if (o->said >= 0 || o->errors_only)
		dup2(STDERR_FILENO, STDOUT_FILENO);
}

_Noreturn static void child(const struct child_options *o, int gate, int news, const sigset_t *mask)
{
	int err = !o->apart ? -ENOTSUP : unshare(CLONE_NEWNS) != 0 ? -errno : 0;
	char byte;

	/* The first word, before anybody hears of the command. */
	if (write(news, &err, sizeof(err)) != sizeof(err))
		_exit(EXIT_FAILED);

	/* The tracer lets go by closing its end; if it dies before, the command never runs. */
	if (read(gate, &byte, 1) != 1)
		_exit(EXIT_FAILED);
	close(gate);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	redirect(o);
	err = child_become_caller();
	if (err == 0) {
		environ = o->environment;
		execvp(o->argv[0], o->argv);
		err = -errno;
	}
	log_say("%s: %s", o->argv[0], strerror(-err));
	if (write(news, &err, sizeof(err)) != sizeof(err))
		_exit(EXIT_FAILED);
	_exit(err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

static int open_pipes(int gate[2], int news[2])
{
	if (pipe2(gate, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(news, O_CLOEXEC) == 0)
		return 0;
	close(gate[0]);
	close(gate[1]);
	return -errno;
}

int child_start(struct child *c, const struct child_options *o, struct error *reterr)
{
	sigset_t all, before;
	int gate[2], news[2], err = open_pipes(gate, news);

	if (err)
		return error_set(reterr, err, "cannot start %.80s: %s", o->argv[0], strerror(-err));
	/* What the command leaves behind becomes our child, so that we can wait for it. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* The child must not act on a signal meant for the command before it is the command. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fflush(NULL);
	c->pid = fork();
	err = -errno;
	if (c->pid == 0) {
		close(gate[1]);
		child(o, gate[0], news[1], &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(gate[0]);
	close(news[1]);
	c->gate = gate[1];
	c->news = news[0];
	if (c->pid > 0 && read(c->news, &c->apart, sizeof(c->apart)) == sizeof(c->apart)) {
		fcntl(c->news, F_SETFL, O_NONBLOCK);
		return 0;
	}
	close(c->gate);
	close(c->news);
	return error_set(reterr, err, "cannot start %.80s: %s", o->argv[0], strerror(-err));
}

void child_release(struct child *c)
{
	if (write(c->gate, "", 1) != 1)
		kill(c->pid, SIGKILL);
	close(c->gate);
}

/* As waitpid(2) would have it. */
static int wait_status(const siginfo_t *s)
{
	return s->si_code == CLD_EXITED ? s->si_status << 8 : s->si_status;
}

bool child_reap(struct child *c)
{
	siginfo_t s;
	int err;

	while ((err = waitid(P_ALL, 0, &s, WEXITED | WSTOPPED | WNOHANG)) == 0 && s.si_pid) {
		if (s.si_pid != c->pid)
			continue;
		if (s.si_code == CLD_STOPPED) {
			c->stopped = s.si_status;
			continue;
		}
		c->exited = true;
		c->status = wait_status(&s);
	}
	return err != 0 && errno == ECHILD;
}

void child_settle(struct child *c)
{
	for (unsigned ms = 0; c->pid && !c->exited && ms < SETTLE_MS; ms += SETTLE_STEP_MS) {
		child_reap(c);
		if (!c->exited)
			usleep(SETTLE_STEP_MS * 1000);
	}
}

/* The shell has given us its terminal and can give it again. Not so when somebody stops the
 * command with kill(1) in a script. */
static bool is_foreground_job(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	bool is = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	if (fd >= 0)
		close(fd);
	return is;
}

void child_stop_with(struct child *c)
{
	c->stopped = 0;
	if (!is_foreground_job())
		return;
	kill(getpid(), SIGSTOP);
	kill(c->pid, SIGCONT);
}

bool child_never_ran(const struct child *c)
{
	int err;

	return c->pid && c->exited && read(c->news, &err, sizeof(err)) == sizeof(err);
}

int child_exit_status(const struct child *c)
{
	if (WIFEXITED(c->status))
		return WEXITSTATUS(c->status);
	return WIFSIGNALED(c->status) ? by_signal_end(WTERMSIG(c->status)) : EXIT_FAILED;
}
