/* SPDX-License-Identifier: MIT */
#include "demo/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "options/exit_code.h"
#include "probe/embedded.h"
#include "run/beside.h"
#include "run/by_signal.h"
#include "run/tracer.h"

/* Its port, which it says when it is ready; 0: it is not. */
static unsigned start_mock(const char *ca_file, pid_t *ret_pid)
{
	AUTO_FREE char *path = program_beside("llm-spy-mock");
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
		code = tracer_run(o, NULL, &e);
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

/* The clients run as the user who called sudo, who has to read it. */
static char *put_agent(const char *dir)
{
	char *path = xasprintf("%s/agent.py", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0) {
		fchmod(fd, 0644);
		file_write_all(fd, span_str(embedded_agent_py));
		close(fd);
	}
	return path;
}

/* Traces the clients; an exit code. */
static int show(struct options *o, unsigned port, const char *ca_file, const char *agent)
{
	AUTO_FREE char *url = xasprintf("https://localhost:%u", port);
	const char *command[] = { "sh", "-c", embedded_demo_sh, "demo", url, ca_file, agent, NULL };
	int code;

	o->command = (char **)command; /* exec takes them for const */
	if (!o->outputs.count) {
		o->outputs.items = xgrow(o->outputs.items, 0, sizeof(*o->outputs.items));
		o->outputs.items[o->outputs.count++] = "-";
	}
	log_say("demo: curl and an agent talk to a mock of OpenAI and Anthropic at %s; nothing "
		"leaves this machine",
		url);
	code = trace_apart(o);
	o->command = NULL;
	return code;
}

int demo_run(struct options *o, struct error *reterr)
{
	char dir[] = "/tmp/llm-spy-demo-XXXXXX";
	AUTO_FREE char *ca_file = NULL, *agent = NULL;
	pid_t mock = 0;
	unsigned port;
	int code = EXIT_FAILED;

	if (!mkdtemp(dir)) {
		error_set(reterr, -errno, "%s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	chmod(dir, 0755);
	ca_file = xasprintf("%s/ca.pem", dir);
	agent = put_agent(dir);
	port = start_mock(ca_file, &mock);
	if (port)
		code = show(o, port, ca_file, agent);
	else
		error_set(reterr, -ECHILD, "the mock provider could not be started");
	if (mock > 0) {
		kill(mock, SIGKILL);
		waitpid(mock, NULL, 0);
	}
	unlink(agent);
	unlink(ca_file);
	rmdir(dir);
	return code;
}
