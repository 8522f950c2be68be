/* SPDX-License-Identifier: MIT */
/* Three processes: the tracer asks; a keeper, which never touches a file, starts the one that
 * searches, and answers in its place when it dies. A question is one byte with the file's
 * descriptor, an answer an error number and a plan's bytes, each with its length. */
#include "attach/searcher.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/passing.h"

#define NOBODY 65534
/* Far more than the finders need; a hostile file must not use up the host's memory. */
#define SEARCH_MEMORY (2ull << 30)

struct answer {
	int32_t err;
	uint32_t len;
};

static int write_all(int fd, const void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_all(int fd, void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = recv(fd, (char *)bytes + done, len - done, 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			return -EPIPE;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int reply(int sock, int err, const struct buf *plan)
{
	struct answer a = { .err = err, .len = plan ? (uint32_t)plan->len : 0 };
	int failed = write_all(sock, &a, sizeof(a));

	return failed || !a.len ? failed : write_all(sock, plan->ptr, plan->len);
}

/* The descriptor that comes with a question; -1 at the end of all. */
static int next_question(int sock)
{
	size_t nfds;
	char byte;
	int fd;

	return passing_receive(sock, &byte, 1, &fd, 1, &nfds) == 1 && nfds == 1 ? fd : -1;
}

static int search(int fd, struct buf *out)
{
	struct plan plan = { 0 };
	struct image im;
	int err = image_open(&im, fd);

	if (!err)
		plan_make(&im, &plan);
	image_close(&im);
	if (!err)
		err = plan_encode(&plan, out);
	plan_done(&plan);
	return err;
}

/* busy: shared with the keeper; whether an answer is owed. */
_Noreturn static void serve(int sock, volatile int *busy)
{
	struct buf out;
	int fd;

	buf_init(&out, PLAN_BYTES_MAX);
	while ((fd = next_question(sock)) >= 0) {
		int err;

		*busy = 1;
		buf_reset(&out);
		alarm(SEARCH_SECONDS);
		err = search(fd, &out);
		alarm(0);
		close(fd);
		*busy = 0;
		if (reply(sock, err, &out) != 0)
			break;
	}
	_exit(0);
}

_Noreturn static void keep(int sock)
{
	volatile int *busy = mmap(NULL, sizeof(*busy), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (busy == MAP_FAILED)
		_exit(1);
	for (;;) {
		int status = 0;
		pid_t pid;

		*busy = 0;
		pid = fork();
		if (pid == 0)
			serve(sock, busy);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			_exit(1);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			_exit(0);
		if (*busy && reply(sock, -EIO, NULL) != 0)
			_exit(0);
	}
}

/* Nothing may be done that a nobody may not do. 0 or -errno. */
static int give_up_all(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* whose own tables are larger */
	setrlimit(RLIMIT_DATA, &(struct rlimit){ SEARCH_MEMORY, SEARCH_MEMORY });
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) != 0))
		return -errno;
	return 0;
}

static void run(int sock)
{
	int err = give_up_all();

	if (reply(sock, err, NULL) == 0 && !err)
		keep(sock);
}

int searcher_start(struct searcher *s)
{
	int sock = passing_start(SOCK_STREAM, "llm-spy-find", run);
	struct answer first = { .err = -EPIPE };

	s->sock = sock < 0 ? -1 : sock;
	if (sock < 0)
		return sock;
	if (read_all(sock, &first, sizeof(first)) != 0 || first.err)
		searcher_end(s);
	return first.err;
}

int searcher_ask(struct searcher *s, int fd, struct plan *ret)
{
	static _Thread_local uint8_t bytes[PLAN_BYTES_MAX];
	struct answer a = { .err = -EPIPE };

	*ret = (struct plan){ 0 };
	if (s->sock < 0 || passing_send(s->sock, "", 1, &fd, 1) != 0 ||
	    read_all(s->sock, &a, sizeof(a)) != 0 || a.len > sizeof(bytes) ||
	    read_all(s->sock, bytes, a.len) != 0) {
		searcher_end(s);
		return -EPIPE;
	}
	if (a.err)
		return a.err;
	return plan_decode(span_of(bytes, a.len), ret);
}

void searcher_end(struct searcher *s)
{
	if (s->sock >= 0)
		close(s->sock);
	s->sock = -1;
}
