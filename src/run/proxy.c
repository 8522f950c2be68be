/* SPDX-License-Identifier: MIT */
#include "run/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/filter.h"
#include "cost/price_file.h"
#include "options/exit_code.h"
#include "pipeline.h"
#include "run/beside.h"
#include "run/by_signal.h"
#include "run/child.h"
#include "run/command.h"
#include "run/environment.h"
#include "run/loop.h"
#include "run/outcome.h"
#include "run/proxy_command.h"
#include "run/recording.h"
#include "run/report.h"
#include "sink/fanout.h"
#include "source/piped.h"

#define STANDARD_PORT	 8080
#define STANDARD_ADDRESS "127.0.0.1"
/* The descriptors that llm-spy-proxy expects. */
#define LISTEN_FD 3
#define CHUNKS_FD 4

struct run {
	const struct options *o;
	struct limits limits;
	struct prices *prices;
	struct destination to;
	struct messages messages;
	struct fanout *fanout;
	struct totals totals;
	struct recording recording;
	struct pipeline *pipeline;
	struct filter *filter;
	struct piped *piped;
	struct child command;
	char **environment;
	struct loop loop;
	char *dir;    /* of the certificate authority */
	int listener; /* until the proxy has it */
	int news;     /* its messages */
	struct buf lines;
	char *address; /* where it listens */
	unsigned port;
	uint64_t begun_ns;
	bool failed, unheard;
	enum exit_code cannot;
};

/* ---- files ---- */

static char *proxy_dir(void)
{
	struct caller c;
	bool called = caller_find(&c);
	const char *own = called ? NULL : getenv("XDG_CONFIG_HOME");
	const struct passwd *pw = getpwuid(called ? c.uid : geteuid());

	if (own && own[0] == '/')
		return xasprintf("%s/llm-spy/proxy", own);
	return xasprintf("%s/.config/llm-spy/proxy", pw ? pw->pw_dir : "/tmp");
}

static int check_built(struct error *reterr)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy");

	if (access(path, X_OK) == 0)
		return 0;
	return error_set(reterr, -ENOENT,
			 "this llm-spy was built without the proxy (apt install libevent-dev, and "
			 "build it again)");
}

/* ---- the listener ---- */

static bool make_address(const char *text, unsigned port, struct sockaddr_storage *ret,
			 socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*len = sizeof(*v6);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

static int listen_at(struct run *r, struct error *reterr)
{
	unsigned port = r->o->port || r->o->command ? r->o->port : STANDARD_PORT;
	struct sockaddr_storage a;
	socklen_t len;
	int one = 1;

	r->address = xstrdup(r->o->listen ? r->o->listen : STANDARD_ADDRESS);
	if (!make_address(r->address, port, &a, &len))
		return error_set(reterr, -EINVAL, "--listen %.80s: expected an address, e.g. %s",
				 r->address, STANDARD_ADDRESS);
	r->listener = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->listener >= 0)
		setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&a, len) != 0 ||
	    listen(r->listener, SOMAXCONN) != 0 ||
	    getsockname(r->listener, (struct sockaddr *)&a, &len) != 0)
		return error_set(reterr, -errno, "cannot listen at %.80s port %u: %s%s", r->address,
				 port, strerror(errno),
				 errno == EADDRINUSE ? "; another one: --port PORT" : "");
	r->port = ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port
					       : ((struct sockaddr_in6 *)&a)->sin6_port);
	return 0;
}

static char *url_of(const struct run *r)
{
	return xasprintf(strchr(r->address, ':') ? "http://[%s]:%u" : "http://%s:%u", r->address,
			 r->port);
}

/* ---- the proxy's process ---- */

_Noreturn static void become_proxy(const struct run *r, int chunks, int news)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy");
	const char *argv[10] = { "llm-spy-proxy", "--ca", r->dir };
	size_t n = 3;
	/* None may be where another one goes. What dup2 makes stays open. */
	int listener = fcntl(r->listener, F_DUPFD_CLOEXEC, CHUNKS_FD + 1);
	int err = child_become_caller();

	if (r->o->proxy_hosts) {
		argv[n++] = "--hosts";
		argv[n++] = strcmp(r->o->proxy_hosts, "all") == 0 ? "*" : r->o->proxy_hosts;
	}
	if (r->o->reverse) {
		argv[n++] = "--reverse";
		argv[n++] = r->o->reverse;
	}
	chunks = fcntl(chunks, F_DUPFD_CLOEXEC, CHUNKS_FD + 1);
	if (!err && (dup2(news, STDERR_FILENO) < 0 || dup2(listener, LISTEN_FD) < 0 ||
		     dup2(chunks, CHUNKS_FD) < 0))
		err = -errno;
	if (!err) {
		execv(path, (char **)argv);
		err = -errno;
	}
	log_say("%s: %s", path, strerror(-err));
	_exit(EXIT_FAILED);
}

