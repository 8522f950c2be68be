/* SPDX-License-Identifier: MIT */
/* What a program pays that has nothing to do with TLS: 64 bytes to and fro. Prints nanoseconds per
 * round (one write and one read of the same 64 bytes).
 * Usage: bench-syscalls pipe|tcp ROUNDS */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* A connection within this process: fds[1] writes, fds[0] reads. */
static void connect_tcp(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	check(bind(listener, (struct sockaddr *)&a, len) == 0 && listen(listener, 1) == 0,
	      "listen");
	check(getsockname(listener, (struct sockaddr *)&a, &len) == 0, "getsockname");
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	check(connect(fds[1], (struct sockaddr *)&a, len) == 0, "connect");
	fds[0] = accept(listener, NULL, NULL);
	check(fds[0] >= 0, "accept");
	setsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int main(int argc, char **argv)
{
	size_t rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char bytes[64] = "";
	double begin;
	int fds[2];

	if (!rounds) {
		fprintf(stderr, "usage: bench-syscalls pipe|tcp ROUNDS\n");
		return 2;
	}
	if (strcmp(argv[1], "tcp") == 0)
		connect_tcp(fds);
	else
		check(pipe(fds) == 0, "pipe");
	begin = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		check(write(fds[1], bytes, sizeof(bytes)) == sizeof(bytes), "write");
		check(read(fds[0], bytes, sizeof(bytes)) == sizeof(bytes), "read");
	}
	printf("%.1f\n", (now_ns() - begin) / (double)rounds);
	return 0;
}
