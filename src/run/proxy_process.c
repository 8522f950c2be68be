/* SPDX-License-Identifier: MIT */
#include "run/proxy_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "options/exit_code.h"
#include "run/beside.h"
#include "run/child.h"
#include "run/proxy.h"

/* The descriptors that llm-spy-proxy expects. */
#define LISTEN_FD  3
#define CHUNKS_FD  4
#define SLOTS_FD   5 /* --proxy=transparent */
#define LISTEN6_FD 6
#define FDS	   4 /* so many */

/* ---- files ---- */

char *proxy_process_dir(void)
{
	struct caller c;
	bool called = caller_find(&c);
	const char *own = called ? NULL : getenv("XDG_CONFIG_HOME");
	const struct passwd *pw = getpwuid(called ? c.uid : geteuid());

	if (own && own[0] == '/')
		return xasprintf("%s/llm-spy/proxy", own);
	return xasprintf("%s/.config/llm-spy/proxy", pw ? pw->pw_dir : "/tmp");
}

int proxy_process_check(struct error *reterr)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy");

	if (access(path, X_OK) == 0)
		return 0;
	return error_set(reterr, -ENOENT,
			 "this llm-spy was built without the proxy (apt install libevent-dev, and "
			 "build it again)");
}

/* ---- what it is given ---- */

/* Hosts of providers, as the person says, which have no comma; NULL: none. */
static char *named_hosts(const struct named_hosts *n)
{
	struct buf text;

	buf_init(&text, 64 << 10);
	for (size_t i = 0; i < n->count; i++)
		buf_addf(&text, "%s%s", i ? "," : "", n->items[i].host);
	return n->count ? buf_take(&text) : NULL;
}

struct given {
	const struct options *o;
	const char *dir;
	const struct proxy_listener *listener;
	int slots;
};

/* `also`: named_hosts' */
static void proxy_arguments(const struct given *r, const char *also, const char *argv[16])
{
	size_t n = 0;

	argv[n++] = "llm-spy-proxy";
	argv[n++] = "--ca";
	argv[n++] = r->dir;
	if (r->o->proxy_hosts) {
		argv[n++] = "--hosts";
		argv[n++] = strcmp(r->o->proxy_hosts, "all") == 0 ? "*" : r->o->proxy_hosts;
	}
	if (r->o->reverse) {
		argv[n++] = "--reverse";
		argv[n++] = r->o->reverse;
	}
	if (also) {
		argv[n++] = "--also";
		argv[n++] = also;
	}
	if (r->o->upstream_proxy) {
		argv[n++] = "--upstream";
		argv[n++] = r->o->upstream_proxy;
	}
	if (r->slots >= 0)
		argv[n++] = "--slots";
	if (r->listener->fd6 >= 0)
		argv[n++] = "--listen6";
	argv[n] = NULL;
}

/* Each to its number. None may be where another one goes; what dup2 makes stays open. */
static int place_descriptors(const int from[FDS])
{
	int moved[FDS];

	for (int i = 0; i < FDS; i++) {
		moved[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD_CLOEXEC, LISTEN_FD + FDS);
		if (from[i] >= 0 && moved[i] < 0)
			return -errno;
	}
	for (int i = 0; i < FDS; i++)
		if (moved[i] >= 0 && dup2(moved[i], LISTEN_FD + i) < 0)
			return -errno;
	return 0;
}

_Noreturn static void become_proxy(const struct given *r, int chunks, int news)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy"), *also = named_hosts(&r->o->named);
	const int fds[FDS] = { [LISTEN_FD - LISTEN_FD] = r->listener->fd,
			       [CHUNKS_FD - LISTEN_FD] = chunks,
			       [SLOTS_FD - LISTEN_FD] = r->slots,
			       [LISTEN6_FD - LISTEN_FD] = r->listener->fd6 };
	const char *argv[16];
	int err = child_become_caller();

	proxy_arguments(r, also, argv);
	if (!err)
		err = dup2(news, STDERR_FILENO) < 0 ? -errno : place_descriptors(fds);
	if (!err) {
		execv(path, (char **)argv);
		err = -errno;
	}
	log_say("%s: %s", path, strerror(-err));
	_exit(EXIT_FAILED);
}

/* ---- the process ---- */

/* A child of ours that ends at once is its parent. */
static pid_t fork_apart(const struct given *g, int chunks, int news)
{
	int id[2], status;
	pid_t pid, proxy = -1;

	if (pipe2(id, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			become_proxy(g, chunks, news);
		_exit(write(id[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	if (pid > 0 && (waitpid(pid, &status, 0) != pid ||
			read(id[0], &proxy, sizeof(proxy)) != sizeof(proxy)))
		proxy = -1;
	close(id[0]);
	close(id[1]);
	return proxy;
}

void proxy_process_init(struct proxy_process *p)
{
	*p = (struct proxy_process){ .news = -1 };
	buf_init(&p->lines, 65536);
}

int proxy_process_start(struct proxy_process *p, const struct options *o, const char *dir,
			struct proxy_listener *l, int slots, struct error *reterr)
{
	const struct given g = { o, dir, l, slots };
	int fds[2], news[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0 ||
	    pipe2(news, O_CLOEXEC) != 0)
		return error_set(reterr, -errno, "cannot start the proxy: %s", strerror(errno));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int));
	p->pid = fork_apart(&g, fds[1], news[1]);
	close(fds[1]);
	close(news[1]);
	p->news = news[0];
	fcntl(p->news, F_SETFL, O_NONBLOCK);
	proxy_listener_close(l);
	if (p->pid > 0)
		return fds[0];
	close(fds[0]);
	return error_set(reterr, -EAGAIN, "cannot start the proxy: %s", strerror(EAGAIN));
}

/* As whole lines. */
void proxy_process_pass_news(struct proxy_process *p)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(p->news, piece, sizeof(piece))) > 0) {
		const char *end;

		buf_add(&p->lines, span_of(piece, (size_t)n));
		end = memrchr(p->lines.ptr, '\n', p->lines.len);
		if (!end)
			continue;
		log_lines(span_of(p->lines.ptr, (size_t)(end - p->lines.ptr) + 1));
		buf_drop(&p->lines, (size_t)(end - p->lines.ptr) + 1);
	}
}

void proxy_process_done(struct proxy_process *p)
{
	if (p->news >= 0)
		close(p->news);
	buf_done(&p->lines);
}

/* ---- llm-spy ca ---- */

int proxy_ca(const struct options *o, struct error *reterr)
{
	AUTO_FREE char *path = program_beside("llm-spy-proxy"), *dir = proxy_process_dir();
	const char *argv[] = { "llm-spy-proxy", "--ca", dir, "--about", o->operands[0], NULL };
	int err = proxy_process_check(reterr);

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