/* Its messages, as whole lines: they go where ours do. */
static void pass_news(struct run *r)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(r->news, piece, sizeof(piece))) > 0) {
		const char *end;

		buf_add(&r->lines, span_of(piece, (size_t)n));
		end = memrchr(r->lines.ptr, '\n', r->lines.len);
		if (!end)
			continue;
		log_lines(span_of(r->lines.ptr, (size_t)(end - r->lines.ptr) + 1));
		buf_drop(&r->lines, (size_t)(end - r->lines.ptr) + 1);
	}
}

/* It is nobody's child, so that waiting for what the command leaves behind does not wait for it. It
 * ends when we close the pipe. */
static int start_proxy(struct run *r, struct error *reterr)
{
	int fds[2], news[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0 || pipe2(news, O_CLOEXEC) != 0)
		return error_set(reterr, -errno, "pipe: %s", strerror(errno));
	fcntl(fds[0], F_SETPIPE_SZ, 1 << 20);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setsid();
		if (fork() == 0)
			become_proxy(r, fds[1], news[1]);
		_exit(0);
	}
	close(fds[1]);
	close(news[1]);
	r->news = news[0];
	fcntl(r->news, F_SETFL, O_NONBLOCK);
	close(r->listener);
	r->listener = -1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return error_set(reterr, -errno, "cannot start the proxy: %s", strerror(errno));
	r->piped = piped_open(fds[0], filter_chunk, r->filter);
	if (piped_begins(r->piped))
		return 0;
	pass_news(r);
	return error_set(reterr, -ECHILD, "the proxy could not be started");
}

/* ---- the run ---- */

static void tick(void *arg, uint64_t now)
{
	struct run *r = arg;

	pipeline_tick(r->pipeline, now);
	pass_news(r);
}

static bool is_over(const void *arg)
{
	const struct run *r = arg;

	return r->recording.failed || !fanout_is_alive(r->fanout) || !fanout_has_reader(r->fanout);
}

static void show(void *arg)
{
	const struct run *r = arg;
	struct run_report report = report_gather(r->pipeline, &r->totals, &r->limits);

	report.duration_ns = now_ns() - r->begun_ns;
	report_print_map(&report);
}

static const struct loop_ops loop_ops = { .tick = tick, .is_over = is_over, .show = show };

static int open_outputs(struct run *r, struct error *reterr)
{
	struct output_defaults defaults = options_output(r->o);
	int err = destination_choose(&r->to, r->o, reterr);

	if (!err)
		err = fanout_open(&r->fanout, r->to.outputs, r->to.count, r->o->format, &defaults,
				  reterr);
	if (!err && r->o->metrics)
		err = fanout_add(r->fanout, r->o->metrics, r->o->format, &defaults, reterr);
	if (!err && r->o->record)
		err = recording_open(&r->recording, r->o->record, r->o->force, reterr);
	return err;
}

static void make_pipeline(struct run *r)
{
	r->pipeline = report_begin(&r->totals, r->fanout, r->prices, &r->limits, &r->o->select);
	recording_before(&r->recording, pipeline_chunk, r->pipeline);
	r->filter = filter_new(&r->o->filter, recording_chunk, &r->recording);
}

static int find_command(struct run *r, struct error *reterr)
{
	AUTO_FREE char *url = url_of(r);

	r->environment = command_environment(r->o->command, reterr);
	if (!r->environment) {
		r->cannot = reterr->code == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
		return reterr->code;
	}
	proxy_command_environment(&r->environment, url, r->address, r->port, r->dir);
	return 0;
}

static int start_command(struct run *r, struct error *reterr)
{
	struct child_options o = { .argv = r->o->command,
				   .environment = r->environment,
				   .errors_only = r->to.errors_only };

	return child_start(&r->command, &o, reterr);
}

static int start(struct run *r, struct error *reterr)
{
	int err;

	r->cannot = EXIT_CANNOT;
	if (check_built(reterr) != 0)
		return reterr->code;
	r->cannot = EXIT_FAILED;
	r->dir = proxy_dir();
	r->prices = price_file_open(r->o->prices, reterr);
	err = r->prices ? open_outputs(r, reterr) : reterr->code;
	if (err)
		return err;
	r->cannot = EXIT_CANNOT;
	make_pipeline(r);
	err = listen_at(r, reterr);
	if (!err && r->o->command)
		err = find_command(r, reterr);
	if (!err)
		err = start_proxy(r, reterr);
	if (!err && r->o->command)
		err = start_command(r, reterr);
	if (!err)
		err = loop_init(&r->loop, reterr);
	if (!err)
		err = fanout_start(r->fanout, reterr);
	return err;
}

