/* SPDX-License-Identifier: MIT */
#include "run/alert_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "kernel/helper_process.h"
#include "options/exit_code.h"
#include "run/child.h"
#include "run/command.h"
#include "run/environment.h"

#define NAME	"llm-spy-alert"
#define POLL_MS 50
#define END_MS	10000

/* Of the helper process, which begins with a copy of them. */
static const char *to_run;
static char **environment;

/* ---- the helper process ---- */

/* Variables of the alert before those of the caller. */
static char **variables_of(char *text, size_t len)
{
	size_t count = 0, kept = 0;
	char **all = NULL;

	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		all = xgrow(all, count, sizeof(*all));
		all[count++] = text + at;
	}
	while (environment[kept]) {
		all = xgrow(all, count, sizeof(*all));
		all[count++] = environment[kept++];
	}
	all = xgrow(all, count, sizeof(*all));
	all[count] = NULL;
	return all;
}

_Noreturn static void become(char *text, size_t len)
{
	const char *argv[] = { "sh", "-c", to_run, NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execve("/bin/sh", (char **)argv, variables_of(text, len));
	_exit(EXIT_NOT_RUN);
}

static size_t reap(size_t running, int flags)
{
	while (running && waitpid(-1, NULL, flags) > 0)
		running--;
	return running;
}

/* False: there is no more. */
static bool run_next(int sock, size_t *running)
{
	char text[ALERT_VARIABLES_MAX + 1];
	ssize_t len = recv(sock, text, ALERT_VARIABLES_MAX, 0);
	pid_t pid;

	if (len <= 0)
		return len < 0 && errno == EINTR;
	text[len] = '\0';
	pid = fork();
	if (pid == 0)
		become(text, (size_t)len);
	*running += pid > 0;
	return true;
}

static void serve(int sock)
{
	size_t running = 0;
	bool more = true;

	while (more) {
		struct pollfd fd = { .fd = sock, .events = POLLIN };

		if (running == ALERT_COMMANDS_MAX)
			usleep(POLL_MS * 1000);
		else if (poll(&fd, 1, running ? POLL_MS : -1) > 0)
			more = run_next(sock, &running);
		running = reap(running, WNOHANG);
	}
	reap(running, 0);
}

/* Its output goes where our messages go. */
static void take_stderr(int sock)
{
	size_t count = 0;
	char byte;
	int fd = -1;

	if (fdpass_receive(sock, &byte, 1, &fd, 1, &count) == 1 && count == 1) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
}

static void run(int sock)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	fcntl(sock, F_SETFD, FD_CLOEXEC);
	take_stderr(sock);
	if (child_become_caller() == 0)
		serve(sock);
	_exit(EXIT_FINE);
}

/* ---- the tracer ---- */

static char **environment_of_caller(void)
{
#ifdef HAVE_BPF
	return command_caller_environment();
#else
	const struct environment_sources nothing = { 0 };

	return environment_merge(&nothing, environ);
#endif
}

int alert_runner_start(const char *command, struct error *reterr)
{
	const int fd = STDERR_FILENO;
	int sock, err;

	to_run = command;
	environment = environment_of_caller();
	sock = helper_spawn(SOCK_SEQPACKET, NAME, run);
	environment_free(environment);
	environment = NULL;
	if (sock < 0)
		return error_set(reterr, sock, "cannot start what runs --on-alert: %s",
				 strerror(-sock));
	err = fdpass_send(sock, "", 1, &fd, 1);
	if (err) {
		close(sock);
		return error_set(reterr, err, "cannot start what runs --on-alert: %s",
				 strerror(-err));
	}
	return sock;
}

bool alert_runner_run(int runner, struct span variables)
{
	return send(runner, variables.ptr, variables.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)variables.len;
}

bool alert_runner_finish(int runner)
{
	struct pollfd fd = { .fd = runner, .events = POLLIN };

	/* The process closes its end when it has ended. */
	return shutdown(runner, SHUT_WR) != 0 || poll(&fd, 1, END_MS) != 0;
}
