/* SPDX-License-Identifier: MIT */
#include "kernel/helper_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Closing an entry shortens the list and may hide another, so this repeats until none is left. */
static void close_listed(DIR *dir)
{
	const struct dirent *e;
	bool any = true;

	while (any) {
		any = false;
		rewinddir(dir);
		while ((e = readdir(dir))) {
			long fd = strtol(e->d_name, NULL, 10);

			if (fd > 3 && fd != dirfd(dir)) {
				close((int)fd);
				any = true;
			}
		}
	}
}

/* Closes descriptors from 4 on. Linux 5.9 has a system call for it, which a sandbox may not
 * know. */
static void close_rest(void)
{
	DIR *dir;

	if (close_range(4, ~0u, 0) == 0)
		return;
	dir = opendir("/proc/self/fd");
	if (!dir)
		_exit(1);
	close_listed(dir);
	closedir(dir);
}

static void close_others(int *sock)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	*sock = dup2(*sock, 3);
	close_rest();
}

int helper_spawn(int type, const char *name, void (*run)(int sock))
{
	int sock[2];
	long pid;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sock) != 0)
		return -errno;
	/* A fork without an exit signal: wait(2) ignores such a child unless called with __WCLONE
	 * (run/child.c). The child is not left to init, because that may be the tracer itself in a
	 * container. */
	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		setsid();
		prctl(PR_SET_NAME, name);
		close_others(&sock[1]);
		run(sock[1]);
		_exit(1);
	}
	close(sock[1]);
	if (pid < 0) {
		close(sock[0]);
		return -EAGAIN;
	}
	return sock[0];
}

void helper_tie(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

pid_t helper_fork(struct helper_child *c)
{
	pid_t parent = getpid();
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC) != 0)
		return -errno;
	c->pid = fork();
	if (c->pid == 0) {
		close(pipe[0]);
		helper_tie();
		if (getppid() != parent)
			_exit(1);
		return 0;
	}
	close(pipe[1]);
	c->ended = pipe[0];
	if (c->pid > 0)
		return c->pid;
	close(pipe[0]);
	return -EAGAIN;
}

int helper_wait(struct helper_child *c, int sock, int seconds, int *ret_status)
{
	/* The pipe's other end is the child's alone; of the socket a hang-up is told unasked. */
	struct pollfd fds[2] = { { .fd = c->ended, .events = POLLIN }, { .fd = sock } };
	int n, err;

	do
		n = poll(fds, 2, seconds ? seconds * 1000 : -1);
	while (n < 0 && errno == EINTR);
	err = n == 0 ? -ETIME : fds[0].revents ? 0 : -EPIPE;
	if (err)
		kill(c->pid, SIGKILL);
	close(c->ended);
	while (waitpid(c->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return err;
}

static int send_with(int sock, const void *bytes, size_t len, const int *fds, size_t nfds,
		     int flags)
{
	char control[CMSG_SPACE(sizeof(int) * FDPASS_MAX)] = { 0 };
	struct iovec io = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	ssize_t n;

	if (nfds > FDPASS_MAX)
		return -E2BIG;
	if (nfds) {
		struct cmsghdr *h = (struct cmsghdr *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(h), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int fdpass_send(int sock, const void *bytes, size_t len, const int *fds, size_t nfds)
{
	return send_with(sock, bytes, len, fds, nfds, 0);
}

int fdpass_send_now(int sock, const void *bytes, size_t len, const int *fds, size_t nfds)
{
	return send_with(sock, bytes, len, fds, nfds, MSG_DONTWAIT);
}

ssize_t fdpass_receive(int sock, void *bytes, size_t size, int *fds, size_t max, size_t *ret_nfds)
{
	char control[CMSG_SPACE(sizeof(int) * FDPASS_MAX)];
	struct iovec io = { .iov_base = bytes, .iov_len = size };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *h;
	size_t count;
	ssize_t n;

	*ret_nfds = 0;
	/* If a peer ends without reading what was sent to it, the socket reports a reset before the
	 * peer's data. */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	h = CMSG_FIRSTHDR(&m);
	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return n;
	count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
		if (i < max)
			fds[(*ret_nfds)++] = fd;
		else
			close(fd);
	}
	return n;
}
