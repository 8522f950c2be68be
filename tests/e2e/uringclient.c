/* SPDX-License-Identifier: MIT */
/* What io_uring does for the thread itself, within the system call that asks for it and outside of
 * any. Usage: uringclient both PORT BYTES | later PORT both: two connections; on one a body of
 * BYTES is sent, on the other an answer's body received, by one io_uring_enter. later: an answer's
 * body is received while the thread runs, which then reads a pipe. */
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

static struct io_uring_params params;
static struct io_uring_sqe *sqes;
static char *sq, *cq, bytes[65536];
static int ring;

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void *map(size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);

	check(p != MAP_FAILED, "mmap");
	return p;
}

static void open_ring(void)
{
	ring = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
	check(ring >= 0, "io_uring_setup");
	sq = map(params.sq_off.array + params.sq_entries * 4, IORING_OFF_SQ_RING);
	cq = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_CQ_RING);
	sqes = map(params.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
}

static void add(int op, int fd, size_t len)
{
	unsigned *tail = (unsigned *)(sq + params.sq_off.tail);
	unsigned i = *tail % params.sq_entries;

	sqes[i] = (struct io_uring_sqe){ .opcode = (unsigned char)op,
					 .fd = fd,
					 .addr = (unsigned long)bytes,
					 .len = (unsigned)len };
	((unsigned *)(sq + params.sq_off.array))[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

static void enter(unsigned submit, unsigned wait)
{
	long n = syscall(SYS_io_uring_enter, ring, submit, wait, wait ? IORING_ENTER_GETEVENTS : 0,
			 NULL, 0);

	check(n == (long)submit, "io_uring_enter");
}

static int dial(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_port = htons((unsigned short)strtol(port, NULL, 10));
	check(connect(s, (struct sockaddr *)&a, sizeof(a)) == 0, "connect");
	return s;
}

static void ask(int s, const char *who, size_t body, size_t now)
{
	int n = snprintf(
		bytes, sizeof(bytes),
		"POST /api/chat?%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", who,
		body);

	memset(bytes + n, ' ', body);
	check(write(s, bytes, (size_t)n + now) == n + (long)now, "write");
}

/* Up to the empty line, and no further. */
static void receive_head(int s)
{
	size_t n = 0;

	while (n < 4 || memcmp(bytes + n - 4, "\r\n\r\n", 4) != 0)
		check(n < sizeof(bytes) && recv(s, bytes + n++, 1, 0) == 1, "recv");
}

int main(int argc, char **argv)
{
	struct pollfd p = { .events = POLLIN };
	int fds[2], first;

	if (argc < 3)
		return 2;
	alarm(60);
	open_ring();
	first = dial(argv[2]);
	if (strcmp(argv[1], "both") == 0 && argc == 4) {
		size_t body = strtoul(argv[3], NULL, 10);
		int second = dial(argv[2]);

		ask(first, "receives", 2, 2);
		receive_head(first);
		p.fd = first;
		check(poll(&p, 1, -1) == 1, "poll");
		ask(second, "sends", body, 0);
		add(IORING_OP_RECV, first, sizeof(bytes) / 2);
		add(IORING_OP_SEND, second, body);
		enter(2, 2);
		receive_head(second);
		check(recv(second, bytes, sizeof(bytes), 0) > 0, "recv");
		return 0;
	}
	check(pipe(fds) == 0 && write(fds[1], "of a pipe", 9) == 9, "pipe");
	ask(first, "later", 2, 2);
	receive_head(first);
	add(IORING_OP_RECV, first, sizeof(bytes));
	enter(1, 0);
	check(write(1, "armed\n", 6) == 6, "write");
	while (!__atomic_load_n((unsigned *)(cq + params.cq_off.tail), __ATOMIC_ACQUIRE))
		; /* without a system call */
	check(read(fds[0], bytes, sizeof(bytes)) == 9, "read");
	return 0;
}