static void say_ready(const struct run *r)
{
	AUTO_FREE char *url = url_of(r);

	if (r->to.log)
		log_say("writing to %s (-o - shows it here)", r->to.log);
	if (r->o->command)
		return;
	if (r->o->reverse)
		log_say("ready: %s passes all on to %s; use it as the base URL", url,
			r->o->reverse);
	else
		log_say("ready: use %s as the proxy, and trust %s/ca.pem", url, r->dir);
	if (strncmp(r->address, "127.", 4) != 0 && strcmp(r->address, "::1") != 0)
		log_say("whoever reaches %s can use this proxy", r->address);
}

static void finish(struct run *r)
{
	struct output_totals *outputs;
	struct run_report report;

	pass_news(r);
	piped_source(r->piped)->ops->finish(piped_source(r->piped));
	pipeline_finish(r->pipeline, now_ns());
	recording_close(&r->recording);
	if (r->o->metrics_wait && r->o->command)
		loop_wait(&r->loop);
	fanout_finish(r->fanout);
	r->unheard = !fanout_has_reader(r->fanout) || r->recording.failed == -EPIPE;
	if (r->unheard)
		return;
	signal(SIGTTOU, SIG_IGN);
	report = report_gather(r->pipeline, &r->totals, &r->limits);
	report.outputs = outputs = fanout_totals(r->fanout, &report.noutputs, &r->failed);
	report.duration_ns = now_ns() - r->begun_ns;
	if (child_never_ran(&r->command)) {
		destination_drop_log(&r->to);
		messages_release(&r->messages);
	} else {
		outcome_say(&(struct outcome){ r->o, &r->to, &r->messages }, &report);
	}
	free(outputs);
}

static void run_done(struct run *r)
{
	piped_free(r->piped);
	recording_close(&r->recording);
	pipeline_free(r->pipeline);
	filter_free(r->filter);
	fanout_free(r->fanout);
	totals_done(&r->totals);
	destination_done(&r->to);
	environment_free(r->environment);
	prices_free(r->prices);
	loop_done(&r->loop);
	if (r->listener >= 0)
		close(r->listener);
	if (r->news >= 0)
		close(r->news);
	buf_done(&r->lines);
	free(r->address);
	free(r->dir);
}

static int exit_code(const struct run *r, int err)
{
	if (r->unheard)
		return by_signal_end(SIGPIPE);
	if (r->recording.failed)
		log_warn("proxy", "the recording %s is incomplete: %s", r->o->record,
			 strerror(-r->recording.failed));
	if (r->command.pid && r->command.exited)
		return child_exit_status(&r->command);
	return err || r->recording.failed || r->failed ? EXIT_FAILED : EXIT_FINE;
}

int proxy_run(const struct options *o, struct error *reterr)
{
	struct run r = { .o = o, .limits = o->limits, .listener = -1, .news = -1 };
	int err, code;

	r.loop = (struct loop){ .ops = &loop_ops, .arg = &r, .command = &r.command, .signals = -1 };
	buf_init(&r.lines, 65536);
	err = start(&r, reterr);
	if (err) {
		destination_drop_log(&r.to);
		run_done(&r);
		return r.cannot;
	}
	loop_hold_ends(true);
	r.begun_ns = now_ns();
	say_ready(&r);
	if (r.to.quiet)
		messages_hold(&r.messages, r.to.takes_notes ? r.fanout : NULL);
	if (o->command)
		child_release(&r.command);
	r.loop.source = piped_source(r.piped);
	err = loop_run(&r.loop);
	if (!err && !r.loop.stop && !r.loop.all_gone && !is_over(&r))
		err = error_set(reterr, -ECHILD, "the proxy ended by itself");
	if (r.loop.stop)
		child_settle(&r.command);
	finish(&r);
	code = exit_code(&r, err);
	run_done(&r);
	return code;
}

int proxy_ca(const struct options *o, struct error *reterr)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy"), *dir = proxy_dir();
	const char *argv[] = { "llm-spy-proxy", "--ca", dir, "--about", o->operands[0], NULL };
	int err = check_built(reterr);

	if (err)
		return EXIT_CANNOT;
	err = child_become_caller();
	if (!err) {
		execv(path, (char **)argv);
		err = -errno;
	}
	error_set(reterr, err, "%s: %s", path, strerror(-err));
	return EXIT_CANNOT;
}
