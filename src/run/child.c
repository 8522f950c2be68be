/* SPDX-License-Identifier: MIT */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "options/exit_code.h"

/* The number sudo left in the environment, or -1. */
static long sudo_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return *end || errno || n < 0 ? -1 : n;
}

/* Back to who called sudo, with that user's groups and home. */
static int drop_to_caller(void)
{
	long uid = sudo_number("SUDO_UID"), gid = sudo_number("SUDO_GID");
	const struct passwd *pw;

	if (geteuid() != 0 || uid <= 0 || gid < 0)
		return 0;
	pw = getpwuid((uid_t)uid);
	if (setgid((gid_t)gid) != 0 ||
	    (pw ? initgroups(pw->pw_name, (gid_t)gid) : setgroups(0, NULL)) != 0 ||
	    setuid((uid_t)uid) != 0)
		return -errno;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
		setenv("SHELL", pw->pw_shell, 1);
	}
	return 0;
}

_Noreturn static void child(char **argv, int gate, const sigset_t *mask)
{
	char byte;
	int err;

	/* The tracer lets go by closing its end; if it dies before, the command never runs. */
	if (read(gate, &byte, 1) != 1)
		_exit(EXIT_FAILED);
	close(gate);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	err = drop_to_caller();
	if (err == 0) {
		execvp(argv[0], argv);
		err = -errno;
	}
	log_say("%s: %s", argv[0], strerror(-err));
	_exit(err == -ENOENT ? 127 : 126);
}

int child_start(struct child *c, char **argv, struct error *reterr)
{
	sigset_t all, before;
	int gate[2];

	if (pipe2(gate, O_CLOEXEC) != 0)
		return error_set(reterr, -errno, "cannot start %.80s: %s", argv[0],
				 strerror(errno));
	/* What the command leaves behind becomes our child, so that we can wait for it. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* The child must not act on a signal meant for the command before it is the command. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		close(gate[1]);
		child(argv, gate[0], &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(gate[0]);
	c->gate = gate[1];
	if (c->pid < 0) {
		close(gate[1]);
		return error_set(reterr, -errno, "cannot start %.80s: %s", argv[0],
				 strerror(errno));
	}
	return 0;
}

void child_release(struct child *c)
{
	if (write(c->gate, "", 1) != 1)
		kill(c->pid, SIGKILL);
	close(c->gate);
}

bool child_reap(struct child *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		/* One that is held (proc/hold.h) tells that it stands. */
		if (pid == c->pid && !WIFSTOPPED(status)) {
			c->exited = true;
			c->status = status;
		}
	return pid < 0 && errno == ECHILD;
}

int child_exit_status(const struct child *c)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t set;

	if (WIFEXITED(c->status))
		return WEXITSTATUS(c->status);
	if (!WIFSIGNALED(c->status))
		return EXIT_FAILED;
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(c->status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(c->status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(WTERMSIG(c->status));
	return 128 + WTERMSIG(c->status);
}
