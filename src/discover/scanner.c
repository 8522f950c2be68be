/* SPDX-License-Identifier: MIT */
/* Three processes: the tracer asks; a zygote, which never touches a file, starts one that searches
 * for each question, and answers when it has ended, however that was. A question is one byte with
 * the file's descriptor, an answer an error number and a plan's bytes with their length.
 *
 * A user may kill what runs as that user: so the zygote stays root, and who searches has a user of
 * its own. */
#include "discover/scanner.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/helper_process.h"

#define NOBODY 65534
/* Far more than the finders need; a hostile file must not use up the host's memory. */
#define SEARCH_MEMORY (2ull << 30)
#define MEANWHILE_MS  2
/* Of a search that somebody kills. */
#define TRIES 3

struct answer {
	int32_t err;
	uint32_t len;
	uint32_t cut; /* 1: not all of the file was searched */
};

/* What the zygote gets back, in memory that both share. */
struct result {
	struct answer answer;
	uint8_t plan[PLAN_BYTES_MAX];
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

/* The descriptor that comes with a question; -1 at the end of all. */
static int next_question(int sock)
{
	size_t nfds;
	char byte;
	int fd;

	return fdpass_receive(sock, &byte, 1, &fd, 1, &nfds) == 1 && nfds == 1 ? fd : -1;
}

/* The file that is searched, for the signal. */
static struct span mapped;

/* POSIX does not promise it of madvise, but on Linux that is a system call and nothing else. */
static void give_back(int sig)
{
	int err = errno; /* NOLINT(bugprone-signal-handler) */

	/* NOLINTNEXTLINE(bugprone-signal-handler) */
	madvise((void *)mapped.ptr, mapped.len, MADV_DONTNEED);
	errno = err;
	(void)sig;
}

/* What was read of a mapped file counts as memory of who has read it until it is given back: all
 * of a program of 300 MB would. So it is given back every 4 ms of work, for which some 10 MB are
 * read. What is needed again is in the kernel's cache. */
static void give_back_often(const struct image *im)
{
	static const struct itimerval often = { { 0, 4000 }, { 0, 4000 } };

	mapped = span_of(im->mapped, im->mapped ? im->file.len : 0);
	if (mapped.len && signal(SIGPROF, give_back) != SIG_ERR)
		setitimer(ITIMER_PROF, &often, NULL);
}

static void give_back_no_more(void)
{
	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	signal(SIGPROF, SIG_IGN);
}

static int search(int fd, struct buf *out, uint32_t *ret_cut)
{
	struct plan plan = { 0 };
	struct image im;
	int err = image_open(&im, fd);

	*ret_cut = !err && image_loaded(&im) > FINDER_BYTES_MAX;
	if (!err) {
		give_back_often(&im);
		plan_make(&im, &plan);
		give_back_no_more();
	}
	image_close(&im);
	if (!err)
		err = plan_encode(&plan, out);
	plan_done(&plan);
	return err;
}

/* Numbers that no user database and no user namespace hands out (systemd's UIDS-GIDS.md calls them
 * unused), one for each tracer. */
#define OWN_USERS 0xe0000000u

/* 0 or -errno. */
static int become(uid_t id)
{
	if (setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
		return -errno;
	return 0;
}

/* Nothing may be done that a nobody may not do. In a user namespace the number may not be there:
 * then it is nobody's. 0 or -errno. */
static int give_up_all(void)
{
	struct rlimit none = { 0, 0 };
	int err = 0;

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* whose own tables are larger */
	setrlimit(RLIMIT_DATA, &(struct rlimit){ SEARCH_MEMORY, SEARCH_MEMORY });
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() == 0) {
		err = setgroups(0, NULL) != 0 ? -errno : become(OWN_USERS + (uid_t)getppid());
		if (err == -EINVAL)
			err = become(NOBODY);
	}
	setrlimit(RLIMIT_NPROC, &none);
	helper_tie(); /* which a change of the user ends */
	return err;
}

_Noreturn static void answer(int fd, struct result *ret)
{
	struct answer a = { 0 };
	struct buf out;

	buf_init(&out, sizeof(ret->plan));
	alarm(SCAN_SECONDS);
	setrlimit(RLIMIT_CPU, &(struct rlimit){ SCAN_CPU_SECONDS, SCAN_CPU_SECONDS + 1 });
	a.err = give_up_all();
	if (!a.err)
		a.err = search(fd, &out, &a.cut);
	a.len = a.err ? 0 : (uint32_t)out.len;
	if (a.len)
		memcpy(ret->plan, out.ptr, a.len);
	ret->answer = a;
	_exit(0);
}

/* Whether somebody else ended it, and not the file that it searched. */
static bool was_killed(int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return sig && sig != SIGALRM && sig != SIGXCPU && sig != SIGBUS && sig != SIGSEGV &&
	       sig != SIGABRT && sig != SIGILL && sig != SIGFPE;
}

/* One search; -EINTR: it was killed. */
static struct answer try_search(int sock, int fd, struct result *r)
{
	struct answer none = { .err = -EIO }, a;
	struct helper_child c;
	int status, err;
	pid_t pid;

