/* SPDX-License-Identifier: MIT */
#include "demo/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "options/exit_code.h"
#include "probe/embedded.h"
#include "run/by_signal.h"
#include "run/tracer.h"

/* The mock beside our own program, as in a build tree, or where it is installed. */
static char *mock_path(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *path;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		path = xasprintf("%.*s/llm-spy-mock", (int)(slash - self), self);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup(PKGLIBEXECDIR "/llm-spy-mock");
}

/* Its port, which it says when it is ready; 0: it is not. */
static unsigned start_mock(const char *ca_file, pid_t *ret_pid)
{
	AUTO_FREE char *path = mock_path();
	unsigned port = 0;
	int out[2];
	FILE *f;

	if (pipe(out) != 0)
		return 0;
	*ret_pid = fork();
	if (*ret_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(path, "llm-spy-mock", "--ca-file", ca_file, (char *)NULL);
		log_say("%s: %s", path, strerror(errno));
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!f || fscanf(f, "port %u", &port) != 1)
		port = 0;
	if (f)
		fclose(f);
	return port;
}

/* The tracer waits for all its children, so it must not be the mock's parent: it gets a process
 * of its own. */
static int trace_apart(const struct options *o)
{
	struct error e = { 0 };
	int status = 0, code;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		code = tracer_run(o, &e);
		if (e.code)
			log_say("%s", e.text);
		exit(code);
	}
	signal(SIGINT, SIG_IGN); /* the tracer acts on it, and then we end too */
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return EXIT_FAILED;
	if (WIFSIGNALED(status))
		return by_signal_end(WTERMSIG(status));
	return WEXITSTATUS(status);
}

int demo_run(struct options *o, struct error *reterr)
{
	char dir[] = "/tmp/llm-spy-demo-XXXXXX";
	AUTO_FREE char *ca_file = NULL, *url = NULL;
	const char *command[] = { "sh", "-c", embedded_demo_sh, "demo", NULL, NULL, NULL };
	pid_t mock = 0;
	unsigned port;
	int code;

	if (!mkdtemp(dir)) {
		error_set(reterr, -errno, "%s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	/* The clients run as the user who called sudo. */
	chmod(dir, 0755);
	ca_file = xasprintf("%s/ca.pem", dir);
	port = start_mock(ca_file, &mock);
	if (port) {
		url = xasprintf("https://localhost:%u", port);
		command[4] = url;
		command[5] = ca_file;
		o->command = (char **)command; /* exec takes them for const */
		if (!o->outputs.count) {
			o->outputs.items = xgrow(o->outputs.items, 0, sizeof(*o->outputs.items));
			o->outputs.items[o->outputs.count++] = "-";
		}
		log_say("demo: curl and python3 talk to a mock provider at %s; nothing leaves "
			"this machine",
			url);
		code = trace_apart(o);
		o->command = NULL;
	} else {
		error_set(reterr, -ECHILD, "the mock provider could not be started");
		code = EXIT_FAILED;
	}
	if (mock > 0) {
		kill(mock, SIGKILL);
		waitpid(mock, NULL, 0);
	}
	unlink(ca_file);
	rmdir(dir);
	return code;
}