	r->answer = none;
	pid = helper_fork(&c);
	if (pid == 0)
		answer(fd, r);
	if (pid < 0)
		return (struct answer){ .err = -EAGAIN };
	err = helper_wait(&c, sock, SCAN_SECONDS + 1, &status);
	a = r->answer; /* which a hostile file may have made */
	if (err || (!was_killed(status) && (!WIFEXITED(status) || a.len > sizeof(r->plan))))
		return none;
	if (was_killed(status))
		a = (struct answer){ .err = -EINTR };
	return a;
}

_Noreturn static void keep(int sock)
{
	struct result *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd;

	while (r != MAP_FAILED && (fd = next_question(sock)) >= 0) {
		struct answer a = { .err = -EINTR };

		for (unsigned i = 0; i < TRIES && a.err == -EINTR; i++)
			a = try_search(sock, fd, r);
		close(fd);
		if (write_all(sock, &a, sizeof(a)) != 0 || write_all(sock, r->plan, a.len) != 0)
			break;
	}
	_exit(0);
}

/* Whether a search may be started at all: 0 or -errno. */
static int try_to_give_up(int sock)
{
	struct helper_child c;
	int status;
	pid_t pid = helper_fork(&c);

	if (pid == 0)
		_exit(-give_up_all());
	if (pid < 0)
		return pid;
	helper_wait(&c, sock, SCAN_SECONDS, &status);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static void run(int sock)
{
	struct answer first = { .err = try_to_give_up(sock) };

	prctl(PR_SET_DUMPABLE, 0);
	if (write_all(sock, &first, sizeof(first)) == 0 && !first.err)
		keep(sock);
}

int scanner_start(struct scanner *s)
{
	int sock = helper_spawn(SOCK_STREAM, "llm-spy-find", run);
	struct answer first = { .err = -EPIPE };

	s->sock = sock < 0 ? -1 : sock;
	if (sock < 0)
		return sock;
	if (read_all(sock, &first, sizeof(first)) != 0 || first.err)
		scanner_end(s);
	return first.err;
}

/* Until the answer begins. */
static void wait_for_answer(const struct scanner *s)
{
	struct pollfd fd = { .fd = s->sock, .events = POLLIN };

	while (s->meanwhile && poll(&fd, 1, MEANWHILE_MS) == 0)
		s->meanwhile(s->arg);
}

int scanner_scan(struct scanner *s, int fd, struct plan *ret, bool *ret_cut)
{
	static _Thread_local uint8_t bytes[PLAN_BYTES_MAX];
	struct answer a = { .err = -EPIPE };

	*ret = (struct plan){ 0 };
	*ret_cut = false;
	if (s->sock < 0 || fdpass_send(s->sock, "", 1, &fd, 1) != 0) {
		scanner_end(s);
		return -EPIPE;
	}
	wait_for_answer(s);
	if (read_all(s->sock, &a, sizeof(a)) != 0 || a.len > sizeof(bytes) ||
	    read_all(s->sock, bytes, a.len) != 0) {
		scanner_end(s);
		return -EPIPE;
	}
	if (a.err)
		return a.err;
	*ret_cut = a.cut;
	return plan_decode(span_of(bytes, a.len), ret);
}

void scanner_end(struct scanner *s)
{
	if (s->sock >= 0)
		close(s->sock);
	s->sock = -1;
}
